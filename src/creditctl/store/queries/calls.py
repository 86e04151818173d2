"""One event written by itself: what an import writes of thousands, row by row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import add, itemgetter
from typing import Any, NamedTuple

from creditctl.rules.instants import HOURS_PER_DAY
from creditctl.store.each_row import each_row
from creditctl.store.engine import UnitOfWork
from creditctl.store.given import as_given, given
from creditctl.store.planning import there_is
from creditctl.store.queries.usage_rollups import ROLLUPS, SUMS


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """A priced event of a locked organization; times in microseconds, credits in micro-credits."""

    event_hour: int
    event_id: bytes
    id_text: str | None
    occurred_at: int
    organization_id: int
    api_key_id: int | None
    price_id: int
    endpoint_id: int
    product_id: int
    tier: str
    status: int
    units: int
    credits_micro: int
    volume_before: int
    failed: bool


@dataclass(frozen=True, slots=True)
class BookedRow:
    """A booked event, as far as it tells whose it is and what it cost."""

    event_hour: int
    occurred_at: int
    organization_id: int
    batch_id: int
    credits_micro: int


def booked_with_id(
    unit: UnitOfWork, event_id: bytes, first_hour: int, last_hour: int
) -> list[BookedRow]:
    """The events of that id in these hours, by the key: never the events of whole hours."""
    hours = range(first_hour, last_hour + 1)
    return unit.fetch(
        BookedRow,
        f"""
        SELECT event_hour, occurred_at, organization_id, batch_id, credits_micro FROM usage_event
        WHERE event_hour IN ({", ".join(f":hour_{place}" for place in range(len(hours)))})
          AND event_id = :event_id
        ORDER BY event_hour
        """,
        event_id=event_id,
        **{f"hour_{place}": hour for place, hour in enumerate(hours)},
    )


def booked_near(first_hour: str, event_id: str) -> str:
    """Whether there is an event of that id; `hours` has the numbers of hours after the first."""
    event = f"e.event_hour = {first_hour} + hours.number AND e.event_id = {event_id}"
    # Two conditions: as a join, PostgreSQL might look for the id alone, through all events.
    return there_is(f"FROM hours WHERE {there_is(f'FROM usage_event AS e WHERE {event}')}")


def insert_call(unit: UnitOfWork, call: CallRow, batch_id: int) -> None:
    """Write the event, and the words of its id where that is a hash."""
    facts = {name: getattr(call, name) for name in CallRow.__slots__}
    columns = [name for name in facts if name in _EVENT_COLUMNS]
    unit.run(
        f"""
        INSERT INTO usage_event ({", ".join(columns)}, batch_id)
        VALUES ({", ".join(f":{name}" for name in columns)}, :batch_id)
        """,
        **{name: facts[name] for name in columns},
        batch_id=batch_id,
    )
    if call.id_text is not None:
        unit.run(
            """
            INSERT INTO usage_event_text (event_hour, event_id, id_text)
            VALUES (:event_hour, :event_id, :id_text)
            """,
            event_hour=call.event_hour,
            event_id=call.event_id,
            id_text=call.id_text,
        )


def add_to_batch(unit: UnitOfWork, batch_id: int, call: CallRow) -> None:
    """Count the event in the batch of its organization's day."""
    unit.run(
        """
        INSERT INTO usage_batch_product (batch_id, product_id, requests, credits_micro)
        VALUES (:batch_id, :product_id, 1, :credits_micro)
        ON CONFLICT (batch_id, product_id) DO UPDATE
        SET requests = usage_batch_product.requests + 1,
            credits_micro = usage_batch_product.credits_micro + excluded.credits_micro
        """,
        batch_id=batch_id,
        product_id=call.product_id,
        credits_micro=call.credits_micro,
    )
    unit.run(
        """
        UPDATE usage_batch
        SET cursor = cursor + 1, billed = billed + :billed, free = free + :free,
            failed = failed + :failed, credits_micro = credits_micro + :credits_micro
        WHERE id = :id
        """,
        id=batch_id,
        billed=int(call.credits_micro > 0),
        free=int(call.credits_micro == 0 and not call.failed),
        failed=int(call.failed),
        credits_micro=call.credits_micro,
    )


