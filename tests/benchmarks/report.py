"""What was found: a table for people, JSON for machines."""

import json
import os
import platform
import sqlite3
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from .bench import Bench
from .results import Result

_VERDICTS = {True: "[green]passed[/]", False: "[red]MISSED[/]", None: ""}


def print_table(console: Console, bench: Bench, results: Sequence[Result]) -> None:
    """A line for each result; the range is that of the rounds' ratios."""
    title = f"usage import, {bench.count:,} events, {bench.rounds} rounds"
    table = Table(title=title, title_justify="left")
    table.add_column("measure")
    for name in ("ours", "baseline", "events/s", "ratio", "range", "gate"):
        table.add_column(name, justify="right")
    table.add_column("")
    for result in results:
        table.add_row(*_cells(result))
    console.print(table)


def write_json(path: Path, bench: Bench, results: Sequence[Result]) -> None:
    """Everything, with each round's figures and the machine they are of."""
    report = {
        "events": bench.count,
        "rounds": bench.rounds,
        "verified": bench.verify,
        "machine": _machine(),
        "results": [_as_json(result) for result in results],
    }
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _cells(result: Result) -> list[str]:
    rate = ""
    if result.events is not None and result.unit == "s":
        rate = f"{result.events / result.ours:,.0f}"
    spread = f"{min(result.ratios):.2f}-{max(result.ratios):.2f}" if result.ratios else ""
    return [
        result.name,
        _figure(result.ours, result.unit),
        "" if result.baseline is None else _figure(result.baseline, result.unit),
        rate,
        "" if result.ratio is None else f"{result.ratio:.2f}",
        spread,
        "" if result.gate is None else str(result.gate),
        _VERDICTS[result.passed],
    ]


def _figure(value: float, unit: str) -> str:
    number = f"{value:.3f}" if unit == "s" else f"{value:,.0f}"
    return f"{number} {unit}"


def _as_json(result: Result) -> dict[str, Any]:
    gate = result.gate
    return {
        "name": result.name,
        "unit": result.unit,
        "ours": result.ours,
        "baseline": result.baseline,
        "ratio": result.ratio,
        "gate": None if gate is None else {"limit": gate.limit, "at_least": gate.at_least},
        "passed": result.passed,
        "events": result.events,
        "rounds": {
            "ours": list(result.all_ours),
            "baseline": list(result.all_baseline),
            "ratios": list(result.ratios),
        },
    }


def _machine() -> dict[str, Any]:
    return {
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "sqlite3 shell": _output_of("sqlite3", "--version").split(" ")[0],
        "commit": _output_of("git", "rev-parse", "HEAD"),
    }


def _output_of(*command: str) -> str:
    folder = Path(__file__).parent
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip()
