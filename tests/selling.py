"""A catalog that sells credits: two packages, two currencies, a seller at home in Germany."""

from pathlib import Path

from creditctl.context import Context
from creditctl.services.catalog import CatalogChange, apply_catalog

CATALOG = """
[catalog]
name = "selling"
currency = "USD"
list_price = "0.01"
effective_from = 2026-01-01

[list_prices]
EUR = "0.0092"

[products.quotes]
cost_per_request = "0.0004"
[[products.quotes.endpoints]]
path = "/quotes"
credits = 2
cost_per_unit = "0.00001"

[packages.big]
title = "Big"
credits = 10000
price = "90.00"
lifetime_days = 365
prices = { EUR = "83.00" }

[packages.european]
credits = 5000
prices = { EUR = "45.00", GBP = "39.00" }

[packages.british]
credits = 100
prices = { GBP = "1.00" }

[seller]
legal_name = "Example GmbH"
address = ["Lange Gasse 1", "10115 Berlin"]
country = "DE"
tax_id = "DE136695976"
email = "billing@example.com"
prices_include_tax = ["EUR"]

[[seller.registrations]]
country = "DE"

[[seller.registrations]]
country = "US"
regions = ["NY", "TX"]
taxes = ["Sales tax"]
valid_from = 2025-07-01

[[taxes]]
country = "DE"
name = "VAT"
percent = 19
valid_from = 2021-01-01

[[taxes]]
country = "US"
regions = ["NY", "TX"]
name = "Sales tax"
authority = "State"
percent = "6.25"
taxable_percent = 80
valid_from = 2021-01-01
"""
FROM_JUNE = ("effective_from = 2026-01-01", "effective_from = 2026-06-01")


def applied(context: Context, folder: Path, *changes: tuple[str, str]) -> CatalogChange:
    """Apply the catalog with some words exchanged."""
    return apply_catalog(context, written(folder, *changes))


def written(folder: Path, *changes: tuple[str, str]) -> Path:
    """The catalog with some words exchanged, as a file."""
    text = CATALOG
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "catalog.toml"
    path.write_text(text, encoding="utf-8")
    return path
