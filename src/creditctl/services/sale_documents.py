"""What a document says of its parties: kept as they stood when it was made."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from creditctl.services.sale_terms import SellerCard
from creditctl.store.queries.orgs import OrganizationRow


@dataclass(frozen=True, slots=True)
class PartyCard:
    """A seller or buyer in parts, as electronic invoices want them."""

    name: str
    lines: tuple[str, ...]
    """The postal address as a reader sees it, without the country."""

    street: str | None
    postcode: str | None
    city: str | None
    region: str | None
    country: str | None
    tax_id: str | None
    email: str | None
    phone: str | None
    bank: tuple[str, ...]
    """How to pay a seller."""


_PARTS = tuple(field.name for field in fields(PartyCard))
_JSON = json.JSONEncoder(ensure_ascii=False)


def sale_document(card: SellerCard | None, owner: OrganizationRow, notice: str | None) -> str:
    """Seller, buyer and notice as JSON, for the receipt or the invoice.

    Both are lines for a reader; `parties` has the same in parts.
    """
    buyer = buyer_card(owner)
    lines, parts = _seller(card)
    return (
        f'{{"seller": {lines}, "buyer": {_json(buyer_lines(owner, buyer))}, '
        f'"notice": {_json(notice)}, "parties": {{"seller": {parts}, "buyer": {_parts(buyer)}}}}}'
    )


@lru_cache(maxsize=16)
def _seller(card: SellerCard | None) -> tuple[str, str]:
    """Its lines and its parts as JSON: the same on thousands of documents."""
    parts = "null" if card is None else _parts(seller_card(card))
    return _json(seller_lines(card)), parts


def frozen_party(document: Mapping[str, Any], role: str) -> PartyCard | None:
    """The `seller` or `buyer` of such JSON in parts; None where it was kept as lines only."""
    facts = document.get("parties", {}).get(role)
    if facts is None:
        return None
    lists = {name: tuple(facts[name]) for name in ("lines", "bank")}
    return PartyCard(**facts | lists)


def seller_lines(card: SellerCard | None) -> list[str]:
    """The seller as a document names it, line by line."""
    if card is None:
        return []
    place = " ".join(part for part in (card.country, card.region) if part)
    tax_id = f"Tax id {card.tax_id}" if card.tax_id else ""
    lines = (card.legal_name, *card.address, place, tax_id, card.email, card.phone)
    return [line for line in lines if line]


def buyer_lines(owner: OrganizationRow, card: PartyCard) -> list[str]:
    """The buyer as a document names it, line by line."""
    place = " ".join(part for part in (owner.country, owner.region) if part)
    lines = [card.name, card.email, *card.lines, place]
    if owner.tax_id:
        lines.append(f"Tax id {owner.tax_id}")
    return [line for line in lines if line]


def seller_card(card: SellerCard) -> PartyCard:
    """The catalog's seller."""
    return PartyCard(
        name=card.legal_name,
        lines=card.address,
        street=card.street,
        postcode=card.postcode,
        city=card.city,
        region=card.region,
        country=card.country,
        tax_id=card.tax_id,
        email=card.email,
        phone=card.phone,
        bank=card.bank,
    )


def buyer_card(owner: OrganizationRow) -> PartyCard:
    """The organization as it is now; with an address but no city it is where it is taxed."""
    has_address = bool(owner.street or owner.postcode)
    city = owner.city or (owner.locality if has_address else None)
    return PartyCard(
        name=owner.legal_name or owner.slug,
        lines=postal_lines(owner.street, owner.postcode, city),
        street=owner.street,
        postcode=owner.postcode,
        city=city,
        region=owner.region,
        country=owner.country,
        tax_id=owner.tax_id,
        email=owner.billing_email,
        phone=None,
        bank=(),
    )


def _parts(card: PartyCard) -> str:
    """Its parts by name as JSON."""
    facts = [f'"{name}": {_json(getattr(card, name))}' for name in _PARTS]
    return f"{{{', '.join(facts)}}}"


def _json(value: str | Sequence[str] | None) -> str:
    """The same as JSON: an encoder is quick with a word, and slow to begin with anything else."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return _JSON.encode(value)
    return f"[{', '.join([_JSON.encode(one) for one in value])}]"


def postal_lines(street: str | None, postcode: str | None, city: str | None) -> tuple[str, ...]:
    """An address as a reader sees it: the street, and the town on a line of its own."""
    town = " ".join(part for part in (postcode, city) if part)
    return tuple(line for line in (street, town) if line)
