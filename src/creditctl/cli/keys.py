"""`creditctl keys`: API keys."""

from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import ExpiresOption, OrganizationArgument
from creditctl.cli.session import session_of
from creditctl.output.view import Column, View
from creditctl.services.keys import create_key, list_keys, revoke_key, show_key

app = command_group("API keys of an organization.")

CREATED_VIEW = View(
    "creditctl.created_key/v1",
    (
        Column("organization"),
        Column("name"),
        Column("id"),
        Column("prefix"),
        Column("plan"),
        Column("expires_at", "Expires"),
        Column("secret"),
    ),
)
_COLUMNS = (
    Column("organization"),
    Column("name"),
    Column("prefix"),
    Column("last_four", "Ends in"),
    Column("plan"),
    Column("status"),
)
KEY_VIEW = View("creditctl.key/v1", (Column("id"), *_COLUMNS, Column("revoked_at", "Revoked")))
KEYS_VIEW = View("creditctl.keys/v1", _COLUMNS, empty="No API keys yet.")


@app.command("create")
def create_one(
    ctx: typer.Context,
    organization: OrganizationArgument,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="What people call it, once per org.")
    ],
    plan: Annotated[
        str | None,
        typer.Option(
            "--plan", metavar="PLAN", help="Bind it to a plan of its own: tiers and limits."
        ),
    ] = None,
    test: Annotated[
        bool, typer.Option("--test", help="A ck_test_ key instead of a ck_live_ one.")
    ] = False,
    expires: ExpiresOption = None,
) -> None:
    """Make an API key; its secret is shown this once.

    Example: creditctl keys create acme --name production
    """
    session = session_of(ctx)
    created = create_key(
        session.context,
        organization,
        name=name,
        plan=plan,
        mode="test" if test else "live",
        expires_at=expires,
    )
    session.show(created, CREATED_VIEW)
    session.note("keep the secret now: only a hash of it is stored")


@app.command("list")
def list_all(
    ctx: typer.Context,
    organization: Annotated[
        str | None, typer.Argument(metavar="[ORG]", help="Only this organization's.")
    ] = None,
) -> None:
    """List API keys: prefixes and last four characters, never secrets.

    Example: creditctl keys list acme
    """
    session = session_of(ctx)
    session.show(list_keys(session.context, organization), KEYS_VIEW)


@app.command("revoke")
def revoke_one(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Id or prefix.")],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, for the audit log.")
    ] = "",
) -> None:
    """End an API key for good; asks first.

    Example: creditctl keys revoke ck_live_4f9Kq2Xw --reason "leaked" --yes
    """
    session = session_of(ctx)
    found = show_key(session.context, key)
    session.confirm(f"revoke {found.prefix}… ({found.name}) of {found.organization}?")
    session.show(revoke_key(session.context, key, reason=reason), KEY_VIEW)
