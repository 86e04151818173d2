"""What a catalog file would change: its facts beside those in force, field by field."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TypeAlias

from creditctl.rules.catalog import Catalog, PlanSpec, TrialRule
from creditctl.rules.pricing import PriceRule
from creditctl.rules.units import Credits, Money, decimal_text
from creditctl.services.price_book import rule_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.catalog import all_endpoints, all_prices
from creditctl.store.queries.plans import PlanVersionRow, open_plan_versions

Facts: TypeAlias = dict[str, str]

_PLAIN_FACTS = (
    "title",
    "interval",
    "rollover",
    "overage_price",
    "unlimited",
    "tiers",
    "gate_when_down",
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is added, changed or removed; `field` and values only for a change."""

    action: str
    kind: str
    name: str
    field: str | None = None
    old: str | None = None
    new: str | None = None


def differences(unit: UnitOfWork, catalog: Catalog) -> list[Difference]:
    """Everything in which the file and the prices and plans in force differ, in a stable order."""
    prices = compared("price", prices_in_force(unit), prices_of(catalog))
    plans = compared("plan", plans_in_force(unit), plans_of(catalog))
    return [*prices, *plans]


def prices_of(catalog: Catalog) -> dict[str, Facts]:
    """The file's prices, by `METHOD PATH`, and those of plans by `METHOD PATH (plan NAME)`."""
    prices = {}
    names = {}
    for product in catalog.products:
        for endpoint in product.endpoints:
            request = f"{endpoint.method} {endpoint.path}"
            names[request] = product.name
            prices[price_name(request, None)] = price_facts(product.name, endpoint.rule)
    for plan in catalog.plans:
        for endpoint in plan.prices:
            request = f"{endpoint.method} {endpoint.path}"
            facts = price_facts(names[request], endpoint.rule)
            prices[price_name(request, plan.name)] = facts
    return prices


def price_name(request: str, plan: str | None) -> str:
    """What a price is called in a comparison."""
    return f"{request} (plan {plan})" if plan else request


def prices_in_force(unit: UnitOfWork) -> dict[str, Facts]:
    """The newest prices in the database that have no end, called as `prices_of` calls them."""
    endpoints = {endpoint.id: endpoint for endpoint in all_endpoints(unit)}
    return {
        price_name(f"{endpoint.method} {endpoint.path}", price.plan): price_facts(
            endpoint.product, rule_of(price)
        )
        for price in all_prices(unit)
        if price.effective_to is None
        for endpoint in [endpoints[price.endpoint_id]]
    }


def price_facts(product: str, rule: PriceRule) -> Facts:
    """A price as texts that can be compared and shown."""
    data = "none"
    if rule.unit_micro:
        credits = decimal_text(rule.unit_micro, 6)
        data = f"{credits} per {rule.per_units} {rule.unit}, {rule.rounding}"
        data += f", {rule.included_units} included" if rule.included_units else ""
    maximum = "none" if rule.maximum_micro is None else decimal_text(rule.maximum_micro, 6)
    return {
        "product": product,
        "tier": rule.tier or "none",
        "credits": decimal_text(rule.base_micro, 6),
        "data": data,
        "minimum": decimal_text(rule.minimum_micro, 6),
        "maximum": maximum,
        "billed_statuses": ", ".join(rule.billed_statuses),
        "volume": "; ".join(
            f"{decimal_text(step.unit_micro, 6)} beyond {step.above}" for step in rule.volume_steps
        )
        or "none",
    }


def plans_of(catalog: Catalog) -> dict[str, Facts]:
    """The file's plans, by name."""
    return {plan.name: plan_facts(plan) for plan in catalog.plans}


def plans_in_force(unit: UnitOfWork) -> dict[str, Facts]:
    """The newest plans in the database that have no end, by name."""
    return {row.name: plan_facts(plan_of(row)) for row in open_plan_versions(unit)}


def plan_facts(plan: PlanSpec) -> Facts:
    """A plan as texts that can be compared and shown."""
    facts = {name: _text(value) for name, value in asdict(plan).items() if name in _PLAIN_FACTS}
    facts["carry_cap"] = "none" if plan.carry_cap is None else str(plan.carry_cap)
    trial = plan.trial
    facts["trial"] = "none" if trial is None else f"{trial.days} days, {trial.amount} credits"
    facts |= {"fee": f"{plan.fee.currency} {plan.fee}", "allowance": str(plan.allowance)}
    facts |= {"postpaid_limit": str(plan.postpaid_limit)}
    for table in ("limits", "capabilities"):
        facts |= {f"{table}.{name}": _text(value) for name, value in getattr(plan, table).items()}
    return facts


def plan_of(row: PlanVersionRow) -> PlanSpec:
    """A stored version as the catalog would state it."""
    return PlanSpec(
        name=row.name,
        title=row.title,
        fee=Money(row.fee_minor, row.currency),
        interval=row.interval,
        allowance=Credits(row.allowance.micro),
        rollover=row.rollover,
        postpaid_limit=row.postpaid_limit,
        overage_price=row.overage_price,
        unlimited=row.unlimited,
        tiers=tuple(json.loads(row.tiers)),
        limits=json.loads(row.limits),
        capabilities=json.loads(row.capabilities),
        carry_cap=row.carry_cap,
        trial=TrialRule(row.trial_days, row.trial) if row.trial_days else None,
        gate_when_down=row.gate_when_down,
    )


def compared(kind: str, old: Mapping[str, Facts], new: Mapping[str, Facts]) -> Iterator[Difference]:
    """What was added, removed or changed between two sets of facts, by name."""
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield Difference("added", kind, name)
        elif name not in new:
            yield Difference("removed", kind, name)
        else:
            for field in sorted(old[name].keys() | new[name].keys()):
                before, after = old[name].get(field), new[name].get(field)
                if before != after:
                    yield Difference("changed", kind, name, field, before, after)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "all"
    return "none" if value is None else str(value)
