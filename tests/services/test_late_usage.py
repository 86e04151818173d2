"""Late events: an invoice that is final stays as it is, and nothing is ever dropped."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import an_organization, at, give, open_books
from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput, NotFound
from creditctl.rules.instants import micros_of
from creditctl.rules.late_usage import Invoiced, late_stretches, lateness_at
from creditctl.rules.periods import calendar_month, months_after, parse_month
from creditctl.services.audit import list_audit_entries
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from creditctl.services.finalizing import FinalizeRequest, finalize_invoices
from creditctl.services.invoices import Invoice, list_invoices, show_invoice
from creditctl.services.invoicing import generate_invoices
from creditctl.services.late_decisions import Chosen, late_events, reject, release
from creditctl.services.late_periods import LatePeriods
from creditctl.services.reallocation import ReallocateRequest, reallocate
from creditctl.services.usage_batches import ImportSummary, list_batches
from creditctl.services.usage_import import import_usage
from creditctl.services.usage_undo import undo_import

MONTHS = [parse_month(f"2026-{number:02}") for number in range(5, 12)]
ALL = Chosen(everything=True)
_numbers = count(1)


@pytest.fixture
def books(context: Context) -> Context:
    """An organization without credits, in November; the catalog is in force since January."""
    november = at(context, "2026-11-20T00:00:00Z")
    open_books(november)
    an_organization(at(context, "2026-01-01T00:00:00Z"), "acme")
    return november


def usage(context: Context, tmp_path: Path, *rows: tuple[str, int], slug: str = "acme") -> Path:
    """A file of (time, rows); a row costs a credit."""
    lines = [f"late-{next(_numbers)},{slug},GET /rows,{time},200,{units}" for time, units in rows]
    path = tmp_path / f"usage-{next(_numbers)}.csv"
    path.write_text("\n".join(["id,org,endpoint,time,status,units", *lines, ""]))
    return path


def imported(context: Context, path: Path) -> ImportSummary:
    summary = import_usage(context, [path])
    assert summary.rejected == 0
    return summary


def finalize(context: Context, *months: str, slug: str = "acme") -> None:
    """Draft the months' invoices of an organization and make them final."""
    for month in months:
        generate_invoices(context, parse_month(month), organization=slug)
        request = FinalizeRequest(month=month, organization=slug, at_once=True)
        assert finalize_invoices(context, request).refused == ()


def invoice(context: Context, month: str, slug: str = "acme") -> Invoice:
    generate_invoices(context, parse_month(month))
    return show_invoice(context, slug, parse_month(month))


def lines(shown: Invoice) -> list[tuple[str, str, str, str]]:
    return [
        (line.kind, line.description, str(line.credits or ""), str(line.amount))
        for line in shown.lines
    ]


def test_usage_of_a_final_period_is_a_line_on_the_next_invoice(
    books: Context, tmp_path: Path
) -> None:
    # 100 credits in September are billed at 0.01; 30 more arrive when that invoice is final.
    imported(books, usage(books, tmp_path, ("2026-09-10T00:00:00Z", 100)))
    finalize(books, "2026-09")
    before = invoice(books, "2026-09")
    late = usage(books, tmp_path, ("2026-09-11T00:00:00Z", 30), ("2026-10-02T00:00:00Z", 7))
    summary = imported(books, late)
    assert (summary.billed, summary.adjusted, summary.quarantined) == (2, 1, 0)
    after = invoice(books, "2026-09")
    assert replace(after, endpoints=before.endpoints) == before
    assert lines(invoice(books, "2026-10")) == [
        ("usage", "Rows API", "7", "0.07"),
        ("late", "Late usage of 2026-09: Rows API", "30", "0.30"),
    ]
    assert str(invoice(books, "2026-10").total) == "0.37"


