"""`invoice void`: an invoice that should not be keeps its number, and bills nothing any more."""

from dataclasses import dataclass

from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.services.audit import record_change
from creditctl.services.invoice_payments import (
    InvoiceStanding,
    final_invoice,
    invoice_standing,
    owner_of,
)
from creditctl.services.invoices import find_invoice
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, nothing_counted, run_verb
from creditctl.services.repayment import repay_with_paid_grants
from creditctl.services.unwinding import unwind_entries
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoice_sources import (
    corrections_billed_elsewhere,
    unlist_corrections_of,
    unlist_everything,
)
from creditctl.store.queries.invoice_steps import is_followed_by_late_usage, mark_void
from creditctl.store.queries.invoices import InvoiceRow, mark_drafts_stale_from
from creditctl.store.queries.lineage import standing_entries
from creditctl.store.queries.orgs import OrganizationRow
from creditctl.store.queries.receivables import VOIDED, post_receivable

_CREDIT_NOTE = "correct it with 'creditctl invoice credit-note'"


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidRequest:
    """The invoice that should not be, and why."""

    invoice: str
    reason: str


def void_invoice(
    context: Context, request: VoidRequest, rails: Rails = NO_RAILS
) -> InvoiceStanding:
    """Take back a final invoice for which nothing arrived; its month can be invoiced again.

    The overage it billed is open again, as it was before: nobody has forgiven it, and the month's
    next draft bills it. Again changes nothing. Raises InvoiceNotFound, Conflict for a draft, once
    money arrived or credit notes were issued, and while later usage is late because of it.
    """
    return run_verb(context, VOID, request, rails)


def _void(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: VoidRequest
) -> InvoiceStanding:
    row = find_invoice(unit, request.invoice)
    if row.status == "void":
        return invoice_standing(unit, row.id)
    _refuse(unit, final_invoice(unit, request.invoice))
    settled = "e.invoice_id = :invoice_id AND e.kind = 'invoiced'"
    reopened = standing_entries(unit, settled, invoice_id=row.id)
    unwind_entries(unit, context, reopened, f"invoice {row.number} is void: {request.reason}")
    unlist_everything(unit, row.id)
    unlist_corrections_of(unit, row.id)
    mark_void(unit, row.id, at=context.now, by=context.actor, reason=request.reason)
    post_receivable(
        unit,
        organization_id=row.organization_id,
        invoice_id=row.id,
        kind=VOIDED,
        amount_minor=-row.total_minor,
        at=context.now,
    )
    mark_drafts_stale_from(unit, owner.id, row.starts_at)
    # Grants that were bought since the invoice was final could not repay what it billed.
    repay_with_paid_grants(unit, context, owner.id)
    record_change(
        unit,
        context,
        "invoice.voided",
        row.public_id,
        organization_id=owner.id,
        reason=request.reason,
        before={"status": row.status},
        after={"status": "void", "number": row.number, "overage_reopened": row.overage},
    )
    return invoice_standing(unit, row.id)


def _refuse(unit: UnitOfWork, row: InvoiceRow) -> None:
    if row.paid_minor:
        raise Conflict(f"money arrived for {row.number}", hint=_CREDIT_NOTE)
    if row.credited_minor:
        raise Conflict(f"{row.number} has credit notes", hint=_CREDIT_NOTE)
    if is_followed_by_late_usage(unit, row.id):
        raise Conflict(
            f"usage of the time of {row.number} came late and is on a later invoice",
            hint=_CREDIT_NOTE,
        )
    if corrections_billed_elsewhere(unit, row.id):
        raise Conflict(
            f"a correction of usage on {row.number} is on a later invoice", hint=_CREDIT_NOTE
        )


VOID = Verb(
    name="invoice.void",
    request=VoidRequest,
    result=InvoiceStanding,
    organizations=lambda unit, request: [owner_of(unit, request.invoice)],
    perform=_void,
    amount=nothing_counted,
    even_closed=True,
)
