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
