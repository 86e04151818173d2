"""Writes prices and plans as new versions; what was in force before stays (DESIGN 3.2)."""

import json
from dataclasses import dataclass
from datetime import datetime

from creditctl.errors import Conflict
from creditctl.rules.catalog import Catalog, EndpointSpec, PlanSpec, ProductSpec
from creditctl.services.catalog_diff import plan_facts, plan_of, price_facts
from creditctl.services.price_book import rule_of
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
    PlanVersionRow,
    find_plan,
    newest_plan_version,
    open_plan_versions,
)


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What every row that an apply writes has in common."""

    catalog_version_id: int
    effective_from: datetime


def write_prices(unit: UnitOfWork, catalog: Catalog, new: NewVersion) -> None:
    """Give changed endpoints a new price from then on, and end the prices of removed ones."""
    names = {row.id: row for row in all_endpoints(unit)}
    endpoints = {(row.method, row.path): row for row in names.values()}
    newest: dict[int, PriceRow] = {}
    for price in all_prices(unit):
        newest.setdefault(price.endpoint_id, price)
    kept = set()
    for product in catalog.products:
        product_id = _product_id(unit, product)
        for spec in product.endpoints:
            row = endpoints.get((spec.method, spec.path))
            endpoint_id = _endpoint_id(unit, product, product_id, spec, row)
            kept.add(endpoint_id)
            _write_price(unit, product, endpoint_id, spec, newest.get(endpoint_id), new)
    for endpoint_id, price in newest.items():
        if endpoint_id not in kept and price.effective_to is None:
            what = f"{names[endpoint_id].method} {names[endpoint_id].path}"
            _close(unit, "endpoint_price", what, price, new)


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
            _close(unit, "plan_version", f"plan {spec.name}", newest, new)
        elif newest is not None and newest.effective_to is not None:
            _refuse_overlap(f"plan {spec.name}", newest.effective_to, new)
        _insert_plan_version(unit, plan_id, spec, new)
    for row in open_plan_versions(unit):
        if row.name not in {spec.name for spec in catalog.plans}:
            _close(unit, "plan_version", f"plan {row.name}", row, new)


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
    product: ProductSpec,
    endpoint_id: int,
    spec: EndpointSpec,
    newest: PriceRow | None,
    new: NewVersion,
) -> None:
    if newest is not None and newest.effective_to is None:
        before = price_facts(product.name, rule_of(newest))
        if before == price_facts(product.name, spec.rule):
            return
        _close(unit, "endpoint_price", f"{spec.method} {spec.path}", newest, new)
    elif newest is not None and newest.effective_to is not None:
        _refuse_overlap(f"{spec.method} {spec.path}", newest.effective_to, new)
    rule = spec.rule
    unit.insert(
        "endpoint_price",
        endpoint_id=endpoint_id,
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
    )


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
    )


def _close(
    unit: UnitOfWork, table: str, what: str, version: PriceRow | PlanVersionRow, new: NewVersion
) -> None:
    _refuse_overlap(what, version.effective_from, new)
    close_version(unit, table, version.id, new.effective_from)


def _refuse_overlap(what: str, known_until: datetime, new: NewVersion) -> None:
    if new.effective_from > known_until:
        return
    raise Conflict(
        f"{what} has a version from {known_until:%Y-%m-%d %H:%M} UTC, and history is not rewritten",
        hint="set [catalog] effective_from to a later time, or remove it to begin now",
    )
