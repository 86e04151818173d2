"""The canonical catalog file, and the schema by which editors check it."""

import tomllib
from copy import deepcopy
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from builders import open_books
from conftest import Cli
from creditctl.adapters.catalog_schema import catalog_schema
from creditctl.adapters.catalog_toml import parse_catalog
from creditctl.adapters.catalog_writer import catalog_toml
from creditctl.adapters.toml_source import TomlSource
from creditctl.context import Context
from creditctl.errors import CatalogInvalid
from creditctl.rules.catalog import Catalog
from creditctl.services.catalog import apply_catalog, export_catalog
from creditctl.services.plans import list_plans
from creditctl.services.prices import list_prices

RICH = """
[catalog]
name = "rich"
currency = "EUR"
list_price = "0.00125"
effective_from = 2026-01-01T00:00:00Z

[tiers]
free = 0
basic = 1
odd = "2.5"

[products.quotes]
title = "Quotes \\"live\\""
billed_statuses = ["200", "3xx"]
cost_per_request = "0.0001"

[[products.quotes.endpoints]]
method = "GET"
path = "/v1/quotes/{symbol}"
tier = "odd"
minimum = 1
maximum = "9.75"
cost_per_request = 0
cost_per_unit = "0.000002"
data = { per = 100, unit = "rows", credits = "0.000001", rounding = "exact", included = 5 }

[[products.quotes.endpoints]]
path = "/v1/**"
credits = "0.5"

[products.bulk]
[[products.bulk.volume]]
above = 100
credits = "0.5"
[[products.bulk.volume]]
above = 200
credits = 0
[[products.bulk.endpoints]]
method = "POST"
path = "/v1/bulk"
credits = 3

[plans.pro]
gate_when_down = "closed"
title = "Pro"
fee = "49.00"
interval = "year"
allowance = "1000.5"
rollover = "carry"
carry_cap = 20
postpaid_limit = 10
overage_price = "0.0012"
unlimited = false
tiers = ["basic", "free"]
[plans.pro.trial]
days = 14
credits = 7
[plans.pro.limits]
requests_per_hour = 5
webhooks = 2
[plans.pro.capabilities]
sentiment = true
region = "eu"
history_days = 30
seats = 3
[[plans.pro.prices]]
method = "POST"
path = "/v1/bulk"
credits = 2
[[plans.pro.prices]]
method = "GET"
path = "/v1/quotes/{symbol}"
tier = "odd"
minimum = 1
maximum = 9
data = { per = 100, unit = "rows", credits = "0.000001", rounding = "exact", included = 5 }

[plans.plain]

[promotions.welcome]
title = "Welcome"
money = "25.00"
trigger = "signup"

[promotions.fair]
credits = 100
trigger = "code"
code = "FAIR-2026"
starts = 2026-05-01
ends = 2026-06-01T12:00:00Z
requires = ["not_duplicate", "payment_method"]
lifetime_days = 90
product = "quotes"
countries = ["DE", "AT"]
plans = ["pro"]
[promotions.fair.budget]
credits = 100_000
redemptions = 500

[promotions.everybody]
money = "5 EUR"
requires = []

[guest]
credits = 50
lifetime_hours = 24

[list_prices]
USD = "0.00135"
JPY = "0.2"

[packages.big]
title = "Big"
credits = "50000.5"
price = "45.00"
lifetime_days = 365
prices = { USD = "49.00", JPY = 7300 }

[packages.abroad]
credits = 1000
prices = { GBP = "9.00" }

[seller]
legal_name = "Rich \\"Data\\" GmbH"
address = ["Lange Gasse 1", "10115 Berlin"]
street = "Lange Gasse 1"
postcode = "10115"
city = "Berlin"
country = "DE"
region = "BE"
tax_id = "DE 136 695 976"
email = "billing@rich.example"
phone = "+49 30 1234"
bank = ["Bank of Examples"]
prices_include_tax = ["EUR", "GBP"]
trusts_check_digits = true

[[seller.registrations]]
country = "DE"

[[seller.registrations]]
country = "US"
regions = ["NY", "TX"]
scheme = "consumers"
taxes = ["Sales tax"]
valid_from = 2025-01-01
valid_until = 2030-01-01

[[taxes]]
country = "DE"
name = "VAT"
percent = 19
valid_from = 2021-01-01

[[taxes]]
country = "US"
regions = ["NY", "TX"]
locality = "Springfield"
name = "Sales tax"
authority = "City"
category = "standard"
supply = "between_regions"
percent = "8.875"
taxable_percent = 80
valid_from = 2020-01-01
valid_until = 2026-01-01

[[taxes]]
country = "US"
regions = ["OH"]
name = "Sales tax"
percent = "5.75"
valid_from = 2020-01-01
"""
SAMPLES = sorted((Path(__file__).parents[2] / "sample-data").glob("*/catalog.toml"))
TEXTS = {"rich": RICH} | {path.parent.name: path.read_text(encoding="utf-8") for path in SAMPLES}


