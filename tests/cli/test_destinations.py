"""`creditctl destinations`: added, tested, rotated, switched, removed."""

import pytest

from conftest import Cli
from recording_channel import RecordingChannel, recording_channel
from schema_check import validated

ADD = "destinations add acme --channel webhook --to https://acme.example/hook"


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> RecordingChannel:
    return recording_channel(monkeypatch)


@pytest.fixture
def run(sqlite_cli: Cli, channel: RecordingChannel) -> Cli:
    sqlite_cli("orgs create acme")
    return sqlite_cli


def test_hard_and_notify_limits_go_to_separate_addresses(run: Cli) -> None:
    first = run(f"{ADD} --for hard --for budget.* -o json")
    assert validated(first.json) == "creditctl.new_destination/v1"
    assert first.data["told"] == ["budget.*", "hard"]
    assert first.data["secret"].startswith("whsec_")
    assert "not shown again" in first.stderr
    run("destinations add acme --channel email --to https://x.example --for notify")
    listed = run("destinations list acme -o json")
    assert validated(listed.json) == "creditctl.destinations/v1"
    assert [row["told"] for row in listed.data] == [["budget.*", "hard"], ["notify"]]
    assert "whsec_" not in listed.stdout


def test_a_test_exits_1_when_it_does_not_arrive(run: Cli, channel: RecordingChannel) -> None:
    destination = run(f"{ADD} -o json").data["id"]
    good = run(f"destinations test {destination} -o json")
    assert validated(good.json) == "creditctl.destination_trial/v1"
    assert (good.data["outcome"], good.data["detail"]) == ("delivered", "200 OK")
    channel.fails("https://acme.example/hook")
    bad = run(f"destinations test {destination} -o json", expect=1)
    assert (bad.data["outcome"], bad.data["detail"]) == ("failed", "500 oh no")
    shown = run(f"destinations show {destination} -o json").data
    assert (shown["address"], shown["failures"]) == ("https://acme.example/hook", 1)


def test_a_rotation_shows_the_new_secret_and_how_long_the_old_one_signs(run: Cli) -> None:
    added = run(f"{ADD} -o json").data
    rotated = run(f"destinations rotate {added['id']} --grace 2 --reason leak -o json").data
    assert rotated["secret"] not in (None, added["secret"])
    assert rotated["old_secret_until"] == "2026-11-01T02:00:00Z"
    assert "whsec_" not in run("audit log -o json").stdout


def test_switched_off_on_and_removed(run: Cli) -> None:
    destination = run(f"{ADD} -o json").data["id"]
    off = run(f"destinations disable {destination} --reason moving -o json")
    assert validated(off.json) == "creditctl.destination/v1"
    assert off.data["state"] == "disabled"
    assert run(f"destinations enable {destination} -o json").data["state"] == "active"
    assert "no terminal" in run(f"destinations remove {destination}", expect=4).stderr
    run(f"destinations remove {destination} --yes")
    assert "Nobody is told" in run("destinations list").stderr


def test_somebody_may_be_told_about_everybody(run: Cli) -> None:
    run("destinations add --everybody --channel webhook --to https://ops.example")
    (row,) = run("destinations list acme -o json").data
    assert (row["organization"], row["told"]) == (None, ["hard", "notify"])


def test_tables_fit_80_columns(run: Cli) -> None:
    destination = run(f"{ADD} -o json").data["id"]
    for line in (
        "destinations list",
        f"destinations show {destination}",
        f"destinations test {destination}",
        f"destinations rotate {destination}",
        f"destinations disable {destination}",
    ):
        assert max(map(len, run(line).stdout.splitlines())) <= 80, line


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        (f"{ADD} --for budgets.*", 2, "--for: no event is called"),
        (f"{ADD} --everybody", 2, "one organization or for --everybody"),
        (ADD.replace("acme ", "", 1), 2, "one organization or for --everybody"),
        (ADD.replace("https:", "ftp:"), 2, "no https"),
        (ADD.replace("add acme", "add nobody"), 3, "no organization"),
        ("destinations show dest_none", 3, "no destination"),
        ("destinations test dest_none", 3, "no destination"),
    ],
)
def test_mistakes_are_refused_with_a_way_out(run: Cli, line: str, code: int, told: str) -> None:
    stderr = run(line, expect=code).stderr
    assert told in stderr
    assert "hint" in stderr
