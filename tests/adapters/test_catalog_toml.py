"""A malformed catalog is refused with file, line, key and what to do."""

from decimal import Decimal
from pathlib import Path

import pytest

from creditctl.adapters.catalog_toml import parse_catalog, read_catalog
from creditctl.adapters.toml_source import TomlSource
from creditctl.errors import CatalogInvalid, FileMissing
from creditctl.rules.service_cost import ServiceCost
from creditctl.rules.units import Credits

GOOD = """\
[catalog]
name = "example"
currency = "USD"
list_price = "0.001"

[tiers]
free = 0
basic = 1

[products.quotes]
title = "Quotes"

[[products.quotes.endpoints]]
method = "GET"
path = "/v1/quotes/{symbol}"
tier = "basic"

[[products.quotes.endpoints]]
path = "/v1/history"
data = { per = 100, unit = "rows", credits = "0.5" }
minimum = 1
maximum = 9

[plans.pro]
fee = "49.00"
allowance = 50_000
tiers = ["free"]

[plans.pro.capabilities]
sentiment = true

[promotions.welcome]
money = "25.00"
trigger = "signup"

[guest]
credits = 50
lifetime_hours = 24
"""


def cost(value: str) -> tuple[str, str]:
    """A cost of service of the product."""
    return 'title = "Quotes"', f'title = "Quotes"\ncost_per_request = {value}'


