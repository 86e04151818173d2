"""Pruned events: sums, balances and ids stay, and what needs single events says so."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import CATALOG, an_organization, at, give, open_books
from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.periods import Period, parse_month
from creditctl.services.audit import list_audit_entries
from creditctl.services.checks import run_checks
from creditctl.services.invoicing import generate_invoices
from creditctl.services.merging import MergeRequest, merge_organizations
from creditctl.services.reallocation import ReallocateRequest, reallocate
from creditctl.services.usage_batches import ImportSummary, list_batches
from creditctl.services.usage_events import list_usage_events
from creditctl.services.usage_export import export_usage
from creditctl.services.usage_import import import_usage
from creditctl.services.usage_pruning import prune_usage
from creditctl.services.usage_undo import undo_import
from creditctl.store.engine import reading
from creditctl.store.queries.usage_rollups import ROLLUPS

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
APRIL = date(2026, 4, 1)
KEPT = (*ROLLUPS, "volume_day", "debit_day", "ledger_entry", "credit_grant", "invoice_line")
VOLUME = """
[products.maps]
title = "Maps API"
[[products.maps.endpoints]]
method = "GET"
path = "/map"
credits = "1"
[[products.maps.volume]]
above = 2
credits = "0.5"
"""
_numbers = iter(range(10**9))


@pytest.fixture
def books(context: Context) -> Context:
    november = at(context, "2026-11-20T00:00:00Z")
    open_books(november)
    an_organization(at(context, "2026-01-01T00:00:00Z"), "acme", credits="1000")
    return november


def written(tmp_path: Path, hours: list[int], tag: str = "") -> Path:
    """A file with an event of 3 credits in each of the hours since BEGIN."""
    tag = tag or f"prune-{next(_numbers)}"
    lines = [
        f"{tag}-{place},acme,GET /rows,{(BEGIN + timedelta(hours=hour)).isoformat()},200,3"
        for place, hour in enumerate(hours)
    ]
    path = tmp_path / f"{next(_numbers)}.csv"
    path.write_text("\n".join(["id,org,endpoint,time,status,units", *lines, ""]))
    return path


def imported(context: Context, path: Path) -> ImportSummary:
    return import_usage(context, [path])


def prune(context: Context, before: date = APRIL, *, dry_run: bool = False) -> tuple[int, int]:
    told = prune_usage(context, before, reason="a year is enough", dry_run=dry_run)
    return told.days, told.events


def kept(context: Context) -> dict[str, Any]:
    with reading(context.database) as unit:
        return {
            table: sorted(map(str, unit.fetch_rows(f"SELECT * FROM {table}"))) for table in KEPT
        }


def test_sums_money_and_invoices_stay(books: Context, tmp_path: Path) -> None:
    imported(books, written(tmp_path, [0, 1, 30, 24 * 31, 24 * 40]))
    generate_invoices(books, parse_month("2026-03"))
    before = kept(books)
    assert prune(books, dry_run=True) == (2, 3)
    assert prune(books) == (2, 3)
    assert prune(books) == (0, 0)
    assert kept(books) == before
    actions = [entry.action for entry in list_audit_entries(books, limit=9)]
    assert actions.count("usage.pruned") == 2
    assert run_checks(books) == []


HOURS = st.lists(st.integers(0, 24 * 40), min_size=1, max_size=8, unique=True)


@given(hours=HOURS, before=st.integers(1, 40), more=HOURS)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_event_is_billed_again_whichever_days_were_pruned(
    books: Context, tmp_path: Path, hours: list[int], before: int, more: list[int]
) -> None:
    tag = f"again-{next(_numbers)}"
    path = written(tmp_path, hours, tag)
    imported(books, path)
    prune(books, (BEGIN + timedelta(days=before)).date())
    again = tmp_path / f"{next(_numbers)}.csv"
    again.write_text(path.read_text() + "\n")
    summary = imported(books, again)
    assert (summary.duplicate, summary.billed) == (len(hours), 0)
    assert imported(books, written(tmp_path, more)).billed == len(more)
    assert run_checks(books) == []


def test_the_near_twin_of_a_pruned_event_is_a_duplicate_too(books: Context, tmp_path: Path) -> None:
    # Within the window the second line was never booked, so its own hour does not know the id.
    lines = [f"twin,acme,GET /rows,2026-03-05T{time}Z,200,3" for time in ("10:59:00", "11:01:00")]
    path = tmp_path / "twins.csv"
    path.write_text("\n".join(["id,org,endpoint,time,status,units", *lines, ""]))
    first = imported(books, path)
    assert (first.billed, first.duplicate) == (1, 1)
    prune(books)
    path.write_text(path.read_text() + "\n")
    again = imported(books, path)
    assert (again.billed, again.duplicate) == (0, 2)


def test_prices_graduated_by_volume_go_on_after_pruning(context: Context, tmp_path: Path) -> None:
    books = at(context, "2026-11-20T00:00:00Z")
    open_books(books, CATALOG + VOLUME)
    an_organization(at(context, "2026-01-01T00:00:00Z"), "acme", credits="1000")
    path = written(tmp_path, [0, 1, 2])
    path.write_text(path.read_text().replace("GET /rows", "GET /map"))
    assert str(imported(books, path).credits) == "2.5"
    prune(books)
    assert run_checks(books) == []


NEEDING_EVENTS: dict[str, Callable[[Context, Path], object]] = {
    "reallocating": lambda books, _: reallocate(
        books, ReallocateRequest(organization="acme", month="2026-03", reason="x")
    ),
    "the list": lambda books, _: list_usage_events(books, "acme", parse_month("2026-03"), limit=5),
    "the list needs": lambda books, _: list_usage_events(
        books, "acme", Period(BEGIN, books.now), limit=50
    ),
    "the export": lambda books, folder: export_usage(
        books, Period(BEGIN, books.now), folder / "out.csv"
    ),
    "merging": lambda books, _: merge_organizations(
        books, MergeRequest(source="beta", target="acme", reason="x")
    ),
    "were pruned": lambda books, _: undo_import(
        books, list_batches(books, limit=1)[0].id, reason="x"
    ),
}


@pytest.mark.parametrize("what", NEEDING_EVENTS)
def test_what_needs_single_events_is_refused(books: Context, tmp_path: Path, what: str) -> None:
    an_organization(books, "beta")
    give(books, "beta", "5")
    imported(books, written(tmp_path, [0, 24 * 30, 24 * 40]))
    prune(books)
    with pytest.raises(Conflict, match=what):
        NEEDING_EVENTS[what](books, tmp_path)


def test_recent_usage_and_a_missing_reason_are_refused(books: Context) -> None:
    assert prune(books, date(2026, 9, 1)) == (0, 0)
    with pytest.raises(InvalidInput, match="may still be corrected"):
        prune(books, date(2026, 9, 2))
    with pytest.raises(InvalidInput, match="needs a reason"):
        prune_usage(books, APRIL, reason=" ")
