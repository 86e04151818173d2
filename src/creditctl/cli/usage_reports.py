"""`creditctl usage show`: who used what, and what it cost."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from creditctl.cli.options import MonthOption, parser_of
from creditctl.cli.session import session_of
from creditctl.errors import InvalidInput
from creditctl.output.view import Column, Section, View
from creditctl.rules.instants import parse_instant, start_of_day
from creditctl.rules.periods import Period, calendar_month

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
                Column("failed"),
                Column("credits"),
                Column("share", "%"),
                Column("bar", ""),
                Column("sparkline", "Trend"),
            ),
        ),
    ),
    csv_rows="groups",
)


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the group."""
    app.command("show")(show_usage)


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
        typer.Option(
            "--by", metavar="WHAT", help="endpoint, key, org, product, tier, status, day or hour."
        ),
    ] = "product",
) -> None:
    """Show usage of a period, this month unless told otherwise.

    Example: creditctl usage show acme --month 2026-10 --by endpoint
    """
    from creditctl.services.usage_reports import report_usage

    session = session_of(ctx)
    period = chosen_period(
        session.context.now,
        month=month,
        interval=(starts_at, ends_at),
        today=today,
        yesterday=yesterday,
    )
    report = report_usage(session.context, period, grouped_by=grouped_by, organization=organization)
    session.show(report, REPORT_VIEW)


def chosen_period(
    now: datetime,
    *,
    month: Period | None,
    interval: tuple[datetime | None, datetime | None],
    today: bool,
    yesterday: bool,
) -> Period:
    """The one period that the options name, this month without any; raises InvalidInput."""
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
