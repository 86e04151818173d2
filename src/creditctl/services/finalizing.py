"""`invoice finalize`: drafts get their numbers and never change again (DESIGN 3.8)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from creditctl.context import Context
from creditctl.errors import Conflict, CreditctlError, InvalidInput
from creditctl.rules.document_numbers import INVOICES, document_number
from creditctl.rules.periods import Period, parse_month
from creditctl.rules.units import Credits, Money
from creditctl.services.answers import from_json, to_json
from creditctl.services.audit import record_change
from creditctl.services.final_refusals import refuse_other, refuse_unready
from creditctl.services.idempotency import recall, remember
from creditctl.services.invoice_events import tell_of_all
from creditctl.services.invoice_taxes import TaxedDraft, TermsBook, tax_point, taxed_draft
from creditctl.services.invoices import InvoiceSummary, find_invoice, summary_of
from creditctl.services.reversal_notes import credit_billed_orders
from creditctl.store.engine import UnitOfWork, kept_open, reading, rehearsal, unit_of_work
from creditctl.store.queries.invoice_drafts import amounts_of, taxes_of_many
from creditctl.store.queries.invoice_settling import overage_billed_by, settle_billed_overage
from creditctl.store.queries.invoice_steps import (
    FinalInvoice,
    InvoiceOwnerRow,
    invoices_of_month,
    mark_final,
)
from creditctl.store.queries.invoices import InvoiceRow, invoices_by_id, sums_of_lines
from creditctl.store.queries.orgs import (
    find_organization,
    lock_organizations,
    organizations_by_id,
)
from creditctl.store.queries.purchases import next_numbers
from creditctl.store.queries.receivables import post_invoiced

BLOCK = 500
"""Drafts made final in one transaction: whoever wants a number waits no longer than for these."""

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
    block: int = BLOCK,
) -> FinalizeRun:
    """Make drafts final, a block in each transaction; those that cannot be are listed.

    What is final already stays as it is, so a run that was cut off goes on when it is repeated; the
    same idempotency key gives the same answer, and results do not depend on `block`. Raises
    InvoiceNotFound, OrganizationNotFound, InvalidInput for neither or both ways to choose,
    IdempotencyKeyReused, and Conflict where the only draft that was named cannot be final.
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
    run = _run(context, request, chosen, dry_run=dry_run, block=block)
    if idempotency_key is None or dry_run:
        return run
    with unit_of_work(context.database) as unit:
        answer = recall(unit, _SCOPE, idempotency_key, identity)
        if answer is not None:
            return from_json(FinalizeRun, answer)
        remember(unit, _SCOPE, idempotency_key, identity, to_json(run), context.now)
    return run


def _chosen(unit: UnitOfWork, request: FinalizeRequest) -> list[InvoiceOwnerRow]:
    if request.month is None:
        rows = [find_invoice(unit, name) for name in request.invoices]
        # One that is named twice would take two numbers, and one of them would have no document.
        return list(dict.fromkeys(InvoiceOwnerRow(row.id, row.organization_id) for row in rows))
    month = f"{parse_month(request.month).starts_at:%Y-%m}"
    only = find_organization(unit, request.organization).id if request.organization else None
    return invoices_of_month(unit, month, only)


def _run(
    context: Context,
    request: FinalizeRequest,
    chosen: Sequence[InvoiceOwnerRow],
    *,
    dry_run: bool,
    block: int,
) -> FinalizeRun:
    begin = rehearsal if dry_run else unit_of_work
    book = TermsBook()
    finalized: list[InvoiceSummary] = []
    refused: list[RefusedInvoice] = []
    with kept_open(context.database):
        for first in range(0, len(chosen), block):
            some = chosen[first : first + block]
            with begin(context.database) as unit:
                lock_organizations(unit, [one.organization_id for one in some])
                ready, problems = _ready(unit, context, request, some, book)
                if problems and len(request.invoices) == 1:
                    raise problems[0][1]
                finalized += _finalize(unit, context, request, ready, dry_run=dry_run)
            refused += [
                RefusedInvoice(row.public_id, row.organization, problem.detail)
                for row, problem in problems
            ]
    unchanged = len(chosen) - len(finalized) - len(refused)
    return FinalizeRun(tuple(finalized), unchanged, tuple(refused), dry_run)


def _ready(
    unit: UnitOfWork,
    context: Context,
    request: FinalizeRequest,
    chosen: Sequence[InvoiceOwnerRow],
    book: TermsBook,
) -> tuple[list[tuple[InvoiceRow, Credits]], list[tuple[InvoiceRow, CreditctlError]]]:
    """Which of locked organizations' drafts can be final, with what they bill; and the others."""
    rows = invoices_by_id(unit, [one.id for one in chosen])
    drafts = [rows[one.id] for one in chosen if rows[one.id].status in ("draft", "void")]
    ids = [row.id for row in drafts]
    sums, taxes = sums_of_lines(unit, ids), taxes_of_many(unit, ids)
    owners = organizations_by_id(unit, {row.organization_id for row in drafts})
    owed = overage_billed_by(unit, ids)
    ready: list[tuple[InvoiceRow, Credits]] = []
    problems: list[tuple[InvoiceRow, CreditctlError]] = []
    for row in drafts:
        stated = TaxedDraft(amounts_of(row), tuple(taxes[row.id]))
        period = Period(row.starts_at, row.ends_at)
        try:
            refuse_unready(context, row, owed[row.id], at_once=request.at_once)
            base = Money(sums[row.id], row.currency)
            terms = book.at(unit, tax_point(period))
            refuse_other(row, stated, taxed_draft(terms, owners[row.organization_id], period, base))
        except (Conflict, InvalidInput) as problem:
            problems.append((row, problem))
        else:
            ready.append((row, owed[row.id]))
    return ready, problems


def _finalize(
    unit: UnitOfWork,
    context: Context,
    request: FinalizeRequest,
    ready: Sequence[tuple[InvoiceRow, Credits]],
    *,
    dry_run: bool,
) -> list[InvoiceSummary]:
    """The step: settle the overage that they bill, under numbers taken last of all."""
    if not ready:
        return []
    year = context.now.year
    numbers = [_REHEARSED] * len(ready)
    if not dry_run:
        taken = next_numbers(unit, INVOICES, year, len(ready))
        numbers = [document_number(INVOICES, year, number) for number in taken]
    due_on = context.now.date() + timedelta(days=context.settings.payment_days)
    steps = [
        (row, owed, number if not dry_run else f"{number}{row.id}")
        for (row, owed), number in zip(ready, numbers, strict=True)
    ]
    mark_final(
        unit,
        [
            FinalInvoice(row.id, number, context.now, due_on, row.total_minor == 0)
            for row, _, number in steps
        ],
    )
    settle_billed_overage(
        unit, [row.id for row, _, _ in steps], actor=context.actor, at=context.now
    )
    post_invoiced(
        unit, [(row.organization_id, row.id, row.total_minor) for row, _, _ in steps], context.now
    )
    for row, owed, number in steps:
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
                "overage_billed": owed,
            },
        )
    made = invoices_by_id(unit, [row.id for row, _ in ready])
    if not dry_run:
        tell_of_all(unit, context, [made[row.id] for row, _ in ready], "invoice.finalized")
    if credit_billed_orders(unit, context, list(made)):
        made = invoices_by_id(unit, list(made))
    summaries = [summary_of(made[row.id]) for row, _ in ready]
    return [replace(one, number=None) for one in summaries] if dry_run else summaries
