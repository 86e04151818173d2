"""`creditctl invoice send|export`: invoices leave the house."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from creditctl.cli.invoice_paper_views import EXPORTED_VIEW, PROBLEMS, SENT_VIEW, UNSENT
from creditctl.cli.options import MonthOption, OrganizationOption, RequiredMonthOption
from creditctl.cli.rails import DryRunOption
from creditctl.cli.session import Session, session_of
from creditctl.errors import ExitStatus
from creditctl.rules.periods import month_text


def register(app: typer.Typer) -> None:
    """Add the commands to the group."""
    app.command("send")(send)
    app.command("export")(export)


def send(
    ctx: typer.Context,
    invoices: Annotated[
        list[str] | None,
        typer.Argument(metavar="INVOICE", help="Ids or numbers, credit notes too."),
    ] = None,
    month: MonthOption = None,
    organization: OrganizationOption = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="MAIL", help="Instead of the billing e-mail."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Also those that were sent already.")
    ] = False,
    dry_run: DryRunOption = False,
) -> None:
    """Send final invoices and credit notes by e-mail, with the PDF.

    They go to the organization's billing e-mail, and are sent once: what was sent is left alone.
    --month takes a month's invoices with their credit notes, and those of receipts issued in it.
    With einvoice = true under [documents] the PDF carries the electronic invoice. What could not be
    sent is listed with the reason, and it exits 7. Where the mail server cannot be reached, or lets
    nobody in, the others are not tried.

    Example: creditctl invoice send --month 2026-10 --dry-run
    """
    from creditctl.services.invoice_sending import SendRequest, send_invoices

    session = session_of(ctx)
    request = SendRequest(
        invoices=tuple(invoices or ()),
        month=None if month is None else month_text(month),
        organization=organization,
        to=to,
        again=again,
    )
    run = send_invoices(session.context, request, dry_run=dry_run)
    sections = (*SENT_VIEW.sections, UNSENT) if run.unsent else SENT_VIEW.sections
    session.show(run, replace(SENT_VIEW, sections=sections))
    for one in run.sent:
        if one.note is not None:
            session.warn(f"{one.number} carries no electronic invoice: {one.note}")
    if run.untried:
        more = f"{run.untried} more {'was' if run.untried == 1 else 'were'} not tried"
        session.warn(f"the mail server could not be used, and {more}")
    if run.unsent:
        session.warn("some invoices were not sent; run it again when that is mended")
        raise typer.Exit(ExitStatus.FINDINGS)


def export(
    ctx: typer.Context,
    month: RequiredMonthOption,
    directory: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where the files go; made if missing.")
    ],
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="NAMES",
            help="pdf, html, json, text, cii, ubl, facturx; several with commas.",
        ),
    ] = "pdf",
    replacing: Annotated[
        bool, typer.Option("--replace", help="Also files that say something else by now.")
    ] = False,
) -> None:
    """Write a month's final invoices and credit notes as files.

    They are called by number and organization. Files that are there and the same are kept, so a run
    that was cut off goes on when it is repeated; one that says something else is listed, and it
    exits 7.

    Example: creditctl invoice export --month 2026-10 --dir invoices --format pdf,ubl
    """
    from creditctl.services.invoice_export import export_invoices

    session = session_of(ctx)
    names = [name.strip() for name in formats.split(",") if name.strip()]
    with _bar(session) as watch:
        run = export_invoices(
            session.context, month, directory, names, replace=replacing, watch=watch
        )
    sections = (PROBLEMS,) if run.problems else ()
    session.show(run, replace(EXPORTED_VIEW, sections=sections))
    if run.problems:
        session.warn("some files were not written")
        raise typer.Exit(ExitStatus.FINDINGS)


@contextmanager
def _bar(session: Session) -> Iterator[Callable[[int, int], None]]:
    """Shows a bar where stderr is a terminal."""
    stderr = session.terminal.stderr
    if not stderr.isatty():
        yield lambda done, total: None  # noqa: ARG005 - nobody watches
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(
        file=stderr, width=session.terminal.width, no_color=not session.terminal.colours(stderr)
    )
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("files", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
