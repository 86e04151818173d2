"""Purchases, their taxes, and the numbers of receipts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork

_SELECT = """
    SELECT p.id, p.public_id, p.organization_id, o.slug, p.source, p.status, p.package,
           p.credits_micro, p.lifetime_days, p.currency, p.unit_price, p.unit_cost, p.net_minor,
           p.tax_minor, p.gross_minor, p.treatment, p.document, p.reference, p.created_at, p.actor,
           p.reason, g.public_id, p.paid_at, p.receipt_number, p.voided_at, p.voided_by,
           p.void_reason
    FROM purchase AS p JOIN organization AS o ON o.id = p.organization_id
         LEFT JOIN credit_grant AS g ON g.id = p.grant_id
"""


@dataclass(frozen=True, slots=True)
class PurchaseRow:
    """A purchase; `document` is JSON."""

    id: int
    public_id: str
    organization_id: int
    organization: str
    source: str
    status: str
    package: str | None
    credits: Credits
    lifetime_days: int | None
    currency: str
    unit_price: Decimal
    unit_cost: Decimal
    net_minor: int
    tax_minor: int
    gross_minor: int
    treatment: str
    document: str
    reference: str | None
    created_at: datetime
    actor: str
    reason: str
    grant: str | None
    paid_at: datetime | None
    receipt_number: str | None
    voided_at: datetime | None
    voided_by: str | None
    void_reason: str | None


@dataclass(frozen=True, slots=True)
class PurchaseTaxRow:
    """One tax of a purchase."""

    country: str
    region: str | None
    name: str
    ppm: int
    taxable_minor: int
    tax_minor: int


def insert_purchase(unit: UnitOfWork, **columns: Any) -> int:
    """Insert a purchase that is pending; returns its internal id."""
    return unit.insert("purchase", status="pending", **columns)


def insert_taxes(unit: UnitOfWork, purchase_id: int, taxes: Sequence[PurchaseTaxRow]) -> None:
    """Its taxes, in order."""
    for position, tax in enumerate(taxes, start=1):
        unit.run(
            """
            INSERT INTO purchase_tax (purchase_id, position, country, region, name, ppm,
                                      taxable_minor, tax_minor)
            VALUES (:purchase_id, :position, :country, :region, :name, :ppm, :taxable, :tax)
            """,
            purchase_id=purchase_id,
            position=position,
            country=tax.country,
            region=tax.region,
            name=tax.name,
            ppm=tax.ppm,
            taxable=tax.taxable_minor,
            tax=tax.tax_minor,
        )


def taxes_of(unit: UnitOfWork, purchase_id: int) -> list[PurchaseTaxRow]:
    """A purchase's taxes, in order."""
    return unit.fetch(
        PurchaseTaxRow,
        """
        SELECT country, region, name, ppm, taxable_minor, tax_minor
        FROM purchase_tax WHERE purchase_id = :id ORDER BY position
        """,
        id=purchase_id,
    )


def purchase_by_id(unit: UnitOfWork, purchase_id: int) -> PurchaseRow:
    """The purchase of that internal id."""
    (row,) = unit.fetch(PurchaseRow, f"{_SELECT} WHERE p.id = :id", id=purchase_id)
    return row


def purchase_named(unit: UnitOfWork, public_id: str) -> PurchaseRow | None:
    """The purchase of that id or receipt number, or None."""
    return unit.fetch_one(
        PurchaseRow,
        f"{_SELECT} WHERE p.public_id = :id OR p.receipt_number = :id",
        id=public_id,
    )


def list_purchases(
    unit: UnitOfWork, *, organization_id: int | None, status: str | None, limit: int
) -> list[PurchaseRow]:
    """The newest first; of one organization or status when given."""
    return unit.fetch(
        PurchaseRow,
        f"""
        {_SELECT}
        WHERE (CAST(:organization_id AS BIGINT) IS NULL OR p.organization_id = :organization_id)
          AND (CAST(:status AS TEXT) IS NULL OR p.status = :status)
        ORDER BY p.id DESC LIMIT :limit
        """,
        organization_id=organization_id,
        status=status,
        limit=limit,
    )


def mark_paid(
    unit: UnitOfWork, purchase_id: int, *, grant_id: int, at: datetime, number: str
) -> None:
    """A purchase is paid and granted; that it was given up before is in the audit log."""
    unit.run(
        """
        UPDATE purchase
        SET status = 'paid', grant_id = :grant_id, paid_at = :at, receipt_number = :number,
            voided_at = NULL, voided_by = NULL, void_reason = NULL
        WHERE id = :id AND status <> 'paid'
        """,
        id=purchase_id,
        grant_id=grant_id,
        at=at,
        number=number,
    )


def mark_void(unit: UnitOfWork, purchase_id: int, *, at: datetime, by: str, reason: str) -> None:
    """A pending purchase is given up."""
    unit.run(
        """
        UPDATE purchase SET status = 'void', voided_at = :at, voided_by = :by, void_reason = :reason
        WHERE id = :id AND status = 'pending'
        """,
        id=purchase_id,
        at=at,
        by=by,
        reason=reason,
    )


def next_number(unit: UnitOfWork, series: str, year: int) -> int:
    """The series' next number in that year: whoever takes it keeps others waiting until the end."""
    return next_numbers(unit, series, year, 1)[0]


def next_numbers(unit: UnitOfWork, series: str, year: int, count: int) -> range:
    """As many next numbers, at least one."""
    last = int(
        unit.fetch_value(
            """
            INSERT INTO number_series (series, year, last) VALUES (:series, :year, :count)
            ON CONFLICT (series, year) DO UPDATE SET last = number_series.last + excluded.last
            RETURNING last
            """,
            series=series,
            year=year,
            count=count,
        )
    )
    return range(last - count + 1, last + 1)
