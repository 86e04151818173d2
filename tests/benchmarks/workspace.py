"""Where files are: what is kept from run to run, and the copies that a run makes."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_TIMED = Path(__file__).with_name("timed.py")
_KIB_PER_MIB = 1024
_SHOWN_OF_ERRORS = 1_000


class BenchmarkFailed(Exception):
    """Something did not do what was to be measured."""


@dataclass(frozen=True)
class Timing:
    """What a command took, and what it wrote to stdout."""

    seconds: float
    peak_mib: float
    stdout: str


@dataclass(frozen=True)
class Workspace:
    """`kept` outlives the run; `scratch` belongs to it alone."""

    kept: Path
    scratch: Path

    def cached(self, name: str, make: Callable[[Path], None]) -> Path:
        """A file that is made once; nobody sees it half made."""
        path = self.kept / name
        if not path.exists():
            partial = self.scratch / f"making-{name}"
            partial.unlink(missing_ok=True)
            make(partial)
            partial.replace(path)
        return path

    def fresh_copy(self, database: Path, name: str = "run.db") -> Path:
        """A copy that is on the disk already, so that no run pays for another's writing."""
        path = self.scratch / name
        for end in ("", "-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        shutil.copyfile(database, path)
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        return path

    def compile_product(self) -> None:
        """Compile the modules as an installation does: the first run is not to pay for it."""
        import creditctl

        self.timed([sys.executable, "-m", "compileall", "-q", *creditctl.__path__])

    def timed(self, command: Sequence[str | Path], *, stdin: str = "") -> Timing:
        """Run a command as its own process; raises BenchmarkFailed unless it exits with 0."""
        given, out, err = (self.scratch / name for name in ("stdin", "stdout", "stderr"))
        given.write_text(stdin, encoding="utf-8")
        launcher = [sys.executable, "-I", _TIMED, given, out, err]
        answer = subprocess.run(
            [*map(str, launcher), *map(str, command)],
            capture_output=True,
            check=True,
            text=True,
            cwd=self.scratch,
            env=self._environment(),
        )
        found = json.loads(answer.stdout)
        if found["exit_code"] != 0:
            words = " ".join(map(str, command))
            said = err.read_text()[-_SHOWN_OF_ERRORS:]
            raise BenchmarkFailed(f"exit {found['exit_code']}: {words}\n{said}")
        return Timing(found["seconds"], found["peak_kib"] / _KIB_PER_MIB, out.read_text())

    def _environment(self) -> dict[str, str]:
        """Without a developer's own configuration, and as installed: with compiled modules."""
        kept = {
            name: text
            for name, text in os.environ.items()
            if not name.startswith("CREDITCTL_") and name != "PYTHONDONTWRITEBYTECODE"
        }
        homes = {"XDG_CONFIG_HOME": str(self.scratch), "XDG_DATA_HOME": str(self.scratch)}
        return kept | homes | {"CREDITCTL_ACTOR": "benchmark"}


def settle(database: Path) -> float:
    """Seconds to bring what is still in the log into the file; none where it was brought."""
    began = time.perf_counter()
    log = database.with_name(database.name + "-wal")
    if log.exists() and log.stat().st_size:
        connection = sqlite3.connect(database)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    return time.perf_counter() - began


def warm(path: Path) -> Path:
    """Read a file once: neither side is to wait for the disk to read its input."""
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass
    return path
