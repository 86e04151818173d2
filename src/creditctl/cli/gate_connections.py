"""`creditctl gate connections` and `disconnect`: what a key holds open."""

from typing import Annotated

import typer

from creditctl.cli.keys import KeyArgument
from creditctl.cli.rails import AuditReasonOption
from creditctl.cli.session import session_of
from creditctl.output.view import Column, View

CONNECTIONS_VIEW = View(
    "creditctl.connections/v1",
    (
        Column("lease"),
        Column("opened_at", "Opened"),
        Column("expires_at", "Over without heartbeat"),
    ),
    empty="No connection is open.",
)
CLOSED_VIEW = View(
    "creditctl.closed_connection/v1",
    (Column("organization"), Column("key"), Column("lease"), Column("opened_at", "Was open since")),
)


def register(group: typer.Typer) -> None:
    """Add the commands of this file to the group."""
    group.command("connections")(connections)
    group.command("disconnect")(disconnect)


def connections(ctx: typer.Context, key: KeyArgument) -> None:
    """List the connections that a key holds open, the oldest first.

    Example: creditctl gate connections ck_live_4f9Kq2Xw
    """
    from creditctl.services.gate_connections import connections_of

    session = session_of(ctx)
    session.show(connections_of(session.context, key), CONNECTIONS_VIEW)


def disconnect(
    ctx: typer.Context,
    key: KeyArgument,
    lease: Annotated[str, typer.Argument(metavar="LEASE", help="The name that it was opened by.")],
    reason: AuditReasonOption = "",
) -> None:
    """Let go of a connection, so that another may be opened.

    Its holder learns it at the next heartbeat, and may open it again.

    Example: creditctl gate disconnect ck_live_4f9Kq2Xw desk-1 --reason "its server is gone"
    """
    from creditctl.services.gate_connections import close_by_hand

    session = session_of(ctx)
    session.show(close_by_hand(session.context, key, lease, reason=reason), CLOSED_VIEW)
