"""Instalments of order forms: insert, list, book once, drop."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from creditctl.rules.order_forms import Instalment
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.due_instalments import DUE


@dataclass(frozen=True, slots=True)
class InstalmentRow:
    """An instalment with the number of its line, of how many it is, and the id of its grant."""

    id: int
    line_id: int
    line: int
    number: int
    of: int
    due_at: datetime
    amount: Credits
    amount_minor: int
    expires_at: datetime | None
    state: str
    grant: str | None
    booked_at: datetime | None


@dataclass(frozen=True, slots=True)
class DueRow:
    """An instalment whose time has come, with what its grant takes from the line and the form."""

    id: int
    order_id: int
    order: str
    line: int
    number: int
    of: int
    due_at: datetime
    amount: Credits
    amount_minor: int
    expires_at: datetime | None
    product_id: int | None
    unit_price: Decimal
    currency: str


_OF = "(SELECT COUNT(*) FROM order_instalment AS a WHERE a.line_id = i.line_id)"


def insert_instalments(unit: UnitOfWork, line_id: int, planned: Iterable[Instalment]) -> None:
    """Insert a line's instalments, none of them booked."""
    unit.run_many(
        """
        INSERT INTO order_instalment
            (line_id, number, due_at, credits_micro, amount_minor, expires_at, state)
        VALUES (:line_id, :number, :due_at, :credits, :amount, :expires_at, 'planned')
        """,
        [
            {
                "line_id": line_id,
                "number": number,
                "due_at": part.due_at,
                "credits": part.credits,
                "amount": part.amount.minor,
                "expires_at": part.expires_at,
            }
            for number, part in enumerate(planned, start=1)
        ],
    )


def instalments_of(unit: UnitOfWork, order_id: int) -> list[InstalmentRow]:
    """Every instalment of the order form, by line and number."""
    return unit.fetch(
        InstalmentRow,
        f"""
        SELECT i.id, i.line_id, l.number, i.number, {_OF}, i.due_at, i.credits_micro,
               i.amount_minor, i.expires_at, i.state, g.public_id, i.booked_at
        FROM order_instalment AS i JOIN order_line AS l ON l.id = i.line_id
             LEFT JOIN credit_grant AS g ON g.id = i.grant_id
        WHERE l.order_id = :order_id ORDER BY l.number, i.number
        """,
        order_id=order_id,
    )


def due_instalments(unit: UnitOfWork, organization_id: int, now: datetime) -> list[DueRow]:
    """The organization's instalments whose time has come, in its order."""
    return unit.fetch(
        DueRow,
        f"""
        SELECT i.id, f.id, f.public_id, l.number, i.number, {_OF}, i.due_at, i.credits_micro,
               i.amount_minor, i.expires_at, l.product_id, l.unit_price, f.currency
        {DUE} AND f.organization_id = :organization_id ORDER BY i.due_at, i.id
        """,
        organization_id=organization_id,
        now=now,
    )


def book_instalment(
    unit: UnitOfWork, instalment_id: int, grant_id: int | None, at: datetime
) -> None:
    """Mark it as delivered and billed; its organization is locked.

    Raises AssertionError when somebody booked or dropped it meanwhile: only a bug can.
    """
    changed = unit.run(
        """
        UPDATE order_instalment SET state = 'booked', grant_id = :grant_id, booked_at = :at
        WHERE id = :id AND state = 'planned'
        """,
        id=instalment_id,
        grant_id=grant_id,
        at=at,
    )
    if changed != 1:
        raise AssertionError(f"instalment {instalment_id} was booked by another, though locked")


def drop_instalments(unit: UnitOfWork, instalment_ids: Iterable[int]) -> None:
    """Never book these."""
    unit.run_many(
        "UPDATE order_instalment SET state = 'dropped' WHERE id = :id",
        [{"id": instalment_id} for instalment_id in instalment_ids],
    )


def orders_delivered_in_full(unit: UnitOfWork, organization_id: int) -> list[tuple[int, str]]:
    """Active order forms of the organization with nothing planned: internal and public id."""
    rows = unit.fetch_rows(
        """
        SELECT f.id, f.public_id FROM order_form AS f
        WHERE f.organization_id = :organization_id AND f.status = 'active'
          AND NOT EXISTS (SELECT 1 FROM order_instalment AS i JOIN order_line AS l
                               ON l.id = i.line_id
                          WHERE l.order_id = f.id AND i.state = 'planned')
        ORDER BY f.id
        """,
        organization_id=organization_id,
    )
    return [(int(order_id), str(public_id)) for order_id, public_id in rows]
