"""From the fields of a record to a usage event, or to the reason why it is none (DESIGN 3.5)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from creditctl.rules.event_ids import LONGEST_ID, event_id

FIELDS = ("id", "time", "org", "key", "endpoint", "method", "path", "status", "units")
"""What an event can say; `endpoint` is "GET /path", or `method` and `path` stand apart."""

LONGEST_REJECTED_VALUE = 200
"""Characters of an offending value that are kept."""

LARGEST_UNITS = 2**53
_LOWEST_STATUS, _HIGHEST_STATUS = 100, 599
_LONGEST_NUMBER = 16
_SHOWN_OF_SECRET = 16
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


class _Refused(Exception):
    def __init__(self, field: str, value: str, reason: str) -> None:
        self.reject = (field, storable(value), reason)


def usage_event(line: int, fields: Mapping[str, str], latest: int) -> UsageEvent | Reject:
    """The event that a record's fields describe, or its first field that cannot be used.

    `latest` is the last credible time, in microseconds since 1970.
    """
    try:
        identity, text = _identity(fields.get("id", ""))
        occurred_at = _time(fields.get("time", ""), latest)
        method, path = _endpoint(fields)
        status = _status(fields.get("status", ""))
        units = _units(fields.get("units", ""))
    except _Refused as refused:
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
        raise _Refused("id", "", "is missing")
    if len(text) > LONGEST_ID:
        raise _Refused("id", text, f"is longer than {LONGEST_ID} characters")
    try:
        identity, complete = event_id(text)
    except UnicodeEncodeError:
        raise _Refused("id", text, "is not text") from None
    if "\0" in text:
        raise _Refused("id", text, "holds a NUL character")
    return identity, None if complete else text


def _time(text: str, latest: int) -> int:
    if not text:
        raise _Refused("time", "", "is missing")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _Refused("time", text, "is not a time like 2026-10-31T23:59:00Z") from None
    if at.tzinfo is None:
        raise _Refused("time", text, "has no time zone")
    micros = (at - _EPOCH) // _MICROSECOND
    if micros > latest:
        raise _Refused("time", text, "is in the future")
    if micros < 0:
        raise _Refused("time", text, "is before 1970")
    return micros


def _endpoint(fields: Mapping[str, str]) -> tuple[str, str]:
    if endpoint := fields.get("endpoint", ""):
        method, _, path = endpoint.partition(" ")
        path = path.strip()
        if not path:
            raise _Refused("endpoint", endpoint, 'is not like "GET /v1/quotes"')
    else:
        method, path = fields.get("method", ""), fields.get("path", "")
        if not path:
            raise _Refused("path" if method else "endpoint", "", "is missing")
        if not method:
            raise _Refused("method", "", "is missing")
    return method.upper(), path.partition("?")[0]


def _status(text: str) -> int:
    if not text:
        raise _Refused("status", "", "is missing")
    number = _whole_number(text)
    if number is None or not _LOWEST_STATUS <= number <= _HIGHEST_STATUS:
        raise _Refused("status", text, "is not an HTTP status from 100 to 599")
    return number


def _units(text: str) -> int:
    if not text:
        return 0
    number = _whole_number(text)
    if number is None:
        negative = text.startswith("-") and _whole_number(text[1:]) is not None
        raise _Refused("units", text, "is negative" if negative else "is not a whole number")
    if number >= LARGEST_UNITS:
        raise _Refused("units", text, "is absurdly large")
    return number


def _whole_number(text: str) -> int | None:
    """Plain ASCII digits; as many as fit are read, for a long run of them costs quadratic time."""
    if not (text.isascii() and text.isdigit()):
        return None
    return int(text) if len(text) <= _LONGEST_NUMBER else LARGEST_UNITS
