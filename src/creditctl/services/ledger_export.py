"""`export ledger`: every entry of the ledger as CSV, JSON lines or Parquet."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from creditctl.adapters.row_writers import writer_for
from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.units import Credits
from creditctl.services.new_files import appearing
from creditctl.services.row_files import write_rows
from creditctl.store.engine import reading
from creditctl.store.queries.ledger_export import BLOCK_ENTRIES, COLUMNS, entries_in_blocks
from creditctl.store.queries.orgs import find_organization


@dataclass(frozen=True, slots=True)
class ExportedLedger:
    """What was written."""

    file: str
    format: str
    organization: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    entries: int
    net: Credits
    """The sum of column `net`; of everything, what organizations have less what they owe."""


def export_ledger(
    context: Context,
    target: Path,
    *,
    format_name: str | None = None,
    organization: str | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    stdout: BinaryIO | None = None,
    block: int = BLOCK_ENTRIES,
) -> ExportedLedger:
    """Write entries dated [starts_at, ends_at), or all, to `target`, which appears when complete.

    One snapshot, in the order of booking; `block` entries are in memory at once. The format is the
    file's extension unless it is named. Raises InvalidInput, FileMissing, DiskFull,
    OrganizationNotFound.
    """
    chosen = format_name or target.suffix.removeprefix(".") or "csv"
    writer = writer_for(chosen)
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise InvalidInput("the export would end before it begins", hint="check both times")
    with reading(context.database) as unit:
        owner = find_organization(unit, organization) if organization else None
        blocks = entries_in_blocks(
            unit, owner.id if owner else None, starts_at, ends_at, block=block
        )
        with appearing(target, stdout) as stream:
            totals = write_rows(stream, writer, COLUMNS, blocks, summed="net")
    return ExportedLedger(
        file=str(target),
        format=chosen,
        organization=owner.slug if owner else None,
        starts_at=starts_at,
        ends_at=ends_at,
        entries=totals.rows,
        net=Credits(totals.micro),
    )
