"""`creditctl catalog`: the price file."""

from pathlib import Path
from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.rails import DryRunOption
from creditctl.cli.session import session_of
from creditctl.output.view import Column, Section, View
from creditctl.services.catalog import (
    apply_catalog,
    catalog_file_schema,
    diff_catalog,
    export_catalog,
    validate_catalog,
)

app = command_group("The price file: products, plans, packages, taxes.")

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A catalog in TOML.")]

SUMMARY_VIEW = View(
    "creditctl.catalog/v1",
    (
        Column("name", "Catalog"),
        Column("currency"),
        Column("products"),
        Column("endpoints"),
        Column("plans"),
        Column("promotions"),
        Column("packages"),
        Column("taxes", "Tax rates"),
    ),
)
CHANGE_VIEW = View(
    "creditctl.catalog_change/v1",
    (
        Column("name", "Catalog"),
        Column("applied"),
        Column("effective_from", "In force from"),
        Column("changes"),
        Column("refused", "Refused"),
    ),
    (
        Section(
            "differences",
            "Changes",
            (
                Column("action"),
                Column("kind"),
                Column("name"),
                Column("field"),
                Column("old"),
                Column("new"),
            ),
        ),
    ),
    csv_rows="differences",
)


@app.command("validate")
def validate(ctx: typer.Context, file: FileArgument) -> None:
    """Check a catalog file; needs no database.

    Example: creditctl catalog validate catalog.toml
    """
    session_of(ctx).show(validate_catalog(file), SUMMARY_VIEW)


@app.command("diff")
def diff(ctx: typer.Context, file: FileArgument) -> None:
    """Show what applying a catalog file would change.

    Example: creditctl catalog diff catalog.toml
    """
    session = session_of(ctx)
    session.show(diff_catalog(session.context, file), CHANGE_VIEW)


@app.command("apply")
def apply(ctx: typer.Context, file: FileArgument, dry_run: DryRunOption = False) -> None:
    """Put what a catalog file states in force.

    What was in force before is kept, and the same file twice changes nothing. Usage is priced by
    the version in force at its own time.

    Example: creditctl catalog apply catalog.toml
    """
    session = session_of(ctx)
    change = apply_catalog(session.context, file, dry_run=dry_run)
    session.show(change, CHANGE_VIEW)
    if not change.changes:
        session.note("nothing changed")


@app.command("export")
def export(ctx: typer.Context) -> None:
    """Write the catalog applied last as one canonical TOML file.

    Applied again it changes nothing, and exported again it is the same, byte for byte.

    Example: creditctl catalog export > catalog.toml
    """
    session = session_of(ctx)
    session.write(export_catalog(session.context))


@app.command("schema")
def schema(ctx: typer.Context) -> None:
    """Print the JSON Schema of catalog files, for editors.

    Put `#:schema ./catalog.schema.json` on the first line of a catalog, and Taplo or Even Better
    TOML complete and check it.

    Example: creditctl catalog schema > catalog.schema.json
    """
    import json  # only for this command

    session_of(ctx).write(json.dumps(catalog_file_schema(), indent=2))
