"""The `[[taxes]]` of a catalog file: one rate a table, each with its days."""

import re
from collections.abc import Iterator
from datetime import date, datetime

from creditctl.adapters.toml_source import TomlTable
from creditctl.errors import InvalidInput
from creditctl.rules.tax.parties import Validity
from creditctl.rules.tax.places import tax_place
from creditctl.rules.tax.rates import MILLION, STANDARD, UNTAXED, Supply, TaxRate
from creditctl.rules.units import parse_decimal, scaled

_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_REGION = re.compile(r"[A-Z0-9]{1,3}", re.ASCII)
_CATEGORY = re.compile(r"[a-z0-9][a-z0-9_-]*", re.ASCII)
_PERCENT_PLACES = 4


def tax_rates_from(document: TomlTable) -> tuple[TaxRate, ...]:
    """The rates of a document's `[[taxes]]`, in its order; raises CatalogInvalid.

    A table with several `regions` gives a rate for each. No two rates of one tax and authority may
    hold for the same supply on the same day: both would be in force.
    """
    found: list[TaxRate] = []
    for table in document.tables("taxes"):
        for rate in _rates_of(table):
            _refuse_overlap(table, rate, found)
            found.append(rate)
    return tuple(found)


def _rates_of(table: TomlTable) -> Iterator[TaxRate]:
    country = tax_country(table)
    regions = tax_regions(table, country)
    locality = table.text("locality", None)
    if locality is not None and (not regions or not locality.strip()):
        table.refuse("locality", "is a name, and needs its regions")
    name = _named(table, "name")
    ppm = _millionths(table, "percent")
    taxable = _millionths(table, "taxable_percent") if "taxable_percent" in table else MILLION
    if not taxable:
        table.refuse("taxable_percent", "must be above zero; a rate of nothing is percent = 0")
    authority = _named(table, "authority") if "authority" in table else ""
    category = table.text("category", STANDARD)
    if not _CATEGORY.fullmatch(category) or category == UNTAXED:
        table.refuse("category", f"{category!r} is no name of a category")
    supply = Supply(table.choice("supply", tuple(Supply), Supply.ANY))
    validity = validity_of(table)
    table.finish()
    for region in regions or (None,):
        yield TaxRate(
            country=country,
            name=name,
            ppm=ppm,
            region=region,
            locality=locality,
            authority=authority,
            category=category,
            supply=supply,
            taxable_ppm=taxable,
            validity=validity,
        )


def tax_country(table: TomlTable) -> str:
    """The country whose tax law holds."""
    country: str = table.text("country")
    if not _COUNTRY.fullmatch(country):
        table.refuse("country", f"{country!r} is no country code: write it like DE")
    if (known := tax_place(country).country) != country:
        table.refuse("country", f"{country} is taxed as {known}: write {known}")
    return country


def tax_regions(table: TomlTable, country: str) -> tuple[str, ...]:
    """Its regions that are named; none means all of it."""
    regions = table.texts("regions", ())
    for region in regions:
        if not _REGION.fullmatch(region):
            table.refuse("regions", f"{region!r} is no region code: write it like NY")
        if (known := tax_place(country, region).country) != country:
            table.refuse("regions", f'{country}-{region} is taxed as {known}: country = "{known}"')
    return regions


def _named(table: TomlTable, key: str) -> str:
    text: str = table.text(key)
    if not text.strip():
        table.refuse(key, "must not be empty")
    return text


def _millionths(table: TomlTable, key: str) -> int:
    """A percentage in quotes, or a whole one, as parts per million."""
    value = table.value(key, object, 'a percentage such as "8.875"')
    if isinstance(value, bool) or not isinstance(value, str | int):
        table.refuse(key, f'must be a percentage in quotes such as "8.875", not {value!r}')
    try:
        millionths = scaled(parse_decimal(str(value), "percentage"), _PERCENT_PLACES, "percentage")
    except InvalidInput as problem:
        table.refuse(key, problem.detail)
    if not 0 <= millionths <= MILLION:
        table.refuse(key, f"must be at least 0 and at most 100, not {value}")
    return millionths


def validity_of(table: TomlTable, since: object = ...) -> Validity:
    """From `valid_from`, or `since` where it is not given, up to `valid_until`."""
    validity = Validity(_day(table, "valid_from", since), _day(table, "valid_until", None))
    if validity.since and validity.until and validity.until <= validity.since:
        table.refuse("valid_until", f"{validity.until} is not after {validity.since}")
    return validity


def _day(table: TomlTable, key: str, default: object = ...) -> date | None:
    day: date | None = table.value(key, date, "a day such as 2026-01-01", default)
    if isinstance(day, datetime):
        table.refuse(key, f"must be a day such as 2026-01-01, not the time {day.isoformat()}")
    return day


def _refuse_overlap(table: TomlTable, rate: TaxRate, earlier: list[TaxRate]) -> None:
    for other in earlier:
        if _same(rate, other) and meet(rate.validity, other.validity):
            since = other.validity.since
            table.refuse("valid_from", f"{rate.name} has a rate on these days already: of {since}")


def _same(one: TaxRate, other: TaxRate) -> bool:
    """Whether both are one authority's rate of the same tax for the same supplies and place."""
    either = Supply.ANY in (one.supply, other.supply)
    return _identity(one) == _identity(other) and (either or one.supply == other.supply)


def _identity(rate: TaxRate) -> tuple[str | None, ...]:
    return rate.country, rate.region, rate.locality, rate.name, rate.authority, rate.category


def meet(one: Validity, other: Validity) -> bool:
    """Whether both hold on some day."""
    first, second = sorted((one, other), key=lambda days: days.since or date.min)
    return first.until is None or second.since is None or second.since < first.until
