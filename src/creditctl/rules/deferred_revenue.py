"""What a lot of paid credits has earned, let expire, given back, and still owes (DESIGN 3.3, 3.8).

Every figure is the difference of two cumulative values of the lot, each rounded once. Over a lot's
life they sum to its price exactly, however often and in whatever portions it is drawn.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from creditctl.errors import InvalidInput

Use = TypeVar("Use", int, tuple[int, int])


@dataclass(frozen=True, slots=True)
class Gone:
    """Micro-credits that have left a lot since its beginning, by where they went."""

    used: int = 0
    expired: int = 0
    reversed: int = 0

    def __add__(self, other: "Gone") -> "Gone":
        return Gone(
            self.used + other.used,
            self.expired + other.expired,
            self.reversed + other.reversed,
        )

    @property
    def total(self) -> int:
        """Everything that has left."""
        return self.used + self.expired + self.reversed


@dataclass(frozen=True, slots=True)
class LotValue:
    """A lot's price in minor units, by what became of it: the four sum to the price."""

    used: int
    """Earned at burn-down."""

    expired: int
    """Earned at expiry: breakage."""

    reversed: int
    """Owed back by a credit note; never earned."""

    unused: int
    """Deferred: a liability."""


def share(price_minor: int, part: int, whole: int) -> int:
    """`part` of `whole` at `price_minor` for the whole, rounded half-up; none is negative."""
    if whole <= 0 or part < 0 or price_minor < 0:
        raise InvalidInput(f"{part} of {whole} at {price_minor} is no share of a price")
    return (2 * price_minor * part + whole) // (2 * whole)


def value_of_lot(price_minor: int, amount_micro: int, gone: Gone) -> LotValue:
    """What the lot's price became until some day.

    Cumulative values are rounded in one order, used, expired, reversed: usage that arrives after
    an expiry moves value from breakage to burn-down and leaves what is unused as it was.
    """
    used = share(price_minor, gone.used, amount_micro)
    ended = share(price_minor, gone.used + gone.expired, amount_micro)
    left = share(price_minor, gone.total, amount_micro)
    return LotValue(used, ended - used, left - ended, price_minor - left)


def split_used(
    price_minor: int, amount_micro: int, used: Iterable[tuple[Use, int]]
) -> Mapping[Use, int]:
    """What a lot earned by use, from micro-credits by use; sums to what it earned.

    A use is numbers, such as those of a product and an organization. Cumulative in their order,
    so that periods add up by use too.
    """
    earned: dict[Use, int] = {}
    before = value = 0
    for use, micro in sorted(used):
        before += micro
        until = share(price_minor, before, amount_micro)
        earned[use] = until - value
        value = until
    return earned
