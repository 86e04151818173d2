"""No room for the database or for a file: a clear error, whole chunks only, and it heals."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from subprocess import DEVNULL, CompletedProcess
from typing import IO

import pytest

from faults.command import PATIENCE_SECONDS, command_line, run, surroundings
from faults.company import (
    CleanRun,
    Fresh,
    assert_consistent,
    assert_same,
    books_of,
    import_here,
    records_booked,
)

CHUNK = 100
CHUNK_ENDS = {0, 25, 75, *range(150, 1_051, CHUNK)}
KILOBYTE = 1_024
LIMITED = """
import os, resource, sys
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Run a command that can write no file beyond so many bytes."""

FULL_SERVER = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT COUNT(*) FROM usage_event) > 300 THEN
        RAISE disk_full USING MESSAGE = 'could not extend file: No space left on device';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER full_disk AFTER INSERT ON usage_event EXECUTE FUNCTION full_disk();
"""
FULL_DEVICE = Path("/dev/full")
IN_OWN_NAMESPACE = ("unshare", "--map-root-user", "--mount", "sh", "-euc")


def run_limited(limit: int, *words: str, stdin: int | IO[bytes] = DEVNULL) -> CompletedProcess[str]:
    """Run with files of at most so many bytes."""
    return subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), *words],
        stdin=stdin,
        env=surroundings(CHUNK),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def can_mount() -> bool:
    """Whether somebody who is not root may mount a file system of their own here."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return False
    words = [*IN_OWN_NAMESPACE, "mount -t tmpfs none /mnt"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def is_clear(stderr: str, code: str) -> bool:
    """Whether it is one JSON object with that code."""
    return bool(json.loads(stderr)["code"] == code)


@pytest.fixture
def books(prepared_sqlite: Path, tmp_path: Path) -> Path:
    """The company's database."""
    path = tmp_path / "company.db"
    shutil.copyfile(prepared_sqlite, path)
    return path


def importing(database: Path, usage_file: Path) -> list[str]:
    return command_line(f"sqlite:///{database}", "usage", "import", usage_file, "-o", "json")


@pytest.mark.parametrize(
    "kilobytes",
    [60, 700, *(pytest.param(size, marks=pytest.mark.slow) for size in range(100, 900, 40))],
)
def test_where_no_file_can_grow_an_import_stops_and_goes_on_later(
    books: Path, usage_file: Path, clean_run: CleanRun, kilobytes: int
) -> None:
    stopped = run_limited(kilobytes * KILOBYTE, *importing(books, usage_file))

    assert stopped.returncode == 1
    assert stopped.stdout == ""
    assert is_clear(stopped.stderr, "database_unreadable")
    database = f"sqlite:///{books}"
    assert_consistent(database)
    assert records_booked(database) in CHUNK_ENDS
    assert run(database, "usage", "import", usage_file, chunk=CHUNK).returncode == 0
    assert_same(books_of(database), clean_run(usage_file, chunk=CHUNK))


@pytest.mark.skipif(not can_mount(), reason="no file system can be mounted here")
@pytest.mark.parametrize(
    "kilobytes",
    [8, 300, *(pytest.param(size, marks=pytest.mark.slow) for size in range(40, 800, 40))],
)
def test_on_a_full_disk_an_import_stops_and_goes_on_when_there_is_room(
    books: Path, usage_file: Path, clean_run: CleanRun, tmp_path: Path, kilobytes: int
) -> None:
    small, left = tmp_path / "small", tmp_path / "left"
    small.mkdir()
    left.mkdir()
    size = books.stat().st_size + kilobytes * KILOBYTE
    command = shlex.join(importing(small / books.name, usage_file))
    script = f"""
        mount -t tmpfs -o size={size} none {small}
        cp {books} {small}
        {command} > {left}/stdout 2> {left}/stderr && exit 9 || echo $? > {left}/status
        mkdir {left}/full && cp {small}/* {left}/full
        mount -o remount,size=64m {small}
        {command} > {left}/again
        mkdir {left}/healed && cp {small}/* {left}/healed
    """
    subprocess.run([*IN_OWN_NAMESPACE, script], env=surroundings(CHUNK), check=True)

    assert (left / "status").read_text() == "1\n"
    assert (left / "stdout").read_text() == ""
    assert is_clear((left / "stderr").read_text(), "disk_full")
    full, healed = f"sqlite:///{left}/full/{books.name}", f"sqlite:///{left}/healed/{books.name}"
    assert_consistent(full)
    assert records_booked(full) in CHUNK_ENDS
    assert_same(books_of(healed), clean_run(usage_file, chunk=CHUNK))


