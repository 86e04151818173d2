"""What credits are sold by changes in versions: named, written once, never rewritten."""

from pathlib import Path

import pytest

from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.services.catalog import diff_catalog
from creditctl.store.engine import reading, rehearsal
from creditctl.store.queries.checks import breaches
from creditctl.store.queries.sale_checks import STATED_TWICE
from selling import FROM_JUNE, applied, written

TABLES = ("package", "package_price", "list_price", "tax_rate", "seller", "service_cost")


CATALOG_TABLES = {"list price": "list_price", "tax": "tax_rate", "cost": "service_cost"}


def rows(context: Context) -> dict[str, int]:
    with reading(context.database) as unit:
        return {table: int(unit.fetch_value(f"SELECT count(*) FROM {table}")) for table in TABLES}


def test_everything_new_is_named_and_written(context: Context, tmp_path: Path) -> None:
    change = applied(context, tmp_path)
    added = [(found.kind, found.name) for found in change.differences if found.kind != "price"]
    assert added == [
        ("product", "quotes"),
        ("list price", "EUR"),
        ("package", "big"),
        ("package", "british"),
        ("package", "european"),
        ("cost", "quotes"),
        ("cost", "quotes * /quotes"),
        ("tax", "DE VAT, 2021-01-01"),
        ("tax", "US-NY Sales tax, State, 2021-01-01"),
        ("tax", "US-TX Sales tax, State, 2021-01-01"),
        ("seller", "seller"),
    ]
    counts = {"package": 3, "package_price": 5, "list_price": 1, "tax_rate": 3, "seller": 1}
    counts |= {"service_cost": 2}
    assert rows(context) == counts
    again = applied(context, tmp_path)
    assert (again.changes, again.applied) == (0, False)
    assert rows(context) == counts


EMAIL = 'email = "billing@example.com"'
BERLIN = "Lange Gasse 1, 10115 Berlin"
PER_UNIT = 'cost_per_unit = "0.00001"', "cost_per_unit = 0"
STATES = 'regions = ["NY", "TX"]\ntaxes'
IN_TEXAS = "registration.US-TX full, Sales tax, 2025-07-01 to none"


@pytest.mark.parametrize(
    ("old", "new", "kind", "name", "field", "before", "after"),
    [
        ('"0.0092"', '"0.0095"', "list price", "EUR", "price", "0.0092", "0.0095"),
        ('"90.00"', '"95.00"', "package", "big", "price.USD", "90.00", "95.00"),
        ('"83.00"', '"88.00"', "package", "big", "price.EUR", "83.00", "88.00"),
        (', GBP = "39.00"', "", "package", "european", "price.GBP", "39.00", None),
        ("credits = 10000", "credits = 9000", "package", "big", "credits", "10000", "9000"),
        ('title = "Big"', 'title = "Huge"', "package", "big", "title", "Big", "Huge"),
        ("days = 365", "days = 730", "package", "big", "lifetime_days", "365", "730"),
        ("lifetime_days = 365", "", "package", "big", "lifetime_days", "365", "unlimited"),
        ('"0.0004"', '"0.0005"', "cost", "quotes", "per_request", "USD 0.0004", "USD 0.0005"),
        (*PER_UNIT, "cost", "quotes * /quotes", "per_unit", "USD 0.00001", "USD 0"),
        ("percent = 19", "percent = 16", "tax", "DE VAT, 2021-01-01", "percent", "19", "16"),
        ("GmbH", "AG", "seller", "seller", "legal_name", "Example GmbH", "Example AG"),
        ("10115", "10117", "seller", "seller", "address", BERLIN, BERLIN.replace("15", "17")),
        (EMAIL, "", "seller", "seller", "email", "billing@example.com", "none"),
        (EMAIL, f'{EMAIL}\nregion = "BE"', "seller", "seller", "region", "none", "BE"),
        ('["EUR"]', "true", "seller", "seller", "prices_include_tax", "EUR", "yes"),
        (STATES, 'regions = ["NY"]\ntaxes', "seller", "seller", IN_TEXAS, "yes", None),
        (
            EMAIL,
            f"{EMAIL}\ntrusts_check_digits = true",
            "seller",
            "seller",
            "trusts_check_digits",
            "no",
            "yes",
        ),
    ],
)
def test_every_change_is_named_and_then_applied(
    context: Context, tmp_path: Path, old, new, kind, name, field, before, after
) -> None:
    applied(context, tmp_path)
    counts = rows(context)
    change = applied(context, tmp_path, (old, new), FROM_JUNE)
    (found,) = change.differences
    assert (found.action, found.kind, found.name, found.field) == ("changed", kind, name, field)
    assert (found.old, found.new) == (before, after)
    assert diff_catalog(context, tmp_path / "catalog.toml").changes == 0
    table = CATALOG_TABLES.get(kind, kind)
    assert rows(context)[table] == counts[table] + 1
    others = set(TABLES) - {table, "package_price"}
    assert all(rows(context)[other] == counts[other] for other in others)


