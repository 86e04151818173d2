"""Order forms as they are: all of them, or one with its lines and instalments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from textwrap import wrap

from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.units import Credits, Money
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.order_instalments import InstalmentRow, instalments_of
from creditctl.store.queries.orders import (
    OrderLineRow,
    OrderRow,
    amendment_of,
    find_order,
    lines_of,
    list_order_rows,
    sums_of_orders,
)
from creditctl.store.queries.orgs import find_organization

STATUSES = ("draft", "signed", "active", "completed", "cancelled", "superseded")
_WIDTH = 76
"""Characters of a line of terms, so that a document fits a terminal of 80."""


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """An order form in a list."""

    id: str
    organization: str
    version: int
    status: str
    credits: Credits
    price: Money
    delivered: Credits
    next_at: datetime | None
    """When the next instalment is due; None where nothing is to come or it is not in force."""

    po_number: str | None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """Credits at a price; `discount` is percent off the list price."""

    number: int
    credits: Credits
    product: str | None
    list_price: Decimal | None
    discount: Decimal | None
    unit_price: Decimal
    price: Money
    starts_on: date
    expiry: str | None
    """A day, or days or months after each delivery; None is never."""


@dataclass(frozen=True, slots=True)
class OrderInstalment:
    """What is delivered and billed at one time; planned, booked or dropped."""

    line: int
    number: int
    due_at: datetime
    credits: Credits
    amount: Money
    expires_at: datetime | None
    state: str
    grant: str | None
    booked_at: datetime | None

    @property
    def due_on(self) -> date:
        """The UTC day at whose beginning it is due."""
        return self.due_at.date()

    @property
    def expires_on(self) -> date | None:
        """The UTC day from which on its credits are worth nothing."""
        return self.expires_at.date() if self.expires_at else None


@dataclass(frozen=True, slots=True)
class TermsLine:
    """A line of the terms, as wide as a screen."""

    text: str


@dataclass(frozen=True, slots=True)
class OrderCard:
    """An order form with all that it says and what became of it."""

    id: str
    organization: str
    version: int
    supersedes: str | None
    superseded_by: str | None
    """The version that amends it; a draft, or the one in force."""

    status: str
    po_number: str | None
    credits: Credits
    price: Money
    delivered: Credits
    billed: Money
    created_at: datetime
    signer: str | None
    signed_on: date | None
    activated_at: datetime | None
    ended_at: datetime | None
    lines: tuple[OrderLine, ...]
    instalments: tuple[OrderInstalment, ...]
    terms: str | None

    @property
    def terms_lines(self) -> tuple[TermsLine, ...]:
        """The terms for a screen: paragraphs kept, long ones broken."""
        paragraphs = (self.terms or "").strip().splitlines()
        return tuple(
            TermsLine(line)
            for paragraph in paragraphs
            for line in wrap(paragraph, _WIDTH, replace_whitespace=False) or [" "]
        )


def list_orders(
    context: Context, organization: str | None = None, *, status: str | None = None
) -> list[OrderSummary]:
    """Order forms, oldest first; raises OrganizationNotFound, InvalidInput for no such status."""
    if status is not None and status not in STATUSES:
        raise InvalidInput(
            f"an order form is never {status!r}", hint=f"known: {', '.join(STATUSES)}"
        )
    with reading(context.database) as unit:
        owner = None if organization is None else find_organization(unit, organization).id
        sums = sums_of_orders(unit, owner)
        return [
            OrderSummary(
                id=row.public_id,
                organization=row.organization,
                version=row.version,
                status=row.status,
                credits=sums[row.id].amount,
                price=Money(sums[row.id].price_minor, row.currency),
                delivered=sums[row.id].delivered,
                next_at=sums[row.id].next_at if row.activated_at else None,
                po_number=row.po_number,
            )
            for row in list_order_rows(unit, owner, status)
        ]


def show_order(context: Context, order: str) -> OrderCard:
    """One order form; raises NotFound."""
    with reading(context.database) as unit:
        return _card(unit, find_order(unit, order))


def _card(unit: UnitOfWork, row: OrderRow) -> OrderCard:
    sums = sums_of_orders(unit, row.organization_id)[row.id]
    amendment = amendment_of(unit, row.id)
    return OrderCard(
        id=row.public_id,
        organization=row.organization,
        version=row.version,
        supersedes=row.supersedes,
        superseded_by=amendment.public_id if amendment else None,
        status=row.status,
        po_number=row.po_number,
        credits=sums.amount,
        price=Money(sums.price_minor, row.currency),
        delivered=sums.delivered,
        billed=Money(sums.billed_minor, row.currency),
        created_at=row.created_at,
        signer=row.signer,
        signed_on=row.signed_on,
        activated_at=row.activated_at,
        ended_at=row.ended_at,
        lines=tuple(_line(line, row.currency) for line in lines_of(unit, row.id)),
        instalments=_instalments(instalments_of(unit, row.id), row.currency),
        terms=row.terms,
    )


def _line(row: OrderLineRow, currency: str) -> OrderLine:
    return OrderLine(
        number=row.number,
        credits=row.amount,
        product=row.product,
        list_price=row.list_price,
        discount=row.discount,
        unit_price=row.unit_price,
        price=Money(row.price_minor, currency),
        starts_on=row.starts_on,
        expiry=row.expiry,
    )


def _instalments(rows: Sequence[InstalmentRow], currency: str) -> tuple[OrderInstalment, ...]:
    return tuple(
        OrderInstalment(
            line=row.line,
            number=row.number,
            due_at=row.due_at,
            credits=row.amount,
            amount=Money(row.amount_minor, currency),
            expires_at=row.expires_at,
            state=row.state,
            grant=row.grant,
            booked_at=row.booked_at,
        )
        for row in rows
    )
