"""`reports usage`: who paid for a month's usage of each product, and what it earned."""

from dataclasses import dataclass

from creditctl.context import Context
from creditctl.rules.periods import Period, month_text
from creditctl.rules.units import NO_CREDITS, Credits, Money, value_of
from creditctl.services.deferred_revenue import read_lots
from creditctl.services.promotion_report import list_price_at
from creditctl.services.report_lines import AmountLine, amount_lines, months_of
from creditctl.services.revenue_report import NO_PRODUCT, revenue_by_product
from creditctl.store.engine import reading
from creditctl.store.queries.deferred_revenue import PayersRow, payers_between, product_names

_NOTHING = PayersRow("", NO_CREDITS, NO_CREDITS, NO_CREDITS, NO_CREDITS)


@dataclass(frozen=True, slots=True)
class ProductUsage:
    """Credits of a product by who paid; `credits` is the sum of the four."""

    product: str
    credits: Credits
    allowance: Credits
    gifts: Credits
    """Also overage that was waived."""

    paid: Credits
    overage: Credits
    """What nothing has covered."""

    previous: Credits
    change: Credits
    list_value: Money
    """At the list price when the month ended."""


@dataclass(frozen=True, slots=True)
class UsageValue:
    """A month's usage by posting date, and the revenue of the paid part by product."""

    month: str
    credits: Credits
    list_value: Money
    products: tuple[ProductUsage, ...]
    revenue: tuple[AmountLine, ...]


def report_usage_value(context: Context, month: Period) -> UsageValue:
    """Credits from the ledger, so that a closed month stays as it is.

    What an unlimited plan used is not in the ledger, and so not here. Raises CatalogMissing.
    """
    months = months_of(month)
    with reading(context.database) as unit:
        price, currency = list_price_at(unit, month)
        present = _keyed(payers_between(unit, months.first, months.end))
        previous = _keyed(payers_between(unit, months.previous, months.first))
        lots = read_lots(unit, months.previous, months.end)
        revenue = revenue_by_product(lots, months, product_names(unit))
    products = []
    for name in sorted(present.keys() | previous.keys()):
        row = present.get(name, _NOTHING)
        credits, before = _credits(row), _credits(previous.get(name, _NOTHING))
        products.append(
            ProductUsage(
                product=name,
                credits=credits,
                allowance=row.allowance,
                gifts=row.gifts,
                paid=row.paid,
                overage=row.overage,
                previous=before,
                change=credits - before,
                list_value=value_of(credits, price, currency),
            )
        )
    return UsageValue(
        month=month_text(month),
        credits=sum((one.credits for one in products), NO_CREDITS),
        list_value=sum((one.list_value for one in products), Money(0, currency)),
        products=tuple(products),
        revenue=amount_lines(revenue),
    )


def _credits(row: PayersRow) -> Credits:
    return row.allowance + row.gifts + row.paid + row.overage


def _keyed(rows: list[PayersRow]) -> dict[str, PayersRow]:
    return {row.product or NO_PRODUCT: row for row in rows}
