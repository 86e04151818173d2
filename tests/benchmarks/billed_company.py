"""A company whose month is to be invoiced: what a thousand events an organization leave behind.

Events are drawn as the imports' are, over a whole month, and only what invoices read of them is
written: the sums by day, product and tier, who paid, and the ledger's entries.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from creditctl.context import Context
from creditctl.rules.instants import day_number, micros_of
from creditctl.services.catalog import apply_catalog
from creditctl.store.bulk_sqlite import append_rows
from creditctl.store.engine import UnitOfWork, unit_of_work
from creditctl.store.migrate import create_file, migrate

from .events import (
    ENDPOINT_SKEW,
    MEAN_UNITS,
    ORGANIZATION_SKEW,
    SEED,
    STATUS_SHARES,
    STATUSES,
    Column,
    drawn,
    zipf,
)
from .prices import ENDPOINTS, MICRO, PRODUCTS, TIERS, catalog_text
from .workspace import Workspace, settle

EVENTS_EACH = 1_000
"""On average: the first of 10,000 organizations has a seventh of all, the last has sixty."""

STARTS_AT = datetime(2026, 10, 1, tzinfo=UTC)
_DAYS = 31
_MICROS_PER_DAY = 86_400_000_000
_PART = 1_000_000
_TIERS = ("", *TIERS)
_ALLOWANCE = 300
"""Credits a month: about half of the organizations use more."""

_USAGE = (
    *("day", "organization_id", "product_id", "tier"),
    *("requests", "billed", "failed", "credits_micro"),
)
_ENTRY = (
    *("posting_day", "event_at", "recorded_at"),
    *("organization_id", "grant_id", "product_id", "amount_micro"),
)

_BILLING = f"""
[plans.pro]
title = "Pro"
fee = "49.00"
interval = "month"
allowance = {_ALLOWANCE}
postpaid_limit = 100000000
overage_price = "0.0012"

[seller]
legal_name = "Example GmbH"
address = ["Lange Gasse 1", "10115 Berlin"]
country = "DE"
tax_id = "DE136695976"

[[seller.registrations]]
country = "DE"

