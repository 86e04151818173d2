"""Imports that end by SIGKILL right before the n-th call of the database; started by path.

    python mortal_importer.py < "URL FILE CHUNK N" lines

Each line is imported by a fork of this process, which has everything loaded already. The answer is
a line: `killed`, or the number of calls when there were fewer than N.
"""

import os
import signal
import sqlite3
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg  # noqa: TID253 - one process for all imports, loaded once

from creditctl.context import Context, Settings
from creditctl.services.usage_import import import_usage

NOW = datetime(2026, 11, 2, tzinfo=UTC)


class Countdown:
    """Calls until the end."""

    def __init__(self) -> None:
        self.calls = 0
        self.last = -1

    def call(self) -> None:
        """The process ends instead of the last one."""
        self.calls += 1
        if self.calls == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


COUNTDOWN = Countdown()


class MortalSqliteCursor(sqlite3.Cursor):
    """Counts statements."""

    def execute(self, *arguments: Any) -> Any:
        COUNTDOWN.call()
        return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> Any:
        COUNTDOWN.call()
        return super().executemany(*arguments)


class MortalSqlite(sqlite3.Connection):
    """Counts statements (BEGIN and pragmas are some), staged tables, commits and closings."""

    def cursor(self, *_: Any) -> Any:
        return super().cursor(MortalSqliteCursor)

    def deserialize(self, *arguments: Any, **named: Any) -> None:
        COUNTDOWN.call()
        super().deserialize(*arguments, **named)

    def commit(self) -> None:
        COUNTDOWN.call()
        super().commit()

    def close(self) -> None:
        COUNTDOWN.call()
        super().close()


class MortalPostgresCursor(psycopg.Cursor[Any]):
    """Counts statements and COPY."""

    def execute(self, *arguments: Any, **named: Any) -> Any:
        COUNTDOWN.call()
        return super().execute(*arguments, **named)

    def executemany(self, *arguments: Any, **named: Any) -> None:
        COUNTDOWN.call()
        super().executemany(*arguments, **named)

    def copy(self, *arguments: Any, **named: Any) -> Any:
        COUNTDOWN.call()
        return super().copy(*arguments, **named)


class MortalPostgres(psycopg.Connection[Any]):
    """Counts commits and closings too."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.cursor_factory = MortalPostgresCursor

    def commit(self) -> None:
        COUNTDOWN.call()
        super().commit()

    def close(self) -> None:
        COUNTDOWN.call()
        super().close()


def main() -> None:
    """Answer every line."""
    setattr(sqlite3, "connect", partial(sqlite3.connect, factory=MortalSqlite))  # noqa: B010
    psycopg.connect = MortalPostgres.connect
    for line in sys.stdin:
        database, path, chunk, last = line.split()
        if (child := os.fork()) == 0:
            import_and_report(database, Path(path), int(chunk), int(last))
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            answer("killed")
        elif status != 0:
            sys.exit("an importer failed")


def import_and_report(database: str, path: Path, chunk: int, last: int) -> None:
    """Import in this process, which ends with it."""
    COUNTDOWN.last = last
    context = Context(database, NOW, "importer", Settings(import_chunk=chunk))
    import_usage(context, [path])
    answer(str(COUNTDOWN.calls))
    os._exit(0)


def answer(word: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
