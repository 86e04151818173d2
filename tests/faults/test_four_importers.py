"""Four processes import at once: one file, files that overlap, and ids that several tell of."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from faults.company import (
    HEADER,
    PAYERS,
    SUMS,
    CleanRun,
    Fresh,
    Importers,
    assert_same,
    books_of,
    write_usage,
)

CHUNK = 60
REQUESTS, ROWS = 300, 2
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
ROUNDS = pytest.mark.parametrize("rounds", [1, pytest.param(30, marks=pytest.mark.slow)])


def import_until_done(importers: Importers, database: str, paths: list[Path]) -> None:
    """Once more those that were told to try again, until none is left."""
    for _ in range(10):
        answers = importers(database, *paths, chunk=CHUNK)
        assert is_done_or_busy(answers)
        told = zip(paths, answers, strict=True)
        paths = [path for path, answer in told if answer == "busy"]
        if not paths:
            return
    raise AssertionError(f"still busy after ten times: {paths}")


def is_done_or_busy(answers: list[int | str]) -> bool:
    """Whether nothing else became of the importers."""
    return all(answer == "busy" or isinstance(answer, int) for answer in answers)


@ROUNDS
def test_one_file_four_times_at_once_is_one_clean_import(
    fresh: Fresh, usage_file: Path, clean_run: CleanRun, importers: Importers, rounds: int
) -> None:
    expected = clean_run(usage_file, chunk=CHUNK)
    for _ in range(rounds):
        with fresh() as database:
            answers = importers(database, *[usage_file] * 4, chunk=CHUNK)
            # Whoever meets another one gives way to it, so somebody comes to the end.
            assert is_done_or_busy(answers)
            assert set(answers) != {"busy"}
            assert_same(books_of(database), expected)


@ROUNDS
def test_four_files_that_overlap_are_one_clean_import_of_all_events(
    fresh: Fresh, tmp_path: Path, clean_run: CleanRun, importers: Importers, rounds: int
) -> None:
    everything = tmp_path / "everything.csv"
    write_usage(everything, 750)
    expected = clean_run(everything, chunk=CHUNK, queries=SUMS)
    for number in range(rounds):
        paths = [tmp_path / f"{number}-{part}.csv" for part in range(4)]
        for part, path in enumerate(paths):
            write_usage(path, 300, first=150 * part, seed=10 * number + part)
        with fresh() as database:
            import_until_done(importers, database, paths)
            assert_same(books_of(database, SUMS), expected)


@ROUNDS
def test_an_id_that_four_files_tell_of_within_the_hour_is_billed_once(
    fresh_postgresql: Fresh, tmp_path: Path, importers: Importers, rounds: int
) -> None:
    """Their times are on both sides of a full hour, so that no key of a table tells them apart.

    SQLite has one writer anyway.
    """
    paths = [tmp_path / f"late-{part}.csv" for part in range(4)]
    for part, path in enumerate(paths):
        write_requests(path, datetime(2026, 10, 5, 10, 49, tzinfo=UTC) + part * 4 * MINUTE)
    for _ in range(rounds):
        with fresh_postgresql() as database:
            import_until_done(importers, database, paths)
            books = books_of(database)
            assert len(books["events"]) == REQUESTS
            assert sum(day[-1] for day in books["tier days"]) == REQUESTS * ROWS * 1_000_000


@ROUNDS
def test_an_id_that_four_organizations_claim_at_once_is_billed_to_one(
    fresh_postgresql: Fresh, tmp_path: Path, importers: Importers, rounds: int
) -> None:
    """No lock on an organization keeps these importers apart; SQLite has one writer anyway."""
    paths = [tmp_path / f"{owner}.csv" for owner in PAYERS[:4]]
    for owner, path in zip(PAYERS, paths, strict=False):
        write_requests(path, datetime(2026, 10, 5, 10, tzinfo=UTC), owner)
    for _ in range(rounds):
        with fresh_postgresql() as database:
            import_until_done(importers, database, paths)
            books = books_of(database)
            assert len(books["events"]) == REQUESTS
            assert len(books["rejects"]) == 3 * REQUESTS
            assert {reject[3] for reject in books["rejects"]} == {
                "was used before by another request"
            }


def write_requests(path: Path, start: datetime, owner: str = "postpaid") -> None:
    """The same requests whenever they start, and whoever made them."""
    lines = [
        f"r{number},{start + number * SECOND:%Y-%m-%dT%H:%M:%SZ},{owner},{ROWS},200,GET,/rows"
        for number in range(REQUESTS)
    ]
    random.Random(path.name).shuffle(lines)
    path.write_text("\n".join([HEADER, *lines, ""]))
