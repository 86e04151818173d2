"""From the fields of a record to a usage event, or to the reason why it is none (DESIGN 3.5)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from creditctl.rules.event_ids import LONGEST_ID, event_id

FIELDS = ("id", "time", "org", "key", "endpoint", "method", "path", "status", "units")
"""What an event can say; `endpoint` is "GET /path", or `method` and `path` stand apart."""

LONGEST_REJECTED_VALUE = 200
"""Characters of an offending value that are kept."""

LARGEST_UNITS = 2**53
ID_TAKEN = "was used before by another request"
"""Why an event is a reject whose id the books know with another content."""

_LOWEST_STATUS, _HIGHEST_STATUS = 100, 599
_LONGEST_NUMBER = 16
_SHOWN_OF_SECRET = 16
_MICRO_DIGITS = 16
_COUNTED = re.compile(r"(\d{10}|\d{13}|\d{16})(?:\.(\d{1,6}))?", re.ASCII)
_LOGGED = re.compile(
    r"(?P<day>\d\d)/(?P<month>\w{3})/(?P<year>\d{4}):(?P<clock>\d\d:\d\d:\d\d)"
    r" (?P<zone>[+-]\d\d)(?P<minutes>\d\d)",
    re.ASCII,
)
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Reject(NamedTuple):
    """A record that is not booked, and why; `line` counts from 1."""

    line: int
    field: str
    value: str
    reason: str


class UsageEvent(NamedTuple):
    """A request as it was served; who and what are still the file's words."""

    line: int
    event_id: bytes
    id_text: str | None
    """The id as written, where the 16 bytes are only its hash."""

    occurred_at: int
    """Microseconds since 1970."""

    organization: str
    key: str
    method: str
    path: str
    status: int
    units: int


class Refused(Exception):
    """A field that cannot be used: `reject` is its name, its value and the reason."""

    def __init__(self, field: str, value: str, reason: str) -> None:
        self.reject = (field, storable(value), reason)


def usage_event(line: int, fields: Mapping[str, str], latest: int) -> UsageEvent | Reject:
    """The event that a record's fields describe, or its first field that cannot be used.

    `latest` is the last credible time, in microseconds since 1970.
    """
    try:
        identity, text = _identity(fields.get("id", ""))
        occurred_at = read_time(fields.get("time", ""), latest)
        method, path = read_endpoint(fields)
        status = read_status(fields.get("status", ""))
        units = read_units(fields.get("units", ""))
    except Refused as refused:
        return Reject(line, *refused.reject)
    organization, key = fields.get("org", ""), fields.get("key", "")
    return UsageEvent(
        line, identity, text, occurred_at, organization, key, method, path, status, units
    )


def storable(value: str) -> str:
    """A value from outside, short and harmless enough to be kept beside its reason."""
    if value.startswith(("ck_live_", "ck_test_")) and len(value) > _SHOWN_OF_SECRET:
        value = f"{value[:_SHOWN_OF_SECRET]}…"
    clean = value.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
    kept = LONGEST_REJECTED_VALUE
    return clean if len(clean) <= kept else f"{clean[: kept - 1]}…"


def _identity(text: str) -> tuple[bytes, str | None]:
    if not text:
        raise Refused("id", "", "is missing")
    if len(text) > LONGEST_ID:
        raise Refused("id", text, f"is longer than {LONGEST_ID} characters")
    try:
        identity, complete = event_id(text)
    except UnicodeEncodeError:
        raise Refused("id", text, "is not text") from None
    if "\0" in text:
        raise Refused("id", text, "holds a NUL character")
    return identity, None if complete else text


def read_time(text: str, latest: int) -> int:
    """Microseconds since 1970; raises Refused.

    RFC 3339, or as logs write it: seconds (with a fraction), milliseconds or microseconds since
    1970, told apart by their digits, and `31/Oct/2026:23:59:00 +0000`.
    """
    if not text:
        raise Refused("time", "", "is missing")
    micros = _since_1970(text)
    if micros is None:
        at = _log_time(text) or _iso_time(text)
        if at.tzinfo is None:
            raise Refused("time", text, "has no time zone")
        micros = (at - _EPOCH) // _MICROSECOND
    if micros > latest:
        raise Refused("time", text, "is in the future")
    if micros < 0:
        raise Refused("time", text, "is before 1970")
    return micros


def _iso_time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        raise Refused("time", text, "is not a time like 2026-10-31T23:59:00Z") from None


def _since_1970(text: str) -> int | None:
    found = _COUNTED.fullmatch(text)
    if found is None:
        return None
    whole, fraction = found.groups(default="")
    if fraction and len(whole) != len("1761955199"):
        return None
    return int((whole + fraction).ljust(_MICRO_DIGITS, "0"))


def _log_time(text: str) -> datetime | None:
    found = _LOGGED.fullmatch(text)
    if found is None or found["month"] not in _MONTHS:
        return None
    month = _MONTHS.index(found["month"]) + 1
    rest = f"{found['clock']}{found['zone']}:{found['minutes']}"
    return _iso_time(f"{found['year']}-{month:02d}-{found['day']}T{rest}")


def read_endpoint(fields: Mapping[str, str]) -> tuple[str, str]:
    """Method and path, without a query string; raises Refused."""
    if endpoint := fields.get("endpoint", ""):
        method, _, path = endpoint.partition(" ")
        path = path.strip()
        if not path:
            raise Refused("endpoint", endpoint, 'is not like "GET /v1/quotes"')
    else:
        method, path = fields.get("method", ""), fields.get("path", "")
        if not path:
            raise Refused("path" if method else "endpoint", "", "is missing")
        if not method:
            raise Refused("method", "", "is missing")
    return method.upper(), path.partition("?")[0]


def read_status(text: str) -> int:
    """An HTTP status; raises Refused."""
    if not text:
        raise Refused("status", "", "is missing")
    number = _whole_number(text)
    if number is None or not _LOWEST_STATUS <= number <= _HIGHEST_STATUS:
        raise Refused("status", text, "is not an HTTP status from 100 to 599")
    return number


def read_units(text: str) -> int:
    """Units of data, none by default; raises Refused."""
    if not text:
        return 0
    number = _whole_number(text)
    if number is None:
        negative = text.startswith("-") and _whole_number(text[1:]) is not None
        raise Refused("units", text, "is negative" if negative else "is not a whole number")
    if number >= LARGEST_UNITS:
        raise Refused("units", text, "is absurdly large")
    return number


def _whole_number(text: str) -> int | None:
    """Plain ASCII digits; as many as fit are read, for a long run of them costs quadratic time.

    A fraction of zeros is none: programs write "5.0" where a column of numbers has gaps.
    """
    if not (text.isascii() and text.isdigit()):
        text, point, fraction = text.partition(".")
        if not (point and text.isascii() and text.isdigit() and set(fraction) == {"0"}):
            return None
    return int(text) if len(text) <= _LONGEST_NUMBER else LARGEST_UNITS
