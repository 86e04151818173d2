"""A company with every kind of payer, a file of its usage, and the books that an import leaves."""

import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

from builders import CATALOG, an_organization, at, give, open_books
from creditctl.context import Context, Settings
from creditctl.rules.periods import parse_month
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from creditctl.services.invoicing import generate_invoices
from creditctl.services.orgs import create_organization
from creditctl.services.usage_import import import_usage
from creditctl.store.engine import UnitOfWork, reading

Books: TypeAlias = dict[str, Any]

CleanRun: TypeAlias = Callable[..., Books]
"""Files, `chunk` and perhaps `queries` -> the books of an import that nothing disturbed."""

Importers: TypeAlias = Callable[..., list[int | str]]
"""Database, files, `chunk` and perhaps `last` -> their answers (see importers.py)."""

Fresh: TypeAlias = Callable[[], AbstractContextManager[str]]
"""Makes the URL of a database with the company in it, which is gone afterwards."""

NOW = datetime(2026, 11, 2, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
VOLUME = """
[products.bulk]
title = "Bulk API"
volume = [{ above = 40, credits = "0.5" }, { above = 90, credits = "0.25" }]
[[products.bulk.endpoints]]
method = "GET"
path = "/bulk"
data = { per = 1, unit = "rows", credits = "1" }
"""
PAYERS = ("prepaid", "monthly", "postpaid", "unlimited", "visitor")
HEADER = "id,time,org,units,status,method,path"
_PATHS = ("/rows", "/rows", "/bulk", "/bulk", "/third", "/free")

WHOLE = {
    "events": "SELECT event_hour, event_id, occurred_at, organization_id, price_id, status, units, "
    "credits_micro, volume_before FROM usage_event",
    "texts": "SELECT event_hour, event_id, id_text FROM usage_event_text",
    "hours": "SELECT * FROM usage_hour",
    "endpoint hours": "SELECT * FROM usage_endpoint_hour",
    "days": "SELECT * FROM usage_day",
    "tier days": "SELECT * FROM usage_tier_day",
    "key days": "SELECT * FROM usage_key_day",
    "status days": "SELECT * FROM usage_status_day",
    "volumes": "SELECT * FROM volume_day",
    "debits": "SELECT * FROM debit_day",
    "grants": "SELECT organization_id, source, amount_micro, remaining_micro, expired_micro, "
    "effective_at, expires_at FROM credit_grant",
    "ledger": "SELECT l.organization_id, COALESCE(g.source, ''), l.kind, l.amount_micro, "
    "l.event_at, l.posting_day, l.product_id, COALESCE(l.overage_reason, ''), "
    "COALESCE(l.first_event_at, 0), COALESCE(l.last_event_at, 0), l.actor, l.reason "
    "FROM ledger_entry AS l LEFT JOIN credit_grant AS g ON g.id = l.grant_id",
    "batches": "SELECT source_name, status, cursor, billed, free, failed, duplicate, rejected, "
    "reused, credits_micro FROM usage_batch",
    "batch products": "SELECT p.product_id, p.requests, p.credits_micro "
    "FROM usage_batch_product AS p",
    "rejects": "SELECT line, field, value, reason FROM usage_reject",
    "invoices": "SELECT organization_id, month, status, stale, total_minor FROM invoice",
    "audit": "SELECT actor, action, organization_id, reason FROM audit_entry",
}
"""Everything but ids of rows and the times at which they were written."""

SUMS = {
    "events": "SELECT event_hour, event_id, occurred_at, organization_id, price_id, status, units "
    "FROM usage_event",
    "texts": WHOLE["texts"],
    "days": WHOLE["days"],
    "tier days": WHOLE["tier days"],
    "key days": WHOLE["key days"],
    "status days": WHOLE["status days"],
    "volumes": WHOLE["volumes"],
    "grants": WHOLE["grants"],
    "ledger": "SELECT l.organization_id, COALESCE(g.source, ''), l.kind, SUM(l.amount_micro) "
    "FROM ledger_entry AS l LEFT JOIN credit_grant AS g ON g.id = l.grant_id GROUP BY 1, 2, 3",
    "batches": "SELECT SUM(billed), SUM(free), SUM(failed), SUM(credits_micro) FROM usage_batch",
    "invoices": WHOLE["invoices"],
}
"""What does not depend on who was first: a graduated price does, request by request."""


def prepare(database: str) -> None:
    """Fill an empty database: grants that end and run out, allowances due, a draft invoice."""
    opened = at(Context(database, NOW, "tester"), "2026-09-01T00:00:00Z")
    open_books(opened, CATALOG + VOLUME)
    start = at(opened, "2026-10-01T00:00:00Z")
    an_organization(start, "prepaid", credits="400")
    give(start, "prepaid", "90", expires_at=OCTOBER + timedelta(days=11))
    an_organization(start, "monthly", credits="30", plan="starter")
    an_organization(start, "postpaid", plan="pro")
    an_organization(start, "unlimited", plan="enterprise")
    create_organization(start, "visitor", device_id="device-1")
    # Usage that comes later makes this draft stale.
    generate_invoices(Context(database, NOW, "tester"), parse_month("2026-10"))


def write_usage(path: Path, events: int, *, first: int = 0, seed: int = 7) -> None:
    """Events of October in random order; some come twice, some are failures, some are wrong."""
    chance = random.Random(seed)
    lines = []
    for number in range(first, first + events):
        lines.append(line := _line(number))
        if number % 20 == 0:
            lines.append(chance.choice([line, lines[-2] if len(lines) > 1 else line]))
    chance.shuffle(lines)
    path.write_text("\n".join([HEADER, *lines, ""]))


def _line(number: int) -> str:
    """The event of that number is the same in every file."""
    chance = random.Random(number)
    identity = f"e{number}" if number % 3 else str(uuid.UUID(int=chance.getrandbits(128)))
    when = OCTOBER + timedelta(seconds=chance.randrange(30 * 86_400))
    path = "/unknown" if number % 50 == 49 else chance.choice(_PATHS)
    status = chance.choice((200, 200, 200, 500))
    return (
        f"{identity},{when:%Y-%m-%dT%H:%M:%SZ},{PAYERS[number % len(PAYERS)]},"
        f"{chance.randrange(9)},{status},GET,{path}"
    )


def import_here(database: str, *paths: Path, chunk: int) -> None:
    """Import without a process of its own."""
    import_usage(Context(database, NOW, "importer", Settings(import_chunk=chunk)), paths)


def books_of(database: str, queries: Mapping[str, str] = WHOLE) -> Books:
    """The answers to the queries in an order of their own, and every balance."""
    with reading(database) as unit:
        books: Books = {name: _rows(unit, sql) for name, sql in queries.items()}
    context = Context(database, NOW, "tester")
    return books | {f"balance of {slug}": read_balance(context, slug) for slug in PAYERS}


def assert_same(found: Books, expected: Books) -> None:
    """Name the first part that differs: whole books are too long to read."""
    assert found.keys() == expected.keys()
    for name, part in expected.items():
        assert found[name] == part, name


def assert_consistent(database: str) -> None:
    """Every invariant holds."""
    assert run_checks(Context(database, NOW, "tester")) == []


def records_booked(database: str) -> int:
    """How many records of the newest import are booked."""
    with reading(database) as unit:
        found = unit.fetch_value("SELECT cursor FROM usage_batch ORDER BY id DESC LIMIT 1")
    return int(found or 0)


def _rows(unit: UnitOfWork, sql: str) -> Sequence[tuple[Any, ...]]:
    rows = [
        tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)
        for row in unit.fetch_rows(sql)
    ]
    return sorted(rows, key=repr)
