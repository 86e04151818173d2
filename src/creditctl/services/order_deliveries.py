"""Instalments of order forms whose day has come: credits granted, amounts billed, each once."""

from decimal import Decimal

from creditctl.context import Context
from creditctl.errors import CatalogMissing, InvalidInput
from creditctl.rules.order_pricing import delivered_values
from creditctl.rules.quotes import SMALLEST_COST, cost_per_credit, quote_package
from creditctl.rules.tax.assessment import Sale
from creditctl.rules.units import Money, value_of
from creditctl.services.audit import record_change
from creditctl.services.grants import NewGrant, add_grant
from creditctl.services.sale_terms import buyer_of, sale_terms
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoices import mark_drafts_stale_from
from creditctl.store.queries.order_instalments import (
    DueRow,
    book_instalment,
    due_instalments,
    instalments_of,
    orders_delivered_in_full,
)
from creditctl.store.queries.orders import end_order
from creditctl.store.queries.orgs import lock_organizations


def deliver_due_instalments(unit: UnitOfWork, context: Context, organization_id: int) -> int:
    """Book what the organization's active order forms owe it by now; returns how many instalments.

    Also after weeks without cron: each gets its own grant, with its own dates. An order form that
    has nothing left to deliver is completed.
    """
    # The lock comes first: what is read before it may be booked by somebody else meanwhile.
    lock_organizations(unit, [organization_id])
    due = due_instalments(unit, organization_id, context.now)
    for instalment in due:
        _book(unit, context, organization_id, instalment)
    if due:
        complete_orders(unit, context, organization_id)
    return len(due)


def complete_orders(unit: UnitOfWork, context: Context, organization_id: int) -> None:
    """The step: active order forms that have nothing left to deliver or bill are completed."""
    for order_id, public_id in orders_delivered_in_full(unit, organization_id):
        end_order(unit, order_id, "completed", context.now)
        record_change(unit, context, "order.completed", public_id, organization_id=organization_id)


def _book(unit: UnitOfWork, context: Context, organization_id: int, due: DueRow) -> None:
    grant_id, grant = None, None
    if due.amount:
        cost = _unit_cost(unit, organization_id, due)
        added = add_grant(unit, context, _grant_of(organization_id, due, cost))
        grant_id, grant = added.id, added.public_id
    book_instalment(unit, due.id, grant_id, context.now)
    if due.amount_minor:
        # The draft of its time, or the next one where that is final, has to list it.
        mark_drafts_stale_from(unit, organization_id, due.due_at)
    record_change(
        unit,
        context,
        "order.delivered",
        due.order,
        organization_id=organization_id,
        reason=_words(due),
        after={
            "due_at": due.due_at,
            "credits": due.amount,
            "billed": Money(due.amount_minor, due.currency),
            "grant": grant,
        },
    )


def _price_of(unit: UnitOfWork, due: DueRow) -> Money:
    """What its credits cost: all those of a line sum to the line's price, to the last unit."""
    line = [one for one in instalments_of(unit, due.order_id) if one.line == due.line]
    values = delivered_values([(one.amount.micro, one.amount_minor) for one in line])
    return Money(values[[one.id for one in line].index(due.id)], due.currency)


def _unit_cost(unit: UnitOfWork, organization_id: int, due: DueRow) -> Decimal:
    """Money per credit without the tax in it, by the catalog and the parties of its day.

    The tax is the state's, and no revenue. Where it cannot be told no invoice can be made either,
    and what was agreed is delivered all the same: at its full price.
    """
    price = _price_of(unit, due)
    try:
        terms = sale_terms(unit, due.due_at)
        if not terms.includes_tax(due.currency):
            return _agreed_cost(due, price)
        sale = Sale(
            seller=terms.seller,
            buyer=buyer_of(unit, organization_id, due.due_at),
            day=due.due_at.date(),
            currency=due.currency,
            prices_include_tax=True,
        )
        quote = quote_package(due.amount, price, sale, terms.rates)
    except (CatalogMissing, InvalidInput):
        return _agreed_cost(due, price)
    return quote.unit_cost if quote.assessment.document.tax else _agreed_cost(due, price)


def _agreed_cost(due: DueRow, price: Money) -> Decimal:
    """The unit price, but where rounding it would not come to that price of the instalment."""
    if value_of(due.amount, due.unit_price, due.currency) == price:
        return due.unit_price
    # Above zero: what costs nothing at all would be a gift.
    return max(cost_per_credit(price, due.amount), SMALLEST_COST)


def _grant_of(organization_id: int, due: DueRow, unit_cost: Decimal) -> NewGrant:
    return NewGrant(
        organization_id=organization_id,
        source="order_form",
        amount=due.amount,
        reason=f"order form {due.order}, {_words(due)}",
        product_id=due.product_id,
        effective_at=due.due_at,
        expires_at=due.expires_at,
        unit_cost=unit_cost,
        currency=due.currency,
    )


def _words(due: DueRow) -> str:
    return f"line {due.line}, instalment {due.number} of {due.of}"
