"""Seeded events as columns: the same for every format, and for every run."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeAlias

import numpy as np

from .prices import ENDPOINTS

Column: TypeAlias = np.ndarray[Any, np.dtype[Any]]

SEED = 20261001
START = datetime(2026, 10, 1, tzinfo=UTC)
ORGANIZATIONS = 3_000
KEYS = 10_000
EVENTS_PER_DAY = 1_000_000
MS_PER_DAY = 86_400_000
ONE_IN = 100
"""One event in so many is delivered twice."""

ORGANIZATION_SKEW, ENDPOINT_SKEW = 1.1, 1.05
"""Chosen so that a million events have 380,000 distinct (key, endpoint, hour)."""

_LATEST_REDELIVERY = 5_000
STATUSES = np.array([200, 201, 404, 429, 500])
STATUS_SHARES = (0.92, 0.02, 0.03, 0.02, 0.01)
MEAN_UNITS = 25


@dataclass(frozen=True)
class Events:
    """Events in the order of their delivery; `high` and `low` are the halves of the ids."""

    time_ms: Column
    key: Column
    endpoint: Column
    status: Column
    units: Column
    high: Column
    low: Column

    def take(self, places: Column) -> "Events":
        return Events(*(column[places] for column in vars(self).values()))

    def first(self, count: int) -> "Events":
        return self.take(np.arange(count))

    def __len__(self) -> int:
        return len(self.time_ms)


@cache
def owners() -> Column:
    """The place of each key's organization; every organization has one."""
    chance = np.random.default_rng(SEED)
    rest = chance.integers(0, ORGANIZATIONS, KEYS - ORGANIZATIONS)
    return np.concatenate([np.arange(ORGANIZATIONS), rest])


@cache
def organization_shares() -> Column:
    """Of all events, by Zipf: the first organization has an eighth of them."""
    return zipf(ORGANIZATIONS, ORGANIZATION_SKEW)


def key_prefix(place: int) -> str:
    """The public prefix of a key: 16 characters, as every key has."""
    return f"ck_live_B{place:07d}"


def mean_cost_micro() -> float:
    """Of an event, roughly: what an organization's grants are measured by."""
    costs = np.array([endpoint.cost_micro(MEAN_UNITS) for endpoint in ENDPOINTS])
    billed = sum(STATUS_SHARES[:2])
    return float((costs * zipf(len(ENDPOINTS), ENDPOINT_SKEW)).sum() * billed)


def duplicates_in(count: int) -> int:
    """How many of a file's events are second deliveries."""
    return count // ONE_IN


def events_of(part: int, count: int, ids: str) -> Events:
    """The `part`-th `count` events since START, in the order of delivery; ids `ulid` or `uuid4`."""
    chance = np.random.default_rng([SEED, part, count])
    unique = count - duplicates_in(count)
    time_ms = _times(chance, part, count, unique)
    shares = organization_shares()[owners()] / np.bincount(owners())[owners()]
    key = drawn(chance, shares, unique)
    endpoint = drawn(chance, zipf(len(ENDPOINTS), ENDPOINT_SKEW), unique)
    status = STATUSES[drawn(chance, np.array(STATUS_SHARES), unique)]
    by_units = np.array([one.tier is None for one in ENDPOINTS])[endpoint]
    units = np.where(by_units, chance.geometric(1 / MEAN_UNITS, unique), 0)
    order = _deliveries(chance, unique, count - unique)
    high, low = _ulids(chance, time_ms) if ids == "ulid" else _uuids(chance, unique)
    return Events(time_ms, key, endpoint, status, units, high, low).take(order)


def shuffled(events: Events) -> Events:
    """The same in another order."""
    return events.take(np.random.default_rng(SEED).permutation(len(events)))


def ends_at_ms(part: int, count: int) -> int:
    """The end of the part's time, in milliseconds since 1970."""
    return int(START.timestamp() * 1000) + (part + 1) * count * MS_PER_DAY // EVENTS_PER_DAY


def _times(chance: np.random.Generator, part: int, count: int, unique: int) -> Column:
    first, end = ends_at_ms(part - 1, count), ends_at_ms(part, count)
    return np.sort(chance.integers(first, end, unique))


def _deliveries(chance: np.random.Generator, unique: int, again: int) -> Column:
    """Places of events as they are delivered: some come again a little later."""
    repeated = chance.choice(unique, again, replace=False)
    later = repeated + chance.integers(1, _LATEST_REDELIVERY, again) + 0.5
    delivered = np.concatenate([np.arange(unique), repeated])
    return delivered[np.argsort(np.concatenate([np.arange(unique), later]), kind="stable")]


def zipf(count: int, skew: float) -> Column:
    """Shares that sum to 1, the largest first."""
    weights = np.arange(1, count + 1) ** -skew
    return np.asarray(weights / weights.sum())


def drawn(chance: np.random.Generator, shares: Column, count: int) -> Column:
    """So many places, each as often as its share says."""
    bounds = np.cumsum(shares)
    places = np.searchsorted(bounds[:-1], chance.random(count) * bounds[-1], "right")
    return np.asarray(places)


def _ulids(chance: np.random.Generator, time_ms: Column) -> tuple[Column, Column]:
    high = chance.integers(0, 2**16, len(time_ms), np.uint64)
    high |= time_ms.astype(np.uint64) << np.uint64(16)
    return high, chance.integers(0, 2**64, len(time_ms), np.uint64)


def _uuids(chance: np.random.Generator, count: int) -> tuple[Column, Column]:
    high, low = chance.integers(0, 2**64, (2, count), np.uint64)
    high = (high & np.uint64(0xFFFF_FFFF_FFFF_0FFF)) | np.uint64(0x4000)
    return high, (low >> np.uint64(2)) | np.uint64(2**63)
