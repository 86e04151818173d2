"""What ends holds of many calls in a few statements, and books those that were served.

Statements are given integers and look up the rest by the hold, on both databases alike.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from creditctl.rules.burn_down import MICROS_PER_DAY
from creditctl.store.engine import UnitOfWork
from creditctl.store.given import as_given, given
from creditctl.store.queries.closings import posted_day


class Served(NamedTuple):
    """A call to be booked; credits in micro-credits."""

    hold_id: int
    status: int
    units: int
    credits_micro: int
    batch_id: int
    product_id: int
    failed: bool


class Drawn(NamedTuple):
    """What a grant pays of a call, in micro-credits; when that is written, and by whom."""

    hold_id: int
    grant_id: int
    credits_micro: int
    batch_id: int
    product_id: int
    recorded_at: int
    actor: str


def draw_held(unit: UnitOfWork, grants: Mapping[int, tuple[int, int]]) -> None:
    """Free what was held of grants, and take what was used; owners are locked.

    By internal id, both in micro-credits. That a grant has as much is a constraint of its table.
    """
    if not grants:
        return
    changed = unit.run(
        f"""
        UPDATE credit_grant SET held_micro = held_micro - t.freed,
                                remaining_micro = remaining_micro - t.used
        FROM (WITH {given(unit.dialect, "taken", "id", "freed", "used")} SELECT * FROM taken) AS t
        WHERE credit_grant.id = t.id
        """,
        taken=as_given((grant, *sums) for grant, sums in grants.items()),
    )
    _check_count(unit, changed, len(grants))


def close_holds(unit: UnitOfWork, ended: Sequence[tuple[int, int, int | None, int | None]]) -> None:
    """End open holds: hold, when, what was captured in micro-credits, its batch; None: released.

    Their state has to be something: that breaks where one is not open, though its owner is locked.
    """
    columns = ("id", "closed_at", "captured", "batch")
    changed = unit.run(
        f"""
        UPDATE hold SET state = CASE WHEN hold.state <> 'open' THEN NULL
                                     WHEN e.captured IS NULL THEN 'released' ELSE 'captured' END,
                        closed_at = e.closed_at, captured_micro = e.captured, batch_id = e.batch
        FROM (WITH {given(unit.dialect, "ended", *columns)} SELECT * FROM ended) AS e
        WHERE hold.id = e.id
        """,
        ended=as_given(ended),
    )
    _check_count(unit, changed, len(ended))


def _check_count(unit: UnitOfWork, changed: int, expected: int) -> None:
    """Only a bug can miss a row; PostgreSQL would have to be waited for to say how many it found.

    There the constraints of the tables have to do, and the references between them.
    """
    if unit.dialect == "sqlite" and changed != expected:
        raise AssertionError(f"{changed} rows were changed, not {expected}")


def insert_served(unit: UnitOfWork, calls: Sequence[Served], *, have_words: bool) -> None:
    """Write the events of holds and, where their ids are hashes, the words of them."""
    served = given(unit.dialect, "served", "hold_id", "status", "units", "credits", "batch_id")
    unit.run(
        f"""
        WITH {served}
        INSERT INTO usage_event (event_hour, event_id, occurred_at, organization_id, api_key_id,
                                 price_id, status, units, credits_micro, batch_id, volume_before)
        SELECT h.event_hour, h.event_id, h.authorized_at, h.organization_id, h.api_key_id,
               h.price_id, s.status, s.units, s.credits, s.batch_id, 0
        FROM served AS s JOIN hold AS h ON h.id = s.hold_id
        """,
        served=as_given(call[:5] for call in calls),
    )
    if have_words:
        unit.run(
            f"""
            WITH {given(unit.dialect, "served", "hold_id")}
            INSERT INTO usage_event_text (event_hour, event_id, id_text)
            SELECT h.event_hour, h.event_id, h.id_text
            FROM served AS s JOIN hold AS h ON h.id = s.hold_id WHERE h.id_text IS NOT NULL
            """,
            served=as_given((call.hold_id,) for call in calls),
        )


def book_drawn(unit: UnitOfWork, draws: Sequence[Drawn], reason: str) -> None:
    """Append to the ledger who pays for which call, and add to the rollup of a day's payers."""
    if not draws:
        return
    columns = ("place", *Drawn._fields)
    drawn = given(unit.dialect, "drawn", *columns, words=("actor",))
    rows = as_given((place, *draw) for place, draw in enumerate(draws))
    day = f"h.authorized_at / {MICROS_PER_DAY}"
    unit.run(
        f"""
        WITH {drawn}
        INSERT INTO ledger_entry (
            organization_id, grant_id, kind, amount_micro, event_at, recorded_at, product_id,
            batch_id, first_event_at, first_event_id, last_event_at, last_event_id, actor, reason,
            posting_day
        )
        SELECT h.organization_id, d.grant_id, 'usage', -d.credits_micro, h.authorized_at,
               d.recorded_at, d.product_id, d.batch_id, h.authorized_at, h.event_id,
               h.authorized_at, h.event_id, d.actor, CAST(:reason AS TEXT), {posted_day(day)}
        FROM drawn AS d JOIN hold AS h ON h.id = d.hold_id ORDER BY d.place
        """,
        drawn=rows,
        reason=reason,
    )
    unit.run(
        f"""
        WITH {drawn}
        INSERT INTO debit_day (day, organization_id, product_id, source, credits_micro)
        SELECT {day}, h.organization_id, d.product_id, g.source,
               CAST(SUM(d.credits_micro) AS BIGINT)
        FROM drawn AS d JOIN hold AS h ON h.id = d.hold_id
             JOIN credit_grant AS g ON g.id = d.grant_id
        WHERE true GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (day, organization_id, product_id, source)
        DO UPDATE SET credits_micro = debit_day.credits_micro + excluded.credits_micro
        """,
        drawn=rows,
    )


def count_served(unit: UnitOfWork, calls: Sequence[Served]) -> None:
    """Count the events in the batches of their organizations' days."""
    served = given(unit.dialect, "served", *Served._fields)
    rows = as_given((*call[:-1], int(call.failed)) for call in calls)
    unit.run(
        f"""
        WITH {served}
        INSERT INTO usage_batch_product (batch_id, product_id, requests, credits_micro)
        SELECT batch_id, product_id, COUNT(*), CAST(SUM(credits_micro) AS BIGINT)
        FROM served WHERE true GROUP BY batch_id, product_id ORDER BY batch_id, product_id
        ON CONFLICT (batch_id, product_id) DO UPDATE
        SET requests = usage_batch_product.requests + excluded.requests,
            credits_micro = usage_batch_product.credits_micro + excluded.credits_micro
        """,
        served=rows,
    )
    unit.run(
        f"""
        WITH {served}, sums AS (
            SELECT batch_id, COUNT(*) AS records,
                   SUM(CASE WHEN credits_micro > 0 THEN 1 ELSE 0 END) AS billed,
                   SUM(CASE WHEN credits_micro = 0 AND failed = 0 THEN 1 ELSE 0 END) AS free,
                   SUM(failed) AS failed, SUM(credits_micro) AS micro
            FROM served GROUP BY batch_id
        )
        UPDATE usage_batch
        SET cursor = cursor + s.records, billed = usage_batch.billed + s.billed,
            free = usage_batch.free + s.free, failed = usage_batch.failed + s.failed,
            credits_micro = credits_micro + s.micro
        FROM sums AS s WHERE usage_batch.id = s.batch_id
        """,
        served=rows,
    )
