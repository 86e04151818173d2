"""`creditctl approvals` as a person meets it."""

from pathlib import Path

import pytest

from conftest import Cli


@pytest.fixture
def waiting(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a grant of 600 credits that ann asked for."""
    monkeypatch.setenv("CREDITCTL_CEILINGS", "*=500")
    cli("orgs create acme")
    told = cli("credits grant acme 600 --reason refill --actor ann", expect=4)
    assert told.stderr.startswith("error: 600 credits are above the ceiling of 500 for ann; ")
    assert "hint: somebody else runs 'creditctl approvals approve approval_" in told.stderr
    (row,) = cli("approvals list -o json").data
    assert (row["verb"], row["amount"], row["requested_by"]) == ("credits.grant", "600", "ann")
    return str(row["id"])


def test_a_second_person_lets_it_happen(cli: Cli, waiting: str) -> None:
    cli(f"approvals approve {waiting} --actor ann", expect=4)
    done = cli(f"approvals approve {waiting} --actor bob --reason fine -o json").data
    assert (done["status"], done["decided_by"], done["decision_reason"]) == (
        "approved",
        "bob",
        "fine",
    )
    assert cli("credits balance acme -o json").data["available"] == "600"
    cli(f"approvals approve {waiting} --actor bob", expect=5)
    assert "Nothing waits for approval." in cli("approvals list").stderr


def test_a_second_person_refuses_it(cli: Cli, waiting: str) -> None:
    cli(f"approvals reject {waiting} --actor bob", expect=2)
    cli(f"approvals reject {waiting} --actor bob --reason nonsense")
    assert cli("approvals list --all -o json").data[0]["status"] == "rejected"
    assert cli("credits balance acme -o json").data["available"] == "0"


def test_an_approval_shows_what_was_asked_for_and_what_came_of_it(cli: Cli, waiting: str) -> None:
    done = cli(f"approvals approve {waiting} --actor bob -o json").data
    assert (done["request"]["organization"], done["request"]["amount"]) == ("acme", "600")
    assert done["result"]["available_after"] == "600"


@pytest.mark.parametrize("text", ["*=-5", "ann=1, ann=2"])
def test_a_ceiling_below_zero_or_given_twice_is_refused(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("CREDITCTL_CEILINGS", text)
    assert "error: ceilings: " in cli("approvals list", expect=2).stderr


@pytest.mark.parametrize("text", ["profiles = 5", "[profiles]\nlive = 5", 'db = ["a", "b"]'])
def test_a_setting_of_the_wrong_shape_is_refused(
    sqlite_cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "creditctl.toml").write_text(text, encoding="utf-8")
    assert "creditctl.toml: " in sqlite_cli("approvals list", expect=2).stderr


def test_the_group_answers_to_its_singular(cli: Cli) -> None:
    assert cli("approval list -o json").data == []
