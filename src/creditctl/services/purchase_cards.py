"""Purchases as they are: one with its taxes and payments, a list, and the receipt."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput, NotFound
from creditctl.rules.units import Credits, Money
from creditctl.services.credit_note_parts import CreditNotePart, credit_left, parts_of_purchase
from creditctl.services.sale_documents import PartyCard, frozen_party
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.orgs import find_organization
from creditctl.store.queries.payments import PaymentRow, arrived, payments_of
from creditctl.store.queries.purchases import (
    PurchaseRow,
    PurchaseTaxRow,
    list_purchases,
    purchase_named,
    taxes_of,
)

STATUSES = ("pending", "paid", "void")
NO_REFUNDS = "there are no refunds"


@dataclass(frozen=True, slots=True)
class TaxPart:
    """One tax of a document."""

    name: str
    place: str
    percent: Decimal
    taxable: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class PaymentPart:
    """One attempt to be paid."""

    id: str
    provider: str
    status: str
    amount: Money
    received: Money
    checkout_url: str | None
    message: str | None


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase in a list."""

    id: str
    organization: str
    status: str
    source: str
    credits: Credits
    net: Money
    tax: Money
    total: Money
    created_at: datetime
    paid_at: datetime | None
    receipt: str | None


@dataclass(frozen=True, slots=True)
class PurchaseCard:
    """A purchase with its taxes and payments; net + tax = total."""

    id: str
    organization: str
    status: str
    source: str
    package: str | None
    credits: Credits
    unit_price: Decimal
    net: Money
    tax: Money
    total: Money
    received: Money
    missing: Money
    surplus: Money
    treatment: str
    notice: str | None
    """The sentence that the tax law wants on the document, if any."""

    reference: str | None
    created_at: datetime
    paid_at: datetime | None
    grant: str | None
    receipt: str | None
    void_reason: str | None
    taxes: tuple[TaxPart, ...]
    payments: tuple[PaymentPart, ...]
    credit_notes: tuple[CreditNotePart, ...]
    """For what was reversed of its credits."""

    owed_back: Money
    """What of these neither paid an invoice nor was charged back."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a buyer gets for a purchase that was paid."""

    number: str
    issued_at: datetime
    seller: tuple[str, ...]
    buyer: tuple[str, ...]
    purchase: str
    reference: str | None
    description: str
    credits: Credits
    unit_price: Decimal
    net: Money
    tax: Money
    total: Money
    notice: str | None
    taxes: tuple[TaxPart, ...]
    seller_party: PartyCard | None
    """The same in parts; None on receipts that kept them as lines only."""

    buyer_party: PartyCard | None


def read_purchase(context: Context, name: str) -> PurchaseCard:
    """The purchase of that id or receipt number; raises NotFound."""
    with reading(context.database) as unit:
        row = find_purchase(unit, name)
        card = _card(row, taxes_of(unit, row.id), _payments(unit, row))
        notes = parts_of_purchase(unit, row.id, row.currency)
        owed = Money(credit_left(unit, row.id), row.currency)
        return replace(card, credit_notes=notes, owed_back=owed)


def purchases(
    context: Context, *, organization: str | None, status: str | None, limit: int
) -> list[Purchase]:
    """The newest first; raises OrganizationNotFound, and InvalidInput for an unknown status."""
    if status not in (None, *STATUSES):
        raise InvalidInput(f"a purchase is never {status!r}", hint=f"known: {', '.join(STATUSES)}")
    with reading(context.database) as unit:
        owner = find_organization(unit, organization).id if organization else None
        rows = list_purchases(unit, organization_id=owner, status=status, limit=limit)
    return [_listed(row) for row in rows]


def receipt_of(context: Context, name: str) -> Receipt:
    """The receipt of a paid purchase; raises NotFound, and Conflict before it is paid."""
    with reading(context.database) as unit:
        return receipt_card(unit, find_purchase(unit, name))


