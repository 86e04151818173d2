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
    assert report == {"month": "2026-10", "documents": 0, "taxes": [], "totals": []}


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


@pytest.mark.parametrize("month", ["2026-13", "october"])
def test_a_month_is_written_like_one(shop: Cli, month: str) -> None:
    stderr = shop(f"reports tax --month {month}", expect=2).stderr
    assert "2026-10" in stderr
