"""Reads a catalog file: every value checked, every complaint with file, line and key."""

import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from creditctl.adapters.catalog_packages_toml import list_prices_of, package_of
from creditctl.adapters.catalog_plans_toml import guest_of, plan_of
from creditctl.adapters.catalog_prices_toml import checked, product_of
from creditctl.adapters.catalog_promotions_toml import promotion_of, refuse_equal_codes
from creditctl.adapters.catalog_seller_toml import seller_of
from creditctl.adapters.catalog_tax_toml import tax_rates_from
from creditctl.adapters.toml_source import TomlSource, TomlTable
from creditctl.errors import InvalidInput
from creditctl.rules.catalog import Catalog, PackageSpec, SellerSpec
from creditctl.rules.currencies import currency_exponent
from creditctl.rules.tax.rates import TaxRate
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
    list_prices = list_prices_of(root.table("list_prices"), currency)
    packages = tuple(package_of(table, currency) for table in _named(root.table("packages")))
    taxes = tax_rates_from(root)
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
        list_prices=list_prices,
        packages=packages,
        taxes=taxes,
        seller=_seller(root, frozenset({currency, *list_prices, *_paid_in(packages)}), taxes),
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


def _paid_in(packages: Iterable[PackageSpec]) -> set[str]:
    return {price.currency for package in packages for price in package.prices}


def _seller(
    root: TomlTable, currencies: frozenset[str], taxes: tuple[TaxRate, ...]
) -> SellerSpec | None:
    if "seller" in root:
        return seller_of(root.table("seller"), currencies, taxes)
    if taxes:
        # Without one no tax would be charged, and nobody would notice.
        root.refuse("taxes", "are charged by a [seller] with registrations, and there is none")
    return None


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
