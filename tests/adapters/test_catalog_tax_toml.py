"""Tax rates of a catalog file: read whole, or refused with line, key and value."""

from datetime import date

import pytest

from creditctl.adapters.catalog_tax_toml import tax_rates_from
from creditctl.adapters.toml_source import TomlSource
from creditctl.errors import CatalogInvalid
from creditctl.rules.tax.parties import Validity
from creditctl.rules.tax.rates import Supply, TaxRate

GOOD = """\
[[taxes]]
country = "US"
regions = ["TX", "OH"]
locality = "Springfield"
name = "Sales tax"
authority = "City"
category = "data"
supply = "any"
percent = "8.25"
taxable_percent = 80
valid_from = 2020-01-01
valid_until = 2026-01-01

[[taxes]]
country = "DE"
name = "VAT"
percent = 19
valid_from = 2021-01-01
"""


def rates(text: str) -> tuple[TaxRate, ...]:
    return tax_rates_from(TomlSource("tax.toml", text).root())


def test_a_good_file_is_read_whole() -> None:
    texas, ohio, german = rates(GOOD)
    assert texas == TaxRate(
        country="US",
        name="Sales tax",
        ppm=82_500,
        region="TX",
        locality="Springfield",
        authority="City",
        category="data",
        supply=Supply.ANY,
        taxable_ppm=800_000,
        validity=Validity(date(2020, 1, 1), date(2026, 1, 1)),
    )
    assert (ohio.region, ohio.ppm) == ("OH", 82_500)
    assert german == TaxRate("DE", "VAT", 190_000, validity=Validity(date(2021, 1, 1)))


def test_no_rates_are_no_mistake() -> None:
    assert rates("[catalog]\n") == ()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('country = "DE"', 'country = "Germany"', "line 15: taxes[2].country: 'Germany' is no"),
        ('country = "DE"', 'country = "EL"', "taxes[2].country: EL is taxed as GR: write GR"),
        ('country = "DE"', "country = 49", "country: must be a text, not a number (49)"),
        ('country = "DE"\n', "", "line 14: taxes[2]: 'country' is missing"),
        ('["TX", "OH"]', '["Texas"]', "line 3: taxes[1].regions: 'Texas' is no region code"),
        ('["TX", "OH"]', '["TX", "TX"]', "valid_from: Sales tax has a rate on these days already"),
        ('regions = ["TX", "OH"]\n', "", "taxes[1].locality: is a name, and needs its regions"),
        ('"Springfield"', '" "', "line 4: taxes[1].locality: is a name"),
        ('name = "VAT"', 'name = ""', "line 16: taxes[2].name: must not be empty"),
        ('"City"', '""', "line 6: taxes[1].authority: must not be empty"),
        ('"data"', '"none"', "line 7: taxes[1].category: 'none' is no name of a category"),
        ('"data"', '"Data!"', "line 7: taxes[1].category: 'Data!' is no name of a category"),
        ('"any"', '"inner"', "supply: must be one of any, within_region, between_regions, not"),
        ("percent = 19", "percent = 19.0", 'percentage in quotes such as "8.875", not 19.0'),
        ("percent = 19", "percent = true", "must be a percentage in quotes"),
        ("percent = 19", 'percent = "19%"', "percent: percentage '19%' is not a decimal number"),
        ("percent = 19", 'percent = "0.00001"', "percentage 0.00001 has more than 4 decimal"),
        ("percent = 19", 'percent = "100.1"', "must be at least 0 and at most 100, not 100.1"),
        ("percent = 19", "percent = -1", "line 17: taxes[2].percent: must be at least 0"),
        ("percent = 19\n", "", "taxes[2]: 'percent' is missing; it is a percentage such as"),
        ("taxable_percent = 80", "taxable_percent = 0", "taxable_percent: must be above zero"),
        ("= 2021-01-01", '= "2021-01-01"', "valid_from: must be a day such as 2026-01-01, not"),
        ("= 2021-01-01", "= 2021-01-01T00:00:00Z", "not the time 2021-01-01T00:00:00+00:00"),
        ("= 2026-01-01", "= 2020-01-01", "valid_until: 2020-01-01 is not after 2020-01-01"),
        ("valid_from = 2021-01-01", "", "taxes[2]: 'valid_from' is missing"),
        ("percent = 19", "percent = 19\nrate = 1", "line 18: taxes[2].rate: is not known here"),
        ("[[taxes]]\ncountry", "[taxes.x]\ncountry", "tax.toml line 1"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_value(old: str, new: str, complaint: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new) if old.startswith("[[") else GOOD.replace(old, new, 1)
    with pytest.raises(CatalogInvalid) as refused:
        rates(text)
    assert complaint in refused.value.detail


ROW = '[[taxes]]\ncountry = "{}"\nname = "{}"\npercent = 1\nvalid_from = {}\n'


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ("valid_until = 2021-01-01", False),
        ("valid_until = 2021-01-02", True),
        ("", True),
        ('authority = "Land"', False),
        ('category = "reduced"', False),
        ('regions = ["BE"]', False),
        ('supply = "within_region"', True),
    ],
)
def test_two_rates_of_one_authority_never_hold_on_the_same_day(more: str, refused: bool) -> None:
    text = ROW.format("DE", "VAT", "2020-01-01") + more + "\n"
    text += ROW.format("DE", "VAT", "2021-01-01")
    if not refused:
        assert len(rates(text)) == 2
        return
    with pytest.raises(CatalogInvalid, match=r"taxes\[2\]\.valid_from: VAT has a rate on these"):
        rates(text)


def test_rates_within_and_between_regions_stand_side_by_side() -> None:
    row = ROW.format("IN", "GST", "2020-01-01")
    assert len(rates(f'{row}supply = "within_region"\n{row}supply = "between_regions"\n')) == 2
