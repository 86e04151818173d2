"""finlight's rules: plans bound to keys, quotas and capabilities stored, requests by key."""

from collections.abc import Callable

import pytest

from sample_company import SampleCompany


@pytest.fixture
def finlight(company: Callable[[str], SampleCompany]) -> SampleCompany:
    return company("finlight")


def test_the_month_shows_every_rule(finlight: SampleCompany) -> None:
    a_key_is_bound_to_a_plan_of_its_own(finlight)
    plans_hold_the_four_limits_and_the_capabilities(finlight)
    requests_are_counted_by_key(finlight)
    each_request_costs_one_credit_of_the_allowance(finlight)
    the_gate_knows_what_was_used_and_what_a_plan_lacks(finlight)


def a_key_is_bound_to_a_plan_of_its_own(finlight: SampleCompany) -> None:
    keys = finlight("keys list newsroom")
    assert [(key["name"], key["plan"]) for key in keys] == [("web", None), ("intern", "free")]
    assert finlight("subscriptions show newsroom")["plan"] == "pro-scale"


def plans_hold_the_four_limits_and_the_capabilities(finlight: SampleCompany) -> None:
    free, scale = finlight("plans show free"), finlight("plans show pro-scale")
    assert free["limits"]["requests_per_period"] == 500
    assert "burst_per_10_seconds" not in free["limits"]  # only on plans that define it
    assert free["limits"]["websocket_connections"] == 0  # REST only
    assert scale["limits"] == {
        "requests_per_period": 100_000,
        "burst_per_10_seconds": 100,
        "websocket_connections": 5,
        "streamed_messages_per_period": 1_000_000,
        "webhook_deliveries_per_period": 100_000,
        "webhooks": 20,
    }
    assert free["capabilities"] == {
        "history_days": 30,
        "sentiment": False,
        "entities": False,
        "custom_sources": False,
    }
    assert scale["capabilities"]["entities"] is True


def requests_are_counted_by_key(finlight: SampleCompany) -> None:
    groups = finlight("usage show --month 2026-10 --by key")["groups"]
    assert {row["group"]: (row["requests"], row["failed"]) for row in groups} == {
        "newsroom/web": (31 * (60 + 5), 0),
        "newsroom/intern": (31 * 10, 0),
        "student/thesis": (31 * 15 + 7, 7),  # 429 is stored, counted and free
        "hedge-desk/signals": (31 * 20, 0),
    }


def each_request_costs_one_credit_of_the_allowance(finlight: SampleCompany) -> None:
    assert finlight.available("newsroom") == str(100_000 - 31 * 70) == "97830"
    assert finlight.available("student") == str(500 - 31 * 15) == "35"
    assert finlight.available("hedge-desk") == str(10_000 - 31 * 20) == "9380"
    assert finlight.states() == []


def the_gate_knows_what_was_used_and_what_a_plan_lacks(finlight: SampleCompany) -> None:
    (thesis,) = finlight("keys list student")
    line = f"gate check --key {thesis['prefix']} --path /v2/articles"
    looked = finlight(f"{line} --dry-run")
    # 31 x 15 served requests were imported; the seven that were denied with 429 do not count
    assert (looked["limit"], looked["remaining"]) == (500, 500 - 31 * 15)
    assert looked["omit"] == ["custom_sources", "entities", "sentiment"]
    assert looked["clamp_from"] == "2026-10-01T23:59:00Z"
    assert finlight(f"{line}")["remaining"] == 500 - 31 * 15 - 1
