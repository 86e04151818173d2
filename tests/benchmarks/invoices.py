"""Drafting, refreshing and finalizing a month's invoices of 10,000 organizations.

What counts is invoices a second of processor time after start-up, which other processes hardly
change; beside it is the same one organization at a time, in a smaller company.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from .bench import Bench
from .billed_company import STARTS_AT, billed_company
from .results import Gate, Result
from .workspace import Workspace

ORGANIZATIONS = 10_000
_ALONE = 200
"""Organizations of the comparison: one by one takes long."""

_BLOCK = 500
"""As `invoice generate` and `invoice finalize` have it."""

_WORK = Path(__file__).with_name("invoice_work.py")
_STEPS = ("drafted", "refreshed", "finalized")


@dataclass(frozen=True, slots=True)
class _Round:
    """Invoices a second of each step, by the clock and of processor time, and the peak in MiB."""

    wall: dict[str, float]
    processor: dict[str, float]
    peak_mib: float


def invoices(bench: Bench, *, drafted: Gate, finalized: Gate, memory: Gate) -> list[Result]:
    """Every step's rate in blocks and one by one, and the peak memory of all of them together."""
    rounds, alone = [], []
    for _ in range(bench.rounds):
        rounds.append(_measured(bench.workspace, ORGANIZATIONS, _BLOCK))
        alone.append(_measured(bench.workspace, _ALONE, 1))
    gates = {"drafted": drafted, "finalized": finalized}
    found = []
    for step in _STEPS:
        ours = [one.processor[step] for one in rounds]
        others = [one.processor[step] for one in alone]
        wall = [one.wall[step] for one in rounds]
        found += [
            Result(
                f"invoices_{step}",
                "/s",
                median(ours),
                median(others),
                gate=gates.get(step),
                all_ours=ours,
                all_baseline=others,
            ),
            Result(f"invoices_{step}_wall", "/s", median(wall), all_ours=wall),
        ]
    peaks = [one.peak_mib for one in rounds]
    return [*found, Result("invoices_memory", "MiB", max(peaks), gate=memory, all_ours=peaks)]


def _measured(workspace: Workspace, organizations: int, block: int) -> _Round:
    database = workspace.fresh_copy(billed_company(workspace, organizations))
    command = (sys.executable, _WORK, database, f"{STARTS_AT:%Y-%m}", str(block))
    timing = workspace.timed(command)
    figures = json.loads(timing.stdout)
    wall, processor = (
        {step: figures["invoices"] / figures[step][place] for step in _STEPS} for place in range(2)
    )
    return _Round(wall, processor, timing.peak_mib)
