"""The parts of the JSON Schema by which credits are sold: packages, prices, taxes, the seller."""

from creditctl.adapters.catalog_packages_toml import LONGEST_LIFETIME_DAYS
from creditctl.adapters.catalog_schema_words import (
    Schema,
    amount,
    choice,
    credits,
    list_of,
    table,
    text,
    texts,
    whole,
)
from creditctl.rules.tax.parties import Scheme
from creditctl.rules.tax.rates import Supply

_CURRENCY = "^[A-Z]{3}$"
_COUNTRY = "^[A-Z]{2}$"
_REGION = "^[A-Z0-9]{1,3}$"
_DAY = r"^\d{4}-\d{2}-\d{2}$"


def list_prices_schema() -> Schema:
    """The `[list_prices]`."""
    return _by_currency('Money per credit in further currencies, such as EUR = "0.0092".')


def package_schema() -> Schema:
    """A `[packages.NAME]`."""
    return table(
        "Credits that are sold together.",
        {
            "title": text("What people call it."),
            "credits": credits("How many."),
            "price": amount("Their price in the catalog's currency."),
            "lifetime_days": whole(
                "They expire so many days after they are bought; never unless given.",
                least=1,
                most=LONGEST_LIFETIME_DAYS,
            ),
            "prices": _by_currency('Their price in further currencies, such as EUR = "45.00".'),
        },
        required=("credits",),
    )


def tax_schema() -> Schema:
    """One of the `[[taxes]]`."""
    return table(
        "A tax rate and its days: a change of law is another one.",
        {
            "country": text("Two letters (ISO 3166), such as DE.", pattern=_COUNTRY),
            "regions": texts("Only there (ISO 3166-2), such as NY; everywhere unless given."),
            "locality": text("Only there: a city's or county's name, beside its regions."),
            "name": text("Such as VAT; what documents call it."),
            "authority": text("Whose share it is, where several share a tax."),
            "category": text("What it is for; standard unless given."),
            "supply": choice("Within a region of the seller, or beyond it.", *Supply),
            "percent": _percentage('Of the price, in quotes: "8.875".'),
            "taxable_percent": _percentage("The part of the price it is of; 100 unless given."),
            "valid_from": _day("The first day it holds, such as 2026-01-01."),
            "valid_until": _day("The first day it no longer holds."),
        },
        required=("country", "name", "percent", "valid_from"),
    )


def seller_schema() -> Schema:
    """The `[seller]`."""
    return table(
        "The company that sells. Without registrations it charges no tax.",
        {
            "legal_name": text("What receipts call it."),
            "address": texts("Its lines, without the country; street and town unless given."),
            "street": text("Street and number, which electronic invoices want apart."),
            "postcode": text("Such as 10115."),
            "city": text("The town of the address."),
            "country": text("Where it is established (ISO 3166), such as DE.", pattern=_COUNTRY),
            "region": text("State or province (ISO 3166-2), such as NY.", pattern=_REGION),
            "tax_id": text("VAT id or its like; checked."),
            "email": text("Where receipts say to write to."),
            "phone": text("Where they say to call."),
            "bank": texts("Lines that say how to pay, such as a bank and an account."),
            "prices_include_tax": {
                "description": "Prices contain the tax: true, false, or in which currencies.",
                "type": ["boolean", "array"],
                "items": {"type": "string", "pattern": _CURRENCY},
            },
            "trusts_check_digits": {
                "description": "An EU VAT id counts though its register was not asked.",
                "type": "boolean",
            },
            "registrations": list_of(_registration()),
        },
        required=("legal_name", "country"),
    )


def _registration() -> Schema:
    return table(
        "Where the seller is registered for tax.",
        {
            "country": text("Two letters, such as DE.", pattern=_COUNTRY),
            "regions": texts("Only there, such as NY; the whole country unless given."),
            "scheme": choice("From whom it collects tax.", *Scheme),
            "taxes": texts("Only these, by name; all unless given."),
            "valid_from": _day("The first day of it."),
            "valid_until": _day("The first day after it."),
        },
        required=("country",),
    )


def _by_currency(description: str) -> Schema:
    return {
        "description": description,
        "type": "object",
        "propertyNames": {"pattern": _CURRENCY},
        "additionalProperties": amount("Money."),
    }


def _percentage(description: str) -> Schema:
    return amount(description) | {"minimum": 0, "maximum": 100}


def _day(description: str) -> Schema:
    return text(description, pattern=_DAY)
