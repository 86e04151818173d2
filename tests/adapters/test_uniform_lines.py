"""Lines that are alike are cut at fixed places; what comes of it is what a parser of JSON says."""

import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.adapters.readers import byte_words, lines, ndjson, uniform_lines
from creditctl.adapters.readers.lines import LineBlock, line_blocks, sound_lines
from creditctl.adapters.readers.ndjson import columns_of, objects_of
from creditctl.adapters.readers.uniform_lines import uniform_columns

WANTED = ("id", "time", "key", "endpoint", "status", "units", "data.unit")
LINE = '{"id":"a1","time":"2026-10-05T12:00:00Z","key":"web","endpoint":"GET /v1/a","units":3}'


def uniform(data: bytes, wanted: tuple[str, ...] = WANTED) -> dict[str, Any] | None:
    block = LineBlock(1, data)
    found = uniform_columns(block, wanted) if sound_lines(block)[0].all() else None
    return found and {name: column.to_pylist() for name, column in found.items()}


def parsed(data: bytes, wanted: tuple[str, ...] = WANTED) -> dict[str, Any] | None:
    """What the parser of JSON says; None if a line is no object."""
    block = LineBlock(1, data)
    sound, rejects = sound_lines(block)
    _, records, bad = objects_of(block, sound, wanted)
    if rejects or bad or not sound.all():
        return None
    return {name: column.to_pylist() for name, column in columns_of(records, wanted).items()}


# What programs write: the same members in the same order, values of any width.
PLAIN = st.text(st.sampled_from("aä€😀 ,:{}[]/\x7f0-"), max_size=20)
LONG = st.sampled_from(["", "w" * 7, "w" * 8, "w" * 9, "x" * 64, "y" * 65, "z" * 600])
NUMBERS = st.sampled_from(
    "0 -0 7 200 1e3 1E+30 -2.50 0.1 12345678901234567890 1e-7 9007199254740993".split()
)
NO_NUMBERS = st.sampled_from(
    "01 +1 1. .5 -  1e 0x1 NaN Infinity nul true false null 1,2 []".split()
)
WORDS = st.one_of(PLAIN, LONG).map(lambda text: f'"{text}"')
ANY = st.one_of(
    WORDS,
    NUMBERS,
    NO_NUMBERS,
    st.text(max_size=6).map(json.dumps),
    st.sampled_from(['{"unit":1}', '{"unit":"u"}', "[1]", '"\\u0041"', '"\t"', '"a"b"', "1 "]),
)
NAMES = st.sampled_from([*WANTED, "data", "other", "ä", "\\u0069d", ""])
SPACES = st.sampled_from(["", " ", "  ", "\t", "\r"])


@st.composite
def records(draw: st.DrawFn) -> bytes:
    """Lines of one layout; now and then one of another, or with a value of another kind."""
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique=draw(st.integers(0, 9)) > 0))
    kinds = [draw(st.sampled_from([WORDS, WORDS, NUMBERS, ANY])) for _ in names]
    before, after, end = draw(SPACES), draw(SPACES), draw(st.sampled_from(["", "", " ", "\r"]))
    odd = draw(st.one_of(st.none(), st.integers(0, 5)))
    found = []
    for place in range(draw(st.integers(1, 8))):
        chosen = list(zip(names, kinds, strict=True))
        if place == odd:
            chosen = draw(st.permutations(chosen))[draw(st.integers(0, 1)) :]
            chosen = [(name, draw(st.sampled_from([kind, ANY]))) for name, kind in chosen]
        members = [f'"{name}":{before}{draw(kind)}{after}' for name, kind in chosen]
        found.append("{" + ",".join(members) + "}" + end + "\n")
    return "".join(found).encode("utf-8", "surrogatepass")


@given(records())
def test_what_is_cut_is_what_a_parser_says(data: bytes) -> None:
    found = uniform(data)
    assert found is None or found == parsed(data)


@given(records(), st.data())
def test_a_changed_byte_is_never_overlooked(data: bytes, choose: st.DataObject) -> None:
    changed = bytearray(data)
    changed[choose.draw(st.integers(0, len(data) - 2))] = choose.draw(
        st.sampled_from(b'"\\,:{}a1 \0')
    )
    assert (found := uniform(bytes(changed))) is None or found == parsed(bytes(changed))


