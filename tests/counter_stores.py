"""Every store of gate counters that really runs, and keys to count for."""

import pytest

from builders import an_organization
from creditctl.adapters.counters.interface import Counters
from creditctl.adapters.counters.redis import RedisCounters
from creditctl.context import Context
from creditctl.services.gate_counters import DatabaseCounters
from creditctl.services.keys import create_key
from creditctl.store.engine import reading
from creditctl.store.queries.keys import find_key

EVERY_STORE = pytest.mark.parametrize(
    ("database", "kind"),
    [("sqlite", "database"), ("postgresql", "database"), ("sqlite", "redis")],
    indirect=["database"],
    ids=["sqlite", "postgresql", "redis"],
)


def counters_of(kind: str, database: str, redis_url: str) -> Counters:
    return RedisCounters(redis_url) if kind == "redis" else DatabaseCounters(database)


def a_key(context: Context, slug: str = "acme", name: str = "web") -> int:
    """The internal id of a new organization's new key."""
    an_organization(context, slug)
    return key_id(context, create_key(context, slug, name=name).prefix)


def key_id(context: Context, reference: str) -> int:
    with reading(context.database) as unit:
        return find_key(unit, reference).id
