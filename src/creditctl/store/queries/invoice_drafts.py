"""Drafts of invoices: written, made anew, and looked at again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeAlias

from creditctl.rules.invoice_lines import Line
from creditctl.store.engine import UnitOfWork
from creditctl.store.given import as_given, given
from creditctl.store.queries.invoices import InvoiceRow
from creditctl.store.rows import encoded_row
from creditctl.store.staging import BULK

StoredLine: TypeAlias = tuple[Any, ...]
"""A line as `invoice_line` has it, without invoice and position; equal lines are equal tuples."""

_LINE = ("kind", "description", "requests", "credits_micro", "unit_price", "amount_minor")


@dataclass(frozen=True, slots=True)
class InvoiceTaxRow:
    """One tax of an invoice or credit note; `category` is EN 16931's code."""

    country: str
    region: str | None
    name: str
    category: str
    ppm: int
    taxable_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class DraftAmounts:
    """What a draft comes to, and what it says of its tax; `document` is JSON."""

    currency: str
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    prices_include_tax: bool
    treatment: str | None
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDraft:
    """A draft to be written; `carried_from` is the first of days it took over from another."""

    public_id: str
    organization_id: int
    month: str
    starts_at: datetime
    ends_at: datetime
    carried_from: datetime | None
    generated_at: datetime
    amounts: DraftAmounts


@dataclass(frozen=True, slots=True)
class EarlierDraftRow:
    """A draft, as far as the next invoice may take it over."""

    organization_id: int
    id: int
    public_id: str
    month: str
    starts_at: datetime
    ends_at: datetime
    total_minor: int
    currency: str


_FRESH = ("starts_at", "ends_at", "carried_from", "generated_at")
_KEPT = ("public_id", "organization_id", "month", *_FRESH)
_AMOUNTS = (
    "currency",
    "subtotal_minor",
    "tax_minor",
    "total_minor",
    "prices_include_tax",
    "treatment",
    "document",
)


def insert_drafts(unit: UnitOfWork, drafts: Sequence[NewDraft]) -> dict[int, int]:
    """Insert drafts without lines and taxes; internal ids by organization."""
    new = {"status": "draft", "stale": False, "paid_minor": 0, "credited_minor": 0}
    names = (*_KEPT, *_AMOUNTS, *new)
    kept, amounts = attrgetter(*_KEPT), attrgetter(*_AMOUNTS)
    rows = [encoded_row((*kept(draft), *amounts(draft.amounts), *new.values())) for draft in drafts]
    BULK[unit.dialect].append_rows(unit, "invoice", names, rows)
    found = unit.fetch_rows(
        f"""
        WITH {given(unit.dialect, "owners", "id")}
        SELECT i.organization_id, i.id FROM owners AS w CROSS JOIN invoice AS i
        WHERE i.organization_id = w.id AND i.status <> 'void' AND i.month = :month
        """,
        owners=as_given((draft.organization_id,) for draft in drafts),
        month=drafts[0].month if drafts else "",
    )
    return {int(organization_id): int(invoice_id) for organization_id, invoice_id in found}


def refresh_drafts(unit: UnitOfWork, drafts: Mapping[int, NewDraft]) -> None:
    """Give drafts their period and new amounts, and drop their lines and taxes for new ones."""
    changes = ", ".join(f"{name} = :{name}" for name in (*_FRESH, *_AMOUNTS))
    for table in ("invoice_line", "invoice_tax"):
        unit.run_many(
            f"DELETE FROM {table} WHERE invoice_id = :id", [{"id": one} for one in drafts]
        )
    unit.run_many(
        f"UPDATE invoice SET {changes}, stale = false WHERE id = :id AND status = 'draft'",
        [
            {"id": invoice_id}
            | {name: getattr(draft, name) for name in _FRESH}
            | _values(draft.amounts)
            for invoice_id, draft in drafts.items()
        ],
    )


def delete_draft(unit: UnitOfWork, invoice_id: int) -> None:
    """Another draft has taken its place."""
    for table in ("invoice_line", "invoice_tax"):
        unit.run(f"DELETE FROM {table} WHERE invoice_id = :id", id=invoice_id)
    unit.run("DELETE FROM invoice WHERE id = :id AND status = 'draft'", id=invoice_id)


def drafts_before(
    unit: UnitOfWork, organization_ids: Iterable[int], month: str
) -> list[EarlierDraftRow]:
    """The newest earlier invoice of each organization, where it is a draft."""
    return unit.fetch(
        EarlierDraftRow,
        f"""
        WITH {given(unit.dialect, "owners", "id")}
        SELECT i.organization_id, i.id, i.public_id, i.month, i.starts_at, i.ends_at,
               i.total_minor, i.currency
        FROM owners AS w CROSS JOIN invoice AS i
        WHERE i.organization_id = w.id AND i.status <> 'void' AND i.status = 'draft'
          AND i.month < :month
          AND NOT EXISTS (SELECT 1 FROM invoice AS v
                          WHERE v.organization_id = w.id AND v.status <> 'void'
                            AND v.month < :month AND v.starts_at > i.starts_at)
        """,
        owners=as_given((one,) for one in organization_ids),
        month=month,
    )