def test_late_usage_is_paid_by_the_grants_of_its_own_time(books: Context, tmp_path: Path) -> None:
    early = at(books, "2026-09-01T00:00:00Z")
    give(early, "acme", "20", expires_at=datetime(2026, 10, 1, tzinfo=UTC))
    imported(books, usage(books, tmp_path, ("2026-09-10T00:00:00Z", 5)))
    finalize(books, "2026-09")
    imported(books, usage(books, tmp_path, ("2026-09-11T00:00:00Z", 25)))
    assert lines(invoice(books, "2026-10")) == [
        ("late", "Late usage of 2026-09: Rows API", "25", "0.25"),
        ("credits", "Late usage of 2026-09, credits applied: goodwill", "-15", "-0.15"),
    ]
    assert str(read_balance(books, "acme").open_overage) == "10"


def test_a_draft_of_the_usages_own_time_is_only_stale(books: Context, tmp_path: Path) -> None:
    imported(books, usage(books, tmp_path, ("2026-10-10T00:00:00Z", 100)))
    assert not invoice(books, "2026-10").stale
    summary = imported(books, usage(books, tmp_path, ("2026-10-11T00:00:00Z", 1)))
    assert (summary.adjusted, summary.quarantined) == (0, 0)
    assert show_invoice(books, "acme", parse_month("2026-10")).stale
    assert lines(invoice(books, "2026-10")) == [("usage", "Rows API", "101", "1.01")]


def test_the_draft_that_lists_late_usage_is_stale_when_more_comes(
    books: Context, tmp_path: Path
) -> None:
    imported(books, usage(books, tmp_path, ("2026-09-10T00:00:00Z", 1)))
    finalize(books, "2026-09")
    imported(books, usage(books, tmp_path, ("2026-09-11T00:00:00Z", 2)))
    assert not invoice(books, "2026-10").stale
    imported(books, usage(books, tmp_path, ("2026-09-12T00:00:00Z", 3)))
    assert show_invoice(books, "acme", parse_month("2026-10")).stale
    assert lines(invoice(books, "2026-10")) == [
        ("late", "Late usage of 2026-09: Rows API", "5", "0.05")
    ]


def quarantined(books: Context, tmp_path: Path) -> Path:
    """Final invoices from June to September, and a file with an event of June; returns it."""
    for month in ("2026-06", "2026-07", "2026-08", "2026-09"):
        imported(books, usage(books, tmp_path, (f"{month}-10T00:00:00Z", 1)))
        finalize(books, month)
    path = usage(books, tmp_path, ("2026-06-20T00:00:00Z", 40), ("2026-10-01T00:00:00Z", 2))
    summary = imported(books, path)
    assert (summary.billed, summary.adjusted, summary.quarantined) == (1, 0, 1)
    assert summary.read == 2
    return path


def test_older_usage_waits_in_quarantine_and_costs_nothing(books: Context, tmp_path: Path) -> None:
    quarantined(books, tmp_path)
    (waiting,) = late_events(books, organization="acme", state="quarantined", limit=9)
    assert (waiting.request, str(waiting.credits), waiting.state) == (
        "GET /rows",
        "40",
        "quarantined",
    )
    assert lines(invoice(books, "2026-10")) == [("usage", "Rows API", "2", "0.02")]
    assert str(list_batches(books, limit=1)[0].credits) == "2"


def test_an_event_in_quarantine_is_known_whatever_is_decided(
    books: Context, tmp_path: Path
) -> None:
    path = quarantined(books, tmp_path)
    for decide in (lambda: None, lambda: reject(books, ALL, reason="too old")):
        decide()
        again = tmp_path / f"again-{next(_numbers)}.csv"
        again.write_text(path.read_text() + "\n")
        summary = imported(books, again)
        assert (summary.duplicate, summary.quarantined, summary.billed) == (2, 0, 0)


