"""`usage export`: single events of a period as CSV, JSON lines or Parquet, hour by hour."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from creditctl.adapters.row_writers import writer_for
from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.event_ids import id_text
from creditctl.rules.instants import MICROS_PER_HOUR, micros_of
from creditctl.rules.periods import Period
from creditctl.rules.units import Credits
from creditctl.services.new_files import appearing
from creditctl.services.row_files import write_rows
from creditctl.services.usage_pruning import refuse_pruned
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.orgs import find_organization
from creditctl.store.queries.usage_export import COLUMNS, events_of_hour, hours_with_usage


@dataclass(frozen=True, slots=True)
class ExportedUsage:
    """What was written."""

    file: str
    format: str
    organization: str | None
    starts_at: datetime
    ends_at: datetime
    events: int
    credits: Credits


def export_usage(
    context: Context,
    period: Period,
    target: Path,
    *,
    format_name: str | None = None,
    organization: str | None = None,
    stdout: BinaryIO | None = None,
) -> ExportedUsage:
    """Write the period's events to `target`, which appears when it is complete.

    The format is the file's extension unless it is named. Paths with parameters are the
    catalog's, so that a CSV file can be imported again. Raises InvalidInput, FileMissing, DiskFull,
    OrganizationNotFound.
    """
    chosen = format_name or target.suffix.removeprefix(".") or "csv"
    writer = writer_for(chosen)
    if period.ends_at <= period.starts_at:
        raise InvalidInput("the export would end before it begins", hint="check both times")
    with reading(context.database) as unit:
        owner = find_organization(unit, organization) if organization else None
        refuse_pruned(unit, period.starts_at, "the export")
        blocks = _blocks(unit, period, owner.id if owner else None)
        with appearing(target, stdout) as stream:
            totals = write_rows(stream, writer, COLUMNS, _named(blocks), summed="credits")
    return ExportedUsage(
        file=str(target),
        format=chosen,
        organization=owner.slug if owner else None,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        events=totals.rows,
        credits=Credits(totals.micro),
    )


def _blocks(
    unit: UnitOfWork, period: Period, organization_id: int | None
) -> Iterator[Sequence[tuple[Any, ...]]]:
    starts_at, ends_at = micros_of(period.starts_at), micros_of(period.ends_at)
    first, end = starts_at // MICROS_PER_HOUR, -(-ends_at // MICROS_PER_HOUR)
    for hour in hours_with_usage(unit, first, end, organization_id):
        yield events_of_hour(unit, hour, starts_at, ends_at, organization_id)


def _named(
    blocks: Iterator[Sequence[tuple[Any, ...]]],
) -> Iterator[list[tuple[Any, ...]]]:
    """Blocks in which events are called by their words, or by their id."""
    for rows in blocks:
        yield [(words or id_text(bytes(identity)), *rest) for identity, words, *rest in rows]
