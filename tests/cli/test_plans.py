"""`creditctl plans`: what subscriptions give."""

from pathlib import Path

import pytest

from conftest import Cli
from plans import CATALOG

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


def test_a_plan_shows_what_is_carried_its_trial_and_its_own_prices(
    sqlite_cli: Cli, tmp_path: Path
) -> None:
    more = """
[plans.own]
fee = "5.00"
allowance = 10
rollover = "carry"
carry_cap = 150
trial = { days = 14, credits = 20 }
[[plans.own.prices]]
method = "GET"
path = "/rows"
data = { per = 100, unit = "rows", credits = 1 }
"""
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(CATALOG + more)
    sqlite_cli(f"catalog apply {catalog}")
    told = sqlite_cli("plans show own -o json").data
    assert (told["carry_cap"], told["trial_days"], told["trial_credits"]) == ("150", 14, "20")
    assert told["prices"] == [
        {"product": "rows", "method": "GET", "path": "/rows", "cost": "1 per 100 rows"}
    ]
    assert "1 per 100 rows" in sqlite_cli("plans show own").stdout
    assert sqlite_cli("plans show small -o json").data["prices"] == []
    assert "own" not in sqlite_cli("plans show small").stdout


def test_the_list_fits_80_columns(plans: Cli) -> None:
    assert max(map(len, plans("plans list").stdout.splitlines())) <= 80


def test_an_unknown_plan_is_not_found(plans: Cli) -> None:
    assert "there is no plan 'max'" in plans("plans show max", expect=3).stderr


def test_plans_are_those_in_force_at_the_time(plans: Cli) -> None:
    assert plans("plans list -o json", as_of="2025-12-31").data == []
