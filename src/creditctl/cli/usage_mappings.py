"""`creditctl usage mappings`: how a gateway's files are read, saved under a name."""

from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import parser_of
from creditctl.cli.session import session_of
from creditctl.output.view import Column, Section, View
from creditctl.rules.usage_mapping import FieldSource, parse_field_source

MAPPINGS_VIEW = View(
    "creditctl.usage_mappings/v1",
    (Column("name"), Column("format"), Column("maps"), Column("saved_by", "By")),
    empty="No mappings are saved.",
)
MAPPING_VIEW = View(
    "creditctl.usage_mapping/v1",
    (Column("name"), Column("format"), Column("saved_at", "Saved"), Column("saved_by", "By")),
    (Section("fields", "Fields", (Column("field"), Column("column"), Column("lookup"))),),
    csv_rows="fields",
)

app = command_group("Saved ways to read usage files.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Such as edge-gateway.")]
FormatOption = Annotated[
    str,
    typer.Option("--format", metavar="FORMAT", help="auto, or a format such as csv or kong."),
]
MapOption = Annotated[
    list[FieldSource] | None,
    typer.Option(
        "--map",
        metavar="FIELD=COLUMN[@FILE]",
        parser=parser_of("--map", parse_field_source),
        help="Read a field from another column, its values translated by a CSV file.",
    ),
]


def register(group: typer.Typer) -> None:
    """Add the commands of this file to the group."""
    group.add_typer(app, name="mappings")


@app.command("list")
def list_all(ctx: typer.Context) -> None:
    """List the saved mappings.

    Example: creditctl usage mappings list
    """
    from creditctl.services.saved_mappings import list_mappings

    session = session_of(ctx)
    session.show(list_mappings(session.context), MAPPINGS_VIEW)


@app.command("show")
def show(ctx: typer.Context, name: NameArgument) -> None:
    """Show a mapping field by field.

    Example: creditctl usage mappings show edge-gateway
    """
    from creditctl.services.saved_mappings import read_mapping

    session = session_of(ctx)
    session.show(read_mapping(session.context, name), MAPPING_VIEW)


@app.command("save")
def save(
    ctx: typer.Context,
    name: NameArgument,
    format_name: FormatOption = "auto",
    mapping: MapOption = None,
) -> None:
    """Save a mapping under a name, or replace the one there is.

    Files of look-ups are read anew at each import.

    Example: creditctl usage mappings save edge --format ndjson --map key=client@clients.csv
    """
    from creditctl.services.saved_mappings import save_mapping

    session = session_of(ctx)
    saved = save_mapping(session.context, name, mapping or (), format_name=format_name)
    session.show(saved, MAPPING_VIEW)


@app.command("remove")
def remove(ctx: typer.Context, name: NameArgument) -> None:
    """Remove a saved mapping; what was imported with it stays.

    Example: creditctl usage mappings remove edge-gateway
    """
    from creditctl.services.saved_mappings import remove_mapping

    session = session_of(ctx)
    session.show(remove_mapping(session.context, name), MAPPING_VIEW)