[[taxes]]
country = "DE"
name = "VAT"
percent = 19
valid_from = 2021-01-01
"""


def billed_company(workspace: Workspace, organizations: int) -> Path:
    """The SQLite database, made once."""

    def make(path: Path) -> None:
        database = f"sqlite:///{path}"
        create_file(database)
        migrate(database)
        catalog = workspace.scratch / "billed.toml"
        catalog.write_text(catalog_text() + _BILLING, encoding="utf-8")
        apply_catalog(Context(database, STARTS_AT, "benchmark"), catalog)
        with unit_of_work(database) as unit:
            _add_accounts(unit, organizations)
            _add_usage(unit, organizations)
        settle(path)

    return workspace.cached(f"billed-{organizations}.db", make)


def _add_accounts(unit: UnitOfWork, organizations: int) -> None:
    """Organizations on one plan, each with its grant of the month."""
    at = micros_of(STARTS_AT)
    plan = int(unit.fetch_value("SELECT id FROM plan"))
    owner = {"status": "active", "created_at": at}
    _append(
        unit,
        "organization",
        owner | {"country": "DE", "kind": "registered", "aligned": 0},
        ("id", "public_id", "slug", "legal_name"),
        ((one, f"org_{one:032d}", f"org-{one}", f"Org {one}") for one in _ids(organizations)),
    )
    _append(
        unit,
        "subscription",
        owner | {"plan_id": plan, "started_at": at},
        ("id", "public_id", "organization_id"),
        ((one, f"sub_{one:032d}", one) for one in _ids(organizations)),
    )
    _append(
        unit,
        "credit_grant",
        {
            "source": "subscription",
            "amount_micro": _ALLOWANCE * MICRO,
            "remaining_micro": 0,
            "expired_micro": 0,
            "held_micro": 0,
            "priority": 20,
            "effective_at": at,
            "created_at": at,
        },
        ("id", "public_id", "organization_id"),
        ((one, f"grant_{one:032d}", one) for one in _ids(organizations)),
    )


def _add_usage(unit: UnitOfWork, organizations: int) -> None:
    requests, failed, credits_ = _month_of_usage(organizations)
    first = day_number(STARTS_AT.date())
    names = dict(unit.fetch_rows("SELECT name, id FROM product"))
    products = np.array([names[name] for name in PRODUCTS])
    day, owner, product, tier = np.nonzero(requests)
    used = (day, owner, product, tier)
    count, lost, cost = (column[used] for column in (requests, failed, credits_))
    _append(
        unit,
        "usage_day",
        {"units": 0},
        _USAGE,
        zip(
            (day + first).tolist(),
            (owner + 1).tolist(),
            products[product].tolist(),
            [_TIERS[place] for place in tier.tolist()],
            count.tolist(),
            np.where(cost, count - lost, 0).tolist(),
            lost.tolist(),
            (cost * MICRO).tolist(),
            strict=True,
        ),
    )
    _add_payers(unit, credits_.sum(axis=3), first, products)


def _month_of_usage(organizations: int) -> tuple[Column, Column, Column]:
    """Requests, failed ones and whole credits by day, organization, product and tier."""
    shape = (_DAYS, organizations, len(PRODUCTS), len(_TIERS))
    sums = [np.zeros(int(np.prod(shape)), np.int64) for _ in range(3)]
    product = np.array([PRODUCTS.index(one.product) for one in ENDPOINTS])
    tier = np.array([_TIERS.index(one.tier or "") for one in ENDPOINTS])
    base = np.array([one.base_micro // MICRO for one in ENDPOINTS])
    block = np.array([one.block_micro // MICRO for one in ENDPOINTS])
    per = np.array([one.per for one in ENDPOINTS])
    chance = np.random.default_rng([SEED, organizations])
    left = EVENTS_EACH * organizations
    while left:
        count = min(left, _PART)
        left -= count
        owner = drawn(chance, zipf(organizations, ORGANIZATION_SKEW), count)
        endpoint = drawn(chance, zipf(len(ENDPOINTS), ENDPOINT_SKEW), count)
        has_failed = STATUSES[drawn(chance, np.array(STATUS_SHARES), count)] >= 400
        units = chance.geometric(1 / MEAN_UNITS, count)
        blocks = -(-units // per[endpoint])
        cost = np.where(has_failed, 0, base[endpoint] + block[endpoint] * blocks)
        places = (chance.integers(0, _DAYS, count), owner, product[endpoint], tier[endpoint])
        cells = np.ravel_multi_index(places, shape)
        for column, weights in zip(sums, (None, has_failed, cost), strict=True):
            np.add(column, np.bincount(cells, weights, len(column)).astype(np.int64), out=column)
    requests, failed, credits_ = (column.reshape(shape) for column in sums)
    return requests, failed, credits_


def _add_payers(unit: UnitOfWork, used: Column, first: int, products: Column) -> None:
    """The grant pays until it is spent, then there is overage; by day, organization, product."""
    in_order = used.transpose(1, 0, 2).reshape(used.shape[1], -1)
    before = np.cumsum(in_order, axis=1) - in_order
    covered = np.clip(_ALLOWANCE - before, 0, in_order)
    for source, paid in (("subscription", covered), ("overage", in_order - covered)):
        by_day = paid.reshape(used.shape[1], used.shape[0], -1).transpose(1, 0, 2)
        day, owner, product = np.nonzero(by_day)
        rows = list(
            zip(
                (day + first).tolist(),
                (owner + 1).tolist(),
                products[product].tolist(),
                (by_day[day, owner, product] * MICRO).tolist(),
                strict=True,
            )
        )
        columns = ("day", "organization_id", "product_id", "credits_micro")
        _append(unit, "debit_day", {"source": source}, columns, rows)
        is_overage = source == "overage"
        constants = {
            "kind": "overage" if is_overage else "usage",
            "overage_reason": "postpaid" if is_overage else None,
            "actor": "benchmark",
            "reason": "imported usage",
        }
        _append(
            unit,
            "ledger_entry",
            constants,
            _ENTRY,
            (
                (on, *[on * _MICROS_PER_DAY] * 2, one, None if is_overage else one, sold, -micro)
                for on, one, sold, micro in rows
            ),
        )


def _append(
    unit: UnitOfWork,
    table: str,
    constants: dict[str, object],
    columns: Sequence[str],
    rows: Iterable[tuple[object, ...]],
) -> None:
    same = tuple(constants.values())
    append_rows(unit, table, (*columns, *constants), ((*row, *same) for row in rows))


def _ids(organizations: int) -> range:
    return range(1, organizations + 1)
