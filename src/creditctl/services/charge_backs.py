"""Lost disputes: the money left, and so do the credits that it had bought (DESIGN 3.3)."""

from contextlib import suppress

from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.services.credit_note_parts import credit_left
from creditctl.services.reversals import REVERSE, ReverseRequest
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.credit_notes import owed_back_by
from creditctl.store.queries.grants import find_grant, grants_of_lot
from creditctl.store.queries.orgs import heir_of, organization_by_id
from creditctl.store.queries.payments import PaymentRow, charged_back_of
from creditctl.store.queries.purchases import PurchaseRow
from creditctl.store.queries.receivables import PAID, post_receivable


def take_back(
    unit: UnitOfWork, context: Context, purchase: PurchaseRow, payment: PaymentRow
) -> None:
    """The step: what is unused goes, what was used is open overage until it is settled.

    The payment is as it was before. What it had brought is owed again, and the credit note of what
    was taken back owes as much: nothing is left of both, unless credits had expired unused.
    """
    if purchase.grant is None:
        return
    reason = f"{payment.public_id} was charged back"
    for grant in grants_of_lot(unit, find_grant(unit, purchase.grant).id):
        owner = organization_by_id(unit, grant.organization_id)
        request = ReverseRequest(grant=grant.public_id, reason=reason, unwind=True)
        # Reversed by hand before, or expired unused: there is nothing to take, and none is written.
        with suppress(Conflict):
            REVERSE.perform(unit, context, owner, request)
    left = purchase.gross_minor - charged_back_of(unit, purchase.id)
    amount = min(payment.received_minor, left)
    heir = heir_of(unit, purchase.organization_id).id
    holder = owed_back_by(unit, purchase.id) or heir
    settled = min(amount, credit_left(unit, purchase.id)) if holder != heir else 0
    # Whoever was merged since keeps its credit notes, and what they owe back is met there.
    for owner_id, part in ((holder, settled), (heir, amount - settled)):
        if part > 0:
            post_receivable(
                unit,
                organization_id=owner_id,
                invoice_id=None,
                kind=PAID,
                amount_minor=part,
                at=context.now,
                charged_back_id=payment.id,
            )
