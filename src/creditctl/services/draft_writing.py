"""Drafts on their way into the database: a block of them in a few statements."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from creditctl.context import Context
from creditctl.rules.invoice_changes import changes_between
from creditctl.rules.invoice_lines import Line
from creditctl.rules.periods import Period, month_text
from creditctl.rules.units import Money
from creditctl.services.audit import record_change
from creditctl.services.carried_drafts import give_way
from creditctl.services.drafting import Draft
from creditctl.services.invoice_taxes import TaxedDraft
from creditctl.store.engine import UnitOfWork
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.invoice_drafts import (
    NewDraft,
    amounts_of,
    clear_stale,
    insert_drafts,
    insert_lines,
    insert_taxes,
    refresh_drafts,
    stored_lines,
    stored_lines_of,
    taxes_of_many,
)
from creditctl.store.queries.invoice_sources import list_corrections, list_instalments
from creditctl.store.queries.invoices import InvoiceRow, lines_of_many
from creditctl.store.queries.late_usage import list_on_invoices

CREATED, REFRESHED, UNCHANGED = "created", "refreshed", "unchanged"


@dataclass(frozen=True, slots=True)
class InvoiceChange:
    """What a draft says now that it did not say before; `previous` is absent for a new one."""

    organization: str
    invoice: str
    previous: Money | None
    total: Money
    reasons: tuple[str, ...]


@dataclass(slots=True)
class WrittenBlock:
    """The drafts' internal ids, how many were created, refreshed and unchanged, and changes."""

    invoices: list[int] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)
    changes: list[InvoiceChange] = field(default_factory=list)


def write_block(
    unit: UnitOfWork, context: Context, drafts: Sequence[Draft], *, zero: bool
) -> WrittenBlock:
    """Create the drafts there are not yet, unless they say nothing, and refresh those that changed.

    `zero` creates those that say nothing too. Everything they list is marked as theirs.
    """
    written = WrittenBlock()
    # What gives way first: its days are free for the draft that takes them over.
    for draft in drafts:
        if draft.carried is not None:
            give_way(unit, context, draft.owner.id, draft.carried, month_text(draft.month))
    invoices: dict[int, Draft] = {}
    _refresh(unit, context, [draft for draft in drafts if draft.existing], invoices, written)
    fresh = [draft for draft in drafts if not draft.existing and (draft.lines or zero)]
    _create(unit, context, fresh, invoices, written)
    _list_sources(unit, invoices)
    written.invoices = list(invoices)
    return written


def _create(
    unit: UnitOfWork,
    context: Context,
    drafts: Sequence[Draft],
    invoices: dict[int, Draft],
    written: WrittenBlock,
) -> None:
    if not drafts:
        return
    rows = [_row(context, draft, new_public_id("inv", context.now)) for draft in drafts]
    ids = insert_drafts(unit, rows)
    made = {ids[draft.owner.id]: draft for draft in drafts}
    _write_parts(unit, made)
    for draft, row in zip(drafts, rows, strict=True):
        written.words[CREATED] += 1
        reasons = ("new",) if draft.carried is None else ("new", "carried over")
        change = InvoiceChange(draft.owner.slug, row.public_id, None, draft.total, reasons)
        written.changes.append(change)
        _record(unit, context, CREATED, draft, change)
    invoices |= made


def _refresh(
    unit: UnitOfWork,
    context: Context,
    drafts: Sequence[Draft],
    invoices: dict[int, Draft],
    written: WrittenBlock,
) -> None:
    existing = [draft.existing for draft in drafts if draft.existing]
    ids = [row.id for row in existing]
    lines, taxes = stored_lines_of(unit, ids), taxes_of_many(unit, ids)
    differs: list[tuple[Draft, InvoiceRow]] = []
    same = []
    for draft, row in zip(drafts, existing, strict=True):
        invoices[row.id] = draft
        stated = TaxedDraft(amounts_of(row), tuple(taxes[row.id]))
        if (
            draft.period == Period(row.starts_at, row.ends_at)
            and stated == draft.taxed
            and lines[row.id] == stored_lines(draft.lines)
        ):
            same.append(row.id)
        else:
            differs.append((draft, row))
    changed = {row.id: _row(context, draft, row.public_id) for draft, row in differs}
    before = lines_of_many(unit, [row for _, row in differs])
    for draft, row in differs:
        change = InvoiceChange(
            draft.owner.slug,
            row.public_id,
            Money(row.total_minor, row.currency),
            draft.total,
            _reasons(draft, row, before[row.id]),
        )
        written.changes.append(change)
        _record(unit, context, REFRESHED, draft, change)
    clear_stale(unit, same)
    refresh_drafts(unit, changed)
    _write_parts(unit, {invoice_id: invoices[invoice_id] for invoice_id in changed})
    written.words += Counter({UNCHANGED: len(same), REFRESHED: len(changed)})


def _reasons(draft: Draft, row: InvoiceRow, before: Sequence[Line]) -> tuple[str, ...]:
    words = list(changes_between(before, draft.lines))
    if draft.carried is not None:
        words.append("carried over")
    if draft.period != Period(row.starts_at, row.ends_at):
        words.append("period")
    return tuple(words) or ("tax or parties",)


def _write_parts(unit: UnitOfWork, drafts: dict[int, Draft]) -> None:
    insert_lines(unit, {invoice_id: draft.lines for invoice_id, draft in drafts.items()})
    insert_taxes(unit, {invoice_id: draft.taxed.taxes for invoice_id, draft in drafts.items()})


def _list_sources(unit: UnitOfWork, invoices: dict[int, Draft]) -> None:
    figures = [(invoice_id, draft.figures) for invoice_id, draft in invoices.items()]
    list_on_invoices(unit, [(one, invoice) for invoice, found in figures for one in found.late])
    list_instalments(
        unit, [(one, invoice) for invoice, found in figures for one in found.instalments]
    )
    list_corrections(
        unit, [(one, invoice) for invoice, found in figures for one in found.corrections]
    )


def _row(context: Context, draft: Draft, public_id: str) -> NewDraft:
    carried_from = draft.existing.carried_from if draft.existing else None
    if carried_from is not None and carried_from < draft.period.starts_at:
        carried_from = None
    return NewDraft(
        public_id=public_id,
        organization_id=draft.owner.id,
        month=month_text(draft.month),
        starts_at=draft.period.starts_at,
        ends_at=draft.period.ends_at,
        carried_from=draft.period.starts_at if draft.carried else carried_from,
        generated_at=context.now,
        amounts=draft.taxed.amounts,
    )


def _record(
    unit: UnitOfWork, context: Context, word: str, draft: Draft, change: InvoiceChange
) -> None:
    facts = {"month": month_text(draft.month), "currency": draft.total.currency}
    before = None if change.previous is None else facts | {"total": str(change.previous)}
    record_change(
        unit,
        context,
        f"invoice.{word}",
        change.invoice,
        organization_id=draft.owner.id,
        before=before,
        after=facts | {"total": str(change.total)},
    )
