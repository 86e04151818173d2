"""Every format says the same of the same events, and says where a record is none."""

import bz2
import csv
import gzip
import io
import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from creditctl.adapters.readers import READERS, reader_for
from creditctl.adapters.readers.files import open_stream, recognised_format
from creditctl.adapters.readers.lines import LONGEST_LINE
from creditctl.errors import InvalidInput
from creditctl.rules.usage_events import Reject

COLUMNS = ("id", "time", "key", "endpoint", "status", "units")
ROWS = [
    ("a1", "2026-10-05T12:00:00Z", "web", "GET /v1/a", "200", "3"),
    ("a2", "2026-10-05T12:00:01Z", "web", "GET /v1/ä", "404", "0"),
    ("a3", "2026-10-05T12:00:02Z", "", 'GET /v1/"x",y', "200", "7"),
]


def as_csv(rows: list[tuple[str, ...]], **dialect: object) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, **dialect)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue().encode()


def objects(rows: list[tuple[str, ...]]) -> list[dict[str, object]]:
    found = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    return [one | {"status": int(one["status"]), "units": int(one["units"])} for one in found]


def as_ndjson(rows: list[tuple[str, ...]]) -> bytes:
    return "".join(f"{json.dumps(one)}\n" for one in objects(rows)).encode()


def events(rows: list[tuple[str, ...]]) -> list[dict[str, object]]:
    return [
        {"specversion": "1.0", "id": one.pop("id"), "time": one.pop("time"), "data": one}
        for one in objects(rows)
    ]


def as_parquet(rows: list[tuple[str, ...]]) -> bytes:
    columns = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
    times = pa.array(
        [datetime.fromisoformat(text) for text in columns[1]], pa.timestamp("ms", "UTC")
    )
    table = pa.table(
        {
            "id": pa.array(columns[0], pa.large_string()),
            "time": times,
            "key": pa.array(columns[2], pa.string()).dictionary_encode(),
            "endpoint": pa.array(columns[3], pa.string()),
            "status": pa.array(map(int, columns[4]), pa.int16()),
            "units": pa.array(map(int, columns[5]), pa.int64()),
        }
    )
    return written(table)


def written(table: pa.Table | None = None, **columns: pa.Array) -> bytes:
    """A table, or these columns, as Parquet."""
    sink = io.BytesIO()
    parquet.write_table(pa.table(columns) if table is None else table, sink)
    return sink.getvalue()


WAYS: dict[str, tuple[str, Callable[[list[tuple[str, ...]]], bytes]]] = {
    "comma": ("csv", as_csv),
    "semicolon": ("csv", lambda rows: as_csv(rows, delimiter=";")),
    "tab": ("csv", lambda rows: as_csv(rows, delimiter="\t", lineterminator="\n")),
    "bar, all quoted": ("csv", lambda rows: as_csv(rows, delimiter="|", quoting=csv.QUOTE_ALL)),
    "byte order mark": ("csv", lambda rows: b"\xef\xbb\xbf" + as_csv(rows)),
    "ndjson": ("ndjson", as_ndjson),
    "ndjson, text": (
        "ndjson",
        lambda rows: "".join(
            f"{json.dumps(dict(zip(COLUMNS, row, strict=True)))}\r\n" for row in rows
        ).encode(),
    ),
    "cloudevents, lines": (
        "cloudevents",
        lambda rows: "".join(f"{json.dumps(one)}\n" for one in events(rows)).encode(),
    ),
    "cloudevents, byte order mark": (
        "cloudevents",
        lambda rows: b"\xef\xbb\xbf" + json.dumps(events(rows), indent=1).encode(),
    ),
    "cloudevents, batch": ("cloudevents", lambda rows: json.dumps(events(rows), indent=1).encode()),
    "parquet": ("parquet", as_parquet),
}
PACKED = {"plain": bytes, "gzip": gzip.compress, "bz2": bz2.compress, "zstd": None}


def packed(data: bytes, codec: str) -> bytes:
    if codec == "zstd":
        return pa.compress(data, "zstd", asbytes=True)
    return PACKED[codec](data)


