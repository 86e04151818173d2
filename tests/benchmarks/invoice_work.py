"""Drafts, refreshes and finalizes a month of a database, and says what each of these took.

A process of its own, so that its peak memory is that of the work; what it imports is not counted.

    python invoice_work.py DATABASE MONTH BLOCK
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from creditctl.__main__ import ALLOCATIONS
from creditctl.context import Context
from creditctl.rules.periods import parse_month
from creditctl.services.finalizing import FinalizeRequest, finalize_invoices
from creditctl.services.invoicing import generate_invoices

_NOW = datetime(2026, 11, 10, tzinfo=UTC)


def main() -> None:
    """Print the number of invoices, and wall and processor seconds of each step, as JSON."""
    # As the command itself does.
    gc.set_threshold(ALLOCATIONS)
    database, month, block = sys.argv[1], parse_month(sys.argv[2]), int(sys.argv[3])
    context = Context(f"sqlite:///{database}", _NOW, "benchmark")
    counts: list[int] = []

    def drafted() -> None:
        run = generate_invoices(context, month, block=block)
        counts.append(run.created)
        if run.parked:
            raise AssertionError(f"{len(run.parked)} of the benchmark's books do not add up")

    def refreshed() -> None:
        counts.append(generate_invoices(context, month, block=block).unchanged)

    def finalized() -> None:
        run = finalize_invoices(context, FinalizeRequest(month=sys.argv[2]), block=block)
        counts.append(len(run.finalized))

    steps = {step.__name__: _seconds(step) for step in (drafted, refreshed, finalized)}
    if len(set(counts)) != 1:
        raise AssertionError(f"drafted, unchanged and final are {counts}")
    sys.stdout.write(json.dumps({"invoices": counts[0], **steps}))


def _seconds(work: Callable[[], None]) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


if __name__ == "__main__":
    main()
