"""What the gate decides, in its fixed order and in the seeds' words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from creditctl.rules.enforcement import Decision, Reason, State
from creditctl.rules.gate import (
    counted_decision,
    history_start,
    refusal,
    too_many_connections,
    uncounted_decision,
    unknown_key,
)
from creditctl.rules.gate_headers import headers_of
from creditctl.rules.gate_terms import Asked, Caller, GateDecision, GateReason, PlanTerms
from creditctl.rules.periods import calendar_month
from creditctl.rules.rate_limits import Channel, Check, Reading, checks_for, verdict_of
from creditctl.rules.units import Credits

NOW = datetime(2026, 11, 30, 23, 59, 30, tzinfo=UTC)
MONTH = calendar_month(NOW)
LIMITS = {
    "requests_per_period": 500,
    "requests_per_hour": 50,
    "burst_per_10_seconds": 5,
    "websocket_connections": 2,
    "streamed_messages_per_period": 100,
    "webhook_deliveries_per_period": 40,
    "webhooks": 3,
}
PLAN = PlanTerms(
    MONTH,
    "pro",
    tiers=("free", "basic"),
    limits=LIMITS,
    capabilities={"history_days": 30, "sentiment": True, "entities": False, "region": ""},
)
CALLER = Caller("key_1", "acme", PLAN, available=Credits.parse("2"))
ASKED = Asked(Channel.REST, "GET /rows", "basic", Credits.parse("2"))
BUDGET = Decision(
    State.BLOCKED,
    Reason.BUDGET,
    Credits.parse("11"),
    Credits.parse("10"),
    datetime(2026, 12, 1, tzinfo=UTC),
)


def refused(caller: Caller = CALLER, asked: Asked = ASKED) -> tuple[int, str, str]:
    found = refusal(caller, asked, NOW)
    assert found is not None
    return found.status, found.reason.value, found.detail


def test_what_nothing_refuses_is_left_to_the_windows() -> None:
    assert refusal(CALLER, ASKED, NOW) is None


def test_fincepts_words_for_credits_that_do_not_suffice() -> None:
    words = "Required: 5 credits, Available: 2 credits"
    found = refused(asked=replace(ASKED, price=Credits.parse("5")))
    assert found == (402, "insufficient_credits", words)


@pytest.mark.parametrize(
    ("caller", "status", "reason"),
    [
        (replace(CALLER, status="suspended"), 403, "organization_suspended"),
        (replace(CALLER, status="closed"), 403, "organization_closed"),
        (replace(CALLER, decided=BUDGET), 429, "budget"),
        (replace(CALLER, open_overage=Credits.parse("0.5")), 402, "overage"),
        (
            replace(CALLER, open_overage=Credits.parse("0.5"), unlimited=True),
            402,
            "overage",
        ),
        (replace(CALLER, available=Credits.parse("1.999999")), 402, "insufficient_credits"),
    ],
)
def test_the_organization_may_be_refused(caller: Caller, status: int, reason: str) -> None:
    assert refused(caller)[:2] == (status, reason)


def test_a_postpaid_limit_and_an_unlimited_plan_pay_too() -> None:
    dear = replace(ASKED, price=Credits.parse("5"))
    assert refusal(replace(CALLER, postpaid_left=Credits.parse("3")), dear, NOW) is None
    assert refusal(replace(CALLER, unlimited=True), dear, NOW) is None


def test_a_free_call_needs_no_credits() -> None:
    nothing = Credits(0)
    assert refusal(replace(CALLER, available=nothing), replace(ASKED, price=nothing), NOW) is None


@pytest.mark.parametrize(
    ("asked", "reason", "words"),
    [
        (replace(ASKED, endpoint=None), "endpoint_unknown", "no endpoint of the catalog"),
        (replace(ASKED, tier="pro"), "tier_not_in_plan", "Tier pro is not in plan pro."),
        (
            replace(ASKED, capabilities=("sentiment", "entities")),
            "capability_not_in_plan",
            "Capability entities is not in plan pro.",
        ),
        (replace(ASKED, capabilities=("unheard",)), "capability_not_in_plan", "unheard"),
        (Asked(Channel.WEBHOOK_SETUP, webhooks=3), "webhooks", "Exceeded limit of 3 webhooks."),
    ],
)
def test_a_plan_may_not_have_it(asked: Asked, reason: str, words: str) -> None:
    status, found, detail = refused(asked=asked)
    assert (status, found) == (403, reason)
    assert words in detail


@pytest.mark.parametrize(
    ("channel", "limit", "words"),
    [
        (Channel.WEBSOCKET, "websocket_connections", "WebSocket is not in plan pro."),
        (Channel.STREAM, "websocket_connections", "WebSocket is not in plan pro."),
        (Channel.WEBHOOK, "webhooks", "Webhooks are not in plan pro."),
        (Channel.WEBHOOK_SETUP, "webhooks", "Webhooks are not in plan pro."),
    ],
)
def test_a_limit_of_nothing_is_a_channel_that_is_not_in_the_plan(
    channel: Channel, limit: str, words: str
) -> None:
    caller = replace(CALLER, plan=replace(PLAN, limits=LIMITS | {limit: 0}))
    assert refused(caller, Asked(channel)) == (403, "channel_not_in_plan", words)


def test_without_a_plan_all_tiers_may_be_called_and_no_capability_is_granted() -> None:
    caller = replace(CALLER, plan=PlanTerms(MONTH))
    assert refusal(caller, replace(ASKED, tier="pro"), NOW) is None
    words = refused(caller, replace(ASKED, capabilities=("sentiment",)))[2]
    assert words == "Capability sentiment is not in an organization without a plan."


def test_of_several_reasons_the_first_in_the_order_is_told() -> None:
    caller = replace(
        CALLER, status="suspended", decided=BUDGET, open_overage=Credits(1), available=Credits(0)
    )
    asked = replace(ASKED, tier="pro", price=Credits.parse("9"))
    told = []
    for better in (
        {"status": "active"},
        {"plan": replace(PLAN, tiers=())},
        {"decided": Decision()},
        {"open_overage": Credits(0)},
        {"available": Credits.parse("9")},
    ):
        told.append(refused(caller, asked)[1])
        caller = replace(caller, **better)
    assert told == [
        "organization_suspended",
        "tier_not_in_plan",
        "budget",
        "overage",
        "insufficient_credits",
    ]
    assert refusal(caller, asked, NOW) is None


def test_a_budget_is_over_at_midnight() -> None:
    found = refusal(replace(CALLER, decided=BUDGET), ASKED, NOW)
    assert found is not None
    assert (found.retry_after, found.resets_at) == (30, BUDGET.until)
    assert found.detail == "Exceeded the budget of 10 credits."
    midnight = datetime(2026, 12, 1, tzinfo=UTC)
    assert refusal(replace(CALLER, decided=BUDGET), ASKED, midnight) is None


def decided(used: dict[str, int], asked: Asked = ASKED, cost: int = 1) -> GateDecision:
    """Before the request, that much was used of each limit."""
    checks = checks_for(asked.channel, LIMITS, MONTH, NOW, cost=cost)
    soon = NOW + timedelta(seconds=4)
    readings = [
        Reading(
            check,
            used.get(check.name, 0),
            soon if isinstance(check.window, timedelta) else check.window.ends_at,
        )
        for check in checks
    ]
    return counted_decision(CALLER, asked, NOW, verdict_of(readings))


@pytest.mark.parametrize(
    ("limit", "used", "reason", "words", "wait"),
    [
        (
            "requests_per_period",
            500,
            "quota",
            "Exceeded token limit of 500 for the current period.",
            30,
        ),
        (
            "requests_per_hour",
            50,
            "hourly",
            "Exceeded limit of 50 requests for the current hour.",
            30,
        ),
        (
            "burst_per_10_seconds",
            5,
            "burst",
            "Exceeded rate limit of 5 requests per 10 seconds.",
            4,
        ),
    ],
)
def test_finlights_words_for_a_limit_that_is_reached(
    limit: str, used: int, reason: str, words: str, wait: int
) -> None:
    found = decided({limit: used})
    assert (found.status, found.reason.value, found.detail) == (429, reason, words)
    assert (found.retry_after, found.limit, found.remaining) == (wait, used, 0)
    assert found.paused_until is None
    assert (found.omit, found.clamp_from) == ((), None)


def test_an_exhausted_delivery_quota_pauses_until_the_next_period() -> None:
    found = decided({"webhook_deliveries_per_period": 40}, Asked(Channel.WEBHOOK))
    assert (found.status, found.paused_until) == (429, MONTH.ends_at)
    assert found.detail == "Exceeded limit of 40 webhook deliveries for the current period."


def test_streamed_messages_are_counted_by_number() -> None:
    found = decided({"streamed_messages_per_period": 98}, Asked(Channel.STREAM), cost=3)
    assert found.detail == "Exceeded limit of 100 streamed messages for the current period."
    assert (
        decided({"streamed_messages_per_period": 97}, Asked(Channel.STREAM), cost=3).status == 200
    )


def test_the_window_that_is_nearest_to_its_limit_is_shown() -> None:
    found = decided({"requests_per_period": 10, "requests_per_hour": 39, "burst_per_10_seconds": 3})
    # with the request: 489 of 500, 10 of 50 and 1 of 5 are left; of the last two, the first
    assert (found.limit, found.remaining) == (50, 10)
    assert [window.used for window in found.windows] == [11, 40, 4]


def test_what_a_plan_lacks_is_stripped_and_too_early_data_is_not_there() -> None:
    """Asked for by name on a channel that is not REST, it is stripped as well [FL]."""
    found = decided({})
    assert found.omit == ("entities", "region")
    month_ago = NOW - timedelta(days=30)
    assert found.clamp_from == month_ago
    assert decided({}, replace(ASKED, since=month_ago)).clamp_from is None
    early = month_ago - timedelta(microseconds=1)
    assert decided({}, replace(ASKED, since=early)).clamp_from == month_ago
    hook = Asked(Channel.WEBHOOK, capabilities=("custom_sources", "sentiment"))
    assert refusal(CALLER, hook, NOW) is None
    assert decided({}, hook).omit == ("custom_sources", "entities", "region")


@pytest.mark.parametrize(("days", "start"), [(0, NOW), (True, None), ("all", None)])
def test_a_history_window_is_a_number_of_days(days: object, start: datetime | None) -> None:
    assert history_start({"history_days": days}, NOW) == start  # type: ignore[dict-item]
    assert history_start({}, NOW) is None


def test_too_many_connections_tell_no_time() -> None:
    found = too_many_connections(CALLER, Asked(Channel.WEBSOCKET), NOW, 2)
    assert (found.status, found.retry_after) == (429, None)
    assert found.detail == "Exceeded limit of 2 concurrent WebSocket connections."


def test_without_counters_the_plan_decides() -> None:
    opened = uncounted_decision(CALLER, ASKED, NOW)
    assert (opened.status, opened.reason) == (200, GateReason.COUNTERS_DOWN)
    assert opened.omit == ("entities", "region")
    closed = replace(CALLER, plan=replace(PLAN, when_down="closed"))
    found = uncounted_decision(closed, ASKED, NOW)
    assert (found.status, found.retry_after) == (503, 1)


def test_headers_of_an_admitted_request() -> None:
    # 1 December is 20,788 days after 1970
    assert headers_of(decided({"requests_per_period": 499})) == {
        "X-RateLimit-Limit": "500",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(20_788 * 86_400),
        "RateLimit-Policy": '"requests_per_period";q=500;w=2592000, "requests_per_hour";q=50;w=3600'
        ', "burst_per_10_seconds";q=5;w=10',
        "RateLimit": '"requests_per_period";r=0;t=30, "requests_per_hour";r=49;t=30'
        ', "burst_per_10_seconds";r=4;t=4',
    }


def test_headers_of_refusals() -> None:
    burst = headers_of(decided({"burst_per_10_seconds": 5}))
    assert (burst["Retry-After"], burst["X-RateLimit-Remaining"]) == ("4", "0")
    assert headers_of(unknown_key(GateReason.KEY_UNKNOWN, NOW, "No.")) == {}
    budget = refusal(replace(CALLER, decided=BUDGET), ASKED, NOW)
    assert budget is not None
    assert headers_of(budget) == {"Retry-After": "30"}


def test_part_of_a_second_is_waited_for_whole() -> None:
    check = Check("burst_per_10_seconds", 1, timedelta(seconds=10))
    for micros, seconds in ((1, 1), (1_000_000, 1), (1_000_001, 2)):
        reading = Reading(check, 1, NOW + timedelta(microseconds=micros))
        found = counted_decision(CALLER, ASKED, NOW, verdict_of([reading]))
        assert found.retry_after == seconds
