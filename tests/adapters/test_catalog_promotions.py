"""The promotions of a catalog file: what they may say, and what contradicts itself."""

from datetime import UTC, datetime, timedelta

import pytest

from creditctl.adapters.catalog_toml import parse_catalog
from creditctl.adapters.catalog_writer import catalog_toml
from creditctl.adapters.toml_source import TomlSource
from creditctl.errors import CatalogInvalid
from creditctl.rules.catalog import PromotionSpec
from creditctl.rules.units import Credits

HEAD = """\
[catalog]
name = "example"
currency = "USD"
list_price = "0.003"

[products.quotes]
[[products.quotes.endpoints]]
path = "/quotes"
credits = 1

[plans.pro]
allowance = 5

"""


def promotions(text: str) -> tuple[PromotionSpec, ...]:
    catalog = parse_catalog(TomlSource("catalog.toml", HEAD + text))
    assert parse_catalog(TomlSource("again.toml", catalog_toml(catalog))) == catalog
    return catalog.promotions


def test_a_promotion_says_whom_it_is_for_and_how_much_there_is() -> None:
    (fair,) = promotions("""
[promotions.fair]
title = "Trade fair"
credits = 100
trigger = "code"
code = "Fair-2026"
starts = 2026-05-01
ends = 2026-06-01T02:00:00+02:00
requires = ["not_duplicate", "payment_method"]
lifetime_days = 90
product = "quotes"
countries = ["DE", "AT"]
plans = ["pro"]
budget = { credits = 1000, redemptions = 7 }
""")
    assert fair == PromotionSpec(
        name="fair",
        title="Trade fair",
        amount=Credits.parse("100"),
        money=None,
        trigger="code",
        code="Fair-2026",
        budget=Credits.parse("1000"),
        redemptions=7,
        starts=datetime(2026, 5, 1, tzinfo=UTC),
        ends=datetime(2026, 6, 1, tzinfo=UTC),
        requires=("not_duplicate", "payment_method"),
        lifetime=timedelta(days=90),
        product="quotes",
        countries=("DE", "AT"),
        plans=("pro",),
    )


@pytest.mark.parametrize("money", ['"25.00"', '"25 USD"', '"25.00 USD"', "25"])
def test_money_is_divided_by_the_list_price_and_rounded_down(money: str) -> None:
    (gift,) = promotions(f"[promotions.gift]\nmoney = {money}\n")
    # 25 / 0.003 = 8333.333333 and a third of a micro-credit, which nobody gets
    assert gift.amount == Credits.parse("8333.333333")


def test_what_is_not_said_is_open_to_every_organization_that_is_no_duplicate() -> None:
    (gift,) = promotions("[promotions.gift]\ncredits = 5\n")
    assert (gift.trigger, gift.code, gift.requires) == ("code", "gift", ("not_duplicate",))
    assert (gift.budget, gift.redemptions, gift.starts, gift.ends) == (None, None, None, None)


def test_a_catalog_that_was_applied_long_ago_may_call_the_trigger_manual() -> None:
    (gift,) = promotions('[promotions.gift]\ncredits = 5\ntrigger = "manual"\n')
    assert (gift.trigger, gift.code) == ("code", "gift")


def test_nothing_at_all_may_be_required() -> None:
    (gift,) = promotions("[promotions.gift]\ncredits = 5\nrequires = []\n")
    assert gift.requires == ()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('money = "25 EUR"', "promotions.gift.money: is in EUR, and the catalog in USD"),
        ("credits = 5\nmoney = 5", "states its worth once"),
        ('title = "Gift"', "states its worth once"),
        ("credits = 0", "promotions.gift: gives nothing"),
        ('credits = 5\ncode = "A B"', "line 16: promotions.gift.code: is no code"),
        ('credits = 5\ntrigger = "signup"\ncode = "A"', "line 17: promotions.gift.code: needs"),
        ('credits = 5\ntrigger = "signup"\nplans = ["pro"]', "line 17: promotions.gift.plans: no"),
        ('credits = 5\nplans = ["max"]', "line 16: promotions.gift.plans: 'max' is not one of pro"),
        ('credits = 5\nproduct = "news"', "line 16: promotions.gift.product: there is no product"),
        (
            'credits = 5\ncountries = ["Austria"]',
            "line 16: promotions.gift.countries: 'Austria' is",
        ),
        (
            'credits = 5\nrequires = ["charm"]',
            "'charm' is not one of not_duplicate, payment_method",
        ),
        ("credits = 5\nlifetime_days = 0", "line 16: promotions.gift.lifetime_days: must be at"),
        ("credits = 5\nstarts = 2026-05-01T00:00:00", "promotions.gift.starts: has no time zone"),
        ("credits = 5\nstarts = 2026-05-02\nends = 2026-05-02", "promotions.gift.ends: must lie"),
        ("credits = 5\nbudget = {}", "promotions.gift.budget: needs credits, redemptions or both"),
        ("credits = 5\nbudget = 5", "promotions.gift.budget: must be a table"),
        ("credits = 5\nbudget = { credits = 4 }", "4 credits are less than the 5 of one gift"),
        ("credits = 5\nbudget = { redemptions = 0 }", "redemptions: must be at least 1"),
        ("credits = 5\nbudget = { people = 1 }", "people: is not known here; known: credits, red"),
        (
            'credits = 5\ncode = "SPRING"\n[promotions.other]\ncredits = 1\ncode = "Spring"',
            "line 19: promotions.other.code: 'Spring' is the code of gift already",
        ),
    ],
)
def test_each_contradiction_is_named_with_its_line_and_key(line: str, complaint: str) -> None:
    with pytest.raises(CatalogInvalid) as refused:
        promotions(f"[promotions.gift]\n{line}\n")
    assert complaint in str(refused.value)
