"""Reads a catalog file: every value checked, every complaint with file, line and key."""

import re
from decimal import Decimal
from pathlib import Path

from creditctl.adapters.catalog_plans_toml import guest_of, plan_of
from creditctl.adapters.catalog_prices_toml import checked, product_of
from creditctl.adapters.catalog_promotions_toml import promotion_of, refuse_equal_codes
from creditctl.adapters.toml_source import TomlSource, TomlTable
from creditctl.errors import InvalidInput
from creditctl.rules.catalog import Catalog
from creditctl.rules.currencies import currency_exponent
from creditctl.rules.units import Credits

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*", re.ASCII)


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
    plans = tuple(
        plan_of(table, tiers, currency, products) for table in _named(root.table("plans"))
    )
    catalog = Catalog(
        name=checked(head, "name", head.text("name"), _NAME),
        currency=currency,
        list_price=list_price,
        effective_from=head.instant("effective_from"),
        tiers=tiers,
        products=products,
        plans=plans,
        promotions=tuple(
            promotion_of(table, list_price, currency, products, plans)
            for table in _named(root.table("promotions"))
        ),
        guest=guest_of(root.table("guest")) if "guest" in root else None,
    )
    head.finish()
    root.finish()
    _refuse_duplicates(root, catalog)
    refuse_equal_codes(root, catalog.promotions)
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