def batch_of_day(unit: UnitOfWork, organization_id: int, sha256: str) -> int | None:
    """The batch of an organization's captured calls of a day; None before the first one."""
    found = unit.fetch_value(
        """
        SELECT id FROM usage_batch
        WHERE sha256 = :sha256 AND options = :options AND undone_number = 0
        """,
        sha256=sha256,
        options=options_of(organization_id),
    )
    return None if found is None else int(found)


def options_of(organization_id: int) -> str:
    """What keeps the batches of two organizations' calls apart."""
    return f'{{"calls_of": {organization_id}}}'


def count_records(unit: UnitOfWork, batch_id: int, records: int) -> None:
    """Move the cursor of a batch of calls past records that an import's step has booked."""
    unit.run(
        "UPDATE usage_batch SET cursor = cursor + :records WHERE id = :id",
        id=batch_id,
        records=records,
    )


class NewBatch(NamedTuple):
    """A batch of one organization's calls of a day that is about to begin."""

    public_id: str
    source_name: str
    format: str
    sha256: str
    options: str
    actor: str
    started_at: int
    finished_at: int


def open_batches(unit: UnitOfWork, batches: Sequence[NewBatch]) -> dict[str, int]:
    """Begin batches of calls: internal ids by public ones.

    Each is whole at any time, and so `done` from the start.
    """
    columns = NewBatch._fields
    opened = given(unit.dialect, "opened", *columns, words=columns[:-2])
    rows = unit.fetch_rows(
        f"""
        WITH {opened}
        INSERT INTO usage_batch ({", ".join(columns)}, status, {", ".join(_NOTHING_YET)})
        SELECT {", ".join(columns)}, 'done', {", ".join("0" for _ in _NOTHING_YET)} FROM opened
        WHERE true RETURNING public_id, id
        """,
        opened=as_given(batches),
    )
    return {public_id: int(batch_id) for public_id, batch_id in rows}


_NOTHING_YET = (
    "cursor", "billed", "free", "failed", "duplicate", "rejected", "credits_micro", "reused",
    "adjusted", "quarantined", "undone_number", "pruned", "pruned_micro",
)  # fmt: skip


def add_to_rollups(unit: UnitOfWork, calls: Iterable[CallRow]) -> None:
    """Add the events to every rollup; calls of other organizations wait for some of these rows.

    Each row is written once, and in one order, so that two transactions never wait for each other.
    """
    facts = [_rollup_facts(call) for call in calls]
    with unit.in_one_trip():
        for table, key_of in _KEYS.items():
            sums: dict[tuple[Any, ...], tuple[int, ...]] = {}
            for one, added in facts:
                at = key_of(one)
                known = sums.get(at)
                sums[at] = added if known is None else tuple(map(add, known, added))
            rows = [(*at, *row) for at, row in sorted(sums.items())]
            unit.run_each(_added(unit.dialect, table), rows)


@cache
def _added(dialect: str, table: str) -> str:
    key = ROLLUPS[table]
    columns = (*key, *SUMS)
    sums = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in SUMS)
    return f"""
        INSERT INTO {table} ({", ".join(columns)})
        {each_row(dialect, *columns, words=("tier",)).values()}
        ON CONFLICT ({", ".join(key)}) DO UPDATE SET {sums}
        """


_KEYS = {table: itemgetter(*key) for table, key in ROLLUPS.items()}
"""What tells a rollup's rows apart, of an event's facts."""


def _rollup_facts(call: CallRow) -> tuple[dict[str, Any], tuple[int, ...]]:
    """What an event is counted by, and what it adds to the SUMS."""
    facts = {
        "hour": call.event_hour,
        "day": call.event_hour // HOURS_PER_DAY,
        "organization_id": call.organization_id,
        "api_key_id": call.api_key_id or 0,
        "endpoint_id": call.endpoint_id,
        "product_id": call.product_id,
        "tier": call.tier,
        "status": call.status,
    }
    billed, failed = int(call.credits_micro > 0), int(call.failed)
    return facts, (1, billed, failed, call.units, call.credits_micro)


_EVENT_COLUMNS = frozenset(
    {
        "event_hour",
        "event_id",
        "occurred_at",
        "organization_id",
        "api_key_id",
        "price_id",
        "status",
        "units",
        "credits_micro",
        "volume_before",
    }
)
