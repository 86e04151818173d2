"""Sellers and buyers as documents name them, from the catalog, the books and what was frozen."""

import re
from collections.abc import Sequence
from datetime import datetime

from creditctl.documents.document import Address, Party
from creditctl.errors import CatalogMissing
from creditctl.services.sale_documents import PartyCard, buyer_card, seller_card
from creditctl.services.sale_terms import sale_terms
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.orgs import OrganizationRow

NOBODY = Party(name="")
"""The catalog had no `[seller]`: the document does not say who sells."""

_TAX_ID = "Tax id "
_PLACE = re.compile(r"(?P<country>[A-Z]{2})( (?P<region>[A-Z0-9]{1,3}))?", re.ASCII)
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>.]+(\.[^@\s<>.]+)+")


def seller_at(unit: UnitOfWork, at: datetime) -> Party:
    """The seller of that time's catalog; nobody where there is none."""
    try:
        card = sale_terms(unit, at).seller_card
    except CatalogMissing:
        return NOBODY
    return NOBODY if card is None else party_from(seller_card(card))


def buyer_now(owner: OrganizationRow) -> Party:
    """The organization as it is now."""
    return party_from(buyer_card(owner))


def frozen(card: PartyCard | None, lines: Sequence[str]) -> Party:
    """A party as it was frozen: in parts, or before these were kept from its lines."""
    return party_of(lines) if card is None else party_from(card)


def party_from(card: PartyCard) -> Party:
    """A party whose address is known in parts."""
    return Party(
        name=card.name,
        lines=card.lines,
        address=Address(
            country=card.country,
            lines=(card.street,) if card.street else (),
            city=card.city,
            postcode=card.postcode,
            region=card.region,
        ),
        tax_id=card.tax_id,
        email=card.email,
        phone=card.phone,
        bank=card.bank,
    )


def party_of(lines: Sequence[str]) -> Party:
    """A party from the lines that a purchase froze: `services.sale_documents` writes them.

    They are name, address, a place such as `US NY`, `Tax id …` and an e-mail address.
    """
    if not lines:
        return NOBODY
    name, *others = lines
    postal: list[str] = []
    address, tax_id, email = Address(), None, None
    for line in others:
        if place := _PLACE.fullmatch(line):
            address = Address(country=place["country"], region=place["region"])
        elif line.startswith(_TAX_ID):
            tax_id = line.removeprefix(_TAX_ID)
        elif _EMAIL.fullmatch(line):
            email = line
        else:
            postal.append(line)
    return Party(name=name, lines=tuple(postal), address=address, tax_id=tax_id, email=email)
