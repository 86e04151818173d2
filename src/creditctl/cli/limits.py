"""`creditctl limits`: decide and show who may call the API."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from creditctl.cli import limits_export
from creditctl.cli.budget_views import LINE_COLUMNS
from creditctl.cli.groups import command_group
from creditctl.cli.session import session_of
from creditctl.errors import ExitStatus
from creditctl.output.view import Column, Section, View
from creditctl.services.limits_check import LimitsCheck
from creditctl.services.limits_monitoring import check_limits_watched

app = command_group("Check budgets and balances; run by cron.")
limits_export.register(app)

_ALWAYS = ("checked", "ok", "notified", "blocked")
_DETAILS = (Column("reason"), Column("usage"), Column("limit"))
CHECK_VIEW = View(
    "creditctl.limits_check/v1",
    (
        Column("checked"),
        Column("ok", "OK"),
        Column("notified"),
        Column("blocked"),
        Column("changed"),
        Column("crossed", "Lines crossed"),
        Column("recovered", "Lines recovered"),
        Column("slipped", "Slipped through"),
        Column("previous_at", "Since"),
        Column("allowances_granted"),
        Column("instalments_booked"),
        Column("expiries_booked"),
        Column("holds_expired"),
        Column("repayments_booked"),
        Column("recharged"),
        Column("invoices_overdue"),
        Column("told", "Notifications"),
        Column("sent"),
        Column("failed", "Not delivered"),
    ),
    sections=(
        Section(
            "changes",
            "Changes",
            (
                Column("organization"),
                Column("state", "Now"),
                *_DETAILS,
                Column("until"),
            ),
        ),
    ),
    csv_rows="changes",
)
STATUSES_VIEW = View(
    "creditctl.limit_statuses/v1",
    (Column("organization"), Column("state"), *_DETAILS, Column("until")),
    empty="No organizations yet.",
)
STATUS_VIEW = View(
    "creditctl.limit_status/v1",
    (
        Column("organization"),
        Column("state"),
        *_DETAILS,
        Column("since"),
        Column("until"),
        Column("held"),
        Column("daily", "Daily budget"),
        Column("day_bar", ""),
        Column("day_hours", "Since midnight"),
        Column("today"),
        Column("left"),
        Column("forecast", "At midnight"),
    ),
    sections=(
        Section("lines", "Lines", LINE_COLUMNS, hidden_when_empty=True),
        Section(
            "history",
            "Before",
            (Column("changed_at", "Since"), Column("state"), *_DETAILS),
            hidden_when_empty=True,
        ),
        Section(
            "crossings",
            "Crossed",
            (
                Column("watches"),
                Column("target"),
                Column("usage"),
                Column("limit"),
                Column("crossed_at", "Crossed"),
                Column("recovered_at", "Recovered"),
            ),
            hidden_when_empty=True,
        ),
    ),
)


@app.command("check")
def check(
    ctx: typer.Context,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 7 when an organization is newly blocked.")
    ] = False,
    everybody: Annotated[
        bool, typer.Option("--all", help="Look at everybody, not only at what changed.")
    ] = False,
    ping_url: Annotated[
        str | None,
        typer.Option("--ping-url", metavar="URL", help="Post the result there, failures to /fail."),
    ] = None,
    metrics_file: Annotated[
        Path | None,
        typer.Option("--metrics-file", metavar="FILE", help="Write metrics for Prometheus to it."),
    ] = None,
) -> None:
    """Grant what is due, book expiries, decide who is blocked, recharge.

    Meant for cron, each minute. It looks at what changed since it ran last, and on a table it says
    nothing when there is no news. Two runs never overlap: the second exits 8 at once.

    Example: creditctl limits check --exit-code
    """
    session = session_of(ctx)
    settings = session.context.settings
    result = check_limits_watched(
        session.context,
        everybody=everybody,
        ping_url=ping_url or settings.ping_url,
        metrics_file=metrics_file or settings.metrics_file,
        warn=session.warn,
    )
    if result.has_news or session.format_name != "table":
        session.show(result, _without_nothing(result))
    if exit_code and result.newly_blocked:
        raise typer.Exit(ExitStatus.FINDINGS)


def _without_nothing(result: LimitsCheck) -> View:
    """The summary with the lines that say something."""
    columns = CHECK_VIEW.columns
    shown = [one for one in columns if one.name in _ALWAYS or getattr(result, one.name)]
    if not result.slipped:
        shown = [one for one in shown if one.name != "previous_at"]
    return replace(CHECK_VIEW, columns=tuple(shown))


@app.command("status")
def status(
    ctx: typer.Context,
    organization: Annotated[
        str | None, typer.Argument(metavar="ORG", help="Only this one (slug or id).")
    ] = None,
) -> None:
    """Show who is blocked or warned since the last check, and why.

    Of one organization also how its budgets and thresholds stand, and what happened before.

    Example: creditctl limits status acme
    """
    from creditctl.services.limits_status import list_limit_status, show_limit_status

    session = session_of(ctx)
    if organization is None:
        session.show(list_limit_status(session.context), STATUSES_VIEW)
    else:
        session.show(show_limit_status(session.context, organization), STATUS_VIEW)
