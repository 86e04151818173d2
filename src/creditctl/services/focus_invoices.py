"""Charges of a FOCUS dataset that invoices bill: fees, overage, taxes, and what is credited."""

from collections.abc import Iterator
from decimal import Decimal

from creditctl.rules.focus import CREDIT, FEES_UNIT, PURCHASE, TAX, USAGE, Account, Charge
from creditctl.rules.units import Credits, Money
from creditctl.services.billed_documents import BilledPart, Document, read_documents
from creditctl.services.focus_charges import CREDITS_SERVICE, Billing, Source
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.receivables import CREDITED, PAID, VOIDED

FEES_SERVICE = "Subscriptions"


def documents(unit: UnitOfWork, billing: Billing) -> Iterator[Charge]:
    """What was invoiced, credited and voided in the month; a payment is no charge.

    A fee covers what its allowance pays, and so is billed and not effective. Overage is both on the
    day on which it is invoiced: from then on its usage has a price.
    """
    for document in read_documents(unit, billing.first, billing.end):
        if document.row.kind == PAID:
            continue
        for part in document.parts:
            if part.net or part.credits:
                yield _billed(billing, document, part)
        if document.row.kind == CREDITED and document.credited:
            yield _credited(billing, document)
        yield from _taxes(billing, document)


def _billed(billing: Billing, document: Document, part: BilledPart) -> Charge:
    row = document.row
    is_fee = part.row.is_fee
    net = _money(part.net, row.currency)
    price = abs(net) if is_fee else Decimal(part.row.unit_price or 0)
    sign = -1 if row.kind == VOIDED else 1
    return Charge(
        category=PURCHASE if is_fee else USAGE,
        day=row.posted_on,
        account=_account(billing, row.organization_id),
        currency=row.currency,
        service=FEES_SERVICE if is_fee else CREDITS_SERVICE,
        description=f"{part.row.description or 'overage'}, invoice {row.number}",
        billed=net,
        effective=Decimal(0) if is_fee else net,
        quantity=Decimal(sign) if is_fee else Decimal(str(Credits(part.credits))),
        unit=FEES_UNIT if is_fee else "Credits",
        is_recurring=is_fee,
        list_price=price,
        contracted_price=price,
        is_correction=row.kind == VOIDED,
    )


def _credited(billing: Billing, document: Document) -> Charge:
    row = document.row
    net = _money(document.credited, row.currency)
    return Charge(
        category=CREDIT,
        day=row.posted_on,
        account=_account(billing, row.organization_id),
        currency=row.currency,
        service=CREDITS_SERVICE,
        description=f"Credit note {row.note} of invoice {row.number}",
        billed=net,
        effective=net,
    )


def _taxes(billing: Billing, document: Document) -> Iterator[Charge]:
    row = document.row
    for tax in document.taxes:
        if tax.tax_minor:
            amount = _money(tax.tax_minor, row.currency)
            yield Charge(
                category=TAX,
                day=row.posted_on,
                account=_account(billing, row.organization_id),
                currency=row.currency,
                service=CREDITS_SERVICE,
                description=f"{tax.tax}, {tax.place}, {row.note or f'invoice {row.number}'}",
                billed=amount,
                effective=amount,
                is_correction=row.kind in (CREDITED, VOIDED),
            )


def _account(billing: Billing, organization_id: int) -> Account:
    row = billing.accounts[organization_id]
    return Account(row.public_id, row.legal_name or row.slug)


def _money(minor: int, currency: str) -> Decimal:
    return Decimal(str(Money(minor, currency)))


INVOICE_SOURCES: tuple[Source, ...] = (documents,)
"""Beside `focus_charges.SOURCES`."""
