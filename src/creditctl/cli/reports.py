"""`creditctl reports`: figures for the accountant."""

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import RequiredMonthOption
from creditctl.cli.session import session_of
from creditctl.output.view import Column, Section, View

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
    ),
    csv_rows="taxes",
)


@app.command("tax")
def tax(ctx: typer.Context, month: RequiredMonthOption) -> None:
    """Show tax collected with purchases, by place, tax and rate.

    A purchase counts in the month in which it was paid; the totals are the sums of its receipts.

    Example: creditctl reports tax --month 2026-10
    """
    from creditctl.services.tax_report import report_tax

    session = session_of(ctx)
    session.show(report_tax(session.context, month), TAX_VIEW)
