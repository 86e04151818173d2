"""The real ledger and a plain-Python one go through the same life, step by step, and agree."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

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

from builders import an_organization, at, open_books, use
from creditctl.context import Context
from creditctl.rules.units import Credits
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from creditctl.services.granting import GrantRequest, grant_credits
from creditctl.services.limits_check import check_limits
from creditctl.services.orgs import create_organization
from creditctl.services.reallocation import ReallocateRequest, reallocate
from creditctl.services.reversals import (
    ExpireRequest,
    ReverseRequest,
    expire_grant,
    reverse_grant,
)
from creditctl.services.subscription_changes import CancelRequest, cancel_subscription
from creditctl.services.subscriptions import create_subscription
from creditctl.services.usage_import import import_usage
from creditctl.services.waivers import WaiveRequest, waive
from creditctl.store.engine import reading
from ledger_model import BOUGHT, FAR, Event, Grant, Ledger, Subscription

START = datetime(2026, 9, 1, tzinfo=UTC)
MICRO = 1_000_000
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

[products.thirds]
[[products.thirds.endpoints]]
path = "/thirds"
credits = "0.333333"

[plans.reset]
fee = "9.00"
allowance = 60

[plans.carry]
fee = "9.00"
allowance = 100
rollover = "carry"
carry_cap = 150

[plans.later]
fee = "9.00"
allowance = 40
postpaid_limit = 70
"""
PLANS = {"reset": (60, 0, None), "carry": (100, 0, 150), "later": (40, 70, None)}
"""The figures of the catalog's plans: allowance, postpaid limit, cap of what is carried."""

_numbers = itertools.count(1)
AMOUNTS = st.integers(1, 120)
EVENTS = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from(["rows", "cells", "thirds"]), AMOUNTS),
    min_size=1,
    max_size=4,
)
GRANTS = """
    SELECT g.public_id, g.amount_micro, g.remaining_micro, g.expired_micro,
           COALESCE((SELECT SUM(e.amount_micro) FROM ledger_entry AS e WHERE e.grant_id = g.id), 0)
    FROM credit_grant AS g JOIN organization AS o ON o.id = g.organization_id
    WHERE o.slug = :slug ORDER BY g.id
"""


