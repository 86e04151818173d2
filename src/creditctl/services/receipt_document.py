"""A receipt as a document: what a buyer gets for a purchase that was paid."""

from creditctl.context import Context
from creditctl.documents.document import Document, DocumentTax, Kind, Row
from creditctl.rules.units import value_of
from creditctl.services.document_parties import frozen
from creditctl.services.purchase_cards import Receipt, TaxPart, receipt_of


def receipt_document(context: Context, name: str) -> Document:
    """The receipt of a paid purchase; raises NotFound, and Conflict before it is paid."""
    return document_of(receipt_of(context, name))


def document_of(receipt: Receipt) -> Document:
    """The receipt's figures, as they were frozen when the purchase was made."""
    currency = receipt.total.currency
    inclusive = _includes_tax(receipt)
    references = [("purchase", receipt.purchase)]
    references += [("reference", receipt.reference)] if receipt.reference else []
    return Document(
        kind=Kind.RECEIPT,
        number=receipt.number,
        issued_on=receipt.issued_at.date(),
        dated=receipt.issued_at.date(),
        seller=frozen(receipt.seller_party, receipt.seller),
        buyer=frozen(receipt.buyer_party, receipt.buyer),
        currency=currency,
        references=tuple(references),
        rows=(
            Row(
                description=receipt.description.removeprefix(f"{receipt.credits} "),
                quantity=receipt.credits,
                unit_price=receipt.unit_price,
                amount=receipt.total if inclusive else receipt.net,
                kind="purchase",
            ),
        ),
        net=receipt.net if receipt.taxes else None,
        tax=receipt.tax,
        taxes=tuple(tax_of(tax) for tax in receipt.taxes),
        prices_include_tax=inclusive,
        total=receipt.total,
        paid=receipt.total,
        notices=(receipt.notice,) if receipt.notice else (),
    )


def tax_of(part: TaxPart) -> DocumentTax:
    """A tax of a sale as documents state it."""
    return DocumentTax(
        name=part.name,
        place=part.place,
        percent=part.percent,
        taxable=part.taxable,
        tax=part.tax,
    )


def _includes_tax(receipt: Receipt) -> bool:
    """Whether the price per credit was advertised with the tax in it."""
    if not receipt.tax:
        return False
    priced = value_of(receipt.credits, receipt.unit_price, receipt.total.currency).minor
    return abs(priced - receipt.total.minor) < abs(priced - receipt.net.minor)
