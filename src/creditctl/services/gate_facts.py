"""What the gate knows of a key and of a request: from the books as they are now."""

from datetime import datetime

from creditctl.context import Context
from creditctl.rules.gate_terms import Asked, Caller, PartBudget
from creditctl.rules.instants import HOURS_PER_DAY, MICROS_PER_HOUR, micros_of
from creditctl.rules.pricing import PriceRule, price_of
from creditctl.rules.rate_limits import Channel
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.balances import open_overage_of
from creditctl.services.gate_keys import GateRequest
from creditctl.services.gate_terms import Terms
from creditctl.services.price_book import PriceBook
from creditctl.services.subscription_periods import SubscriptionPeriod
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.crossings import exceeded_part
from creditctl.store.queries.gate import booked_requests, spendable
from creditctl.store.queries.keys import KeyRow
from creditctl.store.queries.ledger import postpaid_taken
from creditctl.store.queries.usage_volume import volumes_of


def read_facts(
    unit: UnitOfWork, context: Context, book: PriceBook, terms: Terms, request: GateRequest
) -> tuple[Caller, Asked]:
    """The caller and what is asked, in one snapshot."""
    now, owner_id = context.now, terms.key.organization_id
    asked, product_id = asked_and_product(unit, book, owner_id, terms.plan_id, request, now)
    is_counted = request.channel is Channel.REST
    return read_caller(unit, terms, product_id, now, is_counted=is_counted), asked


def read_caller(
    unit: UnitOfWork, terms: Terms, product_id: int | None, now: datetime, *, is_counted: bool
) -> Caller:
    """Whose key it is, and what that may spend on the product; the same for all that it asks."""
    key, subscribed, period = terms.key, terms.subscribed, terms.plan.period
    owner_id = key.organization_id
    free, open_overage, postpaid_left, part_budget, imported = unit.together(
        lambda: spendable(unit, owner_id, product_id, now),
        lambda: open_overage_of(unit, owner_id),
        lambda: _postpaid_left(unit, owner_id, subscribed),
        lambda: _exceeded_part(unit, key, product_id, now),
        lambda: booked_requests(unit, owner_id, key.first_id, period) if is_counted else 0,
    )
    return Caller(
        key=key.public_id,
        organization=key.organization,
        plan=terms.plan,
        status=terms.status,
        available=free.credits,
        overdue=free.overdue,
        open_overage=open_overage,
        postpaid_left=postpaid_left,
        unlimited=subscribed is not None and subscribed.plan.unlimited,
        decided=terms.decided,
        part_budget=part_budget,
        imported=imported,
    )


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


def asked_and_product(
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
        names_path=request.path is not None,
    )


def most_it_costs(rule: PriceRule, units: int | None, volume: int = 0) -> Credits:
    """What the units cost; without an estimate the declared maximum, else the least it costs."""
    if units is None and rule.bills_data and rule.maximum_micro is not None:
        return Credits(rule.maximum_micro)
    return Credits(price_of(rule, units or 0, volume))
