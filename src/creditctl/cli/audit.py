"""`creditctl audit`: the audit log."""

from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import LimitOption, OrganizationOption
from creditctl.cli.session import session_of
from creditctl.errors import ExitStatus
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
PROOF_VIEW = View(
    "creditctl.audit_proof/v1",
    (
        Column("verified"),
        Column("entries"),
        Column("before_chain", "Before the chain"),
        Column("unkeyed", "Before the key"),
        Column("head"),
        Column("first_bad", "First bad entry"),
        Column("problem"),
    ),
)
HEAD_VIEW = View(
    "creditctl.audit_head/v1",
    (
        Column("entries"),
        Column("entry", "Newest entry"),
        Column("recorded_at", "Time"),
        Column("head"),
        Column("key_id", "Key"),
    ),
)


@app.command("log")
def show_log(
    ctx: typer.Context,
    organization: OrganizationOption = None,
    action: Annotated[
        str | None,
        typer.Option("--action", metavar="NAME", help="Only this action, such as grant.created."),
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Only what this actor did.")
    ] = None,
    limit: LimitOption = 50,
) -> None:
    """Show the latest changes, newest first.

    Example: creditctl audit log --org acme --limit 20
    """
    session = session_of(ctx)
    entries = list_audit_entries(
        session.context, organization=organization, action=action, actor=by, limit=limit
    )
    session.show(entries, AUDIT_VIEW)


@app.command("verify")
def verify(
    ctx: typer.Context,
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="SEAL", help="A head kept elsewhere: must still be there."),
    ] = None,
) -> None:
    """Prove that no entry was changed, removed or slipped in.

    Exit 7 and the first bad entry when one was. Entries sealed with a key need that key.

    Example: creditctl audit verify
    """
    from creditctl.services.audit_chain import verify_audit_log

    session = session_of(ctx)
    proof = verify_audit_log(session.context, head=head)
    session.show(proof, PROOF_VIEW)
    if not proof.verified:
        raise typer.Exit(ExitStatus.FINDINGS)


@app.command("head")
def show_head(ctx: typer.Context) -> None:
    """Print the newest seal, to sign, mail or keep elsewhere.

    Example: creditctl audit head -o json
    """
    from creditctl.services.audit_chain import read_audit_head

    session = session_of(ctx)
    session.show(read_audit_head(session.context), HEAD_VIEW)
