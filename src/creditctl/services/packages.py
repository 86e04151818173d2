"""Packages in force: credits that are sold together."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.rules.units import Credits, Money
from creditctl.services.sale_rows import packages_at
from creditctl.services.sale_terms import find_package
from creditctl.store.engine import reading


@dataclass(frozen=True, slots=True)
class Package:
    """A package at its price in one currency; without `lifetime_days` its credits never expire."""

    name: str
    title: str
    credits: Credits
    price: Money
    lifetime_days: int | None
    effective_from: datetime
    effective_to: datetime | None


def list_packages(
    context: Context, name: str | None = None, currency: str | None = None
) -> list[Package]:
    """The packages in force now, by name and currency: all of them, or the one of that name.

    Raises NotFound for a package that is not in force.
    """
    with reading(context.database) as unit:
        if name is not None:
            find_package(unit, name, context.now)
        found = packages_at(unit, context.now)
    return [
        Package(
            name=package.name,
            title=package.title,
            credits=package.credits,
            price=price,
            lifetime_days=package.lifetime_days,
            effective_from=row.effective_from,
            effective_to=row.effective_to,
        )
        for row, package in found
        if name in (None, package.name)
        for price in package.prices
        if currency in (None, price.currency)
    ]
