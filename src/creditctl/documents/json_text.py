"""A document as JSON, for programs: `creditctl.document/v1`; amounts are in its currency.

It is published by `creditctl schema document` and changes additively within a version (DESIGN 5).
"""

import json
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from creditctl.documents.document import Document, Party, Row
from creditctl.documents.style import PLAIN, Style
from creditctl.rules.units import Credits, Money

SCHEMA = "creditctl.document/v1"

_AS_THEY_ARE = (str, int)


@dataclass(frozen=True, slots=True)
class PlainParty:
    """A seller or buyer; `lines` are its postal address as a reader sees it."""

    name: str
    lines: tuple[str, ...]
    street: str | None
    postcode: str | None
    city: str | None
    region: str | None
    country: str | None
    tax_id: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class PlainRow:
    """A line of it."""

    description: str
    kind: str
    quantity: Decimal | None
    unit_price: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class PlainTax:
    """A tax of it."""

    name: str
    place: str
    percent: Decimal
    taxable: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class PlainDocument:
    """What a document says, without how it looks; without a number it is a draft."""

    kind: str
    number: str | None
    issued_on: date | None
    due_on: date | None
    starts_on: date | None
    ends_on: date | None
    corrects: str | None
    is_void: bool
    seller: PlainParty
    buyer: PlainParty
    currency: str
    rows: tuple[PlainRow, ...]
    net: Decimal | None
    taxes: tuple[PlainTax, ...]
    tax: Decimal | None
    total: Decimal
    paid: Decimal | None
    credited: Decimal | None
    due: Decimal | None
    prices_include_tax: bool
    treatment: str | None
    notices: tuple[str, ...]


def render_json(document: Document, style: Style = PLAIN) -> bytes:  # noqa: ARG001 - no looks
    """The document's values as UTF-8 text; exact amounts, days as ISO 8601."""
    content = {"schema": SCHEMA, "data": _plain(_stated(document))}
    return json.dumps(content, ensure_ascii=False, indent=2).encode() + b"\n"


def _stated(document: Document) -> PlainDocument:
    return PlainDocument(
        kind=str(document.kind),
        number=document.number,
        issued_on=document.issued_on,
        due_on=document.due_on,
        starts_on=document.starts_on,
        ends_on=document.ends_on,
        corrects=document.corrects,
        is_void=document.is_void,
        seller=_party(document.seller),
        buyer=_party(document.buyer),
        currency=document.currency,
        rows=tuple(_row(row) for row in document.rows),
        net=_exact(document.net),
        taxes=tuple(
            PlainTax(tax.name, tax.place, tax.percent, _sum(tax.taxable), _sum(tax.tax))
            for tax in document.taxes
        ),
        tax=_exact(document.tax),
        total=_sum(document.total),
        paid=_exact(document.paid),
        credited=_exact(document.credited),
        due=_exact(document.due),
        prices_include_tax=document.prices_include_tax,
        treatment=None if document.treatment is None else str(document.treatment),
        notices=document.notices,
    )


def _party(party: Party) -> PlainParty:
    address = party.address
    return PlainParty(
        name=party.name,
        lines=party.lines,
        street=", ".join(address.lines) or None,
        postcode=address.postcode,
        city=address.city,
        region=address.region,
        country=address.country,
        tax_id=party.tax_id,
        email=party.email,
    )


def _row(row: Row) -> PlainRow:
    return PlainRow(
        row.description, row.kind, _exact(row.quantity), row.unit_price, _exact(row.amount)
    )


def _sum(money: Money) -> Decimal:
    return Decimal(str(money))


def _exact(value: Money | Credits | int | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, _AS_THEY_ARE):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, date):
        return value.isoformat()
    return {name: _plain(getattr(value, name)) for name in _names(value.__class__)}


@cache
def _names(kind: type) -> tuple[str, ...]:
    """Of its fields: a document has dozens of lines of one kind."""
    return tuple(field.name for field in fields(kind))
