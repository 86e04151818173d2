"""The ledger's laws, on real databases: nothing below zero, nothing lost, order does not matter."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import an_organization, at, end_due, give, open_books
from creditctl.context import Context
from creditctl.rules.units import Credits
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from creditctl.services.usage_import import import_usage
from creditctl.store.engine import reading, unit_of_work

START = datetime(2026, 10, 1, tzinfo=UTC)
SLOW = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
GRANTS = st.tuples(
    st.just("grant"),
    st.integers(1, 50),
    st.sampled_from(["goodwill", "purchase", "promotion", "order_form"]),
    st.none() | st.integers(1, 20),
)
USAGE = st.tuples(
    st.just("usage"), st.lists(st.tuples(st.integers(0, 20), st.integers(1, 30)), max_size=5)
)
EXPIRE = st.tuples(st.just("expire"), st.integers(0, 30))
STEPS = st.lists(st.one_of(GRANTS, USAGE, EXPIRE), max_size=8)
KEPT = """
    SELECT COALESCE(SUM(g.remaining_micro), 0), COALESCE(SUM(g.expired_micro), 0)
    FROM credit_grant AS g JOIN organization AS o ON o.id = g.organization_id WHERE o.slug = :slug
"""
OWED = """
    SELECT COALESCE(SUM(CASE e.kind WHEN 'overage' THEN -e.amount_micro
                                    WHEN 'repayment' THEN e.amount_micro ELSE 0 END), 0)
    FROM ledger_entry AS e JOIN organization AS o ON o.id = e.organization_id WHERE o.slug = :slug
"""
_runs = iter(range(10**9))


def lines(events: list[tuple[int, int]], slug: str, run: int) -> str:
    rows = ["id,time,org,method,path,status,units"]
    for number, (day, units) in enumerate(events):
        when = START + timedelta(days=day, seconds=number)
        rows.append(f"{run}-{number},{when:%Y-%m-%dT%H:%M:%SZ},{slug},GET,/rows,200,{units}")
    return "\n".join(rows) + "\n"


def use(context: Context, path: Path, events: list[tuple[int, int]], slug: str) -> None:
    if events:
        path.write_text(lines(events, slug, next(_runs)), encoding="utf-8")
        import_usage(context, [path])


@pytest.fixture
def books(context: Context) -> Context:
    open_books(at(context, "2026-09-01T00:00:00Z"))
    return at(context, "2026-11-20T00:00:00Z")


@SLOW
@given(STEPS)
def test_whatever_happens_the_books_add_up(books: Context, tmp_path: Path, steps) -> None:
    slug = f"org-{next(_runs)}"
    an_organization(at(books, "2026-10-01T00:00:00Z"), slug)
    granted = used = 0
    for kind, *details in steps:
        if kind == "grant":
            amount, source, days = details
            expires_at = None if days is None else START + timedelta(days=days)
            give(
                at(books, "2026-10-01T00:00:00Z"),
                slug,
                str(amount),
                source=source,
                expires_at=expires_at,
            )
            granted += amount
        elif kind == "usage":
            use(books, tmp_path / "usage.csv", details[0], slug)
            used += sum(units for _, units in details[0])
        else:
            when = START + timedelta(days=details[0])
            with unit_of_work(books.database) as unit:
                end_due(unit, at(books, when.isoformat()))
    assert run_checks(books) == []
    with reading(books.database) as unit:
        ((remaining, expired),) = unit.fetch_rows(KEPT, slug=slug)
        ((owed,),) = unit.fetch_rows(OWED, slug=slug)
    # granted = what is left + what expired + what was used and paid for
    assert granted * 10**6 - int(remaining) - int(expired) == used * 10**6 - int(owed)


@SLOW
@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 30)), min_size=2, max_size=12),
    st.randoms(),
)
def test_the_order_of_files_does_not_change_what_is_rated(
    books: Context, tmp_path: Path, events, chance
) -> None:
    rated = []
    for shuffled in (False, True):
        slug = f"org-{next(_runs)}"
        an_organization(at(books, "2026-10-01T00:00:00Z"), slug, credits="100")
        files = [events[: len(events) // 2], events[len(events) // 2 :]]
        if shuffled:
            chance.shuffle(files)
        for part in files:
            use(books, tmp_path / "usage.csv", part, slug)
        with reading(books.database) as unit:
            rated.append(
                unit.fetch_rows(
                    "SELECT day, product_id, credits_micro FROM usage_day AS u "
                    "JOIN organization AS o ON o.id = u.organization_id "
                    "WHERE o.slug = :slug ORDER BY day, product_id",
                    slug=slug,
                )
            )
    assert rated[0] == rated[1]


def test_the_same_file_again_changes_nothing(books: Context, tmp_path: Path) -> None:
    an_organization(at(books, "2026-10-01T00:00:00Z"), "acme", credits="100")
    path = tmp_path / "usage.csv"
    path.write_text(lines([(1, 30), (2, 80)], "acme", 1), encoding="utf-8")
    import_usage(books, [path])
    before = read_balance(books, "acme")
    other = tmp_path / "the same events, another file.csv"
    other.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")

    again, copied = import_usage(books, [path]), import_usage(books, [other])

    assert again.files[0].status == "unchanged"
    assert (copied.duplicate, copied.billed) == (2, 0)
    assert read_balance(books, "acme") == before
    assert (before.available, before.open_overage) == (Credits(0), Credits.parse("10"))
