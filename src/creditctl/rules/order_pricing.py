"""What a line of an order form costs, when it is delivered and billed; exact to the last unit."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext

from creditctl.errors import InvalidInput
from creditctl.rules.instants import EARLIEST_YEAR, LATEST_YEAR
from creditctl.rules.order_forms import (
    LONGEST_DAYS,
    LONGEST_MONTHS,
    MONTHS_EVERY,
    MOST_TIMES,
    SPLITS,
    Instalment,
    LineProblem,
    LineTerms,
    Offer,
    PricedLine,
    Schedule,
)
from creditctl.rules.periods import months_after
from creditctl.rules.units import (
    LIMIT_MICRO,
    NO_CREDITS,
    Credits,
    Money,
    split_exactly,
    value_of,
)

HUNDRED_PERCENT = 100
_DIGITS = 200
"""Enough for any price less any percentage, without rounding."""


def priced_line(line: LineTerms, currency: str, offer: Offer | None) -> PricedLine:
    """What the line costs and when it is delivered and billed; raises LineProblem."""
    _check(line, offer)
    unit_price, list_price = _unit_price(line, currency, offer)
    price = value_of(line.credits, unit_price, currency)
    if price.minor >= LIMIT_MICRO:
        raise LineProblem("credits", "cost more than can be counted")
    return PricedLine(line, list_price, unit_price, price, _instalments(line, price))


def discounted(list_price: Decimal, percent: Decimal) -> Decimal:
    """The list price less that many percent, exact."""
    with localcontext() as exact:
        exact.prec = _DIGITS
        price = (list_price * (HUNDRED_PERCENT - percent)).scaleb(-2).normalize()
        return Decimal(format(price, "f"))


def staying(
    price: int, credits: int, booked: Sequence[tuple[int, int]], planned: Sequence[tuple[int, int]]
) -> frozenset[int] | None:
    """Which planned instalments of a line stay when its order form ends, by their index.

    Instalments are (micro-credits, minor units). What was delivered is still billed and what was
    billed is still delivered, for there are no refunds [FF]. None where a part of the line was
    delivered and another one billed, further apart than rounding: people have to settle that.
    """
    delivered = sum(micro for micro, _ in booked)
    billed = sum(minor for _, minor in booked)
    if not booked:
        return frozenset()
    everything = frozenset(range(len(planned)))
    if delivered == credits:
        return everything
    # Each share was rounded by less than one minor unit.
    if abs(billed * credits - price * delivered) <= len(booked) * credits:
        return frozenset()
    return everything if billed == price else None


def delivered_values(planned: Sequence[tuple[int, int]]) -> list[int]:
    """What the credits of each of a line's instalments cost; they sum to the price of the line.

    Instalments are (micro-credits, minor units). It is what is billed with them, unless money goes
    by other days than credits do.
    """
    credits = sum(micro for micro, _ in planned)
    price = sum(minor for _, minor in planned)
    if all(abs(minor * credits - price * micro) < credits for micro, minor in planned):
        return [minor for _, minor in planned]
    return split_exactly(price, [micro for micro, _ in planned])


def _check(line: LineTerms, offer: Offer | None) -> None:
    if line.credits <= NO_CREDITS:
        raise LineProblem("credits", f"must be above zero, not {line.credits}")
    _check_day("start", line.starts_on)
    if line.product is not None and (offer is None or line.product not in offer.products):
        known = ", ".join(offer.products) if offer else "no catalog has been applied"
        raise LineProblem("product", f"there is no product {line.product!r}; there are {known}")
    given = [line.expires_on, line.expires_after_days, line.expires_after_months]
    if sum(value is not None for value in given) > 1:
        raise LineProblem("expires", "is said twice: name a day, or days or months, but not both")
    for field, value, most in (
        ("expires_after_days", line.expires_after_days, LONGEST_DAYS),
        ("expires_after_months", line.expires_after_months, LONGEST_MONTHS),
    ):
        if value is not None and not 1 <= value <= most:
            raise LineProblem(field, f"must be at least 1 and at most {most}, not {value}")


def _check_day(field: str, day: date) -> None:
    if not EARLIEST_YEAR <= day.year < LATEST_YEAR:
        raise LineProblem(field, f"must lie between {EARLIEST_YEAR} and {LATEST_YEAR}")


def _unit_price(
    line: LineTerms, currency: str, offer: Offer | None
) -> tuple[Decimal, Decimal | None]:
    """The exact price per credit, and the list price where the catalog has one."""
    known = None if offer is None else offer.list_price_in(currency)
    if (line.unit_price is None) == (line.discount is None):
        words = "is missing; give unit_price or discount"
        raise LineProblem(
            "unit_price", words if line.discount is None else "and discount cannot both be given"
        )
    if line.unit_price is not None:
        if not 0 < line.unit_price < LIMIT_MICRO:
            raise LineProblem("unit_price", f"must be above zero, not {line.unit_price}")
        return line.unit_price, known
    percent = line.discount or Decimal(0)
    if not 0 <= percent < HUNDRED_PERCENT:
        raise LineProblem("discount", f"is percent: at least 0 and below 100, not {percent}")
    if known is None:
        raise LineProblem("discount", f"needs a list price in {currency}; give unit_price instead")
    return discounted(known, percent), known


def _instalments(line: LineTerms, price: Money) -> tuple[Instalment, ...]:
    if line.schedule is not None and line.parts:
        raise LineProblem("schedule", "and instalments cannot both be given")
    parts = _written_out(line, price) if line.parts else _scheduled(line, price)
    for day, micro, minor in parts:
        if not micro and not minor:
            raise LineProblem("instalments", f"nothing is delivered or billed on {day}")
    return tuple(
        Instalment(
            midnight(day),
            Credits(micro),
            Money(minor, price.currency),
            _expiry(line, day) if micro else None,
        )
        for day, micro, minor in parts
    )


def _scheduled(line: LineTerms, price: Money) -> list[tuple[date, int, int]]:
    schedule = line.schedule or Schedule(times=1)
    times = schedule.times
    if not 1 <= times <= MOST_TIMES:
        raise LineProblem("schedule", f"has at least 1 and at most {MOST_TIMES} times, not {times}")
    for word, known in ((schedule.every, tuple(MONTHS_EVERY)), (schedule.splits, SPLITS)):
        if word not in known:
            raise LineProblem("schedule", f"knows {', '.join(known)}, not {word!r}")
    at_once, evenly = [1] + [0] * (times - 1), [1] * times
    start, step = midnight(line.starts_on), MONTHS_EVERY[schedule.every]
    days = [months_after(start, step * number).date() for number in range(times)]
    credits = split_exactly(line.credits.micro, at_once if schedule.splits == "money" else evenly)
    money = split_exactly(price.minor, at_once if schedule.splits == "credits" else evenly)
    return list(zip(days, credits, money, strict=True))


def _written_out(line: LineTerms, price: Money) -> list[tuple[date, int, int]]:
    days = [part.on for part in line.parts]
    for day in days:
        _check_day("instalments", day)
    if len(set(days)) < len(days):
        raise LineProblem("instalments", "name a day twice")
    credits = {part.on: part.credits.micro for part in line.parts if part.credits}
    money = {part.on: part.amount.minor for part in line.parts if part.amount}
    if min([*credits.values(), *money.values()], default=0) < 0:
        raise LineProblem("instalments", "must not be below zero")
    if not credits:
        credits = {line.starts_on: line.credits.micro}
    if sum(credits.values()) != line.credits.micro:
        total = Credits(sum(credits.values()))
        raise LineProblem("instalments", f"deliver {total} credits, the line has {line.credits}")
    if min(credits) < line.starts_on:
        raise LineProblem("instalments", f"deliver credits before the start, {line.starts_on}")
    days = sorted({*days, *credits})
    if not money:
        shares = split_exactly(price.minor, [credits.get(day, 0) for day in days])
        money = dict(zip(days, shares, strict=True))
    if sum(money.values()) != price.minor:
        billed = Money(sum(money.values()), price.currency)
        raise LineProblem("instalments", f"bill {billed}, the line costs {price}")
    return [(day, credits.get(day, 0), money.get(day, 0)) for day in days]


def _expiry(line: LineTerms, day: date) -> datetime | None:
    start = midnight(day)
    try:
        if line.expires_after_days is not None:
            return start + timedelta(days=line.expires_after_days)
        if line.expires_after_months is not None:
            return months_after(start, line.expires_after_months)
    except (OverflowError, InvalidInput):
        raise LineProblem("expires", "is too far in the future") from None
    if line.expires_on is None:
        return None
    _check_day("expires", line.expires_on)
    if line.expires_on <= day:
        raise LineProblem("expires", f"is not after {day}, when credits are delivered")
    return midnight(line.expires_on)


def midnight(day: date) -> datetime:
    """The instant at which that UTC day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
