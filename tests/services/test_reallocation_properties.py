"""However a month's events arrive, paying it once more ends as one file in the order of time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import CATALOG, an_organization, at, open_books, use
from creditctl.context import Context
from creditctl.rules.units import Credits
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from creditctl.services.granting import GrantRequest, grant_credits
from creditctl.services.limits_check import check_limits
from creditctl.services.reallocation import ReallocateRequest, reallocate
from creditctl.services.usage_import import import_usage
from creditctl.services.waivers import WaiveRequest, waive
from creditctl.store.engine import reading

START = datetime(2026, 10, 1, tzinfo=UTC)
END = "2026-11-10T00:00:00Z"
SMALL = CATALOG.replace("allowance = 50000", "allowance = 60").replace(
    "postpaid_limit = 10000", "postpaid_limit = 40"
)
"""Plan `starter`: 100 credits a month; `pro`: 60, and 40 to be paid later."""

Event = tuple[int, str, int]
Gift = tuple[str, str | None, int, int, int | None, int]
PLANS = st.sampled_from([None, "starter", "pro"])
EVENTS = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["/rows", "/third"]), st.integers(1, 60)),
    min_size=2,
    max_size=10,
)
GRANTS = st.lists(
    st.tuples(
        st.sampled_from(["goodwill", "order_form"]),
        st.sampled_from([None, "rows", "thirds"]),
        st.integers(1, 60),
        st.integers(0, 15),
        st.none() | st.integers(1, 40),
        st.sampled_from([20, 50]),
    ),
    max_size=4,
)
DRAWN = """
    SELECT g.source, g.amount_micro, g.effective_at, (
        SELECT COALESCE(SUM(e.amount_micro), 0) FROM ledger_entry AS e
        LEFT JOIN ledger_entry AS r ON r.id = e.reverses_id
        WHERE e.grant_id = g.id AND COALESCE(r.kind, e.kind) IN ('usage', 'repayment')
    )
    FROM credit_grant AS g JOIN organization AS o ON o.id = g.organization_id
    WHERE o.slug = :slug AND g.effective_at < :end ORDER BY g.id
"""
RATED = """
    SELECT u.day, u.product_id, u.credits_micro FROM usage_day AS u
    JOIN organization AS o ON o.id = u.organization_id WHERE o.slug = :slug ORDER BY 1, 2
