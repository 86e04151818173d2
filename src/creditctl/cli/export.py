"""`creditctl export`: figures as files for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import RequiredMonthOption
from creditctl.cli.session import session_of
from creditctl.cli.usage_period import FromOption, ToOption
from creditctl.output.view import Column, View

app = command_group("Journals, cost reports and the ledger as files for other programs.")

JOURNAL_VIEW = View(
    "creditctl.journal_export/v1",
    (
        Column("file"),
        Column("format"),
        Column("month"),
        Column("transactions"),
        Column("accounts"),
    ),
)
FOCUS_VIEW = View("creditctl.focus_export/v1", (Column("file"), Column("month"), Column("charges")))
LEDGER_VIEW = View(
    "creditctl.ledger_export/v1",
    (
        Column("file"),
        Column("format"),
        Column("organization"),
        Column("starts_at", "From"),
        Column("ends_at", "Before"),
        Column("entries"),
        Column("net"),
    ),
)
STDOUT = Path("-")
TargetArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A file, or - for stdout.")]


@app.command("journal")
def journal(
    ctx: typer.Context,
    month: RequiredMonthOption,
    target: TargetArgument = STDOUT,
    format_name: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help="hledger or beancount.")
    ] = None,
) -> None:
    """Write a month's double entry for hledger or Beancount.

    It opens with the balances of before: money by account, and credits by organization.

    Example: creditctl export journal october.beancount --month 2026-10
    """
    from creditctl.services.journal import export_journal

    session = session_of(ctx)
    is_stdout = target == STDOUT
    exported = export_journal(
        session.context,
        month,
        target,
        format_name=format_name,
        stdout=session.terminal.stdout.buffer if is_stdout else None,
    )
    if not is_stdout:
        session.show(exported, JOURNAL_VIEW)


@app.command("focus")
def focus(ctx: typer.Context, month: RequiredMonthOption, target: TargetArgument = STDOUT) -> None:
    """Write a month's charges as CSV for FinOps tools (FOCUS 1.2).

    Example: creditctl export focus october.csv --month 2026-10
    """
    from creditctl.services.focus_export import export_focus

    session = session_of(ctx)
    is_stdout = target == STDOUT
    stdout = session.terminal.stdout.buffer if is_stdout else None
    exported = export_focus(session.context, month, target, stdout=stdout)
    if not is_stdout:
        session.show(exported, FOCUS_VIEW)


@app.command("ledger")
def ledger(
    ctx: typer.Context,
    target: TargetArgument = STDOUT,
    organization: Annotated[
        str | None, typer.Option("--org", metavar="ORG", help="Only this organization.")
    ] = None,
    format_name: Annotated[
        str | None, typer.Option("--as", metavar="FORMAT", help="csv, jsonl or parquet.")
    ] = None,
    starts_at: FromOption = None,
    ends_at: ToOption = None,
) -> None:
    """Write entries of the ledger as CSV, JSON lines or Parquet.

    All of them unless told otherwise, in the order of booking; column net sums to the balances.

    Example: creditctl export ledger ledger.parquet --from 2026-10-01 --to 2026-11-01
    """
    from creditctl.services.ledger_export import export_ledger

    session = session_of(ctx)
    is_stdout = target == STDOUT
    exported = export_ledger(
        session.context,
        target,
        format_name=format_name,
        organization=organization,
        starts_at=starts_at,
        ends_at=ends_at,
        stdout=session.terminal.stdout.buffer if is_stdout else None,
    )
    if not is_stdout:
        session.show(exported, LEDGER_VIEW)
