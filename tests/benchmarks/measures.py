"""Every measure by its name: what it compares, and the gate it must pass."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import TypeAlias

from . import gate_http, invoices, limits, naive_loop, ours, papers, postgres, space
from .bench import EARLIER_PARTS, Bench
from .results import Gate, Pairs, Result, alternated, compared

_NAIVE_EVENTS = 10_000
_LARGE_FILE_PARTS = 5
_MEMORY_ROUNDS = 3
_DECISIONS = 10_000
_SHOWN_MONTH = "2026-10"

Run: TypeAlias = Callable[[Bench], list[Result]]


@dataclass(frozen=True, slots=True)
class Measure:
    """One comparison; a `slow` one is made only when it is asked for."""

    about: str
    run: Run
    slow: bool = False


def against_shell(bench: Bench, *, name: str, ids: str, gate: Gate) -> list[Result]:
    sample = bench.sample(ids)
    pairs = alternated(
        bench.rounds,
        lambda: bench.first_import(sample).seconds,
        lambda: bench.shell_import(sample).seconds,
    )
    return [compared(name, pairs, gate, events=bench.count)]


def against_csv(bench: Bench, *, kind: str, gate: Gate) -> list[Result]:
    sample = bench.sample()
    pairs = alternated(
        bench.rounds,
        lambda: bench.first_import(sample, kind).seconds,
        lambda: bench.first_import(sample).seconds,
    )
    return [compared(kind, pairs, gate, events=bench.count)]


def growth(bench: Bench, *, ids: str, gate: Gate) -> list[Result]:
    """The eleventh file onto the ten before it, and into an empty database."""
    grown = bench.grown_company(ids)
    sample = bench.sample(ids, first=EARLIER_PARTS)
    pairs = alternated(
        bench.rounds,
        lambda: bench.first_import(sample, onto=grown).seconds,
        lambda: bench.first_import(sample).seconds,
    )
    return [compared(f"growth_{ids}", pairs, gate, events=bench.count)]


def peak_memory(bench: Bench, *, gate: Gate) -> list[Result]:
    """The highest of a few runs: of a first import, and of all its events in another file."""
    sample = bench.sample(parts=_LARGE_FILE_PARTS)
    other = replace(sample, is_shuffled=True)
    first, again = [], []
    for _ in range(min(bench.rounds, _MEMORY_ROUNDS)):
        database = bench.workspace.fresh_copy(bench.company())
        first.append(bench.import_into(database, sample).peak_mib)
        again.append(bench.import_into(database, other, expect="duplicates").peak_mib)
    return [_highest("memory", first, gate), _highest("memory_duplicates", again, gate)]


def peak_memory_on_postgres(bench: Bench, *, gate: Gate) -> list[Result]:
    """The highest of a few runs, of the importing process: the server's is its own affair."""
    sample = bench.sample(parts=_LARGE_FILE_PARTS)
    file = bench.file(sample)
    with postgres.server(bench.workspace) as server:

        def peak_mib(url: str) -> float:
            peak = ours.import_file(bench.workspace, url, file, sample).peak_mib
            bench.check_once(url, sample)
            return peak

        rounds = range(min(bench.rounds, _MEMORY_ROUNDS))
        peaks = [server.on_a_copy(peak_mib) for _ in rounds]
    return [_highest("memory_postgres", peaks, gate)]


def _highest(name: str, peaks: list[float], gate: Gate) -> Result:
    return Result(name, "MiB", max(peaks), gate=gate, all_ours=peaks)


def bytes_per_event(bench: Bench, *, gate: Gate) -> list[Result]:
    """Of usage_event with its indexes, after one file."""
    found = []
    for ids in ("ulid", "uuid4"):
        sample = bench.sample(ids)
        database = bench.workspace.fresh_copy(bench.company())
        bench.import_into(database, sample)
        size = space.bytes_per_row(database, "usage_event")
        found.append(Result(f"bytes_{ids}", "B", size, gate=gate, all_ours=[size]))
    return found


def against_postgres(bench: Bench, *, gate: Gate) -> list[Result]:
    """The import into PostgreSQL, and a bare COPY of the same rows, typed and priced already."""
    sample = bench.sample()
    rows = postgres.typed_rows(sample)
    file = bench.file(sample)
    with postgres.server(bench.workspace) as server:

        def imported(url: str) -> float:
            seconds = ours.import_file(bench.workspace, url, file, sample).seconds
            bench.check_once(url, sample)
            return seconds

        pairs = alternated(
            bench.rounds,
            lambda: server.on_a_copy(imported),
            lambda: server.on_a_copy(lambda url: postgres.seconds_to_copy(url, rows, sample)),
        )
    return [compared("postgres", pairs, gate, events=bench.count)]


def against_naive_loop(bench: Bench, *, gate: Gate) -> list[Result]:
    """Events a second: of the whole file, and of the loop's first 10,000."""
    sample = bench.sample()
    few = min(_NAIVE_EVENTS, bench.count)
    events = next(sample.blocks()).first(few)

    def looped() -> float:
        database = bench.workspace.fresh_copy(bench.company())
        return few / naive_loop.seconds_for(database, events)

    pairs = alternated(
        bench.rounds, lambda: bench.count / bench.first_import(sample).seconds, looped
    )
    return [replace(compared("naive_loop", pairs, gate, events=bench.count), unit="events/s")]


