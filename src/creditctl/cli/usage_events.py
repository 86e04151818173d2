"""`creditctl usage events` and `forecast`: one request, and what many of them lead to."""

from typing import Annotated

import typer

from creditctl.cli.options import LimitOption, MonthOption, parser_of
from creditctl.cli.session import session_of
from creditctl.cli.usage_period import (
    FromOption,
    TodayOption,
    ToOption,
    YesterdayOption,
    chosen_period,
)
from creditctl.output.view import Column, View
from creditctl.rules.units import Credits

EVENTS_VIEW = View(
    "creditctl.usage_events/v1",
    (
        Column("occurred_at", "At"),
        Column("request"),
        Column("status"),
        Column("credits"),
        Column("why"),
    ),
    empty="No requests in that time.",
)
FORECAST_VIEW = View(
    "creditctl.usage_forecast/v1",
    (
        Column("organization"),
        Column("days", "Days looked at"),
        Column("per_day", "Credits a day"),
        Column("today", "Today so far"),
        Column("available"),
        Column("open_overage", "Open overage"),
        Column("unlimited"),
        Column("exhausted_on", "Exhausted on"),
        Column("exhausted_without_expiries_on", "If nothing expired"),
        Column("days_left", "Days left"),
    ),
)


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the group."""
    app.command("events")(list_events)
    app.command("forecast")(forecast)


def list_events(
    ctx: typer.Context,
    organization: Annotated[str, typer.Argument(metavar="ORG", help="Whose requests.")],
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="A key's name, prefix or id.")
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option("--endpoint", metavar="ENDPOINT", help='As the catalog has it: "GET /v1/a".'),
    ] = None,
    status: Annotated[
        int | None, typer.Option("--status", metavar="CODE", help="The HTTP status.")
    ] = None,
    event: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="The request's own id.")
    ] = None,
    at_least: Annotated[
        Credits | None,
        typer.Option(
            "--costing-at-least",
            metavar="CREDITS",
            parser=parser_of("--costing-at-least", Credits.parse),
            help="Only what cost that much.",
        ),
    ] = None,
    month: MonthOption = None,
    starts_at: FromOption = None,
    ends_at: ToOption = None,
    today: TodayOption = False,
    yesterday: YesterdayOption = False,
    limit: LimitOption = 50,
) -> None:
    """List single requests and why each cost what it did.

    Example: creditctl usage events acme --today --costing-at-least 5
    """
    from creditctl.services.usage_events import list_usage_events

    session = session_of(ctx)
    period = chosen_period(
        session.context.now,
        month=month,
        interval=(starts_at, ends_at),
        today=today,
        yesterday=yesterday,
    )
    found = list_usage_events(
        session.context,
        organization,
        period,
        limit=limit + 1,
        key=key,
        endpoint=endpoint,
        status=status,
        event=event,
        at_least=at_least,
    )
    session.show(found[:limit], EVENTS_VIEW)
    if len(found) > limit:
        session.note(f"there are more: these are the newest {limit}; --limit shows more")


def forecast(
    ctx: typer.Context,
    organization: Annotated[str, typer.Argument(metavar="ORG", help="Whose credits.")],
    days: Annotated[
        int, typer.Option("--days", metavar="N", help="Complete days the rate is the mean of.")
    ] = 7,
) -> None:
    """Tell when credits run out if usage goes on as it did.

    Example: creditctl usage forecast acme --days 30
    """
    from creditctl.services.usage_forecast import forecast_usage

    session = session_of(ctx)
    session.show(forecast_usage(session.context, organization, days=days), FORECAST_VIEW)