def test_on_a_server_with_a_full_disk_an_import_stops_and_goes_on_when_there_is_room(
    fresh_postgresql: Fresh, usage_file: Path, clean_run: CleanRun
) -> None:
    import psycopg

    with fresh_postgresql() as database:
        with psycopg.connect(database) as connection:
            connection.execute(FULL_SERVER)

        stopped = run(database, "usage", "import", usage_file, "-o", "json", chunk=CHUNK)

        assert stopped.returncode == 1
        assert is_clear(stopped.stderr, "disk_full")
        assert_consistent(database)
        assert records_booked(database) == 250
        with psycopg.connect(database) as connection:
            connection.execute("DROP TRIGGER full_disk ON usage_event")
        assert run(database, "usage", "import", usage_file, chunk=CHUNK).returncode == 0
        assert_same(books_of(database), clean_run(usage_file, chunk=CHUNK))


@pytest.mark.parametrize("name", ["october.csv", "october.parquet"])
def test_an_export_that_finds_no_room_leaves_no_file(
    books: Path, usage_file: Path, tmp_path: Path, name: str
) -> None:
    database = f"sqlite:///{books}"
    import_here(database, usage_file, chunk=CHUNK)
    folder = tmp_path / "exports"
    folder.mkdir()
    words = ("usage", "export", folder / name, "--month", "2026-10", "-o", "json")

    failed = run_limited(20 * KILOBYTE, *command_line(database, *words))

    assert failed.returncode == 1
    assert is_clear(failed.stderr, "disk_full")
    assert list(folder.iterdir()) == []
    assert run(database, *words).returncode == 0
    assert [path.name for path in folder.iterdir()] == [name]


def test_piped_input_that_finds_no_room_names_the_place_and_leaves_no_file(
    books: Path, usage_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    words = command_line(f"sqlite:///{books}", "usage", "import", "-", "-o", "json")
    with usage_file.open("rb") as stdin:
        failed = run_limited(20 * KILOBYTE, *words, stdin=stdin)
    assert failed.returncode == 1
    assert is_clear(failed.stderr, "disk_full")
    assert str(folder) in failed.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(not FULL_DEVICE.exists(), reason="this system has no full device")
def test_rejects_that_find_no_room_are_written_by_the_next_run(
    books: Path, usage_file: Path, clean_run: CleanRun, tmp_path: Path
) -> None:
    database = f"sqlite:///{books}"
    importing = ("usage", "import", usage_file, "-o", "json", "--rejects")

    failed = run(database, *importing, FULL_DEVICE, chunk=CHUNK)

    assert failed.returncode == 1
    assert is_clear(failed.stderr, "disk_full")
    expected = clean_run(usage_file, chunk=CHUNK)
    assert_same(books_of(database), expected)
    assert run(database, *importing, tmp_path / "rejects.csv").returncode == 0
    rejects = (tmp_path / "rejects.csv").read_text().splitlines()
    assert len(rejects) == 1 + len(expected["rejects"])


@pytest.mark.skipif(not FULL_DEVICE.exists(), reason="this system has no full device")
@pytest.mark.parametrize(
    "line",
    ["usage events prepaid --limit 500 -o json --month 2026-10", "usage export - --month 2026-10"],
)
def test_an_answer_that_finds_no_room_is_a_failure(
    books: Path, usage_file: Path, line: str
) -> None:
    database = f"sqlite:///{books}"
    import_here(database, usage_file, chunk=CHUNK)
    with FULL_DEVICE.open("wb") as full:
        failed = run(database, *line.split(), stdout=full)
    assert failed.returncode == 1
    assert failed.stderr.count("\n") <= 2
    assert "No space left on device" in failed.stderr
    assert "before you repeat a change" in failed.stderr


@pytest.mark.skipif(not FULL_DEVICE.exists(), reason="this system has no full device")
@pytest.mark.parametrize("line", ["--version", "--help", "invoice --help", "schema", "db status"])
def test_whatever_the_command_a_full_output_is_told_with_a_hint(books: Path, line: str) -> None:
    with FULL_DEVICE.open("wb") as full:
        failed = run(f"sqlite:///{books}", *line.split(), stdout=full)
    assert failed.returncode == 1
    assert failed.stderr == (
        "error: the output could not be written: No space left on device\n"
        "hint: make room where it goes, and see what was done before you repeat a change\n"
    )
