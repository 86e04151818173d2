"""What is known of sellers and buyers: tax ids, registrations, days."""

from datetime import date

import pytest

from creditctl.rules.tax.parties import Registration, Seller, Validity, tax_id_status
from creditctl.rules.tax.places import Place


@pytest.mark.parametrize(
    ("tax_id", "country", "confirmed", "needs_confirming", "status"),
    [
        (None, "DE", None, False, "none"),
        ("DE136695976", "DE", None, False, "valid"),
        ("DE136695976", "DE", None, True, "unconfirmed"),
        ("DE136695976", "DE", True, True, "valid"),
        ("DE136695976", "DE", False, False, "invalid"),
        ("DE136695977", "DE", None, False, "invalid"),
        # No answer of a register makes up for wrong check digits or a missing country.
        ("DE136695977", "DE", True, True, "invalid"),
        ("DE136695976", None, True, False, "invalid"),
    ],
)
def test_a_tax_id_proves_a_business_when_it_is_right_and_confirmed_where_needed(
    tax_id: str | None,
    country: str | None,
    confirmed: bool | None,
    needs_confirming: bool,
    status: str,
) -> None:
    found = tax_id_status(tax_id, country, confirmed=confirmed, needs_confirming=needs_confirming)
    assert found == status


def test_days_are_half_open() -> None:
    year = Validity(date(2026, 1, 1), date(2027, 1, 1))
    assert date(2025, 12, 31) not in year
    assert date(2026, 1, 1) in year
    assert date(2026, 12, 31) in year
    assert date(2027, 1, 1) not in year
    assert date(1970, 1, 1) in Validity()


def test_a_registration_covers_its_region_or_its_whole_country() -> None:
    assert Registration("US", "NY").covers(Place("US", "NY", "Albany"))
    assert not Registration("US", "NY").covers(Place("US", "TX"))
    assert Registration("IN").covers(Place("IN", "KA"))
    assert not Registration("IN").covers(Place("CH"))


def test_a_registration_counts_on_its_days() -> None:
    later = Registration("CH", validity=Validity(since=date(2026, 1, 1)))
    seller = Seller(Place("DE"), (Registration("DE"), later))
    assert seller.registrations_on(date(2025, 12, 31)) == (Registration("DE"),)
    assert later in seller.registrations_on(date(2026, 1, 1))
