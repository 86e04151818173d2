"""From columns of text to usage events, and to the records that are none (DESIGN 3.5)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from pyarrow import compute

from creditctl.rules.columns import Column, Texts
from creditctl.rules.columns.event_ids import Identities, identities
from creditctl.rules.columns.grouping import distinct
from creditctl.rules.usage_events import (
    Refused,
    Reject,
    read_endpoint,
    read_status,
    read_units,
    usage_event,
)

_MICROS = pa.timestamp("us", "UTC")
_CUT_OFF = compute.CastOptions(_MICROS, allow_time_truncate=True)
_RFC3339 = r"\A\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)\z"
_NOTHING_SAID = -1
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of few distinct values: for each event the place of its value in `values`."""

    codes: Column
    values: Sequence[Any]

    def only(self, places: Column) -> "Coded":
        """The same for some of the events."""
        return Coded(self.codes[places], self.values)


@dataclass(frozen=True, slots=True)
class EventColumns:
    """Events as they were served; who and what are still the file's words."""

    lines: Column
    ids: Identities
    occurred_at: Column
    requests: Coded
    """(method, path); None where the words are no request."""

    requesters: Coded
    """(organization, key), each empty when not named."""

    statuses: Column
    units: Column


def event_columns(
    lines: Column, fields: Mapping[str, Texts], latest: int
) -> tuple[EventColumns, Column, list[Reject]]:
    """The events, a mask of those that are sound, and the rejects for the others.

    `fields` are columns named as events name them; `latest` is the last credible time, in
    microseconds since 1970.
    """
    count = len(lines)
    ids = identities(fields.get("id", pa.nulls(count, pa.string())))
    occurred_at, timely = _times(fields.get("time"), count, latest)
    requests = _requests(fields, count)
    statuses = _judged(fields.get("status"), count, read_status)
    units = _judged(fields.get("units"), count, read_units)
    names = _paired(_coded(fields.get("org"), count), _coded(fields.get("key"), count))
    has_request = np.array([value is not None for value in requests.values], bool)
    sound = ids.known & timely & (statuses >= 0) & (units >= 0) & has_request[requests.codes]
    events = EventColumns(lines, ids, occurred_at, requests, names, statuses, units)
    rejects = []
    for place in np.flatnonzero(~sound).tolist():
        # The one-event rule decides what the columns cannot: it knows more ways to write a time.
        words = {name: _word(column, place) for name, column in fields.items()}
        event = usage_event(int(lines[place]), words, latest)
        if isinstance(event, Reject):
            rejects.append(event)
        else:
            occurred_at[place], sound[place] = event.occurred_at, True
    return events, sound, rejects


def _requests(fields: Mapping[str, Texts], count: int) -> Coded:
    spoken = _paired(
        _coded(fields.get("endpoint"), count),
        _paired(_coded(fields.get("method"), count), _coded(fields.get("path"), count)),
    )
    values: list[tuple[str, str] | None] = []
    for endpoint, (method, path) in spoken.values:
        try:
            values.append(read_endpoint({"endpoint": endpoint, "method": method, "path": path}))
        except Refused:
            values.append(None)
    return Coded(spoken.codes, values)


def _judged(column: Texts | None, count: int, read: Callable[[str], int]) -> Column:
    """What the one-event rule reads in each distinct value; -1 where it refuses."""
    coded = _coded(column, count)
    return np.array([_read(read, value) for value in coded.values], np.int64)[coded.codes]


def _read(read: Callable[[str], int], value: str) -> int:
    try:
        return read(value)
    except Refused:
        return _NOTHING_SAID


def _coded(column: Texts | None, count: int) -> Coded:
    """The column as text; nothing said is the empty text."""
    if column is None or column.null_count == count:
        return Coded(np.zeros(count, np.int64), [""])
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    values = ["" if value is None else str(value) for value in column.dictionary.to_pylist()]
    codes = column.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
    return Coded(codes.astype(np.int64), [*values, ""])


def _paired(one: Coded, other: Coded) -> Coded:
    """Both columns as one of pairs; only the pairs that occur."""
    if len(one.values) == 1:
        return Coded(other.codes, [(one.values[0], value) for value in other.values])
    if not one.codes.any() and len(other.values) == 1:
        return Coded(one.codes, [(value, other.values[0]) for value in one.values])
    pairs, _, codes = distinct(one.codes * len(other.values) + other.codes)
    values = [
        (one.values[pair // len(other.values)], other.values[pair % len(other.values)])
        for pair in pairs.tolist()
    ]
    return Coded(codes, values)


def _times(column: Texts | None, count: int, latest: int) -> tuple[Column, Column]:
    """Microseconds since 1970, and which of them are certainly right."""
    if column is None:
        return np.zeros(count, np.int64), np.zeros(count, bool)
    read = _read_times(column)
    known = read.is_valid().to_numpy(zero_copy_only=False)
    micros = read.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False).copy()
    return micros, known & (micros >= 0) & (micros <= latest)


def _read_times(column: Texts) -> Texts:
    """An Arrow column of instants; null where only the one-event rule can tell."""
    if pa.types.is_timestamp(column.type):
        return _in_micros(column) if column.type.tz else _unknown(len(column))
    if not pa.types.is_string(column.type):
        return _unknown(len(column))
    try:
        return column.cast(_MICROS)
    except pa.ArrowInvalid:
        usual = compute.match_substring_regex(column, _RFC3339)
    try:
        return compute.if_else(usual, column, None).cast(_MICROS)
    except pa.ArrowInvalid:  # the 30th of February
        return _unknown(len(column))


def _in_micros(column: Texts) -> Texts:
    """Instants of another unit; what is finer is cut off, as from text."""
    try:
        return column.cast(options=_CUT_OFF)
    except pa.ArrowInvalid:  # a year that has six digits
        return _unknown(len(column))


def _unknown(count: int) -> Texts:
    return pa.nulls(count, _MICROS)


def _word(column: Texts, place: int) -> str:
    scalar = column[place]
    if pa.types.is_timestamp(scalar.type) and scalar.type.unit == "ns":
        scalar = scalar.cast(pa.timestamp("us", scalar.type.tz), safe=False)
    try:
        value = scalar.as_py()
    except OverflowError:  # no year of the calendar
        value = f"{scalar.value} {scalar.type.unit} since 1970"
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value)