def test_a_released_event_is_billed_at_the_price_of_its_time(
    books: Context, tmp_path: Path
) -> None:
    quarantined(books, tmp_path)
    (waiting,) = late_events(books, state="quarantined", limit=9)
    rehearsed = release(books, ALL, reason="agreed", dry_run=True)
    assert (rehearsed.events, str(rehearsed.credits), rehearsed.dry_run) == (1, "40", True)
    decision = release(books, Chosen(ids=(waiting.id,)), reason="agreed")
    assert (decision.state, decision.events, str(decision.credits)) == ("released", 1, "40")
    assert lines(invoice(books, "2026-10")) == [
        ("usage", "Rows API", "2", "0.02"),
        ("late", "Late usage of 2026-06: Rows API", "40", "0.40"),
    ]
    (batch,) = list_batches(books, limit=1)
    assert (batch.billed, batch.adjusted, batch.quarantined, str(batch.credits)) == (2, 1, 0, "42")
    with pytest.raises(Conflict, match="was released by"):
        reject(books, Chosen(ids=(waiting.id,)), reason="no")
    actions = [entry.action for entry in list_audit_entries(books, limit=9)]
    assert "usage.late_released" in actions
    (shown,) = late_events(books, state=None, limit=9)
    assert (shown.state, shown.reason) == ("released", "agreed")


def test_a_rejected_event_is_never_billed(books: Context, tmp_path: Path) -> None:
    quarantined(books, tmp_path)
    assert reject(books, Chosen(organization="acme"), reason="too old").events == 1
    assert late_events(books, state="quarantined", limit=9) == []
    assert lines(invoice(books, "2026-10")) == [("usage", "Rows API", "2", "0.02")]
    assert release(books, ALL, reason="changed my mind").events == 0


def test_a_decision_names_events_and_a_reason(books: Context, tmp_path: Path) -> None:
    quarantined(books, tmp_path)
    with pytest.raises(InvalidInput, match="needs a reason"):
        release(books, ALL, reason=" ")
    with pytest.raises(InvalidInput, match="which events"):
        release(books, Chosen(), reason="agreed")
    with pytest.raises(NotFound):
        reject(books, Chosen(ids=("late_gone",)), reason="agreed")


def test_undo_takes_late_usage_and_quarantine_back(books: Context, tmp_path: Path) -> None:
    path = quarantined(books, tmp_path)
    october = invoice(books, "2026-10").lines
    release(books, ALL, reason="agreed")
    invoice(books, "2026-10")
    (batch,) = list_batches(books, limit=1)
    undo_import(books, batch.id, reason="wrong file")
    assert show_invoice(books, "acme", parse_month("2026-10")).stale
    assert invoice(books, "2026-10").lines == ()
    assert late_events(books, state=None, limit=9) == []
    summary = imported(books, path)
    assert (summary.billed, summary.quarantined) == (1, 1)
    assert invoice(books, "2026-10").lines == october


def test_undo_is_refused_once_the_invoice_with_the_late_usage_is_final(
    books: Context, tmp_path: Path
) -> None:
    imported(books, usage(books, tmp_path, ("2026-09-10T00:00:00Z", 1)))
    finalize(books, "2026-09")
    imported(books, usage(books, tmp_path, ("2026-09-11T00:00:00Z", 2)))
    finalize(books, "2026-10")
    late, on_time = list_batches(books, limit=2)
    for batch in (late, on_time):
        with pytest.raises(Conflict, match="is final and holds usage"):
            undo_import(books, batch.id, reason="wrong file")


def test_a_month_with_late_usage_is_not_reallocated(books: Context, tmp_path: Path) -> None:
    imported(books, usage(books, tmp_path, ("2026-09-10T00:00:00Z", 1)))
    finalize(books, "2026-09")
    imported(books, usage(books, tmp_path, ("2026-08-11T00:00:00Z", 2)))
    with pytest.raises(Conflict, match="came too late"):
        reallocate(books, ReallocateRequest(organization="acme", month="2026-08", reason="x"))