REMOVED = [
    ('[list_prices]\nEUR = "0.0092"', "", "list price", "EUR"),
    ('[packages.british]\ncredits = 100\nprices = { GBP = "1.00" }', "", "package", "british"),
    ('cost_per_request = "0.0004"', "", "cost", "quotes"),
    ("valid_from = 2021-01-01\n\n[[taxes]]", "valid_from = 2020-01-01\n\n[[taxes]]", "tax", "DE"),
]


@pytest.mark.parametrize(("old", "new", "kind", "name"), REMOVED)
def test_what_a_file_no_longer_states_ends(
    context: Context, tmp_path: Path, old: str, new: str, kind: str, name: str
) -> None:
    applied(context, tmp_path)
    change = applied(context, tmp_path, (old, new), FROM_JUNE)
    removed = [found for found in change.differences if found.action == "removed"]
    assert [(found.kind, found.name.split()[0]) for found in removed] == [(kind, name)]
    table = CATALOG_TABLES.get(kind, kind)
    with reading(context.database) as unit:
        ended = f"SELECT count(*) FROM {table} WHERE effective_to = 1780272000000000"
        assert unit.fetch_value(ended) == 1  # 2026-06-01T00:00:00Z


def test_what_was_removed_can_come_again_later(context: Context, tmp_path: Path) -> None:
    old, new, _, _ = REMOVED[1]
    applied(context, tmp_path)
    applied(context, tmp_path, (old, new), FROM_JUNE)
    with pytest.raises(Conflict, match="package british has a version from 2026-06-01"):
        applied(context, tmp_path, FROM_JUNE)
    change = applied(context, tmp_path, (FROM_JUNE[0], "effective_from = 2026-07-01"))
    assert [(found.action, found.name) for found in change.differences] == [("added", "british")]
    assert rows(context)["package"] == 4


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('"0.0092"', '"0.0095"', "list price EUR has a version from 2026-06-01"),
        ('"90.00"', '"95.00"', "package big has a version from 2026-06-01"),
        ("percent = 19", "percent = 16", "tax DE VAT, 2021-01-01 has a version from 2026-06-01"),
        ('"0.0004"', '"0.0005"', "cost quotes has a version from 2026-06-01"),
        ("GmbH", "AG", "the seller has a version from 2026-06-01"),
    ],
)
def test_history_is_not_rewritten(
    context: Context, tmp_path: Path, old: str, new: str, what: str
) -> None:
    applied(context, tmp_path, FROM_JUNE)
    counts = rows(context)
    earlier = ("effective_from = 2026-01-01", "effective_from = 2026-03-01")
    with pytest.raises(Conflict, match="history is not rewritten") as refused:
        applied(context, tmp_path, (old, new), earlier)
    assert what in str(refused.value)
    refusal = diff_catalog(context, written(tmp_path, (old, new), earlier)).refused
    assert refusal is not None
    assert what in refusal
    assert rows(context) == counts


RATE = (
    "INSERT INTO tax_rate (catalog_version_id, effective_from, country, region, locality, name,"
    " authority, category, supply, ppm, taxable_ppm, valid_from)"
    " VALUES (1, 5, 'DE', '', '', 'VAT', '', 'standard', '{supply}', 0, 1, {day})"
)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE package SET effective_to = 1767225600000001 WHERE name = 'big'", 0),
        (
            (
                "INSERT INTO package (catalog_version_id, effective_from, name, title,"
                " credits_micro) VALUES (1, 5, 'big', 'Big', 1)"
            ),
            1,
        ),
        (
            (
                "INSERT INTO package (catalog_version_id, effective_from, effective_to, name,"
                " title, credits_micro) VALUES (1, 5, 1767225600000000, 'big', 'Big', 1)"
            ),
            0,
        ),
        (
            (
                "INSERT INTO list_price (catalog_version_id, effective_from, currency, price)"
                " VALUES (1, 5, 'EUR', '1')"
            ),
            1,
        ),
        (RATE.format(supply="any", day=99_999), 1),
        (RATE.format(supply="within_region", day=99_999), 1),
        (RATE.format(supply="any", day=99_999).replace("'DE'", "'FR'"), 0),
        (
            (
                "INSERT INTO seller (catalog_version_id, effective_from, legal_name, address,"
                " country, prices_include_tax, trusts_check_digits, registrations)"
                " SELECT 1, 5, 'x', '[]', 'DE', 'false', trusts_check_digits, '[]' FROM seller"
            ),
            1,
        ),
    ],
)
def test_two_at_once_are_found(
    context: Context, tmp_path: Path, statement: str, found: int
) -> None:
    applied(context, tmp_path)
    with rehearsal(context.database) as unit:
        unit.run(statement)
        assert len(breaches(unit, STATED_TWICE)) == found
