"""What credits are sold by: packages, list prices, taxes and the seller, in their versions.

Each of these gives the versions in force at a time, or without one every version, oldest first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from creditctl.rules.units import Credits, Money
from creditctl.store.engine import UnitOfWork

_IN_FORCE = """
    CAST(:at AS BIGINT) IS NULL
    OR (v.effective_from <= :at AND (v.effective_to IS NULL OR v.effective_to > :at))
"""


@dataclass(frozen=True, slots=True)
class VersionRow:
    """From when to when what a row says is in force."""

    id: int
    effective_from: datetime
    effective_to: datetime | None


@dataclass(frozen=True, slots=True)
class PackageRow(VersionRow):
    """A version of a package."""

    name: str
    title: str
    credits: Credits
    lifetime_days: int | None


@dataclass(frozen=True, slots=True)
class PackagePriceRow:
    """What a version of a package costs in a currency."""

    package_id: int
    currency: str
    price_minor: int


@dataclass(frozen=True, slots=True)
class ListPriceRow(VersionRow):
    """Money per credit in a currency beside the catalog's own."""

    currency: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class TaxRateRow(VersionRow):
    """A tax rate; region, locality and authority are empty where they do not matter."""

    country: str
    region: str
    locality: str
    name: str
    authority: str
    category: str
    supply: str
    ppm: int
    taxable_ppm: int
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class SellerRow(VersionRow):
    """The seller; address, prices_include_tax, registrations and bank are JSON."""

    legal_name: str
    address: str
    country: str
    region: str | None
    tax_id: str | None
    email: str | None
    prices_include_tax: str
    trusts_check_digits: bool
    registrations: str
    street: str | None
    postcode: str | None
    city: str | None
    phone: str | None
    bank: str | None


def package_rows(unit: UnitOfWork, at: datetime | None = None) -> list[PackageRow]:
    """Packages, by name."""
    return unit.fetch(
        PackageRow,
        f"""
        SELECT v.id, v.effective_from, v.effective_to, v.name, v.title, v.credits_micro,
               v.lifetime_days
        FROM package AS v WHERE {_IN_FORCE} ORDER BY v.name, v.effective_from
        """,
        at=at,
    )


def package_price_rows(unit: UnitOfWork, at: datetime | None = None) -> list[PackagePriceRow]:
    """Prices of these packages, in the order of their currencies."""
    return unit.fetch(
        PackagePriceRow,
        f"""
        SELECT p.package_id, p.currency, p.price_minor
        FROM package_price AS p JOIN package AS v ON v.id = p.package_id
        WHERE {_IN_FORCE} ORDER BY p.package_id, p.currency
        """,
        at=at,
    )


def list_price_rows(unit: UnitOfWork, at: datetime | None = None) -> list[ListPriceRow]:
    """List prices beside that in the catalog's currency."""
    return unit.fetch(
        ListPriceRow,
        f"""
        SELECT v.id, v.effective_from, v.effective_to, v.currency, v.price
        FROM list_price AS v WHERE {_IN_FORCE} ORDER BY v.currency, v.effective_from
        """,
        at=at,
    )


def tax_rate_rows(unit: UnitOfWork, at: datetime | None = None) -> list[TaxRateRow]:
    """Tax rates, whatever their days."""
    return unit.fetch(
        TaxRateRow,
        f"""
        SELECT v.id, v.effective_from, v.effective_to, v.country, v.region, v.locality, v.name,
               v.authority, v.category, v.supply, v.ppm, v.taxable_ppm, v.valid_from,
               v.valid_until
        FROM tax_rate AS v WHERE {_IN_FORCE} ORDER BY v.effective_from, v.id
        """,
        at=at,
    )


def seller_rows(unit: UnitOfWork, at: datetime | None = None) -> list[SellerRow]:
    """The seller; there is at most one at a time."""
    return unit.fetch(
        SellerRow,
        f"""
        SELECT v.id, v.effective_from, v.effective_to, v.legal_name, v.address, v.country,
               v.region, v.tax_id, v.email, v.prices_include_tax, v.trusts_check_digits,
               v.registrations, v.street, v.postcode, v.city, v.phone, v.bank
        FROM seller AS v WHERE {_IN_FORCE} ORDER BY v.effective_from
        """,
        at=at,
    )


def insert_package_prices(unit: UnitOfWork, package_id: int, prices: Iterable[Money]) -> None:
    """Write what a version of a package costs."""
    unit.run_many(
        """
        INSERT INTO package_price (package_id, currency, price_minor)
        VALUES (:package_id, :currency, :price_minor)
        """,
        [
            {"package_id": package_id, "currency": price.currency, "price_minor": price.minor}
            for price in prices
        ],
    )
