"""A captured call is the usage event: what an import of that event would have booked."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from builders import CATALOG, an_organization, at, give, open_books
from calls import call, charge, rows_of
from conftest import NOW
from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.instants import instant_text
from creditctl.rules.periods import parse_month
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.balances import read_balance
from creditctl.services.event_lineage import explain_event
from creditctl.services.hold_capture import capture
from creditctl.services.holds import find_hold, release_expired
from creditctl.services.invoicing import generate_invoices
from creditctl.services.orgs import create_organization
from creditctl.services.usage_import import import_usage
from creditctl.services.usage_undo import undo_import
from creditctl.store.queries.usage_rollups import ROLLUPS, SUMS
from invoices import final

EARLY = "2026-10-01T00:00:00Z"
GRADUATED = CATALOG.replace(
    'title = "Rows API"',
    'title = "Rows API"\nvolume = [{ above = 5, credits = "0.5" }]',
)
LEDGER = """
    SELECT e.kind, g.source, e.amount_micro, e.event_at, e.posting_day, e.overage_reason,
           e.first_event_at, e.first_event_id, e.last_event_at, e.last_event_id
    FROM ledger_entry AS e LEFT JOIN credit_grant AS g ON g.id = e.grant_id
    WHERE e.organization_id = :owner ORDER BY e.id
"""
EVENTS = """
    SELECT event_hour, event_id, occurred_at, api_key_id, price_id, status, units, credits_micro,
           volume_before
    FROM usage_event WHERE organization_id = :owner ORDER BY event_hour, event_id
