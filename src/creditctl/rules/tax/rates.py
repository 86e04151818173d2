"""Tax rates as the catalog states them, and those in force at a place on a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

from creditctl.rules.tax.parties import ALWAYS, Validity
from creditctl.rules.tax.places import Place
from creditctl.rules.units import decimal_text

MILLION = 1_000_000
"""Rates and shares are parts per million: four places of a percentage."""

STANDARD = "standard"
"""The category of what is sold unless a line says another."""

UNTAXED = "none"
"""The category of lines outside any tax, such as a deposit; it needs no rate."""


class Supply(StrEnum):
    """Which supplies a rate is for, by the regions of seller and buyer (India's CGST and IGST)."""

    ANY = "any"
    WITHIN_REGION = "within_region"
    BETWEEN_REGIONS = "between_regions"


@dataclass(frozen=True, slots=True)
class TaxRate:
    """One authority's rate of one tax; `ppm` is millionths of the taxable part of the price.

    `taxable_ppm` is that part: Texas taxes 80 % of the price of data processing (Tax Code
    151.351). `authority` tells the shares of one tax apart, such as a state's and a city's.
    """

    country: str
    name: str
    ppm: int
    region: str | None = None
    locality: str | None = None
    authority: str = ""
    category: str = STANDARD
    supply: Supply = Supply.ANY
    taxable_ppm: int = MILLION
    validity: Validity = ALWAYS

    @property
    def effective(self) -> Fraction:
        """Tax per net price."""
        return Fraction(self.ppm * self.taxable_ppm, MILLION**2)

    @property
    def narrowness(self) -> int:
        """0 for a country's rate, 1 for a region's, 2 for a locality's."""
        return (self.region is not None) + (self.locality is not None)

    def holds(self, place: Place, supply: Supply, day: date, category: str) -> bool:
        """Whether the rate applies to such a supply."""
        return (
            self.country == place.country
            and self.region in (None, place.region)
            and self.locality in (None, place.locality)
            and self.supply in (Supply.ANY, supply)
            and self.category == category
            and day in self.validity
        )


@dataclass(frozen=True)
class Tax:
    """A tax that is rounded once per document, whoever shares it."""

    name: str
    rates: tuple[TaxRate, ...]

    # Worked out once, not for each of thousands of documents: hence no slots.
    @cached_property
    def ppm(self) -> int:
        """The rate that is shown: of the taxable part of the price."""
        return sum(rate.ppm for rate in self.rates)

    @cached_property
    def effective(self) -> Fraction:
        """Tax per net price."""
        return sum((rate.effective for rate in self.rates), Fraction(0))

    @cached_property
    def taxable(self) -> Fraction:
        """The taxable part of the net price: with one share for all authorities, that share."""
        return self.effective / Fraction(self.ppm, MILLION) if self.ppm else Fraction(1)

    @cached_property
    def weights(self) -> list[int]:
        """By which its authorities share it, in their order."""
        return [rate.ppm * rate.taxable_ppm for rate in self.rates]


def taxes_in_force(
    rates: Iterable[TaxRate], place: Place, supply: Supply, day: date, category: str
) -> tuple[Tax, ...]:
    """The taxes on a supply, by name; none where the catalog states no rate.

    Authorities add up; of one authority's rates that of the narrowest place counts (Madeira's
    before Portugal's). The order of the rates does not matter.
    """
    found: dict[tuple[str, str], TaxRate] = {}
    for rate in rates:
        if rate.holds(place, supply, day, category):
            key = (rate.name, rate.authority)
            if key not in found or found[key].narrowness < rate.narrowness:
                found[key] = rate
    by_name: dict[str, list[TaxRate]] = {}
    for name, authority in sorted(found):
        by_name.setdefault(name, []).append(found[name, authority])
    return tuple(Tax(name, tuple(parts)) for name, parts in by_name.items())


def percent_text(ppm: int) -> str:
    """Millionths as a percentage without its sign: 88750 is `8.875`."""
    return decimal_text(ppm, 4)