def test_a_good_file_is_read_whole() -> None:
    catalog = parse_catalog(TomlSource("catalog.toml", GOOD))
    assert catalog.list_price == Decimal("0.001")
    assert [endpoint.method for endpoint in catalog.products[0].endpoints] == ["GET", "*"]
    assert catalog.products[0].billed_statuses == ("2xx",)
    (plan,) = catalog.plans
    assert (plan.fee.minor, plan.interval, plan.capabilities) == (
        4900,
        "month",
        {"sentiment": True},
    )
    # $25.00 / $0.001
    assert catalog.promotions[0].amount == Credits.parse("25000")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('name = "example"', 'name = = "example"', "catalog.toml line 2: "),
        ("lifetime_hours = 24", "lifetime_hours = '24", "catalog.toml line 38: "),
        ('currency = "USD"', 'currency = "USX"', "line 3: catalog.currency: 'USX' is not an ISO"),
        ('list_price = "0.001"', "list_price = 0.001", "line 4: catalog.list_price: must be an"),
        ('list_price = "0.001"', 'list_price = "-1"', "line 4: catalog.list_price: must"),
        ('list_price = "0.001"\n', "", "line 1: catalog: 'list_price' is missing"),
        ("basic = 1", 'basic = "1e3"', "line 8: tiers.basic: credits '1e3' is not a decimal"),
        ("basic = 1", 'basic = "0.0000001"', "line 8: tiers.basic: credits 1E-7 has more than 6"),
        (*cost('"0.0000001"'), "cost_per_request: cost 1E-7 has more than 6 decimal places"),
        (*cost('"-1"'), "cost_per_request: must not be below zero"),
        (*cost("0.0004"), "must be an amount, not a floating-point number (0.0004); write it in"),
        ("basic = 1", f"basic = {'9' * 5000}", "a number has too many digits"),
        ("basic = 1", f"basic = {'[' * 3000}", "nested too deeply"),
        ("basic = 1", "'' = 1", "line 8: tiers.: is no name"),
        (
            'currency = "USD"',
            'currency = "USD"\neffective_from = 9999-12-31T23:00:00-23:00',
            "line 4: catalog.effective_from: must lie between 1970 and 2200",
        ),
        (
            "lifetime_hours = 24",
            "lifetime_hours = 4503599627370496",
            "line 38: guest.lifetime_hours: must be at least 1 and at most 87840",
        ),
        ("basic = 1", "basic = -1", "line 8: tiers.basic: must not be below zero"),
        ('title = "Quotes"', 'titel = "Quotes"', "line 11: products.quotes.titel: is not known"),
        ('method = "GET"', 'method = "get"', "line 14: products.quotes.endpoints[1].method: 'get'"),
        ('"/v1/quotes/{symbol}"', '"v1/quotes"', "line 15: products.quotes.endpoints[1].path: "),
        ('tier = "basic"', 'tier = "gold"', "line 16: products.quotes.endpoints[1].tier: must be"),
        (
            'tier = "basic"',
            'tier = "basic"\ncredits = 1',
            "line 17: products.quotes.endpoints[1].c",
        ),
        ('tier = "basic"\n', "", "line 13: products.quotes.endpoints[1]: has no price"),
        ("maximum = 9", 'maximum = "0.5"', "line 22: products.quotes.endpoints[2].maximum: 0.5 is"),
        ("per = 100", "per = 0", "line 20: products.quotes.endpoints[2].data.per: must be at"),
        (
            'fee = "49.00"',
            'fee = "49.001"',
            "line 25: plans.pro.fee: amount 49.001 has more than 2",
        ),
        (
            'tiers = ["free"]',
            'tiers = ["gold"]',
            "line 27: plans.pro.tiers: there is no tier 'gold'",
        ),
        ('tiers = ["free"]', 'interval = "week"', "line 27: plans.pro.interval: must be one of"),
        ('tiers = ["free"]', "carry_cap = 5", "line 27: plans.pro.carry_cap: needs rollover"),
        (
            "[plans.pro.capabilities]",
            "[plans.pro.limits]\nwebhoks = 1\n[plans.pro.capabilities]",
            "line 30: plans.pro.limits.webhoks: is not known here; known: burst",
        ),
        ("sentiment = true", "sentiment = 0.5", "line 30: plans.pro.capabilities.sentiment: must"),
        ("sentiment = true", "history_days = -1", "capabilities.history_days: must be at least 0"),
        ("sentiment = true", "history_days = true", "capabilities.history_days: must be a whole"),
        ('tiers = ["free"]', 'gate_when_down = "ajar"', "plans.pro.gate_when_down: must be one of"),
        ('money = "25.00"', 'money = "25.00"\ncredits = 1', "promotions.welcome: states its worth"),
        ("lifetime_hours = 24", "lifetime_hours = 0", "line 38: guest.lifetime_hours: must be at"),
        ('path = "/v1/history"', 'method = "GET"\npath = "/v1/quotes/{symbol}"', "line 20: "),
    ],
)
def test_each_mistake_is_named_with_its_line_and_key(old: str, new: str, complaint: str) -> None:
    assert old in GOOD
    with pytest.raises(CatalogInvalid) as refused:
        parse_catalog(TomlSource("catalog.toml", GOOD.replace(old, new, 1)))
    assert str(refused.value).startswith("catalog.toml")
    assert complaint in str(refused.value)
    assert refused.value.advice


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        read_catalog(tmp_path / "none.toml")
    # An editor's byte order mark is no mistake.
    (tmp_path / "marked.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert read_catalog(tmp_path / "marked.toml").name == "example"
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(CatalogInvalid):
        read_catalog(tmp_path / "latin.toml")


def test_a_cost_is_of_endpoints_and_no_plan_has_one() -> None:
    """$0.0004 a request is 400 millionths; a plan's own price says nothing of what it costs."""
    catalog = parse_catalog(TomlSource("catalog.toml", GOOD.replace(*cost('"0.0004"'))))
    assert catalog.products[0].cost == ServiceCost(request_micro=400, unit_micro=0)
    assert [endpoint.cost for endpoint in catalog.products[0].endpoints] == [None, None]
    price = '[[plans.pro.prices]]\npath = "/v1/history"\ncredits = 1\ncost_per_request = 1\n'
    with pytest.raises(CatalogInvalid, match="cost_per_request: is not known here"):
        parse_catalog(TomlSource("catalog.toml", GOOD + price))
