"""`limits check`: decide who may call the API, book what is due; cron runs it each minute."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.rules.enforcement import Decision, Standing, State, decide
from creditctl.rules.units import Credits
from creditctl.services.allowances import grant_due_allowances
from creditctl.services.expiry import book_due_expiries
from creditctl.services.leases import holding_lease
from creditctl.services.repayment import repay_all_open_overage
from creditctl.services.standings import read_standings
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.queries.enforcement import (
    StandingRow,
    append_enforcement_change,
    put_enforcement,
)
from creditctl.store.queries.orgs import lock_organizations
from creditctl.store.queries.subscriptions import all_subscriptions

LEASE = "limits check"


@dataclass(frozen=True, slots=True)
class LimitChange:
    """An organization whose state changed; `usage` and `limit` are credits of the day."""

    organization: str
    previous: str
    state: str
    reason: str | None
    usage: Credits | None
    limit: Credits | None
    since: datetime
    until: datetime | None
    is_new_block: bool


@dataclass(frozen=True, slots=True)
class LimitsCheck:
    """What one run found and did."""

    at: datetime
    checked: int
    ok: int
    notified: int
    blocked: int
    changed: int
    newly_blocked: int
    allowances_granted: int
    expiries_booked: int
    repayments_booked: int
    changes: tuple[LimitChange, ...]

    @property
    def has_news(self) -> bool:
        """Whether anything was written."""
        return bool(
            self.changed
            or self.allowances_granted
            or self.expiries_booked
            or self.repayments_booked
        )


def check_limits(context: Context) -> LimitsCheck:
    """Grant due allowances, book due expiries, then decide every organization's state.

    Writes only what changed, one transaction per organization. Raises Busy at once while another
    run is at work.
    """
    with holding_lease(context, LEASE):
        allowances_granted = _grant_allowances(context)
        with unit_of_work(context.database) as unit:
            expiries_booked = book_due_expiries(unit, context)
            repayments_booked = repay_all_open_overage(unit, context)
        with reading(context.database) as unit:
            standings = read_standings(unit, context.now)
        changed = [row for row, standing in standings if _is_news(row, standing, context.now)]
        changes = tuple(
            change for row in changed if (change := _change(context, row.organization_id))
        )
    states = Counter(decide(standing, context.now).state for _, standing in standings)
    return LimitsCheck(
        at=context.now,
        checked=len(standings),
        ok=states[State.OK],
        notified=states[State.NOTIFIED],
        blocked=states[State.BLOCKED],
        changed=len(changes),
        newly_blocked=sum(change.is_new_block for change in changes),
        allowances_granted=allowances_granted,
        expiries_booked=expiries_booked,
        repayments_booked=repayments_booked,
        changes=changes,
    )


def _grant_allowances(context: Context) -> int:
    with unit_of_work(context.database) as unit:
        subscribed = {row.organization_id for row in all_subscriptions(unit)}
        # In id order, as locks are taken everywhere.
        return sum(grant_due_allowances(unit, context, number) for number in sorted(subscribed))


def _is_news(row: StandingRow, standing: Standing, now: datetime) -> bool:
    return decide(standing, now).differs_from(row.decided)


def _change(context: Context, organization_id: int) -> LimitChange | None:
    """Decide once more under the organization's lock, and write it; None if it is no news now."""
    with unit_of_work(context.database) as unit:
        lock_organizations(unit, [organization_id])
        ((row, standing),) = read_standings(unit, context.now, organization_id)
        decision = decide(standing, context.now)
        if not decision.differs_from(row.decided):
            return None
        return _write(unit, context, row, decision)


def _write(unit: UnitOfWork, context: Context, row: StandingRow, decision: Decision) -> LimitChange:
    since = context.now
    if row.since is not None and decision.continues(row.decided):
        since = row.since
    put_enforcement(unit, row.organization_id, decision, since=since)
    append_enforcement_change(unit, row.organization_id, decision, changed_at=context.now)
    was_blocked = row.decided.at(context.now).state is State.BLOCKED
    return LimitChange(
        organization=row.organization,
        previous=row.decided.state.value,
        state=decision.state.value,
        reason=decision.reason.value or None,
        usage=decision.usage,
        limit=decision.limit,
        since=since,
        until=decision.until,
        is_new_block=decision.state is State.BLOCKED and not was_blocked,
    )
