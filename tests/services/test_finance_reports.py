"""The finance reports against hand arithmetic, month by month."""

import pytest

from builders import an_organization, at, give, open_books, use
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.periods import parse_month
from creditctl.rules.units import Credits
from creditctl.services.liability_report import report_liability
from creditctl.services.limits_check import check_limits
from creditctl.services.merging import MergeRequest, merge_organizations
from creditctl.services.promotion_report import report_promotions
from creditctl.services.recurring_revenue import report_recurring
from creditctl.services.report_lines import AmountLine
from creditctl.services.revenue_report import report_breakage, report_revenue
from creditctl.services.reversals import ReverseRequest, reverse_grant
from creditctl.services.subscriptions import create_subscription
from creditctl.services.usage_value import report_usage_value
from finance import CATALOG, bought, closed

SEPTEMBER, OCTOBER, NOVEMBER = (parse_month(f"2026-{month:02}") for month in (9, 10, 11))


@pytest.fixture
def shop(context: Context) -> Context:
    """An organization without credits, on 10 September."""
    opened = at(context, "2026-09-10T12:00:00Z")
    open_books(opened, CATALOG)
    an_organization(opened)
    return opened


def amounts(lines: tuple[AmountLine, ...]) -> dict[str, tuple[str, str]]:
    """Line -> this month and the one before, of reports in one currency."""
    assert all(line.change == line.amount - line.previous for line in lines)
    return {line.line: (str(line.amount), str(line.previous)) for line in lines}


def test_a_lot_of_three_credits_is_followed_through_its_life(shop: Context) -> None:
    """$10.00 for 3 credits on 10 September, for 30 days: one used in September, one in October.

    The third expires on 10 October: 3.33 + 3.34 + 3.33.
    """
    bought(shop, "acme", package="three")
    use(at(shop, "2026-09-20T00:00:00Z"), "acme", 1)
    use(at(shop, "2026-10-05T00:00:00Z"), "acme", 1)
    check_limits(at(shop, "2026-10-20T00:00:00Z"))
    assert amounts(report_liability(shop, SEPTEMBER).roll_forward) == {
        "opening": ("0.00", "0.00"),
        "sold": ("10.00", "0.00"),
        "used": ("3.33", "0.00"),
        "expired": ("0.00", "0.00"),
        "reversed": ("0.00", "0.00"),
        "closing": ("6.67", "0.00"),
    }
    assert amounts(report_liability(shop, OCTOBER).roll_forward) == {
        "opening": ("6.67", "0.00"),
        "sold": ("0.00", "10.00"),
        "used": ("3.34", "3.33"),
        "expired": ("3.33", "0.00"),
        "reversed": ("0.00", "0.00"),
        "closing": ("0.00", "6.67"),
    }
    assert amounts(report_revenue(shop, OCTOBER).sources) == {
        "purchase": ("3.34", "3.33"),
        "total": ("3.34", "3.33"),
    }
    breakage = report_breakage(shop, OCTOBER)
    assert breakage.credits == Credits(1_000_000)
    assert amounts(breakage.sources) == {"purchase": ("3.33", "0.00"), "total": ("3.33", "0.00")}


def test_what_is_unused_is_told_by_source_and_age(shop: Context) -> None:
    """$1.00 for 100 credits on 10 September, 21 days old at the month's end and 52 at the next."""
    bought(shop, "acme", package="hundred")
    use(at(shop, "2026-10-02T00:00:00Z"), "acme", 25)
    bought(at(shop, "2026-10-31T23:59:59Z"), "acme", amount="2 USD")
    (september,) = report_liability(shop, SEPTEMBER).unused
    assert (september.source, september.age, str(september.credits)) == (
        "purchase",
        "0-30 days",
        "100",
    )
    october = report_liability(shop, OCTOBER).unused
    assert [
        (one.age, str(one.credits), str(one.amount), str(one.previous), str(one.change))
        for one in october
    ] == [
        ("0-30 days", "200", "2.00", "1.00", "1.00"),
        ("31-90 days", "75", "0.75", "0.00", "0.75"),
    ]


def test_each_currency_has_its_own_roll_forward(shop: Context) -> None:
    bought(shop, "acme", amount="4 EUR")
    bought(shop, "acme", amount="2 USD")
    use(at(shop, "2026-09-11T00:00:00Z"), "acme", 100)
    report = report_liability(shop, SEPTEMBER)
    closing = [line.amount for line in report.roll_forward if line.line == "closing"]
    assert [(money.currency, str(money)) for money in closing] == [
        # 500 credits for EUR 4.00, of which 100 are used, for they came first.
        ("EUR", "3.20"),
        ("USD", "2.00"),
    ]


