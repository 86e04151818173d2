"""The `[products]` of a catalog file: endpoints and what they cost."""

import re
from dataclasses import replace

from creditctl.adapters.toml_source import TomlTable
from creditctl.errors import InvalidInput
from creditctl.rules.catalog import EndpointSpec, ProductSpec
from creditctl.rules.pricing import SUCCESS, PriceRule, VolumeStep
from creditctl.rules.service_cost import COST_PLACES, ServiceCost
from creditctl.rules.units import NO_CREDITS, Credits, scaled

_METHOD = re.compile(r"\*|[A-Z]+", re.ASCII)
_PATH = re.compile(r"(/([\w.~:@!$&'()+,;=%-]|\{\w+\})*)*(/\*\*)?", re.ASCII)
_STATUS = re.compile(r"[1-5](\d\d|xx)", re.ASCII)


def product_of(table: TomlTable, tiers: dict[str, Credits]) -> ProductSpec:
    """A product with its endpoints; raises CatalogInvalid."""
    statuses = table.texts("billed_statuses", SUCCESS)
    for status in statuses:
        if not _STATUS.fullmatch(status):
            table.refuse("billed_statuses", f"{status!r} is neither like 200 nor like 2xx")
    steps = _volume(table)
    product = ProductSpec(
        name=str(table.path[-1]),
        title=table.text("title", str(table.path[-1])),
        endpoints=tuple(
            _served_endpoint(endpoint, tiers, statuses, steps)
            for endpoint in table.tables("endpoints")
        ),
        billed_statuses=statuses,
        volume=steps,
        cost=_cost_of(table),
    )
    table.finish()
    _check_volume(table, product)
    return product


def _volume(table: TomlTable) -> tuple[VolumeStep, ...]:
    """The steps of a price graduated by the day's volume, in rising order."""
    steps: list[VolumeStep] = []
    for step in table.tables("volume"):
        above = step.whole("above", least=1)
        if steps and above <= steps[-1].above:
            step.refuse("above", f"must rise from step to step, and {above} does not")
        steps.append(VolumeStep(above, step.credits("credits").micro))
        step.finish()
    return tuple(steps)


def _check_volume(table: TomlTable, product: ProductSpec) -> None:
    """Refuse prices whose sum over a day would depend on the order of the requests."""
    rules = [endpoint.rule for endpoint in product.endpoints if endpoint.rule.volume_steps]
    for rule in rules:
        if rule.minimum_micro or rule.maximum_micro is not None:
            table.refuse("volume", "cannot be had together with a minimum or maximum")
    # Of what bills requests the base is the unit's price; beside data it stays what it is.
    units = {
        (rule.unit_micro, rule.per_units, rule.rounding) if rule.bills_data else rule.base_micro
        for rule in rules
    }
    if len(units) > 1:
        table.refuse("volume", "needs endpoints that all cost the same for a unit")


def _served_endpoint(
    table: TomlTable,
    tiers: dict[str, Credits],
    statuses: tuple[str, ...],
    volume: tuple[VolumeStep, ...],
) -> EndpointSpec:
    """A product's endpoint: it may say what serving it costs, whatever a plan charges for it."""
    cost = _cost_of(table)
    return replace(endpoint_of(table, tiers, statuses, volume), cost=cost)


def _cost_of(table: TomlTable) -> ServiceCost | None:
    """What serving costs, in the catalog's currency; one of the two that is left out is zero."""
    costs = [_micro_money(table, key) for key in ("cost_per_request", "cost_per_unit")]
    if costs == [None, None]:
        return None
    return ServiceCost(*(cost or 0 for cost in costs))


def _micro_money(table: TomlTable, key: str) -> int | None:
    cost = table.cost(key, None)
    if cost is None:
        return None
    try:
        return scaled(cost, COST_PLACES, "cost")
    except InvalidInput as problem:
        table.refuse(key, problem.detail)


def endpoint_of(
    table: TomlTable,
    tiers: dict[str, Credits],
    statuses: tuple[str, ...],
    volume: tuple[VolumeStep, ...] = (),
) -> EndpointSpec:
    """A method, a path, and their price."""
    method = checked(table, "method", table.text("method", "*"), _METHOD)
    path = checked(table, "path", table.text("path"), _PATH)
    if not path:
        table.refuse("path", "must begin with /")
    rule = rule_of(table, tiers, statuses)
    if rule.base_micro or rule.unit_micro:
        rule = replace(rule, volume_steps=volume)
    table.finish()
    return EndpointSpec(method, path, rule)


def rule_of(table: TomlTable, tiers: dict[str, Credits], statuses: tuple[str, ...]) -> PriceRule:
    """A price: a tier or credits, data, a minimum and a maximum."""
    tier = table.choice("tier", tuple(tiers), None)
    if tier is not None and "credits" in table:
        table.refuse("credits", "a tier decides the price already; keep one of the two")
    if tier is None and "credits" not in table and "data" not in table:
        table.source.refuse(table.path, "has no price: give it a tier, credits or data")
    base = tiers[tier] if tier is not None else table.credits("credits", NO_CREDITS)
    minimum: Credits = table.credits("minimum", NO_CREDITS)
    maximum: Credits | None = table.credits("maximum") if "maximum" in table else None
    if maximum is not None and maximum < minimum:
        table.refuse("maximum", f"{maximum} is below the minimum {minimum}")
    data = table.table("data")
    rule = PriceRule(
        tier=tier,
        base_micro=base.micro,
        unit_micro=data.credits("credits").micro if "data" in table else 0,
        per_units=data.whole("per", 1, least=1),
        unit=data.text("unit", "units") if "data" in table else None,
        rounding=data.choice("rounding", ("up", "exact"), "up"),
        included_units=data.whole("included", 0),
        minimum_micro=minimum.micro,
        maximum_micro=None if maximum is None else maximum.micro,
        billed_statuses=statuses,
    )
    data.finish()
    return rule


def checked(table: TomlTable, key: str, text: str, pattern: re.Pattern[str]) -> str:
    """A text that has to look like something."""
    if not pattern.fullmatch(text):
        table.refuse(key, f"{text!r} does not look like a {key}")
    return text
