"""What `limits check` tells, to whom, and that nobody is told twice."""

import json
from typing import Any

import pytest

from builders import an_organization, at, give, open_books, use
from creditctl.context import Context
from creditctl.rules.budgets import Measure, Span, parse_threshold
from creditctl.rules.units import Credits
from creditctl.services.budget_changes import DAILY, Wanted, clear_budget, set_budget
from creditctl.services.destinations import add_destination
from creditctl.services.limits_check import check_limits
from creditctl.services.org_status import resume_organization, suspend_organization
from recording_channel import RecordingChannel, recording_channel

HARD, NOTIFY = "https://hard.example/hook", "https://notify.example/hook"


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> RecordingChannel:
    return recording_channel(monkeypatch)


@pytest.fixture
def noon(context: Context, channel: RecordingChannel) -> Context:
    noon = at(context, "2026-10-10T12:00:00Z")
    open_books(noon)
    an_organization(noon, credits="1000")
    for address, level in ((HARD, "hard"), (NOTIFY, "notify")):
        add_destination(noon, "acme", channel="webhook", address=address, told=[level])
    check_limits(noon)
    return noon


def told(channel: RecordingChannel) -> list[tuple[str, str]]:
    """Whom was told what, in order; and forget it."""
    found = [(one.to, one.message.event) for one in channel.handed]
    channel.handed.clear()
    return sorted(found)


def payload(channel: RecordingChannel, event: str) -> dict[str, Any]:
    (one,) = [one for one in channel.handed if one.message.event == event]
    data: dict[str, Any] = json.loads(one.message.payload)["data"]
    return data


def test_hard_and_notify_limits_go_to_addresses_of_their_own(
    noon: Context, channel: RecordingChannel
) -> None:
    thresholds = {DAILY: [parse_threshold("80%")]}
    set_budget(noon, "acme", Wanted(daily=Credits.parse("100"), thresholds=thresholds))
    use(noon, "acme", 81)
    check_limits(noon)
    assert told(channel) == [(NOTIFY, "threshold.crossed")]
    use(noon, "acme", 20)
    check_limits(noon)
    assert told(channel) == [(HARD, "budget.exceeded")]
    assert not check_limits(noon).has_news


def test_the_payload_names_limit_usage_balance_window_and_reset(
    noon: Context, channel: RecordingChannel
) -> None:
    set_budget(noon, "acme", Wanted(daily=Credits.parse("100"), product="rows"))
    use(noon, "acme", 101)
    result = check_limits(noon)
    assert (result.crossed, result.told, result.sent, result.failed) == (1, 1, 1, 0)
    data = payload(channel, "budget.exceeded")
    facts = ("limit", "usage", "balance", "window_starts_at", "resets_at", "level", "note")
    assert [data[name] for name in facts] == [
        "100",
        "101",
        "899",
        "2026-10-10T00:00:00Z",
        "2026-10-11T00:00:00Z",
        "hard",
        "day, product rows",
    ]


def test_at_the_days_end_what_began_is_resolved_under_the_same_key(
    noon: Context, channel: RecordingChannel
) -> None:
    set_budget(noon, "acme", Wanted(daily=Credits.parse("100")))
    use(noon, "acme", 101)
    check_limits(noon)
    began = payload(channel, "budget.exceeded")
    check_limits(at(noon, "2026-10-11T00:00:00Z"))
    ended = payload(channel, "budget.recovered")
    assert (ended["dedup_key"], ended["action"]) == (began["dedup_key"], "resolve")


def test_what_nobody_saw_is_told_with_its_end(noon: Context, channel: RecordingChannel) -> None:
    set_budget(noon, "acme", Wanted(daily=Credits.parse("100")))
    check_limits(noon)
    use(at(noon, "2026-10-10T23:00:00Z"), "acme", 101)
    check_limits(at(noon, "2026-10-11T01:00:00Z"))
    check_limits(at(noon, "2026-10-11T01:01:00Z"))
    began, ended = (payload(channel, name) for name in ("budget.exceeded", "budget.recovered"))
    assert (began["usage"], began["resets_at"]) == ("101", "2026-10-11T00:00:00Z")
    assert began["dedup_key"] == ended["dedup_key"]
    assert [one.message.action for one in channel.handed] == ["trigger", "resolve"]


