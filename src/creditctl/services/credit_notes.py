"""`invoice credit-note`: corrects a final invoice, in money and never beyond it (DESIGN 3.8)."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput, NotFound
from creditctl.rules.invoice_amounts import Amounts, gross_of_line
from creditctl.rules.units import Money
from creditctl.services.credit_note_steps import corrected_invoice, issue_note
from creditctl.services.invoice_payments import final_invoice, invoice_standing, owner_of
from creditctl.services.invoices import tax_part
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, nothing_counted, run_verb
from creditctl.services.purchase_cards import TaxPart
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoice_steps import credit_notes_of
from creditctl.store.queries.invoices import InvoiceRow, lines_of
from creditctl.store.queries.orgs import OrganizationRow


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteRequest:
    """What of an invoice is taken back: a sum with its tax, a line, or all that is left."""

    invoice: str
    reason: str
    amount: Money | None = None
    line: int | None = None
    """The line's number on the invoice, from 1."""


@dataclass(frozen=True, slots=True)
class CreditNote:
    """A credit note, and how the invoice or receipt that it corrects stands then."""

    id: str
    number: str
    invoice: str | None
    organization: str
    line: int | None
    net: Money
    tax: Money
    total: Money
    taxes: tuple[TaxPart, ...]
    reason: str
    issued_at: datetime
    status: str
    """The invoice's: with nothing left to pay it is paid. A receipt always is."""

    due: Money
    surplus: Money
    """Owed back: 'invoice transfer' lets it pay another invoice."""

    receipt: str | None = None
    """Instead of an invoice: credits that were bought and taken back."""

    grant: str | None = None
    """The grant that was reversed, as it was sold."""

    dry_run: bool = False


def issue_credit_note(
    context: Context, request: CreditNoteRequest, rails: Rails = NO_RAILS
) -> CreditNote:
    """Take back a part of a final invoice, its taxes in proportion; credits are not moved.

    What was paid already becomes the invoice's surplus. Raises InvoiceNotFound, NotFound for a
    line, InvalidInput, Conflict for a draft or void invoice and beyond what is left of it, and what
    rails raise.
    """
    return run_verb(context, CREDIT, request, rails)


def _issue(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: CreditNoteRequest
) -> CreditNote:
    row = final_invoice(unit, request.invoice)
    corrected = corrected_invoice(unit, row)
    amount = _amount(unit, row, corrected.amounts, request)
    note = issue_note(unit, context, corrected, amount, reason=request.reason, line=request.line)
    standing = invoice_standing(unit, row.id)
    return CreditNote(
        id=note.public_id,
        number=note.number,
        invoice=row.number or row.public_id,
        organization=owner.slug,
        line=request.line,
        net=Money(note.amounts.net, row.currency),
        tax=Money(note.amounts.tax, row.currency),
        total=Money(note.amounts.total, row.currency),
        taxes=tuple(tax_part(tax, row.currency) for tax in note.taxes),
        reason=request.reason,
        issued_at=context.now,
        status=standing.status,
        due=standing.due,
        surplus=standing.surplus,
    )


def _amount(unit: UnitOfWork, row: InvoiceRow, amounts: Amounts, request: CreditNoteRequest) -> int:
    """What is taken back, tax included, in minor units."""
    left = row.total_minor - row.credited_minor
    if request.amount is not None and request.line is not None:
        raise InvalidInput("a credit note is of a sum or of a line", hint="leave one of them out")
    wanted = left
    if request.amount is not None:
        wanted = _checked(row, request.amount)
    elif request.line is not None:
        wanted = _of_line(unit, row, amounts, request.line)
    if not left or wanted > left:
        raise Conflict(
            f"{Money(left, row.currency)} {row.currency} is left of {row.number}",
            hint="credit notes never exceed their invoice",
        )
    return wanted


def _checked(row: InvoiceRow, amount: Money) -> int:
    if amount.currency != row.currency:
        raise InvalidInput(f"{row.number} is in {row.currency}, not {amount.currency}")
    if amount.minor <= 0:
        raise InvalidInput(f"a credit note is above zero, not {amount}")
    return amount.minor


def _of_line(unit: UnitOfWork, row: InvoiceRow, amounts: Amounts, number: int) -> int:
    lines = lines_of(unit, row)
    if not 1 <= number <= len(lines):
        raise NotFound(f"{row.number} has no line {number}", hint=f"it has {len(lines)}")
    line = lines[number - 1]
    if line.amount.minor <= 0:
        raise InvalidInput(
            f"line {number} is {line.amount}: there is nothing to take back",
            hint="name a line above zero, or an --amount",
        )
    for note in credit_notes_of(unit, row.id):
        if note.line_position == number:
            raise Conflict(f"{note.number} took line {number} back", hint="name an --amount")
    return gross_of_line(amounts, line.amount.minor, includes_tax=row.prices_include_tax)


CREDIT = Verb(
    name="invoice.credit-note",
    request=CreditNoteRequest,
    result=CreditNote,
    organizations=lambda unit, request: [owner_of(unit, request.invoice)],
    perform=_issue,
    amount=nothing_counted,
    even_closed=True,
)
