"""Reads a catalog file: every value checked, every complaint with file, line and key."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from creditctl.adapters.catalog_plans_toml import guest_of, plan_of, promotion_of
from creditctl.adapters.catalog_prices_toml import checked, product_of
from creditctl.adapters.toml_source import TomlSource, TomlTable
from creditctl.errors import InvalidInput
from creditctl.rules.catalog import Catalog
from creditctl.rules.currencies import currency_exponent
from creditctl.rules.units import Credits

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*", re.ASCII)
EARLIEST_YEAR, LATEST_YEAR = 1970, 2200


def read_catalog(path: Path) -> Catalog:
    """Read and check a file; raises FileMissing or CatalogInvalid."""
    return parse_catalog(TomlSource.read(path))


def parse_catalog(source: TomlSource) -> Catalog:
    """The catalog that a TOML text describes; raises CatalogInvalid."""
    root = source.root()
    head = root.table("catalog")
    currency = _currency(head)
    list_price: Decimal = head.price("list_price")
    tiers = _tiers(root.table("tiers"))
    products = tuple(product_of(table, tiers) for table in _named(root.table("products")))
    catalog = Catalog(
        name=checked(head, "name", head.text("name"), _NAME),
        currency=currency,
        list_price=list_price,
        effective_from=_instant(head, "effective_from"),
        tiers=tiers,
        products=products,
        plans=tuple(
            plan_of(table, tiers, currency, products) for table in _named(root.table("plans"))
        ),
        promotions=tuple(
            promotion_of(table, currency, list_price) for table in _named(root.table("promotions"))
        ),
        guest=guest_of(root.table("guest")) if "guest" in root else None,
    )
    head.finish()
    root.finish()
    _refuse_duplicates(root, catalog)
    return catalog


def _named(table: TomlTable) -> list[TomlTable]:
    for name in table.keys():  # noqa: SIM118 - a TomlTable is no mapping
        _refuse_no_name(table, name)
    return [table.table(name) for name in table.keys()]  # noqa: SIM118


def _refuse_no_name(table: TomlTable, name: str) -> None:
    if not _NAME.fullmatch(name):
        table.refuse(name, "is no name: use lower-case letters, digits, - and _")


def _currency(head: TomlTable) -> str:
    currency: str = head.text("currency")
    try:
        currency_exponent(currency)
    except InvalidInput as problem:
        head.refuse("currency", problem.detail)
    return currency


def _tiers(table: TomlTable) -> dict[str, Credits]:
    for name in table.keys():  # noqa: SIM118
        _refuse_no_name(table, name)
    return {name: table.credits(name) for name in table.keys()}  # noqa: SIM118


def _instant(table: TomlTable, key: str) -> datetime | None:
    value = table.value(key, date, "a date or a time such as 2026-01-01T00:00:00Z", None)
    if value is None:
        return None
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if value.tzinfo is None:
        table.refuse(key, f"has no time zone; write {value.isoformat()}Z")
    if not EARLIEST_YEAR <= value.year < LATEST_YEAR:
        table.refuse(key, f"must lie between {EARLIEST_YEAR} and {LATEST_YEAR}")
    return value.astimezone(UTC)


def _refuse_duplicates(root: TomlTable, catalog: Catalog) -> None:
    seen: dict[tuple[str, str], str] = {}
    for product in catalog.products:
        for i, endpoint in enumerate(product.endpoints):
            request = (endpoint.method, endpoint.path)
            if request in seen:
                path = ("products", product.name, "endpoints", i, "path")
                what = f"{endpoint.method} {endpoint.path} is priced by {seen[request]} already"
                root.source.refuse(path, what)
            seen[request] = product.name
