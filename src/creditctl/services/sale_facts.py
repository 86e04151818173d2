"""What credits are sold by, as texts that can be compared and shown."""

from datetime import date

from creditctl.rules.catalog import PackageSpec, SellerSpec
from creditctl.rules.tax.parties import Registration
from creditctl.rules.tax.rates import STANDARD, Supply, TaxRate, percent_text
from creditctl.services.catalog_diff import Facts


def package_facts(package: PackageSpec) -> Facts:
    """A package as texts."""
    facts = {f"price.{price.currency}": str(price) for price in package.prices}
    lifetime = package.lifetime_days
    return facts | {
        "title": package.title,
        "credits": str(package.credits),
        "lifetime_days": "unlimited" if lifetime is None else str(lifetime),
    }


def tax_name(rate: TaxRate) -> str:
    """What a rate is called in a comparison: `US-NY/New York City Sales tax, City, 2020-01-01`.

    It names everything but the rate itself and its last day.
    """
    place = "-".join(filter(None, (rate.country, rate.region)))
    place += f"/{rate.locality}" if rate.locality else ""
    parts = [f"{place} {rate.name}", rate.authority]
    parts.append("" if rate.category == STANDARD else rate.category)
    parts.append("" if rate.supply is Supply.ANY else str(rate.supply))
    return ", ".join([*filter(None, parts), str(rate.validity.since)])


def tax_facts(rate: TaxRate) -> Facts:
    """A rate as texts."""
    return {
        "percent": percent_text(rate.ppm),
        "taxable_percent": percent_text(rate.taxable_ppm),
        "valid_until": _day_text(rate.validity.until),
    }


def seller_facts(seller: SellerSpec) -> Facts:
    """The seller as texts; each registration is one."""
    included = seller.prices_include_tax
    words = ("yes" if included else "no") if isinstance(included, bool) else ", ".join(included)
    facts = {
        "legal_name": seller.legal_name,
        "address": ", ".join(seller.address) or "none",
        "country": seller.country,
        "region": seller.region or "none",
        "tax_id": seller.tax_id or "none",
        "email": seller.email or "none",
        "street": seller.street or "none",
        "postcode": seller.postcode or "none",
        "city": seller.city or "none",
        "phone": seller.phone or "none",
        "bank": ", ".join(seller.bank) or "none",
        "prices_include_tax": words,
        "trusts_check_digits": "yes" if seller.trusts_check_digits else "no",
    }
    return facts | {_registration_name(one): "yes" for one in seller.registrations}


def _registration_name(one: Registration) -> str:
    place = "-".join(filter(None, (one.country, one.region)))
    taxes = ", ".join(one.taxes) or "all taxes"
    days = f"{_day_text(one.validity.since)} to {_day_text(one.validity.until)}"
    return f"registration.{place} {one.scheme}, {taxes}, {days}"


def _day_text(day: date | None) -> str:
    return "none" if day is None else day.isoformat()
