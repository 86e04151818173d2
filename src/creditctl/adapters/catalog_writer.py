"""Writes a catalog as the canonical TOML file, the same byte for byte when read and written."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from creditctl.rules.catalog import (
    Catalog,
    EndpointSpec,
    GuestRule,
    PlanSpec,
    ProductSpec,
    PromotionSpec,
)
from creditctl.rules.pricing import SUCCESS, PriceRule
from creditctl.rules.units import Credits, decimal_text


def catalog_toml(catalog: Catalog) -> str:
    """The whole file; what is a default is left out."""
    import tomli_w

    document = {
        "catalog": _head(catalog),
        "tiers": {name: _credits(credits) for name, credits in catalog.tiers.items()},
        "products": {product.name: _product(product) for product in catalog.products},
        "plans": {plan.name: _plan(plan) for plan in catalog.plans},
        "promotions": {spec.name: _promotion(spec) for spec in catalog.promotions},
        "guest": _guest(catalog.guest) if catalog.guest else None,
    }
    return tomli_w.dumps(_without({}, document), multiline_strings=False)


def _head(catalog: Catalog) -> dict[str, Any]:
    facts = {
        "name": catalog.name,
        "currency": catalog.currency,
        "list_price": format(catalog.list_price, "f"),
        "effective_from": catalog.effective_from,
    }
    return _without({}, facts)


def _product(product: ProductSpec) -> dict[str, Any]:
    facts = {
        "title": product.title,
        "billed_statuses": list(product.billed_statuses),
        "volume": [
            {"above": step.above, "credits": _micro(step.unit_micro)} for step in product.volume
        ],
        "endpoints": [_endpoint(endpoint) for endpoint in product.endpoints],
    }
    return _without({"title": product.name, "billed_statuses": list(SUCCESS)}, facts)


def _endpoint(endpoint: EndpointSpec) -> dict[str, Any]:
    return _without({"method": "*"}, {"method": endpoint.method, "path": endpoint.path}) | _price(
        endpoint.rule
    )


def _price(rule: PriceRule) -> dict[str, Any]:
    data = _data(rule) if rule.bills_data else None
    facts = {
        "tier": rule.tier,
        "credits": None if rule.tier else _micro(rule.base_micro),
        "minimum": _micro(rule.minimum_micro),
        "maximum": None if rule.maximum_micro is None else _micro(rule.maximum_micro),
        "data": data,
    }
    defaults: dict[str, Any] = {"minimum": 0}
    if data is not None:
        defaults["credits"] = 0
    return _without(defaults, facts)


def _data(rule: PriceRule) -> dict[str, Any]:
    facts = {
        "per": rule.per_units,
        "unit": rule.unit,
        "credits": _micro(rule.unit_micro),
        "rounding": rule.rounding,
        "included": rule.included_units,
    }
    return _without({"per": 1, "unit": "units", "rounding": "up", "included": 0}, facts)


def _plan(plan: PlanSpec) -> dict[str, Any]:
    trial = None
    if plan.trial is not None:
        trial = {"days": plan.trial.days, "credits": _credits(plan.trial.amount)}
    facts = {
        "title": plan.title,
        "fee": str(plan.fee),
        "interval": plan.interval,
        "allowance": _credits(plan.allowance),
        "rollover": plan.rollover,
        "carry_cap": None if plan.carry_cap is None else _credits(plan.carry_cap),
        "postpaid_limit": _credits(plan.postpaid_limit),
        "overage_price": None if plan.overage_price is None else format(plan.overage_price, "f"),
        "unlimited": plan.unlimited,
        "tiers": list(plan.tiers),
        "trial": trial,
        "limits": dict(plan.limits),
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
    return _without(defaults, facts)


def _promotion(promotion: PromotionSpec) -> dict[str, Any]:
    facts = {
        "title": promotion.title,
        "credits": None if promotion.money else _credits(promotion.amount),
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
    found = _without(defaults, facts)
    if promotion.requires != ("not_duplicate",):
        found["requires"] = list(promotion.requires)  # also when it is empty: that says something
    return found


def _budget(promotion: PromotionSpec) -> dict[str, Any]:
    credits = None if promotion.budget is None else _credits(promotion.budget)
    return _without({}, {"credits": credits, "redemptions": promotion.redemptions})


def _guest(guest: GuestRule) -> dict[str, Any]:
    return {
        "credits": _credits(guest.amount),
        "lifetime_hours": guest.lifetime // timedelta(hours=1),
    }


def _credits(credits: Credits) -> int | str:
    return _micro(credits.micro)


def _micro(micro: int) -> int | str:
    """Whole credits as a number, others as a text: TOML's fractions would be floats."""
    text = decimal_text(micro, 6)
    return text if "." in text else int(text)


def _without(defaults: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that say something."""
    return {
        name: value
        for name, value in facts.items()
        if value is not None and value not in ([], {}) and defaults.get(name) != value
    }
