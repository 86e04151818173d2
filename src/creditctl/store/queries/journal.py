"""What a journal is made of, beside lots: purchases with their taxes, and credits by account."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class SoldRow:
    """A paid purchase, with one of its taxes; a purchase without any has empty words for it."""

    posted_on: date
    """The posting day of its grant."""

    purchase: str
    receipt: str
    organization: str
    source: str
    currency: str
    net_minor: int
    gross_minor: int
    place: str
    tax: str
    tax_minor: int


class CreditMovement(NamedTuple):
    """Micro-credits of an organization and source by kind, on a day (0: before the first day)."""

    day: int
    kind: str
    organization: str
    source: str
    """Of the grant, or `overage`."""

    settles: bool
    invoiced: bool
    """Settled by an invoice, or reopened by its void."""

    micro: int


def sold_before(unit: UnitOfWork, first_day: date, end_day: date) -> list[SoldRow]:
    """Purchases posted in [first_day, end_day), in the order in which they were paid."""
    return unit.fetch(
        SoldRow,
        """
        SELECT e.posting_day, p.public_id, p.receipt_number, o.slug, p.source, p.currency,
               p.net_minor, p.gross_minor,
               COALESCE(t.country || CASE WHEN t.region IS NULL THEN '' ELSE '-' || t.region END,
                        ''),
               COALESCE(t.name, ''), COALESCE(t.tax_minor, 0)
        FROM purchase AS p JOIN organization AS o ON o.id = p.organization_id
             JOIN ledger_entry AS e ON e.grant_id = p.grant_id AND e.kind = 'grant'
             LEFT JOIN purchase_tax AS t ON t.purchase_id = p.id
        WHERE p.status = 'paid' AND e.posting_day >= :first_day AND e.posting_day < :end_day
        ORDER BY p.paid_at, p.id, t.position
        """,
        first_day=first_day,
        end_day=end_day,
    )


def credits_moved(unit: UnitOfWork, first_day: date, end_day: date) -> list[CreditMovement]:
    """Every movement of credits posted before `end_day`, by day from `first_day` on."""
    rows = unit.fetch_rows(
        """
        SELECT CASE WHEN e.posting_day < :first_day THEN 0 ELSE e.posting_day END, e.kind, o.slug,
               COALESCE(g.source, 'overage'),
               CASE WHEN e.settles_id IS NULL THEN 0 ELSE 1 END,
               CASE WHEN e.invoice_id IS NULL THEN 0 ELSE 1 END, SUM(e.amount_micro)
        FROM ledger_entry AS e JOIN organization AS o ON o.id = e.organization_id
             LEFT JOIN credit_grant AS g ON g.id = e.grant_id
        WHERE e.posting_day < :end_day
        GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
        """,
        first_day=first_day,
        end_day=end_day,
    )
    return [
        CreditMovement(day, kind, organization, source, bool(settles), bool(invoiced), int(micro))
        for day, kind, organization, source, settles, invoiced, micro in rows
    ]
