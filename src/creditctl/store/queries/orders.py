"""Order forms: insert, find, list, sign, and what becomes of them."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from creditctl.errors import NotFound
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order form with its organization's slug and the id of the version it amends."""

    id: int
    public_id: str
    organization_id: int
    organization: str
    version: int
    supersedes_id: int | None
    supersedes: str | None
    known_deliveries: int
    currency: str
    po_number: str | None
    terms: str | None
    status: str
    created_at: datetime
    signer: str | None
    signed_on: date | None
    activated_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderLineRow:
    """A line with its product's name."""

    id: int
    number: int
    amount: Credits
    list_price: Decimal | None
    discount: Decimal | None
    unit_price: Decimal
    price_minor: int
    product_id: int | None
    product: str | None
    starts_on: date
    expiry: str | None


@dataclass(frozen=True, slots=True)
class OrderSumsRow:
    """What an order form sells, what of it was delivered and billed, and what still will be."""

    order_id: int
    amount: Credits
    price_minor: int
    delivered: Credits
    billed_minor: int
    to_deliver: Credits
    to_bill_minor: int
    next_at: datetime | None


_SELECT = """
    SELECT f.id, f.public_id, f.organization_id, o.slug, f.version, f.supersedes_id, p.public_id,
           f.known_deliveries, f.currency, f.po_number, f.terms, f.status, f.created_at, f.signer,
           f.signed_on, f.activated_at, f.ended_at
    FROM order_form AS f JOIN organization AS o ON o.id = f.organization_id
         LEFT JOIN order_form AS p ON p.id = f.supersedes_id
"""


def find_order(unit: UnitOfWork, public_id: str) -> OrderRow:
    """The order form with that public id; raises NotFound."""
    found = unit.fetch_one(OrderRow, f"{_SELECT} WHERE f.public_id = :id", id=public_id)
    if found is None:
        raise NotFound(
            f"there is no order form {public_id!r}",
            hint="'creditctl orders list' shows all of them",
        )
    return found


def order_by_id(unit: UnitOfWork, order_id: int) -> OrderRow:
    """The order form with that internal id, which exists."""
    found = unit.fetch_one(OrderRow, f"{_SELECT} WHERE f.id = :id", id=order_id)
    if found is None:
        raise LookupError(f"order form {order_id}")
    return found


def list_order_rows(
    unit: UnitOfWork, organization_id: int | None = None, status: str | None = None
) -> list[OrderRow]:
    """Those that fit, oldest first."""
    return unit.fetch(
        OrderRow,
        f"""
        {_SELECT}
        WHERE (CAST(:organization_id AS BIGINT) IS NULL OR f.organization_id = :organization_id)
          AND (CAST(:status AS TEXT) IS NULL OR f.status = :status)
        ORDER BY f.id
        """,
        organization_id=organization_id,
        status=status,
    )


def amendment_of(unit: UnitOfWork, order_id: int) -> OrderRow | None:
    """The version that amends it and was not cancelled before it took over, if there is one."""
    return unit.fetch_one(
        OrderRow, f"{_SELECT} WHERE f.supersedes_id = :id AND f.status <> 'cancelled'", id=order_id
    )


def earlier_versions(unit: UnitOfWork, order: OrderRow) -> list[OrderRow]:
    """The versions before it, the latest first."""
    found: list[OrderRow] = []
    before = order.supersedes_id
    while before is not None:
        found.append(order_by_id(unit, before))
        before = found[-1].supersedes_id
    return found


def next_version(unit: UnitOfWork, amended: OrderRow) -> int:
    """The number for a new amendment: cancelled ones keep theirs."""
    highest = unit.fetch_value(
        "SELECT MAX(version) FROM order_form WHERE supersedes_id = :id", id=amended.id
    )
    return max(amended.version, int(highest or 0)) + 1


def lines_of(unit: UnitOfWork, order_id: int) -> list[OrderLineRow]:
    """Its lines, in their order."""
    return unit.fetch(
        OrderLineRow,
        """
        SELECT l.id, l.number, l.credits_micro, l.list_price, l.discount, l.unit_price,
               l.price_minor, l.product_id, p.name, l.starts_on, l.expiry
        FROM order_line AS l LEFT JOIN product AS p ON p.id = l.product_id
        WHERE l.order_id = :order_id ORDER BY l.number
        """,
        order_id=order_id,
    )


def sums_of_orders(unit: UnitOfWork, organization_id: int | None = None) -> dict[int, OrderSumsRow]:
    """What each order form sells and has delivered, of one organization or of all, by its id."""
    rows = unit.fetch(
        OrderSumsRow,
        """
        SELECT l.order_id, SUM(i.credits_micro), SUM(i.amount_minor),
               SUM(CASE WHEN i.state = 'booked' THEN i.credits_micro ELSE 0 END),
               SUM(CASE WHEN i.state = 'booked' THEN i.amount_minor ELSE 0 END),
               SUM(CASE WHEN i.state = 'planned' THEN i.credits_micro ELSE 0 END),
               SUM(CASE WHEN i.state = 'planned' THEN i.amount_minor ELSE 0 END),
               MIN(CASE WHEN i.state = 'planned' THEN i.due_at END)
        FROM order_instalment AS i JOIN order_line AS l ON l.id = i.line_id
             JOIN order_form AS f ON f.id = l.order_id
        WHERE (CAST(:organization_id AS BIGINT) IS NULL OR f.organization_id = :organization_id)
        GROUP BY l.order_id
        """,
        organization_id=organization_id,
    )
    return {row.order_id: row for row in rows}


def insert_order(unit: UnitOfWork, **columns: object) -> int:
    """Insert a draft; returns its internal id."""
    return unit.insert("order_form", status="draft", **columns)


def insert_line(unit: UnitOfWork, **columns: object) -> int:
    """Insert a line of a draft; returns its internal id."""
    return unit.insert("order_line", **columns)


def sign_order(unit: UnitOfWork, order_id: int, signer: str, signed_on: date) -> None:
    """Write the signature: from now on the order form is frozen."""
    unit.run(
        """
        UPDATE order_form SET status = 'signed', signer = :signer, signed_on = :signed_on
        WHERE id = :id
        """,
        id=order_id,
        signer=signer,
        signed_on=signed_on,
    )


def activate_order(unit: UnitOfWork, order_id: int, at: datetime) -> None:
    """Let its instalments be booked from now on."""
    unit.run(
        "UPDATE order_form SET status = 'active', activated_at = :at WHERE id = :id",
        id=order_id,
        at=at,
    )


def end_order(unit: UnitOfWork, order_id: int, status: str, at: datetime) -> None:
    """It is completed, cancelled or superseded."""
    unit.run(
        "UPDATE order_form SET status = :status, ended_at = :at WHERE id = :id",
        id=order_id,
        status=status,
        at=at,
    )


def move_orders(unit: UnitOfWork, from_id: int, to_id: int) -> None:
    """Make all order forms of one organization another's."""
    unit.run(
        "UPDATE order_form SET organization_id = :to_id WHERE organization_id = :from_id",
        from_id=from_id,
        to_id=to_id,
    )
