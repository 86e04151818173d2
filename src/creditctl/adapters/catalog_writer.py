"""Writes a catalog as the canonical TOML file, the same byte for byte when read and written."""

from datetime import timedelta
from typing import Any

from creditctl.adapters.catalog_values import credits_value, micro_value, without
from creditctl.adapters.catalog_writer_selling import package_facts, seller_facts, tax_tables
from creditctl.rules.catalog import (
    Catalog,
    EndpointSpec,
    GuestRule,
    PlanSpec,
    ProductSpec,
    PromotionSpec,
)
from creditctl.rules.pricing import SUCCESS, PriceRule
from creditctl.rules.service_cost import ServiceCost, cost_text


def catalog_toml(catalog: Catalog) -> str:
    """The whole file; what is a default is left out."""
    import tomli_w

    document = {
        "catalog": _head(catalog),
        "list_prices": {code: format(price, "f") for code, price in catalog.list_prices.items()},
        "tiers": {name: credits_value(credits) for name, credits in catalog.tiers.items()},
        "products": {product.name: _product(product) for product in catalog.products},
        "plans": {plan.name: _plan(plan) for plan in catalog.plans},
        "packages": {spec.name: package_facts(spec, catalog.currency) for spec in catalog.packages},
        "promotions": {spec.name: _promotion(spec) for spec in catalog.promotions},
        "guest": _guest(catalog.guest) if catalog.guest else None,
        "seller": seller_facts(catalog.seller) if catalog.seller else None,
        "taxes": tax_tables(catalog.taxes),
    }
    return tomli_w.dumps(without({}, document), multiline_strings=False)


def _head(catalog: Catalog) -> dict[str, Any]:
    facts = {
        "name": catalog.name,
        "currency": catalog.currency,
        "list_price": format(catalog.list_price, "f"),
        "effective_from": catalog.effective_from,
    }
    return without({}, facts)


def _product(product: ProductSpec) -> dict[str, Any]:
    facts = {
        "title": product.title,
        "billed_statuses": list(product.billed_statuses),
        **_costs(product.cost),
        "volume": [
            {"above": step.above, "credits": micro_value(step.unit_micro)}
            for step in product.volume
        ],
        "endpoints": [
            _endpoint(endpoint) | _costs(endpoint.cost) for endpoint in product.endpoints
        ],
    }
    return without({"title": product.name, "billed_statuses": list(SUCCESS)}, facts)


def _costs(cost: ServiceCost | None) -> dict[str, Any]:
    """A cost of nothing is stated too: none at all means that nobody knows."""
    if cost is None:
        return {}
    facts = {
        "cost_per_request": cost_text(cost.request_micro),
        "cost_per_unit": cost_text(cost.unit_micro),
    }
    return without({"cost_per_unit": "0"}, facts)


def _endpoint(endpoint: EndpointSpec) -> dict[str, Any]:
    return without({"method": "*"}, {"method": endpoint.method, "path": endpoint.path}) | _price(
        endpoint.rule
    )


def _price(rule: PriceRule) -> dict[str, Any]:
    data = _data(rule) if rule.bills_data else None
    facts = {
        "tier": rule.tier,
        "credits": None if rule.tier else micro_value(rule.base_micro),
        "minimum": micro_value(rule.minimum_micro),
        "maximum": None if rule.maximum_micro is None else micro_value(rule.maximum_micro),
        "data": data,
    }
    defaults: dict[str, Any] = {"minimum": 0}
    if data is not None:
        defaults["credits"] = 0
    return without(defaults, facts)


def _data(rule: PriceRule) -> dict[str, Any]:
    facts = {
        "per": rule.per_units,
        "unit": rule.unit,
        "credits": micro_value(rule.unit_micro),
        "rounding": rule.rounding,
        "included": rule.included_units,
    }
    return without({"per": 1, "unit": "units", "rounding": "up", "included": 0}, facts)


def _plan(plan: PlanSpec) -> dict[str, Any]:
    trial = None
    if plan.trial is not None:
        trial = {"days": plan.trial.days, "credits": credits_value(plan.trial.amount)}
    facts = {
        "title": plan.title,
        "fee": str(plan.fee),
        "interval": plan.interval,
        "allowance": credits_value(plan.allowance),
        "rollover": plan.rollover,
        "carry_cap": None if plan.carry_cap is None else credits_value(plan.carry_cap),
        "postpaid_limit": credits_value(plan.postpaid_limit),
        "overage_price": None if plan.overage_price is None else format(plan.overage_price, "f"),
        "unlimited": plan.unlimited,
        "tiers": list(plan.tiers),
        "trial": trial,
        "limits": dict(plan.limits),
        "gate_when_down": plan.gate_when_down,
        "capabilities": dict(plan.capabilities),
        "prices": [_endpoint(endpoint) for endpoint in plan.prices],
    }
    defaults = {
        "title": plan.name,
        "interval": "month",
        "allowance": 0,
        "rollover": "reset",
        "postpaid_limit": 0,
        "unlimited": False,
    }
    return without(defaults, facts)


def _promotion(promotion: PromotionSpec) -> dict[str, Any]:
    facts = {
        "title": promotion.title,
        "credits": None if promotion.money else credits_value(promotion.amount),
        "money": str(promotion.money) if promotion.money else None,
        "trigger": promotion.trigger,
        "code": promotion.code,
        "budget": _budget(promotion),
        "starts": promotion.starts,
        "ends": promotion.ends,
        "lifetime_days": promotion.lifetime and promotion.lifetime.days,
        "product": promotion.product,
        "countries": list(promotion.countries),
        "plans": list(promotion.plans),
    }
    defaults = {"title": promotion.name, "trigger": "code", "code": promotion.name}
    found = without(defaults, facts)
    if promotion.requires != ("not_duplicate",):
        found["requires"] = list(promotion.requires)  # also when it is empty: that says something
    return found


def _budget(promotion: PromotionSpec) -> dict[str, Any]:
    credits = None if promotion.budget is None else credits_value(promotion.budget)
    return without({}, {"credits": credits, "redemptions": promotion.redemptions})


def _guest(guest: GuestRule) -> dict[str, Any]:
    return {
        "credits": credits_value(guest.amount),
        "lifetime_hours": guest.lifetime // timedelta(hours=1),
    }
