"""Places as tax law sees them."""

from datetime import date

import pytest

from creditctl.rules.tax.places import Place, is_in_eu_vat_area, tax_place


@pytest.mark.parametrize(
    ("country", "region", "taxed_as"),
    [
        ("DE", None, "DE"),
        ("US", "NY", "US-NY"),
        ("EL", None, "GR"),
        ("XI", None, "GB-NIR"),
        ("IM", None, "GB"),
        ("MC", None, "FR"),
        ("MC", "MC", "FR"),
        ("ES", "MD", "ES-MD"),
        ("ES", "CN", "IC"),
        ("ES", "CE", "EA"),
        ("FI", "01", "AX"),
        ("FR", "971", "GP"),
        ("PT", "30", "PT-30"),
    ],
)
def test_a_place_has_one_spelling(country: str, region: str | None, taxed_as: str) -> None:
    place = tax_place(country, region)
    assert str(place) == taxed_as
    assert tax_place(place.country, place.region) == place


def test_a_locality_is_kept() -> None:
    assert tax_place("US", "NY", "New York City") == Place("US", "NY", "New York City")


@pytest.mark.parametrize(
    ("country", "region", "last_outside", "first_inside"),
    [
        ("FI", None, "1994-12-31", "1995-01-01"),
        ("PL", None, "2004-04-30", "2004-05-01"),
        ("RO", None, "2006-12-31", "2007-01-01"),
        ("HR", None, "2013-06-30", "2013-07-01"),
    ],
)
def test_a_member_state_is_one_from_its_first_day(
    country: str, region: str | None, last_outside: str, first_inside: str
) -> None:
    place = tax_place(country, region)
    assert not is_in_eu_vat_area(place, date.fromisoformat(last_outside))
    assert is_in_eu_vat_area(place, date.fromisoformat(first_inside))


@pytest.mark.parametrize("country", ["GB", "XI", "IM"])
def test_the_united_kingdom_was_one_to_the_end_of_2020(country: str) -> None:
    assert is_in_eu_vat_area(tax_place(country), date(2020, 12, 31))
    assert not is_in_eu_vat_area(tax_place(country), date(2021, 1, 1))


@pytest.mark.parametrize(
    ("country", "region"),
    [("CH", None), ("NO", None), ("US", "NY"), ("ES", "GC"), ("FR", "974"), ("AX", None)],
)
def test_others_are_none(country: str, region: str | None) -> None:
    assert not is_in_eu_vat_area(tax_place(country, region), date(2026, 1, 1))


def test_there_are_27_member_states_today() -> None:
    letters = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
    names = [first + second for first in letters for second in letters]
    inside = {name for name in names if is_in_eu_vat_area(Place(name), date(2026, 1, 1))}
    assert len(inside) == 27
