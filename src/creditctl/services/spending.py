"""What lines are measured against: figures of marked organizations, or of one, read when needed."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from creditctl.rules.budgets import (
    MICROS,
    Kind,
    Line,
    Measure,
    Reading,
    Scope,
    Span,
    counted_credits,
)
from creditctl.rules.burn_down import MICROS_PER_DAY
from creditctl.rules.instants import micros_of, start_of_day
from creditctl.rules.periods import Period, calendar_month
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.subscription_periods import SubscriptionPeriod, periods_of
from creditctl.services.usage_forecast import outlook_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.budgets import BudgetRow, chosen_budget_rows
from creditctl.store.queries.keys import keys_of
from creditctl.store.queries.plans import plan_versions_named, version_at
from creditctl.store.queries.spending import (
    LiveRow,
    beyond_allowance,
    live_grants,
    used_by_key,
    used_by_product,
)

QUOTA = "requests_per_period"
"""The limit of a plan that a quota's lines are about."""

_DAY = timedelta(days=1)
Parts = Mapping[int, Credits]
PeriodOf = Callable[[Period], SubscriptionPeriod | None]
"""The subscription's period that a window ended in."""


def period_at(unit: UnitOfWork, organization_id: int, at: datetime) -> SubscriptionPeriod | None:
    """The subscription period that holds `at`, if the organization has one."""
    for period in periods_of(unit, organization_id, at):
        if at in period:
            return period
    return None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A line, and the subscription's period it is measured in."""

    row: BudgetRow
    period: SubscriptionPeriod | None


