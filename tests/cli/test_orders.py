"""`creditctl orders` as people meet it."""

from pathlib import Path

import pytest

from builders import open_books
from conftest import NOW, Cli
from creditctl.context import Context

FILE = """\
[order]
po_number = "PO-4711"
terms = '''
Net 30.

No refunds.
'''

[[lines]]
credits = 1000
discount = 20
product = "rows"
start = 2026-11-01
expires_after_months = 12
schedule = { times = 2 }

[[lines]]
credits = 50
unit_price = "0.02"
start = 2026-12-01
"""


def drafted(cli: Cli, line: str = "--credits 1000 --unit-price 0.008") -> str:
    return str(cli(f"orders create acme {line} -o json").data["id"])


def test_a_contract_from_draft_to_delivery(cli: Cli, context: Context, tmp_path: Path) -> None:
    open_books(context)
    cli("orgs create acme")
    file = tmp_path / "deal.toml"
    file.write_text(FILE)
    created = cli(f"orders create acme --file {file} -o json")
    assert created.json["schema"] == "creditctl.changed_order/v1"
    order = created.data["id"]
    assert (created.data["status"], created.data["price"]) == ("draft", "9.00")
    signature = cli(f"orders sign {order} -o json --signer", "Ann Example").data
    assert (signature["status"], signature["action"]) == ("signed", "signed")
    assert cli(f"orders activate {order} --reason deal -o json").data == {
        "id": order,
        "organization": "acme",
        "version": 1,
        "supersedes": None,
        "status": "active",
        "granted": "500",
        "billed": "4.00",
        "currency": "USD",
        "to_deliver": "550",
        "to_bill": "5.00",
        "next_at": "2026-12-01T00:00:00Z",
        "available_before": "0",
        "available_after": "500",
        "dry_run": False,
        "needs_approval": False,
    }
    checked = cli("limits check -o json", as_of="2026-12-01T00:00:00Z").data
    assert checked["instalments_booked"] == 2
    shown = cli(f"order show {order} -o json").data
    assert (shown["status"], shown["delivered"], shown["billed"]) == ("completed", "1050", "9.00")
    assert [part["state"] for part in shown["instalments"]] == ["booked"] * 3
    (listed,) = cli("orders list acme --status completed -o json").data
    assert (listed["id"], listed["po_number"], listed["next_at"]) == (order, "PO-4711", None)


def test_an_order_form_reads_like_a_document(
    sqlite_cli: Cli, sqlite_database: str, tmp_path: Path
) -> None:
    open_books(Context(database=sqlite_database, now=NOW, actor="tester"))
    sqlite_cli("orgs create acme")
    file = tmp_path / "deal.toml"
    file.write_text(FILE)
    order = sqlite_cli(f"orders create acme --file {file} -o json").data["id"]
    text = sqlite_cli(f"orders show {order}").stdout
    assert max(map(len, text.splitlines())) <= 80
    rows = [line.split() for line in text.splitlines()]
    for row in (
        "Purchase order PO-4711",
        "1 1,000 rows 0.008 20 USD 8.00 2026-11-01 12 months",
        "1 2 2026-12-01 500 USD 4.00 2027-12-01 planned",
        "2 1 2026-12-01 50 USD 1.00 – planned",  # noqa: RUF001 - the sign for nothing
    ):
        assert row.split() in rows, row
    assert text.endswith("Net 30.\n\nNo refunds.\n")


def test_a_line_is_described_by_options(cli: Cli, context: Context) -> None:
    open_books(context)
    cli("orgs create acme")
    order = drafted(
        cli,
        "--credits 900 --discount 10% --product rows --start 2026-11-05 --expires-after-days 90"
        " --instalments 3 --every quarter --splits money --po PO-1 --terms Net30",
    )
    shown = cli(f"orders show {order} -o json").data
    assert (shown["po_number"], shown["terms"], shown["price"]) == ("PO-1", "Net30", "8.10")
    assert [(part["due_at"][:10], part["credits"]) for part in shown["instalments"]] == [
        ("2026-11-05", "900"),
        ("2027-02-05", "0"),
        ("2027-05-05", "0"),
    ]
    assert shown["instalments"][0]["expires_at"] == "2027-02-03T00:00:00Z"
    assert (shown["lines"][0]["discount"], shown["lines"][0]["unit_price"]) == ("10", "0.009")


