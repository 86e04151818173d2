"""The `[packages]` and `[list_prices]` of a catalog file: what is paid in which currency."""

from decimal import Decimal

from creditctl.adapters.toml_source import TomlTable
from creditctl.errors import InvalidInput
from creditctl.rules.catalog import PackageSpec
from creditctl.rules.currencies import currency_exponent
from creditctl.rules.units import Money

LONGEST_LIFETIME_DAYS = 100 * 366


def package_of(table: TomlTable, currency: str) -> PackageSpec:
    """Credits at a price, in the catalog's currency or in others; raises CatalogInvalid."""
    prices = []
    if "price" in table:
        prices.append(_paid(table, "price", currency))
    further = table.table("prices")
    for code in further.keys():  # noqa: SIM118 - a TomlTable is no mapping
        _refuse_no_currency(further, code, currency, "price")
        prices.append(_paid(further, code, code))
    if not prices:
        table.source.refuse(table.path, f"has no price: give it a price in {currency}, or prices")
    package = PackageSpec(
        name=str(table.path[-1]),
        title=table.text("title", str(table.path[-1])),
        credits=table.credits("credits"),
        prices=tuple(prices),
        lifetime_days=table.whole("lifetime_days", None, least=1, most=LONGEST_LIFETIME_DAYS),
    )
    if not package.credits:
        table.refuse("credits", "must be above zero")
    table.finish()
    return package


def list_prices_of(table: TomlTable, currency: str) -> dict[str, Decimal]:
    """Money per credit in further currencies; raises CatalogInvalid."""
    for code in table.keys():  # noqa: SIM118
        _refuse_no_currency(table, code, currency, "list_price")
    return {code: table.price(code) for code in table.keys()}  # noqa: SIM118


def _paid(table: TomlTable, key: str, currency: str) -> Money:
    price: Money = table.money(key, currency)
    if not price:
        table.refuse(key, "must be above zero; credits to give away are [promotions]")
    return price


def _refuse_no_currency(table: TomlTable, code: str, currency: str, key: str) -> None:
    if code == currency:
        table.refuse(code, f"is the catalog's currency: {key} says it")
    try:
        currency_exponent(code)
    except InvalidInput as problem:
        table.refuse(code, problem.detail)
