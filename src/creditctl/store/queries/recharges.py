"""Auto-recharge of organizations, and what it bought."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork

_SELECT = """
    SELECT r.id, r.public_id, r.organization_id, o.slug, r.below_micro, r.up_to_micro, r.cap_minor,
           r.currency, r.method_id, m.public_id, m.provider, m.expires, m.removed_at,
           r.cool_down_seconds, r.state, r.state_reason, r.state_at, r.state_by, r.declines,
           r.next_try_at, r.last_at, r.crossings, r.purchase_id, p.public_id, r.capped_month
    FROM recharge AS r JOIN organization AS o ON o.id = r.organization_id
         JOIN payment_method AS m ON m.id = r.method_id
         LEFT JOIN purchase AS p ON p.id = r.purchase_id
"""


@dataclass(frozen=True, slots=True)
class RechargeRow:
    """An organization's auto-recharge with its payment method."""

    id: int
    public_id: str
    organization_id: int
    organization: str
    below: Credits
    up_to: Credits
    cap_minor: int
    currency: str
    method_id: int
    method: str
    provider: str
    method_expires: str | None
    method_removed_at: datetime | None
    cool_down_seconds: int
    state: str
    state_reason: str
    state_at: datetime
    state_by: str
    declines: int
    next_try_at: datetime | None
    last_at: datetime | None
    crossings: int
    purchase_id: int | None
    purchase: str | None
    capped_month: str | None


def insert_recharge(unit: UnitOfWork, **columns: Any) -> int:
    """Insert one that has bought nothing yet; returns its internal id."""
    return unit.insert("recharge", declines=0, crossings=0, **columns)


def update_recharge(unit: UnitOfWork, recharge_id: int, **columns: Any) -> None:
    """Change the columns that are given; the organization is locked."""
    assigned = ", ".join(f"{name} = :{name}" for name in columns)
    unit.run(f"UPDATE recharge SET {assigned} WHERE id = :id", id=recharge_id, **columns)


def recharge_of(unit: UnitOfWork, organization_id: int) -> RechargeRow | None:
    """The organization's auto-recharge, or None."""
    return unit.fetch_one(
        RechargeRow, f"{_SELECT} WHERE r.organization_id = :id", id=organization_id
    )


def recharges(unit: UnitOfWork) -> list[RechargeRow]:
    """Every organization's auto-recharge, by slug."""
    return unit.fetch(RechargeRow, f"{_SELECT} ORDER BY o.slug")


def recharges_at_work(unit: UnitOfWork) -> list[RechargeRow]:
    """Those that may buy, and those whose last purchase is still open, by slug."""
    return unit.fetch(
        RechargeRow,
        f"{_SELECT} WHERE r.state = 'active' OR r.purchase_id IS NOT NULL ORDER BY o.slug",
    )


def recharged_between(
    unit: UnitOfWork, organization_id: int, currency: str, since: datetime, until: datetime
) -> int:
    """What auto-recharge bought in [since, until), open purchases too, in minor units with tax."""
    return int(
        unit.fetch_value(
            """
            SELECT COALESCE(SUM(gross_minor), 0) FROM purchase
            WHERE organization_id = :organization_id AND source = 'auto_recharge'
              AND currency = :currency AND status <> 'void'
              AND created_at >= :since AND created_at < :until
            """,
            organization_id=organization_id,
            currency=currency,
            since=since,
            until=until,
        )
    )


def charged_back_since(unit: UnitOfWork, organization_id: int, since: datetime) -> str | None:
    """A payment of an auto-recharge that was charged back after `since`, or None."""
    found = unit.fetch_value(
        """
        SELECT y.public_id FROM payment AS y JOIN purchase AS p ON p.id = y.purchase_id
        WHERE p.organization_id = :organization_id AND p.source = 'auto_recharge'
          AND y.status = 'charged_back' AND y.answered_at > :since
        ORDER BY y.id LIMIT 1
        """,
        organization_id=organization_id,
        since=since,
    )
    return None if found is None else str(found)


UNATTENDED = """
    SELECT p.public_id, 'an auto-recharge of ' || o.slug || ' is open, and nothing waits for it'
    FROM purchase AS p JOIN organization AS o ON o.id = p.organization_id
         LEFT JOIN recharge AS r ON r.purchase_id = p.id
                                AND r.organization_id = p.organization_id
    WHERE p.source = 'auto_recharge' AND p.status = 'pending' AND r.id IS NULL
"""
"""At most one is open for an organization: a recharge waits for one, and the index is unique."""

PURCHASED_OTHERWISE = """
    SELECT r.public_id, 'counts ' || r.crossings || ' purchases, there are ' || COUNT(p.id)
    FROM recharge AS r LEFT JOIN purchase AS p
         ON p.organization_id = r.organization_id AND p.source = 'auto_recharge'
    GROUP BY r.id, r.public_id, r.crossings HAVING r.crossings <> COUNT(p.id)
"""
"""Each crossing bought once."""
