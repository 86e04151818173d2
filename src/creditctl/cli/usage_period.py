"""The period that a command about usage looks at, named in one of several ways."""

from datetime import datetime, timedelta
from typing import Annotated, TypeAlias

import typer

from creditctl.cli.options import parser_of
from creditctl.errors import InvalidInput
from creditctl.rules.instants import parse_instant, start_of_day
from creditctl.rules.periods import Period, calendar_month

FromOption: TypeAlias = Annotated[
    datetime | None,
    typer.Option("--from", metavar="TIME", parser=parser_of("--from", parse_instant)),
]
ToOption: TypeAlias = Annotated[
    datetime | None,
    typer.Option("--to", metavar="TIME", parser=parser_of("--to", parse_instant)),
]
TodayOption: TypeAlias = Annotated[bool, typer.Option("--today", help="This UTC day.")]
YesterdayOption: TypeAlias = Annotated[
    bool, typer.Option("--yesterday", help="The UTC day before.")
]


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