@given(
    st.lists(st.tuples(WORDS, WORDS, NUMBERS), min_size=1, max_size=30),
    SPACES,
    st.integers(100, 3000),
)
def test_lines_of_one_layout_are_cut_whatever_the_size_of_blocks(
    values: list[tuple[str, str, str]], space: str, size: int
) -> None:
    rows = [f'{{"id":{space}{a},"key":{b}{space},"units":{c}}}\n' for a, b, c in values]
    data = "".join(rows).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK_BYTES", size)
        blocks = [block for block in line_blocks(io.BytesIO(data)) if isinstance(block, LineBlock)]
    assert b"".join(block.data for block in blocks) == data
    for block in blocks:
        found = uniform(block.data)
        assert found is not None
        assert found == parsed(block.data)


@given(records(), st.integers(1, 3))
def test_lines_that_are_cut_some_at_a_time_are_what_a_parser_says(data: bytes, count: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uniform_lines, "_AT_ONCE", count)
        patch.setattr(uniform_lines, "_SAMPLE", 1)
        found = uniform(data)
    assert found is None or found == parsed(data)


@given(st.lists(st.tuples(WORDS, WORDS, NUMBERS), min_size=1, max_size=8), st.integers(1, 4))
def test_widths_may_change_after_any_line(values: list[tuple[str, str, str]], count: int) -> None:
    rows = [f'{{"id":{a},"units":{c},"key":{b},"other":{a},"status":{c}}}\n' for a, b, c in values]
    data = "".join(rows).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uniform_lines, "_AT_ONCE", count)
        patch.setattr(uniform_lines, "_SAMPLE", 1)
        found = uniform(data)
    assert found is not None
    assert found == parsed(data)


@given(st.lists(st.integers(0, 200), max_size=30), st.sampled_from([64, 192, 1 << 19]))
def test_line_ends_are_found_however_far_apart(lengths: list[int], tile: int) -> None:
    data = b"".join(b"x" * length + b"\n" for length in lengths)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_TILE_BYTES", tile)
        block = LineBlock(1, data)
        assert block.ends.tolist() == [place + 1 for place, byte in enumerate(data) if byte == 10]
        assert block.is_ascii
        assert not LineBlock(1, data + "ä\n".encode()).is_ascii


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[LineBlock]]:
    """The blocks that were left to a parser of JSON."""
    left: list[LineBlock] = []
    parse = ndjson._read_at_once

    def counted(block: LineBlock, wanted: list[str]) -> Any:
        left.append(block)
        return parse(block, wanted)

    monkeypatch.setattr(ndjson, "_read_at_once", counted)
    return left


def read(data: bytes) -> list[tuple[str, ...]]:
    blocks = ndjson.open_blocks(io.BytesIO(data), "usage", ("id", "units")).items
    return [
        tuple(map(str, row))
        for block in blocks
        for row in zip(*(block.columns[name].to_pylist() for name in ("id", "units")), strict=True)
    ]


def test_no_parser_sees_lines_of_one_layout(slow: list[LineBlock]) -> None:
    assert read((LINE + "\n").encode() * 5_000 + LINE.encode()) == [("a1", "3")] * 5_001
    assert slow == []


@pytest.mark.parametrize(
    "odd",
    [
        LINE.replace('"web"', "null"),
        LINE.replace('"web"', '"w\\u0065b"'),
        LINE.replace('"key":"web",', ""),
        LINE.replace(":3}", ": 3}"),
        LINE.replace(":3}", ':"3"}'),
        LINE.replace("}", ',"org":"acme"}'),
    ],
)
def test_one_line_of_another_layout_leaves_its_block_to_the_parser(
    odd: str, slow: list[LineBlock]
) -> None:
    assert read("\n".join([LINE] * 5_000 + [odd, LINE]).encode()) == [("a1", "3")] * 5_002
    assert len(slow) == 1


def test_a_text_longer_than_those_that_were_measured_is_found() -> None:
    many = [LINE] * 5_000
    many[777] = LINE.replace("web", "web and more")
    found = uniform(("\n".join(many) + "\n").encode())
    assert found is not None
    assert [(place, key) for place, key in enumerate(found["key"]) if key != "web"] == [
        (777, "web and more")
    ]


def test_texts_that_are_mixed_to_the_same_number_stay_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(byte_words, "_MIXERS", np.zeros(8, np.uint64))
    keys = ["key number one", "key number two", "", "key number one", "k" * 40]
    data = "".join(LINE.replace("web", key) + "\n" for key in keys).encode()
    found = uniform(data)
    assert found is not None
    assert found["key"] == keys
