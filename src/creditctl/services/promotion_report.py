"""`reports promotions`: credits that were given away, and what became of them."""

from dataclasses import dataclass
from decimal import Decimal

from creditctl.context import Context
from creditctl.rules.periods import Period, month_text
from creditctl.rules.units import NO_CREDITS, Credits, Money, value_of
from creditctl.services.report_lines import months_of
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.billing import list_prices
from creditctl.store.queries.catalog import applied_catalog_version
from creditctl.store.queries.deferred_revenue import GivenRow, gifts_between


@dataclass(frozen=True, slots=True)
class GivenCredits:
    """Unpaid credits of a source and promotion in a month; `change` is of what was given."""

    source: str
    promotion: str | None
    given: Credits
    used: Credits
    expired: Credits
    reversed: Credits
    previous: Credits
    change: Credits
    list_value: Money
    """Of the given ones at the list price when the month ended; a note, for they cost nothing."""


@dataclass(frozen=True, slots=True)
class PromotionReport:
    """What was given away in a month, by posting date."""

    month: str
    given: Credits
    list_value: Money
    gifts: tuple[GivenCredits, ...]


def report_promotions(context: Context, month: Period) -> PromotionReport:
    """Credits without a price by source and promotion; allowances of subscriptions are none.

    Raises CatalogMissing before there is a list price.
    """
    months = months_of(month)
    with reading(context.database) as unit:
        price, currency = list_price_at(unit, month)
        present = _keyed(gifts_between(unit, months.first, months.end))
        previous = _keyed(gifts_between(unit, months.previous, months.first))
    nothing = GivenRow("", None, NO_CREDITS, NO_CREDITS, NO_CREDITS, NO_CREDITS)
    gifts = []
    for key in sorted(present.keys() | previous.keys(), key=str):
        row, before = present.get(key, nothing), previous.get(key, nothing).given
        gifts.append(
            GivenCredits(
                source=key[0],
                promotion=key[1],
                given=row.given,
                used=row.used,
                expired=row.expired,
                reversed=row.reversed,
                previous=before,
                change=row.given - before,
                list_value=value_of(row.given, price, currency),
            )
        )
    given = sum((gift.given for gift in gifts), NO_CREDITS)
    values = sum((gift.list_value for gift in gifts), Money(0, currency))
    return PromotionReport(month_text(month), given, values, tuple(gifts))


def list_price_at(unit: UnitOfWork, month: Period) -> tuple[Decimal, str]:
    """The list price in force when the month ended, and its currency."""
    currency = applied_catalog_version(unit).currency
    prices = list_prices(unit, currency)
    in_force = [price for price in prices if price.effective_from < month.ends_at]
    return (in_force or prices[:1])[-1].list_price, currency


def _keyed(rows: list[GivenRow]) -> dict[tuple[str, str | None], GivenRow]:
    return {(row.source, row.promotion): row for row in rows}
