"""The real ledger and a plain-Python one go through the same life, step by step, and agree."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from builders import at, open_books
from creditctl.context import Context
from creditctl.rules.units import Credits
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from creditctl.services.credits import Grant, list_grants
from creditctl.services.granting import GrantRequest, grant_credits
from creditctl.services.limits_check import check_limits
from creditctl.services.orgs import create_organization
from creditctl.services.reversals import (
    ExpireRequest,
    ReverseRequest,
    expire_grant,
    reverse_grant,
)
from creditctl.services.subscriptions import create_subscription
from creditctl.services.usage_import import import_usage
from creditctl.services.waivers import WaiveRequest, waive
from ledger_model import FAR, Ledger

START = datetime(2026, 9, 1, tzinfo=UTC)
MONTHS = [datetime(2026 + m // 12, m % 12 + 1, 1, tzinfo=UTC) for m in range(8, 30)]
CATALOG = """
[catalog]
name = "model"
currency = "USD"
list_price = "0.01"
effective_from = 2026-01-01T00:00:00Z

[products.rows]
[[products.rows.endpoints]]
path = "/rows"
data = { credits = 1 }

[products.cells]
[[products.cells.endpoints]]
path = "/cells"
data = { credits = 1 }

[plans.carry]
fee = "9.00"
allowance = 100
rollover = "carry"
carry_cap = 150
"""
_numbers = itertools.count(1)
AMOUNTS = st.integers(1, 120)
EVENTS = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from(["rows", "cells"]), AMOUNTS),
    min_size=1,
    max_size=4,
)


class Life(RuleBasedStateMachine):
    """One organization; `now` only goes on, usage comes in any order."""

    def __init__(self, context: Context, folder: Path) -> None:
        super().__init__()
        self.slug = f"org-{next(_numbers)}"
        self.folder = folder
        self.now = START
        self.base = context

    @property
    def context(self) -> Context:
        return replace(self.base, now=self.now)

    @initialize(subscribed=st.booleans())
    def begin(self, subscribed: bool) -> None:
        create_organization(self.context, self.slug)
        self.model = Ledger(MONTHS, subscribed=subscribed)
        if subscribed:
            create_subscription(self.context, self.slug, "carry")
            self.model.bring_up_to(self.now)

    @rule(days=st.integers(1, 25))
    def time_goes_on(self, days: int) -> None:
        self.now = min(self.now + timedelta(days=days), START + timedelta(days=400))

    @rule(
        source=st.sampled_from(["goodwill", "purchase", "correction"]),
        amount=AMOUNTS,
        begins=st.integers(-5, 10),
        life=st.none() | st.integers(1, 40),
        priority=st.sampled_from([10, 50]),
    )
    def grant(self, source: str, amount: int, begins: int, life: int | None, priority: int) -> None:
        effective_at = self.now + timedelta(days=begins)
        ends_at = None if life is None else effective_at + timedelta(days=life)
        product = "rows" if source == "correction" else None
        grant_credits(
            self.context,
            GrantRequest(
                organization=self.slug,
                amount=Credits.parse(str(amount)),
                reason="model",
                source=source,
                product=product,
                priority=priority,
                effective_at=effective_at,
                expires_at=ends_at,
                unit_cost=Decimal("0.01") if source == "purchase" else None,
            ),
        )
        self.model.give(
            self.now,
            source,
            amount,
            effective_at,
            expires_at=ends_at or FAR,
            product=product,
            priority=priority,
        )

    @rule(events=EVENTS)
    def use(self, events: list[tuple[int, str, int]]) -> None:
        chosen = []
        rows = ["id,time,org,endpoint,status,units"]
        for days, product, credits in events:
            number = next(_numbers)
            # An instant of its own for each: ids do not decide the order then.
            ago = timedelta(days=days, microseconds=number)
            happened_at = max(self.now - ago, START + timedelta(microseconds=number))
            rows.append(
                f"e{number},{happened_at.isoformat()},{self.slug},GET /{product},200,{credits}"
            )
            chosen.append((happened_at, product, credits))
        if max(happened_at for happened_at, _, _ in chosen) > self.now:
            return
        path = self.folder / f"{next(_numbers)}.csv"
        path.write_text("\n".join([*rows, ""]), encoding="utf-8")
        import_usage(self.context, [path])
        assert import_usage(self.context, [path]).files[0].status == "unchanged"
        self.model.use(self.now, chosen)

    @rule()
    def check(self) -> None:
        check_limits(self.context)
        self.model.check(self.now)

    @precondition(lambda self: self.model.owed)
    @rule()
    def forgive(self) -> None:
        # what is due first may repay nothing, but it must be booked by both
        waive(self.context, WaiveRequest(organization=self.slug, reason="model"))
        self.model.waive(self.now)

    @rule(choice=st.integers(0, 50))
    def end_one(self, choice: int) -> None:
        self.model.bring_up_to(self.now)
        check_due(self.context, self.slug)
        mine = [g for g in self.model.grants if g.remaining and g.expires_at > self.now]
        if mine:
            grant = mine[choice % len(mine)]
            expire_grant(self.context, ExpireRequest(grant=self.real(grant.number).id, reason="m"))
            self.model.expire(self.now, grant)

    @rule(choice=st.integers(0, 50), unwind=st.booleans())
    def take_back(self, choice: int, unwind: bool) -> None:
        self.model.bring_up_to(self.now)
        check_due(self.context, self.slug)
        mine = [
            g
            for g in self.model.grants
            if g.source != "subscription"
            and not g.reversed
            and (g.remaining or (unwind and g.used + g.repaid))
        ]
        if mine:
            grant = mine[choice % len(mine)]
            name = self.real(grant.number).id
            reverse_grant(self.context, ReverseRequest(grant=name, reason="model", unwind=unwind))
            self.model.reverse(self.now, grant, unwind=unwind)

    def real(self, number: int) -> Grant:
        return sorted_grants(self.context, self.slug)[number]

    @invariant()
    def both_agree(self) -> None:
        if not hasattr(self, "model"):
            return
        balance = read_balance(self.context, self.slug)
        assert balance.available == Credits(self.model.available(self.now) * 1_000_000)
        assert balance.open_overage == Credits(self.model.owed * 1_000_000)
        assert balance.postpaid_overage == Credits(0)
        assert [
            (row.amount.micro, row.remaining.micro, row.expired.micro)
            for row in sorted_grants(self.context, self.slug)
        ] == [
            (g.amount * 1_000_000, g.remaining * 1_000_000, g.expired * 1_000_000)
            for g in self.model.grants
        ]
        assert all(g.remaining >= 0 and g.expired >= 0 for g in self.model.grants)


def check_due(context: Context, slug: str) -> None:
    """Book what is due, as every verb does first; waiving nothing is refused after that."""
    from creditctl.services.due_bookings import book_what_is_due
    from creditctl.store.engine import unit_of_work
    from creditctl.store.queries.orgs import find_organization

    with unit_of_work(context.database) as unit:
        book_what_is_due(unit, context, find_organization(unit, slug).id)


def sorted_grants(context: Context, slug: str) -> list[Grant]:
    """In the order they were given: ids sort by time, and within an instant by the database."""
    from creditctl.store.engine import reading
    from creditctl.store.queries.grants import grants_of
    from creditctl.store.queries.orgs import find_organization

    by_id = {row.id: row for row in list_grants(context, slug, everything=True)}
    with reading(context.database) as unit:
        return [by_id[row.public_id] for row in grants_of(unit, find_organization(unit, slug).id)]


def live(context: Context, folder: Path, examples: int, steps: int) -> None:
    open_books(at(context, "2026-08-01T00:00:00Z"), CATALOG)
    run_state_machine_as_test(
        lambda: Life(context, folder),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert run_checks(context) == []


def test_the_ledger_and_its_model_agree(context: Context, tmp_path: Path) -> None:
    live(context, tmp_path, examples=12, steps=12)


@pytest.mark.slow
def test_the_ledger_and_its_model_agree_for_long(context: Context, tmp_path: Path) -> None:
    live(context, tmp_path, examples=150, steps=25)
