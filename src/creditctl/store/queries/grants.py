"""Credit grants: insert, list in burn-down order, draw, expire."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from creditctl.errors import GrantNotFound
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.due_work import ENDED, UNQUIET, is_due
from creditctl.store.queries.ledger import SETTLED

PAID_SOURCES = ("purchase", "auto_recharge", "order_form")
"""Sources whose credits were bought; only these repay open overage (DESIGN 3.3)."""


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant with its product's name."""

    id: int
    public_id: str
    organization_id: int
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
    subscription_id: int | None
    period_starts_at: datetime | None
    rolled_from_id: int | None
    reversed_at: datetime | None
    held: Credits = NO_CREDITS
    """What open holds reserve of what remains."""

    @property
    def available(self) -> Credits:
        """What may be drawn: held credits belong to their holds."""
        return self.remaining - self.held


_SELECT = """
    SELECT g.id, g.public_id, g.organization_id, g.source, g.amount_micro, g.remaining_micro,
           g.expired_micro, g.product_id, p.name, g.priority, g.effective_at, g.expires_at,
           g.unit_cost, g.currency, g.promotion, g.created_at, g.subscription_id,
           g.period_starts_at, g.rolled_from_id, g.reversed_at, g.held_micro
    FROM credit_grant AS g LEFT JOIN product AS p ON p.id = g.product_id
"""


def grants_of_lot(unit: UnitOfWork, grant_id: int) -> list[GrantRow]:
    """The grant, and what it became when organizations were merged, the oldest first."""
    return unit.fetch(
        GrantRow,
        f"""
        WITH RECURSIVE lot (id) AS (
            SELECT CAST(:id AS BIGINT)
            UNION ALL
            SELECT m.id FROM credit_grant AS m JOIN lot AS l ON m.moved_from_id = l.id
        )
        {_SELECT} WHERE g.id IN (SELECT id FROM lot) ORDER BY g.id
        """,
        id=grant_id,
    )


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


def find_grant(unit: UnitOfWork, public_id: str) -> GrantRow:
    """The grant with that public id; raises GrantNotFound."""
    found = unit.fetch_one(GrantRow, f"{_SELECT} WHERE g.public_id = :id", id=public_id)
    if found is None:
        raise GrantNotFound(f"there is no grant {public_id!r}")
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
    return unit.insert(
        "credit_grant", remaining_micro=amount, expired_micro=0, held_micro=0, **columns
    )


def adjust(
    unit: UnitOfWork, grant_id: int, *, remaining: Credits, expired: Credits = NO_CREDITS
) -> None:
    """Add to what remains and to what has expired; its organization is locked.

    That the grant has that much beside what is held is a constraint of its table: only a bug can
    break it. Where nobody waits for counts that has to do.
    """
    changed = unit.run(
        """
        UPDATE credit_grant
        SET remaining_micro = remaining_micro + :remaining,
            expired_micro = expired_micro + :expired
        WHERE id = :id
        """,
        id=grant_id,
        remaining=remaining,
        expired=expired,
    )
    if unit.dialect == "sqlite" and changed != 1:
        raise AssertionError(f"grant {grant_id} is not there, though locked")


def end_grant(unit: UnitOfWork, grant_id: int, at: datetime) -> None:
    """Bring its end forward to that time."""
    unit.run("UPDATE credit_grant SET expires_at = :at WHERE id = :id", id=grant_id, at=at)


def mark_reversed(unit: UnitOfWork, grant_id: int, at: datetime) -> None:
    """Mark that what was unused of it has been taken back."""
    unit.run("UPDATE credit_grant SET reversed_at = :at WHERE id = :id", id=grant_id, at=at)


def due_endings(unit: UnitOfWork, expired_before: datetime, organization_id: int) -> list[GrantRow]:
    """The organization's grants with credits left that ended by then, or were reversed.

    What a call holds of them ends with the hold.
    """
    return unit.fetch(
        GrantRow,
        f"""
        {_SELECT}
        WHERE g.remaining_micro > g.held_micro
          AND (g.expires_at <= :expired_before OR g.reversed_at > 0)
          AND g.organization_id = :organization_id
        ORDER BY g.id
        """,
        expired_before=expired_before,
        organization_id=organization_id,
    )


