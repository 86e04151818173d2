"""`invoice finalize`: drafts get their numbers and never change again (DESIGN 3.8)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from creditctl.context import Context
from creditctl.errors import CatalogInvalid, Conflict, InvalidInput
from creditctl.rules.document_numbers import INVOICES, document_number
from creditctl.rules.instants import instant_text
from creditctl.rules.invoice_lines import total_of
from creditctl.rules.periods import Period, parse_month
from creditctl.rules.units import NO_CREDITS, Credits, Money
from creditctl.services.answers import from_json, to_json
from creditctl.services.audit import record_change
from creditctl.services.idempotency import recall, remember
from creditctl.services.invoice_events import tell
from creditctl.services.invoice_taxes import TaxedDraft, TermsBook, tax_point, taxed_draft
from creditctl.services.invoices import InvoiceSummary, find_invoice, summary_of
from creditctl.store.engine import UnitOfWork, reading, rehearsal, unit_of_work
from creditctl.store.queries.invoice_drafts import amounts_of, taxes_of
from creditctl.store.queries.invoice_steps import invoices_of_month, mark_final, overage_billed_by
from creditctl.store.queries.invoices import InvoiceRow, invoice_by_id, lines_of
from creditctl.store.queries.ledger import NewEntry, OverageRow, append_entries
from creditctl.store.queries.orgs import find_organization, lock_organizations
from creditctl.store.queries.purchases import next_number
from creditctl.store.queries.receivables import INVOICED, post_receivable

_SCOPE = "invoice.finalize"
_REHEARSED = "(number)"
"""Of a dry run: numbers are given for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalizeRequest:
    """Which drafts become final: some by id, or those of a month."""

    invoices: tuple[str, ...] = ()
    month: str | None = None
    organization: str | None = None
    """Only this one's of the month."""

    at_once: bool = False
    """Although usage of the period may still come."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class RefusedInvoice:
    """A draft that cannot be final yet, and why."""

    id: str
    organization: str
    problem: str


@dataclass(frozen=True, slots=True)
class FinalizeRun:
    """What a run made final; `unchanged` invoices were final before."""

    finalized: tuple[InvoiceSummary, ...]
    unchanged: int
    refused: tuple[RefusedInvoice, ...]
    dry_run: bool = False
    """Then none has a number yet."""


def finalize_invoices(
    context: Context,
    request: FinalizeRequest,
    *,
    idempotency_key: str | None = None,
    dry_run: bool = False,
) -> FinalizeRun:
    """Make drafts final, each in a transaction of its own; those that cannot be are listed.

    What is final already stays as it is, so a run that was cut off goes on when it is repeated; the
    same idempotency key gives the same answer. Raises InvoiceNotFound, OrganizationNotFound,
    InvalidInput for neither or both ways to choose, IdempotencyKeyReused, and Conflict where the
    only draft that was named cannot be final.
    """
    if bool(request.invoices) == bool(request.month):
        raise InvalidInput("say which drafts become final", hint="ids, or --month 2026-10")
    identity = {"request": to_json(request)}
    with reading(context.database) as unit:
        if idempotency_key is not None:
            answer = recall(unit, _SCOPE, idempotency_key, identity)
            if answer is not None:
                return from_json(FinalizeRun, answer)
        chosen = _chosen(unit, request)
    run = _run(context, request, chosen, dry_run=dry_run)
    if idempotency_key is None or dry_run:
        return run
    with unit_of_work(context.database) as unit:
        answer = recall(unit, _SCOPE, idempotency_key, identity)
        if answer is not None:
            return from_json(FinalizeRun, answer)
        remember(unit, _SCOPE, idempotency_key, identity, to_json(run), context.now)
    return run


def _chosen(unit: UnitOfWork, request: FinalizeRequest) -> list[str]:
    if request.month is None:
        return [find_invoice(unit, name).public_id for name in request.invoices]
    month = f"{parse_month(request.month).starts_at:%Y-%m}"
    only = find_organization(unit, request.organization).id if request.organization else None
    return invoices_of_month(unit, month, only)


def _run(
    context: Context, request: FinalizeRequest, chosen: Sequence[str], *, dry_run: bool
) -> FinalizeRun:
    begin = rehearsal if dry_run else unit_of_work
    book = TermsBook()
    finalized: list[InvoiceSummary] = []
    refused: list[RefusedInvoice] = []
    for name in chosen:
        owner = ""
        try:
            with begin(context.database) as unit:
                row = find_invoice(unit, name)
                owner = row.organization
                lock_organizations(unit, [row.organization_id])
                row = invoice_by_id(unit, row.id)
                if row.status not in ("draft", "void"):
                    continue
                finalized.append(_finalize(unit, context, request, row, book, dry_run=dry_run))
        except (Conflict, InvalidInput, CatalogInvalid) as problem:
            if len(request.invoices) == 1:
                raise
            refused.append(RefusedInvoice(name, owner, problem.detail))
    unchanged = len(chosen) - len(finalized) - len(refused)
    return FinalizeRun(tuple(finalized), unchanged, tuple(refused), dry_run)


def _finalize(
    unit: UnitOfWork,
    context: Context,
    request: FinalizeRequest,
    row: InvoiceRow,
    book: TermsBook,
    *,
    dry_run: bool,
) -> InvoiceSummary:
    """The step: settle the overage that it bills, under a number taken last of all."""
    owed = overage_billed_by(unit, row.id)
    _refuse(unit, context, request, row, owed, book)
    year = context.now.year
    number = _REHEARSED
    if not dry_run:
        number = document_number(INVOICES, year, next_number(unit, INVOICES, year))
    mark_final(
        unit,
        row.id,
        number=number,
        at=context.now,
        due_on=context.now.date() + timedelta(days=context.settings.payment_days),
        is_paid=row.total_minor == 0,
    )
    append_entries(unit, [_settlement(context, row, one, number) for one in owed])
    post_receivable(
        unit,
        organization_id=row.organization_id,
        invoice_id=row.id,
        kind=INVOICED,
        amount_minor=row.total_minor,
        at=context.now,
    )
    record_change(
        unit,
        context,
        "invoice.finalized",
        row.public_id,
        organization_id=row.organization_id,
        reason=request.reason,
        before={"status": row.status},
        after={
            "number": number,
            "total": str(Money(row.total_minor, row.currency)),
            "currency": row.currency,
            "overage_billed": _sum(owed),
        },
    )
    final = invoice_by_id(unit, row.id)
    made = summary_of(final)
    if dry_run:
        return replace(made, number=None)
    tell(unit, context, final, "invoice.finalized")
    return made


def _refuse(
    unit: UnitOfWork,
    context: Context,
    request: FinalizeRequest,
    row: InvoiceRow,
    owed: Sequence[OverageRow],
    book: TermsBook,
) -> None:
    """Raises Conflict for a draft that is not what would be drafted now, or that is too young."""
    again = f"'creditctl invoice generate --month {row.month}' makes it anew"
    if row.status == "void":
        raise Conflict(f"{row.number} is void", hint=again)
    if row.stale:
        raise Conflict(f"{row.public_id} is stale: its figures have changed", hint=again)
    ready_at = row.ends_at + context.settings.invoice_grace
    if context.now < ready_at and not request.at_once:
        raise Conflict(
            f"usage on {row.public_id} may still come until {instant_text(ready_at)}",
            hint="wait, or add --now",
        )
    base = total_of(lines_of(unit, row), row.currency)
    period = Period(row.starts_at, row.ends_at)
    terms = book.at(unit, tax_point(period))
    stated = TaxedDraft(amounts_of(unit, row.id), tuple(taxes_of(unit, row.id)))
    if taxed_draft(unit, terms, row.organization_id, period, base) != stated:
        raise Conflict(
            f"the tax or the parties of {row.public_id} have changed since it was made", hint=again
        )
    if _sum(owed) != row.overage:
        raise Conflict(
            f"{row.public_id} bills {row.overage} credits of overage, {_sum(owed)} are open",
            hint="'creditctl check' says more",
        )


def _settlement(context: Context, row: InvoiceRow, owed: OverageRow, number: str) -> NewEntry:
    return NewEntry(
        organization_id=row.organization_id,
        kind="invoiced",
        amount=owed.unsettled,
        event_at=max(context.now, owed.event_at),
        recorded_at=context.now,
        product_id=owed.product_id,
        settles_id=owed.id,
        invoice_id=row.id,
        actor=context.actor,
        reason=f"settled by invoice {number}",
    )


def _sum(owed: Sequence[OverageRow]) -> Credits:
    return sum((one.unsettled for one in owed), NO_CREDITS)
