"""A month is paid once more in the order of its time, whatever order its files came in."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import an_organization, at, give, open_books, use
from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from creditctl.services.credits import list_grants
from creditctl.services.money_verbs import Rails
from creditctl.services.reallocation import Reallocated, ReallocateRequest, reallocate
from creditctl.services.usage_import import import_usage
from creditctl.services.waivers import WaiveRequest, waive
from creditctl.store.engine import reading, unit_of_work
from invoices import final

START = datetime(2026, 10, 1, tzinfo=UTC)
_runs = iter(range(10**9))


def again(context: Context, slug: str = "acme", rails: Rails | None = None) -> Reallocated:
    request = ReallocateRequest(organization=slug, month="2026-10", reason="late log")
    return reallocate(context, request, rails or Rails())


@pytest.fixture
def books(context: Context) -> Context:
    """40 credits until the 6th and 40 for ever; the 10th was imported before the 5th."""
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october)
    an_organization(october)
    give(october, "acme", "40", expires_at=at(context, "2026-10-06T00:00:00Z").now)
    give(october, "acme", "40", source="purchase")
    use(at(context, "2026-10-10T00:00:00Z"), "acme", 40)
    use(at(context, "2026-10-05T00:00:00Z"), "acme", 40)
    return at(context, "2026-10-20T00:00:00Z")


def test_a_grant_that_was_given_later_but_for_that_time_pays_after_all(books: Context) -> None:
    use(at(books, "2026-10-07T00:00:00Z"), "acme", 10)
    assert read_balance(books, "acme").open_overage == Credits.parse("10")
    with unit_of_work(books.database) as unit:
        owner = unit.fetch_value("SELECT id FROM organization WHERE slug = 'acme'")
    from creditctl.services.grants import NewGrant, add_grant

    with unit_of_work(books.database) as unit:
        add_grant(
            unit,
            books,
            NewGrant(
                organization_id=owner,
                source="goodwill",
                amount=Credits.parse("25"),
                reason="forgotten",
                effective_at=START,
            ),
        )
    done = again(books)
    # 90 used: 40 + 40 + 10 of the 25
    assert (done.overage_before, done.overage_after) == (Credits.parse("10"), NO_CREDITS)
    assert (done.paid_before, done.paid_after) == (Credits.parse("80"), Credits.parse("90"))
    assert read_balance(books, "acme").available == Credits.parse("15")


def test_doing_it_twice_changes_nothing_more(books: Context) -> None:
    again(books)
    before = [(row.id, row.remaining, row.expired) for row in list_grants(books, "acme")]
    done = again(books)
    assert (done.paid_before, done.overage_before) == (done.paid_after, done.overage_after)
    assert [(row.id, row.remaining, row.expired) for row in list_grants(books, "acme")] == before


def test_what_was_forgiven_stays_forgiven(books: Context) -> None:
    use(at(books, "2026-10-12T00:00:00Z"), "acme", 30)
    waive(books, WaiveRequest(organization="acme", reason="our outage"))
    done = again(books)
    assert done.overage_after == Credits.parse("30")
    assert read_balance(books, "acme").open_overage == NO_CREDITS


def test_what_was_repaid_is_repaid_again(books: Context) -> None:
    use(at(books, "2026-10-12T00:00:00Z"), "acme", 30)
    give(books, "acme", "50", source="purchase")
    assert read_balance(books, "acme").available == Credits.parse("20")
    again(books)
    balance = read_balance(books, "acme")
    assert (balance.available, balance.open_overage) == (Credits.parse("20"), NO_CREDITS)


def test_a_dry_run_changes_nothing(books: Context) -> None:
    with reading(books.database) as unit:
        before = unit.fetch_value("SELECT COUNT(*) FROM ledger_entry")
    assert again(books, rails=Rails(dry_run=True)).entries == 2
    with reading(books.database) as unit:
        assert unit.fetch_value("SELECT COUNT(*) FROM ledger_entry") == before


def test_a_month_that_was_invoiced_for_good_is_refused(books: Context) -> None:
    invoice = final(at(books, "2026-11-10T00:00:00Z"))
    with pytest.raises(Conflict, match=f"{invoice.id} of acme is final"):
        again(books)


def test_what_is_no_month_is_refused(books: Context) -> None:
    with pytest.raises(InvalidInput, match="not a month"):
        reallocate(books, ReallocateRequest(organization="acme", month="October", reason="x"))


def lines(events: list[tuple[int, int]], slug: str, run: int) -> str:
    rows = ["id,time,org,method,path,status,units"]
    for number, (day, units) in enumerate(events):
        when = START + timedelta(days=day, seconds=number)
        rows.append(f"{run}-{number},{when:%Y-%m-%dT%H:%M:%SZ},{slug},GET,/rows,200,{units}")
    return "\n".join(rows) + "\n"


def paid_by_grant(context: Context, slug: str) -> list[tuple[int, int, int]]:
    """Each grant's remaining and expired credits, in the order the grants were given; overage."""
    with reading(context.database) as unit:
        rows = unit.fetch_rows(
            """
            SELECT g.remaining_micro, g.expired_micro, g.amount_micro
            FROM credit_grant AS g JOIN organization AS o ON o.id = g.organization_id
            WHERE o.slug = :slug ORDER BY g.id
            """,
            slug=slug,
        )
    owed = read_balance(context, slug)
    return [*rows, (owed.open_overage.micro, owed.postpaid_overage.micro, 0)]


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 30)), min_size=2, max_size=10),
    st.lists(
        st.tuples(st.integers(1, 60), st.none() | st.integers(1, 25), st.booleans()), max_size=4
    ),
    st.randoms(use_true_random=False),
)
def test_any_order_of_files_ends_as_one_file_in_the_order_of_time(
    context: Context, tmp_path: Path, events, grants, chance
) -> None:
    open_once(context)
    results = []
    for shuffled in (False, True):
        slug = f"org-{next(_runs)}"
        an_organization(at(context, "2026-10-01T00:00:00Z"), slug)
        for amount, days, bought in grants:
            expires_at = None if days is None else START + timedelta(days=days)
            source = "purchase" if bought else "goodwill"
            opened = at(context, "2026-10-01T00:00:00Z")
            give(opened, slug, str(amount), source=source, expires_at=expires_at)
        ordered = list(enumerate(sorted(events)))
        run = next(_runs)
        parts = [ordered]
        if shuffled:
            parts = [[event] for event in ordered]
            chance.shuffle(parts)
        for part in parts:
            text = lines(sorted(events), slug, run).splitlines()
            chosen = [text[0], *(text[number + 1] for number, _ in part), ""]
            path = tmp_path / f"{next(_runs)}.csv"
            path.write_text("\n".join(chosen), encoding="utf-8")
            import_usage(at(context, "2026-10-22T00:00:00Z"), [path])
        again(at(context, "2026-10-22T00:00:00Z"), slug)
        results.append(paid_by_grant(at(context, "2026-10-22T00:00:00Z"), slug))
    assert results[0] == results[1]
    assert run_checks(context) == []


def open_once(context: Context) -> None:
    with reading(context.database) as unit:
        known = unit.fetch_value("SELECT COUNT(*) FROM catalog_version")
    if not known:
        open_books(at(context, "2026-09-01T00:00:00Z"))
