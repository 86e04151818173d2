"""Events read in columns are those that the one-event rule reads, and so are the rejects."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.columns.event_ids import id_bytes
from creditctl.rules.columns.events import event_columns
from creditctl.rules.usage_events import FIELDS, Refused, Reject, read_units, usage_event

LATEST = 1_793_500_000_000_000
TIMES = st.sampled_from(
    [
        "2026-10-31T23:59:00Z",
        "2026-10-31 23:59:00.123456+02:00",
        "2026-10-31T23:59Z",
        "2026-10-31t23:59:00z",
        "2026-10-31T23:59:00.1234567Z",
        "20261031T235900Z",
        "2026-10-31T23:59:00",
        "2026-02-30T00:00:00Z",
        "2026-10-31T24:00:00Z",
        "2030-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "1761955140",
        "1761955140.25",
        "1761955140000",
        "1761955140000000",
        "31/Oct/2025:23:59:00 +0000",
        "31/Foo/2025:23:59:00 +0000",
        "soon",
        "",
    ]
) | st.datetimes(datetime(1970, 1, 1), datetime(2026, 10, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda at: at.isoformat()
)
VALUES = {
    "id": st.sampled_from(["", "a", "x" * 256, "a\0b"]) | st.uuids().map(str),
    "time": TIMES,
    "org": st.sampled_from(["", "acme"]),
    "key": st.sampled_from(["", "k1", "k2"]),
    "endpoint": st.sampled_from(["", "GET /v1/a", "get /v1/a?b=c", "GET", " /x"]),
    "method": st.sampled_from(["", "GET", "post"]),
    "path": st.sampled_from(["", "/v1/a", "/v1/b?c=d"]),
    "status": st.sampled_from(["200", "404", "99", "600", "2OO", "", "0200", "200.0", "٢٠٠"]),
    "units": st.sampled_from(
        ["", "0", "7", "-1", "1.5", "1.", "7.00", "9" * 20, str(2**53), "007"]
    ),
}
ROWS = st.lists(st.fixed_dictionaries(VALUES), max_size=12)


@given(ROWS, st.sets(st.sampled_from(FIELDS)), st.booleans())
def test_columns_and_records_read_the_same(
    rows: list[dict[str, str]], missing: set[str], encoded: bool
) -> None:
    names = [name for name in FIELDS if name not in missing]
    fields = {name: pa.array([row[name] for row in rows], pa.string()) for name in names}
    if encoded:
        fields = {
            name: column if name in ("id", "time") else column.dictionary_encode()
            for name, column in fields.items()
        }
    lines = np.arange(1, len(rows) + 1)
    events, sound, rejects = event_columns(lines, fields, LATEST)
    expected = [
        usage_event(line, {name: row[name] for name in names}, LATEST)
        for line, row in enumerate(rows, 1)
    ]
    assert sorted(rejects) == [one for one in expected if isinstance(one, Reject)]
    for place, one in enumerate(expected):
        assert sound[place] == (not isinstance(one, Reject))
        if isinstance(one, Reject):
            continue
        high, low = int(events.ids.high[place]), int(events.ids.low[place])
        assert id_bytes(high, low) == one.event_id
        assert events.ids.texts.get(place) == one.id_text
        assert events.occurred_at[place] == one.occurred_at
        request = events.requests.values[events.requests.codes[place]]
        assert request == (one.method, one.path)
        requester = events.requesters.values[events.requesters.codes[place]]
        assert requester == (one.organization, one.key)
        assert (events.statuses[place], events.units[place]) == (one.status, one.units)


def test_a_column_with_types_of_its_own_is_read_by_them() -> None:
    at = datetime(2026, 10, 31, 12, tzinfo=UTC)
    fields = {
        "id": pa.array([1, 2]),
        "time": pa.array([at, at], pa.timestamp("ms", "Europe/Berlin")),
        "key": pa.array(["k", "k"]),
        "endpoint": pa.array(["GET /a", "GET /a"]),
        "status": pa.array([200, None], pa.int16()),
        "units": pa.array([3, None], pa.int64()),
    }
    events, sound, rejects = event_columns(np.array([1, 2]), fields, LATEST)
    assert sound.tolist() == [True, False]
    assert rejects == [Reject(2, "status", "", "is missing")]
    assert events.occurred_at[0] == at.timestamp() * 1_000_000
    assert events.units[0] == 3
    naive = fields | {"time": pa.array([at.replace(tzinfo=None)] * 2, pa.timestamp("us"))}
    _, sound, rejects = event_columns(np.array([1, 2]), naive, LATEST)
    assert not sound.any()
    assert {reject.reason for reject in rejects} == {"has no time zone"}


def test_instants_of_any_unit_are_read_or_rejected() -> None:
    times = {
        "s": ([1_761_955_140, 2**40], [1_761_955_140_000_000], "1099511627776 s since 1970"),
        "ms": ([1_761_955_140_001, 2**62], [1_761_955_140_001_000], f"{2**62} ms since 1970"),
        "ns": ([1_761_955_140_000_001_999, 1_993_500_000_000_000_001], [1_761_955_140_000_001],
               "2033-03-03T22:00:00+00:00"),
    }  # fmt: skip
    same = {"id": pa.array(["a", "b"]), "key": pa.array(["k", "k"])}
    same |= {"endpoint": pa.array(["GET /a"] * 2), "status": pa.array([200, 200])}
    for unit, (counts, micros, shown) in times.items():
        times_of_unit = pa.array(counts, pa.timestamp(unit, "UTC"))
        events, sound, rejects = event_columns(
            np.array([1, 2]), same | {"time": times_of_unit}, LATEST
        )
        assert events.occurred_at[sound].tolist() == micros
        assert [(one.line, one.field, one.value) for one in rejects] == [(2, "time", shown)]


def test_a_number_with_a_fraction_of_zeros_is_whole() -> None:
    assert [read_units(text) for text in ("7.00", "0.0", "9007199254740991.0")] == [7, 0, 2**53 - 1]
    for text in ("7.01", "7.", ".0", "7.0.0", "1e3"):
        with pytest.raises(Refused):
            read_units(text)
