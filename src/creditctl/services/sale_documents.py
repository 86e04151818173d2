"""What a document says of its parties: kept as they stood when it was made."""

import json

from creditctl.services.sale_terms import SellerCard
from creditctl.store.queries.orgs import OrganizationRow


def sale_document(card: SellerCard | None, owner: OrganizationRow, notice: str | None) -> str:
    """Seller, buyer and notice as JSON, for the receipt or the invoice."""
    parties = {"seller": seller_lines(card), "buyer": buyer_lines(owner), "notice": notice}
    return json.dumps(parties, ensure_ascii=False)


def seller_lines(card: SellerCard | None) -> list[str]:
    """The seller as a document names it, line by line."""
    if card is None:
        return []
    place = " ".join(part for part in (card.country, card.region) if part)
    tax_id = f"Tax id {card.tax_id}" if card.tax_id else ""
    return [line for line in (card.legal_name, *card.address, place, tax_id, card.email) if line]


def buyer_lines(owner: OrganizationRow) -> list[str]:
    """The buyer as a document names it, line by line."""
    place = " ".join(part for part in (owner.country, owner.region) if part)
    lines = [owner.legal_name or owner.slug, owner.billing_email, place]
    if owner.tax_id:
        lines.append(f"Tax id {owner.tax_id}")
    return [line for line in lines if line]
