"""Credit notes for what was reversed of paid grants: their net with its tax (DESIGN 3.3)."""

from collections.abc import Sequence

from creditctl.context import Context
from creditctl.rules.invoice_amounts import gross_of_line, gross_of_net
from creditctl.services.credit_note_steps import (
    Corrected,
    corrected_invoice,
    corrected_receipt,
    issue_note,
)
from creditctl.services.deferred_revenue import reversed_value
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.credit_notes import (
    BilledLineRow,
    billed_parts_of_lot,
    credited_of_lot,
    reversed_lots_billed_by,
)
from creditctl.store.queries.deferred_revenue import LotRow, lot_of_grant
from creditctl.store.queries.invoices import invoice_by_id
from creditctl.store.queries.purchases import purchase_named


def credit_what_was_reversed(
    unit: UnitOfWork, context: Context, *, grant_id: int, organization_id: int, reason: str
) -> None:
    """The step: what was reversed of a grant by now, and no credit note takes back yet, has one.

    A purchase's is of its receipt. An order form's is of the final invoices that billed its line,
    as far as they did; what is billed later is credited then. Nothing of ours billed what was
    granted by hand. The grant is the organization's, whose books are locked.
    """
    lot = lot_of_grant(unit, grant_id)
    if lot is None:
        return
    due = reversed_value(unit, lot) - credited_of_lot(unit, lot.id)
    if lot.is_ordered:
        _credit_invoices(unit, context, lot, due, reason)
    elif lot.purchase is not None and (purchase := purchase_named(unit, lot.purchase)) is not None:
        receipt = corrected_receipt(unit, purchase, organization_id)
        _credit(unit, context, receipt, lot, due, reason)


def credit_billed_orders(unit: UnitOfWork, context: Context, invoice_ids: Sequence[int]) -> bool:
    """The step: of what these final invoices bill, credit what was reversed; whether there is any.

    That is of order forms whose grants were reversed before they were billed.
    """
    lots = reversed_lots_billed_by(unit, invoice_ids)
    for lot_id, organization_id, reason in lots:
        credit_what_was_reversed(
            unit, context, grant_id=lot_id, organization_id=organization_id, reason=reason
        )
    return bool(lots)


def _credit_invoices(
    unit: UnitOfWork, context: Context, lot: LotRow, due: int, reason: str
) -> None:
    """Never more of an invoice than it billed of the line, nor than is left of it."""
    for billed in billed_parts_of_lot(unit, lot.id):
        corrected = corrected_invoice(unit, invoice_by_id(unit, billed.invoice_id))
        due -= _credit(unit, context, corrected, lot, due, reason, billed)


def _credit(
    unit: UnitOfWork,
    context: Context,
    corrected: Corrected,
    lot: LotRow,
    due: int,
    reason: str,
    billed: BilledLineRow | None = None,
) -> int:
    """Take back that net, or as much as can be; returns how much it was."""
    amounts, credited = corrected.amounts, corrected.credited
    if due <= 0 or credited >= amounts.total:
        return 0
    amount = gross_of_net(amounts, credited, due)
    if billed is not None and corrected.invoice is not None:
        inclusive = corrected.invoice.prices_include_tax
        line = gross_of_line(amounts, billed.billed_minor, includes_tax=inclusive)
        amount = min(amount, line - billed.credited_minor)
    if amount <= 0:
        return 0
    note = issue_note(unit, context, corrected, amount, reason=reason, lot_id=lot.id)
    return note.amounts.net
