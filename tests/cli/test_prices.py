"""`creditctl prices`: what requests cost, and why."""

from pathlib import Path

import pytest

from conftest import Cli

SAMPLE = Path(__file__).parents[2] / "sample-data/capsolver/catalog.toml"


@pytest.fixture
def prices(cli: Cli) -> Cli:
    cli(f"catalog apply {SAMPLE}")
    return cli


def test_the_list_says_each_price_in_words(prices: Cli) -> None:
    rows = prices("prices list --product scraping -o json").data
    assert {row["path"]: row["cost"] for row in rows} == {
        "/v1/pages": "1 per 100 rows",
        "/v1/extract": "1 per 100 rows beyond 50, at least 1, at most 20",
        "/v1/stream": "1 per 100 rows",
    }


@pytest.mark.parametrize(
    ("line", "credits", "money"),
    [
        ("POST /v1/solve/image", "3", "0.009"),
        ("post /v1/solve/image?hard=1", "3", "0.009"),
        ("GET /v1/pages --units 250", "3", "0.009"),
        ("GET /v1/pages --units 0", "0", "0"),
        ("GET /v1/extract --units 30", "1", "0.003"),
        ("GET /v1/extract --units 10000", "20", "0.06"),
        ("GET /v1/stream --units 125", "1.25", "0.00375"),
        ("GET /v1/pages --units 250 --status 503", "0", "0"),
    ],
)
def test_a_request_is_explained_to_the_last_fraction(
    prices: Cli, line: str, credits: str, money: str
) -> None:
    told = prices(f"prices explain {line} -o json").data
    assert (told["credits"], told["money"], told["currency"]) == (credits, money, "USD")
    if told["steps"]:
        assert told["steps"][-1]["credits"] == credits


def test_a_large_price_is_a_plain_number(cli: Cli, tmp_path: Path) -> None:
    text = SAMPLE.read_text(encoding="utf-8").replace("credits = 3", "credits = 1000000")
    (tmp_path / "dear.toml").write_text(text, encoding="utf-8")
    cli(f"catalog apply {tmp_path / 'dear.toml'}")
    # 1,000,000 x 0.003
    assert cli("prices explain POST /v1/solve/image -o json").data["money"] == "3000"


def test_a_failed_request_says_why_it_is_free(prices: Cli) -> None:
    shown = prices("prices explain GET /v1/pages --status 503").stdout
    assert "status 503 is not billed; billed: 2xx" in shown


@pytest.mark.parametrize(
    ("line", "exit_code", "complaint"),
    [
        ("prices explain GET /v9/nothing", 3, "no endpoint matches GET /v9/nothing"),
        ("prices explain GET /v1/pages --at 2025-01-01", 3, "has no price at 2025-01-01"),
        ("prices explain GET /v1/pages --units -5", 2, "--units"),
        ("prices explain GET /v1/pages --units 1e9", 2, "--units"),
        ("prices explain GET /v1/pages --at noon", 2, "--at: 'noon' is not a time"),
        ("prices list --product nothing", 3, "there is no product 'nothing'"),
    ],
)
def test_bad_input_is_one_line_and_a_hint(
    prices: Cli, line: str, exit_code: int, complaint: str
) -> None:
    refused = prices(line, expect=exit_code)
    assert complaint in refused.stderr
    assert refused.stderr.splitlines()[1].startswith("hint: ")
    assert refused.stdout == ""


@pytest.fixture
def used(prices: Cli, tmp_path: Path) -> Path:
    """250 rows and a solved image of acme in October; returns the catalog with images at 4."""
    prices("orgs create acme")
    usage = tmp_path / "usage.csv"
    usage.write_text(
        "id,time,org,endpoint,status,units\n"
        "a,2026-10-05T12:00:00Z,acme,GET /v1/pages,200,250\n"
        "b,2026-10-05T12:00:00Z,acme,POST /v1/solve/image,200,0\n"
    )
    prices(f"usage import {usage}")
    changed = tmp_path / "new.toml"
    text = SAMPLE.read_text(encoding="utf-8").replace("credits = 3", "credits = 4")
    changed.write_text(text.replace("/v1/pages", "/v2/pages"), encoding="utf-8")
    return changed


