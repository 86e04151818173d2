"""Applying catalogs: what changed is named, what did not is not written, history stays."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from builders import at
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.services.catalog import CatalogChange, apply_catalog, diff_catalog
from creditctl.services.prices import explain_price
from creditctl.store.engine import reading

CATALOG = """
[catalog]
name = "quotes"
currency = "USD"
list_price = "0.01"
effective_from = 2026-01-01

[products.quotes]
title = "Quotes"
[[products.quotes.endpoints]]
path = "/quotes"
credits = 2

[plans.pro]
fee = "49.00"
allowance = 500

[promotions.welcome]
credits = 350
trigger = "signup"

[guest]
credits = 50
lifetime_hours = 24
"""


def applied(context: Context, folder: Path, *changes: tuple[str, str]) -> CatalogChange:
    """Apply the catalog with some words exchanged."""
    return apply_catalog(context, written(folder, *changes))


def written(folder: Path, *changes: tuple[str, str]) -> Path:
    text = CATALOG
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "catalog.toml"
    path.write_text(text, encoding="utf-8")
    return path


def rows(context: Context, table: str) -> int:
    with reading(context.database) as unit:
        return int(unit.fetch_value(f"SELECT count(*) FROM {table}"))


FROM_JUNE = ("2026-01-01", "2026-06-01")


@pytest.mark.parametrize(
    ("old", "new", "kind", "name", "field", "before", "after"),
    [
        ('"0.01"', '"0.02"', "catalog", "terms", "list_price", "0.01", "0.02"),
        ('title = "Quotes"', 'title = "News"', "product", "quotes", "title", "Quotes", "News"),
        ("credits = 350", "credits = 400", "promotion", "welcome", "credits", "350", "400"),
        (
            "350",
            "350\nends = 2027-01-01",
            "promotion",
            "welcome",
            "ends",
            "none",
            "2027-01-01T00:00:00Z",
        ),
        ("s = 24", "s = 48", "guest", "guest", "lifetime_hours", "24", "48"),
        ("credits = 2", "credits = 3", "price", "* /quotes", "credits", "2", "3"),
        ("allowance = 500", "allowance = 600", "plan", "pro", "allowance", "500", "600"),
    ],
)
def test_every_change_is_named_and_then_applied(
    context: Context, tmp_path: Path, old, new, kind, name, field, before, after
) -> None:
    applied(context, tmp_path)
    change = applied(context, tmp_path, (old, new), FROM_JUNE)
    (found,) = change.differences
    assert (found.action, found.kind, found.name, found.field) == ("changed", kind, name, field)
    assert (found.old, found.new) == (before, after)
    assert change.applied
    assert diff_catalog(context, tmp_path / "catalog.toml").changes == 0


def test_a_file_that_says_the_same_in_other_words_writes_nothing(
    context: Context, tmp_path: Path
) -> None:
    applied(context, tmp_path)
    tables = ("catalog_version", "endpoint_price", "plan_version", "audit_entry")
    before = {table: rows(context, table) for table in tables}
    change = applied(context, tmp_path, ("[plans.pro]", "# the popular one\n[plans.pro]"))
    assert (change.changes, change.applied) == (0, False)
    assert {table: rows(context, table) for table in tables} == before


def test_a_dry_run_writes_nothing(context: Context, tmp_path: Path) -> None:
    change = apply_catalog(context, written(tmp_path), dry_run=True)
    assert (change.changes, change.applied) == (5, False)
    assert rows(context, "catalog_version") == rows(context, "product") == 0


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("credits = 2", "credits = 3", "* /quotes has a version from 2026-06-01"),
        ("allowance = 500", "allowance = 600", "plan pro has a version from 2026-06-01"),
        ('"0.01"', '"0.02"', "a credit costs USD 0.01 at 2026-03-01"),
        ('"USD"', '"EUR"', "a credit costs USD 0.01 at 2026-03-01"),
    ],
)
def test_history_is_not_rewritten(
    context: Context, tmp_path: Path, old: str, new: str, what: str
) -> None:
    applied(context, tmp_path, FROM_JUNE)
    with pytest.raises(Conflict, match="history is not rewritten") as refused:
        applied(context, tmp_path, (old, new), ("2026-01-01", "2026-03-01"))
    assert what in str(refused.value)
    assert rows(context, "catalog_version") == rows(context, "plan_version") == 1


def test_a_request_is_worth_the_list_price_of_its_time(context: Context, tmp_path: Path) -> None:
    applied(context, tmp_path)
    applied(context, tmp_path, ('"0.01"', '"0.03"'), FROM_JUNE)
    worth = {
        time: str(explain_price(at(context, time), "GET", "/quotes").money)
        for time in ("2026-05-31", "2026-06-01")
    }
    assert worth == {"2026-05-31": "0.02", "2026-06-01": "0.06"}  # 2 x 0.01, 2 x 0.03


def test_a_later_addition_may_not_carry_a_list_price_into_the_past(
    context: Context, tmp_path: Path
) -> None:
    applied(context, tmp_path)
    dearer = ('"0.01"', '"0.03"')
    applied(context, tmp_path, dearer, FROM_JUNE)
    added = ("[plans.pro]", '[plans.mini]\nfee = "9.00"\n[plans.pro]')
    with pytest.raises(Conflict, match=r"USD 0\.01 at 2026-03-01"):
        applied(context, tmp_path, dearer, added, ("2026-01-01", "2026-03-01"))


def test_of_four_who_apply_the_same_file_at_once_one_does(context: Context, tmp_path: Path) -> None:
    path = written(tmp_path)
    with ThreadPoolExecutor(4) as people:
        changes = [*people.map(lambda _: apply_catalog(context, path), range(4))]
    assert sorted(change.applied for change in changes) == [False, False, False, True]
    assert rows(context, "catalog_version") == 1


def test_what_a_file_no_longer_names_ends(context: Context, tmp_path: Path) -> None:
    applied(context, tmp_path)
    plan = ('[plans.pro]\nfee = "49.00"\nallowance = 500\n', "")
    change = applied(context, tmp_path, plan, FROM_JUNE)
    assert [(found.action, found.kind, found.name) for found in change.differences] == [
        ("removed", "plan", "pro")
    ]
    with reading(context.database) as unit:
        ended = unit.fetch_value("SELECT effective_to FROM plan_version")
    assert ended == 1_780_272_000_000_000  # 2026-06-01T00:00:00Z
