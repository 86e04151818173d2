"""`purchases void`: what was not paid is given up; what was paid is not refunded [FF, FC]."""

from dataclasses import dataclass

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.units import Money
from creditctl.services.audit import record_change
from creditctl.services.payment_calls import cancel
from creditctl.services.purchase_cards import NO_REFUNDS, find_purchase
from creditctl.services.settling import received_for
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.queries.orgs import lock_organizations
from creditctl.store.queries.payments import OPEN, payments_of
from creditctl.store.queries.purchases import PurchaseRow, mark_void, purchase_by_id


@dataclass(frozen=True, slots=True)
class Voided:
    """A purchase that was given up."""

    id: str
    organization: str
    status: str
    total: Money
    dry_run: bool = False


def void_purchase(context: Context, name: str, *, reason: str, dry_run: bool = False) -> Voided:
    """Give up a purchase for which nothing arrived; its payments are cancelled first.

    Again changes nothing. Raises NotFound, InvalidInput without a reason, and Conflict once money
    arrived, as there are no refunds, or while a payment cannot be stopped.
    """
    if not reason.strip():
        raise InvalidInput("voiding a purchase needs a reason", hint='add --reason "why"')
    with reading(context.database) as unit:
        purchase = find_purchase(unit, name)
        _refuse(unit, purchase)
        waiting = [row for row in payments_of(unit, purchase.id) if row.status in OPEN]
    if dry_run or purchase.status == "void":
        return _voided(purchase, "void", dry_run=dry_run)
    for row in waiting:
        cancel(context, row.public_id)
    with unit_of_work(context.database) as unit:
        lock_organizations(unit, [purchase.organization_id])
        purchase = purchase_by_id(unit, purchase.id)
        _refuse(unit, purchase)  # once more: it may have been paid before the lock was ours
        _refuse_under_way(unit, purchase)
        mark_void(unit, purchase.id, at=context.now, by=context.actor, reason=reason)
        record_change(
            unit,
            context,
            "purchase.voided",
            purchase.public_id,
            organization_id=purchase.organization_id,
            reason=reason,
            before={"status": purchase.status},
            after={"status": "void"},
        )
    return _voided(purchase, "void", dry_run=False)


def _refuse(unit: UnitOfWork, purchase: PurchaseRow) -> None:
    if purchase.status == "paid":
        raise Conflict(
            f"{purchase.public_id} is paid, and {NO_REFUNDS}",
            hint=f"a mistake is corrected with 'creditctl credits reverse {purchase.grant}'",
        )
    if received_for(unit, purchase):
        raise Conflict(
            f"a part of {purchase.public_id} is paid, and {NO_REFUNDS}",
            hint="'creditctl purchases settle' records the rest when it arrives",
        )


def _refuse_under_way(unit: UnitOfWork, purchase: PurchaseRow) -> None:
    """A bank debit that cannot be stopped, or an answer that was lost: money may yet come."""
    for row in payments_of(unit, purchase.id):
        if row.status in OPEN:
            raise Conflict(
                f"{row.public_id} is {row.status} at {row.provider} and may still be paid",
                hint="'creditctl payments reconcile' asks how it ended; void it then",
            )


def _voided(purchase: PurchaseRow, status: str, *, dry_run: bool) -> Voided:
    return Voided(
        id=purchase.public_id,
        organization=purchase.organization,
        status=status,
        total=Money(purchase.gross_minor, purchase.currency),
        dry_run=dry_run,
    )
