"""Tax ids by their countries' rules, in one form."""

import pytest

from creditctl.errors import InvalidInput
from creditctl.rules.tax_ids import compact_tax_id


@pytest.mark.parametrize(
    ("text", "country", "compact"),
    [
        ("DE 136 695 976", "DE", "DE136695976"),
        ("136695976", "DE", "DE136695976"),
        ("FR 40 303 265 045", "FR", "FR40303265045"),
        ("GB 980 7806 84", "GB", "GB980780684"),
        ("91-1144442", "US", "US911144442"),
        ("83 914 571 673", "AU", "AU83914571673"),
        ("ab-12.345", "XX", "XXAB12345"),
    ],
)
def test_an_id_is_kept_without_spaces_and_with_its_country(
    text: str, country: str, compact: str
) -> None:
    assert compact_tax_id(text, country) == compact
    assert compact_tax_id(compact, country) == compact


@pytest.mark.parametrize(
    ("text", "country"), [("DE136695977", "DE"), ("12", "DE"), ("FR40303265046", "FR"), ("?", "XX")]
)
def test_a_wrong_digit_is_refused(text: str, country: str) -> None:
    with pytest.raises(InvalidInput, match=f"is no tax id of {country}"):
        compact_tax_id(text, country)


def test_it_means_nothing_without_its_country() -> None:
    with pytest.raises(InvalidInput, match="without its country"):
        compact_tax_id("DE136695976", None)
