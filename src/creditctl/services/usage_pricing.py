"""From records to priced events: who asked, for what, and what it costs."""

from datetime import datetime, timedelta

from creditctl.adapters.readers import Record
from creditctl.rules.instants import MICROS_PER_HOUR, micros_of
from creditctl.rules.pricing import is_billed, price_of
from creditctl.rules.usage_events import Reject, UsageEvent, storable, usage_event
from creditctl.services.plans_in_force import PlansInForce
from creditctl.services.price_book import LIST, PriceBook, VersionedPrice, load_price_book
from creditctl.services.usage_mapping import FieldMapping
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.usage import PricedEvent, key_names, organization_names

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far ahead of ours the clock of a server may be."""

LARGEST_COST_MICRO = 10**15
"""A billion credits: a request that costs more is a mistake in the file."""


class Requesters:
    """Which organization and key an event's words name."""

    def __init__(self, unit: UnitOfWork, organization_id: int | None) -> None:
        self._default = organization_id
        self._organizations: dict[str, int] = {}
        for organization in organization_names(unit):
            self._organizations[organization.slug] = organization.id
            self._organizations[organization.public_id] = organization.id
        self._keys: dict[str, tuple[int, int]] = {}
        self._named_keys: dict[tuple[int, str], int] = {}
        for key in key_names(unit):
            self._keys[key.public_id] = self._keys[key.prefix] = (key.organization_id, key.id)
            self._named_keys[key.organization_id, key.name] = key.id

    def find(self, event: UsageEvent) -> tuple[int, int | None] | Reject:
        """Internal ids of the organization and of the key, if one is named."""
        organization_id = self._default
        if event.organization:
            organization_id = self._organizations.get(event.organization)
            if organization_id is None:
                return _reject(event, "org", event.organization, "is no organization")
        if not event.key:
            if organization_id is None:
                return _reject(event, "key", "", "names neither a key nor an organization")
            return organization_id, None
        if found := self._keys.get(event.key):
            if organization_id not in (None, found[0]):
                return _reject(event, "key", event.key, "belongs to another organization")
            return found
        if organization_id is not None:
            key_id = self._named_keys.get((organization_id, event.key))
            if key_id is not None:
                return organization_id, key_id
        return _reject(event, "key", event.key, "is no API key")


class Pricer:
    """Prices records by the catalog and the keys as they are when it is made."""

    def __init__(
        self,
        unit: UnitOfWork,
        now: datetime,
        mapping: FieldMapping,
        organization_id: int | None,
    ) -> None:
        self.book: PriceBook = load_price_book(unit)
        self._requesters = Requesters(unit, organization_id)
        self._mapping = mapping
        self._latest = micros_of(now + CLOCK_TOLERANCE)
        self._billed: dict[tuple[int, int], bool] = {}
        self._plans = PlansInForce(unit, now) if self.book.has_plan_prices else None

    def price(self, record: Record | Reject) -> PricedEvent | Reject:
        """The event with its cost, or why the record is none."""
        if isinstance(record, Reject):
            return record._replace(value=storable(record.value))
        fields = self._mapping.fields_of(record)
        if isinstance(fields, Reject):
            return fields
        event = usage_event(record.line, fields, self._latest)
        if isinstance(event, Reject):
            return event
        requester = self._requesters.find(event)
        if isinstance(requester, Reject):
            return requester
        return self._priced(event, *requester)

    def _priced(
        self, event: UsageEvent, organization_id: int, api_key_id: int | None
    ) -> PricedEvent | Reject:
        endpoint = self.book.endpoint(event.method, event.path, event.occurred_at)
        if endpoint is None:
            request = f"{event.method} {event.path}"
            return _reject(event, "endpoint", request, "is no endpoint of the catalog")
        plan_id = LIST
        if self._plans is not None:
            plan_id = self._plans.plan_id(organization_id, api_key_id, event.occurred_at)
        price = self.book.price_at(endpoint.id, event.occurred_at, plan_id)
        if price is None:
            request = f"{event.method} {event.path}"
            return _reject(event, "endpoint", request, "had no price in force at that time")
        succeeded = self._succeeded(price, event.status)
        cost = price_of(price.rule, event.units) if succeeded else 0
        if cost > LARGEST_COST_MICRO:
            return _reject(event, "units", str(event.units), "costs an absurd number of credits")
        return PricedEvent(
            event.line,
            event.occurred_at // MICROS_PER_HOUR,
            event.event_id,
            event.id_text,
            event.occurred_at,
            organization_id,
            api_key_id,
            endpoint.id,
            price.id,
            endpoint.product_id,
            price.rule.tier or "",
            event.status,
            event.units,
            cost,
            int(cost > 0),
            int(not succeeded),
        )

    def _succeeded(self, price: VersionedPrice, status: int) -> bool:
        known = self._billed.get((price.id, status))
        if known is None:
            known = is_billed(price.rule.billed_statuses, status)
            self._billed[price.id, status] = known
        return known


def _reject(event: UsageEvent, field: str, value: str, reason: str) -> Reject:
    return Reject(event.line, field, storable(value), reason)
