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
