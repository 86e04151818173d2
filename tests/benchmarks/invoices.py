"""Drafting and finalizing a month's invoices, against the same one organization at a time.

    python -m tests.benchmarks.invoices [--organizations N] [--rounds N] [--enforce]

Each round drafts and finalizes in blocks, and a part of the organizations one by one, on copies of
one database. What counts is invoices a second of processor time after start-up, which other
processes hardly change, and their ratio. Organizations have a plan and a month of usage by day, a
part of it beyond their credits; no events.
"""

import argparse
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from tests.builders import CATALOG, open_books

from creditctl.context import Context
from creditctl.rules.instants import day_number, micros_of
from creditctl.rules.periods import Period, parse_month
from creditctl.services.databases import initialize_database
from creditctl.services.finalizing import FinalizeRequest, finalize_invoices
from creditctl.services.invoicing import generate_invoices
from creditctl.store.bulk_sqlite import append_rows
from creditctl.store.engine import UnitOfWork, unit_of_work

_SELLER = """
[seller]
legal_name = "Example GmbH"
address = ["Lange Gasse 1", "10115 Berlin"]
country = "DE"
tax_id = "DE136695976"

[[seller.registrations]]
country = "DE"

[[taxes]]
country = "DE"
name = "VAT"
percent = 19
valid_from = 2021-01-01
"""
_MONTH = "2026-10"
_DRAFTS, _FINAL, _PEAK_MIB = 2_000, 1_000, 400
_ALONE = 200
"""Organizations of the comparison: one by one takes long."""

_KIB_PER_MIB = 1024
_DAILY, _ALLOWANCE = 2_000_000_000, 50_000_000_000
"""Micro-credits: 62,000 a month, of which the plan grants 50,000."""


def main() -> int:
    """Print both sides and the ratios; with --enforce the goals are gates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--organizations", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--enforce", action="store_true", help="fail below the goals")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        start = _company(Path(folder) / "start.db", options.organizations)
        alone = _company(Path(folder) / "alone.db", min(_ALONE, options.organizations))
        numbers = count()

        def copy(context: Context) -> Context:
            path = Path(folder) / f"run-{next(numbers)}.db"
            shutil.copyfile(context.database.removeprefix("sqlite:///"), path)
            return replace(context, database=f"sqlite:///{path}")

        rounds = [
            (*_rates(copy(start), 500), *_rates(copy(alone), 1)) for _ in range(options.rounds)
        ]
    drafts, final, drafts_alone, final_alone = (
        statistics.median(side) for side in zip(*rounds, strict=True)
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_PER_MIB
    for name, rate, other in (
        ("drafts", drafts, drafts_alone),
        ("finalized", final, final_alone),
    ):
        sys.stdout.write(
            f"{name}: {rate:,.0f}/s, one by one {other:,.0f}/s, ratio {rate / other:.1f}\n"
        )
    sys.stdout.write(f"peak memory: {peak:,.0f} MiB\n")
    missed = drafts < _DRAFTS or final < _FINAL or peak > _PEAK_MIB
    return 1 if options.enforce and missed else 0


def _rates(context: Context, block: int) -> tuple[float, float]:
    """Drafts and final invoices a second, in transactions of so many."""
    month = parse_month(_MONTH)
    request = FinalizeRequest(month=_MONTH)
    made = 0

    def drafted() -> None:
        nonlocal made
        run = generate_invoices(context, month, block=block)
        made = run.created
        if run.parked or not made:
            raise AssertionError(f"{len(run.parked)} of the benchmark's books do not add up")

    def finalized() -> None:
        run = finalize_invoices(context, request, block=block)
        if run.refused or len(run.finalized) != made:
            raise AssertionError(f"{len(run.refused)} drafts were refused")

    seconds = [_seconds(drafted), _seconds(finalized)]
    return made / seconds[0], made / seconds[1]


def _seconds(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _company(path: Path, organizations: int) -> Context:
    """Organizations on a plan, with sums of usage and the overage that goes with them."""
    october = datetime(2026, 10, 1, tzinfo=UTC)
    context = Context(f"sqlite:///{path}", october, "benchmark")
    initialize_database(context)
    open_books(context, CATALOG + _SELLER)
    month = parse_month(_MONTH)
    ids = range(1, organizations + 1)
    with unit_of_work(context.database) as unit:
        plan, product = (
            int(unit.fetch_value(f"SELECT id FROM {table} WHERE name = :name", name=name))
            for table, name in (("plan", "pro"), ("product", "rows"))
        )
        at = micros_of(october)
        organization = (
            "id",
            "public_id",
            "slug",
            "legal_name",
            "country",
            "kind",
            "status",
            "created_at",
            "aligned",
        )
        append_rows(
            unit,
            "organization",
            organization,
            (
                (
                    one,
                    f"org_{one:032d}",
                    f"org-{one}",
                    f"Org {one}",
                    "DE",
                    "registered",
                    "active",
                    at,
                    0,
                )
                for one in ids
            ),
        )
        subscription = (
            "public_id",
            "organization_id",
            "plan_id",
            "status",
            "started_at",
            "created_at",
        )
        append_rows(
            unit,
            "subscription",
            subscription,
            ((f"sub_{one:032d}", one, plan, "active", at, at) for one in ids),
        )
        _use(unit, ids, product, month)
    return replace(context, now=datetime(2026, 11, 10, tzinfo=UTC))


def _use(unit: UnitOfWork, ids: range, product: int, month: Period) -> None:
    days = range(day_number(month.starts_at.date()), day_number(month.ends_at.date()))
    usage = (
        "day",
        "organization_id",
        "product_id",
        "tier",
        "requests",
        "billed",
        "failed",
        "units",
        "credits_micro",
    )
    append_rows(
        unit,
        "usage_day",
        usage,
        (
            (day, one, product, tier, 100, 100, 0, 100, _DAILY // 2)
            for day in days
            for one in ids
            for tier in ("", "basic")
        ),
    )
    covered = {
        day: max(0, min(_DAILY, _ALLOWANCE - place * _DAILY)) for place, day in enumerate(days)
    }
    debit = ("day", "organization_id", "product_id", "source", "credits_micro")
    append_rows(
        unit,
        "debit_day",
        debit,
        (
            (day, one, product, source, micro)
            for day in days
            for one in ids
            for source, micro in (
                ("overage", _DAILY - covered[day]),
                ("subscription", covered[day]),
            )
            if micro
        ),
    )
    entry = (
        "organization_id",
        "kind",
        "amount_micro",
        "event_at",
        "recorded_at",
        "posting_day",
        "product_id",
        "overage_reason",
        "actor",
        "reason",
    )
    append_rows(
        unit,
        "ledger_entry",
        entry,
        (
            (
                one,
                "overage",
                covered[day] - _DAILY,
                day * 86_400_000_000,
                day * 86_400_000_000,
                day,
                product,
                "postpaid",
                "benchmark",
                "usage",
            )
            for one in ids
            for day in days
            if covered[day] < _DAILY
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