def test_a_month_is_priced_by_another_catalog(prices: Cli, used: Path) -> None:
    told = prices(f"prices simulate --catalog {used} --month 2026-10 --org acme -o json")
    assert told.json["schema"] == "creditctl.price_simulation/v1"
    lines = told.data.pop("lines")
    # 3 for the rows and 3 for the image; the new file has no /v1/pages, and images cost 4
    assert told.data | {"lines": None} == {
        "month": "2026-10",
        "catalog": "capsolver",
        "requests": 2,
        "unpriced": 1,
        "old_credits": "6",
        "new_credits": "4",
        "difference": "-2",
        "percent": "-33.3",
        "old_value": "0.018",
        "old_currency": "USD",
        "new_value": "0.012",
        "new_currency": "USD",
        "lines": None,
    }
    assert [(row["product"], row["difference"], row["percent"]) for row in lines] == [
        ("scraping", "-3", "-100.0"),
        ("solving", "1", "33.3"),
    ]
    assert "1 of 2 requests has no endpoint" in told.stderr


def test_a_simulation_as_csv_is_its_lines(prices: Cli, used: Path) -> None:
    header, *rows = prices(
        f"prices simulate --catalog {used} --month 2026-10 -o csv"
    ).stdout.splitlines()
    assert header.startswith("organization,product,requests,unpriced,old_credits,new_credits")
    assert [row.split(",")[:6] for row in rows] == [
        ["acme", "scraping", "1", "1", "3", "0"],
        ["acme", "solving", "1", "0", "3", "4"],
    ]


def test_a_simulation_changes_nothing(prices: Cli, used: Path) -> None:
    usage = "usage show acme --month 2026-10"
    questions = (usage, "prices list", "audit log", f"catalog diff {SAMPLE}")
    before = [prices(f"{question} -o json").data for question in questions]
    prices(f"prices simulate --catalog {used} --month 2026-10")
    assert [prices(f"{question} -o json").data for question in questions] == before


@pytest.mark.parametrize(
    ("options", "exit_code", "complaint"),
    [
        ("--catalog {used} --month 2026-12", 2, "2026-12 has not begun"),
        ("--catalog {used} --month october", 2, "--month: 'october' is not a month"),
        ("--catalog {used} --month 2026-10 --org nobody", 3, "there is no organization 'nobody'"),
        ("--catalog missing.toml --month 2026-10", 3, "missing.toml"),
        ("--month 2026-10", 2, "--catalog"),
    ],
)
def test_a_simulation_that_cannot_be_made_is_refused(
    prices: Cli, used: Path, options: str, exit_code: int, complaint: str
) -> None:
    refused = prices(f"prices simulate {options.format(used=used)}", expect=exit_code)
    assert complaint in refused.stderr
    assert refused.stdout == ""


def test_packages_are_listed_at_their_prices(prices: Cli) -> None:
    rows = prices("prices packages -o json")
    assert rows.json["schema"] == "creditctl.packages/v1"
    names = ("name", "credits", "price", "currency", "lifetime_days")
    assert [tuple(row[name] for name in names) for row in rows.data] == [
        ("large", "50000", "80.00", "USD", 365),
        ("small", "5000", "10.00", "USD", None),
    ]
    (small,) = prices("prices packages small -o json").data
    assert (small["title"], small["effective_to"]) == ("5,000 credits", None)
    assert prices("prices packages --currency EUR -o json").data == []
    assert "no packages" in prices("prices packages", as_of="2025-12-31").stderr
    refused = prices("prices packages huge", expect=3)
    assert "there is no package 'huge'" in refused.stderr
    assert "there are large, small" in refused.stderr


def test_a_package_is_listed_once_for_each_currency(sqlite_cli: Cli) -> None:
    sample = Path(__file__).parents[2] / "sample-data/finfeedapi/catalog.toml"
    sqlite_cli(f"catalog apply {sample}")
    rows = sqlite_cli("prices packages -o json").data
    assert [(row["price"], row["currency"]) for row in rows] == [("83.00", "EUR"), ("90.00", "USD")]
    (euros,) = sqlite_cli("prices packages desk --currency EUR -o json").data
    assert euros["price"] == "83.00"