def test_what_is_reversed_is_owed_back_and_never_earned(shop: Context) -> None:
    """One of three used, then the grant is reversed and what it paid is unwound a month later."""
    grant = bought(shop, "acme", package="three")
    use(at(shop, "2026-09-20T00:00:00Z"), "acme", 1)
    later = at(shop, "2026-10-02T00:00:00Z")
    reverse_grant(later, ReverseRequest(grant=grant, reason="wrong organization"))
    assert amounts(report_liability(shop, OCTOBER).roll_forward)["reversed"] == ("6.67", "0.00")
    assert amounts(report_liability(shop, OCTOBER).roll_forward)["closing"] == ("0.00", "6.67")
    assert report_breakage(shop, OCTOBER).credits == Credits(0)


def test_an_unwound_grant_has_earned_nothing(shop: Context) -> None:
    """Its usage is unwound where it was posted: September was open."""
    grant = bought(shop, "acme", package="three")
    use(at(shop, "2026-09-20T00:00:00Z"), "acme", 1)
    later = at(shop, "2026-10-02T00:00:00Z")
    reverse_grant(later, ReverseRequest(grant=grant, reason="charged back", unwind=True))
    lines = amounts(report_liability(shop, OCTOBER).roll_forward)
    assert lines["used"] == ("0.00", "0.00")
    assert lines["reversed"] == ("10.00", "0.00")


def test_what_is_unwound_after_the_close_takes_revenue_back_in_the_open_month(
    shop: Context,
) -> None:
    grant = bought(shop, "acme", package="three")
    use(at(shop, "2026-09-20T00:00:00Z"), "acme", 1)
    later = at(shop, "2026-10-02T00:00:00Z")
    assert closed(later, "2026-09") == ["2026-09"]
    reverse_grant(later, ReverseRequest(grant=grant, reason="charged back", unwind=True))
    lines = amounts(report_liability(shop, OCTOBER).roll_forward)
    assert lines["used"] == ("-3.33", "3.33")
    assert lines["reversed"] == ("10.00", "0.00")
    assert lines["closing"] == ("0.00", "6.67")


def test_a_merge_neither_sells_nor_earns(shop: Context) -> None:
    bought(shop, "acme", package="three")
    use(at(shop, "2026-09-20T00:00:00Z"), "acme", 1)
    an_organization(shop, "other")
    before = report_liability(shop, SEPTEMBER)
    later = at(shop, "2026-09-25T00:00:00Z")
    merge_organizations(later, MergeRequest(source="acme", target="other", reason="one firm"))
    assert report_liability(shop, SEPTEMBER) == before
    use(at(shop, "2026-09-26T00:00:00Z"), "other", 1)
    assert amounts(report_revenue(shop, SEPTEMBER).sources)["purchase"] == ("6.67", "0.00")


def test_revenue_by_product_sums_to_what_the_lot_earned(shop: Context) -> None:
    """Of $10.00 for three credits, one each for rows and maps: 3.33 + 3.34."""
    bought(shop, "acme", package="three")
    use(at(shop, "2026-09-20T00:00:00Z"), "acme", 1)
    use(at(shop, "2026-09-21T00:00:00Z"), "acme", 1, path="/maps")
    products = amounts(report_revenue(shop, SEPTEMBER).products)
    assert sorted(products.values()) == [("3.33", "0.00"), ("3.34", "0.00"), ("6.67", "0.00")]
    assert products["total"] == ("6.67", "0.00")


def test_fees_are_earned_by_the_day(shop: Context) -> None:
    """$49.00 from 10 September: 21 of 30 days in September, 9 and then 22 of 31 in October."""
    create_subscription(shop, "acme", "monthly")
    november = at(shop, "2026-11-30T00:00:00Z")
    assert amounts(report_revenue(november, SEPTEMBER).sources) == {
        "fees": ("34.30", "0.00"),
        "total": ("34.30", "0.00"),
    }
    # 49.00 - 34.30 = 14.70, and 49.00 x 22 / 31 = 34.774
    assert amounts(report_revenue(november, OCTOBER).sources)["fees"] == ("49.47", "34.30")


def test_fees_are_not_earned_before_their_days(shop: Context) -> None:
    create_subscription(shop, "acme", "monthly")
    assert amounts(report_revenue(shop, SEPTEMBER).sources)["fees"] == ("1.63", "0.00")


