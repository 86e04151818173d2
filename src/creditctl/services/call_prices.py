"""What a call is before it is served: whose, at which price, and the most it should cost."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import EndpointNotFound, InvalidInput, KeyNotFound
from creditctl.rules.event_ids import LONGEST_ID, event_id
from creditctl.rules.instants import HOURS_PER_DAY, MICROS_PER_HOUR, micros_of
from creditctl.rules.pricing import LARGEST_COST_MICRO, PriceRule, price_of
from creditctl.rules.units import Credits
from creditctl.services.plans_in_force import PlansInForce
from creditctl.services.price_book import LIST, PriceBook, load_price_book
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.keys import find_key
from creditctl.store.queries.orgs import find_organization, organization_by_id
from creditctl.store.queries.usage_volume import volumes_of


@dataclass(frozen=True, slots=True)
class Caller:
    """Internal ids of who calls."""

    organization_id: int
    organization: str
    api_key_id: int | None


@dataclass(frozen=True, slots=True)
class QuotedCall:
    """The price that a call falls under, and what is to be held for it."""

    price_id: int
    product_id: int
    estimate: Credits


def current_prices(context: Context) -> PriceBook:
    """Every price: who charges many calls loads them once, and anew when a catalog was applied."""
    with reading(context.database) as unit:
        return load_price_book(unit)


def caller_of(unit: UnitOfWork, organization: str | None, key: str | None) -> Caller:
    """Who is named by an organization, by a key's public id or prefix, or by both.

    Raises InvalidInput, KeyNotFound, OrganizationNotFound.
    """
    if key is None:
        if organization is None:
            raise InvalidInput("a call names an organization or an API key")
        owner = find_organization(unit, organization)
        return Caller(owner.id, owner.slug, None)
    found = find_key(unit, key)
    if organization not in (None, found.organization):
        owner = organization_by_id(unit, found.organization_id)
        if organization != owner.public_id:
            raise KeyNotFound(f"{key!r} is no key of {organization}")
    return Caller(found.organization_id, found.organization, found.id)


def request_identity(text: str) -> tuple[bytes, str | None]:
    """The 16 bytes of a request id, and its words where they are a hash; raises InvalidInput."""
    if not text or len(text) > LONGEST_ID or "\0" in text:
        raise InvalidInput(f"a request id has 1 to {LONGEST_ID} characters")
    try:
        number, is_whole = event_id(text)
    except UnicodeEncodeError:
        raise InvalidInput("a request id is text: half of a character is in it") from None
    return number, None if is_whole else text


def quoted(
    unit: UnitOfWork,
    book: PriceBook,
    caller: Caller,
    request: tuple[str, str],
    at: datetime,
    units: int | None,
) -> QuotedCall:
    """The price of a request (method, path), and the most it should cost at `units`.

    Raises EndpointNotFound, and InvalidInput for an absurd number of units.
    """
    micros = micros_of(at)
    endpoint = book.endpoint(request[0].upper(), request[1], micros)
    plan_id = LIST
    if book.has_plan_prices:
        plans = PlansInForce(unit, at, caller.organization_id)
        plan_id = plans.plan_id(caller.organization_id, caller.api_key_id, micros)
    price = None if endpoint is None else book.price_at(endpoint.id, micros, plan_id)
    if endpoint is None or price is None:
        raise EndpointNotFound(
            f"no endpoint with a price matches {request[0].upper()} {request[1]}"
        )
    volume = 0
    if price.rule.volume_steps:
        place = (
            micros // MICROS_PER_HOUR // HOURS_PER_DAY,
            caller.organization_id,
            endpoint.product_id,
        )
        volume = volumes_of(unit, [place])[place]
    estimate = most_expected(price.rule, units, volume)
    if estimate > LARGEST_COST_MICRO:
        raise InvalidInput(f"{units} units cost an absurd number of credits")
    return QuotedCall(price.id, endpoint.product_id, Credits(estimate))


def most_expected(rule: PriceRule, units: int | None, volume: int = 0) -> int:
    """Micro-credits to hold for a call (DESIGN 3.7).

    At the estimate if one is given, else the price's maximum, else, where data is billed that has
    neither, the least it can cost.
    """
    if units is None and rule.bills_data and rule.maximum_micro is not None:
        return rule.maximum_micro
    return price_of(rule, units or 0, volume)
