"""`creditctl notifications`: what was told to whom, and what waits to be told."""

from enum import StrEnum
from typing import Annotated

import typer

from creditctl.cli import notification_prune
from creditctl.cli.groups import command_group
from creditctl.cli.options import LimitOption
from creditctl.cli.rails import AuditReasonOption
from creditctl.cli.session import session_of
from creditctl.errors import ExitStatus, InvalidInput
from creditctl.output.view import Column, Section, View

app = command_group("What was told to whom; run by cron.")

NOTIFICATIONS_VIEW = View(
    "creditctl.notifications/v1",
    (
        Column("id"),
        Column("organization", "Org"),
        Column("event"),
        Column("status"),
    ),
    empty="Nothing was told to anybody yet.",
)
NOTIFICATION_VIEW = View(
    "creditctl.notification/v1",
    (
        Column("id"),
        Column("organization"),
        Column("destination"),
        Column("channel"),
        Column("address", "To"),
        Column("event"),
        Column("summary"),
        Column("status"),
        Column("created_at"),
        Column("delivered_at"),
        Column("next_attempt_at", "Next attempt"),
        Column("deadline_at", "Given up at"),
    ),
    sections=(
        Section(
            "attempts",
            "Attempts",
            (
                Column("attempted_at", "At"),
                Column("outcome"),
                Column("duration_ms", "ms"),
                Column("detail"),
            ),
            hidden_when_empty=True,
        ),
    ),
)
RUN_VIEW = View(
    "creditctl.delivery_run/v1",
    (Column("sent"), Column("failed"), Column("dead"), Column("waiting")),
)
DestinationOption = Annotated[
    str | None, typer.Option("--destination", metavar="DEST", help="Only to this one (dest_…).")
]


class Status(StrEnum):
    """Where a notification stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    CANCELLED = "cancelled"


@app.command("list")
def list_all(
    ctx: typer.Context,
    organization: Annotated[
        str | None, typer.Argument(metavar="[ORG]", help="Only about this one (slug or id).")
    ] = None,
    destination: DestinationOption = None,
    status: Annotated[
        Status | None, typer.Option("--status", help="Only those that stand there.")
    ] = None,
    limit: LimitOption = 50,
) -> None:
    """List notifications, the newest first.

    Example: creditctl notifications list acme --status dead
    """
    from creditctl.services.notifications import list_notifications

    session = session_of(ctx)
    found = list_notifications(
        session.context,
        organization,
        destination=destination,
        status=status.value if status else None,
        limit=limit,
    )
    session.show(found, NOTIFICATIONS_VIEW)


@app.command("show")
def show_one(
    ctx: typer.Context,
    notification: Annotated[str, typer.Argument(metavar="NTF", help="Id (ntf_…).")],
    payload: Annotated[
        bool, typer.Option("--payload", help="The JSON document that is sent, as it is.")
    ] = False,
) -> None:
    """Show a notification and every attempt to deliver it.

    Example: creditctl notifications show ntf_01kb --payload
    """
    from creditctl.services.notifications import notification_payload, show_notification

    session = session_of(ctx)
    if payload:
        session.write(notification_payload(session.context, notification))
    else:
        session.show(show_notification(session.context, notification), NOTIFICATION_VIEW)


@app.command("deliver")
def deliver(
    ctx: typer.Context,
    limit: LimitOption = 10_000,
) -> None:
    """Send what is due; exit 7 if something was given up.

    Meant for cron, each minute. On a table it says nothing when nothing was due. Several runs at
    once share the work.

    Example: creditctl notifications deliver
    """
    from creditctl.services.deliveries import deliver_due

    session = session_of(ctx)
    run = deliver_due(session.context, limit=limit)
    if run.has_news or session.format_name != "table":
        session.show(run, RUN_VIEW)
    if run.dead:
        raise typer.Exit(ExitStatus.FINDINGS)


@app.command("retry")
def retry(
    ctx: typer.Context,
    notifications: Annotated[
        list[str] | None, typer.Argument(metavar="[NTF]...", help="Ids (ntf_…), unless --dead.")
    ] = None,
    dead: Annotated[
        bool, typer.Option("--dead", help="All that were given up, the oldest first.")
    ] = False,
    destination: DestinationOption = None,
    reason: AuditReasonOption = "",
) -> None:
    """Put notifications back: due at once, for another 24 hours.

    Example: creditctl notifications retry --dead --destination dest_01kb
    """
    from creditctl.services.notifications import retry_dead, retry_notifications

    if bool(notifications) == dead or (destination and not dead):
        raise InvalidInput(
            "retry takes notifications, or --dead with or without --destination",
            hint="'creditctl notifications list --status dead' shows them",
        )
    session = session_of(ctx)
    if dead:
        found = retry_dead(session.context, destination, reason)
    else:
        found = retry_notifications(session.context, notifications or [], reason)
    session.show(found, NOTIFICATIONS_VIEW)


notification_prune.register(app)
