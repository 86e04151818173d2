"""`creditctl plans`: what subscriptions give."""

from pathlib import Path

import pytest

from conftest import Cli

SAMPLE = Path(__file__).parents[2] / "sample-data/finlight/catalog.toml"


@pytest.fixture
def plans(cli: Cli) -> Cli:
    cli(f"catalog apply {SAMPLE}")
    return cli


def test_the_list_has_fee_and_allowance_of_each(plans: Cli) -> None:
    rows = plans("plans list -o json").data
    assert [(row["name"], row["fee"], row["currency"], row["allowance"]) for row in rows] == [
        ("free", "0.00", "EUR", "500"),
        ("pro-light", "29.00", "EUR", "10000"),
        ("pro-scale", "199.00", "EUR", "100000"),
    ]


def test_a_plan_shows_its_limits_and_capabilities_within_80_columns(plans: Cli) -> None:
    shown = plans("plans show pro-scale").stdout
    assert "history_days 1,825" in shown
    told = plans("plans show pro-scale -o json").data
    assert told["limits"]["webhooks"] == 20
    assert told["capabilities"]["custom_sources"] is True


def test_an_unknown_plan_is_not_found(plans: Cli) -> None:
    assert "there is no plan 'max'" in plans("plans show max", expect=3).stderr


def test_plans_are_those_in_force_at_the_time(plans: Cli) -> None:
    assert plans("plans list -o json", as_of="2025-12-31").data == []
