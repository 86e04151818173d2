"""Where a party is, as tax law sees it, and which places are in the EU's VAT area on a day.

Sources: ISO 3166; Directive 2006/112/EC, Articles 5 to 7; Withdrawal Agreement, Article 126, and
the Windsor Framework, by which Northern Ireland belongs to the VAT area for goods, not services.
"""

from dataclasses import dataclass
from datetime import date

_MEMBER_SINCE = {
    date(1958, 1, 1): "BE DE FR IT LU NL",
    date(1973, 1, 1): "DK GB IE",
    date(1981, 1, 1): "GR",
    date(1986, 1, 1): "ES PT",
    date(1995, 1, 1): "AT FI SE",
    date(2004, 5, 1): "CY CZ EE HU LT LV MT PL SI SK",
    date(2007, 1, 1): "BG RO",
    date(2013, 7, 1): "HR",
}
_FIRST_DAY = {country: day for day, names in _MEMBER_SINCE.items() for country in names.split()}
_FIRST_DAY_OUTSIDE = {"GB": date(2021, 1, 1)}
"""The United Kingdom left on 2020-02-01; EU law held to the end of that year."""

_TAXED_AS = {
    "EL": ("GR", None),  # how Greece writes its VAT ids
    "XI": ("GB", "NIR"),  # how Northern Ireland writes its VAT ids
    "MC": ("FR", None),
    "IM": ("GB", None),
}
_OUTSIDE_ITS_COUNTRY = {
    ("ES", "CN"): "IC",
    ("ES", "GC"): "IC",
    ("ES", "TF"): "IC",
    ("ES", "CE"): "EA",
    ("ES", "ML"): "EA",
    ("FI", "01"): "AX",
    ("FR", "971"): "GP",
    ("FR", "972"): "MQ",
    ("FR", "973"): "GF",
    ("FR", "974"): "RE",
    ("FR", "976"): "YT",
}
"""Regions of member states outside the VAT area (Article 6), with the code ISO 3166 keeps."""


@dataclass(frozen=True, slots=True)
class Place:
    """A country (ISO 3166-1), its region (ISO 3166-2 without the country), and a locality's name.

    Made by `tax_place`, so that one place has one spelling.
    """

    country: str
    region: str | None = None
    locality: str | None = None

    def __str__(self) -> str:
        return "-".join(part for part in (self.country, self.region) if part)


NOWHERE = Place("ZZ")
"""Of a seller that nobody configured; ISO 3166-1 leaves ZZ to its users."""


def tax_place(country: str, region: str | None = None, locality: str | None = None) -> Place:
    """The place whose tax law holds: Monaco's is France's, the Canary Islands' is not Spain's."""
    if country in _TAXED_AS:
        country, own_region = _TAXED_AS[country]
        return Place(country, own_region, locality)
    if region is not None and (country, region) in _OUTSIDE_ITS_COUNTRY:
        return Place(_OUTSIDE_ITS_COUNTRY[country, region], None, locality)
    return Place(country, region, locality)


def is_in_eu_vat_area(place: Place, day: date) -> bool:
    """Whether services supplied to that place on that day are taxed by Directive 2006/112/EC."""
    first = _FIRST_DAY.get(place.country)
    if first is None or day < first:
        return False
    outside = _FIRST_DAY_OUTSIDE.get(place.country)
    return outside is None or day < outside
