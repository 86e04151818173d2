"""`creditctl recharge`: credits bought back when the balance runs low."""

from datetime import timedelta
from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import OrganizationArgument, parser_of, positive_credits
from creditctl.cli.rails import AuditReasonOption
from creditctl.cli.session import session_of
from creditctl.errors import ExitStatus
from creditctl.output.view import Column, View
from creditctl.rules.money_text import parse_money
from creditctl.rules.recharges import parse_wait
from creditctl.rules.units import Credits, Money

app = command_group("Credits bought back when the balance runs low.")

RECHARGE_VIEW = View(
    "creditctl.recharge/v1",
    (
        Column("organization", "Org"),
        Column("state"),
        Column("standing"),
        Column("reason"),
        Column("below"),
        Column("up_to", "Up to"),
        Column("monthly_cap", "Monthly cap"),
        Column("spent_this_month", "This month"),
        Column("method"),
        Column("cool_down_seconds", "Cool-down (s)"),
        Column("declines"),
        Column("next_try_at", "Not before"),
        Column("open_purchase", "Open purchase"),
    ),
)
RECHARGES_VIEW = View(
    "creditctl.recharges/v1",
    (
        Column("organization", "Org"),
        Column("standing"),
        Column("below"),
        Column("up_to", "Up to"),
        Column("spent_this_month", "This month"),
        Column("monthly_cap", "Cap"),
    ),
    empty="No organization has an auto-recharge.",
)
RUNS_VIEW = View(
    "creditctl.recharge_runs/v1",
    (
        Column("organization", "Org"),
        Column("outcome"),
        Column("credits"),
        Column("total"),
        Column("note"),
    ),
    empty="No auto-recharge is at work.",
)
SomeOrganizationArgument = Annotated[
    str | None, typer.Argument(metavar="[ORG]", help="Only this one (slug or id).")
]


@app.command("set")
def set_one(
    ctx: typer.Context,
    organization: OrganizationArgument,
    below: Annotated[
        Credits,
        typer.Option(
            "--below",
            metavar="CREDITS",
            parser=parser_of("--below", positive_credits),
            help="Buy when less than this is available.",
        ),
    ],
    up_to: Annotated[
        Credits,
        typer.Option(
            "--up-to",
            metavar="CREDITS",
            parser=parser_of("--up-to", positive_credits),
            help="Buy what brings the balance up to this.",
        ),
    ],
    monthly_cap: Annotated[
        Money,
        typer.Option(
            "--monthly-cap",
            metavar="MONEY",
            parser=parser_of("--monthly-cap", parse_money),
            help="At most this in a UTC month, tax included, such as 500EUR.",
        ),
    ],
    reason: AuditReasonOption,
    method: Annotated[
        str | None,
        typer.Option(
            "--method", metavar="METHOD", help="A payment method (pm_…); else the default one."
        ),
    ] = None,
    cool_down: Annotated[
        timedelta,
        typer.Option(
            "--cool-down",
            metavar="TIME",
            parser=parser_of("--cool-down", parse_wait),
            help="At least this between two purchases, such as 90m, 1h or 2d.",
        ),
    ] = "1h",  # type: ignore[assignment]
) -> None:
    """Set when credits are bought, how many, and the month's cap.

    'creditctl limits check' buys, with the payment method on file. An auto-recharge that was
    disabled stays so until 'creditctl recharge enable'.

    Example: creditctl recharge set acme --below 500 --up-to 5000 --monthly-cap 500EUR --reason ok
    """
    from creditctl.services.recharges import RechargeTerms, set_recharge

    session = session_of(ctx)
    terms = RechargeTerms(
        organization=organization,
        below=below,
        up_to=up_to,
        monthly_cap=monthly_cap,
        reason=reason,
        method=method,
        cool_down=cool_down,
    )
    session.show(set_recharge(session.context, terms), RECHARGE_VIEW)


@app.command("show")
def show(ctx: typer.Context, organization: SomeOrganizationArgument = None) -> None:
    """Show auto-recharges and where they stand; of one, all of it.

    Example: creditctl recharge show acme
    """
    from creditctl.services.recharges import list_recharges

    session = session_of(ctx)
    found = list_recharges(session.context, organization)
    if organization is None:
        session.show(found, RECHARGES_VIEW)
    else:
        session.show(found[0], RECHARGE_VIEW)


@app.command("run")
def run(ctx: typer.Context, organization: SomeOrganizationArgument = None) -> None:
    """Buy what is due now, as 'limits check' does each minute.

    Running it again buys nothing twice. Exits 7 when one failed; it is tried again the next time.

    Example: creditctl recharge run acme
    """
    from creditctl.services.recharging import run_recharges

    session = session_of(ctx)
    runs = run_recharges(session.context, organization)
    session.show(runs, RUNS_VIEW)
    if any(one.outcome == "failed" for one in runs):
        raise typer.Exit(ExitStatus.FINDINGS)


@app.command("disable")
def disable(
    ctx: typer.Context, organization: OrganizationArgument, reason: AuditReasonOption
) -> None:
    """Buy nothing more; a payment under way is still followed.

    Example: creditctl recharge disable acme --reason "asked by mail"
    """
    from creditctl.services.recharges import disable_recharge

    session = session_of(ctx)
    session.show(disable_recharge(session.context, organization, reason), RECHARGE_VIEW)


@app.command("enable")
def enable(
    ctx: typer.Context, organization: OrganizationArgument, reason: AuditReasonOption
) -> None:
    """Buy again; earlier declines are forgotten.

    Example: creditctl recharge enable acme --reason "new card"
    """
    from creditctl.services.recharges import enable_recharge

    session = session_of(ctx)
    session.show(enable_recharge(session.context, organization, reason), RECHARGE_VIEW)
