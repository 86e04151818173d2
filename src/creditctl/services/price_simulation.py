"""`prices simulate`: a month's usage priced once more, by a catalog file that is not in force."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TypeAlias

from creditctl.adapters.catalog_toml import read_catalog
from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.catalog import Catalog
from creditctl.rules.endpoint_match import EndpointMatcher
from creditctl.rules.instants import instant_of, micros_of
from creditctl.rules.periods import Period, month_text
from creditctl.rules.pricing import (
    PriceRule,
    billed_units,
    fixed_part,
    is_billed,
    price_of,
    unit_part,
)
from creditctl.rules.units import Credits, rounded_half_up
from creditctl.services.plans_in_force import PlansInForce
from creditctl.services.prices import exact_value
from creditctl.services.usage_pruning import refuse_pruned
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.catalog import (
    EndpointRow,
    TermsRow,
    all_endpoints,
    all_prices,
    catalog_terms,
    terms_at,
)
from creditctl.store.queries.orgs import find_organization, list_organizations
from creditctl.store.queries.usage_simulation import RequestsRow, plan_names, requests_in

_DAY = timedelta(days=1)

_Place: TypeAlias = tuple[int, str]
"""An organization's internal id and a product's name."""

_Volumes: TypeAlias = defaultdict[tuple[_Place, PriceRule], int]
"""Billed units of a day whose price is graduated."""


@dataclass(frozen=True, slots=True)
class SimulatedLine:
    """What a product's usage cost an organization, and what the other catalog would charge.

    Values are exact, each at its catalog's list price; `percent` has one place and is None where
    nothing was charged before. Of `unpriced` requests the other catalog has no endpoint.
    """

    organization: str
    product: str
    requests: int
    unpriced: int
    old_credits: Credits
    new_credits: Credits
    difference: Credits
    percent: Decimal | None
    old_value: Decimal
    new_value: Decimal


@dataclass(frozen=True, slots=True)
class PriceSimulation:
    """A month under another catalog: the sums of its lines, one per organization and product.

    The old value is at the list price in force when the month began.
    """

    month: str
    catalog: str
    requests: int
    unpriced: int
    old_credits: Credits
    new_credits: Credits
    difference: Credits
    percent: Decimal | None
    old_value: Decimal
    old_currency: str
    new_value: Decimal
    new_currency: str
    lines: tuple[SimulatedLine, ...]


@dataclass(slots=True)
class _Sums:
    requests: int = 0
    unpriced: int = 0
    old_micro: int = 0
    new_micro: int = 0


class _Offer(NamedTuple):
    """What the new catalog asks for a request and as which product; without a rule, nothing."""

    product: str
    rule: PriceRule | None


def simulate_prices(
    context: Context, path: Path, month: Period, *, organization: str | None = None
) -> PriceSimulation:
    """What the month's usage would have cost under the catalog file; nothing is written.

    A request belongs to the new endpoint of the same method and path, else to the one that its
    old path pattern fits; plans are found by their names. Raises FileMissing, CatalogInvalid,
    CatalogMissing, OrganizationNotFound, and InvalidInput for a month that has not begun.
    """
    catalog = read_catalog(path)
    if month.starts_at > context.now:
        raise InvalidInput(
            f"{month_text(month)} has not begun", hint="name this month or an earlier one"
        )
    with reading(context.database) as unit:
        refuse_pruned(unit, month.starts_at, "the simulation")
        terms = terms_at(catalog_terms(unit), month.starts_at)
        owner_id = find_organization(unit, organization).id if organization else None
        slugs = {row.id: row.slug for row in list_organizations(unit)}
        plans = _Plans(unit, catalog, month, owner_id)
        sums = _priced_again(unit, _NewPrices(unit, catalog), plans, month, owner_id)
    named = {(slugs[owner], product): found for (owner, product), found in sums.items()}
    return _result(month, catalog, terms, named)


class _NewPrices:
    """The new catalog's price of what was booked under a version of an old one."""

    def __init__(self, unit: UnitOfWork, catalog: Catalog) -> None:
        endpoints = {row.id: row for row in all_endpoints(unit)}
        self._booked = {row.id: endpoints[row.endpoint_id] for row in all_prices(unit)}
        self._specs = [
            (product.name, endpoint)
            for product in catalog.products
            for endpoint in product.endpoints
        ]
        self._same = {(spec.method, spec.path): i for i, (_, spec) in enumerate(self._specs)}
        self._matcher = EndpointMatcher(
            (i, spec.method, spec.path) for i, (_, spec) in enumerate(self._specs)
        )
        self._own = {
            (plan.name, spec.method, spec.path): spec.rule
            for plan in catalog.plans
            for spec in plan.prices
        }
        self._offers: dict[tuple[int, str | None], _Offer] = {}

    def offer(self, price_id: int, plan: str | None) -> _Offer:
        """The plan's own price before the list price."""
        if (price_id, plan) not in self._offers:
            self._offers[price_id, plan] = self._found(self._booked[price_id], plan)
        return self._offers[price_id, plan]

    def _found(self, old: EndpointRow, plan: str | None) -> _Offer:
        number = self._same.get((old.method, old.path))
        if number is None:
            number = self._matcher.match(old.method, old.path)
        if number is None:
            return _Offer(old.product, None)
        product, spec = self._specs[number]
        own = None if plan is None else self._own.get((plan, spec.method, spec.path))
        return _Offer(product, own or spec.rule)


