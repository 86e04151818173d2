"""When credits are bought automatically, how many, and what follows a decline (DESIGN 3.4)."""

import re
from datetime import UTC, datetime, timedelta

from creditctl.errors import InvalidInput
from creditctl.rules.periods import months_after
from creditctl.rules.units import NO_CREDITS, Credits

BACK_OFF = (timedelta(hours=1), timedelta(hours=6))
"""How long nothing is asked of a payment method after its first decline, its second, and so on."""

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_LONGEST = timedelta(days=366)


def credits_needed(spendable: Credits, below: Credits, up_to: Credits) -> Credits:
    """Exactly what brings the balance up to the target; nothing unless it is below the threshold.

    `spendable` is what is available less open overage, which bought credits repay first.
    """
    return up_to - spendable if spendable < below else NO_CREDITS


def back_off(declines: int) -> timedelta | None:
    """The wait after so many declines in a row; None: no more attempts."""
    return BACK_OFF[declines - 1] if declines <= len(BACK_OFF) else None


def next_attempt(
    last_at: datetime | None, cool_down: timedelta, retry_at: datetime | None
) -> datetime | None:
    """The earliest instant of the next purchase; None: at once."""
    waits = [retry_at, None if last_at is None else last_at + cool_down]
    return max((wait for wait in waits if wait is not None), default=None)


def has_expired(expires: str | None, at: datetime) -> bool:
    """Whether a card that ends with the month `2026-10` can no longer be charged (UTC)."""
    if expires is None:
        return False
    year, month = (int(part) for part in expires.split("-"))
    return at >= months_after(datetime(year, month, 1, tzinfo=UTC), 1)


def parse_wait(text: str) -> timedelta:
    """Read `90m`, `1h` or `2d`; raises InvalidInput beyond a year."""
    found = re.fullmatch(r"(\d{1,6})([mhd])", text.strip(), re.ASCII)
    if found is None:
        raise InvalidInput(f"{text!r} is not a length of time", hint="write it like 90m, 1h or 2d")
    wait = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if wait > _LONGEST:
        raise InvalidInput(f"{text} is more than a year")
    return wait
