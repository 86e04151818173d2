"""`creditctl usage import`: read files of events and bill each event once."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from creditctl.cli.rails import DryRunOption
from creditctl.cli.session import session_of
from creditctl.cli.usage_mappings import FormatOption, MapOption
from creditctl.output.view import Column, Section, View

_SWITCH_SECONDS = 0.0001
"""Who reads and who books are threads: back from NumPy or SQLite, none waits the usual 5 ms."""

_COUNTS = (
    Column("read"),
    Column("billed"),
    Column("free"),
    Column("failed"),
    Column("duplicate", "Dup."),
    Column("rejected", "Rej."),
    Column("credits"),
)
_PRODUCTS = Section(
    "products", "By product", (Column("product"), Column("requests"), Column("credits"))
)
IMPORT_VIEW = View(
    "creditctl.usage_import/v1",
    (
        Column("read"),
        Column("billed"),
        Column("free"),
        Column("failed"),
        Column("duplicate"),
        Column("rejected"),
        Column("reused", "Id reused"),
        Column("adjusted", "Late, next invoice"),
        Column("quarantined", "Late, in quarantine"),
        Column("credits"),
        Column("dry_run", "Dry run"),
    ),
    (Section("files", "Files", (Column("file"), Column("status"), *_COUNTS)), _PRODUCTS),
    csv_rows="files",
)


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the group."""
    app.command("import")(import_files)


def import_files(
    ctx: typer.Context,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Files of events, or - for stdin.")
    ],
    format_name: FormatOption = "auto",
    mapping: MapOption = None,
    saved: Annotated[
        str | None,
        typer.Option("--mapping", metavar="NAME", help="A saved mapping; --map goes before it."),
    ] = None,
    organization: Annotated[
        str | None,
        typer.Option("--org", metavar="ORG", help="Whose the lines are that name nobody."),
    ] = None,
    rejects: Annotated[
        Path | None,
        typer.Option("--rejects", metavar="FILE", help="Write rejected lines there, as CSV."),
    ] = None,
    max_rejects: Annotated[
        int | None,
        typer.Option("--max-rejects", metavar="N", min=0, help="Stop when there are more."),
    ] = None,
    dry_run: DryRunOption = False,
) -> None:
    """Import usage: price it, book it and draw credits.

    Each event is billed once, whatever file it is in. Fields: id, time, org, key, endpoint (or
    method and path), status, units. CSV of any dialect (an event is a line), NDJSON, CloudEvents,
    Parquet and the access logs of nginx, Apache, Envoy, Kong and AWS API Gateway are recognised,
    plain or packed (gzip, bzip2, Zstandard). A last line without a line end is booked with a
    warning: it may have been cut off within a number. An interrupted import goes on where it
    stopped when it is run again.

    Example: creditctl usage import gateway.csv --rejects bad.csv
    Example: creditctl usage import 'logs/*.gz' --map key=client@clients.csv
    Example: creditctl usage import edge.json --mapping edge-gateway
    """
    from creditctl.cli.usage_progress import watching
    from creditctl.services.usage_files import (
        SourceFile,
        readable_twice,
        sources_named,
        spooled,
    )
    from creditctl.services.usage_import import import_usage

    session = session_of(ctx)
    if saved is not None:
        from creditctl.services.saved_mappings import joined_with_saved

        format_name, mapping = joined_with_saved(session.context, saved, format_name, mapping or ())
    stdin = session.terminal.stdin
    with ExitStack() as stack:
        stack.callback(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(_SWITCH_SECONDS)
        sources: list[Path | SourceFile] = []
        for name in files:
            if name == "-":
                sources.append(stack.enter_context(spooled(stdin.buffer)))
            else:
                sources += map(stack.enter_context, map(readable_twice, sources_named([name])))
        watch = stack.enter_context(watching(session))
        summary = import_usage(
            session.context,
            sources,
            format_name=format_name,
            mapping=mapping or (),
            organization=organization,
            max_rejects=max_rejects,
            rejects_path=rejects,
            dry_run=dry_run,
            watch=watch,
        )
    session.show(summary, IMPORT_VIEW)
    for file in summary.files:
        if file.unended_line is not None:
            session.warn(
                f"{file.file}, line {file.unended_line}: the last line has no line end: if the file"
                f" was cut off, undo it with 'creditctl usage undo {file.id}' and fetch it again"
            )
        if file.status == "unchanged" and file.rejected:
            session.note(
                f"{file.file} was imported before: import corrected lines as a file of their own,"
                f" or all of it once more after 'creditctl usage undo {file.id}'"
            )
    if summary.rejected and rejects is None:
        session.note("--rejects FILE writes the rejected lines with their reasons")
    if summary.quarantined:
        session.note("'creditctl usage late list' shows the events in quarantine")
