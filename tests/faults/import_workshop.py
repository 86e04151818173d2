"""A file to import, an importer in a process of its own, and everything an import leaves behind."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from builders import an_organization, at, give, open_books
from creditctl.context import Context, Settings
from creditctl.services.usage_import import import_usage
from creditctl.store.engine import reading
from forked import Forked

CHUNK = 200
EVENTS = 2_000
NOW = datetime(2026, 11, 1, tzinfo=UTC)
IMPORTER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from creditctl.context import Context, Settings
from creditctl.errors import Busy
from creditctl.services.usage_import import import_usage

database, path, chunk = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
settings = Settings(import_chunk=chunk)
try:
    import_usage(Context(database, datetime(2026, 11, 1, tzinfo=UTC), "importer", settings), [path])
except Busy:
    sys.exit(8)
"""
LEFT_BEHIND = {
    "events": "SELECT event_hour, event_id, occurred_at, organization_id, price_id, status, units, "
    "credits_micro FROM usage_event ORDER BY event_hour, event_id",
    "texts": "SELECT event_hour, event_id, id_text FROM usage_event_text ORDER BY 1, 2",
    "hours": "SELECT * FROM usage_hour ORDER BY hour, organization_id, api_key_id, endpoint_id",
    "days": "SELECT * FROM usage_day ORDER BY day, organization_id, product_id, tier",
    "debits": "SELECT * FROM debit_day ORDER BY day, organization_id, product_id, source",
    "grants": "SELECT organization_id, source, amount_micro, remaining_micro, expired_micro "
    "FROM credit_grant ORDER BY id",
    "ledger": "SELECT organization_id, grant_id, kind, amount_micro, event_at, overage_reason, "
    "first_event_id, last_event_id FROM ledger_entry ORDER BY id",
    "batch": "SELECT status, cursor, billed, free, failed, duplicate, rejected, credits_micro "
    "FROM usage_batch",
    "rejects": "SELECT line, field, value, reason FROM usage_reject ORDER BY id",
}


def set_up(context: Context) -> None:
    """Three organizations with grants that end, and do not last."""
    open_books(at(context, "2026-09-01T00:00:00Z"))
    for number in range(3):
        opened = at(context, "2026-10-01T00:00:00Z")
        an_organization(opened, f"org-{number}", credits="900")
        give(opened, f"org-{number}", "300", expires_at=datetime(2026, 10, 12, tzinfo=UTC))


def write_usage(path: Path) -> None:
    """Events of a month in random order, with duplicates, failures and lines that are wrong."""
    chance = random.Random(7)
    lines = []
    for number in range(EVENTS):
        when = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(30 * 86_400))
        status = chance.choice([200, 200, 200, 500])
        line = (
            f"e{number},{when:%Y-%m-%dT%H:%M:%SZ},org-{number % 3},GET,/rows,{status},{number % 7}"
        )
        lines.append(line if number % 50 else line.replace("/rows", "/unknown"))
        if number % 20 == 0:
            lines.append(chance.choice(lines))
    path.write_text("id,time,org,method,path,status,units\n" + "\n".join(lines) + "\n")


def start_import(database: str, path: Path, chunk: int = CHUNK) -> Forked:
    return Forked(IMPORTER, database, path, chunk)


def import_here(database: str, path: Path, chunk: int = CHUNK) -> None:
    import_usage(Context(database, NOW, "importer", Settings(import_chunk=chunk)), [path])


def left_behind(database: str) -> dict[str, list[Any]]:
    with reading(database) as unit:
        return {
            name: [
                tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)
                for row in unit.fetch_rows(sql)
            ]
            for name, sql in LEFT_BEHIND.items()
        }


def chunks_booked(database: str) -> int:
    with reading(database) as unit:
        return int(unit.fetch_value("SELECT COALESCE(MAX(cursor), 0) FROM usage_batch")) // CHUNK
