"""`creditctl invoice`: what organizations owe for a month; one file per kind of work."""

from dataclasses import replace
from functools import partial
from typing import Annotated

import typer

from creditctl.cli import invoice_corrections, invoice_papers, invoice_replays, invoice_steps
from creditctl.cli.document_options import (
    CiiOption,
    FacturxOption,
    HtmlOption,
    LocaleOption,
    PdfOption,
    UblOption,
    handed_out,
)
from creditctl.cli.groups import command_group
from creditctl.cli.invoice_views import (
    AGING_VIEW,
    CURRENCIES,
    EXPLANATION_VIEW,
    INVOICES_VIEW,
    PARKED,
    RUN_VIEW,
    credit_note_view,
    invoice_view,
)
from creditctl.cli.options import MonthOption, OrganizationOption, RequiredMonthOption
from creditctl.cli.session import session_of
from creditctl.errors import ExitStatus

app = command_group("Invoices of a month.")


@app.command("generate")
def generate(
    ctx: typer.Context,
    month: RequiredMonthOption,
    organization: OrganizationOption = None,
    zero: Annotated[
        bool, typer.Option("--zero", help="Also for those with nothing to say: over nothing.")
    ] = False,
) -> None:
    """Draft the invoices of a month that has ended.

    One for each organization with fees, usage or an order form, with the tax of the period's last
    day. Running it again refreshes the drafts, keeps their ids, and says what changed and why; a
    run that was stopped goes on. Exits 7 when books do not add up, or tax cannot be told, and an
    organization had to be parked.

    Example: creditctl invoice generate --month 2026-10
    """
    from creditctl.cli.usage_progress import watching
    from creditctl.services.invoicing import generate_invoices

    session = session_of(ctx)
    with watching(session) as watch:
        run = generate_invoices(
            session.context, month, organization=organization, zero=zero, watch=watch
        )
    sections = RUN_VIEW.sections
    sections += (CURRENCIES,) if len(run.totals) > 1 else ()
    sections += (PARKED,) if run.parked else ()
    session.show(run, replace(RUN_VIEW, sections=sections))
    if run.remaining:
        session.warn(
            f"stopped before {run.remaining} organizations; the same command goes on with them"
        )
        raise typer.Exit(ExitStatus.INTERRUPTED)
    if run.parked:
        session.warn("some organizations are parked: what is wrong has to be settled first")
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
            metavar="INVOICE", help="An id or number, of a credit note too, or an org's slug."
        ),
    ],
    month: MonthOption = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Trace every line to what it was made of.")
    ] = False,
    pdf: PdfOption = None,
    html: HtmlOption = None,
    facturx: FacturxOption = None,
    cii: CiiOption = None,
    ubl: UblOption = None,
    locale: LocaleOption = None,
) -> None:
    """Show an invoice or credit note, or write it as a file.

    With its lines, taxes, payments and credit notes. A draft is marked as one. --explain names the
    days, grants, prices and order forms behind each line, and whether they sum to it.

    Example: creditctl invoice show acme --month 2026-10 --pdf invoice.pdf
    """
    from creditctl.services.credit_note_document import is_credit_note, show_credit_note
    from creditctl.services.invoice_document import document_named
    from creditctl.services.invoices import show_invoice

    session = session_of(ctx)
    if explain:
        from creditctl.services.invoice_explanation import explain_invoice

        explained = explain_invoice(session.context, invoice, month)
        session.show(explained, EXPLANATION_VIEW)
        if not explained.closes:
            again = f"replay {explained.number}" if explained.number else "generate"
            session.note(f"the books have changed since: see 'creditctl invoice {again}'")
        return
    make = partial(document_named, session.context, invoice, month)
    files = {"facturx": facturx, "cii": cii, "ubl": ubl}
    if handed_out(session, make, pdf=pdf, html=html, locale=locale, **files):
        return
    if is_credit_note(invoice):
        note = show_credit_note(session.context, invoice)
        session.show(note, credit_note_view(note))
        return
    found = show_invoice(session.context, invoice, month)
    session.show(found, invoice_view(found))


@app.command("aging")
def aging(ctx: typer.Context, organization: OrganizationOption = None) -> None:
    """Show what is due, by days since it was due.

    Example: creditctl invoice aging
    """
    from creditctl.services.invoice_aging import aged_receivables

    session = session_of(ctx)
    session.show(aged_receivables(session.context, organization=organization), AGING_VIEW)


for part in (invoice_steps, invoice_corrections, invoice_papers, invoice_replays):
    part.register(app)
