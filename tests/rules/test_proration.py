"""What a change in the middle of a period is worth."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.periods import Period, months_after
from creditctl.rules.proration import Share, prorated_credits, prorated_money, share_left
from creditctl.rules.units import NO_CREDITS, Credits, Money


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


SEPTEMBER = Period(at("2026-09-01T10:00:00"), at("2026-10-01T10:00:00"))


@pytest.mark.parametrize(
    ("when", "days"),
    [
        ("2026-09-01T10:00:00", 30),
        ("2026-09-01T10:00:00.000001", 30),
        ("2026-09-01T10:00:01", 29),
        ("2026-09-21T10:00:00", 10),
        ("2026-09-21T10:00:01", 9),
        ("2026-09-21T09:59:59", 10),
        ("2026-09-30T10:00:00", 1),
        ("2026-09-30T10:00:01", 0),
        ("2026-10-01T09:59:59.999999", 0),
    ],
)
def test_only_whole_days_count_from_the_change_to_the_periods_end(when: str, days: int) -> None:
    assert share_left(SEPTEMBER, at(when)) == Share(days, 30)


def test_the_days_of_a_period_are_those_of_its_months() -> None:
    february = Period(at("2028-01-31"), at("2028-02-29"))
    assert share_left(february, at("2028-02-28")) == Share(1, 29)
    year = Period(at("2027-03-01"), at("2028-03-01"))
    assert share_left(year, at("2027-03-01")) == Share(366, 366)


def test_credits_are_rounded_down_to_a_micro_credit() -> None:
    # 100 x 10/31 = 32.258064516...; 0.000002 x 1/3 = 0.00000066...
    assert prorated_credits(Credits.parse("100"), Share(10, 31)) == Credits.parse("32.258064")
    assert prorated_credits(Credits.parse("0.000002"), Share(1, 3)) == NO_CREDITS


def test_money_is_rounded_half_up_to_its_minor_unit() -> None:
    # 0.03 x 1/2 = 0.015 and 0.05 x 1/30 = 0.00166...; 100 yen x 1/8 = 12.5
    assert prorated_money(Money(3, "USD"), Share(1, 2)) == Money(2, "USD")
    assert prorated_money(Money(5, "USD"), Share(1, 30)) == Money(0, "USD")
    assert prorated_money(Money(100, "JPY"), Share(1, 8)) == Money(13, "JPY")


def test_less_is_worth_nothing_for_there_are_no_refunds() -> None:
    assert prorated_credits(Credits(-1), Share(30, 30)) == NO_CREDITS
    assert prorated_money(Money(-100, "USD"), Share(30, 30)) == Money(0, "USD")


SHARES = st.integers(1, 366).flatmap(
    lambda of: st.integers(0, of).map(lambda days: Share(days, of))
)


@given(st.integers(0, 10**15), SHARES)
def test_a_share_is_within_one_unit_of_the_exact_one(amount: int, share: Share) -> None:
    exact = Fraction(amount * share.days, share.of)
    assert 0 <= exact - prorated_credits(Credits(amount), share).micro < 1
    off = prorated_money(Money(amount, "USD"), share).minor - exact
    assert -Fraction(1, 2) < off <= Fraction(1, 2)


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from([1, 12]),
    st.integers(0, 9_999),
)
def test_later_is_never_worth_more_and_never_more_than_all(
    starts_at: datetime, months: int, part: int
) -> None:
    period = Period(starts_at, months_after(starts_at, months))
    when = starts_at + (period.ends_at - starts_at) * part // 10_000
    share = share_left(period, when)
    assert 0 <= share.days <= share.of
    assert share_left(period, when + timedelta(hours=1)).days in (share.days, share.days - 1)
