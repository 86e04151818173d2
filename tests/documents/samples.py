"""Documents to render: an invoice of a German seller, a draft, a long one."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from creditctl.documents.document import Address, Document, DocumentTax, Kind, Party, Row
from creditctl.rules.tax.treatment import Treatment
from creditctl.rules.units import Credits, Money

SELLER = Party(
    name="Märkte & Daten GmbH",
    address=Address(country="DE", lines=("Lange Gasse 1",), city="Berlin", postcode="10115"),
    tax_id="DE136695976",
    email="billing@example.com",
)
BUYER = Party(
    name="Société Générale d'Analyse SARL",
    address=Address(country="FR", lines=("12 rue de l'Église",), city="Paris", postcode="75002"),
    tax_id="FR40303265045",
    email="compta@example.fr",
)
REVERSE = "Reverse charge: VAT is payable by the recipient (Article 196, Directive 2006/112/EC)."


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


ROWS = (
    Row(description="Growth plan, 1 to 30 November 2026", amount=eur("99.00"), kind="fee"),
    Row(
        description="Quotes API, pro tier (12,345 requests)",
        quantity=Credits.parse("61725.5"),
        unit_price=Decimal("0.0092"),
        amount=eur("567.87"),
        kind="usage",
    ),
    Row(
        description="Credits applied: subscription",
        quantity=Credits.parse("-50000"),
        unit_price=Decimal("0.0092"),
        amount=eur("-460.00"),
        kind="credits",
    ),
)
"""Net 206.87."""


def an_invoice(**changes: Any) -> Document:
    """206.87 net, 19 % VAT of 39.31, 246.18 in all."""
    domestic = replace(BUYER, address=replace(BUYER.address, country="DE"), tax_id=None)
    facts: dict[str, Any] = {
        "kind": Kind.INVOICE,
        "number": "RE-2026-000042",
        "issued_on": date(2026, 12, 1),
        "dated": date(2026, 12, 1),
        "due_on": date(2026, 12, 31),
        "starts_on": date(2026, 11, 1),
        "ends_on": date(2026, 11, 30),
        "seller": SELLER,
        "buyer": domestic,
        "currency": "EUR",
        "references": (("po_number", "PO-7"),),
        "rows": ROWS,
        "net": eur("206.87"),
        "tax": eur("39.31"),
        "total": eur("246.18"),
        "paid": eur("0"),
        "taxes": (
            DocumentTax(
                name="VAT",
                place="DE",
                percent=Decimal(19),
                taxable=eur("206.87"),
                tax=eur("39.31"),
            ),
        ),
        "treatment": Treatment.DOMESTIC,
    }
    return Document(**(facts | changes))


def a_reverse_charge(**changes: Any) -> Document:
    """206.87 without VAT: the buyer in France accounts for it."""
    facts: dict[str, Any] = {
        "buyer": BUYER,
        "tax": eur("0"),
        "total": eur("206.87"),
        "taxes": (),
        "treatment": Treatment.REVERSE_CHARGE,
        "notices": (REVERSE,),
    }
    return an_invoice(**(facts | changes))


def a_long_invoice(rows: int = 150) -> Document:
    """A hundred and fifty rows of one euro: three pages and more."""
    lines = tuple(
        Row(description=f"Endpoint number {i + 1}", quantity=i + 1, amount=eur("1.00"))
        for i in range(rows)
    )
    total = Money(100 * rows, "EUR")
    return an_invoice(rows=lines, net=total, tax=eur("0"), total=total, taxes=(), treatment=None)