class _Plans:
    """Whose requests were made on a plan that has prices of its own in the new catalog."""

    def __init__(
        self, unit: UnitOfWork, catalog: Catalog, month: Period, owner_id: int | None
    ) -> None:
        priced = {plan.name for plan in catalog.plans if plan.prices}
        self._names = {i: name for i, name in plan_names(unit).items() if name in priced}
        self._plans = PlansInForce(unit, month.ends_at, owner_id) if self._names else None
        self._cuts: set[datetime] = set()
        if self._plans is not None:
            for organization in list_organizations(unit):
                self._cuts |= set(self._changes(self._plans.spans_of(organization.id)))

    def name(self, organization_id: int, api_key_id: int | None, at: datetime) -> str | None:
        """The plan, or None where the list price holds."""
        if self._plans is None:
            return None
        return self._names.get(self._plans.plan_id(organization_id, api_key_id, micros_of(at)))

    def stretches(self, day: Period) -> Iterator[Period]:
        """The day, cut where anybody comes to such a plan or leaves it."""
        inside = sorted(cut for cut in self._cuts if day.starts_at < cut < day.ends_at)
        for starts_at, ends_at in pairwise([day.starts_at, *inside, day.ends_at]):
            yield Period(starts_at, ends_at)

    def _changes(self, spans: list[tuple[int, int, int]]) -> Iterator[datetime]:
        priced = [span for span in spans if span[2] in self._names]
        begun = {(starts_at, plan_id) for starts_at, _, plan_id in priced}
        ended = {(ends_at, plan_id) for _, ends_at, plan_id in priced}
        # What ends and begins at once is a renewal, and cuts nothing.
        return (instant_of(micros) for micros, _ in begun ^ ended)


def _priced_again(
    unit: UnitOfWork, prices: _NewPrices, plans: _Plans, month: Period, owner_id: int | None
) -> dict[_Place, _Sums]:
    sums: dict[_Place, _Sums] = defaultdict(_Sums)
    for number in range((month.ends_at - month.starts_at) // _DAY):
        midnight = month.starts_at + number * _DAY
        volumes: _Volumes = defaultdict(int)
        for stretch in plans.stretches(Period(midnight, midnight + _DAY)):
            for row in requests_in(unit, stretch, owner_id):
                plan = plans.name(row.organization_id, row.api_key_id, stretch.starts_at)
                _add(sums, volumes, row, prices.offer(row.price_id, plan))
        for (place, rule), billed in volumes.items():
            sums[place].new_micro += unit_part(rule, billed)
    return sums


def _add(sums: dict[_Place, _Sums], volumes: _Volumes, row: RequestsRow, offer: _Offer) -> None:
    place, rule = (row.organization_id, offer.product), offer.rule
    found = sums[place]
    found.requests += row.requests
    found.old_micro += row.credits.micro
    if rule is None:
        found.unpriced += row.requests
    elif is_billed(rule.billed_statuses, row.status):
        if rule.volume_steps:
            found.new_micro += row.requests * fixed_part(rule)
            volumes[place, _of_a_day(rule)] += row.requests * billed_units(rule, row.units)
        else:
            found.new_micro += row.requests * price_of(rule, row.units)


def _of_a_day(rule: PriceRule) -> PriceRule:
    """The price of billed units already counted; the same for all endpoints of a product."""
    return PriceRule(
        unit="units",
        unit_micro=rule.unit_micro if rule.bills_data else rule.base_micro,
        # Whole blocks were counted as blocks, what is priced pro rata as units.
        per_units=rule.per_units if rule.rounding == "exact" else 1,
        rounding=rule.rounding,
        volume_steps=rule.volume_steps,
    )


def _result(
    month: Period, catalog: Catalog, terms: TermsRow, named: dict[tuple[str, str], _Sums]
) -> PriceSimulation:
    old_price, new_price = terms.list_price, catalog.list_price
    lines = tuple(_line(place, named[place], old_price, new_price) for place in sorted(named))
    old = Credits(sum(line.old_credits.micro for line in lines))
    new = Credits(sum(line.new_credits.micro for line in lines))
    return PriceSimulation(
        month=month_text(month),
        catalog=catalog.name,
        requests=sum(line.requests for line in lines),
        unpriced=sum(line.unpriced for line in lines),
        old_credits=old,
        new_credits=new,
        difference=new - old,
        percent=_percent(old, new),
        old_value=exact_value(old, old_price),
        old_currency=terms.currency,
        new_value=exact_value(new, new_price),
        new_currency=catalog.currency,
        lines=lines,
    )


def _line(
    place: tuple[str, str], found: _Sums, old_price: Decimal, new_price: Decimal
) -> SimulatedLine:
    old, new = Credits(found.old_micro), Credits(found.new_micro)
    return SimulatedLine(
        organization=place[0],
        product=place[1],
        requests=found.requests,
        unpriced=found.unpriced,
        old_credits=old,
        new_credits=new,
        difference=new - old,
        percent=_percent(old, new),
        old_value=exact_value(old, old_price),
        new_value=exact_value(new, new_price),
    )


def _percent(old: Credits, new: Credits) -> Decimal | None:
    if not old:
        return None
    tenths = rounded_half_up(Decimal((new - old).micro) * 1000 / old.micro)
    return Decimal(tenths).scaleb(-1)
