"""Pruned notifications: what is over goes, what waits stays, and nobody is told twice for it."""

from datetime import date

import pytest

from alerts import a_destination, happens, later
from builders import an_organization, at, open_books, use
from creditctl.context import Context
from creditctl.errors import InvalidInput, NotFound
from creditctl.rules.units import Credits
from creditctl.services.audit import list_audit_entries
from creditctl.services.budget_changes import Wanted, set_budget
from creditctl.services.deliveries import deliver_due
from creditctl.services.destinations import add_destination, remove_destination
from creditctl.services.limits_check import check_limits
from creditctl.services.notification_pruning import prune_notifications
from creditctl.services.notifications import (
    list_notifications,
    retry_notifications,
    show_notification,
)
from creditctl.store.engine import reading
from recording_channel import RecordingChannel, recording_channel

ACME, OFF = "https://acme.example", "https://off.example"


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> RecordingChannel:
    return recording_channel(monkeypatch)


def tomorrow(context: Context) -> date:
    return later(context, days=1).now.date()


def prune(
    context: Context, before: date, *, dry_run: bool = False, block: int = 1_000
) -> tuple[int, int]:
    done = prune_notifications(context, before, reason="old", dry_run=dry_run, block=block)
    assert done.dry_run == dry_run
    return done.notifications, done.attempts


def left(context: Context) -> list[tuple[str, int]]:
    return sorted((one.status, one.attempts) for one in list_notifications(context))


def test_what_was_delivered_given_up_or_cancelled_goes_and_what_waits_stays(
    context: Context, channel: RecordingChannel
) -> None:
    gone = a_destination(context, to=OFF)
    happens(context)
    remove_destination(context, gone.id)
    a_destination(context)
    happens(context, revision=1)
    deliver_due(context)
    channel.fails(ACME, is_final=True)
    happens(context, revision=2)
    deliver_due(context)
    channel.fails(ACME)
    much_later = later(context, days=40)
    happens(much_later)
    deliver_due(much_later)
    assert left(context) == [("cancelled", 0), ("dead", 1), ("delivered", 1), ("pending", 1)]
    # Over is what was delivered by then, and the others when their 24 hours are.
    assert prune(much_later, tomorrow(context), dry_run=True) == (1, 1)
    before = tomorrow(later(context, days=1))
    assert prune(much_later, before, dry_run=True) == (3, 2)
    assert len(left(context)) == 4
    assert prune(much_later, before) == (3, 2)
    assert left(context) == [("pending", 1)]
    assert prune(much_later, before) == (0, 0)
    (entry,) = list_audit_entries(context, action="notification.pruned", limit=9)
    assert (entry.subject, entry.reason) == (f"{before}", "old")
    assert entry.before == {"notifications": 3, "attempts": 2}


def test_blocks_are_audited_each_and_a_run_goes_on_where_one_stopped(
    context: Context, channel: RecordingChannel
) -> None:
    a_destination(context)
    for revision in range(5):
        happens(context, revision=revision)
    assert deliver_due(context).sent == 5
    much_later = later(context, days=40)
    assert prune(much_later, tomorrow(context), block=2) == (5, 5)
    entries = list_audit_entries(context, action="notification.pruned", limit=9)
    assert sorted(entry.before["notifications"] for entry in entries) == [1, 2, 2]
    with reading(context.database) as unit:
        noted = unit.fetch_rows(
            "SELECT SUM(notifications), SUM(attempts), COUNT(*) FROM notification_pruning"
        )
        assert [tuple(map(int, row)) for row in noted] == [(5, 5, 3)]
        assert unit.fetch_value("SELECT COUNT(*) FROM delivery_attempt") == 0


def test_a_dead_letter_that_was_put_back_counts_from_then(
    context: Context, channel: RecordingChannel
) -> None:
    a_destination(context)
    channel.fails(ACME, is_final=True)
    happens(context)
    deliver_due(context)
    (dead,) = list_notifications(context)
    month_later = later(context, days=30)
    retry_notifications(month_later, [dead.id])
    much_later = later(context, days=60)
    before = later(context, days=20).now.date()
    assert prune(much_later, before) == (0, 0), "it waits again"
    deliver_due(month_later)
    assert prune(much_later, before) == (0, 0), "it was given up later than that"
    assert len(show_notification(context, dead.id).attempts) == 2
    assert prune(much_later, later(context, days=40).now.date()) == (1, 2)
    with pytest.raises(NotFound):
        show_notification(context, dead.id)


def test_nobody_is_told_again_of_what_is_still_so(
    context: Context, channel: RecordingChannel
) -> None:
    second = at(context, "2026-10-02T12:00:00Z")
    open_books(second)
    an_organization(second, credits="1000")
    add_destination(second, "acme", channel="webhook", address=ACME, told=["*"])
    set_budget(second, "acme", Wanted(monthly=Credits.parse("100")))
    check_limits(second, everybody=True)
    use(second, "acme", 101)
    assert check_limits(second).told >= 1
    channel.handed.clear()
    end = at(context, "2026-10-20T12:00:00Z")
    assert prune(end, date(2026, 10, 13))[0] >= 1
    assert left(context) == []
    assert (check_limits(end, everybody=True).told, channel.handed) == (0, [])
    november = at(context, "2026-11-01T00:00:00Z")
    check_limits(november, everybody=True)
    events = {one.message.event for one in channel.handed}
    assert "budget.recovered" in events, "its end is told, though what began it is gone"


def test_the_last_week_and_a_missing_reason_are_refused(context: Context) -> None:
    latest = later(context, days=-7).now.date()
    assert prune(context, latest) == (0, 0)
    with pytest.raises(InvalidInput, match="may still be asked for"):
        prune(context, later(context, days=-6).now.date())
    with pytest.raises(InvalidInput, match="needs a reason"):
        prune_notifications(context, latest, reason=" ")
