"""`creditctl period`: the checklist, the close, and what refuses it."""

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
LATER = "2026-11-05T00:00:00Z"


@pytest.fixture
def shop(cli: Cli, tmp_path) -> Cli:
    (tmp_path / "catalog.toml").write_text(CATALOG)
    cli(f"catalog apply {tmp_path / 'catalog.toml'}", as_of="2026-10-01")
    cli("orgs create acme", as_of="2026-10-01")
    usage = "id,org,method,path,time,status\n1,acme,GET,/a,2026-10-10T00:00:00Z,200\n"
    (tmp_path / "usage.csv").write_text(usage)
    cli(f"usage import {tmp_path / 'usage.csv'}", as_of="2026-10-11")
    return cli


def test_a_month_is_closed_when_its_checklist_is_done(shop: Cli) -> None:
    status = shop("period status --month 2026-10 -o json", as_of=LATER).data
    blocking = {item["name"]: item["settle"] for item in status["items"] if item["blocks"]}
    assert blocking == {
        "not-invoiced": "creditctl invoice generate --month 2026-10",
        "open-overage": "creditctl credits waive ORG",
    }
    table = shop("period status --month 2026-10", as_of=LATER).stdout
    assert "not-invoiced" in table
    assert all(len(line) <= 80 for line in table.splitlines())
    close = "period close --month 2026-10 --reason books"
    refused = shop(f"{close} --yes", as_of=LATER, expect=5).stderr
    assert "not-invoiced (1): acme; open-overage (1): acme: 2 credits" in refused
    shop("invoice generate --month 2026-10", as_of=LATER)
    shop("invoice finalize --month 2026-10 --now", as_of=LATER)
    assert shop(f"{close} --dry-run -o json", as_of=LATER).data["closed"] == ["2026-10"]
    assert "needs a yes" in shop(close, as_of=LATER, expect=4).stderr
    assert shop(f"{close} --yes -o json", as_of=LATER).data["closed"] == ["2026-10"]
    assert shop(f"{close} --yes -o json", as_of=LATER).data["closed"] == []
    (row,) = shop("period list -o json").data
    assert (row["month"], row["first_open_day"]) == ("2026-10", "2026-11-01")


def test_what_is_accepted_has_a_reason_of_its_own(shop: Cli) -> None:
    accept = ["--accept", "open-overage=two credits", "--accept", "not-invoiced"]
    close = "period close --month 2026-10 --reason books --yes -o json"
    assert shop(close, *accept, as_of=LATER).data["accepted"] == ["not-invoiced", "open-overage"]
    log = shop("audit log -o json").data
    reasons = {row["after"]["item"]: row["reason"] for row in log if "accepted" in row["action"]}
    assert reasons == {"open-overage": "two credits", "not-invoiced": "books"}
    assert "no item" in shop(close, "--accept", "luck", as_of=LATER, expect=2).stderr


def test_an_invoice_is_replayed_and_compared(shop: Cli, tmp_path) -> None:
    shop("invoice generate --month 2026-10", as_of=LATER)
    shop("invoice finalize --month 2026-10 --now", as_of=LATER)
    replay = shop("invoice replay INV-2026-000001 -o json").data
    assert (replay["equal"], replay["differences"]) == (True, [])
    usage = "id,org,method,path,time,status\n2,acme,GET,/a,2026-10-12T00:00:00Z,200\n"
    (tmp_path / "late.csv").write_text(usage)
    shop(f"usage import {tmp_path / 'late.csv'}", as_of=LATER)
    told = shop("invoice replay INV-2026-000001 -o json", expect=7).data
    assert [one["cause"] for one in told["differences"]] == ["late usage"] * 3
    assert told["causes"][0]["credits"] == "2"
    for line in ("invoice replay INV-2026-000001", "invoice diff INV-2026-000001 --now"):
        table = shop(line, expect=7 if "replay" in line else 0).stdout
        assert "Late usage of 2026-10" in " ".join(table.split())
        assert all(len(line) <= 80 for line in table.splitlines())
    assert "--now" in shop("invoice diff INV-2026-000001", expect=2).stderr


def test_receivables_are_shown(shop: Cli) -> None:
    shop("invoice generate --month 2026-10", as_of=LATER)
    shop("invoice finalize --month 2026-10 --now", as_of=LATER)
    report = shop("reports receivables --month 2026-11 -o json").data
    assert {one["line"]: one["amount"] for one in report["roll_forward"]} == {
        "opening": "0.00",
        "invoiced": "0.02",
        "paid": "0.00",
        "credited": "0.00",
        "voided": "0.00",
        "closing": "0.02",
    }
    table = shop("reports receivables --month 2026-11").stdout
    assert all(len(line) <= 80 for line in table.splitlines())
