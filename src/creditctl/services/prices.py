"""Prices: what requests cost, and why [CapSolver: credits may obscure the true cost per call]."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from creditctl.context import Context
from creditctl.errors import EndpointNotFound, ProductNotFound
from creditctl.rules.instants import micros_of
from creditctl.rules.pricing import PriceRule, billed_blocks, data_part, is_billed, price_of
from creditctl.rules.units import NO_CREDITS, Credits, decimal_text
from creditctl.services.price_book import VersionedPrice, load_price_book
from creditctl.store.engine import reading
from creditctl.store.queries.catalog import (
    all_endpoints,
    applied_catalog_version,
    catalog_terms,
    product_ids,
    terms_at,
)


@dataclass(frozen=True, slots=True)
class Price:
    """An endpoint and what a request to it costs now."""

    product: str
    method: str
    path: str
    tier: str | None
    cost: str
    effective_from: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a price's arithmetic, and the credits after it."""

    step: str
    credits: Credits


@dataclass(frozen=True, slots=True)
class PriceExplanation:
    """What one request costs, which rule and version decided it, and what that is in money."""

    request: str
    product: str
    endpoint: str
    rule: str
    status: int
    billed: bool
    units: int
    credits: Credits
    money: Decimal
    """Exact value at list price: a single call may cost less than a cent."""

    currency: str
    list_price: Decimal
    effective_from: datetime
    effective_to: datetime | None
    steps: tuple[Step, ...]


def list_prices(context: Context, product: str | None = None) -> list[Price]:
    """The endpoints with a price in force now; raises CatalogMissing, ProductNotFound."""
    with reading(context.database) as unit:
        applied_catalog_version(unit)
        if product is not None and product not in product_ids(unit):
            raise ProductNotFound(f"there is no product {product!r}")
        book = load_price_book(unit)
        endpoints = sorted(all_endpoints(unit), key=lambda row: (row.product, row.path, row.method))
    now = micros_of(context.now)
    return [
        Price(
            product=row.product,
            method=row.method,
            path=row.path,
            tier=price.rule.tier,
            cost=cost_in_words(price.rule),
            effective_from=price.effective_from,
        )
        for row in endpoints
        if product in (None, row.product)
        if (price := book.price_at(row.id, now)) is not None
    ]


def explain_price(
    context: Context,
    method: str,
    path: str,
    *,
    units: int = 0,
    status: int = 200,
    at: datetime | None = None,
) -> PriceExplanation:
    """Why a request costs what it costs; raises CatalogMissing, EndpointNotFound."""
    moment = at or context.now
    with reading(context.database) as unit:
        terms = terms_at(catalog_terms(unit), moment)
        book = load_price_book(unit)
    endpoint = book.endpoint(method.upper(), path, micros_of(moment))
    if endpoint is None:
        raise EndpointNotFound(f"no endpoint matches {method.upper()} {path}")
    price = book.price_at(endpoint.id, micros_of(moment))
    if price is None:
        raise EndpointNotFound(
            f"{endpoint.method} {endpoint.path} has no price at {moment:%Y-%m-%d %H:%M} UTC",
            hint="'creditctl prices list --as-of TIME' shows the prices in force then",
        )
    billed = is_billed(price.rule.billed_statuses, status)
    credits = Credits(price_of(price.rule, units)) if billed else NO_CREDITS
    return PriceExplanation(
        request=f"{method.upper()} {path}",
        product=endpoint.product,
        endpoint=f"{endpoint.method} {endpoint.path}",
        rule=cost_in_words(price.rule),
        status=status,
        billed=billed,
        units=units,
        credits=credits,
        money=exact_value(credits, terms.list_price),
        currency=terms.currency,
        list_price=terms.list_price,
        effective_from=price.effective_from,
        effective_to=price.effective_to,
        steps=tuple(_steps(price, units, status, billed=billed)),
    )


def exact_value(credits: Credits, list_price: Decimal) -> Decimal:
    """Credits at list price, unrounded and without needless zeros."""
    with localcontext(prec=200):
        exact = Decimal(str(credits)) * list_price
        # Not normalize() alone: that would write a thousand as 1E+3.
        return Decimal(f"{exact.normalize():f}")


def cost_in_words(rule: PriceRule) -> str:
    """A rule as a person would say it, such as `1 per 100 rows, at most 50`."""
    words = []
    if rule.base_micro or not rule.unit_micro:
        words.append(decimal_text(rule.base_micro, 6))
    if rule.unit_micro:
        per = rule.unit if rule.per_units == 1 else f"{rule.per_units} {rule.unit}"
        words.append(f"{decimal_text(rule.unit_micro, 6)} per {per}")
    text = " + ".join(words)
    if rule.included_units:
        text += f" beyond {rule.included_units}"
    if rule.minimum_micro:
        text += f", at least {decimal_text(rule.minimum_micro, 6)}"
    if rule.maximum_micro is not None:
        text += f", at most {decimal_text(rule.maximum_micro, 6)}"
    return text


def _steps(price: VersionedPrice, units: int, status: int, *, billed: bool) -> Iterator[Step]:
    rule = price.rule
    if not billed:
        listed = ", ".join(rule.billed_statuses)
        yield Step(f"status {status} is not billed; billed: {listed}", NO_CREDITS)
        return
    base = f"tier {rule.tier}" if rule.tier else "fixed part"
    if rule.tier or rule.base_micro or not rule.unit_micro:
        yield Step(base, Credits(rule.base_micro))
    total = rule.base_micro + data_part(rule, units)
    if rule.unit_micro:
        yield Step(_data_step(rule, units), Credits(total))
    if total < rule.minimum_micro:
        total = rule.minimum_micro
        yield Step("raised to the minimum", Credits(total))
    if rule.maximum_micro is not None and total > rule.maximum_micro:
        yield Step("cut to the maximum", Credits(rule.maximum_micro))


def _data_step(rule: PriceRule, units: int) -> str:
    credits = decimal_text(rule.unit_micro, 6)
    counted = max(units - rule.included_units, 0)
    included = f" - {rule.included_units} included" if rule.included_units else ""
    if rule.rounding == "exact":
        return f"{units} {rule.unit}{included}: {counted} / {rule.per_units} x {credits}"
    blocks = billed_blocks(rule, units)
    return f"{units} {rule.unit}{included}: {blocks} blocks of {rule.per_units} x {credits}"
