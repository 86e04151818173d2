"""What credits are sold by: packages, list prices, costs, taxes, the seller, with their history."""

from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import SQLModel

from creditctl.store.tables.columns import (
    CLUSTERED,
    STRICT,
    flag,
    identity,
    integer,
    maybe_integer,
    maybe_text,
    one_of,
    text,
)


def _versions_by(*columns: str) -> tuple[Any, ...]:
    """Versions follow each other: none begins when another one of the same does."""
    return (
        UniqueConstraint(*columns, "effective_from"),
        CheckConstraint("effective_to > effective_from", name="validity_not_empty"),
    )


class Package(SQLModel, table=True):
    """Credits that are sold together while this version is in force; its prices lie beside it."""

    __tablename__ = "package"
    __table_args__ = (
        *_versions_by("name"),
        CheckConstraint("credits_micro > 0", name="credits_above_zero"),
        CheckConstraint("lifetime_days > 0", name="lifetime_above_zero"),
        STRICT,
    )

    id: int | None = identity()
    catalog_version_id: int = integer(refers_to="catalog_version.id")
    effective_from: int = integer()
    effective_to: int | None = maybe_integer()
    name: str = text()
    title: str = text()
    credits_micro: int = integer()
    lifetime_days: int | None = maybe_integer()


class PackagePrice(SQLModel, table=True):
    """What a version of a package costs in a currency."""

    __tablename__ = "package_price"
    __table_args__ = (CheckConstraint("price_minor > 0", name="price_above_zero"), CLUSTERED)

    package_id: int = integer(key=True, refers_to="package.id")
    currency: str = text(key=True)
    price_minor: int = integer()


class ListPrice(SQLModel, table=True):
    """Money per credit in a currency beside the catalog's own while this version is in force."""

    __tablename__ = "list_price"
    __table_args__ = (*_versions_by("currency"), STRICT)

    id: int | None = identity()
    catalog_version_id: int = integer(refers_to="catalog_version.id")
    effective_from: int = integer()
    effective_to: int | None = maybe_integer()
    currency: str = text()
    price: str = text()


class ServiceCost(SQLModel, table=True):
    """What serving costs the company while this version is in force, in millionths of `currency`.

    Of an endpoint, or with an empty method and path of the product's endpoints that have none.
    """

    __tablename__ = "service_cost"
    __table_args__ = (
        *_versions_by("product", "method", "path"),
        CheckConstraint("request_micro >= 0 AND unit_micro >= 0", name="costs_not_negative"),
        STRICT,
    )

    id: int | None = identity()
    catalog_version_id: int = integer(refers_to="catalog_version.id")
    effective_from: int = integer()
    effective_to: int | None = maybe_integer()
    product: str = text()
    method: str = text()
    path: str = text()
    currency: str = text()
    request_micro: int = integer()
    unit_micro: int = integer()


class TaxRate(SQLModel, table=True):
    """A tax rate of certain days, as the catalog states it while this version is in force.

    `region`, `locality` and `authority` are empty where they do not matter; rates are millionths.
    """

    __tablename__ = "tax_rate"
    __table_args__ = (
        *_versions_by(
            "country",
            "region",
            "locality",
            "name",
            "authority",
            "category",
            "supply",
            "valid_from",
        ),
        one_of("supply", "any", "within_region", "between_regions"),
        CheckConstraint("ppm BETWEEN 0 AND 1000000", name="rate_in_range"),
        CheckConstraint("taxable_ppm BETWEEN 1 AND 1000000", name="taxable_in_range"),
        CheckConstraint("valid_until > valid_from", name="days_not_empty"),
        STRICT,
    )

    id: int | None = identity()
    catalog_version_id: int = integer(refers_to="catalog_version.id")
    effective_from: int = integer()
    effective_to: int | None = maybe_integer()
    country: str = text()
    region: str = text()
    locality: str = text()
    name: str = text()
    authority: str = text()
    category: str = text()
    supply: str = text()
    ppm: int = integer()
    taxable_ppm: int = integer()
    valid_from: int = integer()
    valid_until: int | None = maybe_integer()


class Seller(SQLModel, table=True):
    """The company that sells while this version is in force.

    `address`, `prices_include_tax`, `registrations` and `bank` are JSON.
    """

    __tablename__ = "seller"
    __table_args__ = (*_versions_by(), STRICT)

    id: int | None = identity()
    catalog_version_id: int = integer(refers_to="catalog_version.id")
    effective_from: int = integer()
    effective_to: int | None = maybe_integer()
    legal_name: str = text()
    address: str = text()
    country: str = text()
    region: str | None = maybe_text()
    tax_id: str | None = maybe_text()
    email: str | None = maybe_text()
    prices_include_tax: str = text()
    trusts_check_digits: bool = flag()
    registrations: str = text()
    street: str | None = maybe_text()
    postcode: str | None = maybe_text()
    city: str | None = maybe_text()
    phone: str | None = maybe_text()
    bank: str | None = maybe_text()