def receipt_card(unit: UnitOfWork, row: PurchaseRow) -> Receipt:
    """The receipt of a purchase; raises Conflict before it is paid."""
    if row.receipt_number is None or row.paid_at is None:
        raise Conflict(
            f"{row.public_id} is {row.status}: there is a receipt once it is paid",
            hint="'creditctl purchases settle' records what arrived",
        )
    taxes = taxes_of(unit, row.id)
    document = json.loads(row.document)
    package = f", package {row.package}" if row.package else ""
    return Receipt(
        number=row.receipt_number,
        issued_at=row.paid_at,
        seller=tuple(document["seller"]),
        buyer=tuple(document["buyer"]),
        purchase=row.public_id,
        reference=row.reference,
        description=f"{row.credits} API credits{package}",
        credits=row.credits,
        unit_price=row.unit_price,
        net=Money(row.net_minor, row.currency),
        tax=Money(row.tax_minor, row.currency),
        total=Money(row.gross_minor, row.currency),
        notice=document["notice"],
        taxes=tuple(_tax(tax, row.currency) for tax in taxes),
        seller_party=frozen_party(document, "seller"),
        buyer_party=frozen_party(document, "buyer"),
    )


def find_purchase(unit: UnitOfWork, name: str) -> PurchaseRow:
    """The purchase of that id or receipt number; raises NotFound."""
    row = purchase_named(unit, name)
    if row is None:
        raise NotFound(
            f"there is no purchase {name!r}", hint="'creditctl purchases list' shows them"
        )
    return row


def _payments(unit: UnitOfWork, row: PurchaseRow) -> list[PaymentPart]:
    return [
        _payment(payment, payment.received_minor + arrived(unit, payment.id))
        for payment in payments_of(unit, row.id)
    ]


def _payment(row: PaymentRow, received: int) -> PaymentPart:
    message = " ".join(part for part in (row.decline_code, row.message) if part)
    return PaymentPart(
        id=row.public_id,
        provider=row.provider,
        status=row.status,
        amount=Money(row.amount_minor, row.currency),
        received=Money(received, row.currency),
        checkout_url=row.checkout_url,
        message=message or None,
    )


def _tax(row: PurchaseTaxRow, currency: str) -> TaxPart:
    return TaxPart(
        name=row.name,
        place="-".join(part for part in (row.country, row.region) if part),
        percent=Decimal(row.ppm).scaleb(-4).normalize(),
        taxable=Money(row.taxable_minor, currency),
        tax=Money(row.tax_minor, currency),
    )


def _listed(row: PurchaseRow) -> Purchase:
    return Purchase(
        id=row.public_id,
        organization=row.organization,
        status=row.status,
        source=row.source,
        credits=row.credits,
        net=Money(row.net_minor, row.currency),
        tax=Money(row.tax_minor, row.currency),
        total=Money(row.gross_minor, row.currency),
        created_at=row.created_at,
        paid_at=row.paid_at,
        receipt=row.receipt_number,
    )


def _card(
    row: PurchaseRow, taxes: list[PurchaseTaxRow], payments: list[PaymentPart]
) -> PurchaseCard:
    currency = row.currency
    received = sum(payment.received.minor for payment in payments)
    due = 0 if row.status == "void" else row.gross_minor
    return PurchaseCard(
        id=row.public_id,
        organization=row.organization,
        status=row.status,
        source=row.source,
        package=row.package,
        credits=row.credits,
        unit_price=row.unit_price,
        net=Money(row.net_minor, currency),
        tax=Money(row.tax_minor, currency),
        total=Money(row.gross_minor, currency),
        received=Money(received, currency),
        missing=Money(max(due - received, 0), currency),
        surplus=Money(max(received - due, 0), currency),
        treatment=row.treatment,
        notice=json.loads(row.document)["notice"],
        reference=row.reference,
        created_at=row.created_at,
        paid_at=row.paid_at,
        grant=row.grant,
        receipt=row.receipt_number,
        void_reason=row.void_reason,
        taxes=tuple(_tax(tax, currency) for tax in taxes),
        payments=tuple(payments),
        credit_notes=(),
        owed_back=Money(0, currency),
    )
