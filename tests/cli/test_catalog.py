"""`creditctl catalog`: check, compare and apply a price file; history stays."""

from pathlib import Path

import pytest

from conftest import Cli

SAMPLE = Path(__file__).parents[2] / "sample-data/fincept/catalog.toml"


@pytest.fixture
def dearer(tmp_path: Path) -> Path:
    """The same catalog, in which a pro request costs 6 from 1 November on and a plan is gone."""
    text = SAMPLE.read_text(encoding="utf-8").replace("pro = 5", "pro = 6")
    start, rest = text.split("[plans.monthly]")
    text = start + rest[rest.index("# Enterprise") :]
    path = tmp_path / "dearer.toml"
    path.write_text(text.replace("2026-01-01", "2026-11-01"), encoding="utf-8")
    return path


def changes(told: dict) -> list[tuple]:
    keys = ("action", "kind", "name", "field", "old", "new")
    return [tuple(found[key] for key in keys) for found in told["differences"]]


def test_a_file_is_checked_without_a_database(sqlite_cli: Cli) -> None:
    told = sqlite_cli(f"catalog validate {SAMPLE} -o json --db nowhere.db").data
    assert told["endpoints"] == 4
    assert (told["plans"], told["promotions"]) == (2, 1)
    assert (told["packages"], told["taxes"]) == (0, 0)
    finfeedapi = SAMPLE.parents[1] / "finfeedapi/catalog.toml"
    told = sqlite_cli(f"catalog validate {finfeedapi} -o json").data
    assert (told["packages"], told["taxes"]) == (1, 1)


def test_applying_twice_changes_nothing_the_second_time(cli: Cli) -> None:
    # 4 tiers, 1 product, 1 promotion, the guest rule, 4 prices, 2 plans
    assert cli(f"catalog apply {SAMPLE} -o json").data["changes"] == 13
    again = cli(f"catalog apply {SAMPLE} -o json")
    assert (again.data["changes"], again.data["applied"]) == (0, False)
    assert "nothing changed" in again.stderr


def test_a_diff_names_what_changes_and_changes_nothing(cli: Cli, dearer: Path) -> None:
    cli(f"catalog apply {SAMPLE}")
    told = cli(f"catalog diff {dearer} -o json").data
    assert changes(told) == [
        ("changed", "tier", "pro", "credits", "5", "6"),
        ("changed", "price", "GET /v1/pro/**", "credits", "5", "6"),
        ("removed", "plan", "monthly", None, None, None),
    ]
    assert cli(f"catalog diff {dearer} -o json").data == told


def test_a_dry_run_shows_the_change_and_keeps_the_old(cli: Cli, dearer: Path) -> None:
    cli(f"catalog apply {SAMPLE}")
    assert cli(f"catalog apply {dearer} --dry-run -o json").data["applied"] is False
    assert cli("prices explain GET /v1/pro/x -o json").data["credits"] == "5"


def test_requests_are_priced_by_the_version_in_force_at_their_time(cli: Cli, dearer: Path) -> None:
    cli(f"catalog apply {SAMPLE}")
    cli(f"catalog apply {dearer}")
    told = {
        at: cli(f"prices explain GET /v1/pro/x --at {at} -o json").data["credits"]
        for at in ("2026-10-31T23:59:59Z", "2026-11-01T00:00:00Z")
    }
    assert told == {"2026-10-31T23:59:59Z": "5", "2026-11-01T00:00:00Z": "6"}
    assert [plan["name"] for plan in cli("plans list -o json").data] == ["enterprise"]
    cli("plans show monthly", expect=3)
    assert cli("plans show monthly -o json", as_of="2026-10-31").data["allowance"] == "500"


def test_usage_is_priced_by_its_own_time_in_an_import(
    cli: Cli, dearer: Path, tmp_path: Path
) -> None:
    cli(f"catalog apply {SAMPLE}")
    cli(f"catalog apply {dearer}")
    cli("orgs create acme", as_of="2026-10-01")
    (tmp_path / "usage.csv").write_text(
        "id,time,org,method,path,status\n"
        "a,2026-10-31T23:59:59Z,acme,GET,/v1/pro/x,200\n"
        "b,2026-11-01T00:00:00Z,acme,GET,/v1/pro/x,200\n"
        "c,2025-12-31T00:00:00Z,acme,GET,/v1/pro/x,200\n"
    )
    told = cli(f"usage import {tmp_path / 'usage.csv'} -o json").data
    assert (told["billed"], told["credits"], told["rejected"]) == (2, "11", 1)


def test_history_is_not_rewritten(cli: Cli, tmp_path: Path) -> None:
    cli(f"catalog apply {SAMPLE}")
    path = tmp_path / "back-dated.toml"
    path.write_text(SAMPLE.read_text(encoding="utf-8").replace("pro = 5", "pro = 6"))
    refused = cli(f"catalog apply {path}", expect=5)
    assert "history is not rewritten" in refused.stderr
    assert cli("prices explain GET /v1/pro/x -o json").data["credits"] == "5"


def test_a_missing_or_malformed_file_is_one_line_and_a_hint(
    sqlite_cli: Cli, tmp_path: Path
) -> None:
    assert sqlite_cli("catalog apply nowhere.toml", expect=3).stderr.startswith("error: nowhere")
    path = tmp_path / "bad.toml"
    path.write_text("[catalog\n")
    refused = sqlite_cli(f"catalog apply {path}", expect=2)
    assert refused.stderr.startswith(f"error: {path} line 1: ")
    assert refused.stderr.count("\n") == 2
