"""The catalog: its versions, products, endpoints and prices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from creditctl.errors import CatalogMissing
from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class CatalogVersionRow:
    """The terms of an applied catalog, and its file word for word."""

    id: int
    name: str
    currency: str
    list_price: Decimal
    effective_from: datetime
    applied_at: datetime
    sha256: str
    source: str


@dataclass(frozen=True, slots=True)
class TermsRow:
    """What a credit costs in money from a time on."""

    effective_from: datetime
    currency: str
    list_price: Decimal


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An endpoint with its product's name."""

    id: int
    product_id: int
    product: str
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A version of an endpoint's price."""

    id: int
    endpoint_id: int
    effective_from: datetime
    effective_to: datetime | None
    tier: str | None
    base_micro: int
    unit_micro: int
    per_units: int
    unit: str | None
    rounding: str
    included_units: int
    minimum_micro: int
    maximum_micro: int | None
    billed_statuses: str
    plan_id: int
    plan: str | None
    volume_steps: str | None


def lock_catalog(unit: UnitOfWork) -> None:
    """Let no other transaction apply a catalog until this one ends; readers go on.

    Needed before anything is compared with what is in force. SQLite has one writer anyway.
    """
    if unit.dialect != "sqlite":
        unit.run("LOCK TABLE catalog_version IN SHARE ROW EXCLUSIVE MODE")


def newest_catalog_version(unit: UnitOfWork) -> CatalogVersionRow | None:
    """What was applied last, or None."""
    return unit.fetch_one(
        CatalogVersionRow,
        """
        SELECT id, name, currency, list_price, effective_from, applied_at, sha256, source
        FROM catalog_version ORDER BY id DESC LIMIT 1
        """,
    )


def applied_catalog_version(unit: UnitOfWork) -> CatalogVersionRow:
    """What was applied last; raises CatalogMissing."""
    found = newest_catalog_version(unit)
    if found is None:
        raise CatalogMissing
    return found


def catalog_terms(unit: UnitOfWork) -> list[TermsRow]:
    """The terms of every applied catalog, oldest first; raises CatalogMissing."""
    found = unit.fetch(
        TermsRow,
        """
        SELECT effective_from, currency, list_price
        FROM catalog_version ORDER BY effective_from, id
        """,
    )
    if not found:
        raise CatalogMissing
    return found


def terms_at(terms: Sequence[TermsRow], at: datetime) -> TermsRow:
    """The terms in force at that time; the first ones also cover the time before them."""
    begun = [row for row in terms if row.effective_from <= at]
    return (begun or terms[:1])[-1]


def all_endpoints(unit: UnitOfWork) -> list[EndpointRow]:
    """Every endpoint there ever was."""
    return unit.fetch(
        EndpointRow,
        """
        SELECT e.id, e.product_id, p.name, e.method, e.path
        FROM endpoint AS e JOIN product AS p ON p.id = e.product_id ORDER BY e.id
        """,
    )


def all_prices(unit: UnitOfWork) -> list[PriceRow]:
    """Every version of every price, newest first."""
    return unit.fetch(
        PriceRow,
        """
        SELECT e.id, e.endpoint_id, e.effective_from, e.effective_to, e.tier, e.base_micro,
               e.unit_micro, e.per_units, e.unit, e.rounding, e.included_units, e.minimum_micro,
               e.maximum_micro, e.billed_statuses, e.plan_id, p.name, e.volume_steps
        FROM endpoint_price AS e LEFT JOIN plan AS p ON p.id = e.plan_id
        ORDER BY e.effective_from DESC
        """,
    )


def product_ids(unit: UnitOfWork) -> dict[str, int]:
    """Internal id by name."""
    rows = unit.fetch_rows("SELECT name, id FROM product")
    return {str(name): int(product_id) for name, product_id in rows}


def set_product_title(unit: UnitOfWork, product_id: int, title: str) -> None:
    """Rename a product for people; its name stays."""
    unit.run("UPDATE product SET title = :title WHERE id = :id", title=title, id=product_id)


def close_version(unit: UnitOfWork, table: str, version_id: int, at: datetime) -> None:
    """End a version of `endpoint_price` or `plan_version` that was open."""
    unit.run(
        f"UPDATE {table} SET effective_to = :at WHERE id = :id AND effective_to IS NULL",
        id=version_id,
        at=at,
    )