def test_gifts_are_told_apart_and_valued_at_the_list_price(shop: Context) -> None:
    give(shop, "acme", "10", source="promotion")
    give(shop, "acme", "5", expires_at=at(shop, "2026-09-30T00:00:00Z").now)
    create_subscription(shop, "acme", "monthly")
    use(at(shop, "2026-09-20T00:00:00Z"), "acme", 12)
    report = report_promotions(shop, SEPTEMBER)
    assert [
        (one.source, str(one.given), str(one.used), str(one.list_value)) for one in report.gifts
    ] == [("goodwill", "5", "5", "0.05"), ("promotion", "10", "0", "0.10")]
    assert (str(report.given), str(report.list_value)) == ("15", "0.15")
    november = report_promotions(shop, NOVEMBER)
    assert (november.gifts, str(november.given)) == ((), "0")
    assert [str(one.change) for one in report_promotions(shop, OCTOBER).gifts] == ["-5", "-10"]


def test_usage_is_told_by_who_paid(shop: Context) -> None:
    """20 rows: 5 of a gift that expires, 10 of the allowance, 3 paid and 2 on nobody's account."""
    give(shop, "acme", "5", expires_at=at(shop, "2026-09-30T00:00:00Z").now)
    create_subscription(shop, "acme", "monthly")
    bought(shop, "acme", package="three")
    use(at(shop, "2026-09-20T00:00:00Z"), "acme", 20)
    (rows,) = report_usage_value(shop, SEPTEMBER).products
    figures = (rows.credits, rows.allowance, rows.gifts, rows.paid, rows.overage)
    assert [str(figure) for figure in figures] == ["20", "10", "5", "3", "2"]
    assert (rows.product, str(rows.list_value)) == ("rows", "0.20")
    bought(at(shop, "2026-09-21T00:00:00Z"), "acme", package="three")
    (rows,) = report_usage_value(shop, SEPTEMBER).products
    assert [str(rows.paid), str(rows.overage), str(rows.credits)] == ["5", "0", "20"]


def test_recurring_revenue_is_by_the_month(shop: Context) -> None:
    """$49.00 and an annual $100.00: 8.33 by the month; in October one more of them, 16.67."""
    for slug, plan, day in (("one", "monthly", 1), ("two", "annual", 2)):
        an_organization(at(shop, f"2026-09-{day:02}T00:00:00Z"), slug, plan=plan)
    an_organization(at(shop, "2026-10-31T00:00:00Z"), "three", plan="annual")
    report = report_recurring(shop, OCTOBER)
    assert [
        (one.plan, one.subscriptions, str(one.amount), str(one.previous)) for one in report.plans
    ] == [("annual", 2, "16.67", "8.33"), ("monthly", 1, "49.00", "49.00")]
    assert amounts(report.totals) == {"mrr": ("65.67", "57.33")}
    assert report_recurring(shop, parse_month("2026-08")).subscriptions == 0


def test_a_month_is_closed_once_with_all_before_it_and_when_it_is_over(shop: Context) -> None:
    bought(shop, "acme", package="three")
    november = at(shop, "2026-11-01T00:00:00Z")
    with pytest.raises(Conflict, match="not over"):
        closed(november, "2026-11")
    assert closed(november, "2026-10") == ["2026-09", "2026-10"]
    with pytest.raises(Conflict, match="is closed"):
        closed(november, "2026-09")


def test_a_change_of_the_past_is_earned_in_the_open_month(shop: Context) -> None:
    """A subscription back-dated into a closed month: its 21 days of September count in October."""
    bought(shop, "acme", package="hundred")
    october = at(shop, "2026-10-09T12:00:00Z")
    closed(october, "2026-09")
    create_subscription(october, "acme", "monthly", starts_at=shop.now)
    assert amounts(report_revenue(october, SEPTEMBER).sources)["total"] == ("0.00", "0.00")
    assert amounts(report_revenue(october, OCTOBER).sources)["fees"] == ("49.00", "0.00")


def test_late_usage_of_a_closed_month_is_posted_on_the_first_open_day(shop: Context) -> None:
    bought(shop, "acme", package="hundred")
    october = at(shop, "2026-10-09T00:00:00Z")
    closed(october, "2026-09")
    use(at(shop, "2026-09-20T00:00:00Z"), "acme", 25)
    assert amounts(report_revenue(october, SEPTEMBER).sources)["total"] == ("0.00", "0.00")
    assert amounts(report_revenue(october, OCTOBER).sources)["total"] == ("0.25", "0.00")
