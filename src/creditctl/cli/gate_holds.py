"""`creditctl gate holds`: calls that were let through and are not settled yet."""

from enum import StrEnum
from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import LimitOption
from creditctl.cli.rails import ReasonOption
from creditctl.cli.session import session_of
from creditctl.output.view import Column, View

HOLDS_VIEW = View(
    "creditctl.holds/v1",
    (
        Column("id"),
        Column("organization", "Org"),
        Column("state"),
        Column("held"),
        Column("expires_at", "Free at"),
    ),
    empty="No calls in flight.",
)
HOLD_VIEW = View(
    "creditctl.hold/v1",
    (
        Column("id"),
        Column("organization"),
        Column("state"),
        Column("held", "Holds"),
        Column("estimate", "Estimated at"),
        Column("credits", "Captured at"),
        Column("authorized_at", "Authorized"),
        Column("expires_at", "Free at"),
    ),
)

app = command_group("Calls that hold credits until they are settled.")

HoldArgument = Annotated[str, typer.Argument(metavar="HOLD", help="Its id, or the request id.")]


class HoldState(StrEnum):
    """What became of a call."""

    OPEN = "open"
    CAPTURED = "captured"
    RELEASED = "released"
    EXPIRED = "expired"
    ANY = "any"


def register(group: typer.Typer) -> None:
    """Add the commands of this file to the group."""
    group.add_typer(app, name="holds")


@app.command("list")
def list_holds(
    ctx: typer.Context,
    organization: Annotated[
        str | None, typer.Argument(metavar="[ORG]", help="Only this organization's.")
    ] = None,
    state: Annotated[
        HoldState, typer.Option("--state", help="Only holds in this state.")
    ] = HoldState.OPEN,
    limit: LimitOption = 50,
) -> None:
    """List calls in flight, the newest first.

    Example: creditctl gate holds list acme
    """
    from creditctl.services.held_calls import held_calls

    session = session_of(ctx)
    only = None if state is HoldState.ANY else state.value
    found = held_calls(session.context, organization, state=only, limit=limit + 1)
    session.show(found[:limit], HOLDS_VIEW)
    if len(found) > limit:
        session.note(f"there are more: these are the newest {limit}; --limit shows more")


@app.command("show")
def show_hold(ctx: typer.Context, hold: HoldArgument) -> None:
    """Show what a call holds, or what became of it.

    Example: creditctl gate holds show 7f3c2a90d1b84c6e
    """
    from creditctl.services.holds import find_hold

    session = session_of(ctx)
    session.show(find_hold(session.context, hold), HOLD_VIEW)


@app.command("release")
def release_hold(ctx: typer.Context, hold: HoldArgument, reason: ReasonOption) -> None:
    """Free what a call holds that was never settled; asks first.

    Without it the credits are free at the time that show tells. Releasing again changes nothing.

    Example: creditctl gate holds release 7f3c2a90d1b84c6e --reason "its gate is gone" --yes
    """
    from creditctl.services.held_calls import release_by_hand
    from creditctl.services.holds import find_hold

    session = session_of(ctx)
    found = find_hold(session.context, hold)
    session.confirm(f"free the {found.held} credits of {found.organization} that {found.id} holds?")
    session.show(release_by_hand(session.context, hold, reason=reason), HOLD_VIEW)
