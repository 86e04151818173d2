"""`creditctl promotions` as a person meets it."""

from pathlib import Path

import pytest

from conftest import Cli
from promotions import WITH_SIGN_UP


@pytest.fixture
def shop(cli: Cli, tmp_path: Path) -> Cli:
    """A catalog with promotions, and acme, which signed up."""
    path = tmp_path / "catalog.toml"
    path.write_text(WITH_SIGN_UP, encoding="utf-8")
    cli(f"catalog apply {path}")
    cli("orgs create acme")
    return cli


def test_the_list_tells_what_is_left(shop: Cli) -> None:
    shop("promotions redeem acme TWICE")
    lines = shop("promotions list").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    (line,) = [line for line in lines if line.startswith("twice")]
    assert line.split() == ["twice", "twice", "open", "10", "1", "10", "15", "1"]
    rows = {row["name"]: row for row in shop("promotions list -o json").data}
    assert (rows["twice"]["credits_left"], rows["twice"]["redemptions_left"]) == ("15", 1)
    assert (rows["welcome"]["trigger"], rows["welcome"]["code"]) == ("signup", None)
    assert (rows["money"]["money"], rows["money"]["currency"]) == ("10.00", "USD")


def test_a_promotion_shows_its_terms_and_what_became_of_it(shop: Cli) -> None:
    shop("promotions redeem acme spring")
    card = shop("promotions show spring").stdout
    for line in ("Only for product", "Days to live", "Taken back", "Remaining"):
        assert line in card
    told = shop("promotion show spring -o json").data
    assert (told["given"], told["spent"], told["remaining"], told["claims"]) == (
        "100",
        "0",
        "100",
        1,
    )
    missing = shop("promotions show sprin", expect=3)
    assert missing.stderr.splitlines() == [
        "error: there is no promotion 'sprin'",
        "hint: 'creditctl promotions list' shows all of them",
    ]


def test_a_code_is_redeemed_and_then_refused_with_what_to_do(shop: Cli) -> None:
    done = shop('promotions redeem acme SPRING --reason "asked by mail" -o json').data
    assert (done["amount"], done["available_before"], done["available_after"]) == (
        "100",
        "350",
        "450",
    )
    refused = shop("promotions redeem acme SPRING", expect=5)
    assert refused.stderr.splitlines() == [
        f"error: acme got spring on 2026-11-01 ({done['grant']})",
        "hint: a promotion is given once; 'creditctl credits grant' gives goodwill",
    ]
    assert (
        "no promotion has the code 'SPRIN'" in shop("promotions redeem acme SPRIN", expect=3).stderr
    )
    shop("promotions redeem acme TWICE --expect-balance 9", expect=5)
    shop("promotions redeem acme TWICE --override", expect=2)


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("XMAS", "redeem the code from then on"),
        ("CARD", "'creditctl orgs update acme --payment-fingerprint TEXT' records one"),
        ("DACH", "'creditctl orgs update acme --country CC' corrects it"),
    ],
)
def test_every_refusal_exits_5_with_a_hint(shop: Cli, code: str, hint: str) -> None:
    assert shop(f"promotions redeem acme {code}", expect=5).stderr.endswith(f"hint: {hint}\n")
    assert shop("credits balance acme -o json").data["available"] == "350"


def test_the_same_key_redeems_once(shop: Cli) -> None:
    line = "promotions redeem acme TWICE --idempotency-key ticket-7 -o json"
    first = shop(line).data
    assert shop(line).data == first
    rehearsed = shop("promotions redeem acme POT --dry-run -o json").data
    assert (rehearsed["dry_run"], rehearsed["credits_left"]) == (True, "15")
    assert shop("promotions show pot -o json").data["claims"] == 0


def test_claims_tell_who_got_what(shop: Cli) -> None:
    assert [row["promotion"] for row in shop("promotions claims -o json").data] == ["welcome"]
    shop("promotions redeem acme TWICE")
    lines = shop("promotions claims --promotion twice -o csv").stdout.splitlines()
    assert lines[0].startswith("promotion,organization,amount,claimed_at,expires_at,grant")
    assert lines[1].startswith("twice,acme,10,2026-11-01T00:00:00Z,")
    assert "No promotion was given yet." in shop("promotions claims --promotion pot").stderr
    shop("promotions claims --promotion sprin", expect=3)


def test_an_organization_is_told_which_sign_up_credits_it_did_not_get(
    shop: Cli, tmp_path: Path
) -> None:
    path = tmp_path / "limited.toml"
    limited = WITH_SIGN_UP.replace('"signup"', '"signup"\nbudget = { redemptions = 1 }')
    path.write_text(limited, encoding="utf-8")
    shop(f"catalog apply {path}")
    made = shop("orgs create beta -o json")
    assert (made.data["refused"], made.data["granted"]) == (["welcome"], "0")
    assert "beta was not given welcome: it is used up" in made.stderr
