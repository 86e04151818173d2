"""What serving costs the company: as the catalog declares it, and of the usage of some hours."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from creditctl.rules.catalog import Catalog
from creditctl.rules.instants import HOURS_PER_DAY, MICROS_PER_HOUR, day_number, micros_of
from creditctl.rules.service_cost import ServiceCost, cost_text
from creditctl.services.catalog_diff import Facts
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.catalog import all_endpoints
from creditctl.store.queries.service_costs import (
    ServedRow,
    ServiceCostRow,
    service_cost_rows,
    usage_served,
)


@dataclass(frozen=True, slots=True)
class DeclaredCost:
    """A cost in millionths of the currency; of a product's other endpoints without a path."""

    product: str
    method: str
    path: str
    currency: str
    request_micro: int
    unit_micro: int


@dataclass(frozen=True, slots=True)
class Served:
    """Usage of an endpoint while one cost held; micro-money is None where none is declared."""

    row: ServedRow
    cost_micro: int | None
    currency: str | None


def costs_of(catalog: Catalog) -> Iterator[DeclaredCost]:
    """Every cost that a catalog declares, in its currency."""
    for product in catalog.products:
        places = [("", "", product.cost)]
        places += [(one.method, one.path, one.cost) for one in product.endpoints]
        for method, path, cost in places:
            if cost is not None:
                yield DeclaredCost(
                    product.name,
                    method,
                    path,
                    catalog.currency,
                    cost.request_micro,
                    cost.unit_micro,
                )


def stored_cost(row: ServiceCostRow) -> DeclaredCost:
    """A stored version as the catalog would state it."""
    return DeclaredCost(
        row.product, row.method, row.path, row.currency, row.request_micro, row.unit_micro
    )


def cost_name(product: str, method: str, path: str) -> str:
    """What a cost is called in a comparison: `maps`, or `maps GET /maps`."""
    return f"{product} {method} {path}" if path else product


def cost_facts(cost: DeclaredCost) -> Facts:
    """A cost as texts that can be compared and shown."""
    return {
        "per_request": f"{cost.currency} {cost_text(cost.request_micro)}",
        "per_unit": f"{cost.currency} {cost_text(cost.unit_micro)}",
    }


def read_served(
    unit: UnitOfWork, first_day: date, end_day: date, *, by_organization: bool
) -> list[Served]:
    """Usage of the days [first_day, end_day) with its cost, from rollups by the hour.

    The cost is the one in force when the hour begins: another one holds from the next full hour.
    """
    book = _CostBook(unit)
    first, end = (day_number(day) * HOURS_PER_DAY for day in (first_day, end_day))
    changes = [hour for hour in book.hours if first < hour < end]
    found = []
    for start, stop in zip([first, *changes], [*changes, end], strict=True):
        for row in usage_served(unit, start, stop, by_organization=by_organization):
            cost = book.cost(row.endpoint_id, start)
            found.append(
                Served(row, None, None)
                if cost is None
                else Served(
                    row,
                    ServiceCost(cost.request_micro, cost.unit_micro).of(row.requests, row.units),
                    cost.currency,
                )
            )
    return found


class _CostBook:
    """Every version of every cost, by endpoint and hour."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._names = {row.id: (row.product, row.method, row.path) for row in all_endpoints(unit)}
        self._versions: dict[tuple[str, str, str], list[tuple[int, int | None, ServiceCostRow]]]
        self._versions = {}
        hours = set()
        for row in service_cost_rows(unit):
            starts = _next_hour(micros_of(row.effective_from))
            ends = None if row.effective_to is None else _next_hour(micros_of(row.effective_to))
            hours |= {starts} if ends is None else {starts, ends}
            place = row.product, row.method, row.path
            self._versions.setdefault(place, []).append((starts, ends, row))
        self.hours = sorted(hours)
        """When some cost begins or ends, in hours since 1970."""

    def cost(self, endpoint_id: int, hour: int) -> ServiceCostRow | None:
        """The endpoint's own cost, else its product's, at the beginning of an hour."""
        product, method, path = self._names[endpoint_id]
        return self._at((product, method, path), hour) or self._at((product, "", ""), hour)

    def _at(self, place: tuple[str, str, str], hour: int) -> ServiceCostRow | None:
        versions = self._versions.get(place, [])
        position = bisect_right(versions, hour, key=lambda version: version[0])
        if not position:
            return None
        _, ends, row = versions[position - 1]
        return row if ends is None or hour < ends else None


def _next_hour(micros: int) -> int:
    """The first full hour from then on."""
    return -(-micros // MICROS_PER_HOUR)
