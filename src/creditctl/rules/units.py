"""Credits and money: exact, immutable, and refusing floats (DESIGN 2)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from decimal import Context as Precision
from functools import lru_cache
from typing import Self

from creditctl.errors import InvalidInput
from creditctl.rules.currencies import currency_exponent

MICRO = 1_000_000
"""Micro-credits in a credit."""

LIMIT_MICRO = 2**62
"""No single amount may reach this: sums of two still fit a signed 64-bit column."""

_EXACT = Precision(prec=200)
"""Digits enough for an amount times a price without rounding."""

_PLAIN_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)


def parse_decimal(text: str, what: str) -> Decimal:
    """Read a plain decimal such as `284.5`: ASCII digits, no exponent, no separators."""
    if not _PLAIN_DECIMAL.fullmatch(text):
        raise InvalidInput(f"{what} {text!r} is not a decimal number", hint="write it like 284.5")
    return Decimal(text)


def parse_price(text: str) -> Decimal:
    """Read money per credit, such as `0.0012`; it is above zero."""
    price = parse_decimal(text, "price")
    if not 0 < price < LIMIT_MICRO:
        raise InvalidInput(f"price {text} is not above zero, or too large")
    return price


def scaled(number: Decimal, places: int, what: str) -> int:
    """`number` x 10^places as an integer; refuses digits that would be lost."""
    # As many digits as it has: the default context would round the 29th away.
    shifted = number.scaleb(places, context=Precision(prec=len(number.as_tuple().digits)))
    if shifted != shifted.to_integral_value():
        raise InvalidInput(
            f"{what} {number} has more than {places} decimal places",
            hint="round it to what can be kept exactly",
        )
    if abs(shifted) >= LIMIT_MICRO:
        raise InvalidInput(f"{what} {number} is too large")
    return int(shifted)


def decimal_text(scaled_value: int, places: int, *, keep_zeros: bool = False) -> str:
    """The exact decimal text of `scaled_value` / 10^places, without an exponent."""
    sign = "-" if scaled_value < 0 else ""
    whole, fraction = divmod(abs(scaled_value), 10**places)
    digits = f"{fraction:0{places}d}" if places else ""
    if not keep_zeros:
        digits = digits.rstrip("0")
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def rounded_half_up(number: Decimal) -> int:
    """The one rounding rule of the product: to the nearest integer, halves away from zero."""
    return int(number.to_integral_value(rounding=ROUND_HALF_UP))


@dataclass(frozen=True, slots=True, order=True, init=False)
class Credits:
    """An amount of credits, exact to six places, held as integer micro-credits."""

    micro: int

    # Written out, as with money: half the work of a look at it afterwards, and there are millions.
    def __init__(self, micro: int) -> None:
        if type(micro) is not int:
            raise TypeError(f"micro-credits are int, not {type(micro).__name__}")
        _set_micro(self, micro)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `284.5`; raises InvalidInput for anything but a plain decimal of six places."""
        return cls(scaled(parse_decimal(text, "credits"), 6, "credits"))

    def __add__(self, other: "Credits") -> "Credits":
        return Credits(self.micro + other.micro)

    def __sub__(self, other: "Credits") -> "Credits":
        return Credits(self.micro - other.micro)

    def __neg__(self) -> "Credits":
        return Credits(-self.micro)

    def __bool__(self) -> bool:
        return self.micro != 0

    def __str__(self) -> str:
        return decimal_text(self.micro, 6)


# How a frozen value gets its fields: past the look-up of their names.
_set_micro = vars(Credits)["micro"].__set__

NO_CREDITS = Credits(0)


@dataclass(frozen=True, slots=True, init=False)
class Money:
    """An amount of money in minor units of an ISO 4217 currency."""

    minor: int
    currency: str

    def __init__(self, minor: int, currency: str) -> None:
        if type(minor) is not int:
            raise TypeError(f"minor units are int, not {type(minor).__name__}")
        _set_minor(self, minor)
        _set_currency(self, currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Self:
        """Read `25.00` in `currency`; raises InvalidInput for digits beyond its minor unit."""
        places = currency_exponent(currency)
        return cls(scaled(parse_decimal(text, "amount"), places, "amount"), currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same_currency(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same_currency(other).minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return decimal_text(self.minor, currency_exponent(self.currency), keep_zeros=True)

    def _same_currency(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise TypeError(f"{self.currency} and {other.currency} cannot be added")
        return other


_new = object.__new__
_set_minor, _set_currency = (vars(Money)[name].__set__ for name in ("minor", "currency"))


def value_of(credits: Credits, price_per_credit: Decimal, currency: str) -> Money:
    """Credits in money at `price_per_credit`, rounded once, half-up, to the minor unit."""
    return values_of((credits,), price_per_credit, currency)[0]


def values_of(amounts: Iterable[Credits], price_per_credit: Decimal, currency: str) -> list[Money]:
    """The same of each of these, in their order."""
    # In integers, halves away from zero: an invoice is dozens of these.
    minor, per_micro = _minor_per_micro(price_per_credit, currency)
    twice_minor, twice = 2 * minor, 2 * per_micro
    found = []
    for credits in amounts:
        doubled = credits.micro * twice_minor
        rounded = (abs(doubled) + per_micro) // twice
        # As `Money` itself does, which need not be asked whether this is an integer.
        value = _new(Money)
        _set_minor(value, -rounded if doubled < 0 else rounded)
        _set_currency(value, currency)
        found.append(value)
    return found


@lru_cache(maxsize=1024)
def _minor_per_micro(price_per_credit: Decimal, currency: str) -> tuple[int, int]:
    """Minor units of a micro-credit, as a fraction in whole numbers."""
    return price_per_credit.scaleb(currency_exponent(currency) - 6, _EXACT).as_integer_ratio()


def credits_for(money: Money, price_per_credit: Decimal) -> Credits:
    """Credits that `money` buys at `price_per_credit`, rounded down to a micro-credit."""
    if price_per_credit <= 0:
        raise InvalidInput("the price per credit must be above zero")
    with localcontext(_EXACT):
        amount = Decimal(money.minor).scaleb(6 - currency_exponent(money.currency))
        return Credits(int(amount / price_per_credit))


def split_exactly(total: int, weights: list[int]) -> list[int]:
    """Split `total` by `weights` so that the parts sum to it (largest remainder, first on ties).

    Weights are not negative; when all are zero the whole total goes to the first part.
    """
    if not weights:
        return []
    if len(weights) == 1:
        return [total]
    sum_of_weights = sum(weights)
    if sum_of_weights == 0:
        return [total] + [0] * (len(weights) - 1)
    sign = -1 if total < 0 else 1
    shares = [divmod(abs(total) * weight, sum_of_weights) for weight in weights]
    parts = [quotient for quotient, _ in shares]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-shares[i][1], i))
    for i in by_remainder[: abs(total) - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]
