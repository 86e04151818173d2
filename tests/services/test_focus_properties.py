"""Laws of the FOCUS export, for any history: rows keep the rules and sum to the reports."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings

from builders import at
from credit_histories import MONTHS, STEPS, new_books, played
from creditctl.rules.focus import row_of
from creditctl.rules.periods import parse_month
from creditctl.services.focus_export import read_charges
from creditctl.services.revenue_report import report_revenue
from creditctl.store.engine import reading
from focus_rules import breaches
from sqlite_files import SqliteFiles


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_what_is_effective_is_what_was_earned(
    sqlite_files: SqliteFiles, sqlite_template: Path, steps: list[tuple[Any, ...]]
) -> None:
    """Credits when used and fees by the day, also of subscriptions that began in a closed month."""
    with new_books(sqlite_files, sqlite_template) as books:
        played(books, steps)
        end = at(books, "2027-01-20T00:00:00Z")
        for month in map(parse_month, MONTHS):
            with reading(end.database) as unit:
                seller, charges = read_charges(unit, month, end.now)
            rows = [row_of(charge, month, seller) for charge in charges]
            assert [problem for row in rows for problem in breaches(row)] == []
            earned = sum(
                Decimal(str(line.amount))
                for line in report_revenue(end, month).sources
                if line.line == "total"
            )
            assert sum(Decimal(row["EffectiveCost"]) for row in rows) == earned
