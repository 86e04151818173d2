"""`creditctl reports`: figures for the accountant."""

from datetime import datetime
from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import MonthOption, RequiredMonthOption, parser_of
from creditctl.cli.report_views import (
    BREAKAGE_VIEW,
    LIABILITY_AT_VIEW,
    LIABILITY_VIEW,
    MARGIN_VIEW,
    MRR_VIEW,
    PROMOTIONS_VIEW,
    RECEIVABLES_VIEW,
    REVENUE_VIEW,
    USAGE_VIEW,
)
from creditctl.cli.session import session_of
from creditctl.errors import InvalidInput
from creditctl.output.view import Column, Section, View
from creditctl.rules.instants import parse_instant

app = command_group("Reports for the accountant.")

TAX_VIEW = View(
    "creditctl.tax_report/v1",
    (Column("month"), Column("documents")),
    (
        Section(
            "taxes",
            "Taxes",
            (
                Column("place"),
                Column("name", "Tax"),
                Column("percent", "%"),
                Column("treatment"),
                Column("documents", "Docs"),
                Column("taxable"),
                Column("tax", "Collected"),
            ),
        ),
        Section(
            "totals",
            "Totals",
            (Column("documents", "Docs"), Column("net"), Column("tax"), Column("total")),
        ),
        Section(
            "kinds",
            "By document",
            (
                Column("kind", ""),
                Column("documents", "Docs"),
                Column("net"),
                Column("tax"),
                Column("total"),
            ),
        ),
    ),
    csv_rows="taxes",
)


@app.command("tax")
def tax(ctx: typer.Context, month: RequiredMonthOption) -> None:
    """Show tax of purchases and invoices, by place, tax and rate.

    A purchase counts in the month in which it was paid, an invoice when it became final; credit
    notes and voids take their tax back. The figures are those of the documents.

    Example: creditctl reports tax --month 2026-10
    """
    from creditctl.services.tax_report import report_tax

    session = session_of(ctx)
    session.show(report_tax(session.context, month), TAX_VIEW)


@app.command("usage")
def usage(ctx: typer.Context, month: RequiredMonthOption) -> None:
    """Show who paid for usage, and what it earned, by product.

    Credits are those of the ledger, by posting date; 'usage show' counts requests.

    Example: creditctl reports usage --month 2026-10
    """
    from creditctl.services.usage_value import report_usage_value

    session = session_of(ctx)
    session.show(report_usage_value(session.context, month), USAGE_VIEW)


@app.command("liability")
def liability(
    ctx: typer.Context,
    month: MonthOption = None,
    at: Annotated[
        datetime | None,
        typer.Option(
            "--at",
            metavar="TIME",
            parser=parser_of("--at", parse_instant),
            help="Instead of a month: a moment of the past.",
        ),
    ] = None,
) -> None:
    """Show paid credits that are unused, at what they cost.

    opening + sold - used - expired - reversed = closing, to the minor unit. --at shows what was
    owed at that moment; 2026-10-31T23:59:59.999999Z is the closing of October.

    Example: creditctl reports liability --month 2026-10
    """
    session = session_of(ctx)
    if (month is None) == (at is None):
        raise InvalidInput("a liability is of a month or of a moment", hint="--month or --at")
    if month is not None:
        from creditctl.services.liability_report import report_liability

        session.show(report_liability(session.context, month), LIABILITY_VIEW)
    elif at is not None:
        from creditctl.services.liability_at import liability_at

        session.show(liability_at(session.context, at), LIABILITY_AT_VIEW)


@app.command("revenue")
def revenue(ctx: typer.Context, month: RequiredMonthOption) -> None:
    """Show revenue recognised: credits when used, fees by the day.

    Example: creditctl reports revenue --month 2026-10
    """
    from creditctl.services.revenue_report import report_revenue

    session = session_of(ctx)
    session.show(report_revenue(session.context, month), REVENUE_VIEW)


@app.command("margin")
def margin(
    ctx: typer.Context,
    month: RequiredMonthOption,
    by: Annotated[
        str, typer.Option("--by", metavar="GROUP", help="product, endpoint, organization or plan.")
    ] = "product",
) -> None:
    """Show what usage earned and what serving it cost.

    The catalog says what requests cost you; without that there is no margin. Fees and credit notes
    are in the lines of organizations and plans, and apart from those of products.

    Example: creditctl reports margin --month 2026-10 --by organization
    """
    from creditctl.services.margin_report import report_margin

    session = session_of(ctx)
    session.show(report_margin(session.context, month, grouped_by=by), MARGIN_VIEW)


@app.command("breakage")
def breakage(ctx: typer.Context, month: RequiredMonthOption) -> None:
    """Show what paid credits earned because they expired unused.

    Example: creditctl reports breakage --month 2026-10
    """
    from creditctl.services.revenue_report import report_breakage

    session = session_of(ctx)
    session.show(report_breakage(session.context, month), BREAKAGE_VIEW)


@app.command("promotions")
def promotions(ctx: typer.Context, month: RequiredMonthOption) -> None:
    """Show credits that were given away, and what became of them.

    Example: creditctl reports promotions --month 2026-10
    """
    from creditctl.services.promotion_report import report_promotions

    session = session_of(ctx)
    session.show(report_promotions(session.context, month), PROMOTIONS_VIEW)


@app.command("receivables")
def receivables(ctx: typer.Context, month: RequiredMonthOption) -> None:
    """Show what invoices are owed, and how it came.

    opening + invoiced - paid - credited - voided = closing, tax included. 'invoice aging' shows
    what is due by days.

    Example: creditctl reports receivables --month 2026-10
    """
    from creditctl.services.receivables_report import report_receivables

    session = session_of(ctx)
    session.show(report_receivables(session.context, month), RECEIVABLES_VIEW)


@app.command("mrr")
def mrr(ctx: typer.Context, month: RequiredMonthOption) -> None:
    """Show monthly recurring revenue of plans at a month's end.

    Example: creditctl reports mrr --month 2026-10
    """
    from creditctl.services.recurring_revenue import report_recurring

    session = session_of(ctx)
    session.show(report_recurring(session.context, month), MRR_VIEW)