def read(path: Path, size: int | None = None) -> tuple[list[tuple[str, ...]], list[Reject]]:
    """Every record as text, and the rejects."""
    format_name = recognised_format(path, path.name)
    rows, rejects = [], []
    with open_stream(path, path.name, size) as stream:
        blocks = reader_for(format_name).open_blocks(stream, path.name, COLUMNS)
        for block in blocks.items:
            columns = [block.columns[name].to_pylist() for name in COLUMNS]
            rows += [tuple(map(text, row)) for row in zip(*columns, strict=True)]
            rejects += block.rejects
            assert len(block.lines) == len(columns[0])
    return rows, rejects


def text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return "" if value is None else str(value)


@pytest.mark.parametrize("codec", PACKED)
@pytest.mark.parametrize("way", WAYS)
def test_the_same_events_are_read_from_every_format(way: str, codec: str, tmp_path: Path) -> None:
    format_name, write = WAYS[way]
    if format_name == "parquet" and codec != "plain":
        pytest.skip("Parquet packs its columns itself")
    path = tmp_path / "usage"
    path.write_bytes(packed(write(ROWS), codec))
    assert recognised_format(path, "usage") == format_name
    assert read(path) == (ROWS, [])


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), max_size=8)


@given(st.lists(st.tuples(*[CELLS] * len(COLUMNS)), max_size=8), st.sampled_from(",;\t|"))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_cells_survive_csv(tmp_path: Path, rows: list[tuple[str, ...]], delimiter: str) -> None:
    path = tmp_path / "usage.csv"
    path.write_bytes(as_csv(rows, delimiter=delimiter, quoting=csv.QUOTE_ALL))
    assert read(path) == (rows, [])


