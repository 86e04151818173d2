"""`creditctl destinations`: who is told when something happens, and how."""

from datetime import timedelta
from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import parser_of
from creditctl.cli.rails import AuditReasonOption
from creditctl.cli.session import session_of
from creditctl.errors import ExitStatus, InvalidInput
from creditctl.output.view import Column, View
from creditctl.rules.events import checked_pattern

app = command_group("Who is told when something happens, and how.")

DESTINATION_VIEW = View(
    "creditctl.destination/v1",
    (
        Column("id"),
        Column("organization"),
        Column("channel"),
        Column("address", "To"),
        Column("told", "Told of"),
        Column("state"),
        Column("failures", "Failures in a row"),
        Column("paused_until", "Paused until"),
        Column("created_at"),
    ),
)
DESTINATIONS_VIEW = View(
    "creditctl.destinations/v1",
    (
        Column("id"),
        Column("organization", "Org"),
        Column("channel"),
        Column("told", "Told of"),
        Column("state"),
    ),
    empty="Nobody is told of anything yet.",
)
NEW_VIEW = View(
    "creditctl.new_destination/v1",
    (
        Column("id"),
        Column("organization"),
        Column("channel"),
        Column("address", "To"),
        Column("told", "Told of"),
        Column("old_secret_until", "Old secret until"),
        Column("secret"),
    ),
)
TRIAL_VIEW = View(
    "creditctl.destination_trial/v1",
    (
        Column("id"),
        Column("channel"),
        Column("address", "To"),
        Column("outcome"),
        Column("detail"),
        Column("duration_ms", "Took (ms)"),
        Column("notification"),
    ),
)
DestinationArgument = Annotated[str, typer.Argument(metavar="DEST", help="Id (dest_…).")]


@app.command("add")
def add_one(
    ctx: typer.Context,
    channel: Annotated[
        str,
        typer.Option("--channel", metavar="CHANNEL", help="email, webhook, pagerduty or command."),
    ],
    to: Annotated[
        str, typer.Option("--to", metavar="ADDRESS", help="Its mailbox, URL, key or command.")
    ],
    organization: Annotated[
        str | None, typer.Argument(metavar="[ORG]", help="Slug or id, unless --everybody.")
    ] = None,
    told: Annotated[
        list[str] | None,
        typer.Option(
            "--for",
            metavar="EVENT",
            parser=parser_of("--for", checked_pattern),
            help="hard, notify, info, an event, or a family such as 'budget.*'; more than once for "
            "several. hard and notify unless given.",
        ),
    ] = None,
    everybody: Annotated[
        bool, typer.Option("--everybody", help="Told about every organization.")
    ] = False,
) -> None:
    """Tell somebody what happens; a secret is shown this once.

    Separate addresses for hard and notify limits are two destinations. Whoever is told that
    something went wrong is told too when it is over.

    Example: creditctl destinations add acme --channel webhook --to https://acme.example --for hard
    """
    from creditctl.services.destinations import DEFAULT_WISHES, add_destination

    if (organization is None) != everybody:
        raise InvalidInput(
            "a destination is for one organization or for --everybody",
            hint="name the organization, or add --everybody",
        )
    session = session_of(ctx)
    added = add_destination(
        session.context, organization, channel=channel, address=to, told=told or DEFAULT_WISHES
    )
    session.show(added, NEW_VIEW)
    if added.secret:
        session.note("keep the secret now: it is not shown again")


@app.command("list")
def list_all(
    ctx: typer.Context,
    organization: Annotated[
        str | None, typer.Argument(metavar="[ORG]", help="Only those told of this one.")
    ] = None,
) -> None:
    """List destinations and what they are told, never their secrets.

    Example: creditctl destinations list acme
    """
    from creditctl.services.destinations import list_destinations

    session = session_of(ctx)
    session.show(list_destinations(session.context, organization), DESTINATIONS_VIEW)


@app.command("show")
def show_one(ctx: typer.Context, destination: DestinationArgument) -> None:
    """Show a destination, where it goes and how it fares.

    Example: creditctl destinations show dest_01kb
    """
    from creditctl.services.destinations import show_destination

    session = session_of(ctx)
    session.show(show_destination(session.context, destination), DESTINATION_VIEW)


@app.command("test")
def test(ctx: typer.Context, destination: DestinationArgument) -> None:
    """Send a test message now and say how it went; exit 1 if it failed.

    Example: creditctl destinations test dest_01kb
    """
    from creditctl.services.destination_trials import try_destination

    session = session_of(ctx)
    trial = try_destination(session.context, destination)
    session.show(trial, TRIAL_VIEW)
    if not trial.works:
        raise typer.Exit(ExitStatus.FAILURE)


@app.command("rotate")
def rotate(
    ctx: typer.Context,
    destination: DestinationArgument,
    grace_hours: Annotated[
        int,
        typer.Option(
            "--grace", metavar="HOURS", min=0, max=24 * 30, help="How long both secrets sign."
        ),
    ] = 24,
    reason: AuditReasonOption = "",
) -> None:
    """Make a new signing secret; shown this once.

    Example: creditctl destinations rotate dest_01kb --grace 72
    """
    from creditctl.services.destinations import rotate_secret

    session = session_of(ctx)
    grace = timedelta(hours=grace_hours)
    rotated = rotate_secret(session.context, destination, grace=grace, reason=reason)
    session.show(rotated, NEW_VIEW)
    session.note("keep the secret now: it is not shown again")


@app.command("disable")
def disable(
    ctx: typer.Context, destination: DestinationArgument, reason: AuditReasonOption = ""
) -> None:
    """Send nothing there, and write nothing for it.

    Example: creditctl destinations disable dest_01kb --reason "moving"
    """
    from creditctl.services.destinations import switch_destination

    session = session_of(ctx)
    changed = switch_destination(session.context, destination, on=False, reason=reason)
    session.show(changed, DESTINATION_VIEW)


@app.command("enable")
def enable(
    ctx: typer.Context, destination: DestinationArgument, reason: AuditReasonOption = ""
) -> None:
    """Send there again; its failures are forgotten.

    Example: creditctl destinations enable dest_01kb --reason "moved"
    """
    from creditctl.services.destinations import switch_destination

    session = session_of(ctx)
    changed = switch_destination(session.context, destination, on=True, reason=reason)
    session.show(changed, DESTINATION_VIEW)


@app.command("remove")
def remove(
    ctx: typer.Context, destination: DestinationArgument, reason: AuditReasonOption = ""
) -> None:
    """Forget a destination and what waits for it; asks first.

    Example: creditctl destinations remove dest_01kb --yes
    """
    from creditctl.services.destinations import remove_destination

    session = session_of(ctx)
    session.confirm(f"remove {destination} and cancel what waits for it?")
    session.show(remove_destination(session.context, destination, reason), DESTINATION_VIEW)
