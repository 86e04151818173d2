"""`creditctl reports`: a month's figures, as tables and for scripts."""

import pytest

from conftest import Cli

CATALOG = """\
[catalog]
name = "web"
currency = "USD"
list_price = "0.01"
effective_from = 2026-01-01

[products.web]
[[products.web.endpoints]]
path = "/**"
credits = 2
"""


@pytest.fixture
def shop(cli: Cli, tmp_path) -> Cli:
    (tmp_path / "catalog.toml").write_text(CATALOG)
    cli(f"catalog apply {tmp_path / 'catalog.toml'}")
    cli("orgs create acme")
    return cli


def test_a_month_without_sales_has_no_tax(shop: Cli) -> None:
    report = shop("reports tax --month 2026-10 -o json").data
    assert report == {"month": "2026-10", "documents": 0, "taxes": [], "totals": [], "kinds": []}


def test_what_was_paid_is_in_its_month_and_the_totals_are_those_of_the_receipts(shop: Cli) -> None:
    for amount in ("50USD", "7.50USD"):
        order = shop(f"purchases create acme --amount {amount} --reason ticket -o json").data
        shop(f"purchases settle {order['id']} --reference bank --reason bank")
    shop("purchases create acme --amount 90USD --reason ticket")
    report = shop("reports tax --month 2026-11 -o json").data
    (total,) = report["totals"]
    assert (report["documents"], total["net"], total["tax"], total["total"]) == (
        2,
        "57.50",
        "0.00",
        "57.50",
    )
    assert total["currency"] == "USD"
    table = shop("reports tax --month 2026-11").stdout
    assert "57.50" in table
    assert all(len(line) <= 80 for line in table.splitlines())
    rows = shop("reports tax --month 2026-11 -o csv").stdout.splitlines()
    assert (len(rows), "57.50" in rows[1]) == (2, True)


def test_a_liability_is_of_a_month_or_of_a_moment(shop: Cli) -> None:
    order = shop("purchases create acme --amount 50USD --reason ticket -o json").data
    shop(
        f"purchases settle {order['id']} --reference bank --reason bank", as_of="2026-11-05T09:00Z"
    )
    later = "2026-11-20"
    asked = "reports liability -o json --at 2026-11-05T"
    (line,) = shop(f"{asked}09:00Z", as_of=later).data["unused"]
    assert (line["source"], line["age"], line["amount"]) == ("purchase", "0-30 days", "50.00")
    assert shop(f"{asked}08:59:59Z", as_of=later).data["unused"] == []
    table = shop("reports liability --at 2026-11-05T09:00Z", as_of=later).stdout
    assert "50.00" in table
    assert all(len(line) <= 80 for line in table.splitlines())
    for chosen in ("", " --month 2026-11 --at 2026-11-05"):
        assert "--month or --at" in shop(f"reports liability{chosen}", expect=2).stderr


@pytest.mark.parametrize("month", ["2026-13", "october"])
def test_a_month_is_written_like_one(shop: Cli, month: str) -> None:
    stderr = shop(f"reports tax --month {month}", expect=2).stderr
    assert "2026-10" in stderr


REPORTS = ("usage", "liability", "revenue", "margin", "breakage", "promotions", "mrr")


@pytest.mark.parametrize("report", REPORTS)
def test_a_month_in_which_nothing_happened_has_empty_reports(shop: Cli, report: str) -> None:
    answer = shop(f"reports {report} --month 2026-09 -o json").data
    assert answer["month"] == "2026-09"
    assert [rows for rows in answer.values() if isinstance(rows, list) and rows] == []


@pytest.mark.parametrize("report", REPORTS)
def test_reports_fit_a_terminal_and_csv_has_their_lines(shop: Cli, report: str) -> None:
    order = shop("purchases create acme --amount 1234567.89USD --reason ticket -o json").data
    shop(f"purchases settle {order['id']} --reference bank --reason bank")
    shop("credits grant acme 5 --reason sorry")
    table = shop(f"reports {report} --month 2026-11").stdout
    assert all(len(line) <= 80 for line in table.splitlines())
    rows = shop(f"reports {report} --month 2026-11 -o csv").stdout.splitlines()
    assert "previous" in rows[0] or len(rows) == 1


def test_what_was_sold_is_a_liability_beside_the_month_before(shop: Cli) -> None:
    order = shop("purchases create acme --amount 50USD --reason ticket -o json").data
    shop(f"purchases settle {order['id']} --reference bank --reason bank")
    lines = shop("reports liability --month 2026-11 -o json").data["roll_forward"]
    closing = next(line for line in lines if line["line"] == "closing")
    assert closing == {
        "line": "closing",
        "amount": "50.00",
        "previous": "0.00",
        "change": "50.00",
        "currency": "USD",
    }
    text = shop("reports liability --month 2026-11 -o csv").stdout
    assert "closing,50.00,USD,0.00,50.00" in text


def test_a_margin_needs_what_serving_costs(shop: Cli, tmp_path) -> None:
    """Two requests for 4 of 5000 credits that cost $50.00: 0.04; at $0.005 each they cost 0.01."""
    order = shop("purchases create acme --amount 50USD --reason ticket -o json").data
    shop(f"purchases settle {order['id']} --reference bank --reason bank")
    (tmp_path / "calls.csv").write_text(
        "id,time,org,endpoint,status\n"
        "a,2026-11-01T00:00:00Z,acme,GET /x,200\nb,2026-11-01T00:00:00Z,acme,GET /y,200\n"
    )
    shop(f"usage import {tmp_path / 'calls.csv'}")
    report = shop("reports margin --month 2026-11 -o json").data
    assert (report["grouped_by"], report["without_cost"]) == ("product", 2)
    web, total = report["lines"]
    assert (web["margin"], web["note"], total["revenue"]) == (None, "no cost declared", "0.04")
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(CATALOG.replace("credits = 2", 'credits = 2\ncost_per_request = "0.005"'))
    shop(f"catalog apply {catalog}")
    for grouping in ("product", "endpoint", "organization", "plan"):
        line, _ = shop(f"reports margin --month 2026-11 --by {grouping} -o json").data["lines"]
        assert (line["cost"], line["margin"], line["percent"]) == ("0.01", "0.03", "75.0")
    table = shop("reports margin --month 2026-11").stdout
    assert "75.0" in table
    assert all(len(text) <= 80 for text in table.splitlines())
    text = shop("reports margin --month 2026-11 -o csv").stdout
    assert "web,2,0,4,0,0.04,USD,0.01,0.03,75.0," in text
    assert "by: product" in shop("reports margin --month 2026-11 --by day", expect=2).stderr
