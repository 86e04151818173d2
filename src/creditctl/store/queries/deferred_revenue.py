"""Lots of credits and what left them, by posting day: the ledger as finance reads it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class LotRow:
    """A paid grant, with those that it became when organizations were merged."""

    id: int
    public_id: str
    organization_id: int
    organization: str
    source: str
    amount: Credits
    currency: str
    unit_cost: Decimal
    purchase: str | None
    net_minor: int | None
    """Of the purchase that bought it."""

    sold_on: date
    """The posting day of its grant."""

    is_ordered: bool
    """An order form's: an invoice bills it."""


class Left(NamedTuple):
    """Micro-credits that left a lot on a day (0: before the first day asked for)."""

    lot_id: int
    day: int
    where: str
    """`used`, `expired` or `reversed`."""

    product_id: int
    """0 for none."""

    organization_id: int
    micro: int


@dataclass(frozen=True, slots=True)
class GivenRow:
    """Unpaid credits by source and promotion: what happened in [first_day, end_day)."""

    source: str
    promotion: str | None
    given: Credits
    used: Credits
    expired: Credits
    reversed: Credits


@dataclass(frozen=True, slots=True)
class PayersRow:
    """Credits of a product in some days, by who paid; `overage` is what nobody has."""

    product: str
    allowance: Credits
    gifts: Credits
    paid: Credits
    overage: Credits


_LOTS = """
    WITH RECURSIVE lot(grant_id, lot_id) AS (
        SELECT id, id FROM credit_grant WHERE unit_cost IS NOT NULL AND moved_from_id IS NULL
        UNION ALL
        SELECT g.id, l.lot_id FROM credit_grant AS g JOIN lot AS l ON g.moved_from_id = l.grant_id
    )
"""
_WHERE = """
    CASE WHEN e.kind IN ('usage', 'repayment', 'unwind') THEN 'used'
         WHEN e.kind IN ('expiry', 'expiry_reversal') THEN 'expired'
         WHEN e.kind = 'reversal' THEN 'reversed' END
"""
_LEAVING = (
    "('usage', 'repayment', 'unwind', 'expiry', 'expiry_reversal', 'reversal')"  # not transfers
)


_PAID_LOTS = """
    SELECT g.id, g.public_id, o.id, o.slug, g.source, g.amount_micro, g.currency, g.unit_cost,
           p.public_id, p.net_minor, e.posting_day,
           EXISTS (SELECT 1 FROM order_instalment AS n WHERE n.grant_id = g.id)
    FROM credit_grant AS g JOIN organization AS o ON o.id = g.organization_id
         JOIN ledger_entry AS e ON e.grant_id = g.id AND e.kind = 'grant'
         LEFT JOIN purchase AS p ON p.grant_id = g.id
    WHERE g.unit_cost IS NOT NULL AND g.moved_from_id IS NULL
"""
_POSTED_BY = "(e.posting_day < :day OR (e.posting_day = :day AND e.event_at <= :at))"
"""What a closed month moved to a day counts from that day's beginning."""


def paid_lots(unit: UnitOfWork, end_day: date) -> list[LotRow]:
    """Every lot sold before `end_day`, by internal id."""
    return unit.fetch(
        LotRow, f"{_PAID_LOTS} AND e.posting_day < :end_day ORDER BY g.id", end_day=end_day
    )


def lot_of_grant(unit: UnitOfWork, grant_id: int) -> LotRow | None:
    """The lot that a grant is of, itself or what it was moved from; None for what nobody paid."""
    return unit.fetch_one(
        LotRow,
        f"""
        WITH RECURSIVE origin (id, moved_from_id) AS (
            SELECT id, moved_from_id FROM credit_grant WHERE id = :grant_id
            UNION ALL
            SELECT g.id, g.moved_from_id FROM credit_grant AS g
                   JOIN origin AS o ON g.id = o.moved_from_id
        )
        {_PAID_LOTS} AND g.id IN (SELECT id FROM origin)
        """,
        grant_id=grant_id,
    )


def left_of_lot(unit: UnitOfWork, lot_id: int) -> dict[str, int]:
    """Micro-credits that left one lot by now: `used`, `expired` and `reversed`."""
    rows = unit.fetch_rows(
        f"""
        WITH RECURSIVE lot (grant_id) AS (
            SELECT CAST(:lot_id AS BIGINT)
            UNION ALL
            SELECT g.id FROM credit_grant AS g JOIN lot AS l ON g.moved_from_id = l.grant_id
        )
        SELECT {_WHERE}, -SUM(e.amount_micro)
        FROM lot AS l JOIN ledger_entry AS e ON e.grant_id = l.grant_id
        WHERE e.kind IN {_LEAVING} GROUP BY 1
        """,
        lot_id=lot_id,
    )
    return {str(where): int(micro) for where, micro in rows}


def paid_lots_at(unit: UnitOfWork, at: datetime) -> list[LotRow]:
    """Every lot sold until that instant, by internal id."""
    return unit.fetch(LotRow, f"{_PAID_LOTS} AND {_POSTED_BY} ORDER BY g.id", day=at.date(), at=at)


