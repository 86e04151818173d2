"""`limits check`: decide who may call the API, book what is due; cron runs it each minute."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.rules.enforcement import Standing, State, decide
from creditctl.services.allowances import grant_due_allowances, owners_of_due_allowances
from creditctl.services.enforcement import LimitChange, decide_anew
from creditctl.services.expiry import book_due_expiries
from creditctl.services.leases import holding_lease
from creditctl.services.order_deliveries import deliver_due_instalments
from creditctl.services.repayment import repay_all_open_overage
from creditctl.services.standings import read_standings
from creditctl.store.engine import reading, unit_of_work
from creditctl.store.queries.enforcement import StandingRow
from creditctl.store.queries.order_instalments import owners_of_due_instalments
from creditctl.store.queries.orgs import find_organization, lock_organizations
from creditctl.store.queries.recharges import recharges_at_work

LEASE = "limits check"


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
    instalments_booked: int
    expiries_booked: int
    repayments_booked: int
    recharged: int
    changes: tuple[LimitChange, ...]

    @property
    def has_news(self) -> bool:
        """Whether anything was written."""
        return bool(
            self.changed
            or self.allowances_granted
            or self.instalments_booked
            or self.expiries_booked
            or self.repayments_booked
            or self.recharged
        )


def check_limits(context: Context) -> LimitsCheck:
    """Book due allowances, instalments and expiries, decide every organization's state, recharge.

    Writes only what changed, one transaction per organization. Raises Busy at once while another
    run is at work.
    """
    with holding_lease(context, LEASE):
        allowances_granted = _grant_allowances(context)
        instalments_booked = _book_instalments(context)
        with unit_of_work(context.database) as unit:
            expiries_booked = book_due_expiries(unit, context)
            repayments_booked = repay_all_open_overage(unit, context)
        with reading(context.database) as unit:
            standings = read_standings(unit, context.now)
        changed = [row for row, standing in standings if _is_news(row, standing, context.now)]
        changes = tuple(
            change for row in changed if (change := _change(context, row.organization_id))
        )
    # After the lease: a slow provider must not keep the next run from blocking anybody.
    recharged = _recharge(context)
    if recharged:
        later = (_change(context, organization_id) for organization_id in recharged)
        changes += tuple(change for change in later if change)
        with reading(context.database) as unit:
            standings = read_standings(unit, context.now)
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
        instalments_booked=instalments_booked,
        expiries_booked=expiries_booked,
        repayments_booked=repayments_booked,
        recharged=len(recharged),
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


def _recharge(context: Context) -> list[int]:
    """The organizations whose auto-recharge was paid in this run."""
    with reading(context.database) as unit:
        if not recharges_at_work(unit):
            return []
    from creditctl.services.recharging import run_recharges  # most runs buy nothing

    paid = [run for run in run_recharges(context) if run.outcome == "recharged"]
    with reading(context.database) as unit:
        return [find_organization(unit, run.organization).id for run in paid]


def _is_news(row: StandingRow, standing: Standing, now: datetime) -> bool:
    return decide(standing, now).differs_from(row.decided)


def _change(context: Context, organization_id: int) -> LimitChange | None:
    """Decide once more under the organization's lock, and write it; None if it is no news now."""
    with unit_of_work(context.database) as unit:
        lock_organizations(unit, [organization_id])
        return decide_anew(unit, context, organization_id)
