"""An order form as a document: what both sides sign."""

from datetime import date

from creditctl.context import Context
from creditctl.documents.document import Appendix, Document, Kind, Row
from creditctl.rules.units import Credits, Money
from creditctl.services.document_parties import buyer_now, seller_at
from creditctl.services.orders import OrderCard, OrderInstalment, OrderLine, show_order
from creditctl.store.engine import reading
from creditctl.store.queries.orgs import find_organization


def order_document(context: Context, order: str) -> Document:
    """The order form with its lines, instalments, terms and signature; raises NotFound.

    The seller is the one of the catalog when it was drafted, the buyer the organization as it is.
    """
    card = show_order(context, order)
    with reading(context.database) as unit:
        seller = seller_at(unit, card.created_at)
        buyer = buyer_now(find_organization(unit, card.organization))
    drafted = card.created_at.date()
    is_draft = card.status == "draft"
    return Document(
        kind=Kind.ORDER_FORM,
        number=None if is_draft else card.id,
        issued_on=drafted,
        dated=card.signed_on or drafted,
        seller=seller,
        buyer=buyer,
        currency=card.price.currency,
        references=tuple(_references(card)),
        rows=tuple(_row(line) for line in card.lines),
        total=card.price,
        appendices=_instalments(card),
        terms=card.terms,
        signer=card.signer,
        signed_on=card.signed_on,
    )


def _references(card: OrderCard) -> list[tuple[str, str]]:
    found = [("order", card.id)] if card.status == "draft" else []
    found += [("version", str(card.version))]
    found += [("corrects", card.supersedes)] if card.supersedes else []
    found += [("po_number", card.po_number)] if card.po_number else []
    return found


def _row(line: OrderLine) -> Row:
    """The line in words, as the house's other lines are: in English."""
    words = ["API credits"]
    words += [f"for {line.product} only"] if line.product else []
    words += [f"from {line.starts_on}"]
    words += [f"expiry {line.expiry}"] if line.expiry else ["no expiry"]
    words += [f"{line.discount}% off the list price"] if line.discount else []
    return Row(
        description=", ".join(words),
        quantity=line.credits,
        unit_price=line.unit_price,
        amount=line.price,
        kind="credits_sold",
    )


def _instalments(card: OrderCard) -> tuple[Appendix, ...]:
    if len(card.instalments) <= len(card.lines):
        return ()  # delivered and billed at once: the lines say it
    columns = [name for name, shown in _columns(card).items() if shown]
    rows = tuple(tuple(_cell(part, name) for name in columns) for part in card.instalments)
    return (Appendix(title="instalments", columns=tuple(columns), rows=rows),)


def _columns(card: OrderCard) -> dict[str, bool]:
    """Each column and whether it says anything."""
    return {
        "day": True,
        "line": len(card.lines) > 1,
        "credits": True,
        "amount": True,
        "expires": any(part.expires_at for part in card.instalments),
    }


def _cell(part: OrderInstalment, column: str) -> str | date | Money | Credits | None:
    cells: dict[str, str | date | Money | Credits | None] = {
        "day": part.due_on,
        "line": str(part.line),
        "credits": part.credits,
        "amount": part.amount,
        "expires": part.expires_on,
    }
    return cells[column]
