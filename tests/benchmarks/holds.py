"""Holds and charges a second against the bare conditional UPDATE on the same database.

    python -m tests.benchmarks.holds [--seconds N] [--rounds N] [--callers N] [--only sqlite]
                                     [--subscribed]

Both sides run in this process, with connections that stay open and commits that survive a power
cut: WAL with synchronous = FULL on SQLite, fsync on PostgreSQL. They take turns. Our callers'
steps go to the books as `gate serve` brings them there (`server.batches`), for several numbers of
callers: what is wanted together is done together. The bare UPDATE takes 1 from a number unless it
is too small, and knows nothing else: neither who calls, nor a request id, nor that anything has a
price. It is run by 32 threads and by a single one, for SQLite's threads sleep while they wait for
each other: the faster of both is the yardstick.

A charge is a hold and its capture, two answers that are on the disk: it is compared with two
UPDATEs and with one.
"""

import argparse
import asyncio
import itertools
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from tests.builders import an_organization, open_books

from creditctl import clock
from creditctl.context import Context, Settings
from creditctl.server.app import THREADS
from creditctl.server.batches import Batches, batches_for
from creditctl.services.call_prices import current_prices
from creditctl.services.gate_standing import KeptBooks
from creditctl.services.group_commit import GroupCommit
from creditctl.services.group_steps import Step
from creditctl.services.hold_answers import Hold, HoldRequest
from creditctl.services.hold_capture import Capture
from creditctl.services.hold_steps import Authorization
from creditctl.services.outcomes import Outcome, Tell
from creditctl.services.price_book import these_prices
from creditctl.services.step_groups import PlainSteps
from creditctl.store.driver_sqlite import path_of
from creditctl.store.engine import dialect_of, reusing_connections
from creditctl.store.migrate import create_file, migrate

from .postgres import bare_server, named
from .workspace import Workspace

_ORGANIZATIONS = 200
_THREADS = 32
"""Of the bare UPDATE, each with a connection; more of them were no faster."""

_CREDITS = "100000000"
_TABLE = "CREATE TABLE bare_balance (id INTEGER PRIMARY KEY, free BIGINT NOT NULL)"
_FILL = "INSERT INTO bare_balance VALUES ({place}, 1000000000)"
_SETTINGS = Settings()  # as a gate has them: once
_BARE = "UPDATE bare_balance SET free = free - 1 WHERE id = {place} AND free >= 1"
_numbers = itertools.count(1)
Act = Callable[[int], None]


