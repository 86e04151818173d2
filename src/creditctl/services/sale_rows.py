"""What credits are sold by, between the database's rows and the catalog's values."""

import json
from collections import defaultdict
from datetime import date, datetime
from typing import Any

from creditctl.rules.catalog import PackageSpec, SellerSpec
from creditctl.rules.instants import parse_day
from creditctl.rules.tax.parties import Registration, Scheme, Validity
from creditctl.rules.tax.rates import Supply, TaxRate
from creditctl.rules.units import Money
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.selling import (
    PackageRow,
    SellerRow,
    TaxRateRow,
    package_price_rows,
    package_rows,
)


def packages_at(
    unit: UnitOfWork, at: datetime | None = None
) -> list[tuple[PackageRow, PackageSpec]]:
    """The packages in force at that time, or every version, by name."""
    prices: defaultdict[int, list[Money]] = defaultdict(list)
    for price in package_price_rows(unit, at):
        prices[price.package_id].append(Money(price.price_minor, price.currency))
    return [
        (
            row,
            PackageSpec(row.name, row.title, row.credits, tuple(prices[row.id]), row.lifetime_days),
        )
        for row in package_rows(unit, at)
    ]


def package_columns(package: PackageSpec) -> dict[str, Any]:
    """A package as its row; its prices are rows of their own."""
    return {
        "name": package.name,
        "title": package.title,
        "credits_micro": package.credits,
        "lifetime_days": package.lifetime_days,
    }


def tax_rate_of(row: TaxRateRow) -> TaxRate:
    """A stored rate as the catalog would state it."""
    return TaxRate(
        country=row.country,
        name=row.name,
        ppm=row.ppm,
        region=row.region or None,
        locality=row.locality or None,
        authority=row.authority,
        category=row.category,
        supply=Supply(row.supply),
        taxable_ppm=row.taxable_ppm,
        validity=Validity(row.valid_from, row.valid_until),
    )


def tax_rate_columns(rate: TaxRate) -> dict[str, Any]:
    """A rate as `tax_rate_of` reads it."""
    return {
        "country": rate.country,
        "region": rate.region or "",
        "locality": rate.locality or "",
        "name": rate.name,
        "authority": rate.authority,
        "category": rate.category,
        "supply": rate.supply,
        "ppm": rate.ppm,
        "taxable_ppm": rate.taxable_ppm,
        "valid_from": rate.validity.since,
        "valid_until": rate.validity.until,
    }


def seller_of(row: SellerRow) -> SellerSpec:
    """The stored seller as the catalog would state it."""
    included = json.loads(row.prices_include_tax)
    return SellerSpec(
        legal_name=row.legal_name,
        address=tuple(json.loads(row.address)),
        country=row.country,
        region=row.region,
        tax_id=row.tax_id,
        email=row.email,
        prices_include_tax=included if isinstance(included, bool) else tuple(included),
        trusts_check_digits=row.trusts_check_digits,
        registrations=tuple(map(_registration_of, json.loads(row.registrations))),
        street=row.street,
        postcode=row.postcode,
        city=row.city,
        phone=row.phone,
        bank=tuple(json.loads(row.bank or "[]")),
    )


def seller_columns(seller: SellerSpec) -> dict[str, Any]:
    """The seller as `seller_of` reads it."""
    return {
        "legal_name": seller.legal_name,
        "address": json.dumps(seller.address),
        "country": seller.country,
        "region": seller.region,
        "tax_id": seller.tax_id,
        "email": seller.email,
        "prices_include_tax": json.dumps(seller.prices_include_tax),
        "trusts_check_digits": seller.trusts_check_digits,
        "registrations": json.dumps([_registration_fields(one) for one in seller.registrations]),
        "street": seller.street,
        "postcode": seller.postcode,
        "city": seller.city,
        "phone": seller.phone,
        "bank": json.dumps(seller.bank) if seller.bank else None,
    }


def _registration_fields(one: Registration) -> dict[str, Any]:
    days = {"valid_from": one.validity.since, "valid_until": one.validity.until}
    return {
        "country": one.country,
        "region": one.region,
        "scheme": str(one.scheme),
        "taxes": list(one.taxes),
        **{name: None if day is None else day.isoformat() for name, day in days.items()},
    }


def _registration_of(fields: dict[str, Any]) -> Registration:
    return Registration(
        country=fields["country"],
        region=fields["region"],
        scheme=Scheme(fields["scheme"]),
        taxes=tuple(fields["taxes"]),
        validity=Validity(_day(fields["valid_from"]), _day(fields["valid_until"])),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else parse_day(text)
