"""Whoever reads an answer leaves early, or was never there: no traceback, and the work is done."""

import os
import shutil
import subprocess
from fcntl import F_SETPIPE_SZ, fcntl
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import IO

import pytest

from faults.command import PATIENCE_SECONDS, command_line, surroundings
from faults.company import CleanRun, assert_consistent, assert_same, books_of, import_here

CHUNK = 100
PIPE_BYTES = 4096
"""What the pipe holds, a page: a shorter answer is written before anybody could leave.

Made small, for answers name files, and how long they are depends on where the tests run.
"""

LONG_ANSWERS = (
    "usage events prepaid --limit 500 --month 2026-10 -o json",
    "usage export - --month 2026-10",
)
COMMANDS = (
    "usage events prepaid --limit 500 --month 2026-10",
    "usage events prepaid --limit 500 --month 2026-10 -o ndjson",
    "usage events prepaid --limit 500 --month 2026-10 -o csv",
    "usage export - --month 2026-10 --as parquet",
)


@pytest.fixture(scope="module")
def used(prepared_sqlite: Path, usage_file: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with the month's usage."""
    path = tmp_path_factory.mktemp("used") / "company.db"
    shutil.copyfile(prepared_sqlite, path)
    import_here(f"sqlite:///{path}", usage_file, chunk=CHUNK)
    return f"sqlite:///{path}"


def answered_to_nobody(
    database: str, *words: str, reads: int = 0, with_errors: bool = False
) -> tuple[int, str]:
    """Exit status and stderr of a command whose reader leaves after so many bytes."""
    reader, writer = os.pipe()
    assert fcntl(writer, F_SETPIPE_SZ, PIPE_BYTES) == PIPE_BYTES
    process = Popen(
        command_line(database, *words),
        env=surroundings(CHUNK),
        stdin=DEVNULL,
        stdout=writer,
        stderr=writer if with_errors else PIPE,
    )
    os.close(writer)
    if reads:
        assert len(os.read(reader, reads)) > 0
    os.close(reader)
    _, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, (stderr or b"").decode()


@pytest.mark.parametrize("line", LONG_ANSWERS)
def test_a_reader_that_leaves_after_a_line_ends_the_command_in_silence(
    used: str, line: str
) -> None:
    assert answered_to_nobody(used, *line.split(), reads=1) == (0, "")


@pytest.mark.parametrize(
    "line", [COMMANDS[0], *(pytest.param(line, marks=pytest.mark.slow) for line in COMMANDS[1:])]
)
def test_a_reader_that_was_never_there_is_no_failure(used: str, line: str) -> None:
    assert answered_to_nobody(used, *line.split()) == (0, "")


def test_the_answers_are_longer_than_what_a_pipe_holds(used: str) -> None:
    for line in LONG_ANSWERS:
        answer = subprocess.check_output(command_line(used, *line.split()))
        assert len(answer) > PIPE_BYTES + 1, line


def test_a_failure_that_nobody_reads_has_its_exit_status(used: str) -> None:
    assert answered_to_nobody(used, "orgs", "show", "nobody", with_errors=True) == (3, "")


@pytest.mark.parametrize("full", [False, True], ids=["nobody reads", "no room"])
def test_an_answer_is_whole_though_its_note_cannot_be_written(
    prepared_sqlite: Path, tmp_path: Path, *, full: bool
) -> None:
    path = tmp_path / "company.db"
    shutil.copyfile(prepared_sqlite, path)
    reader, writer = os.pipe()
    os.close(reader)
    with open("/dev/full" if full else writer, "wb") as lost:  # noqa: PTH123
        process = run_with_errors_to(lost, path, "keys", "create", "prepaid", "--name", "new")
        assert (process.returncode, b"ck_live_" in process.stdout) == (0, True)
        process = run_with_errors_to(lost, path, "orgs", "show", "nobody")
        assert (process.returncode, process.stdout) == (3, b"")
    if full:
        os.close(writer)


def run_with_errors_to(
    stream: IO[bytes], database: Path, *words: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command whose stderr goes there."""
    return subprocess.run(
        command_line(f"sqlite:///{database}", *words),
        env=surroundings(CHUNK),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=stream,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def test_an_import_whose_summary_nobody_reads_is_booked(
    prepared_sqlite: Path, usage_file: Path, clean_run: CleanRun, tmp_path: Path
) -> None:
    path = tmp_path / "company.db"
    shutil.copyfile(prepared_sqlite, path)
    database = f"sqlite:///{path}"
    words = ("usage", "import", str(usage_file), "-o", "json", "--quiet")
    assert answered_to_nobody(database, *words) == (0, "")
    assert_consistent(database)
    assert_same(books_of(database), clean_run(usage_file, chunk=CHUNK))


@pytest.mark.parametrize(
    ("closed", "line", "status"),
    [
        (">&-", "orgs list", 0),
        ("2>&-", "orgs show nobody", 3),
        ("<&-", "usage import -", 2),
        (">&- 2>&- <&-", "orgs list", 0),
    ],
)
def test_a_stream_that_was_closed_from_the_start_is_nothing_to_read_or_write(
    used: str, closed: str, line: str, status: int
) -> None:
    script = f'exec "$@" {closed}'
    words = ["sh", "-c", script, "sh", *command_line(used, *line.split())]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == status
    assert "bug" not in ended.stderr
