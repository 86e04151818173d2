"""`creditctl invoice`: what organizations owe for a month."""

from dataclasses import replace
from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import MonthOption, OrganizationOption, RequiredMonthOption
from creditctl.cli.session import session_of
from creditctl.errors import ExitStatus
from creditctl.output.view import Column, Section, View
from creditctl.services.invoices import list_invoices, show_invoice
from creditctl.services.invoicing import generate_invoices

app = command_group("Invoices of a month.")

_AMOUNTS = (
    Column("overage_credits", "Uncovered"),
    Column("fees"),
    Column("overage_due", "Overage"),
    Column("total"),
)
_PARKED = Section("parked", "Parked", (Column("organization"), Column("problem")))
RUN_VIEW = View(
    "creditctl.invoice_run/v1",
    (
        Column("month"),
        Column("created"),
        Column("refreshed"),
        Column("unchanged"),
        Column("total"),
    ),
    sections=(
        Section("invoices", "Invoices", (Column("organization"), Column("status"), *_AMOUNTS)),
    ),
    csv_rows="invoices",
)
INVOICES_VIEW = View(
    "creditctl.invoices/v1",
    (Column("organization"), Column("month"), Column("status"), *_AMOUNTS[2:], Column("stale")),
    empty="No invoices yet.",
)
INVOICE_VIEW = View(
    "creditctl.invoice/v1",
    (
        Column("id", "Invoice"),
        Column("legal_name", "Organization"),
        Column("month"),
        Column("starts_at", "From"),
        Column("ends_at", "Until"),
        Column("status"),
        Column("stale"),
        *_AMOUNTS,
    ),
    sections=(
        Section(
            "lines",
            "Lines",
            (
                Column("description", ""),
                Column("requests"),
                Column("credits"),
                Column("unit_price", "Price"),
                Column("amount"),
            ),
        ),
    ),
    csv_rows="lines",
)


@app.command("generate")
def generate(
    ctx: typer.Context, month: RequiredMonthOption, organization: OrganizationOption = None
) -> None:
    """Draft the invoices of a month that has ended.

    One for each organization with fees or usage. Running it again refreshes the drafts and keeps
    their ids. Exits 7 when books do not add up and an organization had to be parked.

    Example: creditctl invoice generate --month 2026-10
    """
    session = session_of(ctx)
    run = generate_invoices(session.context, month, organization=organization)
    sections = (*RUN_VIEW.sections, _PARKED) if run.parked else RUN_VIEW.sections
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
    session = session_of(ctx)
    session.show(
        list_invoices(session.context, month=month, organization=organization), INVOICES_VIEW
    )


@app.command("show")
def show_one(
    ctx: typer.Context,
    invoice: Annotated[
        str, typer.Argument(metavar="INVOICE", help="An id (inv_…), or an organization's slug.")
    ],
    month: MonthOption = None,
) -> None:
    """Show an invoice and its lines.

    Example: creditctl invoice show acme --month 2026-10
    """
    session = session_of(ctx)
    session.show(show_invoice(session.context, invoice, month), INVOICE_VIEW)
