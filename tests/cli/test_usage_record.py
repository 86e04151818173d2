"""`usage record`: a request by hand is what an import of its log line would be."""

import json
from pathlib import Path

import pytest

from calls import ROWS
from conftest import Cli

REQUEST = (
    "usage record acme --path /rows --units 3 --at 2026-10-04T12:00:00Z --id r-1 --reason lost"
)


@pytest.fixture
def shop(cli: Cli, tmp_path: Path) -> Cli:
    """An organization with ten credits since 1 October."""
    (tmp_path / "catalog.toml").write_text(ROWS)
    cli(f"catalog apply {tmp_path / 'catalog.toml'}", as_of="2026-10-01T00:00:00Z")
    cli("orgs create acme", as_of="2026-10-01T00:00:00Z")
    cli("credits grant acme 10 --reason welcome", as_of="2026-10-01T00:00:00Z")
    return cli


def a_log(folder: Path, name: str = "r-1", status: int = 200) -> Path:
    path = folder / "gateway.ndjson"
    fields = {"id": name, "time": "2026-10-04T12:00:00Z", "org": "acme", "status": status}
    path.write_text(json.dumps(fields | {"method": "GET", "path": "/rows", "units": 3}) + "\n")
    return path


def booked(shop: Cli) -> tuple[str, list[dict[str, str]]]:
    """What is left, and the requests of the day, not by which import they came."""
    events = shop("-o json usage events acme --from 2026-10-04 --to 2026-10-05").data
    kept = [
        {name: one[name] for name in ("id", "occurred_at", "status", "credits")} for one in events
    ]
    return shop("-o json credits balance acme").data["available"], kept


def test_it_is_billed_once_whatever_tells_of_it(shop: Cli, tmp_path: Path) -> None:
    told = shop(f"-o json {REQUEST}").data
    assert (told["outcome"], told["credits"], told["overage"]) == ("billed", "3", "0")
    assert (told["available_before"], told["available_after"]) == ("10", "7")
    again = shop(f"-o json {REQUEST}")
    assert (again.data["outcome"], again.data["credits"]) == ("duplicate", "0")
    assert "nothing has changed" in again.stderr
    imported = shop(f"-o json usage import {a_log(tmp_path)}").data
    assert (imported["billed"], imported["duplicate"]) == (0, 1)
    assert shop("-o json credits balance acme").data["available"] == "7"


def test_it_is_what_an_import_of_its_line_is_and_is_undone_like_one(
    shop: Cli, tmp_path: Path
) -> None:
    for status in (200, 500):
        line = f"{REQUEST} --status {status}"
        recorded = shop(f"-o json {line}").data
        by_hand = booked(shop)
        shop(f"usage undo {recorded['batch']} --reason test --yes")
        assert booked(shop) == ("10", [])
        shop(f"usage import {a_log(tmp_path, status=status)}")
        assert booked(shop) == by_hand
        batch = shop("-o json usage batches --limit 1").data[0]["id"]
        shop(f"usage undo {batch} --reason test --yes")


def test_a_dry_run_shows_it_and_changes_nothing(shop: Cli) -> None:
    told = shop(f"-o json {REQUEST} --dry-run").data
    assert (told["dry_run"], told["available_after"]) == (True, "7")
    assert booked(shop) == ("10", [])
    assert shop("-o json usage batches").data == []


def test_what_no_grant_of_its_time_can_pay_is_owed(shop: Cli) -> None:
    before = REQUEST.replace("2026-10-04", "2026-09-30")
    told = shop(f"-o json {before}").data
    assert (told["credits"], told["overage"], told["available_after"]) == ("3", "3", "10")


def test_whatever_an_import_rejects_is_refused_and_leaves_nothing(shop: Cli) -> None:
    shop("orgs create other")
    shop("keys create other --name web")
    key = shop("-o json keys list other").data[0]["id"]
    for line, status, words in (
        (REQUEST.replace("/rows", "/nothing"), 3, "no endpoint with a price"),
        (REQUEST.replace("2026-10", "2027-10"), 2, "is in the future"),
        (f"{REQUEST} --key {key}", 3, "is no key of acme"),
        (REQUEST.replace("acme", "nobody"), 3, "nobody"),
        (REQUEST.replace("r-1", "x" * 256), 2, "id"),
    ):
        assert words in shop(line, expect=status).stderr
    assert shop("-o json usage batches").data == []
    shop(REQUEST)
    reused = shop(f"{REQUEST} --units 5 --status 500", expect=5)
    assert "was used before by another request" in reused.stderr


def test_its_cost_counts_against_the_actors_ceiling(
    shop: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDITCTL_CEILINGS", "tester=2")
    shop(f"{REQUEST} --status 500 --idempotency-key free")
    assert "above the ceiling" in shop(REQUEST.replace("r-1", "r-2"), expect=4).stderr
    approval = shop("-o json approvals list").data[0]["id"]
    shop(f"approvals approve {approval} --actor another")
    assert booked(shop)[0] == "7"


def test_it_is_audited_with_its_reason(shop: Cli) -> None:
    told = shop(f"-o json {REQUEST}").data
    entries = shop("-o json audit log --limit 2").data
    recorded = next(one for one in entries if one["action"] == "usage.recorded")
    assert (recorded["subject"], recorded["reason"]) == (told["batch"], "lost")
    assert json.loads(json.dumps(recorded["after"]))["id"] == "r-1"


def test_what_is_late_is_on_the_next_invoice_or_waits(shop: Cli) -> None:
    november = "2026-11-05T00:00:00Z"
    shop(REQUEST)
    shop("invoice generate --month 2026-10 --zero", as_of=november)
    shop("invoice finalize --month 2026-10 --now", as_of=november)
    late = shop(f"-o json {REQUEST.replace('r-1', 'r-2')}", as_of=november)
    assert (late.data["outcome"], late.data["credits"]) == ("adjusted", "3")
    # The window is two periods: before the first invoice, time is counted back by months.
    older = REQUEST.replace("r-1", "r-3").replace("2026-10", "2026-08")
    waits = shop(f"-o json {older}", as_of=november)
    assert (waits.data["outcome"], waits.data["credits"]) == ("quarantined", "0")
    assert "usage late list" in waits.stderr
    assert (waits.data["available_after"], waits.data["overage"]) == ("4", "0")
