"""Prices: what requests cost, and why [CapSolver: credits may obscure the true cost per call]."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from creditctl.context import Context
from creditctl.errors import EndpointNotFound, ProductNotFound
from creditctl.rules.instants import HOURS_PER_DAY, MICROS_PER_HOUR, micros_of
from creditctl.rules.pricing import is_billed, price_of
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.plans_in_force import PlansInForce
from creditctl.services.price_book import LIST, EndpointRef, load_price_book
from creditctl.services.price_words import Step, cost_in_words, not_billed, steps_of
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.catalog import (
    all_endpoints,
    applied_catalog_version,
    catalog_terms,
    product_ids,
    terms_at,
)
from creditctl.store.queries.orgs import find_organization
from creditctl.store.queries.usage_volume import volumes_of


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
class PriceExplanation:
    """What one request costs, which rule and version decided it, and what that is in money."""

    request: str
    product: str
    endpoint: str
    rule: str
    status: int
    billed: bool
    units: int
    organization: str | None
    plan: str | None
    """Whose own price it is; None: the list price."""

    volume: int
    """Units billed that day before it, where the price is graduated."""

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
    organization: str | None = None,
) -> PriceExplanation:
    """Why a request costs what it costs: at list price, or for an organization with its plan.

    A graduated price begins at what the organization was billed that day. Raises CatalogMissing,
    EndpointNotFound, OrganizationNotFound.
    """
    moment = at or context.now
    micros = micros_of(moment)
    with reading(context.database) as unit:
        terms = terms_at(catalog_terms(unit), moment)
        book = load_price_book(unit)
        endpoint = book.endpoint(method.upper(), path, micros)
        if endpoint is None:
            raise EndpointNotFound(f"no endpoint matches {method.upper()} {path}")
        asker = _Asker.of(unit, organization, endpoint, moment)
    price = book.price_at(endpoint.id, micros, asker.plan_id)
    if price is None:
        raise EndpointNotFound(
            f"{endpoint.method} {endpoint.path} has no price at {moment:%Y-%m-%d %H:%M} UTC",
            hint="'creditctl prices list --as-of TIME' shows the prices in force then",
        )
    rule = price.rule
    volume = asker.volume if rule.volume_steps else 0
    billed = is_billed(rule.billed_statuses, status)
    credits = Credits(price_of(rule, units, volume)) if billed else NO_CREDITS
    return PriceExplanation(
        request=f"{method.upper()} {path}",
        product=endpoint.product,
        endpoint=f"{endpoint.method} {endpoint.path}",
        rule=cost_in_words(rule),
        status=status,
        billed=billed,
        units=units,
        organization=asker.slug,
        plan=price.plan,
        volume=volume,
        credits=credits,
        money=exact_value(credits, terms.list_price),
        currency=terms.currency,
        list_price=terms.list_price,
        effective_from=price.effective_from,
        effective_to=price.effective_to,
        steps=tuple(steps_of(rule, units, volume) if billed else [not_billed(rule, status)]),
    )


@dataclass(frozen=True, slots=True)
class _Asker:
    """Who asks: nobody in particular, or an organization on its plan and with its day's volume."""

    slug: str | None = None
    plan_id: int = LIST
    volume: int = 0

    @classmethod
    def of(
        cls, unit: UnitOfWork, reference: str | None, endpoint: EndpointRef, at: datetime
    ) -> "_Asker":
        if reference is None:
            return cls()
        owner = find_organization(unit, reference)
        plans = PlansInForce(unit, at, owner.id)
        day = micros_of(at) // (MICROS_PER_HOUR * HOURS_PER_DAY)
        place = (day, owner.id, endpoint.product_id)
        volume = volumes_of(unit, [place])[place]
        return cls(owner.slug, plans.plan_id(owner.id, None, micros_of(at)), volume)


def exact_value(credits: Credits, list_price: Decimal) -> Decimal:
    """Credits at list price, unrounded and without needless zeros."""
    with localcontext(prec=200):
        exact = Decimal(str(credits)) * list_price
        # Not normalize() alone: that would write a thousand as 1E+3.
        return Decimal(f"{exact.normalize():f}")
