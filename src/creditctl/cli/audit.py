"""`creditctl audit`: the audit log."""

from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import LimitOption, OrganizationOption
from creditctl.cli.session import session_of
from creditctl.output.view import Column, View
from creditctl.services.audit import list_audit_entries

app = command_group("Who changed what, when and why.")

AUDIT_VIEW = View(
    "creditctl.audit_entries/v1",
    (
        Column("recorded_at", "Time"),
        Column("actor"),
        Column("action"),
        Column("organization"),
        Column("reason"),
    ),
    empty="Nothing was changed yet.",
)


@app.command("log")
def show_log(
    ctx: typer.Context,
    organization: OrganizationOption = None,
    action: Annotated[
        str | None,
        typer.Option("--action", metavar="NAME", help="Only this action, such as grant.created."),
    ] = None,
    limit: LimitOption = 50,
) -> None:
    """Show the latest changes, newest first.

    Example: creditctl audit log --org acme --limit 20
    """
    session = session_of(ctx)
    entries = list_audit_entries(
        session.context, organization=organization, action=action, limit=limit
    )
    session.show(entries, AUDIT_VIEW)
