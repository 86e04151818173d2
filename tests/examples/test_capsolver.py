"""CapSolver's definition: credits by the data returned, packages, running out mid-workflow."""

from collections.abc import Callable

import pytest

from sample_company import SampleCompany


@pytest.fixture
def capsolver(company: Callable[[str], SampleCompany]) -> SampleCompany:
    return company("capsolver")


def test_the_month_shows_every_rule(capsolver: SampleCompany) -> None:
    requests_cost_what_they_return(capsolver)
    trial_credits_are_drawn_before_the_package(capsolver)
    running_out_blocks_and_is_invoiced(capsolver)
    a_price_is_explained_in_words_and_money(capsolver)


def requests_cost_what_they_return(capsolver: SampleCompany) -> None:
    groups = capsolver("usage show scraper-one --month 2026-10 --by endpoint")["groups"]
    assert {row["group"]: row["credits"] for row in groups} == {
        "GET /v1/pages": str(31 * 20 * 3),  # 250 rows: 3 blocks of 100
        # 30 rows, 50 included: the minimum of 1; 10,000 rows: the maximum of 20
        "GET /v1/extract": str(31 * 5 * 1 + 31 * 2 * 20),
        "GET /v1/stream": "155",  # 125 rows pro rata: 31 x 4 x 1.25
        "POST /v1/solve/{kind}": "0",  # 503 only
    }
    assert 31 * 4 * 5 == 155 * 4


def trial_credits_are_drawn_before_the_package(capsolver: SampleCompany) -> None:
    used = 1_860 + (155 + 1_240) + 155
    assert used == 3_410
    assert capsolver.grants("scraper-one") == {
        ("promotion", None): "0",
        ("purchase", None): str(5_000 - (used - 100)),
    }


def running_out_blocks_and_is_invoiced(capsolver: SampleCompany) -> None:
    used = 31 * 2 * 3
    balance = capsolver("credits balance mini-bot")
    assert (balance["available"], balance["open_overage"]) == ("0", str(used - 100))
    assert capsolver.states() == [("31 23:59", "mini-bot", "blocked", "overage")]
    # 86 x $0.003 = $0.258
    assert capsolver.invoice("mini-bot")["total"] == "0.26"


def a_price_is_explained_in_words_and_money(capsolver: SampleCompany) -> None:
    told = capsolver("prices explain GET /v1/extract --units 10000")
    assert told["rule"] == "1 per 100 rows beyond 50, at least 1, at most 20"
    assert [step["credits"] for step in told["steps"]] == ["100", "20"]
    assert (told["credits"], told["money"], told["currency"]) == ("20", "0.06", "USD")
