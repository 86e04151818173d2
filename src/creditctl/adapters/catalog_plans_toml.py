"""The `[plans]` and `[guest]` of a catalog file."""

from datetime import timedelta

from creditctl.adapters.catalog_prices_toml import endpoint_of
from creditctl.adapters.toml_source import TomlTable
from creditctl.rules.catalog import (
    EndpointSpec,
    GuestRule,
    PlanSpec,
    ProductSpec,
    TrialRule,
)
from creditctl.rules.gate_terms import HISTORY
from creditctl.rules.periods import MONTHS_IN
from creditctl.rules.units import NO_CREDITS, Credits, Money

LONGEST_GUEST_HOURS = 10 * 366 * 24
"""Who stays for ten years is no guest."""

LONGEST_TRIAL_DAYS = 366

LIMITS = (
    "requests_per_period",
    "requests_per_hour",
    "burst_per_10_seconds",
    "websocket_connections",
    "streamed_messages_per_period",
    "webhook_deliveries_per_period",
    "webhooks",
)
"""What a plan can limit for each key [FL]; a limit that is not named is none."""


LONGEST_HISTORY_DAYS = 366 * 1000

WHEN_DOWN = ("open", "closed")


def plan_of(
    table: TomlTable,
    tiers: dict[str, Credits],
    currency: str,
    products: tuple[ProductSpec, ...],
) -> PlanSpec:
    """A plan with its trial and its own prices; raises CatalogInvalid."""
    allowed = table.texts("tiers", ())
    for tier in allowed:
        if tier not in tiers:
            table.refuse("tiers", f"there is no tier {tier!r}; there are {', '.join(tiers)}")
    rollover = table.choice("rollover", ("reset", "carry"), "reset")
    if "carry_cap" in table and rollover != "carry":
        table.refuse("carry_cap", 'needs rollover = "carry"')
    allowance: Credits = table.credits("allowance", NO_CREDITS)
    plan = PlanSpec(
        name=str(table.path[-1]),
        title=table.text("title", str(table.path[-1])),
        fee=table.money("fee", currency, Money(0, currency)),
        interval=table.choice("interval", tuple(MONTHS_IN), "month"),
        allowance=allowance,
        rollover=rollover,
        postpaid_limit=table.credits("postpaid_limit", NO_CREDITS),
        overage_price=table.price("overage_price") if "overage_price" in table else None,
        unlimited=table.flag("unlimited", default=False),
        tiers=allowed,
        limits=_limits(table.table("limits")),
        capabilities=_capabilities(table.table("capabilities")),
        carry_cap=table.credits("carry_cap") if "carry_cap" in table else None,
        trial=_trial(table.table("trial"), allowance) if "trial" in table else None,
        prices=_prices(table, tiers, products),
        gate_when_down=(
            table.choice("gate_when_down", WHEN_DOWN, WHEN_DOWN[0])
            if "gate_when_down" in table
            else None
        ),
    )
    table.finish()
    return plan


def _trial(table: TomlTable, allowance: Credits) -> TrialRule:
    rule = TrialRule(
        days=table.whole("days", least=1, most=LONGEST_TRIAL_DAYS),
        amount=table.credits("credits", allowance),
    )
    table.finish()
    return rule


def _prices(
    table: TomlTable, tiers: dict[str, Credits], products: tuple[ProductSpec, ...]
) -> tuple[EndpointSpec, ...]:
    """The plan's own prices, each of an endpoint that has a list price."""
    statuses = {
        (endpoint.method, endpoint.path): product.billed_statuses
        for product in products
        for endpoint in product.endpoints
    }
    found: dict[tuple[str, str], EndpointSpec] = {}
    for price in table.tables("prices"):
        request = (price.text("method", "*"), price.text("path"))
        if request not in statuses:
            price.refuse("path", f"{' '.join(request)} is no endpoint of the products")
        if request in found:
            price.refuse("path", f"{' '.join(request)} has a price in this plan already")
        found[request] = endpoint_of(price, tiers, statuses[request])
    return tuple(found.values())


def _limits(table: TomlTable) -> dict[str, int]:
    found = {name: table.whole(name, None) for name in LIMITS}
    table.finish()
    return {name: number for name, number in found.items() if number is not None}


def _capabilities(table: TomlTable) -> dict[str, bool | int | str]:
    found: dict[str, bool | int | str] = {}
    for name in table.keys():  # noqa: SIM118
        value = table.value(name, object, "true, false, a whole number or a text")
        if not isinstance(value, bool | int | str):
            table.refuse(name, "must be true, false, a whole number or a text")
        found[name] = value
    if HISTORY in found:
        # The gate counts days back from now.
        found[HISTORY] = table.whole(HISTORY, most=LONGEST_HISTORY_DAYS)
    return found


def guest_of(table: TomlTable) -> GuestRule:
    """What guests get."""
    rule = GuestRule(
        amount=table.credits("credits"),
        lifetime=timedelta(hours=table.whole("lifetime_hours", least=1, most=LONGEST_GUEST_HOURS)),
    )
    if not rule.amount:
        table.refuse("credits", "must be above zero")
    table.finish()
    return rule
