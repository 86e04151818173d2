"""`creditctl usage`: import and inspect API usage."""

from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import LimitOption, MonthOption, parser_of
from creditctl.cli.rails import DryRunOption
from creditctl.cli.session import session_of
from creditctl.errors import InvalidInput
from creditctl.output.view import Column, Section, View
from creditctl.rules.instants import parse_instant, start_of_day
from creditctl.rules.periods import Period, calendar_month
from creditctl.rules.usage_mapping import FieldSource, parse_field_source

app = command_group("Import and inspect API usage.")

_COUNTS = (
    Column("read"),
    Column("billed"),
    Column("free"),
    Column("failed"),
    Column("duplicate", "Dup."),
    Column("rejected", "Rej."),
    Column("credits"),
)
_PRODUCTS = Section(
    "products", "By product", (Column("product"), Column("requests"), Column("credits"))
)
IMPORT_VIEW = View(
    "creditctl.usage_import/v1",
    (
        Column("read"),
        Column("billed"),
        Column("free"),
        Column("failed"),
        Column("duplicate"),
        Column("rejected"),
        Column("credits"),
        Column("dry_run", "Dry run"),
    ),
    (Section("files", "Files", (Column("file"), Column("status"), *_COUNTS)), _PRODUCTS),
    csv_rows="files",
)
BATCHES_VIEW = View(
    "creditctl.usage_batches/v1",
    (
        Column("file"),
        Column("started_at", "Imported"),
        Column("status"),
        Column("read"),
        Column("billed"),
        Column("rejected", "Rej."),
        Column("credits"),
    ),
    empty="Nothing was imported yet.",
)
REPORT_VIEW = View(
    "creditctl.usage/v1",
    (
        Column("organization"),
        Column("starts_at", "From"),
        Column("ends_at", "Before"),
        Column("requests"),
        Column("billed"),
        Column("failed"),
        Column("credits"),
    ),
    (
        Section(
            "groups",
            "Usage",
            (
                Column("group"),
                Column("requests"),
                Column("billed"),
                Column("failed"),
                Column("units"),
                Column("credits"),
                Column("share", "%"),
            ),
        ),
    ),
    csv_rows="groups",
)


@app.command("import")
def import_files(
    ctx: typer.Context,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Files of events, or - for stdin.")
    ],
    format_name: Annotated[
        str,
        typer.Option("--format", metavar="FORMAT", help="auto, csv, ndjson or combined."),
    ] = "auto",
    mapping: Annotated[
        list[FieldSource] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN[@FILE]",
            parser=parser_of("--map", parse_field_source),
            help="Read a field from another column, its values translated by a CSV file.",
        ),
    ] = None,
    organization: Annotated[
        str | None,
        typer.Option("--org", metavar="ORG", help="Whose the lines are that name nobody."),
    ] = None,
    rejects: Annotated[
        Path | None,
        typer.Option("--rejects", metavar="FILE", help="Write rejected lines there, as CSV."),
    ] = None,
    max_rejects: Annotated[
        int | None,
        typer.Option("--max-rejects", metavar="N", min=0, help="Stop when there are more."),
    ] = None,
    dry_run: DryRunOption = False,
) -> None:
    """Import usage: price it, book it and draw credits.

    Each event is billed once, whatever file it is in. Fields: id, time, org, key, endpoint (or
    method and path), status, units. An interrupted import goes on where it stopped when it is run
    again.

    Example: creditctl usage import gateway.csv --rejects bad.csv
    Example: creditctl usage import access.log --format combined --map key=client@clients.csv
    """
    from creditctl.services.usage_files import SourceFile, spooled
    from creditctl.services.usage_import import import_usage

    session = session_of(ctx)
    stdin = session.terminal.stdin
    with ExitStack() as stack:
        sources: list[Path | SourceFile] = [
            stack.enter_context(spooled(stdin.buffer)) if name == "-" else Path(name)
            for name in files
        ]
        summary = import_usage(
            session.context,
            sources,
            format_name=format_name,
            mapping=mapping or (),
            organization=organization,
            max_rejects=max_rejects,
            rejects_path=rejects,
            dry_run=dry_run,
        )
    session.show(summary, IMPORT_VIEW)
    if summary.rejected and rejects is None:
        session.note("--rejects FILE writes the rejected lines with their reasons")


@app.command("show")
def show_usage(
    ctx: typer.Context,
    organization: Annotated[
        str | None, typer.Argument(metavar="[ORG]", help="Only this organization.")
    ] = None,
    month: MonthOption = None,
    starts_at: Annotated[
        datetime | None,
        typer.Option("--from", metavar="TIME", parser=parser_of("--from", parse_instant)),
    ] = None,
    ends_at: Annotated[
        datetime | None,
        typer.Option("--to", metavar="TIME", parser=parser_of("--to", parse_instant)),
    ] = None,
    today: Annotated[bool, typer.Option("--today", help="This UTC day.")] = False,
    yesterday: Annotated[bool, typer.Option("--yesterday", help="The UTC day before.")] = False,
    grouped_by: Annotated[
        str,
        typer.Option("--by", metavar="WHAT", help="endpoint, key, org, product, tier or day."),
    ] = "product",
) -> None:
    """Show usage of a period, this month unless told otherwise.

    Example: creditctl usage show acme --month 2026-10 --by endpoint
    """
    from creditctl.services.usage_reports import report_usage

    session = session_of(ctx)
    period = _period(
        session.context.now,
        month=month,
        interval=(starts_at, ends_at),
        today=today,
        yesterday=yesterday,
    )
    report = report_usage(session.context, period, grouped_by=grouped_by, organization=organization)
    session.show(report, REPORT_VIEW)


@app.command("batches")
def list_imports(ctx: typer.Context, limit: LimitOption = 50) -> None:
    """List imports, the newest first.

    Example: creditctl usage batches
    """
    from creditctl.services.usage_batches import list_batches

    session = session_of(ctx)
    session.show(list_batches(session.context, limit=limit), BATCHES_VIEW)


def _period(
    now: datetime,
    *,
    month: Period | None,
    interval: tuple[datetime | None, datetime | None],
    today: bool,
    yesterday: bool,
) -> Period:
    starts_at, ends_at = interval
    ways = [month is not None, starts_at is not None or ends_at is not None, today, yesterday]
    if sum(ways) > 1:
        raise InvalidInput(
            "a period is named in one way only",
            hint="give one of --month, --today, --yesterday, or --from and --to",
        )
    midnight = start_of_day(now)
    if today:
        return Period(midnight, midnight + timedelta(days=1))
    if yesterday:
        return Period(midnight - timedelta(days=1), midnight)
    if month is not None:
        return month
    this_month = calendar_month(now)
    if starts_at is None and ends_at is None:
        return this_month
    return Period(starts_at or this_month.starts_at, ends_at or now)
