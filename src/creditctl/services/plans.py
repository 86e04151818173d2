"""Plans as they are in force."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import attrgetter

from creditctl.context import Context
from creditctl.errors import PlanNotFound
from creditctl.rules.catalog import GATE_WHEN_DOWN
from creditctl.rules.instants import micros_of
from creditctl.rules.units import Credits, Money
from creditctl.services.price_book import load_price_book
from creditctl.services.price_words import cost_in_words
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.catalog import all_endpoints
from creditctl.store.queries.plans import (
    PlanVersionRow,
    find_plan,
    plan_versions,
    plans_in_force,
    version_at,
)


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """A plan in one line."""

    name: str
    title: str
    fee: Money
    interval: str
    allowance: Credits
    postpaid_limit: Credits
    unlimited: bool


@dataclass(frozen=True, slots=True)
class PlanPrice:
    """What a request to an endpoint costs on the plan instead of the list price."""

    product: str
    method: str
    path: str
    cost: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a plan gives and limits; `tiers` empty means all of them."""

    name: str
    title: str
    fee: Money
    interval: str
    allowance: Credits
    rollover: str
    carry_cap: Credits | None
    """With rollover `carry`: the most that is carried into a period; None without a limit."""

    trial_days: int
    trial_credits: Credits
    postpaid_limit: Credits
    overage_price: Decimal | None
    unlimited: bool
    tiers: tuple[str, ...]
    limits: dict[str, int]
    capabilities: dict[str, bool | int | str]
    gate_when_down: str
    """What the gate does without its counters: open admits requests, closed refuses them."""

    effective_from: datetime
    effective_to: datetime | None
    prices: tuple[PlanPrice, ...]


def list_plans(context: Context) -> list[PlanSummary]:
    """The plans in force now, by name."""
    with reading(context.database) as unit:
        rows = plans_in_force(unit, context.now)
    return [
        PlanSummary(
            name=row.name,
            title=row.title,
            fee=Money(row.fee_minor, row.currency),
            interval=row.interval,
            allowance=row.allowance,
            postpaid_limit=row.postpaid_limit,
            unlimited=row.unlimited,
        )
        for row in rows
    ]


def show_plan(context: Context, name: str) -> Plan:
    """The plan's version in force now; raises PlanNotFound, also when it has ended."""
    with reading(context.database) as unit:
        row = plan_on_offer(unit, name, context.now)
        return _shown(row, tuple(_own_prices(unit, row, context.now)))


def plan_on_offer(unit: UnitOfWork, name: str, at: datetime) -> PlanVersionRow:
    """The version in force at that time; raises PlanNotFound, also when the plan has ended."""
    row = version_at(plan_versions(unit, find_plan(unit, name).id), at)
    if row.effective_to is not None and row.effective_to <= at:
        raise PlanNotFound(f"plan {name!r} ended on {row.effective_to:%Y-%m-%d}")
    return row


def _own_prices(unit: UnitOfWork, plan: PlanVersionRow, now: datetime) -> Iterator[PlanPrice]:
    book = load_price_book(unit)
    for row in sorted(all_endpoints(unit), key=attrgetter("product", "path", "method")):
        price = book.price_at(row.id, micros_of(now), plan.plan_id)
        if price is not None and price.plan == plan.name:
            yield PlanPrice(row.product, row.method, row.path, cost_in_words(price.rule))


def _shown(row: PlanVersionRow, prices: tuple[PlanPrice, ...]) -> Plan:
    return Plan(
        name=row.name,
        title=row.title,
        fee=Money(row.fee_minor, row.currency),
        interval=row.interval,
        allowance=row.allowance,
        rollover=row.rollover,
        carry_cap=row.carry_cap,
        trial_days=row.trial_days,
        trial_credits=row.trial,
        postpaid_limit=row.postpaid_limit,
        overage_price=row.overage_price,
        unlimited=row.unlimited,
        tiers=tuple(json.loads(row.tiers)),
        limits=json.loads(row.limits),
        capabilities=json.loads(row.capabilities),
        gate_when_down=row.gate_when_down or GATE_WHEN_DOWN,
        effective_from=row.effective_from,
        effective_to=row.effective_to,
        prices=prices,
    )
