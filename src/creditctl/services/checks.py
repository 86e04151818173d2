"""The invariants that `creditctl check` proves: a list of named checks of one signature."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from creditctl.context import Context
from creditctl.services.period_checks import misplaced_allowances, unpaid_usage
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries import checks as ask

Check: TypeAlias = Callable[[UnitOfWork], Sequence[tuple[str, str]]]


def unreadable_answers(unit: UnitOfWork) -> list[tuple[str, str]]:
    """Answers kept for an idempotency key that could not be given again."""
    found = []
    for scope, key, result in ask.remembered_results(unit):
        try:
            json.loads(result)
        except ValueError:
            found.append((key, f"the answer kept for {scope} is not JSON"))
    return found


CHECKS: dict[str, Check] = {
    "the file and its references are whole": ask.damage,
    "a grant's remaining credits are the sum of its entries": partial(
        ask.breaches, query=ask.GRANT_SUMS
    ),
    "a grant's expired credits are the sum of its expiries": partial(
        ask.breaches, query=ask.EXPIRED_SUMS
    ),
    "a grant holds between nothing and its amount": partial(ask.breaches, query=ask.GRANT_BOUNDS),
    "a grant was granted once, in full": partial(ask.breaches, query=ask.GRANT_ENTRIES),
    "a grant pays only what it may": partial(ask.breaches, query=ask.DRAWN_OUTSIDE),
    "overage is settled at most once": partial(ask.breaches, query=ask.REPAID_TOO_MUCH),
    "allowances are those of the subscription's periods, none left out": misplaced_allowances,
    "allowances of a subscription do not overlap": partial(
        ask.breaches, query=ask.OVERLAPPING_ALLOWANCES
    ),
    "events name rows that exist": partial(ask.breaches, query=ask.ORPHANED_EVENTS),
    "a batch's counts are those of its events": partial(ask.breaches, query=ask.BATCH_COUNTS),
    "hourly rollups are the sums of events": partial(ask.breaches, query=ask.HOUR_ROLLUPS),
    "daily rollups are the sums of hourly ones": partial(ask.breaches, query=ask.DAY_ROLLUPS),
    "debits are the sums of ledger entries": partial(ask.breaches, query=ask.DEBIT_DAYS),
    "rated usage was paid, is overage, or is unlimited": unpaid_usage,
    "an invoice's total is the sum of its lines": partial(ask.breaches, query=ask.INVOICE_TOTALS),
    "remembered answers can be read": unreadable_answers,
}
"""Every invariant by what it says; one added here is run, documented and tested."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of one invariant."""

    invariant: str
    subject: str
    detail: str


def run_checks(context: Context) -> list[Finding]:
    """Every breach, on one snapshot of the database; empty when the books are consistent."""
    with reading(context.database) as unit:
        return [
            Finding(invariant, subject, detail)
            for invariant, check in CHECKS.items()
            for subject, detail in check(unit)
        ]
