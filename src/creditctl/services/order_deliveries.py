"""Instalments of order forms whose day has come: credits granted, amounts billed, each once."""

from decimal import Decimal

from creditctl.context import Context
from creditctl.errors import CatalogMissing, InvalidInput
from creditctl.rules.quotes import quote_credits
from creditctl.rules.tax.assessment import Sale
from creditctl.rules.units import Money
from creditctl.services.audit import record_change
from creditctl.services.grants import NewGrant, add_grant
from creditctl.services.sale_terms import buyer_of, sale_terms
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoices import mark_drafts_stale_from
from creditctl.store.queries.order_instalments import (
    DueRow,
    book_instalment,
    due_instalments,
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
        cost = _net_cost(unit, organization_id, due)
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


def _net_cost(unit: UnitOfWork, organization_id: int, due: DueRow) -> Decimal:
    """Money per credit without the tax in it, by the catalog and the parties of its day.

    The tax is the state's, and no revenue. Where it cannot be told no invoice can be made either,
    and what was agreed is delivered all the same: at its full price.
    """
    try:
        terms = sale_terms(unit, due.due_at)
        if not terms.includes_tax(due.currency):
            return due.unit_price
        sale = Sale(
            seller=terms.seller,
            buyer=buyer_of(unit, organization_id, due.due_at),
            day=due.due_at.date(),
            currency=due.currency,
            prices_include_tax=True,
        )
        quote = quote_credits(due.amount, due.unit_price, sale, terms.rates)
    except (CatalogMissing, InvalidInput):
        return due.unit_price
    return quote.unit_cost if quote.assessment.document.tax else due.unit_price


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
