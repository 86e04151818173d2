"""Usage margin against hand arithmetic: what usage earned less what serving it cost."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from builders import an_organization, at, open_books, use
from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.periods import parse_month
from creditctl.services.margin_groups import GROUPINGS
from creditctl.services.margin_report import MarginLine, report_margin
from creditctl.services.report_lines import TOTAL
from creditctl.services.revenue_report import report_revenue
from creditctl.services.subscriptions import create_subscription
from finance import CATALOG, bought, eventful
from invoiced import BERLIN, MEDIA, invoiced

AUGUST, SEPTEMBER, OCTOBER, NOVEMBER = (parse_month(f"2026-{month:02}") for month in (8, 9, 10, 11))
MAPS = """path = "/maps"
data = { per = 1, unit = "tiles", credits = 1 }
"""
COSTED = CATALOG.replace('title = "Rows"', 'title = "Rows"\ncost_per_request = "0.0004"').replace(
    MAPS, f'{MAPS}cost_per_request = "0.05"\ncost_per_unit = "0.001"\n'
)
"""A request for rows costs $0.0004 to serve; one for maps $0.05, and $0.001 for each tile."""


@pytest.fixture
def shop(context: Context) -> Context:
    """An organization without credits, on 10 September."""
    opened = at(context, "2026-09-10T12:00:00Z")
    open_books(opened, COSTED)
    an_organization(opened)
    return opened


def told(lines: tuple[MarginLine, ...], currency: str = "USD") -> dict[str, tuple[str, ...]]:
    """Line -> revenue, cost, margin, percent, and the margin of the month before."""
    return {
        one.line: tuple(
            "" if value is None else str(value)
            for value in (one.revenue, one.cost, one.margin, one.percent, one.previous)
        )
        for one in lines
        if one.revenue.currency == currency
    }


def test_a_month_by_hand(shop: Context) -> None:
    """100 credits for $1.00: in September 30 are used on rows, in October 20 on rows, 40 on maps.

    September: rows earn 0.30 and 30 requests cost 30 x 0.0004 = 0.012.
    October: rows earn 0.20 and 2 requests cost 0.0008; maps earn 0.40, and 2 requests for 40 tiles
    cost 2 x 0.05 + 40 x 0.001 = 0.14. Together 0.1408, which is 0.14.
    """
    bought(shop, "acme", package="hundred")
    use(at(shop, "2026-09-20T00:00:00Z"), "acme", requests=30)
    use(at(shop, "2026-10-05T00:00:00Z"), "acme", 10, requests=2)
    use(at(shop, "2026-10-06T00:00:00Z"), "acme", 20, path="/maps", requests=2)
    report = report_margin(shop, OCTOBER)
    assert (report.month, report.grouped_by, report.without_cost) == ("2026-10", "product", 0)
    assert told(report.lines) == {
        "maps": ("0.40", "0.14", "0.26", "65.0", "0.00"),
        "rows": ("0.20", "0.00", "0.20", "100.0", "0.29"),
        "total": ("0.60", "0.14", "0.46", "76.7", "0.29"),
    }
    maps, rows, total = report.lines
    assert (maps.requests, maps.units, str(maps.credits), str(maps.change)) == (2, 40, "40", "0.26")
    assert (rows.requests, rows.previous_requests, str(rows.previous_credits)) == (2, 30, "30")
    assert (str(rows.previous_revenue), str(rows.previous_cost)) == ("0.30", "0.01")
    assert (total.requests, total.units, total.previous_units) == (4, 60, 30)
    assert told(report_margin(shop, SEPTEMBER).lines)["rows"] == (
        "0.30",
        "0.01",
        "0.29",
        "96.7",
        "0.00",
    )


def test_requests_that_failed_cost_and_earn_nothing(shop: Context) -> None:
    use(at(shop, "2026-10-05T00:00:00Z"), "acme", 5, path="/maps", status=500, requests=3)
    assert told(report_margin(shop, OCTOBER).lines)["maps"] == ("0.00", "0.17", "-0.17", "", "0.00")


def test_what_has_no_cost_is_said_and_has_no_margin(context: Context) -> None:
    """Only maps declare a cost: rows, and so the total, have no margin; zero would be a lie."""
    opened = at(context, "2026-09-10T12:00:00Z")
    open_books(opened, COSTED.replace('cost_per_request = "0.0004"\n', ""))
    an_organization(opened)
    bought(opened, "acme", package="hundred")
    use(opened, "acme", 10, requests=3)
    use(opened, "acme", 10, path="/maps")
    report = report_margin(opened, SEPTEMBER)
    assert report.without_cost == 3
    assert told(report.lines) == {
        "maps": ("0.10", "0.06", "0.04", "40.0", "0.00"),
        "rows": ("0.30", "", "", "", "0.00"),
        "total": ("0.40", "0.06", "", "", "0.00"),
    }
    assert [one.note for one in report.lines] == [
        "",
        "no cost declared",
        "no cost declared for 3 requests",
    ]
    assert [one.without_cost for one in report.lines] == [0, 3, 3]


def test_a_cost_of_nothing_is_declared(context: Context) -> None:
    opened = at(context, "2026-09-10T12:00:00Z")
    open_books(opened, COSTED.replace('"0.0004"', "0"))
    an_organization(opened)
    use(opened, "acme")
    (rows, _) = report_margin(opened, SEPTEMBER).lines
    assert (rows.without_cost, str(rows.cost), rows.note) == (0, "0.00", "")


def test_a_new_cost_holds_from_its_hour_on_and_history_keeps_the_old_one(shop: Context) -> None:
    """From 12:30 on a map costs $1.00 to serve; the one of 12:45 still counts to the old hour."""
    for time in ("09:00:00", "12:45:00", "13:00:00"):
        use(at(shop, f"2026-10-05T{time}Z"), "acme", 0, path="/maps")
    dearer = COSTED.replace('"0.05"', '"1"').replace("2026-01-01", "2026-10-05T12:30:00Z")
    open_books(at(shop, "2026-10-01T00:00:00Z"), dearer)
    assert told(report_margin(shop, OCTOBER).lines)["maps"][1] == "1.10"
    silent = CATALOG.replace("2026-01-01", "2026-11-01")
    open_books(at(shop, "2026-10-02T00:00:00Z"), silent)
    use(at(shop, "2026-11-01T00:00:00Z"), "acme", 0, path="/maps")
    assert told(report_margin(shop, NOVEMBER).lines)["maps"] == ("0.00", "", "", "", "-1.10")


def test_endpoints_share_their_products_revenue_by_credits(context: Context) -> None:
    """30 credits of rows and 10 of columns, all of product rows: 0.30 and 0.10 of $0.40."""
    columns = '[[products.rows.endpoints]]\npath = "/columns"\ncredits = 10\n'
    opened = at(context, "2026-09-10T12:00:00Z")
    open_books(opened, COSTED.replace("[products.maps]", f"{columns}\n[products.maps]"))
    an_organization(opened)
    bought(opened, "acme", package="hundred")
    use(opened, "acme", 30)
    use(opened, "acme", path="/columns")
    assert told(report_margin(opened, SEPTEMBER, grouped_by="endpoint").lines) == {
        "* /columns": ("0.10", "0.00", "0.10", "100.0", "0.00"),
        "GET /rows": ("0.30", "0.00", "0.30", "100.0", "0.00"),
        "total": ("0.40", "0.00", "0.40", "100.0", "0.00"),
    }


def test_fees_are_apart_from_products_and_with_organizations_and_plans(shop: Context) -> None:
    """$49.00 from 10 September, 21 of 30 days: 34.30. The allowance pays for a map: 0.05 + 0.01."""
    create_subscription(shop, "acme", "monthly")
    an_organization(shop, "other")
    use(shop, "acme", 10, path="/maps")
    later = at(shop, "2026-11-30T00:00:00Z")
    assert told(report_margin(later, SEPTEMBER).lines) == {
        "maps": ("0.00", "0.06", "-0.06", "", "0.00"),
        "(fees)": ("34.30", "0.00", "34.30", "100.0", "0.00"),
        "total": ("34.30", "0.06", "34.24", "99.8", "0.00"),
    }
    use(shop, "other", 10, path="/maps")
    organizations = told(report_margin(later, SEPTEMBER, grouped_by="organization").lines)
    assert organizations["acme"] == ("34.30", "0.06", "34.24", "99.8", "0.00")
    assert organizations["other"] == ("0.00", "0.06", "-0.06", "", "0.00")
    plans = told(report_margin(later, SEPTEMBER, grouped_by="plan").lines)
    assert plans["monthly"] == organizations["acme"]
    assert plans["(no plan)"] == organizations["other"]


def test_other_currencies_are_not_converted(shop: Context) -> None:
    """500 credits for EUR 4.00, of which 10 are used on a map: EUR 0.08, and it costs $0.06."""
    bought(shop, "acme", amount="4 EUR")
    use(shop, "acme", 10, path="/maps")
    report = report_margin(shop, SEPTEMBER)
    assert told(report.lines, "EUR")["maps"] == ("0.08", "", "", "", "0.00")
    assert told(report.lines, "USD")["maps"] == ("0.00", "0.06", "-0.06", "", "0.00")
    assert [(one.revenue.currency, one.note, one.requests) for one in report.lines[::2]] == [
        ("EUR", "cost is in USD", None),
        ("USD", "also earned in EUR", 1),
    ]


def test_overage_is_with_the_products_that_invoices_billed(context: Context) -> None:
    """Berlin is billed 10 rows and then 300 maps; the invoice of 404 is void and made anew."""
    books = invoiced(context)
    september, october, november = (
        told(report_margin(books, month).lines) for month in (SEPTEMBER, OCTOBER, NOVEMBER)
    )
    assert september["rows"][0] == "1.00"
    assert october["rows"][0] == "1.20"
    assert (november["maps"][0], november["rows"][0]) == ("3.00", "0.00")
    assert november["(credit notes)"][0] == "-9.50"
    owners = told(report_margin(books, NOVEMBER, grouped_by="organization").lines)
    assert set(owners) == {BERLIN, MEDIA, TOTAL}


@pytest.mark.parametrize("history", [eventful, invoiced])
def test_lines_add_up_and_sum_to_the_revenue_report(context: Context, history) -> None:
    books = history(context)
    for month in (AUGUST, SEPTEMBER, OCTOBER, NOVEMBER):
        revenue = {
            (one.amount.currency, one.amount.minor, one.previous.minor)
            for one in report_revenue(books, month).sources
            if one.line == TOTAL and (one.amount or one.previous)
        }
        for grouping in GROUPINGS:
            lines = report_margin(books, month, grouped_by=grouping).lines
            assert_they_add_up(lines, revenue)


def assert_they_add_up(lines: Sequence[MarginLine], revenue: set[tuple[str, int, int]]) -> None:
    totals = {one.revenue.currency: one for one in lines if one.line == TOTAL}
    assert revenue == {
        (code, one.revenue.minor, one.previous_revenue.minor)
        for code, one in totals.items()
        if one.revenue or one.previous_revenue
    }
    for currency, total in totals.items():
        own = [one for one in lines if one.line != TOTAL and one.revenue.currency == currency]
        assert sum(one.revenue.minor for one in own) == total.revenue.minor
        assert sum(one.cost.minor for one in own if one.cost) == (
            total.cost.minor if total.cost else 0
        )
        for field in ("requests", "units", "previous_requests", "without_cost"):
            summed = sum(getattr(one, field) or 0 for one in own)
            assert summed == (getattr(total, field) or 0), field


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_however_it_is_grouped_the_total_is_the_same(shop: Context, grouping: str) -> None:
    bought(shop, "acme", package="hundred")
    an_organization(shop, "other", credits="50")
    for slug in ("acme", "other"):
        use(shop, slug, 7, path="/maps", requests=3)
        use(shop, slug, 3, requests=4)
    *_, total = report_margin(shop, SEPTEMBER, grouped_by=grouping).lines
    # Paid for by acme: 33 credits of $1.00 for 100. 6 maps, 42 tiles and 8 rows: 0.3452.
    assert (str(total.revenue), str(total.cost), total.percent) == ("0.33", "0.35", Decimal("-6.1"))


def test_a_grouping_that_nobody_knows_is_refused(shop: Context) -> None:
    with pytest.raises(InvalidInput, match="by 'weather'"):
        report_margin(shop, SEPTEMBER, grouped_by="weather")
