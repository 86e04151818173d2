"""Holds among grants, imports, reversals and expiries: in any order nothing is lost or oversold."""

import itertools
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
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

from builders import an_organization, at, give, open_books
from calls import call, rows_of
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.instants import instant_text
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.checks import run_checks
from creditctl.services.hold_capture import capture
from creditctl.services.holds import InsufficientCredits, release, release_expired
from creditctl.services.limits_check import check_limits
from creditctl.services.reversals import ReverseRequest, reverse_grant
from creditctl.services.usage_import import import_usage

START = datetime(2026, 10, 1, tzinfo=UTC)
MICRO = 1_000_000
SAME_CALL = timedelta(minutes=50)
"""Beyond the five minutes of a hold: within an hour of its start, a line is that of the call."""

UNITS = st.integers(0, 12)
_numbers = itertools.count(1)
GRANTS = """
    SELECT g.public_id, g.amount_micro, g.remaining_micro, g.held_micro, g.expired_micro,
           COALESCE((SELECT SUM(-e.amount_micro) FROM ledger_entry AS e
                     WHERE e.grant_id = g.id
                       AND e.kind NOT IN ('grant', 'expiry', 'expiry_reversal')), 0)
    FROM credit_grant AS g JOIN organization AS o ON o.id = g.organization_id
    WHERE o.slug = :slug ORDER BY g.id
"""
FREE = """
    SELECT COALESCE(SUM(remaining_micro - held_micro), 0)
    FROM credit_grant AS g JOIN organization AS o ON o.id = g.organization_id
    WHERE o.slug = :slug AND g.reversed_at IS NULL AND g.effective_at <= :at
      AND (g.expires_at IS NULL OR g.expires_at > :at)
"""


