"""What else a merged organization had: its alerts move, its settings end, nothing is half moved."""

import pytest

from alerts import a_destination, happens
from builders import an_organization, at, give, open_books, use
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.units import Credits
from creditctl.services.audit import list_audit_entries
from creditctl.services.balances import read_balance
from creditctl.services.budget_changes import Wanted, set_budget
from creditctl.services.budgets import list_budgets
from creditctl.services.checks import findings_in, run_checks
from creditctl.services.deliveries import deliver_due
from creditctl.services.destinations import (
    add_destination,
    list_destinations,
    remove_destination,
    switch_destination,
)
from creditctl.services.keys import create_key
from creditctl.services.limits_check import check_limits
from creditctl.services.merging import Merged, MergeRequest, merge_organizations
from creditctl.services.notifications import list_notifications
from creditctl.services.org_cards import show_organization
from creditctl.store.engine import rehearsal
from creditctl.store.queries.orgs import find_organization
from recording_channel import RecordingChannel, recording_channel


@pytest.fixture(autouse=True)
def channel(monkeypatch: pytest.MonkeyPatch) -> RecordingChannel:
    return recording_channel(monkeypatch)


@pytest.fixture
def books(context: Context) -> Context:
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october)
    for slug in ("acme", "twin"):
        an_organization(october, slug)
    return at(context, "2026-10-20T00:00:00Z")


def merge(context: Context, source: str = "twin", target: str = "acme") -> Merged:
    request = MergeRequest(source=source, target=target, reason="same company")
    return merge_organizations(context, request)


def test_who_was_told_of_the_source_is_told_of_the_target(
    books: Context, channel: RecordingChannel
) -> None:
    moved = a_destination(books, "twin", told=("budget.exceeded",))
    done = merge(books)
    assert done.destinations == 1
    (known,) = list_destinations(books, "acme")
    assert (known.id, known.organization, known.told) == (moved.id, "acme", ("budget.exceeded",))
    happens(books, "acme")
    deliver_due(books)
    assert channel.addresses() == ["https://twin.example"]
    for action in ("organization.merged", "organization.absorbed"):
        (entry,) = list_audit_entries(books, action=action)
        assert entry.after is not None
        assert entry.after["destinations"] == 1


def test_an_address_that_the_target_has_is_not_told_twice(books: Context) -> None:
    same = "https://ops.example/hook"
    kept = a_destination(books, "acme", to=same, told=("hard",))
    left = a_destination(books, "twin", to=same, told=("notify",))
    again = add_destination(books, "twin", channel="email", address="https://other.example")
    gone = a_destination(books, "twin", to="https://gone.example")
    remove_destination(books, gone.id)
    switch_destination(books, again.id, on=False)
    assert merge(books).destinations == 1
    found = {row.id: row.state for row in list_destinations(books, "acme")}
    assert found == {kept.id: "active", again.id: "disabled"}
    assert [row.id for row in list_destinations(books, "twin")] == [left.id]


def test_alerts_written_before_stay_in_the_source_s_history_and_are_delivered(
    books: Context, channel: RecordingChannel
) -> None:
    a_destination(books, "twin")
    give(books, "acme", "50")
    happens(books, "twin")
    merge(books)
    deliver_due(books)
    assert [one.message.event for one in channel.handed] == ["budget.exceeded"]
    assert [row.status for row in list_notifications(books, organization="twin")] == ["delivered"]
    assert run_checks(books) == []


def test_alerts_of_one_that_was_merged_may_be_told_to_its_target_and_to_nobody_else(
    books: Context,
) -> None:
    """Even where an address stayed with an organization in between, for its target had it."""
    same = "https://ops.example/hook"
    an_organization(books, "stranger")
    a_destination(books, "group", to=same)
    moved = a_destination(books, "twin", to=same)
    happens(books, "twin")
    merge(books, "twin", "acme")
    merge(books, "acme", "group")
    assert run_checks(books) == []
    with rehearsal(books.database) as unit:
        stranger = find_organization(unit, "stranger").id
        where = {"owner": stranger, "id": moved.id}
        unit.run("UPDATE destination SET organization_id = :owner WHERE public_id = :id", **where)
        found = {(one.invariant, one.detail) for one in findings_in(unit, books)}
    told = f"tells {moved.id} of another organization"
    assert found == {("a destination is told of its own organization", told)}


def test_the_target_s_budgets_are_in_force_and_those_of_keys_come_along(books: Context) -> None:
    create_key(books, "twin", name="cron")
    set_budget(books, "twin", Wanted(daily=Credits.parse("1")))
    set_budget(books, "twin", Wanted(key="cron", daily=Credits.parse("7")))
    set_budget(books, "acme", Wanted(daily=Credits.parse("100")))
    give(books, "acme", "50")
    use(books, "twin", 30)
    merge(books)
    check_limits(books)
    assert show_organization(books, "acme").state == "ok"
    told = {row.organization: row for row in list_budgets(books)}
    assert [line.target for line in told["acme"].lines] == ["all", "key cron"]
    assert told["acme"].today == Credits.parse("30")


def test_usage_of_one_that_was_merged_twice_is_the_last_target_s(books: Context) -> None:
    an_organization(books, "group")
    merge(books, "twin", "acme")
    merge(books, "acme", "group")
    assert show_organization(books, "twin").merged_into == "group"
    give(books, "group", "20")
    use(books, "twin", 7)
    assert read_balance(books, "group").available == Credits.parse("13")


def test_an_organization_in_a_circle_is_refused(books: Context) -> None:
    merge(books, "twin", "acme")
    with pytest.raises(Conflict, match="twin is closed"):
        merge(books, "acme", "twin")
