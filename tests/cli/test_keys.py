"""`creditctl keys` as people meet it."""

import re

import pytest

from conftest import Cli
from creditctl.rules.key_format import is_well_formed


def new_key(cli: Cli, name: str = "production") -> dict[str, str]:
    found: dict[str, str] = cli(f"keys create acme --name {name} -o json").data
    return found


def test_the_secret_is_shown_once_with_a_warning(cli: Cli) -> None:
    cli("orgs create acme")
    made = cli("keys create acme --name production")
    (secret,) = re.findall(r"ck_live_\w{36}", made.stdout)
    assert is_well_formed(secret)
    assert "only a hash of it is stored" in made.stderr
    for line in ("keys list", "keys list acme -o json", "audit log -o json", "orgs show acme"):
        assert secret[16:40] not in cli(line).stdout


def test_a_test_key_is_told_by_its_prefix(sqlite_cli: Cli) -> None:
    sqlite_cli("orgs create acme")
    made = sqlite_cli("keys create acme --name t --test -o json").data
    assert made["secret"].startswith("ck_test_")
    assert made["prefix"] == made["secret"][:16]


def test_the_list_shows_prefix_last_four_and_status(cli: Cli) -> None:
    cli("orgs create acme")
    made = new_key(cli)
    (listed,) = cli("keys list -o json").data
    assert listed == {
        "id": made["id"],
        "organization": "acme",
        "name": "production",
        "prefix": made["prefix"],
        "last_four": made["secret"][-4:],
        "plan": None,
        "status": "active",
        "created_at": "2026-11-01T00:00:00Z",
        "expires_at": None,
        "revoked_at": None,
    }


def test_revoking_asks_first_and_does_nothing_without_a_terminal(cli: Cli) -> None:
    cli("orgs create acme")
    made = new_key(cli)
    refused = cli(f"keys revoke {made['prefix']}", expect=4)
    assert "needs a yes" in refused.stderr
    assert "hint: add --yes to confirm" in refused.stderr
    assert cli("keys list -o json").data[0]["status"] == "active"


def test_revoking_with_yes_ends_the_key_and_doing_it_again_is_no_error(cli: Cli) -> None:
    cli("orgs create acme")
    made = new_key(cli)
    revoked = cli(f"keys revoke {made['id']} --reason leaked --yes -o json").data
    assert (revoked["status"], revoked["revoked_at"]) == ("revoked", "2026-11-01T00:00:00Z")
    again = cli(f"keys revoke {made['prefix']} --yes -o json", as_of="2026-12-01").data
    assert again == revoked
    (entry,) = cli("audit log --action key.revoked -o json").data
    assert entry["reason"] == "leaked"


def test_a_key_shows_as_expired_from_its_time_on(sqlite_cli: Cli) -> None:
    sqlite_cli("orgs create acme")
    sqlite_cli("keys create acme --name short --expires 2026-11-02")
    before = sqlite_cli("keys list -o json", as_of="2026-11-01T23:59:59Z").data
    after = sqlite_cli("keys list -o json", as_of="2026-11-02").data
    assert (before[0]["status"], after[0]["status"]) == ("active", "expired")


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("keys create nobody --name x", 3, "there is no organization 'nobody'"),
        ("keys create acme --name one", 5, "acme has a key named 'one' already"),
        ("keys create acme --name x --plan gold", 3, "there is no plan 'gold'"),
        ("keys create acme --name x --expires 2020-01-01", 2, "expired from the start"),
        ("keys create acme --name x --expires soon", 2, "--expires: 'soon' is not a time"),
        ("keys create acme --name ''", 2, "1 to 80 characters"),
        ("keys create acme", 2, "--name"),
        ("keys revoke ck_live_00000000 --yes", 3, "there is no API key"),
        ("keys list nobody", 3, "there is no organization 'nobody'"),
    ],
)
def test_a_refusal_is_one_line_with_the_contracts_exit_code(
    sqlite_cli: Cli, line: str, code: int, message: str
) -> None:
    sqlite_cli("orgs create acme")
    sqlite_cli("keys create acme --name one")
    refused = sqlite_cli(line, expect=code)
    assert refused.stdout == ""
    assert message in refused.stderr