def test_a_raised_budget_resolves_and_is_armed_anew(
    noon: Context, channel: RecordingChannel
) -> None:
    for daily, expected in (
        ("100", ["budget.exceeded"]),
        ("200", ["budget.recovered"]),
        ("101", ["budget.exceeded"]),
    ):
        set_budget(noon, "acme", Wanted(daily=Credits.parse(daily)))
        if daily == "100":
            use(noon, "acme", 150)
        check_limits(noon)
        assert [event for _, event in told(channel)] == expected


def test_a_removed_budget_resolves(noon: Context, channel: RecordingChannel) -> None:
    set_budget(noon, "acme", Wanted(daily=Credits.parse("100")))
    use(noon, "acme", 150)
    check_limits(noon)
    clear_budget(noon, "acme")
    told(channel)
    check_limits(noon)
    assert told(channel) == [(HARD, "budget.recovered")]


def test_exhausted_credits_and_what_followed_are_resolved_together(
    noon: Context, channel: RecordingChannel
) -> None:
    use(noon, "acme", 1000)
    check_limits(noon)
    assert told(channel) == [(HARD, "credits.exhausted")]
    later = at(noon, "2026-10-10T12:01:00Z")
    use(later, "acme", 30)
    assert check_limits(later).changes[0].slipped is None, "it was blocked already"
    assert told(channel) == [(HARD, "overage.opened")]
    give(later, "acme", "50", source="purchase")
    check_limits(at(noon, "2026-10-10T12:02:00Z"))
    assert told(channel) == [(HARD, "credits.restored"), (HARD, "overage.settled")]


def test_low_credits_are_told_and_so_is_that_there_are_enough(
    noon: Context, channel: RecordingChannel
) -> None:
    line = {(Measure.BALANCE, Span.NONE): [parse_threshold("10%")]}
    set_budget(noon, "acme", Wanted(thresholds=line))
    use(noon, "acme", 901)
    check_limits(noon)
    assert told(channel) == [(NOTIFY, "credits.low")]
    give(noon, "acme", "500")
    check_limits(noon)
    assert told(channel) == [(NOTIFY, "credits.low.recovered")]


def test_a_suspension_is_told_at_once_and_its_end_too(
    noon: Context, channel: RecordingChannel
) -> None:
    suspend_organization(noon, "acme", reason="unpaid")
    check_limits(noon)
    assert told(channel) == [(HARD, "organization.blocked")]
    resume_organization(at(noon, "2026-10-10T13:00:00Z"), "acme", reason="paid")
    check_limits(at(noon, "2026-10-10T13:00:00Z"))
    assert told(channel) == [(HARD, "organization.unblocked")]


def test_an_address_that_fails_delays_neither_the_check_nor_the_others(
    noon: Context, channel: RecordingChannel
) -> None:
    channel.fails(HARD)
    an_organization(noon, "beta", credits="10")
    add_destination(
        noon, "beta", channel="webhook", address="https://beta.example/hook", told=["hard"]
    )
    use(noon, "acme", 1001)
    use(noon, "beta", 11)
    result = check_limits(noon)
    assert (result.newly_blocked, result.sent, result.failed) == (2, 1, 1)
    channel.works(HARD)
    told(channel)
    assert check_limits(at(noon, "2026-10-10T13:00:00Z")).sent == 1
    assert told(channel) == [(HARD, "overage.opened")]


def test_only_who_wants_an_event_is_told(noon: Context, channel: RecordingChannel) -> None:
    an_organization(noon, "beta")
    result = check_limits(noon)
    assert (result.newly_blocked, result.told, channel.handed) == (1, 0, [])
