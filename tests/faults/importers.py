"""Imports by forks of one process that has everything loaded: many at once, or soon dead.

Started by path. Each line of stdin is a request, `{"database": URL, "chunk": 100, "files": [...]}`,
and is answered by a line: for each file how often the import called the database, or `busy`. With
`"last": n` imports end by SIGKILL right before their n-th call, and `killed` is the answer.
"""

import json
import os
import signal
import sqlite3
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import current_thread
from typing import Any

import psycopg  # noqa: TID253 - one process for all imports, loaded once

from creditctl.adapters.readers import csv, ndjson  # noqa: F401 - loaded for the forks
from creditctl.context import Context, Settings
from creditctl.errors import Busy
from creditctl.services import usage_booking, usage_file_import  # noqa: F401 - the same
from creditctl.services.usage_import import import_usage
from creditctl.store import driver_sqlite

NOW = datetime(2026, 11, 2, tzinfo=UTC)


class Countdown:
    """Calls until the end."""

    def __init__(self) -> None:
        self.calls = 0
        self.last = 0

    def call(self) -> None:
        """The process ends instead of the last one."""
        if current_thread().name == "settle":
            return  # it comes whenever it finds the time: no run would count as the one before
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


class MortalSqlite(driver_sqlite._Connection):
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
    driver_sqlite._Connection = MortalSqlite  # type: ignore[misc]
    psycopg.connect = MortalPostgres.connect
    for line in sys.stdin:
        answers = answers_to(**json.loads(line))
        sys.stdout.write(json.dumps(answers) + "\n")
        sys.stdout.flush()


def answers_to(database: str, chunk: int, files: Sequence[str], last: int = 0) -> list[int | str]:
    """Import all files at once, each in a process of its own."""
    COUNTDOWN.last = last
    context = Context(database, NOW, "importer", Settings(import_chunk=chunk))
    started = []
    for file in files:
        reader, writer = os.pipe()
        if (child := os.fork()) == 0:
            with os.fdopen(writer, "w") as stream:
                json.dump(imported(context, Path(file)), stream)
            os._exit(0)
        os.close(writer)
        started.append((child, reader))
    return [answer_of(child, reader) for child, reader in started]


def imported(context: Context, path: Path) -> int | str:
    """What the fork has to say."""
    try:
        import_usage(context, [path])
    except Busy:
        return "busy"
    return COUNTDOWN.calls


def answer_of(child: int, reader: int) -> int | str:
    """What the fork said, or how it ended."""
    with os.fdopen(reader) as stream:
        said = stream.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return "killed"
    return json.loads(said) if status == 0 else f"failed with status {status}"


if __name__ == "__main__":
    main()
