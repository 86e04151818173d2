"""Histories of paid credits, as steps that hypothesis chooses, and a company that lives them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from builders import an_organization, at, open_books, use
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.instants import instant_text
from creditctl.rules.periods import parse_month
from creditctl.services.credits import list_grants
from creditctl.services.liability_report import report_liability
from creditctl.services.limits_check import check_limits
from creditctl.services.promotion_report import report_promotions
from creditctl.services.revenue_report import report_breakage, report_revenue
from creditctl.services.reversals import ReverseRequest, reverse_grant
from creditctl.services.subscriptions import create_subscription
from creditctl.services.usage_value import report_usage_value
from creditctl.store.engine import reusing_connections
from finance import CATALOG, bought, closed
from sqlite_files import SqliteFiles

START = datetime(2026, 7, 1, tzinfo=UTC)
MONTHS = [f"2026-{month:02}" for month in range(6, 13)] + ["2027-01"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.sampled_from(["three", "three", "hundred"])),
        st.tuples(st.just("use"), st.integers(1, 4), st.integers(0, 50)),
        st.tuples(st.just("check")),
        st.tuples(st.just("reverse"), st.integers(0, 5), st.booleans()),
        st.tuples(st.just("subscribe"), st.integers(0, 40)),
        st.tuples(st.just("close")),
        st.tuples(st.just("wait"), st.integers(1, 40)),
    ),
    min_size=4,
    max_size=14,
)
SLUG = "acme"


@contextmanager
def new_books(files: SqliteFiles, template: Path) -> Iterator[Context]:
    """A company of its own: a month is closed for everybody."""
    with files.lent(template) as lent, reusing_connections(lent.kept):
        opened = Context(lent.url, START, "tester")
        open_books(at(opened, "2026-05-01T00:00:00Z"), CATALOG)
        an_organization(opened, SLUG)
        yield opened


def reports(context: Context, month: str) -> list[Any]:
    """Every report that is about postings."""
    period = parse_month(month)
    every = (report_liability, report_revenue, report_breakage, report_promotions)
    return [report(context, period) for report in (*every, report_usage_value)]


def take(context: Context, step: tuple[Any, ...]) -> None:
    """One step of a history; what is refused changes nothing."""
    match step:
        case ("buy", package):
            bought(context, SLUG, package=package)
        case ("use", rows, days_ago):
            then = max(context.now - timedelta(days=days_ago), START)
            use(at(context, instant_text(then)), SLUG, rows)
        case ("check",):
            check_limits(context)
        case ("reverse", number, unwind):
            bought_ones = [
                one
                for one in list_grants(context, SLUG, everything=True)
                if one.source == "purchase"
            ]
            if bought_ones:
                grant = bought_ones[number % len(bought_ones)].id
                reverse_grant(context, ReverseRequest(grant=grant, reason="test", unwind=unwind))
        case ("subscribe", days_ago):
            then = max(context.now - timedelta(days=days_ago), START)
            create_subscription(context, SLUG, "monthly", starts_at=then)
        case ("close",):
            before = context.now.replace(day=1) - timedelta(days=1)
            closed(context, f"{before:%Y-%m}")


def played(books: Context, steps: list[tuple[Any, ...]]) -> dict[str, list[Any]]:
    """Take the steps, a day or more apart; returns the reports of months as they were closed."""
    now, kept = START, dict[str, list[Any]]()
    for step in steps:
        now += timedelta(days=step[1] if step[0] == "wait" else 1)
        context = at(books, instant_text(now))
        try:
            take(context, step)
        except Conflict:
            continue
        if step[0] == "close":
            shut = [month for month in MONTHS if month < f"{now:%Y-%m}"]
            kept |= {month: reports(context, month) for month in shut if month not in kept}
    return kept
