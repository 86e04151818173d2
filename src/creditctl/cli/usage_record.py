"""`creditctl usage record`: book a single request by hand."""

from datetime import datetime
from typing import Annotated

import typer

from creditctl.cli.options import OrganizationArgument, parser_of
from creditctl.cli.rails import (
    DryRunOption,
    ExpectBalanceOption,
    ExpectEmailOption,
    IdempotencyKeyOption,
    ReasonOption,
    rails_of,
)
from creditctl.cli.session import session_of
from creditctl.output.view import Column, View
from creditctl.rules.instants import parse_instant

RECORDED_VIEW = View(
    "creditctl.recorded_usage/v1",
    (
        Column("event", "Id"),
        Column("organization"),
        Column("request"),
        Column("outcome"),
        Column("credits"),
        Column("overage", "Owed of it"),
        Column("available_before", "Available before"),
        Column("available_after", "Available after"),
        Column("batch", "Import"),
        Column("dry_run", "Dry run"),
        Column("needs_approval", "Needs approval"),
    ),
)


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the group."""
    app.command("record")(record)


def record(
    ctx: typer.Context,
    organization: OrganizationArgument,
    path: Annotated[str, typer.Option("--path", metavar="PATH", help="Such as /v1/quotes/AAPL.")],
    at: Annotated[
        datetime,
        typer.Option(
            "--at",
            metavar="TIME",
            parser=parser_of("--at", parse_instant),
            help="When the request was made.",
        ),
    ],
    reason: ReasonOption,
    method: Annotated[str, typer.Option("--method", metavar="METHOD", help="Such as GET.")] = "GET",
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="Id or prefix, never a secret.")
    ] = None,
    status: Annotated[
        int, typer.Option("--status", min=100, max=599, help="How it was answered.")
    ] = 200,
    units: Annotated[
        int, typer.Option("--units", min=0, max=2**53, help="How much data it returned.")
    ] = 0,
    event_id: Annotated[
        str | None,
        typer.Option("--id", metavar="ID", help="The request's own; it is billed once."),
    ] = None,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Book a request that no log has, as an import of it would be.

    It is priced at its own time, drawn from credits, late where its month is invoiced, and known by
    its id: the log line of the same request, should it come after all, is a duplicate.

    Example: creditctl usage record acme --path /rows --at 2026-10-04T12:00Z --reason lost
    """
    from creditctl.services.usage_recording import RecordRequest, record_usage

    session = session_of(ctx)
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    request = RecordRequest(
        organization=organization,
        method=method,
        path=path,
        at=at,
        reason=reason,
        key=key,
        status=status,
        units=units,
        id=event_id,
    )
    recorded = record_usage(session.context, request, rails)
    session.show(recorded, RECORDED_VIEW)
    if recorded.outcome == "duplicate":
        session.note("it was booked before: nothing has changed")
    if recorded.outcome == "quarantined":
        session.note("'creditctl usage late list' shows the events in quarantine")
