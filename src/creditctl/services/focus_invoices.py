"""Charges of a FOCUS dataset that invoices bill: fees, overage, taxes, and what is credited."""

from collections.abc import Iterator
from decimal import Decimal

from creditctl.rules.focus import CREDIT, FEES_UNIT, PURCHASE, TAX, USAGE, Charge
from creditctl.rules.units import Credits
from creditctl.services.billed_documents import BilledPart, Document, read_documents
from creditctl.services.focus_charges import (
    CREDITS_SERVICE,
    CREDITS_SKU,
    Billing,
    Source,
    money_of,
)
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.receivables import CREDITED, PAID, VOIDED

FEES_SERVICE = "Subscriptions"
FEES_SKU = "subscription"


def documents(unit: UnitOfWork, billing: Billing) -> Iterator[Charge]:
    """What was invoiced, credited and voided in the month; a payment is no charge.

    A fee is billed here and effective by the day, which is in `focus_fees`. Overage is both on the
    day on which it is invoiced: from then on its usage has a price.
    """
    for document in read_documents(unit, billing.first, billing.end):
        if document.row.kind == PAID:
            continue
        for part in document.parts:
            # An order form is billed when its credits are granted.
            if (part.net or part.credits) and not part.row.is_order:
                yield _billed(billing, document, part)
        if document.row.kind == CREDITED and document.credited:
            yield _credited(billing, document)
        yield from _taxes(billing, document)


def _billed(billing: Billing, document: Document, part: BilledPart) -> Charge:
    row = document.row
    is_fee = part.row.is_fee
    net = money_of(part.net, row.currency)
    price = abs(net) if is_fee else Decimal(part.row.unit_price or 0)
    sign = -1 if row.kind == VOIDED else 1
    return Charge(
        category=PURCHASE if is_fee else USAGE,
        day=row.posted_on,
        account=billing.account(row.organization_id),
        currency=row.currency,
        service=FEES_SERVICE if is_fee else CREDITS_SERVICE,
        sku=FEES_SKU if is_fee else CREDITS_SKU,
        description=f"{part.row.description or 'overage'}, invoice {row.number}",
        billed=net,
        effective=Decimal(0) if is_fee else net,
        quantity=Decimal(sign) if is_fee else Decimal(str(Credits(part.credits))),
        unit=FEES_UNIT if is_fee else "Credits",
        is_recurring=is_fee,
        list_price=price,
        contracted_price=price,
        invoice=row.number,
        is_correction=row.kind == VOIDED,
    )


def _credited(billing: Billing, document: Document) -> Charge:
    row = document.row
    net = money_of(document.credited, row.currency)
    return Charge(
        category=CREDIT,
        day=row.posted_on,
        account=billing.account(row.organization_id),
        currency=row.currency,
        service=CREDITS_SERVICE,
        description=f"Credit note {row.note} of invoice {row.number}",
        billed=net,
        effective=net,
        invoice=row.note,
    )


def _taxes(billing: Billing, document: Document) -> Iterator[Charge]:
    row = document.row
    for tax in document.taxes:
        if tax.tax_minor:
            amount = money_of(tax.tax_minor, row.currency)
            yield Charge(
                category=TAX,
                day=row.posted_on,
                account=billing.account(row.organization_id),
                currency=row.currency,
                service=CREDITS_SERVICE,
                description=f"{tax.tax}, {tax.place}, {row.note or f'invoice {row.number}'}",
                billed=amount,
                # As that of the receipt's tax was, and of the credits.
                effective=amount if row.invoice_id else Decimal(0),
                invoice=row.note or row.number,
                is_correction=row.kind in (CREDITED, VOIDED),
            )


INVOICE_SOURCES: tuple[Source, ...] = (documents,)
"""Beside `focus_charges.SOURCES`."""
