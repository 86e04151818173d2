"""`limits check`: decide who may call the API, book what is due; cron runs it each minute.

Its work grows with what changed: it looks at organizations that were locked for a change since it
ran last, and at those whose state time alone may have changed.
"""

from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.rules.crossings import Crossing, crossing_changes
from creditctl.rules.enforcement import State
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.allowances import grant_due_allowances, owners_of_due_allowances
from creditctl.services.enforcement import Checked, LimitChange, check_organization
from creditctl.services.expiry import book_due_expiries
from creditctl.services.holds import release_expired
from creditctl.services.leases import holding_lease
from creditctl.services.order_deliveries import deliver_due_instalments
from creditctl.services.repayment import repay_all_open_overage
from creditctl.services.standings import Assessment, assess
from creditctl.store.engine import UnitOfWork, reading, reusing_connections, unit_of_work
from creditctl.store.queries.crossings import crossings_now
from creditctl.store.queries.deliveries import is_anything_waiting
from creditctl.store.queries.enforcement import (
    StateRow,
    marked_states,
    marks,
    schedule_checks,
    states_count,
)
from creditctl.store.queries.grants import debtors_with_paid_grants, owners_of_due_endings
from creditctl.store.queries.limit_marks import (
    is_anybody_marked,
    last_run,
    mark_due,
    mark_everybody,
    note_run,
    somebody_is_due,
    unmark_unchanged,
)
from creditctl.store.queries.order_instalments import owners_of_due_instalments
from creditctl.store.queries.orgs import find_organization, lock_organizations
from creditctl.store.queries.recharges import recharges_at_work

LEASE = "limits check"
ENDINGS = "endings"
"""Grants that ended by then are booked, unless their organization changed since."""


@dataclass(frozen=True, slots=True)
class LimitsCheck:
    """What one run found and did; `checked` organizations were looked at, the states are of all."""

    at: datetime
    previous_at: datetime | None
    checked: int
    ok: int
    notified: int
    blocked: int
    changed: int
    newly_blocked: int
    crossed: int
    recovered: int
    slipped: Credits
    """Credits used beyond what blocks, since `previous_at`, by those who are newly blocked."""

    allowances_granted: int
    instalments_booked: int
    expiries_booked: int
    holds_expired: int
    repayments_booked: int
    recharged: int
    told: int
    """Notifications written for what changed."""

    sent: int
    failed: int
    changes: tuple[LimitChange, ...]

    @property
    def has_news(self) -> bool:
        """Whether anything was written that somebody wants to know."""
        return bool(
            self.changed
            or self.crossed
            or self.recovered
            or self.allowances_granted
            or self.instalments_booked
            or self.expiries_booked
            or self.holds_expired
            or self.repayments_booked
            or self.recharged
            or self.sent
            or self.failed
        )


def check_limits(context: Context, *, everybody: bool = False) -> LimitsCheck:
    """Book due allowances, instalments and expiries, decide who may go on, recharge.

    Looks at what changed, or at everybody, and frees what calls hold that were never captured.
    Writes only what is news, one transaction per organization, and delivers what there is to tell
    after that. Raises Busy at once while another run is at work.
    """
    # Hundreds of short transactions: opening the database for each would cost more than they do.
    with reusing_connections():
        return _check_limits(context, everybody=everybody)


def _check_limits(context: Context, *, everybody: bool) -> LimitsCheck:
    with holding_lease(context, LEASE):
        with reading(context.database) as unit:
            previous_at = last_run(unit, LEASE)
            is_due = everybody or somebody_is_due(unit, context.now)
        if is_due:
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
        with unit_of_work(context.database) as unit:
            note_run(unit, LEASE, context.now)
            note_run(unit, ENDINGS, context.now - context.settings.usage_grace)
    # After the lease: a slow provider must not keep the next run from blocking anybody.
    recharged = _recharge(context)
    checked += [_check(context, organization_id) for organization_id in recharged]
    sent, failed = _deliver(context)
    with reading(context.database) as unit:
        states = states_count(unit)
    changes = tuple(one.change for one in checked if one.change is not None)
    return LimitsCheck(
        at=context.now,
        previous_at=previous_at,
        checked=looked_at,
        ok=states.get(State.OK, 0),
        notified=states.get(State.NOTIFIED, 0),
        blocked=states.get(State.BLOCKED, 0),
        changed=len(changes),
        newly_blocked=sum(change.is_new_block for change in changes),
        crossed=sum(len(one.crossings.crossed) for one in checked),
        recovered=sum(len(one.crossings.recovered) for one in checked),
        slipped=sum((change.slipped or NO_CREDITS for change in changes), NO_CREDITS),
        allowances_granted=allowances_granted,
        instalments_booked=instalments_booked,
        expiries_booked=expiries_booked,
        holds_expired=holds_expired,
        repayments_booked=repayments_booked,
        recharged=len(recharged),
        told=sum(one.told for one in checked),
        sent=sent,
        failed=failed,
        changes=changes,
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
        found = assess(unit, context.now)
        states = {row.organization_id: row for row in marked_states(unit)}
        news = _news(unit, context, found, states)
    checked = [_check(context, one.organization_id) for one in found if one.organization_id in news]
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
    unit: UnitOfWork, context: Context, found: list[Assessment], states: dict[int, StateRow]
) -> set[int]:
    """The organizations whose state or crossings change."""
    known: dict[int, list[Crossing]] = {}
    for row in crossings_now(unit, context.now):
        known.setdefault(row.organization_id, []).append(row.crossing)
    return {
        one.organization_id
        for one in found
        if one.decision.differs_from(states[one.organization_id].decided)
        or crossing_changes(one.standing.readings, known.get(one.organization_id, ()), context.now)
    }


def _is_to_be_scheduled(row: StateRow, one: Assessment) -> bool:
    return row.state is None or row.next_check_at != one.next_check_at


def _recharge(context: Context) -> list[int]:
    """The organizations whose auto-recharge was paid in this run."""
    with reading(context.database) as unit:
        if not recharges_at_work(unit):
            return []
    from creditctl.services.recharging import run_recharges  # most runs buy nothing

    paid = [run for run in run_recharges(context) if run.outcome == "recharged"]
    with reading(context.database) as unit:
        return [find_organization(unit, run.organization).id for run in paid]


def _deliver(context: Context) -> tuple[int, int]:
    """Send what is due, after everything was written: how much arrived, and how much did not."""
    with reading(context.database) as unit:
        if not is_anything_waiting(unit, context.now):
            return 0, 0
    from creditctl.services.deliveries import deliver_due  # most runs have nobody to tell

    run = deliver_due(context)
    return run.sent, run.failed + run.dead


def _check(context: Context, organization_id: int) -> Checked:
    """Decide once more under the organization's lock, and write what is news."""
    with unit_of_work(context.database) as unit:
        lock_organizations(unit, [organization_id])
        return check_organization(unit, context, organization_id)