"""


@pytest.fixture
def books(context: Context) -> Context:
    early = at(context, EARLY)
    open_books(early)
    an_organization(early, "acme", credits="10")
    return context


def log_line(
    context: Context, folder: Path, name: str, rows: int, *, slug: str = "acme", status: int = 200
) -> str:
    """Import the log line of a call of context.now; returns its batch."""
    path = folder / f"{slug}-{name}-{rows}.csv"
    time = instant_text(context.now)
    path.write_text(
        f"id,org,endpoint,time,status,units\n{name},{slug},GET /rows,{time},{status},{rows}\n"
    )
    (file,) = import_usage(context, [path]).files
    return file.id


def booked(context: Context, owner: int) -> dict[str, object]:
    """Everything that the events of one organization left in the books, without ids of rows."""
    sums = {
        table: rows_of(
            context,
            f"SELECT {', '.join([*(one for one in key if one != 'organization_id'), *SUMS])}"
            f" FROM {table} WHERE organization_id = :owner ORDER BY 1, 2, 3",
            owner=owner,
        )
        for table, key in ROLLUPS.items()
        if "organization_id" in key
    }
    days = "SELECT day, product_id, source, credits_micro FROM debit_day"
    volumes = "SELECT day, product_id, units FROM volume_day"
    held = "SELECT source, remaining_micro, expired_micro, held_micro FROM credit_grant"
    of_owner = "WHERE organization_id = :owner ORDER BY 1, 2, 3"
    return sums | {
        "ledger": rows_of(context, LEDGER, owner=owner),
        "events": [row[2:] for row in rows_of(context, EVENTS, owner=owner)],
        "debits": rows_of(context, f"{days} {of_owner}", owner=owner),
        "volumes": rows_of(context, f"{volumes} {of_owner}", owner=owner),
        "grants": rows_of(context, f"{held} {of_owner}", owner=owner),
        "batches": rows_of(
            context,
            "SELECT DISTINCT b.status, b.cursor, b.billed, b.free, b.failed, b.credits_micro"
            " FROM usage_batch AS b JOIN usage_event AS e ON e.batch_id = b.id"
            " WHERE e.organization_id = :owner",
            owner=owner,
        ),
    }


@pytest.mark.parametrize("catalog", [CATALOG, GRADUATED], ids=["flat", "graduated"])
@pytest.mark.parametrize(
    ("status", "rows"),
    [(200, 4), (200, 10), (200, 17), (500, 4), (200, 0)],
    ids=["within", "several grants", "beyond", "failed", "nothing"],
)
def test_a_captured_call_is_booked_as_the_import_of_its_event(
    context: Context, tmp_path: Path, catalog: str, status: int, rows: int
) -> None:
    early = at(context, EARLY)
    open_books(early, catalog)
    for slug in ("called", "logged"):
        an_organization(early, slug, credits="10")
        give(early, slug, "3", expires_at=NOW + timedelta(days=3))

    call(context, "r-1", 4, organization="called")
    capture(context, "r-1", status=status, units=rows)
    log_line(context, tmp_path, "r-2", rows, slug="logged", status=status)

    called, logged = booked(context, 1), booked(context, 2)
    # Two organizations cannot have the same id: only that differs.
    anonymous = [
        [(*row[:7], row[8]) for row in side.pop("ledger")]  # type: ignore[attr-defined]
        for side in (called, logged)
    ]
    assert anonymous[0] == anonymous[1]
    assert called == logged
    assert find_hold(context, "r-1").held == NO_CREDITS


def test_a_capture_beyond_the_hold_draws_what_there_is_and_the_rest_is_overshoot(
    books: Context,
) -> None:
    call(books, "r-1", 2)
    call(books, "r-2", 3)

    captured = capture(books, "r-1", units=9)  # 2 held and 5 free; 3 belong to the other call

    assert captured.credits == Credits.parse("9")
    found = read_balance(books, "acme")
    assert (str(found.available), str(found.held), str(found.open_overage)) == ("0", "3", "2")
    assert rows_of(
        books, "SELECT amount_micro, overage_reason FROM ledger_entry WHERE kind = 'overage'"
    ) == [(-2_000_000, "overshoot")]


def test_the_grants_a_hold_names_pay_before_better_ones_that_came_later(books: Context) -> None:
    call(books, "r-1", 4)
    give(at(books, EARLY), "acme", "5", expires_at=NOW + timedelta(days=1))

    capture(books, "r-1", units=4)

    lineage = explain_event(books, "acme", "r-1")
    assert [(payer.source, str(payer.credits)) for payer in lineage.payers] == [("purchase", "4")]


def test_a_capture_gives_the_same_answer_any_number_of_times(books: Context) -> None:
    hold = call(books, "r-1", 4)

    first = capture(books, "r-1", units=3)

    assert capture(books, hold.id, units=3) == first
    assert (first.state, str(first.credits)) == ("captured", "3")
    assert rows_of(books, "SELECT COUNT(*) FROM usage_event") == [(1,)]
    assert call(books, "r-1", 4) == first


def test_only_success_is_charged(books: Context) -> None:
    call(books, "r-1", 4)

    assert capture(books, "r-1", status=503, units=4).credits == NO_CREDITS
    assert str(read_balance(books, "acme").available) == "10"
    assert rows_of(books, "SELECT requests, billed, failed FROM usage_hour") == [(1, 0, 1)]


def test_a_call_that_timed_out_and_was_served_is_booked_after_the_fact(books: Context) -> None:
    call(books, "r-1", 8)
    over = replace(books, now=NOW + timedelta(minutes=6))
    release_expired(over)
    charge(over, "r-2", 7)

    captured = capture(over, "r-1", units=8)

    assert (captured.state, str(captured.credits)) == ("captured", "8")
    assert str(read_balance(over, "acme").open_overage) == "5"  # 10 - 7 - 8


def test_the_log_line_of_a_captured_call_is_a_duplicate(books: Context, tmp_path: Path) -> None:
    charge(books, "r-1", 4)

    log_line(replace(books, now=NOW + timedelta(seconds=2)), tmp_path, "r-1", 4)

    assert rows_of(books, "SELECT COUNT(*) FROM usage_event") == [(1,)]
    assert str(read_balance(books, "acme").available) == "6"


def test_a_log_line_captures_the_open_hold_of_its_call(books: Context, tmp_path: Path) -> None:
    call(books, "r-1", 4)

    later = replace(books, now=NOW + timedelta(seconds=2))
    log_line(later, tmp_path, "r-1", 3)

    captured = find_hold(books, "r-1")
    assert (captured.state, str(captured.credits)) == ("captured", "3")
    assert str(read_balance(later, "acme").available) == "7"
    assert capture(later, "r-1", units=4) == captured
    assert rows_of(books, "SELECT COUNT(*) FROM usage_event") == [(1,)]


@pytest.mark.parametrize(
    ("minutes", "states"), [(59, ["captured"]), (60, ["captured"]), (61, ["open", "captured"])]
)
def test_beyond_the_window_a_log_line_of_the_same_id_is_another_call(
    books: Context, tmp_path: Path, minutes: int, states: list[str]
) -> None:
    # The hold lasts longer than its id is known by.
    patient = replace(books, settings=replace(books.settings, hold_timeout=timedelta(hours=9)))
    first = call(patient, "r-1", 2)
    later = replace(books, now=NOW + timedelta(minutes=minutes))
    log_line(later, tmp_path, "r-1", 3)
    assert find_hold(books, first.id).state == states[0]
    # The other call can still be captured: both are in the books then.
    if states[0] == "open":
        capture(later, first.id, units=2)
    assert find_hold(books, first.id).state == states[-1]
    assert rows_of(books, "SELECT units FROM usage_event ORDER BY occurred_at") == (
        [(3,)] if len(states) == 1 else [(2,), (3,)]
    )


def test_a_log_line_that_takes_all_its_call_had_held_owes_nothing(
    books: Context, tmp_path: Path
) -> None:
    call(books, "r-1", 10)

    log_line(books, tmp_path, "r-1", 10)

    found = read_balance(books, "acme")
    assert (found.available, found.held, found.open_overage) == (NO_CREDITS,) * 3


def test_a_hold_whose_log_line_costs_a_graduated_price_says_that(
    context: Context, tmp_path: Path
) -> None:
    open_books(at(context, EARLY), GRADUATED)
    an_organization(at(context, EARLY), "acme", credits="20")
    charge(context, "r-0", 4)
    call(context, "r-1", 4)

    log_line(context, tmp_path, "r-1", 4)  # one unit more at 1, three beyond the fifth at 0.5

    assert find_hold(context, "r-1").credits == Credits.parse("2.5")


def test_a_day_of_calls_can_be_undone_and_imported_instead(books: Context, tmp_path: Path) -> None:
    charge(books, "r-1", 4)
    call(books, "r-2", 6)
    capture(books, "r-2", units=9)
    ((batch,),) = rows_of(books, "SELECT public_id FROM usage_batch WHERE format = 'calls'")

    undone = undo_import(books, str(batch), reason="wrong prices")
    assert (undone.events, str(undone.returned), str(undone.overage)) == (2, "10", "3")

    log_line(books, tmp_path, "r-1", 4)
    charge(books, "r-3", 1)
    assert str(read_balance(books, "acme").available) == "5"
    batches = rows_of(books, "SELECT status FROM usage_batch WHERE format = 'calls' ORDER BY id")
    assert batches == [("undone",), ("done",)]


def test_a_call_of_a_month_that_was_invoiced_meanwhile_is_late_usage(books: Context) -> None:
    charge(at(books, "2026-10-05T00:00:00Z"), "r-0", 1)
    last_moment = at(books, "2026-10-31T23:59:59Z")
    call(last_moment, "r-1", 4)
    final(books)

    capture(books, "r-1", units=4)

    assert rows_of(books, "SELECT month, events FROM late_usage") == [("2026-10", 1)]
    assert rows_of(books, "SELECT billed, adjusted, cursor FROM usage_batch ORDER BY id") == [
        (1, 0, 1),
        (1, 1, 1),
    ]


def test_a_guests_call_beyond_its_credits_is_forgiven(books: Context) -> None:
    create_organization(books, "visitor", device_id="phone")
    call(books, "r-1", 50, organization="visitor")

    capture(books, "r-1", units=60)

    found = read_balance(books, "visitor")
    assert (found.available, found.open_overage) == (NO_CREDITS, NO_CREDITS)


def test_a_served_call_makes_the_draft_of_its_month_stale(books: Context) -> None:
    first = at(books, "2026-10-05T00:00:00Z")
    charge(first, "r-1", 1)
    generate_invoices(books, parse_month("2026-10"))

    charge(first, "r-2", 1)

    assert rows_of(books, "SELECT COUNT(*) FROM invoice WHERE stale") == [(1,)]


def test_what_is_no_answer_to_a_call_is_refused(books: Context) -> None:
    call(books, "r-1", 1)

    for status, units in ((99, 1), (600, 1), (200, -1), (200, 10**12), (404, 2**64)):
        with pytest.raises(InvalidInput):
            capture(books, "r-1", status=status, units=units)
    assert find_hold(books, "r-1").state == "open"


def test_an_id_that_another_organization_has_used_by_then_is_a_conflict(
    books: Context, tmp_path: Path
) -> None:
    an_organization(at(books, EARLY), "globex", credits="10")
    call(books, "r-1", 1)
    log_line(books, tmp_path, "r-1", 1, slug="globex")

    with pytest.raises(Conflict, match="another organization"):
        capture(books, "r-1", units=1)