def credits_left(unit: UnitOfWork, first_day: date, end_day: date) -> Iterator[Left]:
    """What left paid lots before `end_day`, by day from `first_day` on and in one sum before it."""
    rows = unit.fetch_rows(
        f"""
        {_LOTS}
        SELECT l.lot_id, CASE WHEN e.posting_day < :first_day THEN 0 ELSE e.posting_day END,
               {_WHERE}, COALESCE(e.product_id, 0), e.organization_id, -SUM(e.amount_micro)
        FROM lot AS l JOIN ledger_entry AS e ON e.grant_id = l.grant_id
        WHERE e.kind IN {_LEAVING} AND e.posting_day < :end_day
        GROUP BY 1, 2, 3, 4, 5
        """,
        first_day=first_day,
        end_day=end_day,
    )
    for lot_id, day, where, product_id, organization_id, micro in rows:
        yield Left(lot_id, day, where, product_id, organization_id, int(micro))


def credits_left_by(unit: UnitOfWork, at: datetime) -> Iterator[tuple[int, str, int]]:
    """What left paid lots until that instant: lot, `used`, `expired` or `reversed`, and micro."""
    rows = unit.fetch_rows(
        f"""
        {_LOTS}
        SELECT l.lot_id, {_WHERE}, -SUM(e.amount_micro)
        FROM lot AS l JOIN ledger_entry AS e ON e.grant_id = l.grant_id
        WHERE e.kind IN {_LEAVING} AND {_POSTED_BY}
        GROUP BY 1, 2
        """,
        day=at.date(),
        at=at,
    )
    for lot_id, where, micro in rows:
        yield int(lot_id), str(where), int(micro)


def gifts_between(unit: UnitOfWork, first_day: date, end_day: date) -> list[GivenRow]:
    """What was given away and what became of it; allowances of subscriptions are not gifts."""
    return unit.fetch(
        GivenRow,
        f"""
        SELECT source, promotion, SUM(given), SUM(used), SUM(expired), SUM(reversed)
        FROM (
            SELECT g.source, g.promotion,
                   CASE WHEN e.kind = 'grant' THEN e.amount_micro ELSE 0 END AS given,
                   CASE WHEN {_WHERE} = 'used' THEN -e.amount_micro ELSE 0 END AS used,
                   CASE WHEN {_WHERE} = 'expired' THEN -e.amount_micro ELSE 0 END AS expired,
                   CASE WHEN e.kind = 'reversal' THEN -e.amount_micro ELSE 0 END AS reversed
            FROM ledger_entry AS e JOIN credit_grant AS g ON g.id = e.grant_id
            WHERE g.unit_cost IS NULL AND g.source <> 'subscription'
              AND (e.kind IN {_LEAVING} OR (e.kind = 'grant' AND g.moved_from_id IS NULL))
              AND e.posting_day >= :first_day AND e.posting_day < :end_day
        ) AS moved
        GROUP BY source, promotion ORDER BY source, promotion
        """,
        first_day=first_day,
        end_day=end_day,
    )


def product_names(unit: UnitOfWork) -> dict[int, str]:
    """Every product's name, by internal id."""
    return {int(key): str(name) for key, name in unit.fetch_rows("SELECT id, name FROM product")}


def payers_between(unit: UnitOfWork, first_day: date, end_day: date) -> list[PayersRow]:
    """Who paid what was posted in [first_day, end_day), by product.

    A settlement takes from overage what a grant paid, or what was waived; an invoice bills what is
    left, which stays overage.
    """
    return unit.fetch(
        PayersRow,
        """
        SELECT COALESCE(p.name, ''),
               SUM(CASE WHEN m.payer = 'subscription' THEN m.micro ELSE 0 END),
               SUM(CASE WHEN m.payer IN ('gift', 'waived') THEN m.micro ELSE 0 END),
               SUM(CASE WHEN m.payer = 'paid' THEN m.micro ELSE 0 END),
               SUM(CASE WHEN m.payer = 'overage' THEN m.micro
                        WHEN m.settles THEN -m.micro ELSE 0 END)
        FROM (
            SELECT e.product_id, e.settles_id IS NOT NULL AS settles,
                   CASE WHEN e.grant_id IS NULL AND e.settles_id IS NOT NULL THEN 'waived'
                        WHEN e.grant_id IS NULL THEN 'overage'
                        WHEN g.source = 'subscription' THEN 'subscription'
                        WHEN g.unit_cost IS NULL THEN 'gift' ELSE 'paid' END AS payer,
                   CASE WHEN e.grant_id IS NULL AND e.settles_id IS NOT NULL THEN e.amount_micro
                        ELSE -e.amount_micro END AS micro
            FROM ledger_entry AS e LEFT JOIN credit_grant AS g ON g.id = e.grant_id
            WHERE e.kind IN ('usage', 'overage', 'repayment', 'waiver', 'unwind')
              AND e.invoice_id IS NULL
              AND e.posting_day >= :first_day AND e.posting_day < :end_day
        ) AS m LEFT JOIN product AS p ON p.id = m.product_id
        GROUP BY 1 ORDER BY 1
        """,
        first_day=first_day,
        end_day=end_day,
    )
