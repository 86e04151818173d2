"""Drafts of invoices: written, made anew, and looked at again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.invoice_lines import Line
from creditctl.rules.periods import Period
from creditctl.store.engine import UnitOfWork


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


_AMOUNTS = (
    "currency",
    "subtotal_minor",
    "tax_minor",
    "total_minor",
    "prices_include_tax",
    "treatment",
    "document",
)


def insert_draft(
    unit: UnitOfWork,
    *,
    public_id: str,
    organization_id: int,
    month: str,
    period: Period,
    amounts: DraftAmounts,
    generated_at: datetime,
) -> int:
    """Insert a draft without lines and taxes; returns its internal id."""
    return unit.insert(
        "invoice",
        public_id=public_id,
        organization_id=organization_id,
        month=month,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        status="draft",
        stale=False,
        generated_at=generated_at,
        paid_minor=0,
        credited_minor=0,
        **_values(amounts),
    )


def refresh_draft(
    unit: UnitOfWork,
    invoice_id: int,
    *,
    period: Period,
    amounts: DraftAmounts,
    generated_at: datetime,
) -> None:
    """Give a draft its period and new amounts, and drop its lines and taxes for new ones."""
    changes = ", ".join(f"{name} = :{name}" for name in _AMOUNTS)
    for table in ("invoice_line", "invoice_tax"):
        unit.run(f"DELETE FROM {table} WHERE invoice_id = :id", id=invoice_id)
    unit.run(
        f"""
        UPDATE invoice SET {changes}, stale = false,
               generated_at = :generated_at, starts_at = :starts_at, ends_at = :ends_at
        WHERE id = :id AND status = 'draft'
        """,
        id=invoice_id,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        generated_at=generated_at,
        **_values(amounts),
    )


def clear_stale(unit: UnitOfWork, invoice_id: int) -> None:
    """The draft was looked at again: its lines are still right."""
    unit.run("UPDATE invoice SET stale = false WHERE id = :id AND stale", id=invoice_id)


def insert_lines(unit: UnitOfWork, invoice_id: int, lines: Sequence[Line]) -> None:
    """Write the lines in the order given."""
    unit.run_many(
        """
        INSERT INTO invoice_line (invoice_id, position, kind, description, requests,
                                  credits_micro, unit_price, amount_minor)
        VALUES (:invoice_id, :position, :kind, :description, :requests, :credits, :unit_price,
                :amount)
        """,
        [
            {
                "invoice_id": invoice_id,
                "position": position,
                "kind": line.kind,
                "description": line.description,
                "requests": line.requests,
                "credits": line.credits,
                "unit_price": line.unit_price,
                "amount": line.amount.minor,
            }
            for position, line in enumerate(lines, start=1)
        ],
    )


def insert_taxes(unit: UnitOfWork, invoice_id: int, taxes: Sequence[InvoiceTaxRow]) -> None:
    """Write the invoice's taxes in the order given."""
    _insert_taxes(unit, "invoice_tax", "invoice_id", invoice_id, taxes)


def insert_credited_taxes(
    unit: UnitOfWork, credit_note_id: int, taxes: Sequence[InvoiceTaxRow]
) -> None:
    """Write the credit note's taxes in the order given."""
    _insert_taxes(unit, "credit_note_tax", "credit_note_id", credit_note_id, taxes)


def taxes_of(unit: UnitOfWork, invoice_id: int) -> list[InvoiceTaxRow]:
    """An invoice's taxes, in order."""
    return unit.fetch(
        InvoiceTaxRow,
        """
        SELECT country, region, name, category, ppm, taxable_minor, tax_minor
        FROM invoice_tax WHERE invoice_id = :id ORDER BY position
        """,
        id=invoice_id,
    )


def amounts_of(unit: UnitOfWork, invoice_id: int) -> DraftAmounts:
    """What the invoice says it comes to."""
    (found,) = unit.fetch(
        DraftAmounts, f"SELECT {', '.join(_AMOUNTS)} FROM invoice WHERE id = :id", id=invoice_id
    )
    return found


def _insert_taxes(
    unit: UnitOfWork, table: str, owner: str, owner_id: int, taxes: Sequence[InvoiceTaxRow]
) -> None:
    unit.run_many(
        f"""
        INSERT INTO {table} ({owner}, position, country, region, name, category, ppm,
                             taxable_minor, tax_minor)
        VALUES (:owner_id, :position, :country, :region, :name, :category, :ppm, :taxable, :tax)
        """,
        [
            {
                "owner_id": owner_id,
                "position": position,
                "country": tax.country,
                "region": tax.region,
                "name": tax.name,
                "category": tax.category,
                "ppm": tax.ppm,
                "taxable": tax.taxable_minor,
                "tax": tax.tax_minor,
            }
            for position, tax in enumerate(taxes, start=1)
        ],
    )


def _values(amounts: DraftAmounts) -> dict[str, object]:
    return {name: getattr(amounts, name) for name in _AMOUNTS}
