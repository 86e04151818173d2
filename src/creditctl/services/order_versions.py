"""Versions of an order form: how one takes over from another, and what stays of one that ends."""

from collections.abc import Sequence
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.order_pricing import staying
from creditctl.rules.units import Credits, Money
from creditctl.services.audit import record_change
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.order_instalments import (
    InstalmentRow,
    drop_instalments,
    instalments_of,
)
from creditctl.store.queries.orders import (
    OrderLineRow,
    OrderRow,
    earlier_versions,
    end_order,
    lines_of,
    list_order_rows,
)

OPEN = ("draft", "signed", "active")
NO_REFUND = "there are no refunds: what was delivered is billed, what was billed is delivered"


def booked_from(unit: UnitOfWork, versions: Sequence[OrderRow], day: datetime) -> int:
    """How many instalments of these versions were booked for that day or a later one."""
    return sum(
        part.state == "booked" and part.due_at >= day
        for version in versions
        for part in instalments_of(unit, version.id)
    )


def take_over(unit: UnitOfWork, context: Context, order: OrderRow, reason: str) -> None:
    """End the versions that this one amends: what they have not delivered, it replaces.

    Raises Conflict where one of them delivered, since this one was drafted, for a day that this
    one delivers for as well: both would.
    """
    before = earlier_versions(unit, order)
    first_day = min(part.due_at for part in instalments_of(unit, order.id))
    if booked_from(unit, before, first_day) > order.known_deliveries:
        raise Conflict(
            f"an earlier version delivered for {first_day:%Y-%m-%d} or later since this one was"
            f" drafted, and {order.public_id} would deliver for the same time again",
            hint="cancel it, and amend what is in force from a later day on",
        )
    for version in before:
        if version.status not in ("signed", "active", "completed"):
            return
        end_version(unit, context, version, "superseded", reason)


def end_version(
    unit: UnitOfWork,
    context: Context,
    order: OrderRow,
    status: str,
    reason: str,
    *,
    is_final: bool = False,
) -> Credits:
    """The step: cancelled or superseded; returns the credits that will never be delivered.

    What was delivered is still billed and what was billed is still delivered. Raises Conflict
    where a line is in between, unless the end `is_final`: then nothing more is delivered.
    """
    dropped: list[InstalmentRow] = []
    parts = instalments_of(unit, order.id)
    for line in lines_of(unit, order.id):
        of_line = [part for part in parts if part.line_id == line.id]
        dropped += _dropped(order, line, of_line, is_final=is_final)
    drop_instalments(unit, [part.id for part in dropped])
    end_order(unit, order.id, status, context.now)
    credits = Credits(sum(part.amount.micro for part in dropped))
    record_change(
        unit,
        context,
        f"order.{status}",
        order.public_id,
        organization_id=order.organization_id,
        reason=reason,
        before={"status": order.status},
        after={"status": status, "instalments_dropped": len(dropped), "credits": credits},
    )
    return credits


def end_open_orders(unit: UnitOfWork, context: Context, organization_id: int, reason: str) -> None:
    """Cancel every order form of an organization that is closed; nothing is delivered to it."""
    for order in list_order_rows(unit, organization_id):
        if order.status in OPEN:
            end_version(unit, context, order, "cancelled", reason, is_final=True)


def _dropped(
    order: OrderRow, line: OrderLineRow, parts: Sequence[InstalmentRow], *, is_final: bool
) -> list[InstalmentRow]:
    planned = [part for part in parts if part.state == "planned"]
    booked = [part for part in parts if part.state == "booked"]
    stay = staying(
        line.price_minor,
        line.amount.micro,
        [(part.amount.micro, part.amount_minor) for part in booked],
        [(part.amount.micro, part.amount_minor) for part in planned],
    )
    if is_final:
        stay = frozenset(i for i in stay or () if not planned[i].amount)
    if stay is None:
        delivered = Credits(sum(part.amount.micro for part in booked))
        billed = Money(sum(part.amount_minor for part in booked), order.currency)
        raise Conflict(
            f"line {line.number} of {order.public_id} delivered {delivered} of {line.amount}"
            f" credits and billed {billed} of {Money(line.price_minor, order.currency)}",
            hint=NO_REFUND,
        )
    return [part for i, part in enumerate(planned) if i not in stay]
