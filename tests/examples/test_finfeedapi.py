"""FinFeedAPI's rules, each in a figure of the sample month; October has 31 days."""

from collections.abc import Callable

import pytest

from sample_company import SampleCompany

SIGN_UP = 25_000  # $25.00 / $0.001


@pytest.fixture
def finfeed(company: Callable[[str], SampleCompany]) -> SampleCompany:
    return company("finfeedapi")


def test_the_month_shows_every_rule(finfeed: SampleCompany) -> None:
    every_line_is_accounted_for(finfeed)
    prepaid_usage_draws_the_25_dollars(finfeed)
    an_order_form_pays_its_product_only(finfeed)
    usage_beyond_the_quota_draws_gifts_then_purchases(finfeed)
    postpaid_overage_is_invoiced(finfeed)
    usage_beyond_the_postpaid_limit_blocks(finfeed)
    budgets_block_and_warn_for_a_day(finfeed)


def every_line_is_accounted_for(finfeed: SampleCompany) -> None:
    # requests a day: northwind 10 + 2 failed, harbor 20 + 5, atlas 30 + 1 failed, meridian 28,
    # zenith 32, bluefin 20, copper 15 + 5 free; and 15 + 30 more on the 14th
    billed = 31 * (10 + 20 + 5 + 30 + 28 + 32 + 20 + 15) + 15 + 30
    failed, free = 31 * (2 + 1), 31 * 5
    first, second = finfeed.result.imported
    assert first.billed + second.billed == billed == 5_005
    assert first.failed + second.failed == failed == 93
    assert first.free + second.free == free == 155
    assert (first.duplicate, second.duplicate) == (3, 3)
    assert (first.rejected, second.rejected) == (3, 0)
    assert first.read + second.read == billed + failed + free + 6 + 3


def prepaid_usage_draws_the_25_dollars(finfeed: SampleCompany) -> None:
    # 31 days x 10 filings x 20 credits; the 2 failed ones a day cost nothing
    used = 31 * 10 * 20
    assert used == 6_200
    assert finfeed.usage("northwind") == (31 * 12, 31 * 2, str(used))
    assert finfeed.available("northwind") == str(SIGN_UP - used) == "18800"


def an_order_form_pays_its_product_only(finfeed: SampleCompany) -> None:
    stock, sec = 31 * 20 * 50, 31 * 5 * 20
    assert (stock, sec) == (31_000, 3_100)
    assert finfeed.grants("harbor-funds") == {
        ("order_form", "stock-api"): str(100_000 - stock),
        ("promotion", None): str(SIGN_UP - sec),
    }


def usage_beyond_the_quota_draws_gifts_then_purchases(finfeed: SampleCompany) -> None:
    # the allowance expires first, the welcome credits cost nothing, the purchase pays the rest
    used = 31 * 30 * 100
    beyond_quota = used - 50_000
    assert (used, beyond_quota) == (93_000, 43_000)
    assert finfeed.grants("atlas-research") == {
        ("subscription", None): "0",
        ("promotion", None): "0",
        ("purchase", None): str(20_000 - (beyond_quota - SIGN_UP)),
    }
    assert finfeed.available("atlas-research") == "2000"


def postpaid_overage_is_invoiced(finfeed: SampleCompany) -> None:
    used = 31 * 28 * 100
    overage = used - 50_000 - SIGN_UP
    assert (used, overage) == (86_800, 11_800)
    balance = finfeed("credits balance meridian-capital")
    assert balance["postpaid_overage"] == str(overage)
    assert balance["open_overage"] == "0"
    # 11,800 x $0.0012 = $14.16; fees: October's, first, and November's in advance
    invoice = finfeed.invoice("meridian-capital")
    assert invoice["overage_due"] == "14.16"
    assert invoice["fees"] == "150.00"
    assert invoice["total"] == "164.16"
    # 86,800 x 0.0012 = 104.16 of usage; 75,000 x 0.0012 = 90.00 of it paid with credits
    lines = {line["description"]: line["amount"] for line in invoice["lines"]}
    assert lines["SEC API"] == "104.16"
    assert lines["Credits applied: subscription"] == "-60.00"
    assert lines["Credits applied: promotion"] == "-30.00"


def usage_beyond_the_postpaid_limit_blocks(finfeed: SampleCompany) -> None:
    used = 31 * 32 * 100
    overage = used - 50_000 - SIGN_UP
    assert (used, overage) == (99_200, 24_200)
    balance = finfeed("credits balance zenith-traders")
    assert balance["postpaid_overage"] == "20000"
    assert balance["open_overage"] == str(overage - 20_000) == "4200"
    assert ("31 23:59", "zenith-traders", "blocked", "overage") in finfeed.states()
    # 24,200 x $0.0012 = $29.04
    assert finfeed.invoice("zenith-traders")["overage_due"] == "29.04"


def budgets_block_and_warn_for_a_day(finfeed: SampleCompany) -> None:
    # bluefin on the 14th: (20 + 15) x 20 = 700 > 600; copper: (15 + 30) x 20 = 900 > 80 % of 1,000
    assert [state for state in finfeed.states() if state[0] < "31"] == [
        ("14 18:00", "bluefin-labs", "blocked", "budget"),
        ("14 18:00", "copper-data", "notified", "threshold"),
        ("15 00:01", "bluefin-labs", "ok", None),
        ("15 00:01", "copper-data", "ok", None),
    ]
    blocked = next(state for state in finfeed.result.states if state.state == "blocked")
    assert f"{blocked.until:%d %H:%M}" == "15 00:00"
    assert (str(blocked.usage), str(blocked.limit)) == ("700", "600")
    assert finfeed.available("bluefin-labs") == str(SIGN_UP - 31 * 20 * 20 - 15 * 20) == "12300"
