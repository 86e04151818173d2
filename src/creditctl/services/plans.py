"""Plans as they are in force."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from creditctl.context import Context
from creditctl.errors import PlanNotFound
from creditctl.rules.units import Credits, Money
from creditctl.store.engine import reading
from creditctl.store.queries.plans import PlanVersionRow, find_plan, plan_version_at, plans_in_force


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
class Plan:
    """Everything a plan gives and limits; `tiers` empty means all of them."""

    name: str
    title: str
    fee: Money
    interval: str
    allowance: Credits
    rollover: str
    postpaid_limit: Credits
    overage_price: Decimal | None
    unlimited: bool
    tiers: tuple[str, ...]
    limits: dict[str, int]
    capabilities: dict[str, bool | int | str]
    effective_from: datetime
    effective_to: datetime | None


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
        row = plan_version_at(unit, find_plan(unit, name).id, context.now)
    if row.effective_to is not None and row.effective_to <= context.now:
        raise PlanNotFound(f"plan {name!r} ended on {row.effective_to:%Y-%m-%d}")
    return _shown(row)


def _shown(row: PlanVersionRow) -> Plan:
    return Plan(
        name=row.name,
        title=row.title,
        fee=Money(row.fee_minor, row.currency),
        interval=row.interval,
        allowance=row.allowance,
        rollover=row.rollover,
        postpaid_limit=row.postpaid_limit,
        overage_price=row.overage_price,
        unlimited=row.unlimited,
        tiers=tuple(json.loads(row.tiers)),
        limits=json.loads(row.limits),
        capabilities=json.loads(row.capabilities),
        effective_from=row.effective_from,
        effective_to=row.effective_to,
    )
