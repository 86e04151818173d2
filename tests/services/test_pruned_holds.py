"""Holds of calls are pruned with the events of their days: charged and let go, never open ones."""

from datetime import date
from pathlib import Path

import pytest

from builders import an_organization, at, open_books
from calls import call, charge, rows_of
from creditctl.context import Context
from creditctl.rules.units import Credits
from creditctl.services.audit import list_audit_entries
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from creditctl.services.holds import release
from creditctl.services.usage_import import import_usage
from creditctl.services.usage_pruning import PrunedUsage, prune_usage

APRIL = date(2026, 4, 1)


@pytest.fixture
def books(context: Context) -> Context:
    """In March three calls: two charged, one let go; one in June."""
    january = at(context, "2026-01-01T00:00:00Z")
    open_books(january)
    an_organization(january, credits="1000")
    march = at(context, "2026-03-10T10:00:00Z")
    charge(march, "one", 30)
    charge(at(context, "2026-03-11T10:00:00Z"), "two", 12)
    call(march, "three", 5)
    release(march, "three")
    charge(at(context, "2026-06-01T10:00:00Z"), "four", 8)
    return at(context, "2026-10-20T00:00:00Z")


def holds(context: Context) -> list[tuple[object, ...]]:
    return rows_of(context, "SELECT id_text, state FROM hold ORDER BY id")


def pruned(context: Context, *, dry_run: bool = False) -> PrunedUsage:
    return prune_usage(context, APRIL, reason="kept for half a year", dry_run=dry_run)


def test_closed_holds_go_with_the_events_of_their_days(books: Context) -> None:
    before = read_balance(books, "acme").available
    told = pruned(books, dry_run=True)
    assert (told.events, told.holds, len(holds(books))) == (2, 3, 4)
    done = pruned(books)
    assert (done.days, done.events, done.holds) == (2, 2, 3)
    assert holds(books) == [("four", "captured")]
    assert rows_of(books, "SELECT COUNT(*) FROM hold_part WHERE hold_id <> 4") == [(0,)]
    assert read_balance(books, "acme").available == before == Credits.parse("950")
    assert run_checks(books) == []
    entries = list_audit_entries(books, action="usage.pruned")
    assert sum(int((entry.before or {})["holds"]) for entry in entries) == 3
    assert pruned(books).holds == 0


def test_holds_of_days_without_events_go_too_as_the_dry_run_says(books: Context) -> None:
    quiet = at(books, "2026-03-20T10:00:00Z")
    call(quiet, "five", 5)
    release(quiet, "five")
    told = pruned(books, dry_run=True)
    done = pruned(books)
    assert (done.days, done.events, done.holds) == (told.days, told.events, told.holds) == (2, 2, 4)
    assert holds(books) == [("four", "captured")]
    entries = list_audit_entries(books, action="usage.pruned")
    told_of = [(entry.subject, (entry.before or {})["holds"]) for entry in entries]
    assert ("2026-03-31", 1) in told_of
    assert len(told_of) == 3
    pruned(books)
    assert len(list_audit_entries(books, action="usage.pruned")) == 3


def test_a_call_in_flight_keeps_its_hold(books: Context) -> None:
    """However old it is: its credits are reserved until somebody settles or frees it."""
    call(at(books, "2026-03-09T00:00:00Z"), "open", 7)
    assert pruned(books).holds == 3
    assert holds(books) == [("four", "captured"), ("open", "open")]
    assert run_checks(books) == []


def test_the_log_line_of_a_pruned_call_is_still_a_duplicate(books: Context, tmp_path: Path) -> None:
    pruned(books)
    path = tmp_path / "log.csv"
    path.write_text(
        "id,time,org,endpoint,status,units\none,2026-03-10T10:00:00Z,acme,GET /rows,200,30\n",
        encoding="utf-8",
    )
    summary = import_usage(books, [path])
    assert (summary.duplicate, summary.billed) == (1, 0)