@pytest.mark.parametrize("members", [gzip.compress, bz2.compress])
def test_packed_files_that_were_appended_to_each_other_are_one(
    members: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "usage"
    path.write_bytes(members(as_csv(ROWS[:1])) + members(as_csv(ROWS).split(b"\n", 2)[2]))
    assert read(path)[0] == ROWS


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (gzip.compress(as_csv(ROWS), mtime=0)[:40], "is damaged or cut off"),
        (bz2.compress(as_csv(ROWS))[:40], "is damaged or cut off"),
        (as_parquet(ROWS)[:200], "is a damaged Parquet file"),
        (b'[{"specversion": "1.0"}', "is no JSON"),
        (b" \n", "is empty"),
        (as_csv(ROWS).decode().encode("utf-16"), ", line 1: the header is not UTF-8 text"),
        (as_csv(ROWS).decode().encode("utf-16-le"), ", line 1: the header is not UTF-8 text"),
        (as_csv(ROWS, lineterminator="\r"), ", line 1: lines end with a carriage return alone"),
        (written(id=pa.array([[1]])), ": column 'id' holds list<element: int64>"),
        (written(key=pa.array([{"a": 1}])), ": column 'key' holds struct<a: int64>"),
    ],
)
def test_a_damaged_file_is_named(damaged: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "usage"
    path.write_bytes(damaged)
    with pytest.raises(InvalidInput, match=f"usage ?{re.escape(reason)}"):
        read(path)


def test_a_bad_line_is_one_line_and_keeps_its_number(tmp_path: Path) -> None:
    good = as_csv(ROWS[:1], lineterminator="\n").split(b"\n")[1]
    lines = [b"id,time,key,endpoint,status,units", b"", good, b"a,b", b'x"y,1,2,3,4,5', b"\xff"]
    lines += [b"y" * (LONGEST_LINE + 1), b'"open', good.replace(b"a1", b"a9"), b"  "]
    path = tmp_path / "usage.csv"
    path.write_bytes(b"\n".join(lines))
    rows, rejects = read(path)
    assert [row[0] for row in rows] == ["a1", "a9"]
    assert sorted((one.line, one.reason) for one in rejects) == [
        (4, "has 2 columns, not 6"),
        (5, "has an unclosed or misplaced quote"),
        (6, "is not UTF-8 text"),
        (7, f"is longer than {LONGEST_LINE} bytes"),
        (8, "has an unclosed or misplaced quote"),
    ]


def test_a_line_longer_than_a_block_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    data = as_csv(ROWS, lineterminator="\n")
    path.write_bytes(data + b"z" * (20 * LONGEST_LINE) + b"\n" + data.split(b"\n", 1)[1])
    rows, rejects = read(path)
    assert rows == ROWS * 2
    assert [(one.line, one.reason) for one in rejects] == [
        (5, f"is longer than {LONGEST_LINE} bytes")
    ]
    with open_stream(path, path.name) as stream:
        list(reader_for("csv").open_blocks(stream, path.name, COLUMNS).items)
        assert stream.unended_line is None


def test_lines_of_json_that_are_no_objects_are_rejects(tmp_path: Path) -> None:
    path = tmp_path / "usage.ndjson"
    path.write_bytes(as_ndjson(ROWS[:1]) + b"[1]\n{\n\xff\n" + as_ndjson(ROWS[1:2]))
    rows, rejects = read(path)
    assert rows == ROWS[:2]
    assert sorted((one.line, one.reason) for one in rejects) == [
        (2, "is not a JSON object"),
        (3, "is not JSON"),
        (4, "is not UTF-8 text"),
    ]


@pytest.mark.parametrize("unwanted", [b"", b'"agent": "cut \\ud83d", '])
def test_half_a_character_spoils_a_record_whose_field_it_is_in(
    unwanted: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "usage.ndjson"
    lines = as_ndjson(ROWS).replace(b"{", b"{" + unwanted).replace(b'"a2"', b'"a\\uD83d"')
    path.write_bytes(lines)
    assert read(path) == ([ROWS[0], ROWS[2]], [Reject(2, "id", "a\ud83d", "is not text")])
    batch = json.dumps(events(ROWS)).encode().replace(b'"a2"', b'"a\\uD83d"')
    path.write_bytes(batch)
    assert read(path) == ([ROWS[0], ROWS[2]], [Reject(2, "id", "a\ud83d", "is not text")])


def test_cloudevents_need_an_id_and_their_version(tmp_path: Path) -> None:
    path = tmp_path / "usage.json"
    nameless, old, unversioned, good = (one | {"type": "call"} for one in events([*ROWS, ROWS[0]]))
    del nameless["id"], unversioned["specversion"]
    old["specversion"] = "0.3"
    rejects = [Reject(2, "specversion", "0.3", "is not 1.0")]
    rejects += [Reject(3, "specversion", "", "is not 1.0")]
    written = [nameless, old, unversioned, good]
    for text in (json.dumps(written), "".join(f"{json.dumps(one)}\n" for one in written)):
        path.write_text(text)
        assert read(path) == ([("", *ROWS[0][1:]), ROWS[0]], rejects)


@pytest.mark.parametrize("array", [b"[]", as_ndjson(ROWS[:1]).join((b" [\n", b"]"))])
def test_an_array_of_objects_is_told_how_to_become_lines(array: bytes, tmp_path: Path) -> None:
    path = tmp_path / "usage"
    path.write_bytes(array)
    with pytest.raises(InvalidInput, match="is a JSON array") as refused:
        read(path)
    assert refused.value.advice == "jq -c '.[]' FILE writes its objects as lines"


def test_parquet_of_bytes_and_uuids_is_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "usage.parquet"
    ids = [UUID(int=number) for number in range(3)]
    columns = dict(zip(COLUMNS, zip(*ROWS, strict=True), strict=True))
    nobody = [b"web", b"\xff", None]
    path.write_bytes(
        written(
            id=pa.array([one.bytes for one in ids], pa.uuid()),
            time=pa.array([text.encode() for text in columns["time"]]).dictionary_encode(),
            key=pa.array(nobody),
            **{name: pa.array(columns[name]) for name in ("endpoint", "status", "units")},
        )
    )
    rows, rejects = read(path)
    assert rows == [(str(ids[place]), *ROWS[place][1:]) for place in (0, 2)]
    assert rejects == [Reject(2, "key", "\\xff", "is not UTF-8 text")]


def test_of_a_file_that_grows_only_whole_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    data = as_csv(ROWS, lineterminator="\n")
    cut_in_a_number = len(data) - 2
    path.write_bytes(data[:cut_in_a_number])
    whole = read(path, cut_in_a_number)
    assert len(whole[0]) == 3
    path.write_bytes(data)
    assert read(path, cut_in_a_number) == (ROWS[:2], [])


@pytest.mark.parametrize("name", READERS)
def test_every_reader_leaves_other_formats_alone(name: str, tmp_path: Path) -> None:
    for format_name, write in WAYS.values():
        head = write(ROWS)
        if name not in (format_name, "csv", "ndjson"):
            assert not reader_for(name).recognises(head), format_name