def owners_of_due_endings(
    unit: UnitOfWork, since: datetime | None, expired_before: datetime
) -> list[int]:
    """Organizations with a grant that ended after `since` and by then, or marked ones with any."""
    rows = unit.fetch_rows(
        """
        SELECT organization_id FROM credit_grant
        WHERE remaining_micro > 0 AND expires_at > :since AND expires_at <= :expired_before
        UNION
        SELECT g.organization_id
        FROM limit_mark AS m JOIN credit_grant AS g ON g.organization_id = m.organization_id
        WHERE g.remaining_micro > 0 AND (g.expires_at <= :expired_before OR g.reversed_at > 0)
        ORDER BY 1
        """,
        since=0 if since is None else since,
        expired_before=expired_before,
    )
    return [int(organization_id) for (organization_id,) in rows]


def owners_with_something_due(
    unit: UnitOfWork, now: datetime, expired_before: datetime
) -> set[int]:
    """Organizations with a grant to end, or with a subscription that may grant or end."""
    rows = unit.fetch_rows(
        f"SELECT s.organization_id {UNQUIET} UNION SELECT g.organization_id {ENDED}",
        now=now,
        expired_before=expired_before,
    )
    return {int(organization_id) for (organization_id,) in rows}


def carried_at(unit: UnitOfWork, subscription_id: int, at: datetime) -> Credits:
    """What the subscription carried over that boundary of its periods and has not passed back.

    An heir between two others books only the difference of what it got back and passed on, so the
    reversals of all later grants are added: those among themselves cancel out.
    """
    carried = unit.fetch_value(
        """
        SELECT COALESCE(SUM(micro), 0) FROM (
            SELECT amount_micro AS micro FROM credit_grant
            WHERE subscription_id = :subscription_id AND rolled_from_id IS NOT NULL
              AND effective_at = :at
            UNION ALL
            SELECT e.amount_micro FROM ledger_entry AS e JOIN credit_grant AS g ON g.id = e.grant_id
            WHERE g.subscription_id = :subscription_id AND g.effective_at >= :at
              AND e.kind = 'rollover_reversal'
        ) AS carried
        """,
        subscription_id=subscription_id,
        at=at,
    )
    return Credits(int(carried))


def allowance_of(
    unit: UnitOfWork, subscription_id: int, starts_at: datetime, ends_at: datetime
) -> tuple[Credits, Credits]:
    """What the subscription granted for use in [starts_at, ends_at), and what remains of it."""
    ((granted, remaining),) = unit.fetch_rows(
        """
        SELECT COALESCE(SUM(amount_micro), 0), COALESCE(SUM(remaining_micro), 0)
        FROM credit_grant
        WHERE subscription_id = :subscription_id
          AND effective_at >= :starts_at AND effective_at < :ends_at
        """,
        subscription_id=subscription_id,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    return Credits(int(granted)), Credits(int(remaining))


def debtors_with_paid_grants(unit: UnitOfWork, at: datetime) -> list[int]:
    """Marked organizations with open overage and a live grant that was paid for, in id order."""
    sources = ", ".join(f"'{source}'" for source in PAID_SOURCES)
    rows = unit.fetch_rows(
        f"""
        SELECT DISTINCT g.organization_id
        FROM limit_mark AS m JOIN credit_grant AS g ON g.organization_id = m.organization_id
             JOIN ledger_entry AS o ON o.organization_id = g.organization_id
        WHERE g.source IN ({sources}) AND g.remaining_micro > g.held_micro AND g.effective_at <= :at
          AND (g.expires_at IS NULL OR g.expires_at > :at)
          AND (g.product_id IS NULL OR g.product_id = o.product_id)
          AND o.kind = 'overage' AND o.overage_reason <> 'postpaid'
          AND NOT EXISTS (SELECT 1 FROM ledger_entry AS u WHERE u.reverses_id = o.id)
          AND {SETTLED} < -o.amount_micro
        ORDER BY 1
        """,
        at=at,
    )
    return [int(organization_id) for (organization_id,) in rows]


def payable_grants(unit: UnitOfWork, organization_id: int, at: datetime) -> list[GrantRow]:
    """Grants of which a call of that time may hold or draw something."""
    return unit.fetch(
        GrantRow,
        f"""
        {_SELECT}
        WHERE g.organization_id = :organization_id AND g.remaining_micro > g.held_micro
          AND g.reversed_at IS NULL AND g.effective_at <= :at
          AND (g.expires_at IS NULL OR g.expires_at > :at)
        ORDER BY g.id
        """,
        organization_id=organization_id,
        at=at,
    )


def something_is_due(
    unit: UnitOfWork, organization_id: int, now: datetime, grace: timedelta
) -> bool:
    """Whether anything of the organization may have to be granted or ended by the clock."""
    found = unit.fetch_value(
        f"SELECT 1 WHERE {is_due(':organization_id')}",
        organization_id=organization_id,
        now=now,
        expired_before=now - grace,
    )
    return found is not None
