"""The real `creditctl` as a process of its own: started, killed, or run to its end."""

import os
import sys
from pathlib import Path
from subprocess import CompletedProcess
from typing import IO

from faults.company import NOW
from forked import Forked

PATIENCE_SECONDS = 120
COMMAND = "from creditctl.__main__ import main; main()"


def command_line(database: str, *arguments: str | Path) -> list[str]:
    """The words of a command on that database, as of the company's present."""
    program = [sys.executable, "-m", "creditctl", "--db", database, "--as-of", NOW.isoformat()]
    return [*program, *map(str, arguments)]


def surroundings(chunk: int) -> dict[str, str]:
    """The environment of an importer: chunks of that size, and the name that clean runs have."""
    # Whose streams are buffered, as everybody's are: what is left in them is written at the end.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return {**kept, "CREDITCTL_IMPORT_CHUNK": str(chunk), "CREDITCTL_ACTOR": "importer"}


def start_import(database: str, *paths: Path, chunk: int) -> Forked:
    """Start importing and return at once."""
    return forked(database, "usage", "import", *paths, chunk=chunk)


def run(
    database: str,
    *arguments: str | Path,
    chunk: int = 100,
    stdin: IO[bytes] | None = None,
    stdout: IO[bytes] | None = None,
) -> CompletedProcess[str]:
    """Run a command to its end."""
    running = forked(database, *arguments, chunk=chunk, stdin=stdin, stdout=stdout)
    said, problem = running.communicate(timeout=PATIENCE_SECONDS)
    return CompletedProcess(arguments, running.wait(), said, problem)


def forked(
    database: str,
    *arguments: str | Path,
    chunk: int,
    stdin: IO[bytes] | None = None,
    stdout: IO[bytes] | None = None,
) -> Forked:
    """The command in a process of its own, which is soon at work (and soon killed)."""
    _, _, _, *words = command_line(database, *arguments)
    surrounded = surroundings(chunk)
    return Forked(COMMAND, *words, environment=surrounded, stdin=stdin, stdout=stdout)
