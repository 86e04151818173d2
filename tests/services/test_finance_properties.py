"""Laws of the finance reports, for any history: roll-forwards close, and closed months stay."""

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings

from builders import at
from credit_histories import MONTHS, STEPS, new_books, played, reports
from creditctl.context import Context
from creditctl.rules.periods import parse_month
from creditctl.services.checks import run_checks
from creditctl.services.liability_report import MOVEMENTS, LiabilityReport, report_liability
from creditctl.services.margin_report import report_margin
from creditctl.services.report_lines import TOTAL
from creditctl.services.revenue_report import report_revenue
from sqlite_files import SqliteFiles


def figures(report: LiabilityReport) -> dict[str, int]:
    """Movement -> minor units of the month; all in one currency."""
    found = {line.line: line.amount.minor for line in report.roll_forward}
    return found or dict.fromkeys(MOVEMENTS, 0)


def total_revenue(context: Context, month: str) -> dict[str, int]:
    """Currency -> minor units of `reports revenue`, where there are any."""
    lines = report_revenue(context, parse_month(month)).sources
    return {
        line.amount.currency: line.amount.minor
        for line in lines
        if line.line == TOTAL and line.amount
    }


def margin_revenue(context: Context, month: str, grouping: str) -> dict[str, int]:
    """The same as the lines of `reports margin` sum to."""
    sums: dict[str, int] = {}
    for line in report_margin(context, parse_month(month), grouped_by=grouping).lines:
        if line.line != TOTAL:
            earned = line.revenue
            sums[earned.currency] = sums.get(earned.currency, 0) + earned.minor
    return {currency: minor for currency, minor in sums.items() if minor}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_roll_forwards_close_and_a_closed_month_never_moves(
    sqlite_files: SqliteFiles, sqlite_template: Path, steps: list[tuple[Any, ...]]
) -> None:
    """opening + sold - used - expired - reversed = closing = the next month's opening."""
    with new_books(sqlite_files, sqlite_template) as books:
        kept = played(books, steps)
        end = at(books, "2027-01-31T00:00:00Z")
        assert {month: reports(end, month) for month in kept} == kept
        closing = 0
        for month in MONTHS:
            row = figures(report_liability(end, parse_month(month)))
            for grouping in ("endpoint", "organization"):
                assert margin_revenue(end, month, grouping) == total_revenue(end, month)
            opening, sold, used, expired, given_back, closed_at = (row[name] for name in MOVEMENTS)
            assert opening == closing
            assert opening + sold - used - expired - given_back == closed_at
            closing = closed_at
        assert run_checks(end) == []
