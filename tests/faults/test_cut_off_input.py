"""Input that ends within a line, grows while it is read, or comes from a writer that dies."""

import gzip
import json
import os
import random
import sys
import threading
import time
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

import pytest

from creditctl.context import Context
from creditctl.services.usage_batches import list_batches
from creditctl.services.usage_undo import undo_import
from faults.command import PATIENCE_SECONDS, command_line, run, start_import, surroundings
from faults.company import (
    NOW,
    SUMS,
    CleanRun,
    Fresh,
    assert_same,
    books_of,
    import_here,
    write_usage,
)

CHUNK = 100
DYING_WRITER = """
import os, signal, sys
sys.stdout.buffer.write(open(sys.argv[1], "rb").read(int(sys.argv[2])))
sys.stdout.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def small_file(tmp_path: Path) -> Path:
    path = tmp_path / "small.csv"
    write_usage(path, 40)
    return path


def as_ndjson(path: Path) -> Path:
    """The same events as NDJSON."""
    head, *lines = path.read_text().splitlines()
    names = head.split(",")
    objects = [json.dumps(dict(zip(names, line.split(","), strict=True))) for line in lines]
    converted = path.with_suffix(".ndjson")
    converted.write_text("\n".join([*objects, ""]))
    return converted


@pytest.mark.parametrize("step", [17, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_a_file_cut_within_its_last_line_loses_nothing_once_it_is_whole(
    fresh_sqlite: Fresh, small_file: Path, clean_run: CleanRun, kind: str, step: int
) -> None:
    whole = small_file if kind == "csv" else as_ndjson(small_file)
    data = whole.read_bytes()
    expected = clean_run(whole, chunk=CHUNK, queries=SUMS)
    last_line = data.rstrip(b"\n").rfind(b"\n") + 1
    for length in range(last_line + 1, len(data), step):
        cut = whole.with_name(f"cut-{length}.{kind}")
        cut.write_bytes(data[:length])
        with fresh_sqlite() as database:
            import_here(database, cut, chunk=CHUNK)
            import_here(database, whole, chunk=CHUNK)
            assert_same(books_of(database, SUMS), expected)


def test_a_number_that_was_cut_is_told_of_and_can_be_put_right(
    fresh_sqlite: Fresh, tmp_path: Path, clean_run: CleanRun
) -> None:
    """Nobody can tell `12` from the beginning of `123`, until the whole line comes."""
    head = "id,time,org,method,path,status,units\n"
    line = "e1,2026-10-05T12:00:00Z,postpaid,GET,/rows,200,123\n"
    cut, whole = tmp_path / "cut.csv", tmp_path / "whole.csv"
    cut.write_text(head + line[:-2])
    whole.write_text(head + line)
    expected = clean_run(whole, chunk=CHUNK, queries=SUMS)
    with fresh_sqlite() as database:
        import_here(database, cut, whole, chunk=CHUNK)
        (reject,) = books_of(database)["rejects"]
        assert reject[3] == "was used before by another request"

        context = Context(database, NOW, "tester")
        for batch in list_batches(context, limit=2):
            undo_import(context, batch.id, reason="cut off")
        import_here(database, whole, chunk=CHUNK)
        found = books_of(database, SUMS)
        assert found["events"] == expected["events"]
        assert found["balance of postpaid"] == expected["balance of postpaid"]


def append_slowly(path: Path, data: bytes, is_read: threading.Event) -> None:
    """Write pieces that end anywhere, for as long as somebody reads."""
    chance = random.Random(5)
    with path.open("ab", buffering=0) as file:
        while data:
            size = chance.randrange(1, 200)
            file.write(data[:size])
            data = data[size:]
            if not is_read.is_set():
                time.sleep(0.003)


@pytest.mark.parametrize("events", [400, pytest.param(8_000, marks=pytest.mark.slow)])
def test_a_file_that_grows_while_it_is_imported_loses_nothing(
    fresh: Fresh, tmp_path: Path, clean_run: CleanRun, events: int
) -> None:
    whole, growing = tmp_path / "whole.csv", tmp_path / "growing.csv"
    write_usage(whole, events)
    expected = clean_run(whole, chunk=CHUNK, queries=SUMS)
    head, lines = whole.read_bytes().split(b"\n", 1)
    growing.write_bytes(head + b"\n" + lines[: lines.find(b"\n") + 20])
    hurry = threading.Event()
    rest = lines[lines.find(b"\n") + 20 :]
    writer = threading.Thread(target=append_slowly, args=(growing, rest, hurry))
    with fresh() as database:
        writer.start()
        for _ in range(2 if events < 1_000 else 12):
            assert start_import(database, growing, chunk=CHUNK).wait(PATIENCE_SECONDS) == 0
        hurry.set()
        writer.join()
        assert start_import(database, growing, chunk=CHUNK).wait(PATIENCE_SECONDS) == 0
        assert growing.read_bytes() == whole.read_bytes()
        assert_same(books_of(database, SUMS), expected)


@pytest.mark.parametrize(
    "share", [0.5, *(pytest.param(n / 23, marks=pytest.mark.slow) for n in range(1, 23))]
)
def test_a_writer_that_dies_within_a_line_loses_nothing_when_it_comes_again(
    fresh_sqlite: Fresh, usage_file: Path, clean_run: CleanRun, share: float
) -> None:
    length = str(int(usage_file.stat().st_size * share))
    with fresh_sqlite() as database:
        writer = Popen([sys.executable, "-c", DYING_WRITER, usage_file, length], stdout=PIPE)
        assert writer.stdout is not None
        cut_off = run(database, "usage", "import", "-", stdin=writer.stdout, chunk=CHUNK)
        writer.communicate()
        assert (cut_off.returncode, writer.returncode) == (0, -9)
        with usage_file.open("rb") as stdin:
            assert run(database, "usage", "import", "-", stdin=stdin, chunk=CHUNK).returncode == 0
        assert_same(books_of(database, SUMS), clean_run(usage_file, chunk=CHUNK, queries=SUMS))


def test_packed_input_whose_writer_dies_is_refused_and_imported_when_it_is_whole(
    fresh_sqlite: Fresh, usage_file: Path, clean_run: CleanRun, tmp_path: Path
) -> None:
    packed = tmp_path / "usage.csv.gz"
    packed.write_bytes(gzip.compress(usage_file.read_bytes()))
    length = str(packed.stat().st_size // 2)
    with fresh_sqlite() as database:
        writer = Popen([sys.executable, "-c", DYING_WRITER, packed, length], stdout=PIPE)
        assert writer.stdout is not None
        cut_off = run(database, "usage", "import", "-", stdin=writer.stdout, chunk=CHUNK)
        writer.communicate()
        assert cut_off.returncode == 2
        assert cut_off.stderr.startswith("error: stdin is damaged or cut off")
        assert cut_off.stderr.count("\n") == 2
        assert run(database, "usage", "import", packed, chunk=CHUNK).returncode == 0
        assert_same(books_of(database, SUMS), clean_run(usage_file, chunk=CHUNK, queries=SUMS))


def test_a_named_pipe_is_a_file(
    fresh_sqlite: Fresh, usage_file: Path, clean_run: CleanRun, tmp_path: Path
) -> None:
    """What a shell makes of `<(zcat usage.csv.gz)`, too."""
    pipe = tmp_path / "usage.pipe"
    os.mkfifo(pipe)
    with fresh_sqlite() as database:
        importer = Popen(
            command_line(database, "usage", "import", pipe),
            env=surroundings(CHUNK),
            stdout=DEVNULL,
        )
        data = usage_file.read_bytes()
        with pipe.open("wb", buffering=0) as writer:
            for start in range(0, len(data), 5_000):
                writer.write(data[start : start + 5_000])
        assert importer.wait(PATIENCE_SECONDS) == 0
        assert_same(books_of(database, SUMS), clean_run(usage_file, chunk=CHUNK, queries=SUMS))


def test_a_named_pipe_that_nobody_writes_to_is_empty(fresh_sqlite: Fresh, tmp_path: Path) -> None:
    pipe = tmp_path / "usage.pipe"
    os.mkfifo(pipe)
    with fresh_sqlite() as database:
        importer = Popen(
            command_line(database, "usage", "import", pipe),
            env=surroundings(CHUNK),
            stdout=DEVNULL,
            stderr=PIPE,
        )
        pipe.open("wb").close()
        _, stderr = importer.communicate(timeout=PATIENCE_SECONDS)
        assert importer.returncode == 2
        assert stderr.decode().startswith(f"error: {pipe} is empty")
