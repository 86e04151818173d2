"""What the gate knows of a key and of a request: from the books as they are now."""

import json
from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.rules.catalog import GATE_WHEN_DOWN
from creditctl.rules.gate_terms import Asked, Caller, PartBudget, PlanTerms
from creditctl.rules.instants import HOURS_PER_DAY, MICROS_PER_HOUR, micros_of
from creditctl.rules.periods import Period, calendar_month
from creditctl.rules.pricing import PriceRule, price_of
from creditctl.rules.rate_limits import Channel
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.balances import open_overage_of
from creditctl.services.price_book import LIST, PriceBook
from creditctl.services.spending import period_at
from creditctl.services.subscription_periods import SubscriptionPeriod
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.crossings import exceeded_part
from creditctl.store.queries.gate import booked_requests, credits_for, decided_for
from creditctl.store.queries.keys import KeyRow
from creditctl.store.queries.ledger import postpaid_taken
from creditctl.store.queries.orgs import organization_by_id
from creditctl.store.queries.plans import PlanVersionRow, find_plan, plan_versions, version_at
from creditctl.store.queries.usage_volume import volumes_of


@dataclass(frozen=True, slots=True)
class GateRequest:
    """One request as a gateway describes it; the key by its secret, or by its id or prefix."""

    secret: str | None = None
    key: str | None = None
    channel: Channel = Channel.REST
    method: str = "GET"
    path: str | None = None
    units: int | None = None
    """An estimate of what it returns; None: the most that its price allows for."""

    capabilities: tuple[str, ...] = ()
    """Asked for by name."""

    since: datetime | None = None
    messages: int = 1
    """Streamed messages, or webhook deliveries."""

    lease: str | None = None
    """The connection's name, chosen by who holds it."""

    take_over: bool = False
    """Let the key's oldest connection give way to this one."""

    webhooks: int = 0
    """How many webhooks there are before one more is created."""


def read_facts(
    unit: UnitOfWork, context: Context, book: PriceBook, key: KeyRow, request: GateRequest
) -> tuple[Caller, Asked]:
    """The caller and what is asked, in one snapshot; raises PlanNotFound for a plan to come."""
    now = context.now
    owner_id = key.organization_id
    subscribed = period_at(unit, owner_id, now)
    plan = _plan_of(unit, key, subscribed, now)
    period = subscribed.whole if subscribed else calendar_month(now)
    asked, product_id = _asked(unit, book, owner_id, plan.plan_id if plan else LIST, request, now)
    is_counted = request.channel is Channel.REST
    caller = Caller(
        key=key.public_id,
        organization=key.organization,
        plan=_terms(plan, period),
        status=organization_by_id(unit, owner_id).status,
        available=credits_for(unit, owner_id, product_id, now),
        open_overage=open_overage_of(unit, owner_id),
        postpaid_left=_postpaid_left(unit, owner_id, subscribed),
        unlimited=subscribed is not None and subscribed.plan.unlimited,
        decided=decided_for(unit, owner_id),
        part_budget=_exceeded_part(unit, key, product_id, now),
        imported=booked_requests(unit, owner_id, key.first_id, period) if is_counted else 0,
    )
    return caller, asked


def _exceeded_part(
    unit: UnitOfWork, key: KeyRow, product_id: int | None, now: datetime
) -> PartBudget | None:
    found = exceeded_part(unit, key.organization_id, product_id, key.first_id, now)
    if found is None:
        return None
    part = "key" if found.api_key_id else "product"
    return PartBudget(part, found.limit, found.window_ends_at)


def _postpaid_left(
    unit: UnitOfWork, owner_id: int, subscribed: SubscriptionPeriod | None
) -> Credits:
    """Of the period's postpaid limit, less what calls in flight hold of it."""
    if subscribed is None or not subscribed.postpaid_limit:
        return NO_CREDITS
    whole = subscribed.whole
    taken = postpaid_taken(unit, owner_id, whole.starts_at, whole.ends_at)
    return max(subscribed.postpaid_limit - taken, NO_CREDITS)


def _plan_of(
    unit: UnitOfWork, key: KeyRow, subscribed: SubscriptionPeriod | None, now: datetime
) -> PlanVersionRow | None:
    """The key's own plan, else the subscription's, by its newest version: changes hold at once."""
    if key.plan is not None:
        plan_id = find_plan(unit, key.plan).id
    elif subscribed is not None:
        plan_id = subscribed.plan.plan_id
    else:
        return None
    return version_at(plan_versions(unit, plan_id), now)


def _terms(plan: PlanVersionRow | None, period: Period) -> PlanTerms:
    if plan is None:
        return PlanTerms(period)
    return PlanTerms(
        period=period,
        name=plan.name,
        tiers=tuple(json.loads(plan.tiers)),
        limits=json.loads(plan.limits),
        capabilities=json.loads(plan.capabilities),
        when_down=plan.gate_when_down or GATE_WHEN_DOWN,
    )


def _asked(
    unit: UnitOfWork,
    book: PriceBook,
    owner_id: int,
    plan_id: int,
    request: GateRequest,
    now: datetime,
) -> tuple[Asked, int | None]:
    """What is asked, and the product that it belongs to."""
    endpoint = price = None
    micros = micros_of(now)
    if request.path is not None:
        endpoint = book.endpoint(request.method.upper(), request.path, micros)
    if endpoint is not None:
        price = book.price_at(endpoint.id, micros, plan_id)
    if endpoint is None or price is None:
        return _without_price(request), None
    volume = 0
    if price.rule.volume_steps:
        place = (micros // (MICROS_PER_HOUR * HOURS_PER_DAY), owner_id, endpoint.product_id)
        volume = volumes_of(unit, [place])[place]
    asked = Asked(
        channel=request.channel,
        endpoint=f"{endpoint.method} {endpoint.path}",
        tier=price.rule.tier,
        price=most_it_costs(price.rule, request.units, volume),
        capabilities=request.capabilities,
        since=request.since,
        webhooks=request.webhooks,
    )
    return asked, endpoint.product_id


def _without_price(request: GateRequest) -> Asked:
    return Asked(
        channel=request.channel,
        price=NO_CREDITS,
        capabilities=request.capabilities,
        since=request.since,
        webhooks=request.webhooks,
    )


def most_it_costs(rule: PriceRule, units: int | None, volume: int = 0) -> Credits:
    """What the units cost; without an estimate the declared maximum, else the least it costs."""
    if units is None and rule.bills_data and rule.maximum_micro is not None:
        return Credits(rule.maximum_micro)
    return Credits(price_of(rule, units or 0, volume))
