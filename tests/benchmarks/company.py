"""The company at the start: 3,000 organizations with keys and grants, and no usage."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from creditctl.context import Context
from creditctl.rules.units import Credits
from creditctl.services.catalog import apply_catalog
from creditctl.services.grants import NewGrant, add_grant
from creditctl.store.engine import UnitOfWork, unit_of_work
from creditctl.store.migrate import create_file, migrate
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.orgs import insert_organization

from .events import (
    EVENTS_PER_DAY,
    KEYS,
    ORGANIZATIONS,
    SEED,
    Column,
    key_prefix,
    mean_cost_micro,
    organization_shares,
    owners,
)
from .prices import catalog_text
from .workspace import Workspace, settle

OPENED = datetime(2026, 9, 1, tzinfo=UTC)
NAME = "company"

_ONE_IN_OVERAGE = 20
_DAYS_OF_FIRST_GRANT, _DAYS_OF_OTHERS = 20, 40
_LEAST_MICRO = 10_000_000
_EXPIRIES = (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC), None)
_SOURCES = ("promotion", "goodwill", "purchase")
_PRIORITIES = (10, 50, 50)


def sqlite_company(workspace: Workspace) -> Path:
    """The SQLite database, made once."""

    def make(path: Path) -> None:
        create_file(f"sqlite:///{path}")
        build(f"sqlite:///{path}", workspace.scratch)
        settle(path)

    return workspace.cached(f"{NAME}.db", make)


def build(database: str, scratch: Path) -> None:
    """Bring an empty database to the schema and fill it."""
    context = Context(database, OPENED, "benchmark")
    catalog = scratch / "catalog.toml"
    catalog.write_text(catalog_text(), encoding="utf-8")
    migrate(database)
    apply_catalog(context, catalog)
    amounts = grant_amounts()
    with unit_of_work(database) as unit:
        organizations = [_organization(unit, place) for place in range(ORGANIZATIONS)]
        _add_keys(unit, [organizations[place] for place in owners().tolist()])
        for place, organization_id in enumerate(organizations):
            _add_grants(unit, context, organization_id, amounts[place])


def grant_amounts() -> Column:
    """Micro-credits of each organization's three grants, by what it uses in a day.

    The first one ends on some day of the next twenty, so that every day sees 5 % of organizations
    go on to their second; another 5 % have less than a day's credits and run into overage.
    """
    chance = np.random.default_rng(SEED)
    daily = organization_shares() * EVENTS_PER_DAY * mean_cost_micro()
    days = np.empty((ORGANIZATIONS, 3))
    days[:, 0] = chance.random(ORGANIZATIONS) * _DAYS_OF_FIRST_GRANT
    days[:, 1:] = _DAYS_OF_OTHERS
    in_overage = np.arange(ORGANIZATIONS) % _ONE_IN_OVERAGE == _ONE_IN_OVERAGE // 2
    days[in_overage] = chance.random((int(in_overage.sum()), 3)) / 3
    amounts = (days * daily[:, None]).astype(np.int64)
    # What comes to a few events a day varies much: only those meant to run out shall.
    return np.where(in_overage[:, None], np.maximum(amounts, 1), amounts + _LEAST_MICRO)


def _organization(unit: UnitOfWork, place: int) -> int:
    found = insert_organization(
        unit,
        public_id=new_public_id("org", OPENED),
        slug=f"org-{place:04d}",
        legal_name=f"Organization {place}",
        kind="registered",
        device_id=None,
        aligned=False,
        created_at=OPENED,
    )
    assert found is not None
    return found


def _add_keys(unit: UnitOfWork, owner_ids: list[int]) -> None:
    assert len(owner_ids) == KEYS
    unit.run_many(
        """
        INSERT INTO api_key (public_id, organization_id, name, prefix, secret_hash, last_four,
                             status, created_at)
        VALUES (:public_id, :owner, :name, :prefix, :hash, 'last', 'active', :at)
        """,
        (
            {
                "public_id": new_public_id("key", OPENED),
                "owner": owner,
                "name": f"key-{place}",
                "prefix": key_prefix(place),
                "hash": hashlib.sha256(key_prefix(place).encode()).hexdigest(),
                "at": OPENED,
            }
            for place, owner in enumerate(owner_ids)
        ),
    )


def _add_grants(unit: UnitOfWork, context: Context, organization_id: int, amounts: Column) -> None:
    for place, amount in enumerate(amounts.tolist()):
        new = NewGrant(
            organization_id=organization_id,
            source=_SOURCES[place],
            amount=Credits(amount),
            reason="benchmark",
            priority=_PRIORITIES[place],
            expires_at=_EXPIRIES[place],
        )
        add_grant(unit, context, new)
