"""A document as values: what it says, not how it looks (DESIGN 3.8).

Receipts, order forms, invoices and credit notes are all of this one type. Amounts are those of the
books; nothing is computed here but what is still due.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from creditctl.rules.tax.treatment import Treatment
from creditctl.rules.units import Credits, Money


class Kind(StrEnum):
    """What sort of document it is."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    RECEIPT = "receipt"
    ORDER_FORM = "order_form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a party is, in the parts that EN 16931 wants apart; `country` is ISO 3166."""

    country: str | None = None
    lines: tuple[str, ...] = ()
    city: str | None = None
    postcode: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who sells or who buys; without a name the document does not say who.

    `lines` are the postal address as a reader sees it, without the country; those of `address`
    unless given.
    """

    name: str
    lines: tuple[str, ...] = ()
    address: Address = Address()
    tax_id: str | None = None
    """With its country's prefix, such as DE136695976."""

    email: str | None = None
    phone: str | None = None
    bank: tuple[str, ...] = ()
    """How to pay a seller, as lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line: quantity x unit price, rounded, is the amount where all three are given.

    `kind` is the books' word for it, such as fee, usage or credits. `tax_percent` is needed where a
    document has several taxes; otherwise its only one is meant.
    """

    description: str
    amount: Money | None = None
    quantity: Credits | int | None = None
    unit_price: Decimal | None = None
    kind: str = ""
    tax_percent: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentTax:
    """One tax: `percent` of `taxable`, rounded once."""

    name: str
    place: str
    percent: Decimal
    taxable: Money
    tax: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Appendix:
    """A further table, such as an order form's instalments; days and amounts as values."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | date | Money | Credits | None, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Everything a receipt, order form, invoice or credit note says; net + tax = total."""

    kind: Kind
    issued_on: date | None
    """The day (UTC) it was issued; None where it was not yet."""

    dated: date
    """The day its file is stamped with: issue, or what a draft was drawn up on."""

    seller: Party
    buyer: Party
    currency: str
    total: Money
    number: str | None = None
    """None is a draft: the document says so."""

    due_on: date | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    """The last day of the period, not the one after it."""

    references: tuple[tuple[str, str], ...] = ()
    """Label (a word of `labels`, or any other text) and value, such as ("po_number", "PO-7")."""

    rows: tuple[Row, ...] = ()
    net: Money | None = None
    tax: Money | None = None
    taxes: tuple[DocumentTax, ...] = ()
    prices_include_tax: bool = False
    """Rows sum to the total instead of the net."""

    treatment: Treatment | None = None
    paid: Money | None = None
    """What arrived; None where nobody asks, as on an order form."""

    credited: Money | None = None
    """What credit notes took back of it."""

    notices: tuple[str, ...] = ()
    """Sentences that the law wants on it, such as that of the reverse charge."""

    appendices: tuple[Appendix, ...] = ()
    terms: str | None = None
    signer: str | None = None
    signed_on: date | None = None
    corrects: str | None = None
    """A credit note's invoice, by number."""

    is_void: bool = False
    """It keeps its number, and nobody owes it any more: the document says so."""

    @property
    def due(self) -> Money | None:
        """What is still to be paid, never below zero; None where nobody asks."""
        if self.paid is None or self.is_void:
            return None
        left = self.payable if self.credited is None else self.payable - self.credited
        return left if left.minor > 0 else Money(0, self.currency)

    @property
    def payable(self) -> Money:
        """The total without what was paid, as if no credit note had followed (BT-115)."""
        return self.total if self.paid is None else self.total - self.paid

    @property
    def is_draft(self) -> bool:
        """Whether it has no number, and so may still change."""
        return self.number is None