"""
ORDINARY = settings(
    max_examples=12,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
_runs = iter(range(10**9))


@pytest.fixture
def books(context: Context) -> Context:
    open_books(at(context, "2026-01-01T00:00:00Z"), SMALL)
    return at(context, END)


@pytest.fixture
def imported(books: Context, tmp_path: Path) -> Callable[..., None]:
    """Import the events, `run` and their numbers naming them."""

    def import_events(slug: str, run: int, numbered: list[tuple[int, Event]]) -> None:
        lines = ["id,time,org,endpoint,status,units"]
        for number, (day, path, units) in numbered:
            # Half of the events share an instant: the smaller id comes first then.
            when = START + timedelta(days=day, hours=number % 2)
            name = UUID(int=run * 1000 + number + 1)
            lines.append(f"{name},{when.isoformat()},{slug},GET {path},200,{units}")
        file = tmp_path / f"{next(_runs)}.csv"
        file.write_text("\n".join([*lines, ""]), encoding="utf-8")
        assert import_usage(books, [file]).billed == len(numbered)

    return import_events


def an_account(context: Context, plan: str | None, grants: list[Gift]) -> str:
    """An organization with a plan and grants from the first of October on."""
    slug = f"org-{next(_runs)}"
    opened = at(context, START.isoformat())
    an_organization(opened, slug, plan=plan)
    for grant in grants:
        give_to(opened, slug, grant)
    return slug


def give_to(context: Context, slug: str, grant: Gift) -> None:
    """Grant it, so many days after context.now."""
    source, product, amount, begins, life, priority = grant
    bought = source == "order_form"
    effective_at = context.now + timedelta(days=begins)
    grant_credits(
        context,
        GrantRequest(
            organization=slug,
            amount=Credits.parse(str(amount)),
            reason="property",
            source=source,
            product=product if bought else None,
            priority=priority,
            effective_at=effective_at,
            expires_at=None if life is None else effective_at + timedelta(days=life),
            unit_cost=Decimal("0.01") if bought else None,
        ),
    )


def pay_again(context: Context, slug: str) -> None:
    reallocate(context, ReallocateRequest(organization=slug, month="2026-10", reason="property"))


def paid(context: Context, slug: str) -> list[object]:
    """What was drawn from each grant of October, and what is owed."""
    with reading(context.database) as unit:
        rows = unit.fetch_rows(DRAWN, slug=slug, end=datetime(2026, 11, 1, tzinfo=UTC))
    balance = read_balance(context, slug)
    return [*map(tuple, rows), balance.open_overage, balance.postpaid_overage]


def rated(context: Context, slug: str) -> list[tuple[object, ...]]:
    with reading(context.database) as unit:
        return [tuple(row) for row in unit.fetch_rows(RATED, slug=slug)]


@ORDINARY
@given(PLANS, GRANTS, EVENTS, st.randoms(use_true_random=False), st.integers(0, 3))
def test_files_in_any_order_end_as_one_file_once_the_month_is_paid_again(
    books: Context,
    imported: Callable[..., None],
    plan: str | None,
    grants: list[Gift],
    events: list[Event],
    chance: Random,
    checks: int,
) -> None:
    numbered = list(enumerate(events))
    together = an_account(books, plan, grants)
    imported(together, next(_runs), numbered)
    check_limits(books)

    split = an_account(books, plan, grants)
    run = next(_runs)
    chance.shuffle(numbered)
    while numbered:
        size = chance.randint(1, 3)
        imported(split, run, numbered[:size])
        numbered = numbered[size:]
        if chance.randint(0, 3) < checks:
            check_limits(books)
    as_priced = rated(books, split)
    pay_again(books, split)

    assert paid(books, split) == paid(books, together)
    assert rated(books, split) == as_priced == rated(books, together)
    once = paid(books, split)
    pay_again(books, split)
    assert paid(books, split) == once
    assert rated(books, split) == as_priced
    assert run_checks(books) == []


@ORDINARY
@given(PLANS, GRANTS, EVENTS)
def test_a_month_that_came_in_the_order_of_time_is_paid_by_the_same_again(
    books: Context,
    imported: Callable[..., None],
    plan: str | None,
    grants: list[Gift],
    events: list[Event],
) -> None:
    slug = an_account(books, plan, grants)
    imported(slug, next(_runs), list(enumerate(events)))
    check_limits(books)
    before = paid(books, slug)
    pay_again(books, slug)
    assert paid(books, slug) == before


def test_what_was_forgiven_in_a_month_forgives_no_other_month_when_it_is_paid_again(
    books: Context,
) -> None:
    slug = an_account(books, None, [])
    use(at(books, "2026-10-12T00:00:00Z"), slug, 30)
    waive(books, WaiveRequest(organization=slug, reason="our outage"))
    use(at(books, "2026-09-20T00:00:00Z"), slug, 20)
    gift: Gift = ("goodwill", None, 25, 0, None, 50)
    give_to(at(books, START.isoformat()), slug, gift)
    pay_again(books, slug)
    # October: 30 used, 25 paid by what was forgotten, 5 forgiven as before; September owes its 20
    assert read_balance(books, slug).open_overage == Credits.parse("20")
    assert read_balance(books, slug).available == Credits.parse("0")


def test_what_a_purchase_repaid_before_it_ended_stays_repaid(books: Context) -> None:
    slug = an_account(books, None, [])
    use(at(books, "2026-10-05T00:00:00Z"), slug, 30)
    # 30 of its 50 repay; it ends on 20 October, and 20 expire
    bought: Gift = ("order_form", None, 50, 0, 10, 50)
    give_to(at(books, "2026-10-10T00:00:00Z"), slug, bought)
    check_limits(books)
    before = paid(books, slug)
    pay_again(books, slug)
    assert paid(books, slug) == before
    assert read_balance(books, slug).open_overage == Credits.parse("0")