class Spending:
    """Usage and grants at one time; each kind of figure is read once, for all who are asked for."""

    def __init__(self, unit: UnitOfWork, at: datetime, organization_id: int | None = None) -> None:
        self._unit = unit
        self._at = at
        self._only = organization_id
        self._used: dict[tuple[Period, str], dict[int, dict[int, Credits]]] = {}
        self.lines: dict[int, list[BudgetRow]] = defaultdict(list)
        for row in chosen_budget_rows(unit, organization_id):
            self.lines[row.organization_id].append(row)

    def readings(
        self, organization_id: int, period: SubscriptionPeriod | None
    ) -> tuple[Reading, ...]:
        """Every line of the organization that can be measured; `period` is its subscription's."""
        rows = self.lines.get(organization_id, [])
        found = [self._reading(_Asked(row, period)) for row in rows]
        return tuple(reading for reading in found if reading is not None)

    def missed(
        self, organization_id: int, since: datetime, period_of: PeriodOf
    ) -> tuple[Reading, ...]:
        """Lines that were crossed when a day or month ended that did so after `since`.

        A line that was drawn or moved later was not there to be crossed.
        """
        return tuple(
            reading
            for row in self.lines.get(organization_id, [])
            for window in row.span.ended(since, self._at)
            if row.updated_at < window.ends_at
            and (reading := self._counted_in(window, _Asked(row, period_of(window)))) is not None
            and reading.is_crossed
        )

    def _reading(self, asked: _Asked) -> Reading | None:
        measures = {
            Measure.USAGE: self._of_usage,
            Measure.ALLOWANCE: self._of_allowance,
            Measure.QUOTA: self._of_quota,
            Measure.BALANCE: self._of_balance,
            Measure.DAYS_LEFT: self._of_days_left,
            Measure.EXPIRING: self._of_expiring,
        }
        return measures[asked.row.measure](asked)

    def _of_usage(self, asked: _Asked) -> Reading | None:
        return self._counted_in(window_of(asked.row.span, self._at), asked)

    def _counted_in(self, window: Period, asked: _Asked) -> Reading | None:
        limit = asked.row.threshold.credits_of(
            budget_of(self.lines[asked.row.organization_id], asked.row.line)
        )
        if limit is None:
            return None
        usage = self.counted(
            asked.row.organization_id, asked.row.line, window, unlimited=_is_unlimited(asked.period)
        )
        return Reading(asked.row.line, usage, limit, window)

    def counted(
        self, organization_id: int, line: Line, window: Period, *, unlimited: bool
    ) -> Credits:
        """What the line counts of a UTC day or month."""
        if line.api_key_id is not None:
            # Who paid is known by product, not by key: all its credits count.
            return self._parts("key", window, organization_id).get(line.api_key_id, NO_CREDITS)
        rated = self._parts("product", window, organization_id)
        beyond: Parts = {}
        if line.scope is Scope.BEYOND_ALLOWANCE and not unlimited:
            beyond = self._parts("beyond", window, organization_id)
        return counted_credits(
            line.scope,
            rated=_of_product(rated, line.product_id),
            beyond_allowance=_of_product(beyond, line.product_id),
            unlimited=unlimited,
        )

    def _parts(self, kind: str, window: Period, organization_id: int) -> Parts:
        known = self._used.get((window, kind))
        if known is None:
            known = defaultdict(dict)
            days = window.starts_at.date(), window.ends_at.date()
            if kind == "beyond":
                for one in beyond_allowance(self._unit, *days, self._only):
                    known[one.organization_id][one.product_id] = one.credits
            else:
                ask = used_by_key if kind == "key" else used_by_product
                for row in ask(self._unit, *days, self._only):
                    known[row.organization_id][row.part_id] = row.credits
            self._used[window, kind] = known
        return known.get(organization_id, {})

    @cached_property
    def _live(self) -> Mapping[int, LiveRow]:
        rows = live_grants(self._unit, self._at, self._only)
        return {row.organization_id: row for row in rows}

    def _of_balance(self, asked: _Asked) -> Reading | None:
        live = self._live.get(asked.row.organization_id)
        limit = asked.row.threshold.credits_of(live.amount if live else NO_CREDITS)
        if limit is None or _is_unlimited(asked.period):
            return None
        return Reading(asked.row.line, live.remaining if live else NO_CREDITS, limit)

    def _of_allowance(self, asked: _Asked) -> Reading | None:
        live = self._live.get(asked.row.organization_id)
        if live is None or live.allowance_starts_at is None or live.allowance_ends_at is None:
            return None
        limit = asked.row.threshold.credits_of(live.allowance_amount)
        if limit is None:
            return None
        used = live.allowance_amount - live.allowance_remaining
        window = Period(live.allowance_starts_at, live.allowance_ends_at)
        return Reading(asked.row.line, used, limit, window)

    def _of_expiring(self, asked: _Asked) -> Reading | None:
        live = self._live.get(asked.row.organization_id)
        if live is None or live.expiring_at is None or asked.row.threshold.amount is None:
            return None
        left = micros_of(live.expiring_at) - micros_of(self._at)
        days = asked.row.threshold.amount.micro // MICROS
        window = Period(live.expiring_at - max(days, 1) * _DAY, live.expiring_at)
        return Reading(
            asked.row.line,
            Credits(left * MICROS // MICROS_PER_DAY),
            asked.row.threshold.amount,
            window,
        )

    def _of_days_left(self, asked: _Asked) -> Reading | None:
        left = outlook_of(self._unit, asked.row.organization_id, self._at).days_left
        if left is None or asked.row.threshold.amount is None:
            return None
        return Reading(asked.row.line, Credits(left * MICROS), asked.row.threshold.amount)

    def _of_quota(self, asked: _Asked) -> Reading | None:
        """Of several keys, the one that used the largest share of its quota."""
        whole = asked.period.whole if asked.period else calendar_month(self._at)
        # Rollups are by day: a period that begins within a day counts all of that day.
        window = Period(start_of_day(whole.starts_at), start_of_day(whole.ends_at))
        used = {
            one.part_id: one.requests
            for one in used_by_key(
                self._unit,
                window.starts_at.date(),
                window.ends_at.date(),
                asked.row.organization_id,
            )
        }
        shares = [
            (used.get(key_id, 0), limit)
            for key_id, limit in self._quotas(asked)
            if limit and asked.row.line.api_key_id in (None, key_id)
        ]
        if not shares:
            return None
        requests, quota = max(shares, key=lambda share: (share[0] * MICROS // share[1], share))
        limit = asked.row.threshold.credits_of(Credits(quota * MICROS))
        return (
            None
            if limit is None
            else Reading(asked.row.line, Credits(requests * MICROS), limit, whole)
        )

    def _quotas(self, asked: _Asked) -> list[tuple[int, int | None]]:
        """Each active key's requests for a period: its own plan's, else the organization's."""
        found = []
        for key in keys_of(self._unit, asked.row.organization_id):
            plan = asked.period.plan if asked.period else None
            if key.plan is not None:
                versions = plan_versions_named(self._unit, key.plan)
                plan = version_at(versions, self._at)
            if plan is not None and key.is_active(self._at):
                found.append((key.first_id, json.loads(plan.limits).get(QUOTA)))
        return found


def budget_of(rows: Sequence[BudgetRow], line: Line) -> Credits | None:
    """The hard budget of the same target and time, that a percentage is of."""
    for row in rows:
        other = row.line
        if other.kind is Kind.HARD and (other.target, other.span) == (line.target, line.span):
            return row.limit
    return None


def window_of(span: Span, at: datetime) -> Period:
    """The day or month; raises LookupError for lines without one: only a bug asks."""
    window = span.window(at)
    if window is None:
        raise LookupError(span)
    return window


def _of_product(parts: Parts, product_id: int | None) -> Credits:
    if product_id is not None:
        return parts.get(product_id, NO_CREDITS)
    return sum(parts.values(), NO_CREDITS)


def _is_unlimited(period: SubscriptionPeriod | None) -> bool:
    return period is not None and period.plan.unlimited
