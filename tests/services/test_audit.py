import pytest

from builders import at
from creditctl.context import Context
from creditctl.errors import OrganizationNotFound
from creditctl.rules.instants import parse_instant
from creditctl.rules.units import Credits
from creditctl.services.audit import list_audit_entries, record_change
from creditctl.services.orgs import create_organization
from creditctl.store.engine import unit_of_work


def record(context: Context, action: str, **facts: object) -> None:
    with unit_of_work(context.database) as unit:
        record_change(unit, context, action, "subject", **facts)  # type: ignore[arg-type]


def test_an_entry_says_who_what_when_and_why(context: Context) -> None:
    record(
        at(context, "2026-11-02T03:04:05Z"),
        "budget.changed",
        reason="invoice 7 was a shock",
        before={"limit": Credits.parse("100"), "scope": None},
        after={"limit": Credits.parse("0.5"), "hard": True, "count": 3},
    )
    (entry,) = list_audit_entries(context, organization=None, action=None, limit=1)
    assert entry.recorded_at == parse_instant("2026-11-02T03:04:05Z")
    assert (entry.actor, entry.action, entry.subject) == ("tester", "budget.changed", "subject")
    assert entry.reason == "invoice 7 was a shock"
    assert entry.before == {"limit": "100", "scope": None}
    assert entry.after == {"limit": "0.5", "hard": True, "count": 3}
    assert entry.host


def test_the_newest_come_first_and_no_more_than_asked_for(context: Context) -> None:
    for number in range(5):
        record(context, f"step.{number}")
    entries = list_audit_entries(context, organization=None, action=None, limit=3)
    assert [entry.action for entry in entries] == ["step.4", "step.3", "step.2"]


def test_the_log_can_be_narrowed_to_an_organization_and_an_action(context: Context) -> None:
    create_organization(context, "acme")
    create_organization(context, "other")
    record(context, "price.changed")
    mine = list_audit_entries(context, organization="acme", action=None, limit=9)
    assert [(entry.organization, entry.action) for entry in mine] == [
        ("acme", "organization.created")
    ]
    created = list_audit_entries(context, organization=None, action="organization.created", limit=9)
    assert [entry.organization for entry in created] == ["other", "acme"]
    assert list_audit_entries(context, organization="acme", action="price.changed", limit=9) == []


def test_an_unknown_organization_is_not_found(context: Context) -> None:
    with pytest.raises(OrganizationNotFound):
        list_audit_entries(context, organization="nobody", action=None, limit=9)


def test_an_entry_is_not_kept_when_the_change_fails(context: Context) -> None:
    with pytest.raises(RuntimeError):
        record_and_fail(context)
    assert list_audit_entries(context, organization=None, action=None, limit=9) == []


def record_and_fail(context: Context) -> None:
    with unit_of_work(context.database) as unit:
        record_change(unit, context, "half.done", "subject")
        raise RuntimeError
