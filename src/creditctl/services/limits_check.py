"""`limits check`: decide who may call the API, book what is due; cron runs it each minute.

Its work grows with what changed: it looks at organizations that were locked for a change since it
ran last, and at those whose state time alone may have changed. Mostly there is nothing to do, so
what does it is loaded when it is needed.
"""

from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.rules.enforcement import State
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.leases import holding_lease
from creditctl.services.limit_changes import LimitChange, LimitsWork
from creditctl.store.engine import reading, reusing_connections, unit_of_work
from creditctl.store.queries.deliveries import is_anything_waiting
from creditctl.store.queries.enforcement import states_count
from creditctl.store.queries.invoice_papers import overdue_untold
from creditctl.store.queries.limit_marks import CHECK, ENDINGS, is_there_work, last_run, note_run
from creditctl.store.queries.orgs import find_organization
from creditctl.store.queries.recharges import recharges_at_work

LEASE = CHECK


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
    invoices_overdue: int
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
            or self.invoices_overdue
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
    ended_before = context.now - context.settings.usage_grace
    with holding_lease(context, LEASE):
        with reading(context.database) as unit:
            previous_at = last_run(unit, LEASE)
            is_busy = everybody or is_there_work(unit, context.now, ended_before)
        work = LimitsWork()
        if is_busy:
            from creditctl.services.limits_work import work_off

            work = work_off(context, everybody=everybody)
        with unit_of_work(context.database) as unit:
            note_run(unit, LEASE, context.now)
            note_run(unit, ENDINGS, ended_before)
    # After the lease: a slow provider must not keep the next run from blocking anybody.
    recharged = _recharge(context)
    checked = list(work.checked)
    if recharged:
        from creditctl.services.limits_work import check_one

        checked += [check_one(context, organization_id) for organization_id in recharged]
    overdue = _tell_overdue(context)
    sent, failed = _deliver(context)
    with reading(context.database) as unit:
        states = states_count(unit)
    changes = tuple(one.change for one in checked if one.change is not None)
    return LimitsCheck(
        at=context.now,
        previous_at=previous_at,
        checked=work.looked_at,
        ok=states.get(State.OK, 0),
        notified=states.get(State.NOTIFIED, 0),
        blocked=states.get(State.BLOCKED, 0),
        changed=len(changes),
        newly_blocked=sum(change.is_new_block for change in changes),
        crossed=sum(len(one.crossings.crossed) + len(one.crossings.missed) for one in checked),
        recovered=sum(len(one.crossings.recovered) + len(one.crossings.missed) for one in checked),
        slipped=sum((change.slipped or NO_CREDITS for change in changes), NO_CREDITS),
        allowances_granted=work.allowances_granted,
        instalments_booked=work.instalments_booked,
        expiries_booked=work.expiries_booked,
        holds_expired=work.holds_expired,
        repayments_booked=work.repayments_booked,
        recharged=len(recharged),
        invoices_overdue=overdue,
        told=sum(one.told for one in checked),
        sent=sent,
        failed=failed,
        changes=changes,
    )


def _recharge(context: Context) -> list[int]:
    """The organizations whose auto-recharge was paid in this run."""
    with reading(context.database) as unit:
        if not recharges_at_work(unit):
            return []
    from creditctl.services.recharging import run_recharges  # most runs buy nothing

    paid = [run for run in run_recharges(context) if run.outcome == "recharged"]
    with reading(context.database) as unit:
        return [find_organization(unit, run.organization).id for run in paid]


def _tell_overdue(context: Context) -> int:
    """How many invoices became overdue, with somebody to be told or not."""
    with reading(context.database) as unit:
        if not overdue_untold(unit, context.now.date()):
            return 0
    from creditctl.services.overdue_invoices import tell_overdue

    return tell_overdue(context)


def _deliver(context: Context) -> tuple[int, int]:
    """Send what is due, after everything was written: how much arrived, and how much did not."""
    with reading(context.database) as unit:
        if not is_anything_waiting(unit, context.now):
            return 0, 0
    from creditctl.services.deliveries import deliver_due  # most runs have nobody to tell

    run = deliver_due(context)
    return run.sent, run.failed + run.dead
