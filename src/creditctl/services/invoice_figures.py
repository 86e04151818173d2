"""The figures behind an invoice: fees, usage by price, and who paid for it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import groupby

from creditctl.rules.instants import start_of_day
from creditctl.rules.invoice_lines import Fee, PricedUsage, Usage, bills_fee_of
from creditctl.rules.periods import Period
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.late_figures import OVERAGE, applied_by_source, late_periods_of
from creditctl.services.subscription_periods import Began, SubscriptionPeriod, periods_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.billing import (
    ListPriceRow,
    ProductUsageRow,
    credits_by_payer,
    list_prices,
    settled_by_source,
    usage_by_product,
)
from creditctl.store.queries.late_usage import LateUsageRow, late_usage_for

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Figures:
    """What an invoice is made of; `problem` says why none can be made."""

    currency: str
    fees: tuple[Fee, ...]
    priced: tuple[PricedUsage, ...]
    problem: str | None = None
    late: tuple[int, ...] = ()
    """The late usage among it, by internal id."""


def read_figures(
    unit: UnitOfWork,
    organization_id: int,
    month: Period,
    currency: str,
    *,
    own_currency: str | None = None,
    invoice_id: int | None = None,
    late_rows: Sequence[LateUsageRow] | None = None,
) -> Figures:
    """The organization's figures for the days of a billing period, and late usage of earlier ones.

    They are in `currency`, the catalog's, as plans are; without any plan in `own_currency`, where
    given. `invoice_id` is the draft to be made anew, which lists late usage already; `late_rows` is
    the late usage instead of what a draft would list.
    """
    # With the period that begins on the day after: its fee is due in advance.
    periods = periods_of(unit, organization_id, month.ends_at + _DAY)
    fees = tuple(_fees(periods, month))
    rows = late_rows
    if rows is None:
        rows = late_usage_for(unit, organization_id, invoice_id, month.starts_at)
    since = min([month.starts_at, *(row.starts_at for row in rows)])
    if own_currency and not fees and not any(period.ends_at > since for period in periods):
        currency = own_currency
    prices = list_prices(unit, currency)
    spans = _price_spans(month, periods, prices)
    priced = tuple(_priced(unit, organization_id, span, price) for span, price in spans)
    problem = _problem(fees, priced, currency, unlimited=_was_unlimited(periods, month))
    for late in late_periods_of(unit, rows):
        parts = late.priced(_price_spans(late.period, periods, prices))
        unlimited = _was_unlimited(periods, late.period)
        problem = problem or _problem((), parts, currency, unlimited=unlimited)
        priced += parts
    shown = tuple(part for part in priced if part.usage)
    return Figures(currency, fees, shown, problem, tuple(row.id for row in rows))


def _fees(periods: Iterable[SubscriptionPeriod], month: Period) -> Iterator[Fee]:
    """The fees this month bills, by the plan version in force when each period starts."""
    for period in periods:
        is_first = period.began in (Began.START, Began.CHANGE)
        # By the day: an invoice ends at midnight, the period it bills in advance when it began.
        billed_at = period.starts_at if is_first else start_of_day(period.starts_at)
        if period.fee and bills_fee_of(month, billed_at, is_first=is_first):
            dates = f"{period.starts_at:%Y-%m-%d} until {period.whole.ends_at:%Y-%m-%d}"
            change = "Change to " if period.began is Began.CHANGE else ""
            yield Fee(f"{change}{period.plan.title}, {dates}", period.fee)


def _price_spans(
    month: Period, periods: Sequence[SubscriptionPeriod], prices: Sequence[ListPriceRow]
) -> list[tuple[Period, Decimal]]:
    """The month in runs of days with one price: mostly a single one."""
    count = (month.ends_at - month.starts_at) // _DAY
    days = [
        Period(start, start + _DAY) for start in (month.starts_at + n * _DAY for n in range(count))
    ]
    spans = []
    for price, run in groupby(days, key=lambda day: _price_of(day, periods, prices)):
        members = list(run)
        spans.append((Period(members[0].starts_at, members[-1].ends_at), price))
    return spans


def _price_of(
    day: Period, periods: Sequence[SubscriptionPeriod], prices: Sequence[ListPriceRow]
) -> Decimal:
    """Money per credit: the last plan of the day's overage price, else the list price."""
    for period in reversed(periods):
        if _overlap(period, day):
            if period.plan.overage_price is not None:
                return period.plan.overage_price
            break
    in_force = [price for price in prices if price.effective_from < day.ends_at]
    return (in_force or prices[:1])[-1].list_price


def _priced(unit: UnitOfWork, organization_id: int, span: Period, price: Decimal) -> PricedUsage:
    first_day, end_day = span.starts_at.date(), span.ends_at.date()
    usage = usage_by_product(unit, organization_id, first_day, end_day)
    payers = credits_by_payer(unit, organization_id, first_day, end_day)
    settled = settled_by_source(unit, organization_id, span.starts_at, span.ends_at)
    applied = applied_by_source([*payers, *settled])
    overage = sum(row.credits.micro for row in payers if row.source == OVERAGE)
    return PricedUsage(
        price=price,
        usage=tuple(_usage(row) for row in usage),
        applied=tuple(sorted(applied.items())),
        overage=Credits(overage - sum(row.credits.micro for row in settled)),
    )


def _usage(row: ProductUsageRow) -> Usage:
    description = f"{row.product}, {row.tier} tier" if row.tier else row.product
    return Usage(description, row.requests, row.credits)


def _was_unlimited(periods: Iterable[SubscriptionPeriod], month: Period) -> bool:
    return any(period.plan.unlimited and _overlap(period, month) for period in periods)


def _overlap(period: SubscriptionPeriod, other: Period) -> bool:
    return period.starts_at < other.ends_at and other.starts_at < period.ends_at


def _problem(
    fees: Iterable[Fee], priced: Iterable[PricedUsage], currency: str, *, unlimited: bool
) -> str | None:
    """Why these figures must not be billed: an invoice never hides that books do not add up."""
    for fee in fees:
        if fee.amount.currency != currency:
            return f"a fee is in {fee.amount.currency}, the catalog in {currency}"
    for part in priced:
        gap = part.unaccounted
        if gap < NO_CREDITS or (gap and not unlimited):
            return f"usage and what paid for it differ by {gap} credits"
    return None