def parsed(text: str) -> Catalog:
    return parse_catalog(TomlSource("catalog.toml", text))


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_written_is_read_as_the_same_catalog(name: str) -> None:
    assert parsed(catalog_toml(parsed(TEXTS[name]))) == parsed(TEXTS[name])


@pytest.mark.parametrize("name", TEXTS)
def test_written_again_it_is_the_same_byte_for_byte(name: str) -> None:
    once = catalog_toml(parsed(TEXTS[name]))
    assert catalog_toml(parsed(once)) == once


@pytest.mark.parametrize("name", TEXTS)
def test_an_exported_catalog_changes_nothing_and_opens_the_same_books(
    name: str, sqlite_database: str, tmp_path: Path
) -> None:
    from conftest import NOW

    context = Context(sqlite_database, NOW, "tester")
    open_books(context, TEXTS[name])
    path = tmp_path / "exported.toml"
    path.write_text(export_catalog(context), encoding="utf-8")
    assert apply_catalog(context, path).changes == 0
    assert export_catalog(context) == path.read_text(encoding="utf-8")
    assert list_prices(context)
    assert [plan.name for plan in list_plans(context)] == sorted(
        plan.name for plan in parsed(TEXTS[name]).plans
    )


def as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: as_json(member) for name, member in value.items()}
    if isinstance(value, list):
        return [as_json(member) for member in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


@cache
def validator() -> jsonschema.Draft202012Validator:
    """Made once: most of the time goes into checking the schema itself."""
    jsonschema.Draft202012Validator.check_schema(catalog_schema())
    return jsonschema.Draft202012Validator(catalog_schema())


@pytest.mark.parametrize("name", TEXTS)
def test_the_schema_accepts_what_the_reader_accepts(name: str) -> None:
    validator().validate(as_json(tomllib.loads(TEXTS[name])))


def tables(document: Any, schema: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, Any]]:
    """Every table of the document with a closed set of keys, and that set."""
    found = []
    if isinstance(document, list):
        for number, member in enumerate(document):
            found += tables(member, schema["items"], (*path, number))
    elif isinstance(document, dict):
        if "properties" in schema:
            found.append((path, set(schema["properties"])))
        for name, member in document.items():
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if isinstance(inner, dict):
                found += tables(member, inner, (*path, name))
    return found


PLACES = tables(tomllib.loads(RICH), catalog_schema())


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place[0])) or "root")
def test_the_reader_and_the_schema_know_the_same_keys(place: tuple[Any, set[str]]) -> None:
    import tomli_w

    path, known = place
    document = deepcopy(tomllib.loads(RICH))
    table: Any = document
    for step in path:
        table = table[step]
    table["misspelt"] = 1
    with pytest.raises(CatalogInvalid, match="misspelt: is not known here; known: ") as refused:
        parsed(tomli_w.dumps(document))
    listed = str(refused.value).rpartition("known: ")[2].split(", ")
    assert set(listed) == known
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(as_json(document))


def test_the_rich_catalog_uses_every_key_of_the_schema() -> None:
    used: dict[str, set[str]] = {}
    for path, known in PLACES:
        table: Any = tomllib.loads(RICH)
        for step in path:
            table = table[step]
        used.setdefault(str(sorted(known)), set()).update(table)
    left_out = {known: set(eval(known)) - seen for known, seen in used.items()}
    limits = {name for names in left_out.values() for name in names}
    assert {name for name in limits if "per_" not in name and "websocket" not in name} == set()


def test_the_commands_write_documents_that_can_be_used(sqlite_cli: Cli, tmp_path: Path) -> None:
    import json

    path = tmp_path / "catalog.toml"
    path.write_text(RICH, encoding="utf-8")
    sqlite_cli(f"catalog apply {path}")
    exported = sqlite_cli("catalog export").stdout
    again = tmp_path / "again.toml"
    again.write_text(exported, encoding="utf-8")
    assert sqlite_cli(f"catalog apply {again} -o json").data["changes"] == 0
    assert sqlite_cli("-o json catalog export").stdout == exported
    assert json.loads(sqlite_cli("catalog schema").stdout) == catalog_schema()


def test_a_difference_that_would_rewrite_history_is_told(sqlite_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(RICH, encoding="utf-8")
    sqlite_cli(f"catalog apply {path}")
    assert sqlite_cli(f"catalog diff {path} -o json").data["refused"] is None
    path.write_text(RICH.replace("credits = 3", "credits = 4"), encoding="utf-8")
    change = sqlite_cli(f"catalog diff {path} -o json").data
    assert "history is not rewritten" in change["refused"]
    assert change["applied"] is False
