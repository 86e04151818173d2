"""`creditctl gate holds`: calls in flight, listed, shown, and let go by hand."""

from datetime import UTC, datetime

import pytest

from builders import an_organization, at, open_books
from calls import call, charge
from conftest import Cli
from creditctl.context import Context


@pytest.fixture
def books(context: Context) -> Context:
    """Acme has a call in flight and one that was captured, globex one in flight."""
    early = at(context, "2026-10-01T00:00:00Z")
    open_books(early)
    for slug in ("acme", "globex"):
        an_organization(early, slug, credits="100")
    call(context, "r-1", 30)
    charge(context, "r-2", 5)
    call(context, "r-3", 7, organization="globex")
    return context


def test_calls_in_flight_are_listed(cli: Cli, books: Context) -> None:
    listed = cli("gate holds list -o json")
    assert listed.json["schema"] == "creditctl.holds/v1"
    assert [(row["organization"], row["held"]) for row in listed.data] == [
        ("globex", "7"),
        ("acme", "30"),
    ]
    (mine,) = cli("gate holds list acme -o json").data
    assert (mine["state"], mine["expires_at"]) == ("open", "2026-11-01T00:05:00Z")
    states = [row["state"] for row in cli("gate holds list acme --state any -o json").data]
    assert states == ["captured", "open"]
    assert "No calls in flight." in cli("gate holds list acme --state released").stderr
    few = cli("gate holds list --limit 1")
    assert "there are more" in few.stderr
    assert max(map(len, few.stdout.splitlines())) <= 80


def test_one_is_shown_by_its_id_or_the_request_s(cli: Cli, books: Context) -> None:
    found = cli("gate holds show r-2 -o json")
    assert found.json["schema"] == "creditctl.hold/v1"
    assert (found.data["state"], found.data["credits"], found.data["held"]) == (
        "captured",
        "5",
        "0",
    )
    assert cli("gate holds show", found.data["id"], "-o", "json").data == found.data
    error, hint = cli("gate holds show r-9", expect=3).stderr.splitlines()
    assert error == "error: there is no hold 'r-9'"
    assert hint == "hint: 'creditctl gate holds list --state any' shows all of them"


def test_support_frees_one_with_a_reason(cli: Cli, books: Context) -> None:
    line = "gate holds release r-1 --reason 'its gate is gone'"
    assert cli(f"{line} -o json", expect=4).stdout == ""
    for _ in range(2):
        freed = cli(f"{line} --yes -o json").data
        assert (freed["state"], freed["held"]) == ("released", "0")
    assert cli("credits balance acme -o json").data["available"] == "95"
    entries = cli("audit log --limit 50 -o json").data
    (entry,) = [entry for entry in entries if entry["action"] == "hold.released"]
    assert (entry["reason"], entry["organization"]) == ("its gate is gone", "acme")
    assert "was captured" in cli("gate holds release r-2 --reason test --yes", expect=5).stderr
    cli("gate holds release r-3", expect=2)
    assert "for a reason" in cli("gate holds release r-3 --reason ' ' --yes", expect=2).stderr


def test_connections_are_listed_and_let_go_by_hand(cli: Cli, books: Context) -> None:
    key = cli("keys create acme --name web -o json").data["prefix"]
    opened = datetime(2041, 1, 1, tzinfo=UTC).isoformat()
    for lease in ("desk-1", "desk-2"):
        cli(f"gate check --key {key} --channel websocket --lease {lease}", as_of=opened)
    listed = cli(f"gate connections {key} -o json", as_of=opened)
    assert listed.json["schema"] == "creditctl.connections/v1"
    assert listed.data[0] == {
        "lease": "desk-1",
        "opened_at": "2041-01-01T00:00:00Z",
        "expires_at": "2041-01-01T00:01:00Z",
    }
    line = f"gate disconnect {key} desk-1 --reason 'its server is gone' -o json"
    assert cli(line, as_of=opened).data["lease"] == "desk-1"
    gone = cli(line, as_of=opened, expect=3)
    assert "has no open connection 'desk-1'" in gone.stderr
    left = cli(f"gate connections {key} -o json", as_of=opened).data
    assert [row["lease"] for row in left] == ["desk-2"]
    (entry,) = cli("audit log --limit 1 -o json").data
    assert (entry["action"], entry["reason"]) == ("connection.closed", "its server is gone")
    over = cli(f"gate connections {key}", as_of="2041-01-01T00:01:00Z")
    assert "No connection is open." in over.stderr


def test_counters_that_do_not_answer_are_told(
    sqlite_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_cli("orgs create acme")
    key = sqlite_cli("keys create acme --name web -o json").data["prefix"]
    monkeypatch.setenv("CREDITCTL_GATE_COUNTERS", "unix:///nowhere/socket")
    for line in (f"gate connections {key}", f"gate disconnect {key} a"):
        assert "the counters do not answer" in sqlite_cli(line, expect=8).stderr
