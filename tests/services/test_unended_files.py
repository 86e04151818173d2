"""A file whose last line has no line end: perhaps it was cut off, and nobody can see that in it."""

import gzip
from pathlib import Path

import pytest

from builders import an_organization, at, open_books
from creditctl.context import Context
from creditctl.rules.units import Credits
from creditctl.services.usage_batches import ImportSummary
from creditctl.services.usage_import import import_usage
from creditctl.services.usage_undo import undo_import

HEADER = "id,time,org,endpoint,status,units\n"
LINES = [f"e{place},2026-10-20T00:00:0{place}Z,acme,GET /rows,200,1234\n" for place in range(3)]
NDJSON = (
    '{"id":"n1","time":"2026-10-20T00:00:00Z","org":"acme","endpoint":"GET /rows","status":200,'
    '"units":5}'
)


@pytest.fixture
def books(context: Context) -> Context:
    open_books(at(context, "2026-10-01T00:00:00Z"))
    an_organization(at(context, "2026-10-01T00:00:00Z"), "acme", credits="9000")
    return at(context, "2026-10-22T00:00:00Z")


def imported(context: Context, path: Path, content: bytes) -> ImportSummary:
    path.write_bytes(content)
    return import_usage(context, [path])


def test_a_number_that_was_cut_is_booked_named_and_mended_by_an_undo(
    books: Context, tmp_path: Path
) -> None:
    whole = (HEADER + "".join(LINES)).encode()
    cut = imported(books, tmp_path / "usage.csv", whole[:-3])
    (file,) = cut.files
    assert (file.unended_line, cut.billed, cut.credits) == (4, 3, Credits.parse("2480"))
    undo_import(books, file.id, reason="the file was cut off")
    again = imported(books, tmp_path / "usage.csv", whole)
    assert (again.files[0].unended_line, again.credits) == (None, Credits.parse("3702"))


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.csv", HEADER + LINES[0], None),
        ("a.csv", HEADER + LINES[0].strip(), 2),
        ("a.csv", HEADER + LINES[0] + "  ", None),
        ("a.csv", (HEADER + LINES[0] + LINES[1]).replace("\n", "\r\n"), None),
        ("a.csv", (HEADER + LINES[0] + "\n\n" + LINES[1].strip()).replace("\n", "\r\n"), 5),
        ("a.ndjson", NDJSON + "\n", None),
        ("a.ndjson", NDJSON, 1),
    ],
)
def test_the_last_line_without_an_end_is_named(
    books: Context, tmp_path: Path, name: str, content: str, line: int | None
) -> None:
    (file,) = imported(books, tmp_path / name, content.encode()).files
    assert (file.unended_line, file.rejected) == (line, 0)


def test_in_a_packed_file_too(books: Context, tmp_path: Path) -> None:
    packed = gzip.compress((HEADER + "".join(LINES)).strip().encode())
    assert imported(books, tmp_path / "a.csv.gz", packed).files[0].unended_line == 4


def test_of_many_files_only_the_cut_ones_are_named(books: Context, tmp_path: Path) -> None:
    paths = [tmp_path / f"{place}.csv" for place in range(3)]
    for path, line in zip(paths, LINES, strict=True):
        path.write_text(HEADER + line, encoding="utf-8")
    paths[1].write_text(HEADER + LINES[1][:-1], encoding="utf-8")
    found = [file.unended_line for file in import_usage(books, paths).files]
    assert found == [None, 2, None]
