"""Credit grants: insert, list in burn-down order, draw, expire."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork

PAID_SOURCES = ("purchase", "auto_recharge", "order_form")
"""Sources whose credits were bought; only these repay open overage (DESIGN 3.3)."""


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant with its product's name."""

    id: int
    public_id: str
    source: str
    amount: Credits
    remaining: Credits
    expired: Credits
    product_id: int | None
    product: str | None
    priority: int
    effective_at: datetime
    expires_at: datetime | None
    unit_cost: Decimal | None
    currency: str | None
    promotion: str | None
    created_at: datetime


_SELECT = """
    SELECT g.id, g.public_id, g.source, g.amount_micro, g.remaining_micro, g.expired_micro,
           g.product_id, p.name, g.priority, g.effective_at, g.expires_at, g.unit_cost,
           g.currency, g.promotion, g.created_at
    FROM credit_grant AS g LEFT JOIN product AS p ON p.id = g.product_id
"""


def grants_of(unit: UnitOfWork, organization_id: int) -> list[GrantRow]:
    """Every grant of the organization, oldest first."""
    return unit.fetch(
        GrantRow,
        f"{_SELECT} WHERE g.organization_id = :organization_id ORDER BY g.id",
        organization_id=organization_id,
    )


def grant_by_id(unit: UnitOfWork, grant_id: int) -> GrantRow:
    """The grant with that internal id, which exists."""
    found = unit.fetch_one(GrantRow, f"{_SELECT} WHERE g.id = :id", id=grant_id)
    if found is None:
        raise LookupError(f"grant {grant_id}")
    return found


def granted_in_total(unit: UnitOfWork, organization_id: int) -> Credits:
    """All credits the organization was ever granted."""
    total = unit.fetch_value(
        "SELECT COALESCE(SUM(amount_micro), 0) FROM credit_grant WHERE organization_id = :id",
        id=organization_id,
    )
    return Credits(int(total))


def insert_grant(unit: UnitOfWork, **columns: object) -> int:
    """Insert a grant nobody has drawn from; returns its internal id."""
    amount = columns["amount_micro"]
    return unit.insert("credit_grant", remaining_micro=amount, expired_micro=0, **columns)


def draw(unit: UnitOfWork, grant_id: int, amount: Credits, reclaimed: Credits) -> bool:
    """Take `amount` from what remains plus `reclaimed` from what had expired.

    False, and nothing changed, when the grant does not hold that much any more.
    """
    changed = unit.run(
        """
        UPDATE credit_grant
        SET remaining_micro = remaining_micro + :reclaimed - :amount,
            expired_micro = expired_micro - :reclaimed
        WHERE id = :id AND remaining_micro + :reclaimed >= :amount AND expired_micro >= :reclaimed
        """,
        id=grant_id,
        amount=amount,
        reclaimed=reclaimed,
    )
    return changed == 1


def expire(unit: UnitOfWork, grant_id: int, amount: Credits) -> bool:
    """Move all that remains to what has expired; False when that is not `amount` any more."""
    changed = unit.run(
        """
        UPDATE credit_grant
        SET expired_micro = expired_micro + remaining_micro, remaining_micro = 0
        WHERE id = :id AND remaining_micro = :amount
        """,
        id=grant_id,
        amount=amount,
    )
    return changed == 1


@dataclass(frozen=True, slots=True)
class DueExpiry:
    """A grant past its grace that still holds credits."""

    id: int
    public_id: str
    organization_id: int
    remaining: Credits
    product_id: int | None
    expires_at: datetime


def due_expiries(unit: UnitOfWork, expired_before: datetime) -> list[DueExpiry]:
    """Grants that ended at or before that time and still hold credits, by organization."""
    return unit.fetch(
        DueExpiry,
        """
        SELECT id, public_id, organization_id, remaining_micro, product_id, expires_at
        FROM credit_grant
        WHERE expires_at <= :expired_before AND remaining_micro > 0
        ORDER BY organization_id, id
        """,
        expired_before=expired_before,
    )


def allowance_of(
    unit: UnitOfWork, subscription_id: int, period_starts_at: datetime
) -> tuple[Credits, Credits]:
    """The period's allowance and what remains of it; zeros when it was not granted."""
    rows = unit.fetch_rows(
        """
        SELECT amount_micro, remaining_micro FROM credit_grant
        WHERE subscription_id = :subscription_id AND period_starts_at = :period_starts_at
        """,
        subscription_id=subscription_id,
        period_starts_at=period_starts_at,
    )
    granted, remaining = rows[0] if rows else (0, 0)
    return Credits(granted), Credits(remaining)


def debtors_with_paid_grants(unit: UnitOfWork, at: datetime) -> list[int]:
    """Organizations with open overage and a live grant that was paid for, in id order."""
    sources = ", ".join(f"'{source}'" for source in PAID_SOURCES)
    rows = unit.fetch_rows(
        f"""
        SELECT DISTINCT g.organization_id
        FROM credit_grant AS g JOIN ledger_entry AS o ON o.organization_id = g.organization_id
        WHERE g.source IN ({sources}) AND g.remaining_micro > 0 AND g.effective_at <= :at
          AND (g.expires_at IS NULL OR g.expires_at > :at)
          AND (g.product_id IS NULL OR g.product_id = o.product_id)
          AND o.kind = 'overage' AND o.overage_reason <> 'postpaid'
          AND o.amount_micro < COALESCE((
              SELECT SUM(r.amount_micro) FROM ledger_entry AS r WHERE r.settles_id = o.id
          ), 0)
        ORDER BY 1
        """,
        at=at,
    )
    return [int(organization_id) for (organization_id,) in rows]
