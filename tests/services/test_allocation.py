"""Who pays imported usage: allowance, grants, the plan's postpaid limit, and then nobody."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import CATALOG, an_organization, at, give, open_books, use
from creditctl.context import Context
from creditctl.rules.event_ids import id_text
from creditctl.rules.instants import instant_of, instant_text
from creditctl.rules.units import Credits
from creditctl.services.credits import list_movements
from creditctl.services.granting import GrantRequest, grant_credits
from creditctl.services.subscriptions import create_subscription
from creditctl.services.usage_import import import_usage
from creditctl.store.engine import reading

POSTPAID = CATALOG.replace("allowance = 100\n", "allowance = 100\npostpaid_limit = 20\n")
"""Starter: 100 credits a month, then 20 on account."""


@pytest.fixture
def first(context: Context) -> Context:
    """The first of October."""
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october, POSTPAID)
    return october


def paid(context: Context, slug: str = "acme") -> list[tuple[str, str]]:
    """Payer and credits of every debit, oldest first."""
    movements = list_movements(context, slug, limit=1000)[::-1]
    return [
        (movement.source or movement.overage_reason or "", str(-movement.amount))
        for movement in movements
        if movement.kind in ("usage", "overage")
    ]


def test_the_allowance_pays_first_then_gifts_then_purchases_then_the_account_then_nobody(
    first: Context,
) -> None:
    an_organization(first, plan="starter")
    bought = GrantRequest(
        organization="acme",
        amount=Credits.parse("30"),
        reason="test",
        source="purchase",
        unit_cost=Decimal("0.01"),
    )
    grant_credits(first, bought)
    give(first, "acme", "10")
    use(at(first, "2026-10-20T00:00:00Z"), "acme", 175)
    # 100 + 10 + 30 + 20 on account + 15 beyond it = 175
    assert paid(first) == [
        ("subscription", "100"),
        ("goodwill", "10"),
        ("purchase", "30"),
        ("postpaid", "20"),
        ("overshoot", "15"),
    ]


def test_the_account_is_used_up_over_several_imports_and_is_new_in_the_next_period(
    first: Context,
) -> None:
    an_organization(first, plan="starter")
    use(at(first, "2026-10-20T00:00:00Z"), "acme", 112)
    use(at(first, "2026-10-21T00:00:00Z"), "acme", 12)
    use(at(first, "2026-11-01T00:00:00Z"), "acme", 101)
    assert paid(first) == [
        *[("subscription", "100"), ("postpaid", "12")],
        *[("postpaid", "8"), ("overshoot", "4")],
        *[("subscription", "100"), ("postpaid", "1")],
    ]


def test_late_usage_is_paid_by_the_period_it_belongs_to(first: Context, tmp_path: Path) -> None:
    an_organization(first, plan="starter")
    use(at(first, "2026-11-01T00:00:00Z"), "acme", 60)
    file = tmp_path / "late.csv"
    event = "late,acme,GET /rows,2026-10-31T23:59:59.999999Z,200,70"
    file.write_text(f"id,org,endpoint,time,status,units\n{event}\n")
    import_usage(at(first, "2026-11-02T00:00:00Z"), [file])
    assert paid(first) == [("subscription", "60"), ("subscription", "70")]


def test_a_period_keeps_the_postpaid_limit_its_plan_had_at_its_start(first: Context) -> None:
    an_organization(first, plan="starter")
    changed = POSTPAID.replace("postpaid_limit = 20\n", "postpaid_limit = 50\n").replace(
        "2026-01-01T00:00:00Z", "2026-10-15T00:00:00Z"
    )
    open_books(at(first, "2026-10-15T00:00:00Z"), changed)
    use(at(first, "2026-10-20T00:00:00Z"), "acme", 130)
    use(at(first, "2026-11-20T00:00:00Z"), "acme", 160)
    assert paid(first) == [
        *[("subscription", "100"), ("postpaid", "20"), ("overshoot", "10")],
        *[("subscription", "100"), ("postpaid", "50"), ("overshoot", "10")],
    ]


def test_without_a_subscription_nothing_is_on_account(first: Context) -> None:
    an_organization(first, credits="5")
    use(first, "acme", 7)
    assert paid(first) == [("purchase", "5"), ("overshoot", "2")]


def test_usage_before_the_subscription_began_is_not_on_account(first: Context) -> None:
    an_organization(first)
    use(at(first, "2026-10-09T23:00:00Z"), "acme", 7)
    create_subscription(at(first, "2026-10-10T00:00:00Z"), "acme", "starter")
    assert paid(first) == [("overshoot", "7")]


def test_an_unlimited_plan_books_nothing(first: Context) -> None:
    an_organization(first, credits="5", plan="enterprise")
    use(first, "acme", 1_000_000)
    assert paid(first) == []


def test_a_debit_knows_its_first_and_last_event(first: Context) -> None:
    an_organization(first, credits="100")
    use(at(first, "2026-10-02T00:00:00Z"), "acme", 1, requests=3)
    with reading(first.database) as unit:
        debits = unit.fetch_rows(
            "SELECT first_event_at, last_event_at, first_event_id, last_event_id"
            " FROM ledger_entry WHERE kind = 'usage'"
        )
        events = unit.fetch_rows("SELECT occurred_at, event_id FROM usage_event ORDER BY event_id")
    ((first_at, last_at, first_id, last_id),) = debits
    assert instant_text(instant_of(first_at)) == "2026-10-02T00:00:00Z"
    assert first_at == last_at
    assert [id_text(bytes(first_id)), id_text(bytes(last_id))] == [
        id_text(bytes(events[0][1])),
        id_text(bytes(events[2][1])),
    ]


def test_debits_are_rolled_up_by_day_and_payer(first: Context) -> None:
    an_organization(first, plan="starter")
    for day in ("2026-10-02", "2026-10-03"):
        use(at(first, f"{day}T23:59:59Z"), "acme", 30, requests=2)
    with reading(first.database) as unit:
        rows = unit.fetch_rows("SELECT day, source, credits_micro FROM debit_day ORDER BY 1, 2")
    # 60 on the second; on the third 40 are left of 100, the other 20 are on account.
    # Days since 1970: 2026-10-02 is 56 years of 365 days, 14 leap days, and 274 days on.
    second = 56 * 365 + 14 + 274
    assert [tuple(row) for row in rows] == [
        (second, "subscription", 60_000_000),
        (second + 1, "overage", 20_000_000),
        (second + 1, "subscription", 40_000_000),
    ]


EVENTS = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from(["/rows", "/third"]), st.integers(1, 9)),
    min_size=1,
    max_size=20,
)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(EVENTS, st.integers(1, 7))
def test_chunks_in_time_order_are_paid_as_one(
    first: Context, tmp_path: Path, events: list[tuple[int, str, int]], size: int
) -> None:
    now = at(first, "2026-11-15T00:00:00Z")
    sums = []
    for chunk in (250_000, size):
        slug = f"org-{next(_numbers)}"
        an_organization(first, slug, plan="starter")
        give(first, slug, "20", expires_at=at(first, "2026-10-10T00:00:00Z").now)
        give(first, slug, "5", source="purchase")
        file = tmp_path / f"{slug}.csv"
        file.write_text(_rows(slug, sorted(events)))
        import_usage(replace(now, settings=replace(now.settings, import_chunk=chunk)), [file])
        totals: dict[tuple[str, str], int] = {}
        for movement in list_movements(now, slug, limit=1000):
            if movement.kind in ("usage", "overage"):
                payer = movement.source or movement.overage_reason or ""
                key = (payer, movement.product or "")
                totals[key] = totals.get(key, 0) - movement.amount.micro
        sums.append(totals)
    assert sums[0] == sums[1]


_numbers = iter(range(10**9))


def _rows(slug: str, events: list[tuple[int, str, int]]) -> str:
    lines = ["id,org,endpoint,time,status,units"]
    for number, (day, path, units) in enumerate(events):
        month, date = (10, day + 1) if day < 31 else (11, day - 30)
        time = f"2026-{month}-{date:02}T00:00:{number:02}Z"
        lines.append(f"{slug}-{number},{slug},GET {path},{time},200,{units}")
    return "\n".join(lines) + "\n"
