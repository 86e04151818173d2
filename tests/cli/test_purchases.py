"""`creditctl purchases`: an order by bank transfer, from quote to receipt."""

from pathlib import Path

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
BUY = "purchases create acme --amount 50USD --reason ticket"


@pytest.fixture
def shop(cli: Cli, tmp_path) -> Cli:
    (tmp_path / "catalog.toml").write_text(CATALOG)
    cli(f"catalog apply {tmp_path / 'catalog.toml'}")
    cli("orgs create acme --email billing@acme.example")
    return cli


def test_from_the_quote_to_the_receipt(shop: Cli) -> None:
    quote = shop(f"{BUY} --dry-run -o json").data
    assert (quote["credits"], quote["total"], quote["dry_run"]) == ("5000", "50.00", True)
    order = shop(f"{BUY} --reference PO-7 -o json").data
    assert (order["status"], order["currency"], order["missing"]) == ("pending", "USD", "50.00")
    shop(f"purchases receipt {order['id']}", expect=5)
    part = shop(
        f"purchases settle {order['id']} --amount 20USD --reference b1 --reason bank -o json"
    ).data
    assert (part["status"], part["missing"]) == ("pending", "30.00")
    done = shop(f"purchases settle {order['id']} --reference b2 --reason bank -o json").data
    assert (done["status"], done["receipt"]) == ("paid", "R-2026-000001")
    receipt = shop("purchases receipt R-2026-000001 -o json").data
    assert (receipt["total"], receipt["reference"]) == ("50.00", "PO-7")
    assert shop("credits balance acme -o json").data["available"] == "5000"
    refused = shop(f"purchases void {order['id']} --reason oops --yes", expect=5).stderr
    assert "there are no refunds" in refused
    assert "credits reverse grant_" in refused


def test_what_is_reversed_of_it_is_credited_and_pays_an_invoice(shop: Cli, tmp_path: Path) -> None:
    order = shop(f"{BUY} -o json").data
    done = shop(f"purchases settle {order['id']} --reference b2 --reason bank -o json").data
    reverse = f"credits reverse {done['grant']} --reason mistake"
    (rehearsed,) = shop(f"{reverse} --dry-run -o json").data["credit_notes"]
    (note,) = shop(f"{reverse} -o json").data["credit_notes"]
    assert (note["number"], note["total"]) == (rehearsed["number"], "50.00")
    shown = shop(f"purchases show {order['id']} -o json").data
    assert ([one["number"] for one in shown["credit_notes"]], shown["owed_back"]) == (
        ["CN-2026-000001"],
        "50.00",
    )
    paper = shop("invoice show CN-2026-000001 -o json").data
    assert (paper["receipt"], paper["invoice"], paper["surplus"]) == (
        "R-2026-000001",
        None,
        "50.00",
    )
    assert "Receipt" in shop("invoice show CN-2026-000001").stdout
    target = tmp_path / "note.html"
    shop(f"invoice show CN-2026-000001 --html {target}")
    assert "R-2026-000001" in target.read_text(encoding="utf-8")
    (tmp_path / "usage.csv").write_text(
        "id,org,endpoint,time,status\na1,acme,GET /x,2026-10-02T00:00:00Z,200\n"
    )
    shop(f"usage import {tmp_path / 'usage.csv'}")
    shop("invoice generate --month 2026-10")
    shop("invoice finalize --month 2026-10 --now")
    moved = shop("invoice transfer CN-2026-000001 INV-2026-000001 --reason settled -o json").data
    assert (moved["amount"], moved["surplus"], moved["status"]) == ("0.02", "49.98", "paid")
    told = shop("invoice transfer CN-2026-000009 INV-2026-000001 --reason settled", expect=3).stderr
    assert "there is no credit note 'CN-2026-000009'" in told
    for name, what in (("CN-2026-000001", "a credit note"), ("R-2026-000001", "a receipt")):
        said = shop(f"invoice pay {name} --reference r --reason x", expect=3).stderr
        assert f"{name} is {what}, and no invoice" in said
    shown = shop("invoice show CN-2026-000001").stdout
    assert "Invoice" not in shown
    assert "Due" not in shown
    for line in (f"purchases show {order['id']}", "invoice show CN-2026-000001"):
        assert max(map(len, shop(line).stdout.splitlines())) <= 80, line


def test_an_order_that_is_not_paid_is_voided(shop: Cli) -> None:
    order = shop(f"{BUY} -o json").data
    shop(f"purchases void {order['id']} --reason twice", expect=4)
    shop(f"purchases void {order['id']} --reason twice --yes")
    assert [row["status"] for row in shop("purchases list -o json").data] == ["void"]


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("purchases create acme --reason x", 2, "say what to buy, one way"),
        ("purchases create acme --amount 50 --reason x", 2, "write it like 50EUR"),
        ("purchases create acme --amount 50EUR --reason x", 2, "no price in EUR"),
        ("purchases create acme --amount 1.001USD --reason x", 2, "decimal places"),
        ("purchases create acme --package big --reason x", 3, "no package"),
        ("purchases create acme --credits 5 --provider fax --reason x", 2, "payment provider"),
        ("purchases list --status lost", 2, "known: pending, paid, void"),
        ("purchases show pur_none", 3, "no purchase"),
        ("purchases settle pur_none --reference b --reason x", 3, "no purchase"),
    ],
)
def test_bad_orders_are_refused_with_a_way_out(shop: Cli, line: str, code: int, told: str) -> None:
    stderr = shop(line, expect=code).stderr
    assert told in stderr
    assert "hint" in stderr


def test_the_ceiling_of_an_actor_holds_for_money_recorded_by_hand(
    shop: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = shop(f"{BUY} -o json").data
    monkeypatch.setenv("CREDITCTL_CEILINGS", "*=100")
    shop(f"purchases settle {order['id']} --reference b --reason bank --actor ann", expect=4)
    (waiting,) = shop("approvals list -o json").data
    shop(f"approvals approve {waiting['id']} --actor ben")
    assert shop(f"purchases show {order['id']} -o json").data["status"] == "paid"
