"""When credits run out if usage goes on as it did: the burn-down rule, applied to the future."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from creditctl.rules.burn_down import MICROS_PER_DAY, NEVER, Charge, Lot, burn_down

HORIZON_DAYS = 5 * 365
"""Beyond that a forecast is a guess."""


def day_of_exhaustion(
    lots: Iterable[Lot], per_day: Mapping[int, int], first_day: int, *, expiries: bool = True
) -> int | None:
    """The first UTC day, from `first_day` on, whose usage the lots do not cover; None beyond.

    `per_day` is micro-credits of each product; without `expiries` no grant ends. Days are numbers
    since 1970. The lots are not changed.
    """
    copies = [
        replace(lot, carried=(), expires_at=lot.expires_at if expiries else NEVER) for lot in lots
    ]
    charges = (
        # At noon: a grant that begins or ends at midnight belongs to one day alone.
        Charge(day * MICROS_PER_DAY + MICROS_PER_DAY // 2, b"", product, micro)
        for day in range(first_day, first_day + HORIZON_DAYS)
        for product, micro in sorted(per_day.items())
        if micro
    )
    draws = burn_down(copies, (), charges)
    return next((draw.day for draw in draws if draw.lot is None), None)