def clear_stale(unit: UnitOfWork, invoice_ids: Iterable[int]) -> None:
    """These drafts were looked at again: their lines are still right."""
    unit.run_many(
        "UPDATE invoice SET stale = false WHERE id = :id AND stale",
        [{"id": one} for one in invoice_ids],
    )


def insert_lines(unit: UnitOfWork, lines_of: Mapping[int, Sequence[Line]]) -> None:
    """Write each invoice's lines in the order given."""
    BULK[unit.dialect].append_rows(
        unit,
        "invoice_line",
        ("invoice_id", "position", *_LINE),
        (
            (invoice_id, position) + kept  # noqa: RUF005 - a third of the work of unpacking
            for invoice_id, lines in lines_of.items()
            for position, kept in enumerate(stored_lines(lines), start=1)
        ),
    )


def stored_lines(lines: Iterable[Line]) -> list[StoredLine]:
    """Lines as the table has them."""
    found: list[StoredLine] = []
    price = text = None
    for kind, description, requests, credits, unit_price, amount in lines:
        if unit_price is not price:
            # The lines of a span share one: equal ones may be written in two ways.
            price, text = unit_price, None if unit_price is None else str(unit_price)
        micro = None if credits is None else credits.micro
        found.append((kind, description, requests, micro, text, amount.minor))
    return found


def stored_lines_of(
    unit: UnitOfWork, invoice_ids: Iterable[int]
) -> defaultdict[int, list[StoredLine]]:
    """Each invoice's lines as the table has them, in order, by its internal id."""
    found: defaultdict[int, list[StoredLine]] = defaultdict(list)
    rows = unit.fetch_rows(
        f"""
        WITH {given(unit.dialect, "wanted", "id")}
        SELECT l.invoice_id, l.kind, l.description, l.requests, l.credits_micro, l.unit_price,
               l.amount_minor
        FROM wanted AS w CROSS JOIN invoice_line AS l WHERE l.invoice_id = w.id
        ORDER BY l.invoice_id, l.position
        """,
        wanted=as_given((one,) for one in invoice_ids),
    )
    for invoice_id, *kept in rows:
        found[invoice_id].append(tuple(kept))
    return found


def insert_taxes(unit: UnitOfWork, taxes_of: Mapping[int, Sequence[InvoiceTaxRow]]) -> None:
    """Write each invoice's taxes in the order given."""
    _insert_taxes(unit, "invoice_tax", "invoice_id", taxes_of)


def insert_credited_taxes(
    unit: UnitOfWork, credit_note_id: int, taxes: Sequence[InvoiceTaxRow]
) -> None:
    """Write the credit note's taxes in the order given."""
    _insert_taxes(unit, "credit_note_tax", "credit_note_id", {credit_note_id: taxes})


def taxes_of(unit: UnitOfWork, invoice_id: int) -> list[InvoiceTaxRow]:
    """An invoice's taxes, in order."""
    return taxes_of_many(unit, [invoice_id])[invoice_id]


def taxes_of_many(unit: UnitOfWork, invoice_ids: Iterable[int]) -> dict[int, list[InvoiceTaxRow]]:
    """Each invoice's taxes, in order, by its internal id."""
    found: dict[int, list[InvoiceTaxRow]] = {invoice_id: [] for invoice_id in invoice_ids}
    rows = unit.fetch_rows(
        f"""
        WITH {given(unit.dialect, "wanted", "id")}
        SELECT t.invoice_id, t.country, t.region, t.name, t.category, t.ppm, t.taxable_minor,
               t.tax_minor
        FROM wanted AS w JOIN invoice_tax AS t ON t.invoice_id = w.id
        ORDER BY t.invoice_id, t.position
        """,
        wanted=as_given((one,) for one in found),
    )
    for invoice_id, *columns in rows:
        found[int(invoice_id)].append(InvoiceTaxRow(*columns))
    return found


def amounts_of(row: InvoiceRow) -> DraftAmounts:
    """What the invoice says it comes to."""
    return DraftAmounts(*(getattr(row, name) for name in _AMOUNTS))


def _insert_taxes(
    unit: UnitOfWork, table: str, owner: str, taxes_of: Mapping[int, Sequence[InvoiceTaxRow]]
) -> None:
    columns = [field.name for field in fields(InvoiceTaxRow)]
    stated = attrgetter(*columns)
    BULK[unit.dialect].append_rows(
        unit,
        table,
        (owner, "position", *columns),
        (
            (owner_id, position, *stated(tax))
            for owner_id, taxes in taxes_of.items()
            for position, tax in enumerate(taxes, start=1)
        ),
    )


def _values(amounts: DraftAmounts) -> dict[str, object]:
    return {name: getattr(amounts, name) for name in _AMOUNTS}
