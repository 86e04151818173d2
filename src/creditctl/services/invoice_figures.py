"""The figures behind invoices: fees, usage by price, who paid for it, and order forms.

Read for many organizations in a few statements; one alone is a block of one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Protocol, TypeVar

from creditctl.rules.instants import micros_of, start_of_day
from creditctl.rules.invoice_lines import Fee, OrderCharge, PricedUsage, bills_fee_of
from creditctl.rules.periods import Period
from creditctl.rules.units import Money
from creditctl.services.invoice_corrections_due import corrections_priced
from creditctl.services.late_figures import late_periods_of
from creditctl.services.price_spans import price_spans
from creditctl.services.span_figures import priced_spans
from creditctl.services.subscription_periods import Began, SubscriptionPeriod, periods_of_many
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.billing import ListPriceRow, list_prices
from creditctl.store.queries.invoice_sources import (
    CorrectionRow,
    InstalmentToBillRow,
    ListedLateRow,
    corrections_of_drafts,
    instalments_of_drafts,
    late_usage_of_drafts,
)

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

    orders: tuple[OrderCharge, ...] = ()
    instalments: tuple[int, ...] = ()
    """Those of order forms among it, by internal id."""

    corrections: tuple[int, ...] = ()
    """Overage of earlier invoices' usage among it, by the ledger entry's id."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The invoice whose figures are asked for; `invoice_id` is the draft to be made anew."""

    organization_id: int
    period: Period
    own_currency: str | None = None
    invoice_id: int | None = None
    carried_id: int | None = None
    """An earlier draft that gives way: what it lists is listed here."""

    late_rows: Sequence[ListedLateRow] | None = None
    """A final invoice's late usage: with it, nothing is taken up that the invoice does not list."""


class _Owned(Protocol):
    @property
    def organization_id(self) -> int: ...


_Row = TypeVar("_Row", bound=_Owned)
PeriodsOf = Mapping[int, Sequence[SubscriptionPeriod]]


def read_figures(
    unit: UnitOfWork,
    organization_id: int,
    month: Period,
    currency: str,
    *,
    own_currency: str | None = None,
    invoice_id: int | None = None,
    late_rows: Sequence[ListedLateRow] | None = None,
) -> Figures:
    """The organization's figures for the days of a billing period, and late usage of earlier ones.

    They are in `currency`, the catalog's, as plans are; without any plan in `own_currency`, where
    given. `invoice_id` is the draft to be made anew, which lists late usage already; `late_rows` is
    the late usage instead of what a draft would list.
    """
    (found,) = read_block(
        unit,
        [Wanted(organization_id, month, own_currency, invoice_id, late_rows=late_rows)],
        currency,
    )
    return found


