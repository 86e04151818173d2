"""Boring builders: a catalog, and a few verbs to set up what a test needs."""

import itertools
import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from creditctl.context import Context
from creditctl.rules.instants import instant_text, parse_instant
from creditctl.rules.units import Credits
from creditctl.services.catalog import apply_catalog
from creditctl.services.expiry import book_due_expiries
from creditctl.services.grants import NewGrant, add_grant
from creditctl.services.orgs import create_organization
from creditctl.services.subscriptions import create_subscription
from creditctl.services.usage_import import import_usage
from creditctl.store.engine import UnitOfWork, unit_of_work
from creditctl.store.queries.grants import owners_of_due_endings
from creditctl.store.queries.orgs import find_organization, lock_organizations

CATALOG = """
[catalog]
name = "spending"
currency = "USD"
list_price = "0.01"
effective_from = 2026-01-01T00:00:00Z

[tiers]
free = 0
basic = 1

[products.rows]
title = "Rows API"
[[products.rows.endpoints]]
method = "GET"
path = "/rows"
data = { per = 1, unit = "rows", credits = "1" }
[[products.rows.endpoints]]
method = "GET"
path = "/free"
tier = "free"

[products.thirds]
title = "Thirds API"
[[products.thirds.endpoints]]
method = "GET"
path = "/third"
credits = "0.333333"

[plans.pro]
title = "Pro"
fee = "49.00"
interval = "month"
allowance = 50000
postpaid_limit = 10000
overage_price = "0.0012"

[plans.starter]
title = "Starter"
fee = "9.00"
interval = "month"
allowance = 100

[plans.enterprise]
title = "Enterprise"
fee = "0.00"
interval = "month"
unlimited = true

[guest]
credits = 50
lifetime_hours = 24
"""

_numbers = itertools.count(1)


def at(context: Context, text: str) -> Context:
    """The same at another time."""
    return replace(context, now=parse_instant(text))


def open_books(context: Context, catalog: str = CATALOG) -> None:
    """Apply the catalog."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalog.toml"
        path.write_text(catalog, encoding="utf-8")
        apply_catalog(context, path)


def an_organization(
    context: Context, slug: str = "acme", *, credits: str | None = None, plan: str | None = None
) -> None:
    """An organization, with bought credits or a subscription from context.now on."""
    create_organization(context, slug)
    if credits is not None:
        give(context, slug, credits, source="purchase")
    if plan is not None:
        create_subscription(context, slug, plan)


def give(
    context: Context,
    slug: str,
    credits: str,
    *,
    source: str = "goodwill",
    expires_at: datetime | None = None,
) -> None:
    """Grant credits."""
    with unit_of_work(context.database) as unit:
        add_grant(
            unit,
            context,
            NewGrant(
                organization_id=find_organization(unit, slug).id,
                source=source,
                amount=Credits.parse(credits),
                reason="test",
                expires_at=expires_at,
            ),
        )


def end_due(unit: UnitOfWork, context: Context) -> int:
    """Book every expiry that is due; returns how many there were."""
    owners = owners_of_due_endings(unit, None, context.now - context.settings.usage_grace)
    lock_organizations(unit, owners)
    return sum(book_due_expiries(unit, context, owner) for owner in owners)


def use(
    context: Context,
    slug: str,
    rows: int = 1,
    *,
    path: str = "/rows",
    status: int = 200,
    requests: int = 1,
    key: str = "",
) -> None:
    """Import requests made at context.now; on /rows, each row costs a credit."""
    time = instant_text(context.now)
    lines = [
        f"use-{next(_numbers)},{slug},{key},GET {path},{time},{status},{rows}"
        for _ in range(requests)
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"usage-{next(_numbers)}.csv"
        file.write_text("\n".join(["id,org,key,endpoint,time,status,units", *lines, ""]))
        summary = import_usage(context, [file])
    assert summary.rejected == 0
