"""Reads a catalog file: every value checked, every complaint with file, line and key."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from creditctl.adapters.toml_source import TomlSource, TomlTable
from creditctl.errors import InvalidInput
from creditctl.rules.catalog import (
    Catalog,
    EndpointSpec,
    GuestRule,
    PlanSpec,
    ProductSpec,
    PromotionSpec,
)
from creditctl.rules.currencies import currency_exponent
from creditctl.rules.periods import MONTHS_IN
from creditctl.rules.pricing import SUCCESS, PriceRule
from creditctl.rules.units import NO_CREDITS, Credits, Money, credits_for

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*", re.ASCII)
_METHOD = re.compile(r"\*|[A-Z]+", re.ASCII)
_PATH = re.compile(r"(/([\w.~:@!$&'()+,;=%-]|\{\w+\})*)*(/\*\*)?", re.ASCII)
EARLIEST_YEAR, LATEST_YEAR = 1970, 2200

LONGEST_GUEST_HOURS = 10 * 366 * 24
"""Who stays for ten years is no guest."""

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

_STATUS = re.compile(r"[1-5](\d\d|xx)", re.ASCII)


def read_catalog(path: Path) -> Catalog:
    """Read and check a file; raises FileMissing or CatalogInvalid."""
    return parse_catalog(TomlSource.read(path))


def parse_catalog(source: TomlSource) -> Catalog:
    """The catalog that a TOML text describes; raises CatalogInvalid."""
    root = source.root()
    head = root.table("catalog")
    currency = _currency(head)
    list_price: Decimal = head.price("list_price")
    tiers = _tiers(root.table("tiers"))
    catalog = Catalog(
        name=_checked(head, "name", head.text("name"), _NAME),
        currency=currency,
        list_price=list_price,
        effective_from=_instant(head, "effective_from"),
        tiers=tiers,
        products=tuple(_product(table, tiers) for table in _named(root.table("products"))),
        plans=tuple(_plan(table, tiers, currency) for table in _named(root.table("plans"))),
        promotions=tuple(
            _promotion(table, currency, list_price) for table in _named(root.table("promotions"))
        ),
        guest=_guest(root.table("guest")) if "guest" in root else None,
    )
    head.finish()
    root.finish()
    _refuse_duplicates(root, catalog)
    return catalog


def _named(table: TomlTable) -> list[TomlTable]:
    for name in table.keys():  # noqa: SIM118 - a TomlTable is no mapping
        _refuse_no_name(table, name)
    return [table.table(name) for name in table.keys()]  # noqa: SIM118


def _refuse_no_name(table: TomlTable, name: str) -> None:
    if not _NAME.fullmatch(name):
        table.refuse(name, "is no name: use lower-case letters, digits, - and _")


def _currency(head: TomlTable) -> str:
    currency: str = head.text("currency")
    try:
        currency_exponent(currency)
    except InvalidInput as problem:
        head.refuse("currency", problem.detail)
    return currency


def _tiers(table: TomlTable) -> dict[str, Credits]:
    for name in table.keys():  # noqa: SIM118
        _refuse_no_name(table, name)
    return {name: table.credits(name) for name in table.keys()}  # noqa: SIM118


def _product(table: TomlTable, tiers: dict[str, Credits]) -> ProductSpec:
    statuses = table.texts("billed_statuses", SUCCESS)
    for status in statuses:
        if not _STATUS.fullmatch(status):
            table.refuse("billed_statuses", f"{status!r} is neither like 200 nor like 2xx")
    product = ProductSpec(
        name=str(table.path[-1]),
        title=table.text("title", str(table.path[-1])),
        endpoints=tuple(
            _endpoint(endpoint, tiers, statuses) for endpoint in table.tables("endpoints")
        ),
        billed_statuses=statuses,
    )
    table.finish()
    return product


def _endpoint(
    table: TomlTable, tiers: dict[str, Credits], statuses: tuple[str, ...]
) -> EndpointSpec:
    method = _checked(table, "method", table.text("method", "*"), _METHOD)
    path = _checked(table, "path", table.text("path"), _PATH)
    if not path:
        table.refuse("path", "must begin with /")
    endpoint = EndpointSpec(method, path, _rule(table, tiers, statuses))
    table.finish()
    return endpoint


def _rule(table: TomlTable, tiers: dict[str, Credits], statuses: tuple[str, ...]) -> PriceRule:
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


def _plan(table: TomlTable, tiers: dict[str, Credits], currency: str) -> PlanSpec:
    allowed = table.texts("tiers", ())
    for tier in allowed:
        if tier not in tiers:
            table.refuse("tiers", f"there is no tier {tier!r}; there are {', '.join(tiers)}")
    if table.choice("rollover", ("reset", "carry"), "reset") == "carry":
        table.refuse("rollover", "carry is not offered yet; use reset")
    plan = PlanSpec(
        name=str(table.path[-1]),
        title=table.text("title", str(table.path[-1])),
        fee=table.money("fee", currency, Money(0, currency)),
        interval=table.choice("interval", tuple(MONTHS_IN), "month"),
        allowance=table.credits("allowance", NO_CREDITS),
        rollover="reset",
        postpaid_limit=table.credits("postpaid_limit", NO_CREDITS),
        overage_price=table.price("overage_price") if "overage_price" in table else None,
        unlimited=table.flag("unlimited", default=False),
        tiers=allowed,
        limits=_limits(table.table("limits")),
        capabilities=_capabilities(table.table("capabilities")),
    )
    table.finish()
    return plan


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
    return found


def _promotion(table: TomlTable, currency: str, list_price: Decimal) -> PromotionSpec:
    if ("credits" in table) == ("money" in table):
        table.source.refuse(table.path, "states its worth once: in credits or in money")
    money: Money | None = table.money("money", currency) if "money" in table else None
    amount: Credits = table.credits("credits") if money is None else credits_for(money, list_price)
    if not amount:
        table.source.refuse(table.path, "gives nothing")
    promotion = PromotionSpec(
        name=str(table.path[-1]),
        title=table.text("title", str(table.path[-1])),
        amount=amount,
        money=money,
        trigger=table.choice("trigger", ("signup", "manual"), "manual"),
    )
    table.finish()
    return promotion


def _guest(table: TomlTable) -> GuestRule:
    rule = GuestRule(
        amount=table.credits("credits"),
        lifetime=timedelta(hours=table.whole("lifetime_hours", least=1, most=LONGEST_GUEST_HOURS)),
    )
    if not rule.amount:
        table.refuse("credits", "must be above zero")
    table.finish()
    return rule


def _instant(table: TomlTable, key: str) -> datetime | None:
    value = table.value(key, date, "a date or a time such as 2026-01-01T00:00:00Z", None)
    if value is None:
        return None
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if value.tzinfo is None:
        table.refuse(key, f"has no time zone; write {value.isoformat()}Z")
    if not EARLIEST_YEAR <= value.year < LATEST_YEAR:
        table.refuse(key, f"must lie between {EARLIEST_YEAR} and {LATEST_YEAR}")
    return value.astimezone(UTC)


def _checked(table: TomlTable, key: str, text: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(text):
        table.refuse(key, f"{text!r} does not look like a {key}")
    return text


def _refuse_duplicates(root: TomlTable, catalog: Catalog) -> None:
    seen: dict[tuple[str, str], str] = {}
    for product in catalog.products:
        for i, endpoint in enumerate(product.endpoints):
            request = (endpoint.method, endpoint.path)
            if request in seen:
                path = ("products", product.name, "endpoints", i, "path")
                what = f"{endpoint.method} {endpoint.path} is priced by {seen[request]} already"
                root.source.refuse(path, what)
            seen[request] = product.name
