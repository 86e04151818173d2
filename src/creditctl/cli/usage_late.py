"""`creditctl usage late`: events that came after their time was invoiced for good."""

from enum import StrEnum
from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import LimitOption, OrganizationOption
from creditctl.cli.rails import DryRunOption, ReasonOption
from creditctl.cli.session import session_of
from creditctl.output.view import Column, View

LATE_VIEW = View(
    "creditctl.late_events/v1",
    (
        Column("id"),
        Column("organization", "Org"),
        Column("occurred_at", "At"),
        Column("credits"),
        Column("state"),
    ),
    empty="No events in quarantine.",
)
DECISION_VIEW = View(
    "creditctl.late_decision/v1",
    (
        Column("state", "Now"),
        Column("organizations"),
        Column("events"),
        Column("credits"),
        Column("dry_run", "Dry run"),
    ),
)

app = command_group("Usage that came too late to be billed.")

EventsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="EVENT", help="Ids, as list shows them.")
]
BatchOption = Annotated[
    str | None, typer.Option("--batch", metavar="BATCH", help="All that one import brought.")
]
AllOption = Annotated[bool, typer.Option("--all", help="Everything that waits.")]


class LateState(StrEnum):
    """What was decided, or that nothing was yet."""

    QUARANTINED = "quarantined"
    RELEASED = "released"
    REJECTED = "rejected"
    ANY = "any"


def register(group: typer.Typer) -> None:
    """Add the commands of this file to the group."""
    group.add_typer(app, name="late")


@app.command("list")
def list_late(
    ctx: typer.Context,
    organization: OrganizationOption = None,
    state: Annotated[
        LateState, typer.Option("--state", help="Only events in this state.")
    ] = LateState.QUARANTINED,
    limit: LimitOption = 50,
) -> None:
    """List events that came too late to be billed.

    Example: creditctl usage late list --org acme
    """
    from creditctl.services.late_decisions import late_events

    session = session_of(ctx)
    only = None if state is LateState.ANY else state.value
    found = late_events(session.context, organization=organization, state=only, limit=limit + 1)
    session.show(found[:limit], LATE_VIEW)
    if len(found) > limit:
        session.note(f"there are more: these are the oldest {limit}; --limit shows more")


@app.command("release")
def release_late(
    ctx: typer.Context,
    reason: ReasonOption,
    events: EventsArgument = None,
    organization: OrganizationOption = None,
    batch: BatchOption = None,
    everything: AllOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Bill late events after all.

    They are booked at the prices of their time and paid by the grants of that time; the next
    invoice has a line for them that names the period they belong to.

    Example: creditctl usage late release --org acme --reason "agreed with Ms Berg"
    """
    from creditctl.services.late_decisions import Chosen, release

    session = session_of(ctx)
    chosen = Chosen(
        ids=tuple(events or ()), organization=organization, batch=batch, everything=everything
    )
    if not dry_run:
        session.confirm("billing these events")
    session.show(release(session.context, chosen, reason=reason, dry_run=dry_run), DECISION_VIEW)


@app.command("reject")
def reject_late(
    ctx: typer.Context,
    reason: ReasonOption,
    events: EventsArgument = None,
    organization: OrganizationOption = None,
    batch: BatchOption = None,
    everything: AllOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Never bill late events.

    They stay listed with the reason, and the same events cannot be imported again.

    Example: creditctl usage late reject --batch batch_01m3tc5h22z14943wggf9y6jm2 --reason "too old"
    """
    from creditctl.services.late_decisions import Chosen, reject

    session = session_of(ctx)
    chosen = Chosen(
        ids=tuple(events or ()), organization=organization, batch=batch, everything=everything
    )
    if not dry_run:
        session.confirm("rejecting these events for good")
    session.show(reject(session.context, chosen, reason=reason, dry_run=dry_run), DECISION_VIEW)
