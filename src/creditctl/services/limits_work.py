"""The steps of `limits check` where something changed or fell due; a quiet run never loads them."""

from datetime import datetime

from creditctl.context import Context
from creditctl.rules.crossings import Crossing, crossing_changes
from creditctl.services.allowances import grant_due_allowances, owners_of_due_allowances
from creditctl.services.enforcement import check_organization
from creditctl.services.expiry import book_due_expiries
from creditctl.services.holds import release_expired
from creditctl.services.limit_changes import Checked, LimitsWork
from creditctl.services.order_deliveries import deliver_due_instalments
from creditctl.services.repayment import repay_all_open_overage
from creditctl.services.standings import Assessment, assess
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.queries.crossings import crossings_now
from creditctl.store.queries.due_instalments import owners_of_due_instalments
from creditctl.store.queries.enforcement import StateRow, marked_states, marks, schedule_checks
from creditctl.store.queries.grants import debtors_with_paid_grants, owners_of_due_endings
from creditctl.store.queries.limit_marks import (
    CHECK,
    ENDINGS,
    is_anybody_marked,
    last_run,
    mark_due,
    mark_everybody,
    unmark_unchanged,
)
from creditctl.store.queries.orgs import lock_organizations


def work_off(context: Context, *, everybody: bool) -> LimitsWork:
    """Mark whom time alone may have changed, book what is due, then decide for all marked ones."""
    with unit_of_work(context.database) as unit:
        if everybody:
            mark_everybody(unit)
        else:
            mark_due(unit, context.now)
    allowances_granted = _grant_allowances(context)
    instalments_booked = _book_instalments(context)
    holds_expired = release_expired(context)
    expiries_booked, repayments_booked = _book_endings(context)
    looked_at, checked = _check_marked(context)
    return LimitsWork(
        looked_at=looked_at,
        checked=tuple(checked),
        allowances_granted=allowances_granted,
        instalments_booked=instalments_booked,
        expiries_booked=expiries_booked,
        holds_expired=holds_expired,
        repayments_booked=repayments_booked,
    )


def _grant_allowances(context: Context) -> int:
    with reading(context.database) as unit:
        owners = owners_of_due_allowances(unit, context.now)
    granted = 0
    for organization_id in owners:
        with unit_of_work(context.database) as unit:
            granted += grant_due_allowances(unit, context, organization_id)
    return granted


def _book_instalments(context: Context) -> int:
    with reading(context.database) as unit:
        owners = owners_of_due_instalments(unit, context.now)
    booked = 0
    for organization_id in owners:
        with unit_of_work(context.database) as unit:
            booked += deliver_due_instalments(unit, context, organization_id)
    return booked


def _book_endings(context: Context) -> tuple[int, int]:
    """Expiries that are due, and overage that paid grants repay; mostly there is neither."""
    ended_before = context.now - context.settings.usage_grace
    with reading(context.database) as unit:
        owners = owners_of_due_endings(unit, last_run(unit, ENDINGS), ended_before)
        if not owners and not debtors_with_paid_grants(unit, context.now):
            return 0, 0
    with unit_of_work(context.database) as unit:
        lock_organizations(unit, owners)
        ended = sum(book_due_expiries(unit, context, owner) for owner in owners)
        return ended, repay_all_open_overage(unit, context)


def _check_marked(context: Context) -> tuple[int, list[Checked]]:
    """How many organizations were looked at, and what was news about them."""
    with reading(context.database) as unit:
        if not is_anybody_marked(unit):
            return 0, []
        seen = {mark.organization_id: mark.revision for mark in marks(unit)}
        since = last_run(unit, CHECK)
        found = assess(unit, context.now, since=since)
        states = {row.organization_id: row for row in marked_states(unit)}
        news = _news(unit, context, found, states, since)
    checked = [
        check_one(context, one.organization_id) for one in found if one.organization_id in news
    ]
    quiet = [one for one in found if one.organization_id not in news]
    with unit_of_work(context.database) as unit:
        rescheduled = {
            one.organization_id: one.next_check_at
            for one in quiet
            if _is_to_be_scheduled(states[one.organization_id], one)
        }
        schedule_checks(unit, rescheduled, since=context.now)
        unmark_unchanged(unit, {number: seen[number] for number in seen if number not in news})
    return len(found), checked


def _news(
    unit: UnitOfWork,
    context: Context,
    found: list[Assessment],
    states: dict[int, StateRow],
    since: datetime | None,
) -> set[int]:
    """The organizations whose state or crossings change."""
    known: dict[int, list[Crossing]] = {}
    for row in crossings_now(unit, context.now, since=since):
        known.setdefault(row.organization_id, []).append(row.crossing)
    return {
        one.organization_id
        for one in found
        if one.decision.differs_from(states[one.organization_id].decided)
        or crossing_changes(
            one.standing.readings,
            known.get(one.organization_id, ()),
            context.now,
            one.missed,
        )
    }


def _is_to_be_scheduled(row: StateRow, one: Assessment) -> bool:
    return row.state is None or row.next_check_at != one.next_check_at


def check_one(context: Context, organization_id: int) -> Checked:
    """Decide once more under the organization's lock, and write what is news."""
    with unit_of_work(context.database) as unit:
        lock_organizations(unit, [organization_id])
        return check_organization(unit, context, organization_id)
