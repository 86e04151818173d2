"""kill -9 in the middle of an import, run it again: the books are those of one clean run."""

import random
import shutil
import time
from pathlib import Path

import pytest

from creditctl.context import Context
from faults.import_workshop import (
    chunks_booked,
    import_here,
    left_behind,
    set_up,
    start_import,
    write_usage,
)

PATIENCE_SECONDS = 30


@pytest.fixture
def usage_file(tmp_path: Path) -> Path:
    path = tmp_path / "usage.csv"
    write_usage(path)
    return path


@pytest.fixture
def clean_run(sqlite_template: Path, tmp_path: Path, usage_file: Path) -> dict:
    """What one uninterrupted import leaves behind."""
    path = tmp_path / "clean.db"
    shutil.copyfile(sqlite_template, path)
    database = f"sqlite:///{path}"
    set_up(Context(database, None, "tester"))
    import_here(database, usage_file)
    return left_behind(database)


def kill_after(database: str, usage_file: Path, chunks: int, delay: float) -> None:
    """Kill the importer once it has booked that many chunks, a moment later."""
    importer = start_import(database, usage_file)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while importer.poll() is None and chunks_booked(database) < chunks:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    time.sleep(delay)
    importer.kill()
    importer.wait()


@pytest.mark.parametrize("seed", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_killed_and_run_again_it_ends_as_one_clean_run(
    context: Context, usage_file: Path, clean_run: dict, seed: int, request: pytest.FixtureRequest
) -> None:
    chance = random.Random(seed)
    kills = 40 if request.node.get_closest_marker("slow") else 3
    set_up(context)

    for number in range(kills):
        kill_after(context.database, usage_file, number % 9 + 1, chance.random() / 50)
    import_here(context.database, usage_file)

    found = left_behind(context.database)
    for name, rows in clean_run.items():
        assert found[name] == rows, name


def test_killed_before_anything_was_booked_nothing_is_left(
    context: Context, usage_file: Path, clean_run: dict
) -> None:
    set_up(context)
    importer = start_import(context.database, usage_file)
    importer.kill()
    importer.wait()

    import_here(context.database, usage_file)

    assert left_behind(context.database)["events"] == clean_run["events"]
