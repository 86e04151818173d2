"""Packages, taxes and the seller as the canonical catalog file states them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, TypeVar

from creditctl.adapters.catalog_values import credits_value, without
from creditctl.rules.catalog import PackageSpec, SellerSpec
from creditctl.rules.tax.parties import Registration, Scheme, Validity
from creditctl.rules.tax.rates import MILLION, STANDARD, Supply, TaxRate, percent_text

Regional = TypeVar("Regional", TaxRate, Registration)


def package_facts(package: PackageSpec, currency: str) -> dict[str, Any]:
    """A `[packages.NAME]`; its price in the catalog's currency stands before the others."""
    own = next((str(price) for price in package.prices if price.currency == currency), None)
    facts = {
        "title": package.title,
        "credits": credits_value(package.credits),
        "price": own,
        "lifetime_days": package.lifetime_days,
        "prices": {
            price.currency: str(price) for price in package.prices if price.currency != currency
        },
    }
    return without({"title": package.name}, facts)


def tax_tables(rates: Iterable[TaxRate]) -> list[dict[str, Any]]:
    """The `[[taxes]]`: rates that differ in nothing but their regions are one table."""
    return [_tax(rate, regions) for rate, regions in _by_regions(rates)]


def seller_facts(seller: SellerSpec) -> dict[str, Any]:
    """The `[seller]`."""
    include = seller.prices_include_tax
    facts = {
        "legal_name": seller.legal_name,
        "address": list(seller.address),
        "street": seller.street,
        "postcode": seller.postcode,
        "city": seller.city,
        "country": seller.country,
        "region": seller.region,
        "tax_id": seller.tax_id,
        "email": seller.email,
        "phone": seller.phone,
        "bank": list(seller.bank),
        "prices_include_tax": include if isinstance(include, bool) else list(include),
        "trusts_check_digits": seller.trusts_check_digits,
        "registrations": [
            _registration(one, regions) for one, regions in _by_regions(seller.registrations)
        ],
    }
    return without({"prices_include_tax": False, "trusts_check_digits": False}, facts)


def _tax(rate: TaxRate, regions: list[str]) -> dict[str, Any]:
    facts = {
        "country": rate.country,
        "regions": regions,
        "locality": rate.locality,
        "name": rate.name,
        "authority": rate.authority,
        "category": rate.category,
        "supply": str(rate.supply),
        "percent": _percentage(rate.ppm),
        "taxable_percent": _percentage(rate.taxable_ppm),
    }
    defaults = {
        "authority": "",
        "category": STANDARD,
        "supply": str(Supply.ANY),
        "taxable_percent": _percentage(MILLION),
    }
    return without(defaults, facts | _days(rate.validity))


def _registration(registration: Registration, regions: list[str]) -> dict[str, Any]:
    facts = {
        "country": registration.country,
        "regions": regions,
        "scheme": str(registration.scheme),
        "taxes": list(registration.taxes),
    }
    return without({"scheme": str(Scheme.FULL)}, facts | _days(registration.validity))


def _days(validity: Validity) -> dict[str, Any]:
    return {"valid_from": validity.since, "valid_until": validity.until}


def _percentage(ppm: int) -> int | str:
    text = percent_text(ppm)
    return text if "." in text else int(text)


def _by_regions(found: Iterable[Regional]) -> Iterable[tuple[Regional, list[str]]]:
    """Neighbours that differ in their region alone; the order stays."""
    for _, run in groupby(found, key=lambda one: (replace(one, region=None), one.region is None)):
        members: Sequence[Regional] = list(run)
        if members[0].region is None:
            yield from ((one, []) for one in members)
        else:
            yield members[0], [one.region for one in members if one.region]
