"""Plans and their versions: what a plan meant at a point in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from creditctl.errors import PlanNotFound
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork

_COLUMNS = """
    v.id, v.plan_id, p.name, v.effective_from, v.effective_to, v.title, v.fee_minor, v.interval,
    v.allowance_micro, v.rollover, v.postpaid_limit_micro, v.overage_price, v.unlimited, v.tiers,
    v.limits, v.capabilities, c.currency, v.carry_cap_micro, v.trial_days, v.trial_micro,
    v.gate_when_down
"""
_FROM = """
    FROM plan_version AS v JOIN plan AS p ON p.id = v.plan_id
         JOIN catalog_version AS c ON c.id = v.catalog_version_id
"""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan's name."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class PlanVersionRow:
    """A version of a plan; tiers, limits and capabilities are JSON texts."""

    id: int
    plan_id: int
    name: str
    effective_from: datetime
    effective_to: datetime | None
    title: str
    fee_minor: int
    interval: str
    allowance: Credits
    rollover: str
    postpaid_limit: Credits
    overage_price: Decimal | None
    unlimited: bool
    tiers: str
    limits: str
    capabilities: str
    currency: str
    carry_cap: Credits | None
    trial_days: int
    trial: Credits
    gate_when_down: str | None


def find_plan(unit: UnitOfWork, name: str) -> PlanRow:
    """The plan of that name; raises PlanNotFound."""
    found = unit.fetch_one(PlanRow, "SELECT id, name FROM plan WHERE name = :name", name=name)
    if found is None:
        raise PlanNotFound(f"there is no plan {name!r}")
    return found


def plan_versions(unit: UnitOfWork, plan_id: int) -> list[PlanVersionRow]:
    """Every version of a plan, oldest first."""
    return unit.fetch(
        PlanVersionRow,
        f"SELECT {_COLUMNS} {_FROM} WHERE v.plan_id = :plan_id ORDER BY v.effective_from",
        plan_id=plan_id,
    )


def plan_versions_named(unit: UnitOfWork, name: str) -> list[PlanVersionRow]:
    """The same of the plan of that name."""
    return unit.fetch(
        PlanVersionRow,
        f"SELECT {_COLUMNS} {_FROM} WHERE p.name = :name ORDER BY v.effective_from",
        name=name,
    )


def version_at(versions: Sequence[PlanVersionRow], at: datetime) -> PlanVersionRow:
    """The one in force at that time; raises PlanNotFound when the plan began later."""
    for version in reversed(versions):
        if version.effective_from <= at:
            return version
    raise PlanNotFound(f"the plan was not in force at {at:%Y-%m-%d %H:%M} UTC")


def plans_in_force(unit: UnitOfWork, at: datetime) -> list[PlanVersionRow]:
    """The version of every plan in force at that time, by name."""
    return unit.fetch(
        PlanVersionRow,
        f"""
        SELECT {_COLUMNS} {_FROM}
        WHERE v.effective_from <= :at AND (v.effective_to IS NULL OR v.effective_to > :at)
        ORDER BY p.name
        """,
        at=at,
    )


def open_plan_versions(unit: UnitOfWork) -> list[PlanVersionRow]:
    """The newest version of every plan that has no end."""
    return unit.fetch(
        PlanVersionRow, f"SELECT {_COLUMNS} {_FROM} WHERE v.effective_to IS NULL ORDER BY p.name"
    )


def newest_plan_version(unit: UnitOfWork, plan_id: int) -> PlanVersionRow | None:
    """The version that began last, ended or not."""
    return unit.fetch_one(
        PlanVersionRow,
        f"""
        SELECT {_COLUMNS} {_FROM} WHERE v.plan_id = :plan_id
        ORDER BY v.effective_from DESC LIMIT 1
        """,
        plan_id=plan_id,
    )