class Life(RuleBasedStateMachine):
    """One organization; `now` is a midnight and only goes on, usage is of noons in any order."""

    def __init__(self, context: Context, folder: Path) -> None:
        super().__init__()
        self.slug = f"org-{next(_numbers)}"
        self.folder = folder
        self.now = START
        self.base = context
        self.model = Ledger()
        self.last_file = [""]

    @property
    def context(self) -> Context:
        return replace(self.base, now=self.now)

    def choose(self, choice: int, grants: list[Grant]) -> tuple[Grant, str]:
        """One of the model's grants, and the real one's name."""
        grant = grants[choice % len(grants)]
        return grant, str(self.real_grants()[grant.number][0])

    def real_grants(self) -> list[tuple[object, ...]]:
        with reading(self.base.database) as unit:
            return [tuple(row) for row in unit.fetch_rows(GRANTS, slug=self.slug)]

    @initialize(plan=st.none() | st.sampled_from(sorted(PLANS)))
    def begin(self, plan: str | None) -> None:
        create_organization(self.context, self.slug)
        if plan is not None:
            self.subscribe(plan)

    @rule(days=st.integers(1, 25))
    def time_goes_on(self, days: int) -> None:
        self.now += timedelta(days=days)

    @precondition(lambda self: all(s.ended_at <= self.now for s in self.model.subscriptions))
    @rule(plan=st.sampled_from(sorted(PLANS)))
    def subscribe(self, plan: str) -> None:
        create_subscription(self.context, self.slug, plan)
        allowance, limit, cap = PLANS[plan]
        self.model.bring_up_to(self.now)
        self.model.subscriptions.append(
            Subscription(allowance * MICRO, limit * MICRO, cap and cap * MICRO, self.now)
        )
        self.model.bring_up_to(self.now)

    @precondition(lambda self: any(s.ended_at == FAR for s in self.model.subscriptions))
    @rule(at_once=st.booleans())
    def cancel(self, at_once: bool) -> None:
        when = "now" if at_once else "period-end"
        cancel_subscription(
            self.context, CancelRequest(organization=self.slug, reason="model", at=when)
        )
        self.model.bring_up_to(self.now)
        self.model.cancel(self.now, self.model.subscriptions[-1], at_once=at_once)

    @rule(
        source=st.sampled_from(["goodwill", "purchase", "order_form"]),
        product=st.none() | st.sampled_from(["rows", "cells"]),
        amount=AMOUNTS,
        begins=st.integers(-5, 10),
        life=st.none() | st.integers(1, 40),
        priority=st.sampled_from([10, 50]),
    )
    def grant(
        self,
        source: str,
        product: str | None,
        amount: int,
        begins: int,
        life: int | None,
        priority: int,
    ) -> None:
        bought = source in BOUGHT
        effective_at = self.now + timedelta(days=begins)
        # Nobody sells credits that are over already.
        first_end = max(effective_at, self.now) if bought else effective_at
        ends_at = None if life is None else first_end + timedelta(days=life)
        product = product if source == "order_form" else None
        grant_credits(
            self.context,
            GrantRequest(
                organization=self.slug,
                amount=Credits(amount * MICRO),
                reason="model",
                source=source,
                product=product,
                priority=priority,
                effective_at=effective_at,
                expires_at=ends_at,
                unit_cost=Decimal("0.01") if bought else None,
            ),
        )
        self.model.bring_up_to(self.now)
        given = self.model.add(
            amount * MICRO,
            effective_at,
            ends_at or FAR,
            source=source,
            product=product,
            priority=priority,
        )
        if bought and effective_at <= self.now:
            self.model.settle(given, given.remaining)

    @rule(events=EVENTS)
    def use(self, events: list[tuple[int, str, int]]) -> None:
        lines, priced = [], list[Event]()
        for days, product, units in events:
            number = next(_numbers)
            noon = self.now - timedelta(days=days) + timedelta(hours=12)
            lines.append(
                f"{UUID(int=number)},{noon.isoformat()},{self.slug},GET /{product},200,{units}"
            )
            credits = 333_333 if product == "thirds" else units * MICRO
            priced.append((noon, number, product, credits))
        self.last_file = lines
        self.imported(lines)
        self.model.bring_up_to(self.now)
        self.model.events += priced
        self.model.draw(priced)

    def imported(self, lines: list[str]) -> int:
        """Import the lines; returns how many were billed."""
        path = self.folder / f"{next(_numbers)}.csv"
        path.write_text("\n".join(["id,time,org,endpoint,status,units", *lines, ""]))
        billed = import_usage(self.context, [path]).billed
        assert import_usage(self.context, [path]).files[0].status == "unchanged"
        return billed

    @precondition(lambda self: self.model.events)
    @rule()
    def import_again(self) -> None:
        # A blank line more each time: the same file would not even be looked at.
        self.last_file = [*reversed(self.last_file), ""]
        assert self.imported(self.last_file) == 0
        self.model.bring_up_to(self.now)

    @rule()
    def check(self) -> None:
        check_limits(self.context)
        self.model.bring_up_to(self.now)
        self.model.repay(self.now)

    @precondition(lambda self: owed(self.model))
    @rule(share=st.none() | st.integers(1, 9))
    def forgive(self, share: int | None) -> None:
        amount = owed(self.model) if share is None else -(-owed(self.model) * share // 10)
        asked = None if share is None else Credits(amount)
        waive(self.context, WaiveRequest(organization=self.slug, reason="model", amount=asked))
        self.model.bring_up_to(self.now)
        self.model.settle(None, amount)

    @rule(choice=st.integers(0, 50))
    def end_one(self, choice: int) -> None:
        self.check()
        mine = [g for g in self.model.grants if g.remaining and g.expires_at > self.now]
        if mine:
            grant, name = self.choose(choice, mine)
            expire_grant(self.context, ExpireRequest(grant=name, reason="model"))
            grant.end(self.now, self.now)

    @rule(choice=st.integers(0, 50), unwind=st.booleans())
    def take_back(self, choice: int, unwind: bool) -> None:
        self.check()
        mine = [
            g
            for g in self.model.grants
            if not g.subscription
            and not g.reversed
            and (g.remaining or (unwind and has_paid(self.model, g)))
        ]
        if mine:
            grant, name = self.choose(choice, mine)
            reverse_grant(self.context, ReverseRequest(grant=name, reason="model", unwind=unwind))
            self.model.reverse(self.now, grant, unwind=unwind)

    @precondition(lambda self: self.model.events)
    @rule(ago=st.integers(0, 3))
    def pay_a_month_again(self, ago: int) -> None:
        months = sorted({(event[0].year, event[0].month) for event in self.model.events})
        year, month = months[-1 - ago % len(months)]
        request = ReallocateRequest(
            organization=self.slug, month=f"{year}-{month:02}", reason="model"
        )
        reallocate(self.context, request)
        self.model.bring_up_to(self.now)
        self.model.reallocate(self.now, (year, month))

    @invariant()
    def both_agree(self) -> None:
        if not self.model.subscriptions and not self.model.grants and not self.model.events:
            return
        balance = read_balance(self.context, self.slug)
        live = [grant for grant in self.model.grants if grant.is_live(self.now)]
        postpaid = sum(d.amount for d in self.model.draws if d.payer == "postpaid")
        assert balance.available.micro == sum(grant.remaining for grant in live)
        assert balance.open_overage.micro == owed(self.model)
        assert balance.postpaid_overage.micro == postpaid
        assert [row[1:] for row in self.real_grants()] == [
            (g.amount, g.remaining, g.expired, g.remaining) for g in self.model.grants
        ]
        assert all(g.remaining >= 0 and g.expired >= 0 for g in self.model.grants)
        assert run_checks(self.context) == []


def owed(model: Ledger) -> int:
    """Open overage: what nobody paid, less what was repaid or forgiven."""
    mine = [draw for draw in model.draws if draw.payer is None]
    return sum(d.amount - sum(amount for _, amount in d.settled) for d in mine)


def has_paid(model: Ledger, grant: Grant) -> bool:
    return any(
        draw.payer is grant or any(payer is grant for payer, _ in draw.settled)
        for draw in model.draws
    )


def live(context: Context, folder: Path, examples: int, steps: int) -> None:
    open_books(at(context, "2026-01-01T00:00:00Z"), CATALOG)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
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
    # Half as many on PostgreSQL, where each costs twice as much; the long form has 80 on each.
    examples = 15 if context.database.startswith("sqlite") else 7
    live(context, tmp_path, examples=examples, steps=15)


@pytest.mark.slow
def test_the_ledger_and_its_model_agree_for_long(context: Context, tmp_path: Path) -> None:
    live(context, tmp_path, examples=80, steps=25)


def test_two_subscriptions_within_a_month_have_a_postpaid_limit_each(context: Context) -> None:
    open_books(at(context, "2026-01-01T00:00:00Z"), CATALOG)
    tenth = at(context, "2026-09-10T00:00:00Z")
    an_organization(at(context, "2026-09-01T00:00:00Z"), "acme", plan="later")
    cancel_subscription(tenth, CancelRequest(organization="acme", reason="model", at="now"))
    create_subscription(tenth, "acme", "later")
    use(at(context, "2026-09-15T00:00:00Z"), "acme", 110)
    use(at(context, "2026-09-05T00:00:00Z"), "acme", 115)
    balance = read_balance(at(context, "2026-09-20T00:00:00Z"), "acme")
    # each 40 of an allowance and 70 to be paid later; 5 of the 115 are beyond both
    assert balance.postpaid_overage == Credits(140 * MICRO)
    assert balance.open_overage == Credits(5 * MICRO)
