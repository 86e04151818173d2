"""The command: `python -m tests.benchmarks --help`, from the root of the repository."""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from creditctl.store.schema_version import HEAD

from .bench import Bench
from .measures import MEASURES
from .report import print_table, write_json
from .results import Result
from .workspace import BenchmarkFailed, Workspace

_LAYOUT = 1
"""Another one when what is kept from run to run changes its meaning."""

_WIDTH = 110
_EVENTS, _ROUNDS = 1_000_000, 5
_QUICK_EVENTS, _QUICK_ROUNDS = 100_000, 1


def main() -> int:
    """Measure, print, and with --enforce fail when a gate was missed."""
    options = _options()
    console = Console()
    console.width = max(console.width, _WIDTH)
    names = _chosen(options.only, everything=options.all)
    kept = _directory(options.directory)
    with tempfile.TemporaryDirectory(dir=kept, prefix="run-") as scratch:
        # PostgreSQL's server may be a user of its own, who has to reach its directory.
        Path(scratch).chmod(0o755)
        events = options.events or (_QUICK_EVENTS if options.quick else _EVENTS)
        rounds = options.rounds or (_QUICK_ROUNDS if options.quick else _ROUNDS)
        workspace = Workspace(kept, Path(scratch))
        workspace.compile_product()
        bench = Bench(workspace, events, rounds, options.verify)
        results, failed = _measured(console, bench, names)
    print_table(console, bench, results)
    if options.json is not None:
        write_json(options.json, bench, results)
    missed = any(result.passed is False for result in results)
    return 1 if options.enforce and (missed or failed) else 0


def _measured(console: Console, bench: Bench, names: Sequence[str]) -> tuple[list[Result], bool]:
    """The results, and whether a measure failed; the others are made all the same."""
    results: list[Result] = []
    failed = False
    for name in names:
        with console.status(f"{name}: {MEASURES[name].about}"):
            try:
                found = MEASURES[name].run(bench)
            except BenchmarkFailed as problem:
                console.print(f"{name} failed: {problem}", markup=False)
                failed = True
                continue
        results += found
        for result in found:
            ratio = "" if result.ratio is None else f", ratio {result.ratio:.2f}"
            console.print(f"{result.name}: {result.ours:,.3f} {result.unit}{ratio}")
    return results, failed


def _chosen(only: Sequence[str] | None, *, everything: bool) -> list[str]:
    """Names in the registry's order; `--only growth` means every one that begins so."""
    if only is None:
        return [name for name, measure in MEASURES.items() if everything or not measure.slow]
    unknown = [word for word in only if not any(name.startswith(word) for name in MEASURES)]
    if unknown:
        sys.exit(f"no measure is called {unknown[0]}; there are {', '.join(MEASURES)}")
    return [name for name in MEASURES if any(name.startswith(word) for word in only)]


def _directory(given: Path | None) -> Path:
    """Where files and databases are kept; another schema has another place."""
    user = f"creditctl-benchmarks-{os.getuid()}"
    path = (given or Path(tempfile.gettempdir()) / user).absolute() / f"{_LAYOUT}-{HEAD}"
    path.mkdir(parents=True, exist_ok=True, mode=0o755)
    return path


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--events", type=int, metavar="N", help=f"in a file [{_EVENTS:,}]")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"of each pair [{_ROUNDS}]")
    parser.add_argument("--only", nargs="+", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--all", action="store_true", help="also growth and reports: minutes")
    parser.add_argument("--quick", action="store_true", help="100,000 events, 1 round")
    parser.add_argument("--verify", action="store_true", help="prove the books after imports")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--directory", type=Path, help="keep files and databases there")
    parser.add_argument("--enforce", action="store_true", help="exit 1 when a gate is missed")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