class Calls(RuleBasedStateMachine):
    """One organization and its calls; `charged` is what each served call has to have cost."""

    def __init__(self, context: Context, folder: Path) -> None:
        super().__init__()
        self.slug = f"org-{next(_numbers)}"
        self.base, self.folder, self.now = context, folder, START
        self.flying: dict[str, tuple[int, datetime]] = {}
        self.ended: dict[str, str] = {}
        self.charged: dict[str, int] = {}

    @property
    def context(self) -> Context:
        return replace(self.base, now=self.now)

    def chosen(self, choice: int, names: dict[str, object]) -> str:
        return sorted(names)[choice % len(names)]

    def free(self) -> int:
        ((micro,),) = rows_of(self.base, FREE, slug=self.slug, at=self.now)
        return int(str(micro)) // MICRO

    @initialize()
    def begin(self) -> None:
        an_organization(self.context, self.slug, credits="10")

    @rule(days=st.sampled_from([None, 1, 2]), amount=st.integers(1, 20))
    def grant(self, days: int | None, amount: int) -> None:
        ends = None if days is None else self.now + timedelta(days=days)
        give(self.context, self.slug, str(amount), expires_at=ends)

    @rule(seconds=st.sampled_from([1, 100, 301, 90_000, 400_000]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(units=UNITS)
    def authorize(self, units: int) -> None:
        name = f"{self.slug}-{next(_numbers)}"
        free = self.free()
        # Another machine may have freed those that timed out: a refused call does not say.
        over = {one for one, (_, until) in self.flying.items() if until <= self.now}
        if units > free:
            self.ended |= dict.fromkeys(over, "expired")
            release_expired(self.context)
            free = self.free()
            self.flying = {one: fly for one, fly in self.flying.items() if one not in over}
        if units > free:
            with pytest.raises(InsufficientCredits, match=f"Required: {units} credits"):
                call(self.context, name, units, organization=self.slug)
            return
        hold = call(self.context, name, units, organization=self.slug)
        assert hold.held == Credits(units * MICRO)
        assert call(self.context, name, units, organization=self.slug) == hold
        self.flying[name] = (units, hold.expires_at)

    @precondition(lambda self: self.flying)
    @rule(choice=st.integers(0, 99), units=UNITS, status=st.sampled_from([200, 200, 500]))
    def capture(self, choice: int, units: int, status: int) -> None:
        name = self.chosen(choice, self.flying)
        self.flying.pop(name)
        cost = units if status == 200 else 0
        done = capture(self.context, name, status=status, units=units)
        assert (done.credits, done.held) == (Credits(cost * MICRO), NO_CREDITS)
        assert capture(self.context, name, status=status, units=units) == done
        self.charged[name] = cost

    @precondition(lambda self: self.flying)
    @rule(choice=st.integers(0, 99))
    def release(self, choice: int) -> None:
        name = self.chosen(choice, self.flying)
        self.flying.pop(name)
        release(self.context, name)
        self.ended[name] = "released"

    @precondition(lambda self: self.ended)
    @rule(choice=st.integers(0, 99), units=UNITS)
    def capture_too_late(self, choice: int, units: int) -> None:
        name = self.chosen(choice, self.ended)
        if self.ended[name] == "released":
            with pytest.raises(Conflict):
                capture(self.context, name, units=units)
            return
        self.ended.pop(name)
        capture(self.context, name, units=units)
        self.charged[name] = units

    @rule(choice=st.integers(0, 99), units=UNITS)
    def import_a_log(self, choice: int, units: int) -> None:
        """A line of a call in flight, and one of a call that no gate has seen."""
        times = {f"{self.slug}-{next(_numbers)}": self.now}
        if self.flying:
            name = self.chosen(choice, self.flying)
            _, until = self.flying.pop(name)
            # Later than that, the same id is another call.
            times[name] = min(self.now, until + SAME_CALL)
        lines = [
            f"{name},{self.slug},GET /rows,{instant_text(time)},200,{units}\n"
            for name, time in times.items()
        ]
        path = self.folder / f"{min(times)}.csv"
        path.write_text("id,org,endpoint,time,status,units\n" + "".join(lines))
        import_usage(self.context, [path])
        self.charged |= dict.fromkeys(times, units)

    @rule()
    def time_out(self) -> None:
        over = [name for name, (_, until) in self.flying.items() if until <= self.now]
        assert release_expired(self.context) >= len(over)
        for name in over:
            self.flying.pop(name)
            self.ended[name] = "expired"

    @rule(choice=st.integers(0, 99))
    def reverse(self, choice: int) -> None:
        names = [str(row[0]) for row in rows_of(self.base, GRANTS, slug=self.slug)]
        request = ReverseRequest(grant=names[choice % len(names)], reason="mistake")
        with suppress(Conflict):  # nothing of it is unused
            reverse_grant(self.context, request)

    @rule()
    def check(self) -> None:
        self.time_out()
        check_limits(self.context)

    @invariant()
    def nothing_is_lost(self) -> None:
        held = sum(units for units, _ in self.flying.values())
        grants = rows_of(self.base, GRANTS, slug=self.slug)
        amounts = [[int(str(number)) for number in row[1:]] for row in grants]
        for amount, remaining, own, expired, gone in amounts:
            assert 0 <= own <= remaining
            assert remaining + expired + gone == amount
        assert sum(row[2] for row in amounts) == held * MICRO
        costs = "SELECT COALESCE(SUM(e.credits_micro), 0) FROM usage_event AS e, organization AS o"
        of_owner = "WHERE o.id = e.organization_id AND o.slug = :slug"
        ((booked,),) = rows_of(self.base, f"{costs} {of_owner}", slug=self.slug)
        assert int(str(booked)) == sum(self.charged.values()) * MICRO

    def teardown(self) -> None:
        assert run_checks(self.context) == []


@pytest.mark.parametrize("examples", [8, pytest.param(150, marks=pytest.mark.slow)])
def test_calls_in_any_order_lose_nothing(context: Context, tmp_path: Path, examples: int) -> None:
    open_books(at(context, "2026-09-01T00:00:00Z"))

    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: Calls(context, tmp_path),
        settings=settings(
            max_examples=examples,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