def test_an_order_form_is_amended_and_cancelled(cli: Cli, context: Context) -> None:
    open_books(context)
    cli("orgs create acme")
    order = drafted(cli, "--credits 1000 --unit-price 0.01 --instalments 2")
    cli(f"orders sign {order} --signer Ann --signed-on 2026-10-30")
    cli(f"orders activate {order} --reason deal")
    terms = "--credits 3000 --unit-price 0.009 --start 2026-12-01"
    amended = cli(f"orders amend {order} {terms} --reason grew -o json").data
    assert (amended["version"], amended["supersedes"]) == (2, order)
    new = amended["id"]
    cli(f"orders sign {new} --signer Bob")
    cli(f"orders activate {new} --reason grew")
    assert cli(f"orders show {order} -o json").data["superseded_by"] == new
    gone = cli(f"orders cancel {new} --reason moved -o json").data
    assert (gone["status"], gone["to_deliver"], gone["to_bill"]) == ("cancelled", "0", "0.00")


def test_what_is_reversed_before_it_is_billed_is_credited_with_the_invoice(
    cli: Cli, context: Context
) -> None:
    open_books(context)
    cli("orgs create acme")
    order = drafted(cli, "--credits 1000 --unit-price 0.008 --start 2026-10-02")
    cli(f"orders sign {order} --signer Ann")
    granted = cli(f"orders activate {order} --reason deal -o json").data
    (grant,) = [row["id"] for row in cli("credits grants acme -o json").data]
    assert granted["status"] == "completed"
    assert cli(f"credits reverse {grant} --reason mistake -o json").data["credit_notes"] == []
    cli("invoice generate --month 2026-10")
    said = cli("invoice finalize --month 2026-10 --now")
    assert "credited, for credits that were reversed: INV-2026-000001" in said.stderr
    shown = cli("invoice show INV-2026-000001 -o json").data
    assert (shown["total"], shown["credited"], shown["status"]) == ("8.00", "8.00", "paid")


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("orders create acme", 2, "nothing is sold"),
        ("orders create acme --credits 5", 2, "unit_price: is missing"),
        ("orders create acme --credits 5 --file x.toml", 2, "--file says all"),
        ("orders create acme --file none.toml", 3, "none.toml"),
        ("orders create acme --credits 0 --unit-price 1", 2, "--credits: 0 is not above zero"),
        ("orders create acme --credits 5 --discount x", 2, "--discount: percentage 'x'"),
        ("orders create acme --credits 5 --unit-price 1 --start soon", 2, "--start: 'soon'"),
        ("orders create acme --credits 5 --unit-price 1 --every week", 2, "not 'week'"),
        ("orders create acme --credits 5 --unit-price 1 --product gold", 2, "product: there is no"),
        ("orders create acme --credits 5 --unit-price 1 --currency X", 2, "'X' is not an ISO"),
        ("orders create nobody --credits 5 --unit-price 1", 3, "no organization 'nobody'"),
        ("orders show order_x", 3, "there is no order form 'order_x'"),
        ("orders sign {order}", 2, "--signer"),
        ("orders sign {order} --signer Ann --signed-on 2027-01-01", 2, "yet to come"),
        ("orders activate {order} --reason x", 5, "is draft"),
        ("orders activate {order} --reason x --expect-balance 7", 5, "0 credits available"),
        ("orders amend {order} --credits 5 --unit-price 1 --reason x", 5, "is draft"),
        ("orders cancel {order}", 2, "--reason"),
        ("orders list --status lost", 2, "never 'lost'"),
    ],
)
def test_a_refusal_is_one_line_with_the_contracts_exit_code(
    sqlite_cli: Cli, sqlite_database: str, line: str, code: int, message: str
) -> None:
    open_books(Context(database=sqlite_database, now=NOW, actor="tester"))
    sqlite_cli("orgs create acme")
    order = drafted(sqlite_cli)
    refused = sqlite_cli(line.format(order=order), expect=code)
    assert refused.stdout == ""
    assert message in refused.stderr
