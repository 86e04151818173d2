"""Four processes finalize one month at once: every number is given once, and none is left out."""

import json

import pytest

from builders import an_organization, at, open_books, use
from conftest import NOW
from creditctl.context import Context
from creditctl.rules.periods import parse_month
from creditctl.services.checks import run_checks
from creditctl.services.invoices import list_invoices
from creditctl.services.invoicing import generate_invoices
from forked import Forked

PROCESSES = 4
WORKER = """
import json, sys
from datetime import datetime
from creditctl.context import Context
from creditctl.services.finalizing import FinalizeRequest, finalize_invoices

database, now, number = sys.argv[1:]
context = Context(database, datetime.fromisoformat(now), f"worker-{number}")
request = FinalizeRequest(month="2026-10", at_once=True)
run = finalize_invoices(context, request)
assert run.refused == (), run.refused
print(json.dumps([one.number for one in run.finalized]))
"""


@pytest.mark.parametrize("organizations", [12, pytest.param(100, marks=pytest.mark.slow)])
def test_numbers_have_no_gaps_whoever_takes_them(context: Context, organizations: int) -> None:
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october)
    for number in range(organizations):
        an_organization(october, f"org-{number}")
        use(at(context, "2026-10-10T00:00:00Z"), f"org-{number}", 5)
    generate_invoices(context, parse_month("2026-10"))
    workers = [
        Forked(WORKER, context.database, NOW.isoformat(), number) for number in range(PROCESSES)
    ]
    numbers = []
    for worker in workers:
        told, problem = worker.communicate(timeout=300)
        assert worker.returncode == 0, problem
        numbers += json.loads(told)
    expected = [f"INV-2026-{number:06d}" for number in range(1, organizations + 1)]
    assert sorted(numbers) == expected
    assert sorted(row.number or "" for row in list_invoices(context)) == expected
    assert run_checks(context) == []
