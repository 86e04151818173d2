"""A gate whose calls all wait for one organization still says that it lives."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

from builders import at, open_books
from creditctl.context import Context
from creditctl.server.app import THREADS
from creditctl.store.engine import unit_of_work
from creditctl.store.queries.orgs import find_organization, lock_organizations
from faults.gate_books import CATALOG, a_key, authorize
from gate_server import gate_in_thread

PATHS = ("/healthz", "/readyz", "/metrics", "/openapi.json")


def test_health_is_told_while_every_call_waits(context: Context) -> None:
    open_books(at(context, "2025-01-01T00:00:00Z"), CATALOG)
    present = replace(context, now=datetime.now(UTC))  # noqa: TID251
    key = a_key(present, "1000")
    callers = 2 * THREADS
    with gate_in_thread(present) as gate, ThreadPoolExecutor(callers) as threads:
        assert authorize(gate, key, "warm") == 200
        with unit_of_work(context.database) as unit:
            lock_organizations(unit, [find_organization(unit, "acme").id])
            calls = [threads.submit(authorize, gate, key, f"r-{n}") for n in range(callers)]
            time.sleep(1)
            for path in PATHS:
                assert gate.ask("GET", path).status == 200
                # Nobody waited for the calls, which wait still.
                assert not any(call.done() for call in calls)
        assert [call.result() for call in calls] == [200] * callers