def read_block(
    unit: UnitOfWork,
    block: Sequence[Wanted],
    currency: str,
    periods_of: PeriodsOf | None = None,
) -> list[Figures]:
    """The same of many organizations, each once, in their order; `periods_of` saves a statement."""
    if not block:
        return []
    if periods_of is None:
        # With the period that begins on the day after: its fee is due in advance.
        until = max(wanted.period.ends_at for wanted in block) + _DAY
        periods_of = periods_of_many(unit, [wanted.organization_id for wanted in block], until)
    drafts = [_draft(wanted) for wanted in block]
    late = _by_owner(late_usage_of_drafts(unit, drafts))
    corrected = _by_owner(corrections_of_drafts(unit, drafts))
    orders = _by_owner(instalments_of_drafts(unit, drafts))

    @cache
    def prices_in(wanted: str) -> list[ListPriceRow]:
        return list_prices(unit, wanted)

    plans = []
    for wanted in block:
        until = wanted.period.ends_at + _DAY
        periods = [
            period
            for period in periods_of.get(wanted.organization_id, ())
            if period.starts_at <= until
        ]
        rows, corrections = late[wanted.organization_id], corrected[wanted.organization_id]
        if wanted.late_rows is not None:
            rows = list(wanted.late_rows)
            corrections = [row for row in corrections if row.listed]
        since = min(
            [
                wanted.period.starts_at,
                *(row.starts_at for row in rows),
                *(row.at for row in corrections),
            ]
        )
        fees = tuple(_fees(periods, wanted.period))
        spoken = currency
        if wanted.own_currency and not fees and not any(one.ends_at > since for one in periods):
            spoken = wanted.own_currency
        plans.append(_Plan(wanted, periods, fees, spoken, rows, corrections))
    spans = [
        (plan, *span)
        for plan in plans
        for span in price_spans(plan.wanted.period, plan.periods, prices_in(plan.currency))
    ]
    priced = priced_spans(
        unit, [(plan.wanted.organization_id, span, price) for plan, span, price in spans]
    )
    parts: dict[int, list[PricedUsage]] = defaultdict(list)
    for (plan, _, _), part in zip(spans, priced, strict=True):
        parts[plan.wanted.organization_id].append(part)
    return [
        _figures(
            unit,
            plan,
            parts[plan.wanted.organization_id],
            prices_in(plan.currency),
            [row for row in orders[plan.wanted.organization_id] if _is_billed_by(plan.wanted, row)],
        )
        for plan in plans
    ]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is known of an invoice before its usage is read."""

    wanted: Wanted
    periods: Sequence[SubscriptionPeriod]
    fees: tuple[Fee, ...]
    currency: str
    late: Sequence[ListedLateRow]
    corrections: Sequence[CorrectionRow]


def _draft(wanted: Wanted) -> tuple[int, int, int, int, int]:
    starts_at, ends_at = micros_of(wanted.period.starts_at), micros_of(wanted.period.ends_at)
    own, carried = wanted.invoice_id or 0, wanted.carried_id or 0
    return wanted.organization_id, own, carried, starts_at, ends_at


def _is_billed_by(wanted: Wanted, row: InstalmentToBillRow) -> bool:
    return wanted.late_rows is None or row.listed


def _by_owner(rows: Iterable[_Row]) -> defaultdict[int, list[_Row]]:
    found: defaultdict[int, list[_Row]] = defaultdict(list)
    for row in rows:
        found[row.organization_id].append(row)
    return found


def _figures(
    unit: UnitOfWork,
    plan: _Plan,
    own: Sequence[PricedUsage],
    prices: Sequence[ListPriceRow],
    orders: Sequence[InstalmentToBillRow],
) -> Figures:
    month, currency = plan.wanted.period, plan.currency
    unlimited = _was_unlimited(plan.periods, month)
    problem = _problem(plan.fees, own, currency, unlimited=unlimited)
    priced = list(own)
    for late in late_periods_of(unit, plan.late):
        parts = late.priced(price_spans(late.period, plan.periods, prices))
        unlimited = _was_unlimited(plan.periods, late.period)
        problem = problem or _problem((), parts, currency, unlimited=unlimited)
        priced += parts
    priced += corrections_priced(unit, plan.corrections, plan.periods, prices)
    shown = tuple(part for part in priced if part.usage)
    billed_in = {row.currency for row in orders}
    if billed_in - {currency}:
        # With nothing else to say, the invoice speaks the order form's currency.
        if len(billed_in) == 1 and not shown and not plan.fees:
            (currency,) = billed_in
        else:
            words = " and ".join(sorted(billed_in - {currency}))
            problem = problem or f"an order form is in {words}, the invoice in {currency}"
    return Figures(
        currency,
        plan.fees,
        shown,
        problem,
        tuple(row.id for row in plan.late),
        tuple(_order_charge(row) for row in orders),
        tuple(row.id for row in orders),
        tuple(row.id for row in plan.corrections),
    )


def _order_charge(row: InstalmentToBillRow) -> OrderCharge:
    return OrderCharge(
        order=row.order,
        po_number=row.po_number,
        line=row.line,
        number=row.number,
        of=row.of,
        credits=row.credits,
        amount=Money(row.amount_minor, row.currency),
    )


def _fees(periods: Iterable[SubscriptionPeriod], month: Period) -> Iterable[Fee]:
    """The fees this month bills, by the plan version in force when each period starts."""
    for period in periods:
        if not is_billed_in(period, month):
            continue
        dates = f"{period.starts_at.date()} until {period.whole.ends_at.date()}"
        change = "Change to " if period.began is Began.CHANGE else ""
        yield Fee(f"{change}{period.plan.title}, {dates}", period.fee)


def is_billed_in(period: SubscriptionPeriod, month: Period) -> bool:
    """Whether an invoice of those days has a line for the fee of this period."""
    if period.starts_at < month.starts_at:
        return False
    billed_at, is_first = fee_billed_at(period)
    return bills_fee_of(month, billed_at, is_first=is_first) and bool(period.fee)


def fee_billed_at(period: SubscriptionPeriod) -> tuple[datetime, bool]:
    """When its fee is billed, and whether as a first one: as `bills_fee_of` takes them."""
    is_first = period.began in (Began.START, Began.CHANGE)
    # By the day: an invoice ends at midnight, the period it bills in advance when it began.
    return period.starts_at if is_first else start_of_day(period.starts_at), is_first


def _was_unlimited(periods: Iterable[SubscriptionPeriod], month: Period) -> bool:
    return any(
        period.plan.unlimited
        and period.starts_at < month.ends_at
        and month.starts_at < period.ends_at
        for period in periods
    )


def _problem(
    fees: Iterable[Fee], priced: Iterable[PricedUsage], currency: str, *, unlimited: bool
) -> str | None:
    """Why these figures must not be billed: an invoice never hides that books do not add up."""
    for fee in fees:
        if fee.amount.currency != currency:
            return f"a fee is in {fee.amount.currency}, the catalog in {currency}"
    for part in priced:
        gap = part.unaccounted
        if gap.micro < 0 or (gap and not unlimited):
            return f"usage and what paid for it differ by {gap} credits"
    return None
