"""`creditctl usage show`: who used what, and what it cost."""

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
from creditctl.output.view import Column, Section, View

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
    starts_at: FromOption = None,
    ends_at: ToOption = None,
    today: TodayOption = False,
    yesterday: YesterdayOption = False,
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
