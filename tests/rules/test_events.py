"""The catalogue of events: what each says, who is told, and what is one story."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from creditctl.errors import InvalidInput
from creditctl.rules.events import (
    KINDS,
    Action,
    Event,
    Level,
    Subject,
    checked_pattern,
    patterns_for,
)
from creditctl.rules.units import Credits

ACME = Subject("org_1", "acme", "Acme GmbH")
EXCEEDED = Event(
    name="budget.exceeded",
    organization=ACME,
    rule="budget_7",
    window="2026-11-01",
    revision=2,
    occurred_at=datetime(2026, 11, 1, 15, tzinfo=UTC),
    limit=Credits.parse("1000"),
    usage=Credits.parse("1000.000001"),
    balance=Credits.parse("284.5"),
    window_starts_at=datetime(2026, 11, 1, tzinfo=UTC),
    resets_at=datetime(2026, 11, 2, tzinfo=UTC),
)


def test_the_summary_is_one_line_with_exact_figures() -> None:
    assert EXCEEDED.summary == (
        "acme: budget exceeded; usage 1000.000001 credits; limit 1000 credits; "
        "balance 284.5 credits; since 2026-11-01 00:00 UTC; resets 2026-11-02 00:00 UTC"
    )
    assert replace(EXCEEDED, note="two\nlines").summary.endswith("UTC; two lines")


def test_a_trigger_and_its_recovery_share_a_key_and_another_crossing_has_its_own() -> None:
    assert EXCEEDED.dedup_key == "org_1:budget_7:2026-11-01:2"
    assert replace(EXCEEDED, name="budget.recovered").dedup_key == EXCEEDED.dedup_key
    others = [
        replace(EXCEEDED, revision=3),
        replace(EXCEEDED, window="2026-11-02"),
        replace(EXCEEDED, rule="budget_8"),
        replace(EXCEEDED, organization=Subject("org_2", "b", "B")),
    ]
    assert len({event.dedup_key for event in [EXCEEDED, *others]}) == 5


@pytest.mark.parametrize("name", KINDS)
def test_every_trouble_that_begins_also_ends(name: str) -> None:
    ended = {kind.ends for kind in KINDS.values() if kind.action is Action.RESOLVE}
    kind = KINDS[name]
    assert (kind.action is Action.TRIGGER) == (name in ended)
    assert (kind.ends is not None) == (kind.action is Action.RESOLVE)
    if kind.ends is not None:
        assert kind.level is KINDS[kind.ends].level, "who is told of one is told of the other"


def test_a_destination_asks_by_level_by_family_or_by_name() -> None:
    assert patterns_for("credits.low.recovered") == {
        "*",
        "notify",
        "credits.*",
        "credits.low",
        "credits.low.*",
        "credits.low.recovered",
    }
    assert "budget.exceeded" in patterns_for("budget.recovered")
    assert "hard" not in patterns_for("threshold.crossed")
    assert all(level in {"hard", "notify", "info"} for level in Level)


@pytest.mark.parametrize("text", ["hard", " Budget.* ", "credits.low", "*", "credits.low.*"])
def test_patterns_that_bring_something_are_accepted(text: str) -> None:
    assert checked_pattern(text) == text.strip().lower()


@pytest.mark.parametrize("text", ["", "soft", "budget", "budget.", "budgets.*", "*.exceeded"])
def test_a_pattern_that_brings_nothing_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="no event"):
        checked_pattern(text)
