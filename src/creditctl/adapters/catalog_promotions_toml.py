"""The `[promotions]` of a catalog file."""

import re
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from creditctl.adapters.toml_source import TomlTable
from creditctl.rules.catalog import PlanSpec, ProductSpec, PromotionSpec
from creditctl.rules.promotions import GUESTS, REQUIREMENTS, TRIGGERS, code_key
from creditctl.rules.units import Credits, Money, credits_for

LONGEST_LIFETIME_DAYS = 100 * 366

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_OLDER_TRIGGER = "manual"
"""What applied catalogs, which are kept word for word, may call the trigger `code`."""


def promotion_of(
    table: TomlTable,
    list_price: Decimal,
    currency: str,
    products: tuple[ProductSpec, ...],
    plans: tuple[PlanSpec, ...],
) -> PromotionSpec:
    """Credits to give away, stated in credits or in money; raises CatalogInvalid."""
    name = str(table.path[-1])
    if name == GUESTS:
        table.source.refuse(table.path, "is what a guest gets; choose another name")
    money: Money | None = table.money("money", currency) if "money" in table else None
    trigger = table.choice("trigger", (*TRIGGERS, _OLDER_TRIGGER), "code")
    trigger = "code" if trigger == _OLDER_TRIGGER else trigger
    budget = table.table("budget")
    promotion = PromotionSpec(
        name=name,
        title=table.text("title", name),
        amount=_amount(table, money, list_price),
        money=money,
        trigger=trigger,
        code=_code(table, name, trigger),
        budget=budget.credits("credits") if "credits" in budget else None,
        redemptions=budget.whole("redemptions", None, least=1),
        starts=table.instant("starts"),
        ends=table.instant("ends"),
        requires=_words(table, "requires", REQUIREMENTS, ("not_duplicate",)),
        lifetime=_lifetime(table),
        product=_product(table, products),
        countries=_countries(table),
        plans=_words(table, "plans", tuple(plan.name for plan in plans), ()),
    )
    budget.finish()
    table.finish()
    _refuse_contradictions(table, promotion)
    return promotion


def refuse_equal_codes(root: TomlTable, promotions: Iterable[PromotionSpec]) -> None:
    """Refuse a code that two promotions have, however it is written."""
    seen: dict[str, str] = {}
    for promotion in promotions:
        if promotion.code is None:
            continue
        key = code_key(promotion.code)
        if key in seen:
            path = ("promotions", promotion.name, "code")
            root.source.refuse(path, f"{promotion.code!r} is the code of {seen[key]} already")
        seen[key] = promotion.name


def _amount(table: TomlTable, money: Money | None, list_price: Decimal) -> Credits:
    if ("credits" in table) == (money is not None):
        table.source.refuse(table.path, "states its worth once: in credits or in money")
    amount: Credits = table.credits("credits") if money is None else credits_for(money, list_price)
    if not amount:
        table.source.refuse(table.path, "gives nothing")
    return amount


def _code(table: TomlTable, name: str, trigger: str) -> str | None:
    if trigger != "code":
        if "code" in table:
            table.refuse("code", 'needs trigger = "code"')
        return None
    code: str = table.text("code", name)
    if not _CODE.fullmatch(code):
        table.refuse("code", "is no code: use up to 64 letters, digits, - and _")
    return code


def _lifetime(table: TomlTable) -> timedelta | None:
    days = table.whole("lifetime_days", None, least=1, most=LONGEST_LIFETIME_DAYS)
    return None if days is None else timedelta(days=days)


def _product(table: TomlTable, products: tuple[ProductSpec, ...]) -> str | None:
    name: str | None = table.text("product", None)
    if name is not None and name not in {product.name for product in products}:
        table.refuse("product", f"there is no product {name!r}")
    return name


def _countries(table: TomlTable) -> tuple[str, ...]:
    countries = table.texts("countries", ())
    for country in countries:
        if not _COUNTRY.fullmatch(country):
            table.refuse("countries", f"{country!r} is no country code such as DE (ISO 3166)")
    return countries


def _words(
    table: TomlTable, key: str, known: tuple[str, ...], default: tuple[str, ...]
) -> tuple[str, ...]:
    words = table.texts(key, default)
    for word in words:
        if word not in known:
            table.refuse(key, f"{word!r} is not one of {', '.join(known) or 'none'}")
    return words


def _refuse_contradictions(table: TomlTable, promotion: PromotionSpec) -> None:
    starts, ends, budget = promotion.starts, promotion.ends, promotion.budget
    if starts is not None and ends is not None and ends <= starts:
        table.refuse("ends", "must lie after starts")
    if budget is not None and budget < promotion.amount:
        table.refuse("budget", f"{budget} credits are less than the {promotion.amount} of one gift")
    if "budget" in table and budget is None and promotion.redemptions is None:
        table.refuse("budget", "needs credits, redemptions or both")
    if promotion.plans and promotion.trigger == "signup":
        table.refuse("plans", "nobody has a plan at sign-up")
