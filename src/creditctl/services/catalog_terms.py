"""What only the catalog file keeps, beside its last version: terms, tiers, titles, gifts."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from creditctl.errors import CatalogMissing, Conflict
from creditctl.rules.catalog import Catalog
from creditctl.rules.instants import instant_text
from creditctl.rules.units import Credits
from creditctl.services.catalog_diff import Difference, Facts, compared
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.catalog import catalog_terms, terms_at


def file_differences(catalog: Catalog, previous: Catalog | None) -> Iterator[Difference]:
    """Differences to the catalog applied last; to the first one everything is new."""
    if previous is not None:
        yield from compared("catalog", {"terms": _terms(previous)}, {"terms": _terms(catalog)})
    for kind, facts in (
        ("tier", _tiers),
        ("product", _products),
        ("promotion", _promotions),
        ("guest", _guest),
    ):
        yield from compared(kind, facts(previous) if previous else {}, facts(catalog))


def refuse_rewritten_terms(unit: UnitOfWork, catalog: Catalog, effective_from: datetime) -> None:
    """Raises Conflict when the list price or currency would change before its latest version."""
    try:
        known = catalog_terms(unit)
    except CatalogMissing:
        return
    newest, then = known[-1], terms_at(known, effective_from)
    kept = (then.currency, then.list_price) == (catalog.currency, catalog.list_price)
    if kept or effective_from > newest.effective_from:
        return
    raise Conflict(
        f"a credit costs {then.currency} {then.list_price} at {effective_from:%Y-%m-%d %H:%M} UTC,"
        f" not {catalog.currency} {catalog.list_price}, and history is not rewritten",
        hint="set [catalog] effective_from to a later time, or remove it to begin now",
    )


def _terms(catalog: Catalog) -> Facts:
    terms = {"name": catalog.name, "currency": catalog.currency}
    return terms | {"list_price": str(catalog.list_price)}


def _tiers(catalog: Catalog) -> dict[str, Facts]:
    return {name: {"credits": str(credits)} for name, credits in catalog.tiers.items()}


def _products(catalog: Catalog) -> dict[str, Facts]:
    return {product.name: {"title": product.title} for product in catalog.products}


def _promotions(catalog: Catalog) -> dict[str, Facts]:
    return {
        promotion.name: {
            "title": promotion.title,
            "credits": str(promotion.amount),
            "money": "none" if promotion.money is None else str(promotion.money),
            "trigger": promotion.trigger,
            "code": promotion.code or "none",
            "budget_credits": _limit(promotion.budget),
            "budget_redemptions": _limit(promotion.redemptions),
            "starts": _instant(promotion.starts),
            "ends": _instant(promotion.ends),
            "requires": ", ".join(promotion.requires) or "nothing",
            "lifetime_days": str(promotion.lifetime.days) if promotion.lifetime else "none",
            "product": promotion.product or "any",
            "countries": ", ".join(promotion.countries) or "any",
            "plans": ", ".join(promotion.plans) or "any",
        }
        for promotion in catalog.promotions
    }


def _limit(limit: Credits | int | None) -> str:
    return "none" if limit is None else str(limit)


def _instant(at: datetime | None) -> str:
    return "none" if at is None else instant_text(at)


def _guest(catalog: Catalog) -> dict[str, Facts]:
    if catalog.guest is None:
        return {}
    hours = catalog.guest.lifetime // timedelta(hours=1)
    return {"guest": {"credits": str(catalog.guest.amount), "lifetime_hours": str(hours)}}
