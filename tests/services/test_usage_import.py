"""Imports in chunks: what is booked does not depend on how the file was read."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import CATALOG, an_organization, at, give, open_books
from creditctl.context import Context
from creditctl.errors import FileMissing, ImportStopped, InvalidInput
from creditctl.rules.event_ids import event_id
from creditctl.rules.instants import micros_of
from creditctl.rules.pricing import is_billed, price_of
from creditctl.rules.usage_events import Reject, usage_event
from creditctl.services.price_book import load_price_book
from creditctl.services.usage_files import sources_named
from creditctl.services.usage_import import import_usage
from creditctl.services.usage_progress import NobodyWatches, Progress
from creditctl.store.engine import reading

START = datetime(2026, 10, 5, tzinfo=UTC)
HEADER = "id,time,org,endpoint,status,units"
SECOND_PRICE = CATALOG.replace("2026-01-01T00:00:00Z", "2026-10-05T00:30:00Z").replace(
    'per = 1, unit = "rows", credits = "1"', 'per = 2, unit = "rows", credits = "3"'
)


@pytest.fixture
def books(context: Context) -> Context:
    open_books(at(context, "2026-01-01T00:00:00Z"))
    open_books(at(context, "2026-01-02T00:00:00Z"), SECOND_PRICE)
    for slug in ("acme", "beta"):
        an_organization(context, slug)
        give(at(context, "2026-10-01T00:00:00Z"), slug, "40")
    return context


def a_file(tmp_path: Path, lines: list[str], name: str = "usage.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join([HEADER, *lines, ""]))
    return path


def line(number: int, minute: int, **facts: Any) -> str:
    given = {"org": "acme", "endpoint": "GET /rows", "status": 200, "units": 1} | facts
    moment = (START + timedelta(minutes=minute)).isoformat()
    return ",".join(map(str, (f"id-{number}", moment, *given.values())))


LINES = st.lists(
    st.builds(
        line,
        st.integers(0, 12),
        st.integers(0, 300),
        org=st.sampled_from(["acme", "beta", "nobody"]),
        endpoint=st.sampled_from(["GET /rows", "GET /third", "GET /free", "GET /none"]),
        status=st.sampled_from([200, 404, "x"]),
        units=st.integers(-1, 9),
    ),
    min_size=1,
    max_size=30,
)


def booked(context: Context, tables: tuple[str, ...]) -> dict[str, list[tuple[Any, ...]]]:
    with reading(context.database) as unit:
        return {name: sorted(unit.fetch_rows(f"SELECT {name}")) for name in tables}


EVENTS = (
    (
        "event_hour, event_id, occurred_at, organization_id, api_key_id, price_id, status, units,"
        " credits_micro FROM usage_event"
    ),
    (
        "hour, organization_id, endpoint_id, requests, billed, failed, units, credits_micro"
        " FROM usage_hour"
    ),
    "line, field, value, reason FROM usage_reject",
)


@given(LINES, st.integers(1, 7))
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_accepted_and_what_it_costs_is_what_the_rules_say(
    books: Context, tmp_path: Path, lines: list[str], chunk: int
) -> None:
    path = a_file(tmp_path, lines)
    told = import_usage(
        replace(books, settings=replace(books.settings, import_chunk=chunk)), [path], dry_run=True
    )
    with reading(books.database) as unit:
        book = load_price_book(unit)
    seen: dict[bytes, list[tuple[int, tuple[Any, ...]]]] = {}
    counts = dict.fromkeys(("billed", "free", "failed", "duplicate", "rejected"), 0)
    credits = 0
    for number, text in enumerate(lines, 2):
        fields = dict(zip(HEADER.split(","), text.split(","), strict=True))
        event = usage_event(number, fields, micros_of(books.now))
        endpoint = None
        if not isinstance(event, Reject):
            endpoint = book.endpoint(event.method, event.path, event.occurred_at)
        if isinstance(event, Reject) or fields["org"] == "nobody" or endpoint is None:
            counts["rejected"] += 1
            continue
        price = book.price_at(endpoint.id, event.occurred_at)
        assert price is not None
        request = (fields["org"], endpoint.id, event.status, event.units)
        hour = 3_600_000_000
        near = [
            other
            for moment, other in seen.get(event_id(fields["id"])[0], [])
            if abs(moment - event.occurred_at) <= hour
            or moment // hour == event.occurred_at // hour
        ]
        if near:
            counts["duplicate" if request in near else "rejected"] += 1
            continue
        seen.setdefault(event.event_id, []).append((event.occurred_at, request))
        billed = is_billed(price.rule.billed_statuses, event.status)
        cost = price_of(price.rule, event.units) if billed else 0
        credits += cost
        counts["billed" if cost else "free" if billed else "failed"] += 1
    assert {name: getattr(told, name) for name in counts} == counts
    assert told.credits.micro == credits


def test_chunks_of_any_size_book_the_same(books: Context, tmp_path: Path) -> None:
    lines = [line(number % 22, number * 7 % 300, units=number % 5) for number in range(50)]
    whole = import_usage(books, [a_file(tmp_path, lines)], dry_run=True)
    for chunk in (1, 7, 30):
        small = replace(books, settings=replace(books.settings, import_chunk=chunk))
        again = import_usage(small, [a_file(tmp_path, lines)], dry_run=True)
        # Of reused ids only those are seen that are near in the file or in time.
        assert again.reused <= whole.reused
        assert replace(again, files=(), reused=0) == replace(whole, files=(), reused=0)
    imported = import_usage(small, [a_file(tmp_path, lines)])
    assert (imported.billed, imported.credits) == (whole.billed, whole.credits)
    before = booked(books, EVENTS)
    shuffled = import_usage(small, [a_file(tmp_path, lines[::-1], "other.csv")])
    assert (shuffled.duplicate, shuffled.rejected) == (
        imported.billed + imported.free + imported.failed + imported.duplicate,
        imported.rejected,
    )
    assert booked(books, EVENTS[:2]) == {name: before[name] for name in EVENTS[:2]}


def test_an_id_that_comes_again_much_later_is_new_and_counted(
    books: Context, tmp_path: Path
) -> None:
    told = import_usage(books, [a_file(tmp_path, [line(1, 0), line(1, 150), line(2, 150)])])
    assert (told.billed, told.reused, told.duplicate) == (3, 1, 0)


class Impatient(NobodyWatches):
    """Wants to stop after so many chunks."""

    def __init__(self, chunks: int) -> None:
        self.left = chunks
        self.seen: list[Progress] = []

    def advanced(self, progress: Progress) -> None:
        self.seen.append(progress)
        self.left -= 1

    def wants_to_stop(self) -> bool:
        return self.left <= 0


def test_stopped_between_two_chunks_it_goes_on_there(books: Context, tmp_path: Path) -> None:
    small = replace(books, settings=replace(books.settings, import_chunk=4))
    path = a_file(tmp_path, [line(number, number) for number in range(12)])
    watch = Impatient(2)
    with pytest.raises(ImportStopped, match="stopped after 3 records, all of them booked"):
        import_usage(small, [path], watch=watch)
    assert [progress.records for progress in watch.seen] == [1, 2]
    told = import_usage(small, [path])
    assert (told.read, told.billed, told.duplicate) == (12, 12, 0)


def test_patterns_are_expanded_and_directories_refused(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "c.txt"):
        (tmp_path / name).touch()
    found = sources_named([f"{tmp_path}/*.csv", f"{tmp_path}/c.txt"])
    assert [source.path.name for source in found] == ["a.csv", "b.csv", "c.txt"]
    with pytest.raises(FileMissing, match="no file matches"):
        sources_named([f"{tmp_path}/*.gz"])
    with pytest.raises(InvalidInput, match="is a directory"):
        sources_named([str(tmp_path)])


@pytest.mark.parametrize("broken", ["disk full", "read error"])
def test_a_failing_disk_leaves_only_whole_chunks(
    broken: str, books: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(books, settings=replace(books.settings, import_chunk=4))
    path = a_file(tmp_path, [line(number, number) for number in range(12)])
    from creditctl.services import usage_booking as engine

    book: Callable[..., Any] = engine.book_chunk
    calls = iter(range(9))

    def failing(*arguments: Any) -> Any:
        if next(calls) == 2:
            raise OSError(28 if broken == "disk full" else 5, "the disk")
        return book(*arguments)

    monkeypatch.setattr(engine, "book_chunk", failing)
    with pytest.raises((OSError, FileMissing)):
        import_usage(small, [path])
    monkeypatch.setattr(engine, "book_chunk", book)
    assert import_usage(small, [path]).billed == 12
