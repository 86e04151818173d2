"""`usage events` and `usage forecast`: why a request cost what it did, and what they lead to."""

from pathlib import Path

import pytest

from builders import CATALOG
from conftest import Cli


@pytest.fixture
def usage(cli: Cli, tmp_path: Path) -> Cli:
    (tmp_path / "catalog.toml").write_text(CATALOG)
    cli(f"catalog apply {tmp_path / 'catalog.toml'}", as_of="2026-10-01")
    cli("orgs create acme", as_of="2026-10-01")
    cli("keys create acme --name web", as_of="2026-10-01")
    cli("credits grant acme 100 --reason test", as_of="2026-10-01")
    lines = [f"r{day},2026-10-{day:02}T12:00:00Z,acme,web,GET /rows,200,5" for day in range(20, 30)]
    lines += ["bad,2026-10-29T13:00:00Z,acme,,GET /third,500,0"]
    path = tmp_path / "usage.csv"
    path.write_text("\n".join(["id,time,org,key,endpoint,status,units", *lines, ""]))
    cli(f"usage import {path}")
    return cli


def test_each_request_says_why_it_cost_what_it_did(usage: Cli) -> None:
    newest, second, *_ = usage("usage events acme --month 2026-10 -o json").data
    assert (newest["id"], newest["key"], newest["credits"]) == ("bad", None, "0")
    assert newest["why"].startswith("status 500 is not billed")
    assert (second["id"], second["key"], second["credits"]) == ("r29", "web", "5")
    assert second["why"] == "5 rows: 5 blocks of 1 x 1 = 5"


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ("--limit 2", ["bad", "r29"]),
        ("--key web --limit 1", ["r29"]),
        ("--status 500", ["bad"]),
        ("--id r25", ["r25"]),
        ("--costing-at-least 5 --limit 1", ["r29"]),
        ("--costing-at-least 6", []),
        ("--endpoint 'GET /third'", ["bad"]),
        ("--from 2026-10-21 --to 2026-10-23", ["r22", "r21"]),
    ],
)
def test_requests_are_found_by_what_they_are(usage: Cli, options: str, ids: list[str]) -> None:
    month = "" if "--from" in options else "--month 2026-10"
    told = usage(f"usage events acme {month} {options} -o json")
    assert [event["id"] for event in told.data] == ids
    assert ("there are more" in told.stderr) == ("--limit" in options)


@pytest.mark.parametrize(
    ("options", "expect", "told"),
    [
        ("--key wbe", 3, "acme has no API key 'wbe'"),
        ("--endpoint 'GET /fourth'", 3, "the catalog has no endpoint 'GET /fourth'"),
        ("--endpoint '* /rows'", 3, "the catalog has no endpoint '* /rows'"),
        ("--id ''", 0, "No requests in that time."),
    ],
)
def test_a_mistyped_filter_is_no_empty_list(
    usage: Cli, options: str, expect: int, told: str
) -> None:
    told_too = usage(f"usage events acme --month 2026-10 {options}", expect=expect)
    assert told in told_too.stderr
    assert told_too.stdout == ""


def test_the_forecast_goes_on_at_the_mean_of_the_last_days(usage: Cli) -> None:
    told = usage("usage forecast acme --days 10 -o json", as_of="2026-10-30T12:00:00Z").data
    assert (told["per_day"], told["available"]) == ("5", "50")
    assert (told["exhausted_on"], told["days_left"]) == ("2026-11-09", 10)
    assert told["exhausted_without_expiries_on"] == "2026-11-09"
    usage("usage forecast acme --days 0", expect=2)
    quiet = usage("usage forecast acme --days 1 -o json", as_of="2027-01-01").data
    assert (quiet["per_day"], quiet["exhausted_on"]) == ("0", None)


def test_an_unlimited_plan_never_ends(usage: Cli) -> None:
    usage("subscriptions create acme enterprise", as_of="2026-10-30")
    told = usage("usage forecast acme -o json", as_of="2026-10-30T12:00:00Z").data
    assert (told["unlimited"], told["exhausted_on"]) == (True, None)
