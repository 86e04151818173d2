"""Expiry: a grant pays usage dated before its end, whenever that usage arrives."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from builders import an_organization, at, end_due, give, open_books
from creditctl.context import Context
from creditctl.services.credits import list_grants, list_movements
from creditctl.services.usage_import import import_usage
from creditctl.store.engine import unit_of_work

ENDS = datetime(2026, 10, 11, tzinfo=UTC)


@pytest.fixture
def books(context: Context) -> Context:
    """100 credits that end on 11 October."""
    open_books(at(context, "2026-09-01T00:00:00Z"))
    an_organization(at(context, "2026-10-01T00:00:00Z"), "acme")
    give(at(context, "2026-10-01T00:00:00Z"), "acme", "100", expires_at=ENDS)
    return context


def expire(books: Context, when: str) -> int:
    with unit_of_work(books.database) as unit:
        return end_due(unit, at(books, when))


def use(books: Context, path: Path, when: str, units: int) -> None:
    line = f"{when}-{units},{when},acme,GET,/rows,200,{units}"
    path.write_text(f"id,time,org,method,path,status,units\n{line}\n", encoding="utf-8")
    import_usage(at(books, "2026-10-20T00:00:00Z"), [path])


def kinds(books: Context) -> list[tuple[str, str]]:
    moves = list_movements(books, "acme", limit=99)
    return [(move.kind, str(move.amount)) for move in reversed(moves)]


def test_nothing_is_booked_before_the_grace_of_72_hours_is_over(books: Context) -> None:
    assert expire(books, "2026-10-13T23:59:59Z") == 0
    assert expire(books, "2026-10-14T00:00:00Z") == 1
    assert expire(books, "2026-10-14T00:00:00Z") == 0
    assert kinds(books) == [("grant", "100"), ("expiry", "-100")]


def test_late_usage_takes_back_from_the_expiry_what_it_draws(
    books: Context, tmp_path: Path
) -> None:
    expire(books, "2026-10-15T00:00:00Z")
    use(books, tmp_path / "late.csv", "2026-10-10T23:59:59Z", 30)
    assert kinds(books) == [
        ("grant", "100"),
        ("expiry", "-100"),
        ("expiry_reversal", "30"),
        ("usage", "-30"),
    ]
    (grant,) = list_grants(books, "acme", everything=True)
    assert (str(grant.remaining), str(grant.expired), grant.state) == ("0", "70", "expired")


def test_usage_at_the_very_end_is_overage(books: Context, tmp_path: Path) -> None:
    use(books, tmp_path / "usage.csv", "2026-10-11T00:00:00Z", 30)
    # the import comes weeks later: first it books the expiry that was due
    assert kinds(books) == [("grant", "100"), ("expiry", "-100"), ("overage", "-30")]


def test_money_does_not_depend_on_when_cron_ran(books: Context, tmp_path: Path) -> None:
    use(books, tmp_path / "one.csv", "2026-10-05T00:00:00Z", 40)
    expire(books, "2026-10-15T00:00:00Z")
    use(books, tmp_path / "two.csv", "2026-10-06T00:00:00Z", 90)
    moves = list_movements(books, "acme", limit=99)
    paid = sum(move.amount.micro for move in moves if move.kind == "usage")
    owed = sum(move.amount.micro for move in moves if move.kind == "overage")
    # 40 + 90 used of 100: 30 are owed, as if the expiry had come last
    assert (paid, owed) == (-100_000_000, -30_000_000)
