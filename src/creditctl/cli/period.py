"""`creditctl period`: months of the books, and closing them."""

from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import RequiredMonthOption
from creditctl.cli.rails import AuditReasonOption, DryRunOption
from creditctl.cli.session import session_of
from creditctl.output.view import Column, Section, View

app = command_group("Months of the books, and closing them.")

STATUS_VIEW = View(
    "creditctl.period_status/v1",
    (Column("month"), Column("closed"), Column("ready"), Column("closes", "With")),
    (
        Section(
            "items",
            "Checklist",
            (
                Column("name", "Item"),
                Column("count"),
                Column("blocks"),
                Column("settle", "Settled by"),
            ),
        ),
    ),
    csv_rows="items",
)
CLOSE_VIEW = View(
    "creditctl.period_close/v1",
    (Column("month"), Column("closed"), Column("accepted"), Column("dry_run", "Dry run")),
)
LIST_VIEW = View(
    "creditctl.periods/v1",
    (
        Column("month"),
        Column("first_open_day", "Open from"),
        Column("closed_at", "Closed"),
        Column("closed_by", "By"),
    ),
    empty="No month is closed.",
)
InvariantsOption = Annotated[
    bool, typer.Option("--check", help="Look at what 'creditctl check' finds, too.")
]


@app.command("status")
def status(
    ctx: typer.Context, month: RequiredMonthOption, invariants: InvariantsOption = False
) -> None:
    """Show what keeps a month from being closed, and what settles it.

    Example: creditctl period status --month 2026-10
    """
    from creditctl.services.period_closing import period_status

    session = session_of(ctx)
    session.show(period_status(session.context, month, invariants=invariants), STATUS_VIEW)


@app.command("close")
def close(
    ctx: typer.Context,
    month: RequiredMonthOption,
    reason: AuditReasonOption,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept", metavar="ITEM[=WHY]", help="Close it although this is not settled."
        ),
    ] = None,
    invariants: InvariantsOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Close a month for good, with those before it.

    Nothing is posted in it any more: what comes later counts in the first open month. It refuses
    while something of the checklist blocks and is not accepted. Again changes nothing.

    Example: creditctl period close --month 2026-10 --reason "books of October"
    """
    from creditctl.services.period_closing import CloseRequest, close_period

    session = session_of(ctx)
    pairs = (one.partition("=") for one in accept or ())
    request = CloseRequest(
        month=month,
        reason=reason,
        accept={name: why for name, _, why in pairs},
        invariants=invariants,
    )
    if not dry_run:
        session.confirm("a closed month stays closed: closing it")
    session.show(close_period(session.context, request, dry_run=dry_run), CLOSE_VIEW)


@app.command("list")
def list_all(ctx: typer.Context) -> None:
    """List the months that are closed, the newest first.

    Example: creditctl period list
    """
    from creditctl.services.period_closing import list_closed

    session = session_of(ctx)
    session.show(list_closed(session.context), LIST_VIEW)
