"""`creditctl invoice`: what organizations owe for a month; one file per kind of work."""

from dataclasses import replace
from typing import Annotated

import typer

from creditctl.cli import invoice_corrections, invoice_replays, invoice_steps
from creditctl.cli.groups import command_group
from creditctl.cli.invoice_views import (
    AGING_VIEW,
    CURRENCIES,
    INVOICE_VIEW,
    INVOICES_VIEW,
    PARKED,
    RUN_VIEW,
)
from creditctl.cli.options import MonthOption, OrganizationOption, RequiredMonthOption
from creditctl.cli.session import session_of
from creditctl.errors import ExitStatus

app = command_group("Invoices of a month.")


@app.command("generate")
def generate(
    ctx: typer.Context, month: RequiredMonthOption, organization: OrganizationOption = None
) -> None:
    """Draft the invoices of a month that has ended.

    One for each organization with fees or usage, with the tax of the period's last day. Running it
    again refreshes the drafts and keeps their ids. Exits 7 when books do not add up, or tax cannot
    be told, and an organization had to be parked.

    Example: creditctl invoice generate --month 2026-10
    """
    from creditctl.services.invoicing import generate_invoices

    session = session_of(ctx)
    run = generate_invoices(session.context, month, organization=organization)
    sections = RUN_VIEW.sections
    sections += (CURRENCIES,) if len(run.totals) > 1 else ()
    sections += (PARKED,) if run.parked else ()
    session.show(run, replace(RUN_VIEW, sections=sections))
    if run.parked:
        session.warn("some organizations are parked; 'creditctl check' says more")
        raise typer.Exit(ExitStatus.FINDINGS)


@app.command("list")
def list_all(
    ctx: typer.Context, month: MonthOption = None, organization: OrganizationOption = None
) -> None:
    """List invoices, the newest month first.

    Example: creditctl invoice list --month 2026-10
    """
    from creditctl.services.invoices import list_invoices

    session = session_of(ctx)
    session.show(
        list_invoices(session.context, month=month, organization=organization), INVOICES_VIEW
    )


@app.command("show")
def show_one(
    ctx: typer.Context,
    invoice: Annotated[
        str,
        typer.Argument(
            metavar="INVOICE", help="An id (inv_…) or number, or an organization's slug."
        ),
    ],
    month: MonthOption = None,
) -> None:
    """Show an invoice with its lines, taxes, payments and credit notes.

    Example: creditctl invoice show acme --month 2026-10
    """
    from creditctl.services.invoices import show_invoice

    session = session_of(ctx)
    session.show(show_invoice(session.context, invoice, month), INVOICE_VIEW)


@app.command("aging")
def aging(ctx: typer.Context, organization: OrganizationOption = None) -> None:
    """Show what is due, by days since it was due.

    Example: creditctl invoice aging
    """
    from creditctl.services.invoice_aging import aged_receivables

    session = session_of(ctx)
    session.show(aged_receivables(session.context, organization=organization), AGING_VIEW)


for part in (invoice_steps, invoice_corrections, invoice_replays):
    part.register(app)
