"""What follows from an auto-recharge's payment: bought, waited for, given up; each drawn once."""

from dataclasses import dataclass, replace

from creditctl.context import Context
from creditctl.rules.recharges import back_off
from creditctl.rules.units import Credits, Money
from creditctl.services.audit import record_change
from creditctl.services.recharge_events import tell
from creditctl.services.recharge_standing import switch_off
from creditctl.services.settling import received_for
from creditctl.store.engine import UnitOfWork, unit_of_work
from creditctl.store.queries.orgs import lock_organizations
from creditctl.store.queries.payments import OPEN, PaymentRow, payments_of
from creditctl.store.queries.purchases import PurchaseRow, mark_void, purchase_by_id
from creditctl.store.queries.recharges import RechargeRow, recharge_of, update_recharge


@dataclass(frozen=True, slots=True)
class RechargeRun:
    """What one run found and did for one organization."""

    organization: str
    outcome: str
    """enough, recharged, open (its payment is), declined, voided, waiting, capped, disabled, or
    failed (the provider could not be asked)"""

    credits: Credits | None = None
    """What was bought, or is to be."""

    total: Money | None = None
    purchase: str | None = None
    note: str | None = None


def account_for(context: Context, row: RechargeRow, purchase: str) -> RechargeRun:
    """Draw the consequences of a payment's outcome, once; while it is open there are none."""
    with unit_of_work(context.database) as unit:
        lock_organizations(unit, [row.organization_id])
        row = current_recharge(unit, row)
        if row.purchase_id is None or row.purchase != purchase:
            note = "another run saw it through"
            return RechargeRun(row.organization, "open", purchase=purchase, note=note)
        bought = purchase_by_id(unit, row.purchase_id)
        payment = payments_of(unit, bought.id)[-1]
        run = RechargeRun(
            organization=row.organization,
            outcome="open",
            credits=bought.credits,
            total=Money(bought.gross_minor, bought.currency),
            purchase=purchase,
            note=payment.message,
        )
        if bought.status == "paid":
            update_recharge(unit, row.id, purchase_id=None, declines=0, next_try_at=None)
            words = f"{bought.credits} credits for {run.total} {bought.currency}"
            tell(unit, context, row, "recharge.succeeded", window=purchase, note=words)
            return replace(run, outcome="recharged", note=None)
        if bought.status == "void":
            update_recharge(unit, row.id, purchase_id=None)
            return replace(run, outcome="voided", note=bought.void_reason)
        if payment.status in OPEN or received_for(unit, bought):
            return run
        _give_up(unit, context, row, bought, payment)
        outcome = "declined" if payment.status == "declined" else "voided"
        return replace(run, outcome=outcome)


def _give_up(
    unit: UnitOfWork,
    context: Context,
    row: RechargeRow,
    purchase: PurchaseRow,
    payment: PaymentRow,
) -> None:
    """Void what was not paid; wait longer after each decline, and stop after the last."""
    words = f"{payment.public_id} was {payment.status}"
    words += f": {payment.message}" if payment.message else ""
    mark_void(unit, purchase.id, at=context.now, by=context.actor, reason=words)
    record_change(
        unit,
        context,
        "purchase.voided",
        purchase.public_id,
        organization_id=row.organization_id,
        reason=words,
        before={"status": purchase.status},
        after={"status": "void"},
    )
    tell(unit, context, row, "recharge.failed", window=purchase.public_id, note=words)
    if payment.status != "declined":
        update_recharge(unit, row.id, purchase_id=None)
        return
    declines = row.declines + 1
    wait = back_off(declines)
    until = None if wait is None else context.now + wait
    update_recharge(unit, row.id, purchase_id=None, declines=declines, next_try_at=until)
    if until is None:
        switch_off(unit, context, row, f"{declines} declines in a row, the last: {words}")


def current_recharge(unit: UnitOfWork, row: RechargeRow) -> RechargeRow:
    """The same row as it is once nobody else changes it."""
    found = recharge_of(unit, row.organization_id)
    if found is None:
        raise LookupError(row.public_id)
    return found
