"""kill -9 of the real command at any moment, and again: at last the books are a clean run's."""

import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from faults.command import PATIENCE_SECONDS, start_import
from faults.company import (
    CleanRun,
    Fresh,
    assert_consistent,
    assert_same,
    books_of,
    records_booked,
)
from forked import Forked

CHUNK = 40
"""A kill leaves many undone."""


def until_it_booked(importer: Forked, database: str) -> None:
    """Wait for the importer to book one more chunk, or to end."""
    before = records_booked(database)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while importer.poll() is None and records_booked(database) == before:
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture(scope="module")
def life(
    prepared_sqlite: Path, usage_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> float:
    """Seconds from an import's start to its end when nobody kills it."""
    path = tmp_path_factory.mktemp("life") / "company.db"
    shutil.copyfile(prepared_sqlite, path)
    started = time.monotonic()
    importer = start_import(f"sqlite:///{path}", usage_file, chunk=CHUNK)
    assert importer.wait(PATIENCE_SECONDS) == 0
    return time.monotonic() - started


@pytest.mark.parametrize("kills", [6, pytest.param(200, marks=pytest.mark.slow)])
def test_killed_at_random_moments_the_books_are_those_of_a_clean_run(
    fresh: Fresh, usage_file: Path, clean_run: CleanRun, life: float, kills: int
) -> None:
    expected = clean_run(usage_file, chunk=CHUNK)
    chance = random.Random(kills)
    done = 0
    while done < kills:
        with fresh() as database:
            ended = False
            while not ended:
                importer = start_import(database, usage_file, chunk=CHUNK)
                if done < kills:
                    if is_booking := chance.random() < 0.5:
                        until_it_booked(importer, database)
                    time.sleep(chance.uniform(0, life / (20 if is_booking else 1)))
                    importer.kill()
                ended = importer.wait(PATIENCE_SECONDS) != -signal.SIGKILL
                done += not ended
                assert_consistent(database)
            assert importer.returncode == 0
            assert_same(books_of(database), expected)
