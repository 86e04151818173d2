"""kill -9 before every single statement, commit and close of an import: all of them heal."""

from pathlib import Path

import pytest

from faults.company import (
    CleanRun,
    Fresh,
    Importers,
    assert_consistent,
    assert_same,
    books_of,
    import_here,
    records_booked,
    write_usage,
)

CHUNK = 60
CHUNK_ENDS = {0, 15, 45, 90, 126}
"""Records that may be booked: the first chunk is a quarter, each longer by one."""


@pytest.fixture
def small_file(tmp_path: Path) -> Path:
    """Four chunks."""
    path = tmp_path / "small.csv"
    write_usage(path, 120)
    return path


@pytest.mark.parametrize("steps", [8, pytest.param(None, marks=pytest.mark.slow)])
def test_killed_before_any_statement_the_next_run_ends_as_a_clean_one(
    fresh: Fresh,
    small_file: Path,
    clean_run: CleanRun,
    importers: Importers,
    steps: int | None,
) -> None:
    expected = clean_run(small_file, chunk=CHUNK)
    with fresh() as database:
        (calls,) = importers(database, small_file, chunk=CHUNK)
        assert isinstance(calls, int)
        assert_same(books_of(database), expected)

    # The first and the last are always among them.
    step = 1 if steps is None else calls // steps
    left = set()
    for last in [*range(1, calls, step), calls]:
        with fresh() as database:
            assert importers(database, small_file, chunk=CHUNK, last=last) == ["killed"]
            assert_consistent(database)
            left.add(records_booked(database))
            import_here(database, small_file, chunk=CHUNK)
            assert_same(books_of(database), expected)
    assert left <= CHUNK_ENDS
    assert len(left) > 2
