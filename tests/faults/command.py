"""The real `creditctl` as a process of its own: started, killed, or run to its end."""

import os
import subprocess
import sys
from pathlib import Path
from subprocess import DEVNULL, PIPE, CompletedProcess
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
    return {**os.environ, "CREDITCTL_IMPORT_CHUNK": str(chunk), "CREDITCTL_ACTOR": "importer"}


def start_import(database: str, *paths: Path, chunk: int) -> Forked:
    """Start importing and return at once; a fork, which is soon at work and soon killed."""
    _, _, _, *words = command_line(database, "usage", "import", *paths)
    return Forked(COMMAND, *words, environment=surroundings(chunk))


def run(
    database: str,
    *arguments: str | Path,
    chunk: int = 100,
    stdin: int | IO[bytes] = DEVNULL,
    stdout: int | IO[bytes] = PIPE,
) -> CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command_line(database, *arguments),
        env=surroundings(chunk),
        stdin=stdin,
        stdout=stdout,
        stderr=PIPE,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
