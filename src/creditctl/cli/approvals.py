"""`creditctl approvals`: what waits for a second person."""

from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.rails import AuditReasonOption, ReasonOption
from creditctl.cli.session import session_of
from creditctl.output.view import Column, View

app = command_group("Requests above a ceiling, for a second person.")

_COLUMNS = (
    Column("id"),
    Column("verb", "What"),
    Column("organization"),
    Column("amount", "Credits"),
    Column("requested_by", "By"),
    Column("status"),
)
APPROVALS_VIEW = View("creditctl.approvals/v1", _COLUMNS, empty="Nothing waits for approval.")
APPROVAL_VIEW = View(
    "creditctl.approval/v1",
    (
        *_COLUMNS,
        Column("request", "Asked for"),
        Column("reason"),
        Column("requested_at"),
        Column("decided_by"),
        Column("decided_at"),
        Column("decision_reason", "Because"),
    ),
)

ApprovalArgument = Annotated[str, typer.Argument(metavar="APPROVAL", help="Its id.")]


@app.command("list")
def list_all(
    ctx: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Decided ones too.")] = False,
) -> None:
    """List what waits for a second person.

    Example: creditctl approvals list
    """
    from creditctl.services.approvals import list_approvals

    session = session_of(ctx)
    session.show(list_approvals(session.context, everything=everything), APPROVALS_VIEW)


@app.command("approve")
def approve_one(
    ctx: typer.Context,
    approval: ApprovalArgument,
    reason: AuditReasonOption = "",
) -> None:
    """Let it happen; whoever asked for it cannot.

    Example: creditctl approvals approve approval_01k8m2 --actor bob
    """
    from creditctl.services.approvals import approve

    session = session_of(ctx)
    session.show(approve(session.context, approval, reason=reason), APPROVAL_VIEW)


@app.command("reject")
def reject_one(ctx: typer.Context, approval: ApprovalArgument, reason: ReasonOption) -> None:
    """Refuse it for good.

    Example: creditctl approvals reject approval_01k8m2 --reason "no ticket"
    """
    from creditctl.services.approvals import reject

    session = session_of(ctx)
    session.show(reject(session.context, approval, reason=reason), APPROVAL_VIEW)