def test_the_window_is_a_setting(books: Context, tmp_path: Path) -> None:
    for month in ("2026-08", "2026-09"):
        imported(books, usage(books, tmp_path, (f"{month}-10T00:00:00Z", 1)))
        finalize(books, month)
    late = ("2026-08-11T00:00:00Z", 1), ("2026-09-11T00:00:00Z", 1)
    for window, counts in ((1, (1, 1)), (2, (2, 0)), (0, (0, 2))):
        configured = replace(books, settings=replace(books.settings, late_window=window))
        summary = imported(configured, usage(books, tmp_path, *late))
        assert (summary.adjusted, summary.quarantined) == counts


INVOICES = st.dictionaries(st.integers(0, 5), st.booleans(), max_size=5)


@given(
    owners=st.dictionaries(st.integers(1, 4), INVOICES, max_size=3),
    events=st.lists(st.tuples(st.integers(1, 5), st.integers(0, 220)), max_size=12),
)
def test_many_events_are_as_late_as_each_alone(
    owners: dict[int, dict[int, bool]], events: list[tuple[int, int]]
) -> None:
    begin = datetime(2026, 5, 1, tzinfo=UTC)
    stretches = {
        owner: late_stretches(
            [
                Invoiced(calendar_month(months_after(begin, number)), f"month {number}", final)
                for number, final in invoices.items()
            ],
            begin,
            2,
        )
        for owner, invoices in sorted(owners.items())
    }
    periods = LatePeriods.of([(one, late) for one, own in stretches.items() for late in own])
    times = [begin + timedelta(days=day, hours=-1) for _, day in events]
    verdicts = periods.verdicts(
        np.array([owner for owner, _ in events], np.int64),
        np.array([micros_of(at) for at in times], np.int64),
    )
    assert verdicts.tolist() == [
        lateness_at(stretches.get(owner, []), at)
        for (owner, _), at in zip(events, times, strict=True)
    ]


def test_other_organizations_are_not_touched(books: Context, tmp_path: Path) -> None:
    an_organization(books, "beta")
    imported(books, usage(books, tmp_path, ("2026-09-10T00:00:00Z", 1)))
    finalize(books, "2026-09")
    summary = imported(books, usage(books, tmp_path, ("2026-09-10T00:00:00Z", 3), slug="beta"))
    assert (summary.adjusted, summary.quarantined) == (0, 0)
    assert lines(invoice(books, "2026-09", "beta")) == [("usage", "Rows API", "3", "0.03")]


DAYS = st.integers(0, 180)
ROWS = st.lists(st.tuples(DAYS, st.integers(1, 40)), min_size=1, max_size=5)


@given(files=st.lists(ROWS, min_size=1, max_size=3), finals=st.lists(st.integers(0, 2), min_size=3))
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_request_is_on_one_invoice_or_waits(
    books: Context, tmp_path: Path, files: list[list[tuple[int, int]]], finals: list[int]
) -> None:
    """Whatever comes after whichever months are final, and some of it released."""
    slug = f"org-{next(_numbers)}"
    an_organization(books, slug)
    begin = datetime(2026, 5, 1, tzinfo=UTC)
    requests = 0
    done = 0
    for rows, months in zip(files, finals, strict=False):
        times = [((begin + timedelta(days=day)).isoformat(), units) for day, units in rows]
        imported(books, usage(books, tmp_path, *times, slug=slug))
        requests += len(rows)
        # October stays open: what is late goes there, for November is not over.
        final = min(months, len(MONTHS) - 2 - done)
        finalize(books, *(f"2026-{5 + done + step:02}" for step in range(final)), slug=slug)
        done += final
    waiting = len(late_events(books, organization=slug, state="quarantined", limit=999))
    assert requests_on_invoices(books, slug) == requests - waiting
    release(books, Chosen(organization=slug), reason="all of it")
    assert requests_on_invoices(books, slug) == requests
    assert run_checks(books) == []


def requests_on_invoices(context: Context, slug: str) -> int:
    for month in MONTHS[:-1]:
        generate_invoices(context, month, organization=slug)
    shown = [
        show_invoice(context, slug, parse_month(row.month))
        for row in list_invoices(context, organization=slug)
    ]
    return sum(line.requests or 0 for one in shown for line in one.lines)
