"""`creditctl usage export`: single events as a file for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from creditctl.cli.options import MonthOption
from creditctl.cli.session import session_of
from creditctl.cli.usage_period import (
    FromOption,
    TodayOption,
    ToOption,
    YesterdayOption,
    chosen_period,
)
from creditctl.output.view import Column, View

EXPORT_VIEW = View(
    "creditctl.usage_export/v1",
    (
        Column("file"),
        Column("format"),
        Column("organization"),
        Column("starts_at", "From"),
        Column("ends_at", "Before"),
        Column("events"),
        Column("credits"),
    ),
)


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the group."""
    app.command("export")(export)


def export(
    ctx: typer.Context,
    target: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A .csv, .jsonl or .parquet file, or - for stdout."),
    ],
    organization: Annotated[
        str | None, typer.Option("--org", metavar="ORG", help="Only this organization.")
    ] = None,
    format_name: Annotated[
        str | None, typer.Option("--as", metavar="FORMAT", help="csv, jsonl or parquet.")
    ] = None,
    month: MonthOption = None,
    starts_at: FromOption = None,
    ends_at: ToOption = None,
    today: TodayOption = False,
    yesterday: YesterdayOption = False,
) -> None:
    """Write single events to a file, this month's unless told otherwise.

    Example: creditctl usage export october.parquet --month 2026-10 --org acme
    """
    from creditctl.services.usage_export import export_usage

    session = session_of(ctx)
    period = chosen_period(
        session.context.now,
        month=month,
        interval=(starts_at, ends_at),
        today=today,
        yesterday=yesterday,
    )
    is_stdout = str(target) == "-"
    exported = export_usage(
        session.context,
        period,
        target,
        format_name=format_name,
        organization=organization,
        stdout=session.terminal.stdout.buffer if is_stdout else None,
    )
    if not is_stdout:
        session.show(exported, EXPORT_VIEW)
