"""`reports liability --at`: by hand at single moments, and beside journal and report for any."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from builders import an_organization, at, open_books, use
from credit_histories import START, STEPS, new_books, played
from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.instants import parse_instant
from creditctl.rules.periods import Period, parse_month
from creditctl.services.journal import read_journal
from creditctl.services.journal_sources import deferred
from creditctl.services.liability_at import LiabilityAt, liability_at
from creditctl.services.liability_report import report_liability
from creditctl.services.limits_check import check_limits
from creditctl.store.engine import reading
from finance import CATALOG, bought, closed, eventful
from sqlite_files import SqliteFiles

DEFERRED = deferred("")
MOMENT = timedelta(microseconds=1)


def end_of(day: date) -> datetime:
    """The last instant of a day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) - MOMENT


def owed(report: LiabilityAt) -> dict[str, int]:
    """Currency -> minor units."""
    found: dict[str, int] = defaultdict(int)
    for line in report.unused:
        found[line.amount.currency] += line.amount.minor
    totals = {total.unused.currency: total.unused.minor for total in report.totals}
    assert {key: minor for key, minor in totals.items() if minor} == {
        key: minor for key, minor in found.items() if minor
    }
    return {key: minor for key, minor in totals.items() if minor}


def test_every_moment_by_hand(context: Context) -> None:
    """$10.00 for three credits: 3.33, 3.34 and 3.33 of it are earned; a credit expires."""
    opened = at(context, "2026-09-10T12:00:00Z")
    open_books(opened, CATALOG)
    an_organization(opened, "acme")
    bought(opened, "acme", package="three")
    use(at(context, "2026-09-20T15:30:00Z"), "acme", 1)
    use(at(context, "2026-09-20T15:30:00.000001Z"), "acme", 1)
    end = at(context, "2026-10-30T00:00:00Z")
    check_limits(end)
    said = []
    for moment in (
        "2026-09-10T11:59:59.999999Z",
        "2026-09-10T12:00:00Z",
        "2026-09-20T15:30:00Z",
        "2026-09-20T15:30:00.000001Z",
        "2026-10-10T11:59:59.999999Z",
        "2026-10-30T00:00:00Z",
    ):
        report = liability_at(end, parse_instant(moment))
        said.append([(one.age, str(one.credits), str(one.amount)) for one in report.unused])
    assert said == [
        [],
        [("0-30 days", "3", "10.00")],
        [("0-30 days", "2", "6.67")],
        [("0-30 days", "1", "3.33")],
        [("0-30 days", "1", "3.33")],
        [],
    ]
    (total,) = report.totals
    assert [str(part) for part in (total.sold, total.used, total.expired, total.unused)] == [
        "10.00",
        "6.67",
        "3.33",
        "0.00",
    ]


def test_a_moment_to_come_is_refused(context: Context) -> None:
    with pytest.raises(InvalidInput, match="future"):
        liability_at(context, context.now + MOMENT)


def test_the_end_of_a_month_is_what_its_report_closes_with(context: Context) -> None:
    """In four currencies, by source and age."""
    books = eventful(context)
    december = at(books, "2026-12-01T00:00:00Z")
    for name in ("2026-09", "2026-10", "2026-11"):
        month = parse_month(name)
        wanted = [
            (line.source, line.age, line.credits, line.amount)
            for line in report_liability(books, month).unused
            if line.credits.micro or line.amount
        ]
        found = liability_at(december, month.ends_at - MOMENT).unused
        assert wanted
        assert [(one.source, one.age, one.credits, one.amount) for one in found] == wanted


def test_what_is_recorded_after_a_close_is_owed_less_from_the_open_month_on(
    context: Context,
) -> None:
    opened = at(context, "2026-09-10T12:00:00Z")
    open_books(opened, CATALOG)
    an_organization(opened, "acme")
    bought(opened, "acme", package="hundred")
    october = at(context, "2026-10-03T12:00:00Z")
    closed(october, "2026-09")
    use(at(context, "2026-09-12T00:00:00Z"), "acme", 50)
    october_begins = parse_instant("2026-10-01T00:00:00Z")
    assert owed(liability_at(october, october_begins - MOMENT)) == {"USD": 100}
    assert owed(liability_at(october, october_begins)) == {"USD": 50}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_between_two_moments_lies_what_the_journal_moved(
    sqlite_files: SqliteFiles, sqlite_template: Path, steps: list[tuple[Any, ...]]
) -> None:
    """At the end of every day the journal's deferred accounts hold what is owed, any history."""
    with new_books(sqlite_files, sqlite_template) as books:
        played(books, steps)
        end = at(books, "2027-01-31T23:59:59Z")
        with reading(end.database) as unit:
            span = Period(START, parse_month("2027-01").ends_at)
            journal = read_journal(unit, end, span)
        moved: dict[date, int] = defaultdict(int)
        for one in journal:
            for posting in one.postings:
                if posting.account.startswith(DEFERRED):
                    moved[one.day] += posting.amount
        held, before = 0, 0
        for day in sorted(moved):
            held -= moved[day]
            now = owed(liability_at(end, end_of(day))).get("USD", 0)
            assert (now, now - before) == (held, -moved[day])
            before = now
        last = report_liability(end, parse_month("2027-01")).unused
        assert owed(liability_at(end, end.now)).get("USD", 0) == sum(
            line.amount.minor for line in last
        )
