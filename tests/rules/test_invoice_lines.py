"""Invoice lines: one-cent cases by hand, and the laws that hold for any figures."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from creditctl.rules.invoice_lines import (
    Fee,
    Line,
    PricedUsage,
    Usage,
    bills_fee_of,
    invoice_lines,
    total_of,
)
from creditctl.rules.periods import anchored_periods, calendar_month
from creditctl.rules.units import NO_CREDITS, Credits, Money, value_of


def credits(text: str) -> Credits:
    return Credits.parse(text)


def usage(*amounts: str) -> tuple[Usage, ...]:
    return tuple(Usage(f"Product {n}", 1, credits(text)) for n, text in enumerate(amounts, 1))


def shown(lines: tuple[Line, ...]) -> list[tuple[str, str]]:
    return [(line.description, str(line.amount)) for line in lines]


def test_usage_beyond_an_allowance_of_50000_is_due_at_the_overage_price() -> None:
    # 60,123 x 0.0012 = 72.1476 -> 72.15; due 10,123 x 0.0012 = 12.1476 -> 12.15;
    # applied 72.15 - 12.15 = 60.00, which is 50,000 x 0.0012.
    part = PricedUsage(
        Decimal("0.0012"),
        usage("60123"),
        (("subscription", credits("50000")),),
        credits("10123"),
    )
    lines = invoice_lines([Fee("Pro", Money(4900, "USD"))], [part], "USD")
    assert shown(lines) == [
        ("Pro", "49.00"),
        ("Product 1", "72.15"),
        ("Credits applied: subscription", "-60.00"),
    ]
    assert total_of(lines, "USD") == Money(6115, "USD")


def test_three_thirds_of_a_cent_that_are_covered_come_to_nothing() -> None:
    # Each line: 0.333333 credits x 0.01 = 0.33 cents -> 0.00.
    part = PricedUsage(
        Decimal("0.01"), usage(*["0.333333"] * 3), (("promotion", credits("0.999999")),), NO_CREDITS
    )
    lines = invoice_lines([], [part], "USD")
    assert [amount for _, amount in shown(lines)] == ["0.00"] * 4
    assert total_of(lines, "USD") == Money(0, "USD")


def test_three_thirds_of_a_cent_that_nobody_covers_come_to_a_cent_by_a_rounding_line() -> None:
    # Each line rounds to 0.00, but 0.999999 credits x 0.01 = 0.999999 cents -> 0.01 is due.
    part = PricedUsage(Decimal("0.01"), usage(*["0.333333"] * 3), (), credits("0.999999"))
    assert shown(invoice_lines([], [part], "USD"))[3:] == [("Rounding", "0.01")]


def test_three_half_cents_that_nobody_covers_are_rounded_down_again() -> None:
    # Each line: 0.5 cents -> 0.01, together 0.03; due 1.5 cents -> 0.02.
    part = PricedUsage(Decimal("0.01"), usage("0.5", "0.5", "0.5"), (), credits("1.5"))
    lines = invoice_lines([], [part], "USD")
    assert [amount for _, amount in shown(lines)] == ["0.01", "0.01", "0.01", "-0.01"]


def test_what_is_applied_is_shared_by_the_sources_to_the_cent() -> None:
    # 100 credits x 0.01 = 1.00 by three equal sources: 0.34 + 0.33 + 0.33.
    thirds = [("goodwill", "33.333334"), ("promotion", "33.333333"), ("purchase", "33.333333")]
    part = PricedUsage(
        Decimal("0.01"),
        usage("100"),
        tuple((source, credits(amount)) for source, amount in thirds),
        NO_CREDITS,
    )
    lines = invoice_lines([], [part], "USD")
    assert [str(line.amount) for line in lines] == ["1.00", "-0.34", "-0.33", "-0.33"]
    assert [str(line.credits) for line in lines[1:]] == ["-33.333334", "-33.333333", "-33.333333"]


def test_an_unlimited_plan_covers_what_no_grant_paid_and_nobody_owes() -> None:
    part = PricedUsage(Decimal("0.01"), usage("250"), (("purchase", credits("50")),), NO_CREDITS)
    lines = invoice_lines([], [part], "USD")
    assert shown(lines)[1:] == [
        ("Credits applied: purchase", "-0.50"),
        ("Covered by unlimited plan", "-2.00"),
    ]


def test_free_requests_are_listed_at_nothing() -> None:
    part = PricedUsage(
        Decimal("0.01"), (Usage("Quotes, free tier", 7, NO_CREDITS),), (), NO_CREDITS
    )
    (line,) = invoice_lines([], [part], "USD")
    assert (line.requests, str(line.amount)) == (7, "0.00")


def test_yen_have_no_minor_unit_and_dinars_have_three_places() -> None:
    part = PricedUsage(Decimal("0.5"), usage("3"), (), credits("3"))
    # 1.5 yen -> 2; 1.5 dinars stay 1.500.
    assert str(total_of(invoice_lines([], [part], "JPY"), "JPY")) == "2"
    assert str(total_of(invoice_lines([], [part], "KWD"), "KWD")) == "1.500"


def test_the_first_fee_is_billed_in_the_month_of_the_start_and_the_next_one_later() -> None:
    october = calendar_month(datetime(2026, 10, 5, tzinfo=UTC))
    start = datetime(2026, 10, 15, tzinfo=UTC)
    assert bills_fee_of(october, start, is_first=True)
    assert not bills_fee_of(october, datetime(2026, 11, 15, tzinfo=UTC), is_first=False)


def test_a_period_that_begins_when_the_month_ends_is_billed_in_advance() -> None:
    october = calendar_month(datetime(2026, 10, 5, tzinfo=UTC))
    assert bills_fee_of(october, october.ends_at, is_first=False)
    assert not bills_fee_of(october, october.ends_at, is_first=True)
    assert bills_fee_of(october, october.starts_at, is_first=True)
    assert not bills_fee_of(october, october.starts_at, is_first=False)


@given(st.integers(0, 2 * 365 * 24 * 60))
@settings(max_examples=50, deadline=None)
def test_every_fee_is_billed_on_exactly_one_invoice(minutes: int) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    months = [
        calendar_month(datetime(2024 + n // 12, n % 12 + 1, 1, tzinfo=UTC)) for n in range(48)
    ]
    for index, period in enumerate(
        anchored_periods(start, lambda _: "month", datetime(2027, 6, 1, tzinfo=UTC))
    ):
        billing = [m for m in months if bills_fee_of(m, period.starts_at, is_first=index == 0)]
        assert len(billing) == 1


AMOUNTS = st.integers(0, 10**12).map(Credits)
PRICES = st.decimals(0, 10, places=6)


@st.composite
def priced_usage(draw: st.DrawFn) -> PricedUsage:
    """Usage of several products, split in any way between sources, a plan and overage."""
    rows = draw(st.lists(AMOUNTS, min_size=1, max_size=6))
    left = sum(row.micro for row in rows)
    applied = []
    for source in draw(st.lists(st.sampled_from("abcdef"), unique=True, max_size=4)):
        share = draw(st.integers(0, left))
        applied.append((source, Credits(share)))
        left -= share
    overage = draw(st.sampled_from([0, left]) | st.integers(0, left))
    return PricedUsage(
        draw(PRICES),
        tuple(Usage(f"Product {n}", 1, row) for n, row in enumerate(rows)),
        tuple(applied),
        Credits(overage),
    )


@given(st.lists(priced_usage(), max_size=3), st.lists(st.integers(0, 10**6), max_size=2))
@settings(max_examples=300, deadline=None)
def test_the_total_is_the_fees_and_the_overage_at_its_price_for_any_split(
    parts: list[PricedUsage], fees: list[int]
) -> None:
    lines = invoice_lines([Fee("Fee", Money(fee, "USD")) for fee in fees], parts, "USD")
    due = sum(value_of(part.overage, part.price, "USD").minor for part in parts)
    assert total_of(lines, "USD").minor == sum(fees) + due
    assert all(line.amount.minor <= 0 for line in lines if line.kind in ("credits", "covered"))


@given(priced_usage())
@settings(max_examples=300, deadline=None)
def test_covered_usage_nets_to_exactly_nothing(part: PricedUsage) -> None:
    covered = PricedUsage(part.price, part.usage, part.applied, NO_CREDITS)
    lines = invoice_lines([], [covered], "USD")
    assert total_of(lines, "USD") == Money(0, "USD")
    assert sum(line.credits.micro for line in lines if line.credits) == 0
    assert "rounding" not in {line.kind for line in lines}
