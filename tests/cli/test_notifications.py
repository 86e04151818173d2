"""`creditctl notifications`: listed, shown, delivered, put back."""

import json

import pytest

from alerts import a_destination, happens
from conftest import NOW, Cli
from creditctl.context import Context
from recording_channel import RecordingChannel, recording_channel
from schema_check import validated

ACME = "https://acme.example"


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> RecordingChannel:
    return recording_channel(monkeypatch)


@pytest.fixture
def run(sqlite_database: str, sqlite_cli: Cli, channel: RecordingChannel) -> Cli:
    """acme's budget was exceeded, and somebody wants to know."""
    context = Context(sqlite_database, NOW, "tester")
    a_destination(context)
    happens(context)
    return sqlite_cli


def test_from_the_outbox_to_the_receiver(run: Cli, channel: RecordingChannel) -> None:
    listed = run("notifications list acme -o json")
    assert validated(listed.json) == "creditctl.notifications/v1"
    (waiting,) = listed.data
    assert (waiting["event"], waiting["status"]) == ("budget.exceeded", "pending")
    done = run("notifications deliver -o json")
    assert validated(done.json) == "creditctl.delivery_run/v1"
    assert done.data == {"sent": 1, "failed": 0, "dead": 0, "waiting": 0}
    card = run(f"notifications show {waiting['id']} -o json")
    assert validated(card.json) == "creditctl.notification/v1"
    assert [one["detail"] for one in card.data["attempts"]] == ["200 OK"]
    payload = run(f"notifications show {waiting['id']} --payload").stdout
    assert validated(json.loads(payload)) == "creditctl.event/v1"
    assert payload.strip() == channel.handed[0].message.payload


def test_delivering_is_quiet_when_nothing_is_due(run: Cli) -> None:
    assert run("notifications deliver").stdout != ""
    assert run("notifications deliver").stdout == ""
    assert run("notifications deliver -o json").data["sent"] == 0


def test_a_dead_letter_exits_7_and_is_put_back(run: Cli, channel: RecordingChannel) -> None:
    channel.fails(ACME, is_final=True)
    assert run("notifications deliver -o json", expect=7).data["dead"] == 1
    (dead,) = run("notifications list --status dead -o json").data
    assert dead["last_error"] == "500 oh no"
    channel.works(ACME)
    back = run(f"notifications retry --dead --destination {dead['destination']} -o json").data
    assert [(one["id"], one["status"]) for one in back] == [(dead["id"], "pending")]
    assert run("notifications deliver -o json").data["sent"] == 1
    assert run("notifications retry --dead -o json").data == []


def test_one_that_waits_is_tried_at_once_when_it_is_put_back(
    run: Cli, channel: RecordingChannel
) -> None:
    channel.fails(ACME)
    run("notifications deliver")
    channel.works(ACME)
    (waiting,) = run("notifications list -o json").data
    assert run("notifications deliver -o json").data["sent"] == 0
    run(f"notifications retry {waiting['id']} --reason fixed")
    assert run("notifications deliver -o json").data["sent"] == 1
    refused = run(f"notifications retry {waiting['id']}", expect=5)
    assert "was delivered" in refused.stderr


def test_old_ones_are_pruned_once_somebody_says_yes(run: Cli) -> None:
    run("notifications deliver")
    line = "notifications prune --before 2027-06-01 --reason old -o json"
    rehearsed = run(f"{line} --dry-run", as_of="2027-06-30")
    assert validated(rehearsed.json) == "creditctl.notifications_pruned/v1"
    expected = {"before": "2027-06-01", "notifications": 1, "attempts": 1, "dry_run": True}
    assert rehearsed.data == expected
    assert "needs a yes" in run(line, as_of="2027-06-30", expect=4).stderr
    assert len(run("notifications list -o json").data) == 1
    assert run(f"{line} --yes", as_of="2027-06-30").data == expected | {"dry_run": False}
    assert run("notifications list -o json").data == []
    late = run(f"{line} --yes", as_of="2027-06-05", expect=2)
    assert "--before 2027-05-29" in late.stderr


def test_tables_fit_80_columns(run: Cli) -> None:
    (waiting,) = run("notifications list -o json").data
    run("notifications deliver")
    assert max(map(len, run("notifications list").stdout.splitlines())) <= 80
    shown = run(f"notifications show {waiting['id']}").stdout
    assert "budget exceeded; usage 1000.5 credits" in shown
    assert "200 OK" in shown


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("notifications show ntf_none", 3, "no notification"),
        ("notifications retry ntf_none", 3, "no notification"),
        ("notifications retry", 2, "--dead"),
        ("notifications retry ntf_1 --dead", 2, "--dead"),
        ("notifications list --destination dest_none", 3, "no destination"),
        ("notifications list nobody", 3, "no organization"),
    ],
)
def test_mistakes_are_refused_with_a_way_out(run: Cli, line: str, code: int, told: str) -> None:
    stderr = run(line, expect=code).stderr
    assert told in stderr
    assert "hint" in stderr
