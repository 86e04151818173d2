"""`creditctl audit` as people meet it."""

import pytest

from conftest import Cli


def test_the_log_names_actor_action_and_organization_newest_first(cli: Cli) -> None:
    cli("orgs create acme")
    cli("keys create acme --name production --actor alice")
    logged = cli("audit log -o json")
    assert logged.json["schema"] == "creditctl.audit_entries/v1"
    assert [(row["actor"], row["action"], row["organization"]) for row in logged.data] == [
        ("alice", "key.created", "acme"),
        ("tester", "organization.created", "acme"),
    ]
    assert logged.data[0]["recorded_at"] == "2026-11-01T00:00:00Z"


def test_the_log_can_be_narrowed(cli: Cli) -> None:
    cli("orgs create acme")
    cli("orgs create other")
    cli("keys create acme --name production")
    assert len(cli("audit log --org acme -o json").data) == 2
    assert len(cli("audit log --action organization.created -o json").data) == 2
    assert len(cli("audit log --limit 1 -o json").data) == 1
    assert cli("audit log --action nothing.happened -o json").data == []


def test_a_reading_command_leaves_no_entry(sqlite_cli: Cli) -> None:
    for line in ("orgs list", "keys list", "subscriptions list", "audit log", "db status"):
        sqlite_cli(line)
    assert sqlite_cli("audit log -o json").data == []


def test_an_unknown_organization_and_a_bad_limit_are_refused(sqlite_cli: Cli) -> None:
    assert "'nobody'" in sqlite_cli("audit log --org nobody", expect=3).stderr
    assert "--limit" in sqlite_cli("audit log --limit 0", expect=2).stderr
    assert "--limit" in sqlite_cli("audit log --limit many", expect=2).stderr


def test_the_newest_of_several_keys_seals_and_a_certificate_is_none(
    sqlite_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDITCTL_AUDIT_KEY", "env:SEAL")
    monkeypatch.setenv("SEAL", "old")
    sqlite_cli("orgs create acme")
    monkeypatch.setenv("SEAL", "new\nold\n")
    sqlite_cli("orgs create beta")
    proof = sqlite_cli("audit verify -o json").data
    assert (proof["verified"], proof["entries"], proof["unkeyed"]) == (True, 2, 0)
    monkeypatch.setenv("SEAL", "-----BEGIN PRIVATE KEY-----\nabc\n")
    refused = sqlite_cli("orgs create gamma", expect=2).stderr
    assert "env:SEAL is a PEM file" in refused
    monkeypatch.delenv("CREDITCTL_AUDIT_KEY")
    assert "is sealed with key" in sqlite_cli("orgs create gamma", expect=4).stderr
