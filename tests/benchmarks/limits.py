"""`limits check` at a company of 100,000 organizations with budgets, in the middle of a day.

Beside it: the one query that reads the day's rollups, and a process that does nothing at all.
"""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from creditctl.context import Context
from creditctl.rules.instants import day_number
from creditctl.services import limits_work  # noqa: F401 - loaded at the start, not in a round
from creditctl.services.limits_check import check_limits
from creditctl.store.engine import unit_of_work
from creditctl.store.migrate import create_file, migrate

from .bench import Bench
from .results import Gate, Pairs, Result, compared
from .workspace import BenchmarkFailed, Workspace, settle

ORGANIZATIONS = 100_000
CHANGED = ORGANIZATIONS // 100
NEWLY_BLOCKED = CHANGED // 10
_PRODUCTS, _REQUESTS = 4, 25
_NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
_DAY = day_number(_NOON.date())
_NUMBERS = f"""
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ORGANIZATIONS})
"""
_TODAY = f"SELECT organization_id, SUM(credits_micro) FROM usage_day WHERE day = {_DAY} GROUP BY 1"


def checked_company(workspace: Workspace) -> Path:
    """10 million requests of today as their sums, and everybody was checked; made once."""

    def make(path: Path) -> None:
        url = f"sqlite:///{path}"
        create_file(url)
        migrate(url)
        with unit_of_work(url) as unit:
            for statement in _statements():
                unit.run(statement)
        check_limits(Context(url, _NOON, "benchmark"), everybody=True)
        settle(path)

    return workspace.cached("budgets.db", make)


_ROWS = {
    "organization": {
        "id": "i",
        "public_id": "'org_' || i",
        "slug": "'org-' || i",
        "legal_name": "'Org'",
        "kind": "'registered'",
        "status": "'active'",
        "created_at": 0,
        "aligned": 0,
    },
    "credit_grant": {
        "id": "i",
        "public_id": "'grant_' || i",
        "organization_id": "i",
        "source": "'purchase'",
        "amount_micro": 10**9,
        "remaining_micro": 10**9,
        "expired_micro": 0,
        "held_micro": 0,
        "priority": 50,
        "effective_at": 0,
        "created_at": 0,
    },
    "budget": {
        "public_id": "'budget_' || i",
        "organization_id": "i",
        "product_id": 0,
        "api_key_id": 0,
        "period": "'day'",
        "measure": "'usage'",
        "kind": "'hard'",
        "scope": "'all'",
        "limit_micro": 200_000_000,
        "percent_ppm": 0,
        "revision": 1,
        "updated_at": 0,
    },
}
"""What each organization has: column -> SQL."""


def _statements() -> list[str]:
    usage = {
        "day": _DAY,
        "organization_id": "i",
        "product_id": 1,
        "tier": "'basic'",
        "requests": _REQUESTS,
        "billed": _REQUESTS,
        "failed": 0,
        "units": _REQUESTS,
        "credits_micro": _REQUESTS * 10**6,
    }
    return [
        "INSERT INTO catalog_version (name, currency, list_price, effective_from, applied_at, "  # noqa: ISC003
        + "actor, sha256, source) VALUES ('b', 'USD', '0.01', 0, 0, 'b', '', '')",
        *(_for_each(table, columns) for table, columns in _ROWS.items()),
        *(
            _for_each("usage_day", usage | {"product_id": product})
            for product in range(1, _PRODUCTS + 1)
        ),
    ]


def _for_each(table: str, columns: dict[str, object]) -> str:
    names, values = ", ".join(columns), ", ".join(map(str, columns.values()))
    return f"INSERT INTO {table} ({names}) {_NUMBERS} SELECT {values} FROM n"


def changed(bench: Bench, *, gate: Gate) -> list[Result]:
    """One in a hundred used more since the last check, a tenth of these too much."""
    database = bench.workspace.fresh_copy(checked_company(bench.workspace))
    context = Context(f"sqlite:///{database}", _NOON, "benchmark")
    pairs = Pairs()
    for number in range(bench.rounds):
        _use_more(context, first=1 + number * CHANGED)
        baseline = _seconds_to_read(database)
        began = time.perf_counter()
        result = check_limits(context)
        pairs.add(time.perf_counter() - began, baseline)
        if (result.checked, result.newly_blocked) != (CHANGED, NEWLY_BLOCKED):
            raise BenchmarkFailed(f"{result.checked} checked, {result.newly_blocked} blocked")
    return [compared("limits_changed", pairs, gate, events=CHANGED)]


def _use_more(context: Context, *, first: int) -> None:
    some = f"organization_id >= {first} AND organization_id < {first + CHANGED}"
    with unit_of_work(context.database) as unit:
        unit.run(
            "UPDATE usage_day SET credits_micro = credits_micro + "
            "CASE WHEN organization_id % 10 = 0 THEN 60000000 ELSE 1000000 END "
            f"WHERE day = {_DAY} AND {some}"
        )
        unit.run(
            "INSERT INTO limit_mark (organization_id, revision) "
            f"SELECT id, 1 FROM organization WHERE {some.replace('organization_id', 'id')}"
        )


def _seconds_to_read(database: Path) -> float:
    began = time.perf_counter()
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(_TODAY).fetchall()
    seconds = time.perf_counter() - began
    if len(rows) != ORGANIZATIONS:
        raise BenchmarkFailed(f"{len(rows)} organizations have usage")
    return seconds


def quiet(bench: Bench, *, gate: Gate) -> list[Result]:
    """Processor time of a whole `limits check` when nothing changed, and of a bare interpreter."""
    database = bench.workspace.fresh_copy(checked_company(bench.workspace))
    ours = (sys.executable, "-m", "creditctl", "--db", str(database), "limits", "check")
    as_of = {"CREDITCTL_NOW": f"{_NOON:%Y-%m-%dT%H:%M:%SZ}"}
    _processor_seconds(ours, as_of)
    pairs = Pairs()
    for _ in range(bench.rounds):
        pairs.add(
            _processor_seconds(ours, as_of), _processor_seconds((sys.executable, "-c", "pass"), {})
        )
    return [compared("limits_quiet", pairs, gate, events=ORGANIZATIONS)]


def _processor_seconds(command: Sequence[str], environment: dict[str, str]) -> float:
    with subprocess.Popen(command, env=os.environ | environment) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchmarkFailed(f"{' '.join(command)} exits {process.returncode}")
    return usage.ru_utime + usage.ru_stime