def main() -> int:
    """Print what both sides reach in a second, and the ratio of the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="of a round, each side")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--callers", type=int, nargs="+", default=[32, 256])
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument(
        "--subscribed", action="store_true", help="organizations on a plan, beside their credits"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        Path(scratch).chmod(0o755)
        for kind in (options.only,) if options.only else ("sqlite", "postgresql"):
            database = stack.enter_context(
                _books(kind, Path(scratch), plan="starter" if options.subscribed else None)
            )
            for organizations in (_ORGANIZATIONS, 1):
                _compare(database, organizations, options)
    return 0


def _compare(database: str, organizations: int, options: argparse.Namespace) -> None:
    with ExitStack() as stack:
        bare = stack.enter_context(_bare(database, organizations))
        ours = stack.enter_context(_ours(database, organizations))
        sides = {
            "bare": partial(per_second, bare, _THREADS),
            "queued": partial(per_second, bare, 1),
        }
        for callers in options.callers:
            sides[f"{callers} holds"] = partial(ours, callers, is_charged=False)
            sides[f"{callers} charges"] = partial(ours, callers, is_charged=True)
        found: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(options.rounds):
            for name, side in sides.items():
                found[name].append(side(seconds=options.seconds))
    medians = {name: statistics.median(rates) for name, rates in found.items()}
    bare_most = max(medians["bare"], medians["queued"])
    sys.stdout.write(
        f"{dialect_of(database)}, {organizations} organizations: bare {medians['bare']:,.0f}/s with"
        f" {_THREADS} threads, {medians['queued']:,.0f} with one\n"
    )
    for callers in options.callers:
        holds, charges = medians[f"{callers} holds"], medians[f"{callers} charges"]
        sys.stdout.write(
            f"  {callers} callers: holds {holds:,.0f}/s, ratio {holds / bare_most:.2f};"
            f" charges {charges:,.0f}/s, ratio {2 * charges / bare_most:.2f} of two UPDATEs each,"
            f" {charges / bare_most:.2f} of one\n"
        )
    sys.stdout.flush()


def per_second(act: Act, threads: int, seconds: float) -> float:
    """How often the threads get it done together."""
    begin, until = threading.Barrier(threads), time.perf_counter() + seconds

    def work(thread: int) -> int:
        begin.wait()
        done = 0
        while time.perf_counter() < until:
            act(thread + done * threads)
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        began = time.perf_counter()
        done = sum(pool.map(work, range(threads)))
        return done / (time.perf_counter() - began)


@contextmanager
def _bare(database: str, organizations: int) -> Iterator[Act]:
    """The UPDATE, on connections that stay open from round to round."""
    idle: SimpleQueue[Any] = SimpleQueue()

    def act(number: int) -> None:
        try:
            connection = idle.get_nowait()
        except Empty:
            connection = _connected(database)
        sql = _BARE.format(place=number % organizations)
        if dialect_of(database) == "sqlite":
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(sql)
            connection.execute("COMMIT")
        else:
            connection.execute(sql)
        idle.put(connection)

    yield act
    while not idle.empty():
        idle.get().close()


@contextmanager
def _ours(database: str, organizations: int) -> Iterator[Callable[..., float]]:
    """Holds of one credit each, and their captures; callers ask again once they are answered."""
    group, books = GroupCommit(database, PlainSteps()), KeptBooks()
    prices = current_prices(_context(database))
    known = these_prices(prices)

    def work(steps: Sequence[Step[Hold]], tell: Tell[Outcome[Hold]]) -> dict[int, Outcome[Hold]]:
        with books.open():
            return group.begin_all(steps, tell)

    def measured(callers: int, *, is_charged: bool, seconds: float) -> float:
        async def call(batches: Batches[Step[Hold], Outcome[Hold]], organization: str) -> None:
            name = f"call-{next(_numbers)}"
            request = HoldRequest(
                request_id=name, method="GET", path="/rows", organization=organization, units=1
            )
            hold = Authorization(_context(database), request, prices)
            (await batches.answer(hold)).answer()
            if is_charged:
                capture = Capture(_context(database), name, known, 200, 1)
                (await batches.answer(capture)).answer()

        async def all_of_them() -> float:
            with ThreadPoolExecutor(THREADS) as threads:
                batches = batches_for(database, work, threads, workers=THREADS)
                began, until, done = time.perf_counter(), time.perf_counter() + seconds, 0

                async def caller(number: int) -> None:
                    nonlocal done
                    while time.perf_counter() < until:
                        await call(batches, f"org-{(number + done) % organizations}")
                        done += 1

                await asyncio.gather(*(caller(number) for number in range(callers)))
                return done / (time.perf_counter() - began)

        return asyncio.run(all_of_them())

    yield measured
    books.close()


@contextmanager
def _books(kind: str, scratch: Path, *, plan: str | None) -> Iterator[str]:
    """A database with organizations that have credits, and the table of the bare UPDATE."""
    with ExitStack() as stack:
        if kind == "sqlite":
            database = f"sqlite:///{scratch}/books.db"
            create_file(database)
        else:
            server = stack.enter_context(bare_server(Workspace(scratch, scratch)))
            server.run("CREATE DATABASE creditctl_holds")
            stack.callback(server.drop, named(server.url, "creditctl_holds"))
            database = named(server.url, "creditctl_holds")
        migrate(database)
        context = _context(database)
        with reusing_connections():
            open_books(context)
            for place in range(_ORGANIZATIONS):
                an_organization(context, f"org-{place}", credits=_CREDITS, plan=plan)
        connection = _connected(database)
        connection.execute(_TABLE)
        for place in range(_ORGANIZATIONS):
            connection.execute(_FILL.format(place=place))
        connection.close()
        yield database


def _context(database: str) -> Context:
    return Context(database, clock.now(), "benchmark", _SETTINGS)


def _connected(database: str) -> Any:
    if dialect_of(database) == "sqlite":
        connection = sqlite3.connect(
            path_of(database), timeout=60, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA synchronous = FULL")
        return connection
    import psycopg

    return psycopg.connect(database, autocommit=True)


if __name__ == "__main__":
    sys.exit(main())
