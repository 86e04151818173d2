"""The prices in force, ready to be asked once per event."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from creditctl.rules.endpoint_match import EndpointMatcher
from creditctl.rules.instants import micros_of
from creditctl.rules.pricing import PriceRule, VolumeStep
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.catalog import (
    EndpointRow,
    PriceRow,
    all_endpoints,
    all_prices,
)

LIST = 0
"""The plan of prices that hold for everybody."""

MOST_REMEMBERED = 100_000
"""Request paths whose endpoint is kept in memory; beyond that the memory starts anew."""


@dataclass(frozen=True, slots=True)
class EndpointRef:
    """An endpoint of the catalog."""

    id: int
    product_id: int
    product: str
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class VersionedPrice:
    """One version of an endpoint's price; `id` is what a usage event keeps."""

    id: int
    endpoint_id: int
    rule: PriceRule
    effective_from: datetime
    effective_to: datetime | None
    plan: str | None
    """Whose own price it is; None: the list price."""


class PriceBook:
    """Answers which endpoint a request is, and what it costs at a point in time."""

    def __init__(self, endpoints: list[EndpointRow], prices: list[PriceRow]) -> None:
        self._endpoints = {
            row.id: EndpointRef(row.id, row.product_id, row.product, row.method, row.path)
            for row in endpoints
        }
        self._matcher = EndpointMatcher((row.id, row.method, row.path) for row in endpoints)
        self._found: dict[tuple[str, str], EndpointRef | None] = {}
        self._versions: dict[tuple[int, int], list[tuple[int, int | None, VersionedPrice]]] = {}
        self._by_id: dict[int, VersionedPrice] = {}
        for row in prices:
            price = VersionedPrice(
                row.id,
                row.endpoint_id,
                rule_of(row),
                row.effective_from,
                row.effective_to,
                row.plan,
            )
            self._by_id[row.id] = price
            ends_at = None if row.effective_to is None else micros_of(row.effective_to)
            self._versions.setdefault((row.endpoint_id, row.plan_id), []).append(
                (micros_of(row.effective_from), ends_at, price)
            )
        self.has_plan_prices = any(row.plan_id for row in prices)
        self.has_volume_prices = any(row.volume_steps for row in prices)

    def endpoint(self, method: str, path: str, at_micros: int | None = None) -> EndpointRef | None:
        """The endpoint a request belongs to, or None.

        With a time, endpoints without a price in force then give way to less specific ones: one
        that was added later, or removed before, does not hide the one that was sold.
        """
        found = self._most_specific(method, path)
        if found is None or at_micros is None or self.price_at(found.id, at_micros):
            return found
        for endpoint_id in self._matcher.matches(method, path):
            if self.price_at(endpoint_id, at_micros):
                return self._endpoints[endpoint_id]
        return found

    def _most_specific(self, method: str, path: str) -> EndpointRef | None:
        request = (method, path)
        if request not in self._found:
            if len(self._found) >= MOST_REMEMBERED:
                self._found.clear()
            endpoint_id = self._matcher.match(method, path)
            self._found[request] = None if endpoint_id is None else self._endpoints[endpoint_id]
        return self._found[request]

    def version(self, price_id: int) -> VersionedPrice:
        """The version that a usage event names."""
        return self._by_id[price_id]

    def versions(self) -> list[VersionedPrice]:
        """Every version of every price."""
        return list(self._by_id.values())

    def endpoint_of(self, version: VersionedPrice) -> EndpointRef:
        """The endpoint whose price it is."""
        return self._endpoints[version.endpoint_id]

    def price_at(
        self, endpoint_id: int, at_micros: int, plan_id: int = LIST
    ) -> VersionedPrice | None:
        """The version in force at that time, the plan's own before the list price, or None."""
        for key in ((endpoint_id, plan_id), (endpoint_id, LIST)):
            for starts_at, ends_at, price in self._versions.get(key, ()):
                if starts_at <= at_micros and (ends_at is None or at_micros < ends_at):
                    return price
        return None


AskedPrices: TypeAlias = Callable[[UnitOfWork], Callable[[], PriceBook]]
"""Asks for every price along with what a transaction asks next; they are answered later."""


def these_prices(book: PriceBook) -> AskedPrices:
    """Those that are known already."""
    return lambda _: lambda: book


def load_price_book(unit: UnitOfWork) -> PriceBook:
    """Every endpoint with every version of its price."""
    return PriceBook(all_endpoints(unit), all_prices(unit))


def rule_of(row: PriceRow) -> PriceRule:
    """The rule that a stored version holds."""
    return PriceRule(
        tier=row.tier,
        base_micro=row.base_micro,
        unit_micro=row.unit_micro,
        per_units=row.per_units,
        unit=row.unit,
        rounding=row.rounding,
        included_units=row.included_units,
        minimum_micro=row.minimum_micro,
        maximum_micro=row.maximum_micro,
        billed_statuses=tuple(json.loads(row.billed_statuses)),
        volume_steps=tuple(VolumeStep(*step) for step in json.loads(row.volume_steps or "[]")),
    )
