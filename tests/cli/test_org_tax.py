"""What tax asks of an organization, told on the command line and kept in the audit log."""

from typing import Any

import pytest

from builders import CATALOG, open_books
from conftest import NOW, Cli
from creditctl.context import Context

EXEMPT = "orgs update acme --tax-exempt charity --tax-exempt-certificate C-17"


@pytest.fixture
def acme(cli: Cli) -> Cli:
    cli("orgs create acme --country US --region NY --locality 'New York City'")
    return cli


def shown(cli: Cli, *names: str) -> list[Any]:
    card = cli("orgs show acme -o json").data
    return [card[name] for name in names]


def exemption(cli: Cli) -> list[Any]:
    facts = ("reason", "certificate", "from", "until")
    return shown(cli, *(f"tax_exempt_{fact}" for fact in facts))


def test_a_locality_is_told_and_changed(acme: Cli) -> None:
    assert shown(acme, "locality") == ["New York City"]
    told = acme("orgs update acme --locality Yonkers -o json").data
    assert told["locality"] == "Yonkers"
    acme("orgs update acme --locality ' '", expect=2)


def test_an_exemption_is_told_in_words(acme: Cli) -> None:
    assert "Tax exempt" in acme("orgs show acme").stdout
    acme(f"{EXEMPT} --tax-exempt-from 2026-01-01 --tax-exempt-until 2027-01-01")
    assert exemption(acme) == ["charity", "C-17", "2026-01-01", "2027-01-01"]
    words = "charity, certificate C-17, from 2026-01-01, until 2027-01-01"
    assert words in acme("orgs show acme").stdout
    assert words in acme("orgs update acme --name Acme").stdout


def test_the_days_of_an_exemption_change_alone(acme: Cli) -> None:
    acme(f"{EXEMPT} --tax-exempt-until 2027-01-01")
    acme("orgs update acme --tax-exempt-until 2028-01-01")
    assert exemption(acme) == ["charity", "C-17", None, "2028-01-01"]
    refused = acme("orgs update acme --tax-exempt-from 2028-01-01", expect=2)
    assert "ends on 2028-01-01, not after 2028-01-01" in refused.stderr
    assert exemption(acme) == ["charity", "C-17", None, "2028-01-01"]


def test_another_reason_is_another_exemption(acme: Cli) -> None:
    acme(f"{EXEMPT} --tax-exempt-until 2027-01-01")
    acme("orgs update acme --tax-exempt embassy")
    assert exemption(acme) == ["embassy", None, None, None]


def test_an_exemption_is_taken_back(acme: Cli) -> None:
    acme(f"{EXEMPT} --tax-exempt-until 2027-01-01")
    acme("orgs update acme --no-tax-exempt")
    assert exemption(acme) == [None, None, None, None]
    refused = acme("orgs update acme --tax-exempt-until 2027-01-01", expect=5)
    assert "acme is not tax exempt" in refused.stderr
    acme("orgs update acme --no-tax-exempt --tax-exempt charity", expect=2)
    acme("orgs update acme --tax-exempt ' '", expect=2)
    assert exemption(acme) == [None, None, None, None]


def test_the_audit_log_keeps_what_was_before(acme: Cli) -> None:
    acme(f"{EXEMPT} --tax-exempt-until 2027-01-01 --reason 'letter of 3 May'")
    acme("orgs update acme --no-tax-exempt --reason 'letter withdrawn'")
    last, first = acme("audit log --org acme --limit 2 -o json").data
    assert (first["action"], first["reason"]) == ("organization.updated", "letter of 3 May")
    assert first["before"] == dict.fromkeys(first["after"])
    assert first["after"] == {
        "tax_exempt_reason": "charity",
        "tax_exempt_certificate": "C-17",
        "tax_exempt_until": "2027-01-01",
    }
    assert (last["before"], last["after"]) == (first["after"], first["before"])


def test_a_tax_id_is_confirmed_or_refused_by_its_register(acme: Cli) -> None:
    refused = acme("orgs update acme --tax-id-confirmed", expect=5)
    assert "acme has no tax id" in refused.stderr
    acme("orgs update acme --country DE --tax-id DE136695976")
    assert shown(acme, "tax_id_confirmed") == [None]
    acme("orgs update acme --tax-id-confirmed")
    assert shown(acme, "tax_id_confirmed") == [True]
    acme("orgs update acme --tax-id-refused")
    assert shown(acme, "tax_id_confirmed") == [False]


def test_another_tax_id_is_not_confirmed_and_the_same_one_stays_so(acme: Cli) -> None:
    acme("orgs update acme --country DE --tax-id DE136695976 --tax-id-confirmed")
    acme("orgs update acme --tax-id 'DE 136 695 976'")
    assert shown(acme, "tax_id_confirmed") == [True]
    acme("orgs update acme --tax-id DE129274202")
    assert shown(acme, "tax_id", "tax_id_confirmed") == ["DE129274202", None]


def test_who_is_promoted_with_another_tax_id_has_it_confirmed_anew(
    acme: Cli, database: str
) -> None:
    welcome = '\n[promotions.welcome]\ncredits = 350\ntrigger = "signup"\n'
    open_books(Context(database, NOW, "tester"), CATALOG + welcome)
    acme("orgs update acme --country DE --tax-id DE136695976 --tax-id-confirmed")
    acme("orgs promote acme --country DE --tax-id DE129274202 --reason 'new company'")
    assert shown(acme, "tax_id", "tax_id_confirmed") == ["DE129274202", None]
