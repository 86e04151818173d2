"""Compares and writes what credits are sold by; what was in force before stays (DESIGN 3.2)."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from creditctl.rules.catalog import Catalog
from creditctl.services.catalog_diff import Difference, Facts, compared
from creditctl.services.catalog_versions import NewVersion, end_version, refuse_overlap
from creditctl.services.sale_facts import package_facts, seller_facts, tax_facts, tax_name
from creditctl.services.sale_rows import (
    package_columns,
    packages_at,
    seller_columns,
    seller_of,
    tax_rate_columns,
    tax_rate_of,
)
from creditctl.services.service_costs import cost_facts, cost_name, costs_of, stored_cost
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.selling import (
    VersionRow,
    insert_package_prices,
    list_price_rows,
    seller_rows,
    tax_rate_rows,
)
from creditctl.store.queries.service_costs import service_cost_rows

TABLES = {
    "list price": "list_price",
    "package": "package",
    "cost": "service_cost",
    "tax": "tax_rate",
    "seller": "seller",
}
"""Where each kind of what a difference may name is kept."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What a file says, as texts and as columns."""

    facts: Facts
    columns: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """What the newest version of it says, and for how long."""

    id: int
    facts: Facts
    effective_from: datetime
    effective_to: datetime | None


def selling_differences(unit: UnitOfWork, catalog: Catalog) -> Iterator[Difference]:
    """In what the file and what credits are sold by differ, in a stable order."""
    for kind, stated in _stated(catalog).items():
        in_force = {
            name: newest.facts
            for name, newest in _stored(unit, kind).items()
            if newest.effective_to is None
        }
        yield from compared(kind, in_force, {name: one.facts for name, one in stated.items()})


def write_selling(unit: UnitOfWork, catalog: Catalog, new: NewVersion) -> None:
    """Give what changed a new version from then on, and end what is no longer stated."""
    for kind, stated in _stated(catalog).items():
        written = _write(unit, kind, stated, new)
        if kind == "package":
            packages = {package.name: package for package in catalog.packages}
            for name, package_id in written.items():
                insert_package_prices(unit, package_id, packages[name].prices)


def _write(
    unit: UnitOfWork, kind: str, stated: dict[str, Stated], new: NewVersion
) -> dict[str, int]:
    """The id of each version that was written, by name."""
    table = TABLES[kind]
    written = {}
    stored = _stored(unit, kind)
    for name, newest in stored.items():
        what = "the seller" if kind == "seller" else f"{kind} {name}"
        if newest.effective_to is not None:
            if name in stated:
                refuse_overlap(what, newest.effective_to, new)
        elif name not in stated or stated[name].facts != newest.facts:
            end_version(unit, table, what, newest.id, newest.effective_from, new)
    for name, one in stated.items():
        known = stored.get(name)
        if known is None or known.effective_to is not None or known.facts != one.facts:
            written[name] = unit.insert(
                table,
                catalog_version_id=new.catalog_version_id,
                effective_from=new.effective_from,
                **one.columns,
            )
    return written


def _stated(catalog: Catalog) -> dict[str, dict[str, Stated]]:
    """What the file says, by kind and name."""
    seller = catalog.seller
    return {
        "list price": {
            currency: Stated({"price": str(price)}, {"currency": currency, "price": price})
            for currency, price in catalog.list_prices.items()
        },
        "package": {
            package.name: Stated(package_facts(package), package_columns(package))
            for package in catalog.packages
        },
        "cost": {
            cost_name(one.product, one.method, one.path): Stated(cost_facts(one), asdict(one))
            for one in costs_of(catalog)
        },
        "tax": {
            tax_name(rate): Stated(tax_facts(rate), tax_rate_columns(rate))
            for rate in catalog.taxes
        },
        "seller": {"seller": Stated(seller_facts(seller), seller_columns(seller))}
        if seller
        else {},
    }


def _stored(unit: UnitOfWork, kind: str) -> dict[str, Stored]:
    """The newest version of each, by name: later rows take the place of earlier ones."""
    rows: list[tuple[str, VersionRow, Facts]]
    if kind == "package":
        rows = [(row.name, row, package_facts(package)) for row, package in packages_at(unit)]
    elif kind == "list price":
        rows = [(row.currency, row, {"price": str(row.price)}) for row in list_price_rows(unit)]
    elif kind == "cost":
        costs = [(row, stored_cost(row)) for row in service_cost_rows(unit)]
        rows = [
            (cost_name(one.product, one.method, one.path), row, cost_facts(one))
            for row, one in costs
        ]
    elif kind == "tax":
        rates = [(row, tax_rate_of(row)) for row in tax_rate_rows(unit)]
        rows = [(tax_name(rate), row, tax_facts(rate)) for row, rate in rates]
    else:
        rows = [("seller", row, seller_facts(seller_of(row))) for row in seller_rows(unit)]
    return {
        name: Stored(row.id, facts, row.effective_from, row.effective_to)
        for name, row, facts in rows
    }
