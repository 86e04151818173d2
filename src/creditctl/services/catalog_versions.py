"""Writes prices and plans as new versions; what was in force before stays (DESIGN 3.2)."""

import json
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from creditctl.errors import Conflict
from creditctl.rules.catalog import Catalog, EndpointSpec, PlanSpec, ProductSpec
from creditctl.rules.pricing import PriceRule
from creditctl.services.catalog_diff import plan_facts, plan_of
from creditctl.services.price_book import LIST, rule_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.catalog import (
    EndpointRow,
    PriceRow,
    all_endpoints,
    all_prices,
    close_version,
    product_ids,
    set_product_title,
)
from creditctl.store.queries.plans import (
    find_plan,
    newest_plan_version,
    open_plan_versions,
)
from creditctl.store.queries.promotions import promotion_rows, set_budget
from creditctl.store.queries.subscriptions import plans_subscribed_to


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What every row that an apply writes has in common."""

    catalog_version_id: int
    effective_from: datetime


def write_prices(unit: UnitOfWork, catalog: Catalog, new: NewVersion) -> None:
    """Give changed endpoints a new price from then on, and end the prices of removed ones."""
    names = {row.id: row for row in all_endpoints(unit)}
    endpoints = {(row.method, row.path): row for row in names.values()}
    newest: dict[tuple[int, int], PriceRow] = {}
    for price in all_prices(unit):
        newest.setdefault((price.endpoint_id, price.plan_id), price)
    ids: dict[tuple[str, str], int] = {}
    kept = set()
    for product in catalog.products:
        product_id = _product_id(unit, product)
        for spec in product.endpoints:
            request = (spec.method, spec.path)
            ids[request] = _endpoint_id(unit, product, product_id, spec, endpoints.get(request))
            kept.add((ids[request], LIST))
            _write_price(unit, ids[request], LIST, spec, newest.get((ids[request], LIST)), new)
    for plan in catalog.plans:
        for spec in plan.prices:
            place = (ids[spec.method, spec.path], find_plan(unit, plan.name).id)
            kept.add(place)
            _write_price(unit, *place, spec, newest.get(place), new)
    for place, price in newest.items():
        if place not in kept and price.effective_to is None:
            row = names[price.endpoint_id]
            what = f"{row.method} {row.path}"
            end_version(unit, "endpoint_price", what, price.id, price.effective_from, new)


def write_plans(unit: UnitOfWork, catalog: Catalog, new: NewVersion) -> None:
    """Give changed plans a new version from then on, and end removed ones."""
    known = {str(name) for (name,) in unit.fetch_rows("SELECT name FROM plan")}
    for spec in catalog.plans:
        plan_id = (
            find_plan(unit, spec.name).id
            if spec.name in known
            else unit.insert("plan", name=spec.name)
        )
        newest = newest_plan_version(unit, plan_id)
        if newest is not None and newest.effective_to is None:
            if plan_facts(plan_of(newest)) == plan_facts(spec):
                continue
            if newest.interval != spec.interval and plan_id in plans_subscribed_to(unit):
                raise Conflict(
                    f"plan {spec.name} has subscriptions that run by the {newest.interval}",
                    hint="offer the other interval as a plan of its own",
                )
            what = f"plan {spec.name}"
            end_version(unit, "plan_version", what, newest.id, newest.effective_from, new)
        elif newest is not None and newest.effective_to is not None:
            refuse_overlap(f"plan {spec.name}", newest.effective_to, new)
        _insert_plan_version(unit, plan_id, spec, new)
    for row in open_plan_versions(unit):
        if row.name not in {spec.name for spec in catalog.plans}:
            what = f"plan {row.name}"
            end_version(unit, "plan_version", what, row.id, row.effective_from, new)


def _product_id(unit: UnitOfWork, product: ProductSpec) -> int:
    found = product_ids(unit).get(product.name)
    if found is None:
        return unit.insert("product", name=product.name, title=product.title)
    set_product_title(unit, found, product.title)
    return found


def _endpoint_id(
    unit: UnitOfWork,
    product: ProductSpec,
    product_id: int,
    spec: EndpointSpec,
    row: EndpointRow | None,
) -> int:
    if row is None:
        return unit.insert("endpoint", product_id=product_id, method=spec.method, path=spec.path)
    if row.product_id != product_id:
        raise Conflict(
            f"{spec.method} {spec.path} belongs to product {row.product}, not {product.name}",
            hint="usage booked under a product stays there; give the new one another path",
        )
    return row.id


def _write_price(
    unit: UnitOfWork,
    endpoint_id: int,
    plan_id: int,
    spec: EndpointSpec,
    newest: PriceRow | None,
    new: NewVersion,
) -> None:
    if newest is not None and newest.effective_to is None:
        if rule_of(newest) == spec.rule:
            return
        what = f"{spec.method} {spec.path}"
        end_version(unit, "endpoint_price", what, newest.id, newest.effective_from, new)
    elif newest is not None and newest.effective_to is not None:
        refuse_overlap(f"{spec.method} {spec.path}", newest.effective_to, new)
    rule = spec.rule
    unit.insert(
        "endpoint_price",
        endpoint_id=endpoint_id,
        plan_id=plan_id,
        catalog_version_id=new.catalog_version_id,
        effective_from=new.effective_from,
        tier=rule.tier,
        base_micro=rule.base_micro,
        unit_micro=rule.unit_micro,
        per_units=rule.per_units,
        unit=rule.unit,
        rounding=rule.rounding,
        included_units=rule.included_units,
        minimum_micro=rule.minimum_micro,
        maximum_micro=rule.maximum_micro,
        billed_statuses=json.dumps(rule.billed_statuses),
        volume_steps=_steps_text(rule),
    )


def _steps_text(rule: PriceRule) -> str | None:
    if not rule.volume_steps:
        return None
    return json.dumps([[step.above, step.unit_micro] for step in rule.volume_steps])


def _insert_plan_version(unit: UnitOfWork, plan_id: int, spec: PlanSpec, new: NewVersion) -> None:
    unit.insert(
        "plan_version",
        plan_id=plan_id,
        catalog_version_id=new.catalog_version_id,
        effective_from=new.effective_from,
        title=spec.title,
        fee_minor=spec.fee.minor,
        interval=spec.interval,
        allowance_micro=spec.allowance,
        rollover=spec.rollover,
        postpaid_limit_micro=spec.postpaid_limit,
        overage_price=spec.overage_price,
        unlimited=spec.unlimited,
        tiers=json.dumps(spec.tiers),
        limits=json.dumps(spec.limits),
        capabilities=json.dumps(spec.capabilities),
        carry_cap_micro=spec.carry_cap,
        trial_days=spec.trial.days if spec.trial else 0,
        trial_micro=spec.trial.amount if spec.trial else 0,
        gate_when_down=spec.gate_when_down,
    )


def end_version(
    unit: UnitOfWork, table: str, what: str, version_id: int, since: datetime, new: NewVersion
) -> None:
    """Let a version in force since then end where the new one begins; raises Conflict."""
    refuse_overlap(what, since, new)
    close_version(unit, table, version_id, new.effective_from)


def refuse_overlap(what: str, known_until: datetime, new: NewVersion) -> None:
    """Raises Conflict when the new version does not begin after what is known."""
    if new.effective_from > known_until:
        return
    raise Conflict(
        f"{what} has a version from {known_until:%Y-%m-%d %H:%M} UTC, and history is not rewritten",
        hint="set [catalog] effective_from to a later time, or remove it to begin now",
    )


def write_budgets(unit: UnitOfWork, catalog: Catalog) -> None:
    """Put the promotions' budgets in force; raises Conflict below what was given already."""
    for promotion in sorted(catalog.promotions, key=attrgetter("name")):
        if set_budget(unit, promotion.name, promotion.budget, promotion.redemptions):
            continue
        given = promotion_rows(unit)[promotion.name]
        raise Conflict(
            f"{promotion.name} has given {given.given} credits in {given.redemptions} claims, more"
            " than its budget would be",
            hint="to stop it, set ends to a time that is past, or take it out of the catalog",
        )