def again(bench: Bench, *, gate: Gate) -> list[Result]:
    """The same file once more, and its events in another file: both against the first import."""
    sample = bench.sample()
    other = replace(sample, is_shuffled=True)
    same, shuffled = Pairs(), Pairs()
    for _ in range(bench.rounds):
        database = bench.workspace.fresh_copy(bench.company())
        first = bench.import_into(database, sample).seconds
        same.add(bench.import_into(database, sample, expect="unchanged").seconds, first)
        shuffled.add(bench.import_into(database, other, expect="duplicates").seconds, first)
    return [
        compared("same_file", same, None, events=bench.count),
        compared("duplicates", shuffled, gate, events=bench.count),
    ]


def reports(bench: Bench, *, gate: Gate) -> list[Result]:
    """Seconds of work of `usage show`: what it takes longer than where there is no usage."""
    from creditctl.services.usage_reports import GROUPED_BY

    workspace = bench.workspace
    grown = workspace.fresh_copy(bench.grown_company("ulid"), "shown.db")
    empty = workspace.fresh_copy(bench.company(), "unused.db")
    as_of = ours.imported_at(bench.sample(first=EARLIER_PARTS))

    def shown(database: str, grouped_by: str) -> float:
        words = ("usage", "show", "--month", _SHOWN_MONTH, "--by", grouped_by, "-o", "json")
        return ours.creditctl(workspace, f"sqlite:///{database}", *words, as_of=as_of).seconds

    found = []
    for grouped_by in GROUPED_BY:
        shown(str(grown), grouped_by)  # reads its part of the file: the disk is not measured
        pairs = alternated(
            bench.rounds,
            partial(shown, str(grown), grouped_by),
            partial(shown, str(empty), grouped_by),
        )
        work = pairs.differences
        start = median(pairs.baseline)
        found.append(
            Result(f"show_{grouped_by}", "s", median(work), start, (), gate, None, work, [start])
        )
    return found


def gate_counters(bench: Bench, *, gate: Gate) -> list[Result]:
    """Decisions a second on one Redis: our counters and the library `limits`, by turns."""
    from tests.redis_server import local_redis

    from .gate import comparisons, per_second

    found = []
    with local_redis() as url:
        for name, ours_decide, theirs_decide in comparisons(url):
            pairs = alternated(
                bench.rounds,
                partial(per_second, ours_decide, _DECISIONS),
                partial(per_second, theirs_decide, _DECISIONS),
            )
            # Their three calls count what the last of them refuses: no like for like.
            of_one = gate if name == "gate_one_window" else None
            result = compared(name, pairs, of_one, events=_DECISIONS)
            found.append(replace(result, unit="decisions/s", events=None))
    return found


MEASURES: dict[str, Measure] = {
    "csv_ulid": Measure(
        "CSV, ULIDs: our import to the sqlite3 shell's bare .import",
        partial(against_shell, name="csv_ulid", ids="ulid", gate=Gate(1.0)),
    ),
    "csv_uuid4": Measure(
        "the same with UUIDv4",
        partial(against_shell, name="csv_uuid4", ids="uuid4", gate=Gate(0.6)),
    ),
    "ndjson": Measure("NDJSON to CSV", partial(against_csv, kind="ndjson", gate=Gate(1.0))),
    "parquet": Measure("Parquet to CSV", partial(against_csv, kind="parquet", gate=Gate(1.0))),
    "again": Measure(
        "the same file again, and all its events in another file, to its first import",
        partial(again, gate=Gate(1.0)),
    ),
    "naive_loop": Measure(
        "events a second, to a loop over SQLModel objects",
        partial(against_naive_loop, gate=Gate(100, at_least=True)),
    ),
    "bytes": Measure("bytes of usage_event per event", partial(bytes_per_event, gate=Gate(80))),
    "memory": Measure(
        "peak memory with a file five times as large, and with its events in another file",
        partial(peak_memory, gate=Gate(400)),
    ),
    "memory_postgres": Measure(
        "the same of a first import into PostgreSQL",
        partial(peak_memory_on_postgres, gate=Gate(400)),
    ),
    "postgres": Measure(
        "our import to COPY and INSERT of rows typed before, on PostgreSQL",
        partial(against_postgres, gate=Gate(1.5)),
    ),
    "limits_changed": Measure(
        "limits check after 1 % of 100,000 organizations changed, to reading the day's sums",
        partial(limits.changed, gate=Gate(3.0)),
    ),
    "limits_quiet": Measure(
        "processor time of limits check when nothing changed, to a bare interpreter's",
        partial(limits.quiet, gate=Gate(12.0)),
    ),
    "growth_ulid": Measure(
        "a file onto ten others to the same into an empty database, ULIDs",
        partial(growth, ids="ulid", gate=Gate(1.3)),
        slow=True,
    ),
    "growth_uuid4": Measure(
        "the same with UUIDv4", partial(growth, ids="uuid4", gate=Gate(2.0)), slow=True
    ),
    "invoices": Measure(
        "drafts, refreshes and final invoices a second of 10,000 organizations, and memory",
        partial(
            invoices.invoices,
            drafted=Gate(2_000, at_least=True),
            finalized=Gate(1_000, at_least=True),
            memory=Gate(400),
        ),
        slow=True,
    ),
    "pdf_files": Measure(
        "seconds for 1,000 invoices as PDF files, by two processes",
        partial(papers.pdf_files, gate=Gate(40)),
        slow=True,
    ),
    "show": Measure(
        "work of `usage show --month` after ten files, by every grouping",
        partial(reports, gate=Gate(0.3)),
        slow=True,
    ),
    "gate": Measure(
        "decisions a second, to the library `limits` on the same Redis",
        partial(gate_counters, gate=Gate(1.0, at_least=True)),
        slow=True,
    ),
    "http": Measure(
        "milliseconds of the gate over HTTP at 1,000 requests a second, beside nginx's limit_req",
        partial(gate_http.over_http, gate=Gate(5.0)),
        slow=True,
    ),
}
