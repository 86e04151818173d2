"""Points in time: UTC, read and written as RFC 3339, stored as integers.

An instant is microseconds, an hour hours, a day days since 1970-01-01T00:00Z.
"""

from datetime import UTC, date, datetime, timedelta

from creditctl.errors import InvalidInput

EARLIEST_YEAR, LATEST_YEAR = 1970, 2200
"""Dates of the books are from the first on and before the other; periods are counted in them."""

MICROS_PER_HOUR = 3_600_000_000
HOURS_PER_DAY = 24
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.date()
_MICROSECOND = timedelta(microseconds=1)


def parse_instant(text: str) -> datetime:
    """Read `2026-10-31T23:59:00Z`, with any offset, or a bare date (its UTC midnight).

    A time of day without an offset is refused: nobody can tell which instant it means.
    """
    try:
        parsed = datetime.fromisoformat(text)
        if parsed.tzinfo is not None:
            return parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"{text!r} is not a time", hint="write it like 2026-10-31T23:59:00Z"
        ) from None
    if _is_bare_date(text):
        return parsed.replace(tzinfo=UTC)
    raise InvalidInput(f"{text!r} has no time zone", hint=f"write it like {text}Z")


def parse_day(text: str) -> date:
    """Read `2026-10-31`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is not a day", hint="write it like 2026-10-31") from None


def instant_text(at: datetime) -> str:
    """RFC 3339 with `Z`; fractions of a second only when there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def micros_of(at: datetime) -> int:
    """Microseconds since 1970, exact."""
    return (at - _EPOCH) // _MICROSECOND


def instant_of(micros: int) -> datetime:
    """The instant that many microseconds after 1970."""
    return _EPOCH + micros * _MICROSECOND


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH_DAY).days


def day_of(number: int) -> date:
    """The day that many days after 1970-01-01."""
    return _EPOCH_DAY + timedelta(days=number)


def start_of_day(at: datetime) -> datetime:
    """The UTC midnight that begins the day of `at`."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _is_bare_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
