"""Which line of `reports margin` usage and revenue belong to, by product, endpoint or buyer."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from creditctl.rules.instants import micros_of
from creditctl.rules.units import split_exactly
from creditctl.services.margin_figures import ByLine, LineUsage
from creditctl.services.margin_revenue import NOTHING_BILLED, Revenue
from creditctl.services.plans_in_force import PlansInForce
from creditctl.services.revenue_report import NO_PRODUCT
from creditctl.services.service_costs import Served
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.catalog import all_endpoints
from creditctl.store.queries.deferred_revenue import product_names
from creditctl.store.queries.service_costs import organization_slugs, plan_names

PRODUCT, ENDPOINT, ORGANIZATION, PLAN = "product", "endpoint", "organization", "plan"
GROUPINGS = (PRODUCT, ENDPOINT, ORGANIZATION, PLAN)

FEES, CREDIT_NOTES, OVERAGE, NO_PLAN = "(fees)", "(credit notes)", "(overage)", "(no plan)"
"""Lines of what has no name: no product, plan or organization is written like them."""


class ByProduct:
    """Lines of products, or of endpoints, and of revenue that belongs to none of them."""

    by_organization = False

    def __init__(self, unit: UnitOfWork, *, endpoints: bool) -> None:
        self._endpoints = endpoints
        self._products = {0: NO_PRODUCT, NOTHING_BILLED: OVERAGE} | product_names(unit)
        self._places = {row.id: row for row in all_endpoints(unit)}

    def line_of(self, one: Served) -> str:
        """The product, or `GET /rows`."""
        row = self._places[one.row.endpoint_id]
        return f"{row.method} {row.path}" if self._endpoints else row.product

    def revenue(self, revenue: Revenue, usage: Mapping[str, LineUsage]) -> ByLine:
        """(currency, line) -> minor units; fees and credit notes have lines of their own."""
        lines: dict[tuple[str, str], int] = defaultdict(int)
        for (currency, product), minor in revenue.products.items():
            name = self._products[product]
            for line, part in self._parts(name, minor, usage):
                lines[currency, line] += part
        lines |= {(currency, FEES): minor for currency, minor in revenue.fees.items()}
        lines |= {
            (currency, CREDIT_NOTES): minor for currency, minor in revenue.credit_notes.items()
        }
        return lines

    def _parts(
        self, product: str, minor: int, usage: Mapping[str, LineUsage]
    ) -> list[tuple[str, int]]:
        """The product's revenue by endpoint, in proportion to the credits that each used."""
        if not self._endpoints:
            return [(product, minor)]
        own = [
            (line, usage[line].credits_micro)
            for row in self._places.values()
            if row.product == product and (line := f"{row.method} {row.path}") in usage
        ]
        if not any(credits for _, credits in own):
            # Earned of another month's usage, such as by an invoice.
            return [(f"({product}, no usage)", minor)]
        parts = split_exactly(minor, [credits for _, credits in own])
        return [(line, part) for (line, _), part in zip(own, parts, strict=True)]


class ByOrganization:
    """Lines of organizations, or of the plans that they had last in the month."""

    by_organization = True

    def __init__(self, unit: UnitOfWork, *, plans: bool, first_day: date, end_day: date) -> None:
        self._lines = organization_slugs(unit)
        if plans:
            first, end = (datetime.combine(day, time(), UTC) for day in (first_day, end_day))
            in_force, names = PlansInForce(unit, end), plan_names(unit)
            for owner in self._lines:
                found = [
                    plan
                    for starts_at, ends_at, plan in sorted(in_force.spans_of(owner))
                    if starts_at < micros_of(end) and ends_at > micros_of(first)
                ]
                self._lines[owner] = names[found[-1]] if found else NO_PLAN

    def line_of(self, one: Served) -> str:
        """The organization's slug, or its plan."""
        return self._lines[one.row.organization_id]

    def revenue(self, revenue: Revenue, usage: Mapping[str, LineUsage]) -> ByLine:  # noqa: ARG002
        """(currency, line) -> minor units; all revenue has an organization."""
        lines: dict[tuple[str, str], int] = defaultdict(int)
        for (currency, owner), minor in revenue.organizations.items():
            lines[currency, self._lines[owner]] += minor
        return lines


def groups_of(
    unit: UnitOfWork, grouping: str, first_day: date, end_day: date
) -> ByProduct | ByOrganization:
    """How a month's figures are put into lines."""
    if grouping in (PRODUCT, ENDPOINT):
        return ByProduct(unit, endpoints=grouping == ENDPOINT)
    return ByOrganization(unit, plans=grouping == PLAN, first_day=first_day, end_day=end_day)
