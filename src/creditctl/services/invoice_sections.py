"""What an invoice shows beside its lines; none of it is part of any sum on it."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.units import Credits, Money
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoice_sections import (
    endpoints_of_invoice,
    overage_of_invoice,
    purchases_of_invoice,
)
from creditctl.store.queries.invoices import InvoiceRow


@dataclass(frozen=True, slots=True)
class InvoicePurchase:
    """Credits bought in the invoice's days; paid, and no part of any sum on the invoice."""

    number: str
    paid_at: datetime
    credits: Credits
    gross: Money


@dataclass(frozen=True, slots=True)
class InvoiceEndpoint:
    """Successful requests of an endpoint as counted today, late ones too; no part of any sum."""

    product: str
    endpoint: str
    requests: int
    credits: Credits


@dataclass(frozen=True, slots=True)
class InvoiceOverage:
    """Billed usage that no credits covered, by the reason that the ledger gives."""

    reason: str
    credits: Credits


@dataclass(frozen=True, slots=True)
class InvoicePaymentPart:
    """Money that arrived for an invoice."""

    reference: str
    arrived_at: datetime
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True)
class InvoiceSections:
    """All of it."""

    purchases: tuple[InvoicePurchase, ...]
    endpoints: tuple[InvoiceEndpoint, ...]
    overage: tuple[InvoiceOverage, ...]


def sections_of(unit: UnitOfWork, row: InvoiceRow) -> InvoiceSections:
    """What belongs to that invoice."""
    endpoints = endpoints_of_invoice(unit, row.organization_id, row.starts_at, row.ends_at)
    return InvoiceSections(
        tuple(
            InvoicePurchase(
                one.number, one.paid_at, one.credits, Money(one.gross_minor, one.currency)
            )
            for one in purchases_of_invoice(unit, row.id)
        ),
        tuple(
            InvoiceEndpoint(one.product, one.endpoint, one.requests, one.credits)
            for one in endpoints
        ),
        tuple(InvoiceOverage(one.reason, one.credits) for one in overage_of_invoice(unit, row.id)),
    )
