"""Fincept's rules, each in a figure of the sample month; October has 31 days."""

from collections.abc import Callable

import pytest

from sample_company import SampleCompany

SIGN_UP = 350


@pytest.fixture
def fincept(company: Callable[[str], SampleCompany]) -> SampleCompany:
    return company("fincept")


def test_the_month_shows_every_rule(fincept: SampleCompany) -> None:
    tiers_cost_0_1_2_and_5_and_only_200_is_billed(fincept)
    a_guest_has_50_credits_for_24_hours(fincept)
    credits_that_run_out_block(fincept)
    an_allowance_resets_each_month(fincept)
    an_unlimited_plan_deducts_nothing(fincept)


def tiers_cost_0_1_2_and_5_and_only_200_is_billed(fincept: SampleCompany) -> None:
    # a day: 3 free x 0, 2 basic x 1, 1 standard x 2, 1 pro x 5; a 500 and a 201 cost nothing
    used = 31 * (3 * 0 + 2 * 1 + 1 * 2 + 1 * 5)
    assert used == 279
    assert fincept.usage("solo-dev") == (31 * 9, 31 * 2, str(used))
    by_tier = fincept("usage show solo-dev --month 2026-10 --by tier")["groups"]
    assert {row["group"]: row["credits"] for row in by_tier} == {
        "pro": str(31 * 5),
        "standard": str(31 * 2),
        "basic": str(31 * 2),
        "free": "0",
    }
    assert fincept.available("solo-dev") == str(SIGN_UP - used) == "71"
    (grant,) = fincept("credits grants solo-dev")
    assert grant["expires_at"] is None  # sign-up credits never expire


def a_guest_has_50_credits_for_24_hours(fincept: SampleCompany) -> None:
    # 8 pro calls within the day; 2 basic calls after it are paid by nobody
    (grant,) = fincept("credits grants curious-guest --all")
    assert (grant["effective_at"], grant["expires_at"]) == (
        "2026-10-10T09:00:00Z",
        "2026-10-11T09:00:00Z",
    )
    # the grace of 72 hours was over at the first check: the 10 unused credits expired
    assert (grant["amount"], grant["remaining"], grant["expired"]) == ("50", "0", "10")
    assert 50 - 8 * 5 == 10
    balance = fincept("credits balance curious-guest")
    # 2 requests were served after the credits were gone: a guest is not billed for them
    assert (balance["available"], balance["open_overage"]) == ("0", "0")
    kinds = [row["kind"] for row in fincept("credits history curious-guest")]
    assert kinds.count("overage") == kinds.count("waiver") == 1
    assert ("14 18:00", "curious-guest", "blocked", "credits_exhausted") in fincept.states()


def credits_that_run_out_block(fincept: SampleCompany) -> None:
    assert SIGN_UP == 10 * 7 * 5
    assert fincept.available("hobby-quant") == "0"
    assert ("14 18:00", "hobby-quant", "blocked", "credits_exhausted") in fincept.states()


def an_allowance_resets_each_month(fincept: SampleCompany) -> None:
    # September's 500 were not used and expired; October's pays 31 x 6 x 2 = 372
    used = 31 * 6 * 2
    september, october = (
        row for row in fincept("credits grants alpha-desk --all") if row["source"] == "subscription"
    )
    if september["effective_at"] > october["effective_at"]:
        september, october = october, september
    assert (september["remaining"], september["expired"]) == ("0", "500")
    assert (october["remaining"], october["expired"]) == (str(500 - used), "0")
    assert fincept.available("alpha-desk") == str(SIGN_UP + 500 - used) == "478"
    assert fincept.invoice("alpha-desk")["total"] == "4.00"  # November's fee; October's was billed


def an_unlimited_plan_deducts_nothing(fincept: SampleCompany) -> None:
    rated = 31 * 60 * 5
    assert fincept.usage("big-bank") == (31 * 60, 0, str(rated)) == (1_860, 0, "9300")
    assert fincept.available("big-bank") == str(SIGN_UP)
    invoice = fincept.invoice("big-bank")
    assert (invoice["fees"], invoice["overage_due"]) == ("998.00", "0.00")
