"""Revenue of `reports revenue` by who or what it came from, for `reports margin`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from creditctl.context import Context
from creditctl.rules.units import split_exactly
from creditctl.services.billed_documents import Document, read_documents
from creditctl.services.deferred_revenue import Lot, read_lots
from creditctl.services.fee_revenue import earned_fees
from creditctl.services.report_lines import Months
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.service_costs import overage_billed
from creditctl.store.queries.subscriptions import all_subscriptions

Earned: TypeAlias = Mapping[tuple[str, int], int]
"""(currency, internal id) -> minor units."""

NOTHING_BILLED = -1
"""Stands for a product where an invoice billed overage of none that is known."""


@dataclass(frozen=True, slots=True)
class Revenue:
    """A month's revenue, twice: by product with what belongs to none, and by organization."""

    products: Earned
    """What usage earned: paid credits, and overage that invoices billed; 0 is no product."""

    fees: Mapping[str, int]
    credit_notes: Mapping[str, int]
    """By currency; below zero."""

    organizations: Earned
    """Everything: credits, overage, fees, less credit notes."""


def read_revenue(unit: UnitOfWork, context: Context, months: Months) -> tuple[Revenue, Revenue]:
    """Of the month before and of this one; each sums to the total of `reports revenue`."""
    lots = read_lots(unit, months.previous, months.end)
    owners = {row.id: row.organization_id for row in all_subscriptions(unit)}
    fees = [
        (currency, owners[subscription], [first - before, end - first])
        for (subscription, currency), (before, first, end) in earned_fees(
            unit, context.now, months.days
        ).items()
    ]
    previous, present = (
        _revenue(
            unit,
            lots,
            months,
            place,
            [(currency, owner, earned[place]) for currency, owner, earned in fees],
        )
        for place in (0, 1)
    )
    return previous, present


def _revenue(
    unit: UnitOfWork, lots: list[Lot], months: Months, place: int, fees: list[tuple[str, int, int]]
) -> Revenue:
    products: dict[tuple[str, int], int] = defaultdict(int)
    organizations: dict[tuple[str, int], int] = defaultdict(int)
    sums: dict[str, dict[str, int]] = {"fees": defaultdict(int), "notes": defaultdict(int)}
    first, end = months.days[place : place + 2]
    for lot in lots:
        for sign, day in ((-1, first), (1, end)):
            for product, minor in lot.earned_by_product(day).items():
                products[lot.row.currency, product] += sign * minor
            for (owner, _), minor in lot.earned_by_user(day).items():
                organizations[lot.row.currency, owner] += sign * minor
    billed: dict[int, dict[int, int]] = defaultdict(dict)
    for part in overage_billed(unit, first, end):
        billed[part.invoice_id][part.product_id] = part.micro
    for document in read_documents(unit, first, end):
        row = document.row
        organizations[row.currency, row.organization_id] += document.overage + document.credited
        sums["notes"][row.currency] += document.credited
        for product, minor in _overage(document, billed[row.invoice_id or 0]):
            products[row.currency, product] += minor
    for currency, owner, minor in fees:
        organizations[currency, owner] += minor
        sums["fees"][currency] += minor
    return Revenue(products, sums["fees"], sums["notes"], organizations)


def _overage(document: Document, billed: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """What the document earned of overage, by product: in proportion to the credits billed."""
    if document.overage:
        parts = split_exactly(document.overage, list(billed.values()) or [1])
        yield from zip(billed or [NOTHING_BILLED], parts, strict=True)
