"""`creditctl keys`: API keys."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import ExpiresOption, OrganizationArgument, parser_of
from creditctl.cli.rails import AuditReasonOption
from creditctl.cli.session import session_of
from creditctl.output.view import Column, View
from creditctl.rules.instants import parse_instant
from creditctl.services.keys import create_key, expire_key, list_keys, revoke_key, show_key

app = command_group("API keys of an organization.")

KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="Id or prefix.")]

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
KEY_VIEW = View(
    "creditctl.key/v1",
    (
        Column("id"),
        *_COLUMNS,
        Column("created_at"),
        Column("expires_at", "Expires"),
        Column("revoked_at", "Revoked"),
    ),
)
ROTATED_VIEW = View(
    "creditctl.rotated_key/v1",
    (
        Column("organization"),
        Column("name"),
        Column("id"),
        Column("prefix"),
        Column("plan"),
        Column("old_prefix", "Old prefix"),
        Column("old_expires_at", "Old one works until"),
        Column("secret"),
    ),
)
VERIFIED_VIEW = View(
    "creditctl.verified_key/v1",
    (
        Column("organization"),
        Column("name"),
        Column("id"),
        Column("prefix"),
        Column("plan"),
        Column("expires_at", "Expires"),
        Column("state"),
    ),
)
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


@app.command("show")
def show_one(ctx: typer.Context, key: KeyArgument) -> None:
    """Show an API key, never its secret.

    Example: creditctl keys show ck_live_4f9Kq2Xw
    """
    session = session_of(ctx)
    session.show(show_key(session.context, key), KEY_VIEW)


@app.command("rotate")
def rotate(
    ctx: typer.Context,
    key: KeyArgument,
    grace_hours: Annotated[
        int,
        typer.Option(
            "--grace", metavar="HOURS", min=0, max=24 * 365, help="How long the old one works on."
        ),
    ] = 24,
    reason: AuditReasonOption = "",
) -> None:
    """Make a new secret under the same name; shown this once.

    Example: creditctl keys rotate ck_live_4f9Kq2Xw --grace 72
    """
    from creditctl.services.key_rotation import rotate_key

    session = session_of(ctx)
    rotated = rotate_key(session.context, key, grace=timedelta(hours=grace_hours), reason=reason)
    session.show(rotated, ROTATED_VIEW)
    session.note("keep the secret now: only a hash of it is stored")


@app.command("expire")
def expire(
    ctx: typer.Context,
    key: KeyArgument,
    at: Annotated[
        datetime | None,
        typer.Option(
            "--at",
            metavar="TIME",
            parser=parser_of("--at", parse_instant),
            help="When it ends; now unless given.",
        ),
    ] = None,
    reason: AuditReasonOption = "",
) -> None:
    """Let an API key end at a time.

    Example: creditctl keys expire ck_live_4f9Kq2Xw --at 2026-12-31
    """
    session = session_of(ctx)
    session.show(expire_key(session.context, key, at=at, reason=reason), KEY_VIEW)


@app.command("verify")
def verify(ctx: typer.Context) -> None:
    """Read a secret from stdin and say whose key it is.

    Exit 4 when it opens nothing. Secrets are never taken from the command line, where others could
    read them.

    Example: creditctl keys verify < secret.txt
    """
    from creditctl.services.key_verification import verify_key

    session = session_of(ctx)
    secret = session.terminal.read_secret("API key: ")
    session.show(verify_key(session.context, secret), VERIFIED_VIEW)


@app.command("revoke")
def revoke_one(
    ctx: typer.Context,
    key: KeyArgument,
    reason: AuditReasonOption = "",
) -> None:
    """End an API key for good; asks first.

    Example: creditctl keys revoke ck_live_4f9Kq2Xw --reason "leaked" --yes
    """
    session = session_of(ctx)
    found = show_key(session.context, key)
    session.confirm(f"revoke {found.prefix}… ({found.name}) of {found.organization}?")
    session.show(revoke_key(session.context, key, reason=reason), KEY_VIEW)
