"""An import that is undone leaves the books as if it had not been, and its file may come again."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import an_organization, at, give, open_books
from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput, NotFound
from creditctl.rules.periods import parse_month
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from creditctl.services.invoicing import generate_invoices
from creditctl.services.reallocation import ReallocateRequest, reallocate
from creditctl.services.usage_batches import list_batches
from creditctl.services.usage_import import import_usage
from creditctl.services.usage_undo import undo_import
from creditctl.store.engine import reading
from creditctl.store.queries.usage_rollups import ROLLUPS

START = datetime(2026, 10, 5, tzinfo=UTC)
TABLES = (*ROLLUPS, "usage_event", "usage_event_text", "volume_day")
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
    open_books(context)
    for slug in ("acme", "beta"):
        an_organization(context, slug)
    return context


def written(tmp_path: Path, rows: Sequence[tuple[str, int, int, int]], tag: str = "") -> Path:
    """A file of (organization, minute since START, units, status)."""
    number = next(_numbers)
    path = tmp_path / f"{number}.csv"
    lines = [
        f"{tag or number}-{place},{(START + timedelta(minutes=minute)).isoformat()},{slug},"
        f"GET /rows,{status},{units}"
        for place, (slug, minute, units, status) in enumerate(rows)
    ]
    path.write_text("\n".join(["id,time,org,endpoint,status,units", *lines, ""]))
    return path


def imported(context: Context, path: Path) -> str:
    (file,) = import_usage(context, [path]).files
    assert file.rejected == 0
    return file.id


def state(context: Context) -> dict[str, Any]:
    """Everything about usage and money, without the ledger's own history."""
    with reading(context.database) as unit:
        tables = {
            name: sorted(map(str, unit.fetch_rows(f"SELECT * FROM {name}"))) for name in TABLES
        }
        tables["debits"] = sorted(
            unit.fetch_rows("SELECT * FROM debit_day WHERE credits_micro <> 0")
        )
        tables["grants"] = unit.fetch_rows(
            "SELECT id, remaining_micro, expired_micro FROM credit_grant ORDER BY id"
        )
    balances = {slug: read_balance(context, slug) for slug in ("acme", "beta")}
    return tables | {"balances": balances}


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["acme", "beta"]),
        st.integers(0, 3000),
        st.integers(0, 40),
        st.sampled_from([200, 200, 404]),
    ),
    min_size=1,
    max_size=6,
)


@given(ROWS, ROWS)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_last_import_undone_leaves_the_books_as_they_were(
    books: Context,
    tmp_path: Path,
    first: list[tuple[str, int, int, int]],
    second: list[tuple[str, int, int, int]],
) -> None:
    early = at(books, "2026-10-05T00:00:00Z")
    give(early, "acme", "30")
    give(early, "beta", "15", source="purchase")
    imported(books, written(tmp_path, first))
    before = state(books)
    path = written(tmp_path, second)
    batch = imported(books, path)
    after = state(books)
    undone = undo_import(books, batch, reason="wrong file")
    assert undone.events == len(second)
    assert state(books) == before
    assert imported(books, path) != batch
    again = state(books)
    for name in (*ROLLUPS, "debits", "grants", "balances"):
        assert again[name] == after[name], name
    undo_import(books, list_batches(books, limit=1)[0].id, reason="leave no trace")


def test_an_earlier_import_may_be_undone_too(books: Context, tmp_path: Path) -> None:
    give(at(books, "2026-10-05T00:00:00Z"), "acme", "10")
    wrong = imported(books, written(tmp_path, [("acme", 0, 8, 200)]))
    imported(books, written(tmp_path, [("acme", 10, 7, 200)]))
    assert str(read_balance(books, "acme").open_overage) == "5"
    undone = undo_import(books, wrong, reason="wrong file")
    assert (str(undone.returned), str(undone.overage)) == ("8", "0")
    assert run_checks(books) == []
    # Bookings are not redone: what was overage stays so until the month is reallocated.
    request = ReallocateRequest(organization="acme", month="2026-10", reason="after an undo")
    reallocate(books, request)
    assert str(read_balance(books, "acme").open_overage) == "0"


def test_overage_is_cancelled_before_anything_returns(books: Context, tmp_path: Path) -> None:
    give(at(books, "2026-10-05T00:00:00Z"), "acme", "10")
    batch = imported(books, written(tmp_path, [("acme", 0, 15, 200)]))
    undone = undo_import(books, batch, reason="wrong file")
    assert (str(undone.returned), str(undone.overage)) == ("10", "5")


def test_what_returns_to_an_expired_grant_expires_again(books: Context, tmp_path: Path) -> None:
    early = at(books, "2026-10-05T00:00:00Z")
    give(early, "acme", "10", expires_at=START + timedelta(days=5))
    batch = imported(at(books, "2026-10-06T00:00:00Z"), written(tmp_path, [("acme", 0, 4, 200)]))
    undo_import(books, batch, reason="wrong file")
    with reading(books.database) as unit:
        rows = unit.fetch_rows("SELECT remaining_micro, expired_micro FROM credit_grant")
    assert rows == [(0, 10_000_000)]


def test_usage_that_was_paid_again_since_is_taken_back_too(books: Context, tmp_path: Path) -> None:
    give(at(books, "2026-10-05T00:00:00Z"), "acme", "10")
    imported(books, written(tmp_path, [("acme", 10, 7, 200)]))
    before = state(books)
    wrong = imported(books, written(tmp_path, [("acme", 0, 8, 200)]))
    request = ReallocateRequest(organization="acme", month="2026-10", reason="in order of time")
    reallocate(books, request)
    undo_import(books, wrong, reason="wrong file")
    after = state(books)
    for name in (*ROLLUPS, "debits", "grants", "balances"):
        assert after[name] == before[name], name


def test_a_draft_becomes_stale_and_the_volume_of_the_day_shrinks(
    context: Context, tmp_path: Path
) -> None:
    from builders import CATALOG

    open_books(context, CATALOG + VOLUME)
    an_organization(context, "acme")
    an_organization(context, "beta")
    path = written(tmp_path, [("acme", minute, 0, 200) for minute in range(4)])
    path.write_text(path.read_text().replace("GET /rows", "GET /map"))
    batch = imported(context, path)
    generate_invoices(context, parse_month("2026-10"))
    undo_import(context, batch, reason="wrong file")
    with reading(context.database) as unit:
        assert unit.fetch_value("SELECT COUNT(*) FROM invoice WHERE stale") == 1
        assert unit.fetch_value("SELECT COALESCE(SUM(units), 0) FROM volume_day") == 0


def test_it_is_done_once_with_a_reason_and_not_in_a_dry_run(books: Context, tmp_path: Path) -> None:
    batch = imported(books, written(tmp_path, [("acme", 0, 1, 200)], tag="not a uuid"))
    before = state(books)
    assert undo_import(books, batch, reason="look", dry_run=True).dry_run
    assert state(books) == before
    with pytest.raises(InvalidInput, match="reason"):
        undo_import(books, batch, reason=" ")
    with pytest.raises(NotFound, match="there is no import"):
        undo_import(books, "batch_x", reason="wrong file")
    undo_import(books, batch, reason="wrong file")
    with pytest.raises(Conflict, match="undone before"):
        undo_import(books, batch, reason="wrong file")
    (row,) = list_batches(books, limit=5)
    assert (row.status, row.billed) == ("undone", 1)
