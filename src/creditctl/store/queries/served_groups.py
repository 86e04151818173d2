"""What ends holds of many calls in a few statements, and books those that were served."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from creditctl.rules.burn_down import MICROS_PER_DAY
from creditctl.store.each_row import each_row
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.calls import CallRow
from creditctl.store.queries.closings import posted_day


class Served(NamedTuple):
    """A call to be booked, and its batch."""

    call: CallRow
    batch_id: int


class Drawn(NamedTuple):
    """What a grant pays of a call; whose the grant is, when that is written, and by whom."""

    call: CallRow
    batch_id: int
    grant_id: int
    source: str
    credits_micro: int
    recorded_at: int
    actor: str


def draw_held(unit: UnitOfWork, grants: Mapping[int, tuple[int, int]]) -> None:
    """Free what was held of grants, and take what was used; owners are locked.

    By internal id, both in micro-credits. That a grant has as much is a constraint of its table.
    """
    if not grants:
        return
    changed = unit.run_each(
        _drawn_grants(unit.dialect), [(grant, *sums) for grant, sums in grants.items()]
    )
    _check_count(unit, changed, len(grants))


@cache
def _drawn_grants(dialect: str) -> str:
    taken = each_row(dialect, "id", "freed", "used")
    return f"""
        UPDATE credit_grant SET held_micro = held_micro - {taken["freed"]},
                                remaining_micro = remaining_micro - {taken["used"]}
        {taken.source} WHERE credit_grant.id = {taken["id"]}
        """


def close_holds(unit: UnitOfWork, ended: Sequence[tuple[int, int, int | None, int | None]]) -> None:
    """End open holds: hold, when, what was captured in micro-credits, its batch; None: released.

    Their state has to be something: that breaks where one is not open, though its owner is locked.
    """
    _check_count(unit, unit.run_each(_closed_holds(unit.dialect), ended), len(ended))


@cache
def _closed_holds(dialect: str) -> str:
    ended = each_row(dialect, "id", "closed_at", "captured", "batch")
    return f"""
        UPDATE hold SET state = CASE WHEN hold.state <> 'open' THEN NULL
                                     WHEN {ended["captured"]} IS NULL THEN 'released'
                                     ELSE 'captured' END,
                        closed_at = {ended["closed_at"]}, captured_micro = {ended["captured"]},
                        batch_id = {ended["batch"]}
        {ended.source} WHERE hold.id = {ended["id"]}
        """


def _check_count(unit: UnitOfWork, changed: int, expected: int) -> None:
    """Only a bug can miss a row; PostgreSQL would have to be waited for to say how many it found.

    There the constraints of the tables have to do, and the references between them.
    """
    if unit.dialect == "sqlite" and changed != expected:
        raise AssertionError(f"{changed} rows were changed, not {expected}")


_EVENT = (
    "event_hour", "event_id", "occurred_at", "organization_id", "api_key_id", "price_id",
    "status", "units", "credits_micro", "volume_before", "batch_id",
)  # fmt: skip


def insert_served(unit: UnitOfWork, calls: Sequence[Served]) -> None:
    """Write the events and, where their ids are hashes, the words of them."""
    unit.run_each(
        _new_events(unit.dialect, "usage_event", _EVENT),
        [
            (
                call.event_hour,
                call.event_id,
                call.occurred_at,
                call.organization_id,
                call.api_key_id,
                call.price_id,
                call.status,
                call.units,
                call.credits_micro,
                call.volume_before,
                batch_id,
            )
            for call, batch_id in calls
        ],
    )
    words = [
        (call.event_hour, call.event_id, call.id_text)
        for call, _ in calls
        if call.id_text is not None
    ]
    if words:
        columns = ("event_hour", "event_id", "id_text")
        unit.run_each(_new_events(unit.dialect, "usage_event_text", columns), words)


@cache
def _new_events(dialect: str, table: str, columns: tuple[str, ...]) -> str:
    event = each_row(dialect, *columns, words=("id_text",), binary=("event_id",))
    return f"INSERT INTO {table} ({', '.join(columns)}) {event.values()}"


def book_drawn(unit: UnitOfWork, draws: Sequence[Drawn], reason: str) -> None:
    """Append to the ledger who pays for which call, and add to the rollup of a day's payers."""
    if not draws:
        return
    entries = []
    sums: Counter[tuple[int, int, int, str]] = Counter()
    for call, batch_id, grant_id, source, micro, recorded_at, actor in draws:
        at, product_id, owner_id = call.occurred_at, call.product_id, call.organization_id
        what = (owner_id, grant_id, -micro, at, at, at, call.event_id, call.event_id)
        entries.append((*what, recorded_at, product_id, batch_id, actor, reason))
        sums[at // MICROS_PER_DAY, owner_id, product_id, source] += micro
    unit.run_each(_new_entries(unit.dialect), entries)
    unit.run_each(
        _added_debits(unit.dialect), [(*place, micro) for place, micro in sorted(sums.items())]
    )


@cache
def _new_entries(dialect: str) -> str:
    columns = (
        "organization_id", "grant_id", "amount_micro", "event_at", "first_event_at",
        "last_event_at", "first_event_id", "last_event_id", "recorded_at", "product_id",
        "batch_id", "actor", "reason",
    )  # fmt: skip
    entry = each_row(
        dialect, *columns, words=("actor", "reason"), binary=("first_event_id", "last_event_id")
    )
    day = posted_day(f"({entry['event_at']} / {MICROS_PER_DAY})")
    return f"""
        INSERT INTO ledger_entry ({", ".join(columns)}, kind, posting_day)
        {entry.values("'usage'", day)}
        """


@cache
def _added_debits(dialect: str) -> str:
    key = ("day", "organization_id", "product_id", "source")
    return f"""
        INSERT INTO debit_day ({", ".join(key)}, credits_micro)
        {each_row(dialect, *key, "credits_micro", words=("source",)).values()}
        ON CONFLICT ({", ".join(key)})
        DO UPDATE SET credits_micro = debit_day.credits_micro + excluded.credits_micro
        """


def count_served(unit: UnitOfWork, calls: Sequence[Served]) -> None:
    """Count the events in the batches of their organizations' days."""
    products: Counter[tuple[int, int]] = Counter()
    requests: Counter[tuple[int, int]] = Counter()
    batches: dict[int, list[int]] = {}
    for call, batch_id in calls:
        place, micro = (batch_id, call.product_id), call.credits_micro
        requests[place] += 1
        products[place] += micro
        sums = batches.setdefault(batch_id, [0, 0, 0, 0, 0])
        sums[0] += 1
        sums[1 if micro > 0 else 3 if call.failed else 2] += 1
        sums[4] += micro
    unit.run_each(
        _added_products(unit.dialect),
        [(*place, requests[place], micro) for place, micro in sorted(products.items())],
    )
    unit.run_each(
        _added_batches(unit.dialect), [(batch, *sums) for batch, sums in sorted(batches.items())]
    )


@cache
def _added_products(dialect: str) -> str:
    columns = ("batch_id", "product_id", "requests", "credits_micro")
    return f"""
        INSERT INTO usage_batch_product ({", ".join(columns)})
        {each_row(dialect, *columns).values()}
        ON CONFLICT (batch_id, product_id) DO UPDATE
        SET requests = usage_batch_product.requests + excluded.requests,
            credits_micro = usage_batch_product.credits_micro + excluded.credits_micro
        """


@cache
def _added_batches(dialect: str) -> str:
    added = each_row(dialect, "id", "records", "billed", "free", "failed", "micro")
    return f"""
        UPDATE usage_batch
        SET cursor = cursor + {added["records"]}, billed = usage_batch.billed + {added["billed"]},
            free = usage_batch.free + {added["free"]},
            failed = usage_batch.failed + {added["failed"]},
            credits_micro = credits_micro + {added["micro"]}
        {added.source} WHERE usage_batch.id = {added["id"]}
        """
