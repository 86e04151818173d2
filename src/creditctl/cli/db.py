"""`creditctl db`: the database itself."""

import typer

from creditctl.cli.check import check as prove
from creditctl.cli.groups import command_group
from creditctl.cli.session import session_of
from creditctl.output.view import Column, Section, View
from creditctl.services.databases import database_status, initialize_database, migrate_database

app = command_group("Create, migrate and inspect the database.")

MIGRATION_VIEW = View(
    "creditctl.migration/v1",
    (
        Column("database"),
        Column("previous", "Was at"),
        Column("revision", "Is at"),
        Column("changed"),
    ),
)
STATUS_VIEW = View(
    "creditctl.database/v1",
    (
        Column("database"),
        Column("kind"),
        Column("revision"),
        Column("newest_revision", "Newest"),
        Column("is_current", "Up to date"),
    ),
    (Section("tables", "Rows", (Column("table"), Column("rows"))),),
)


@app.command("init")
def initialize(ctx: typer.Context) -> None:
    """Make the database with its guards; repeating is safe.

    Example: creditctl db init --db /srv/creditctl/books.db
    """
    session = session_of(ctx)
    session.show(initialize_database(session.context), MIGRATION_VIEW)


@app.command("migrate")
def migrate(ctx: typer.Context) -> None:
    """Bring an existing database to this version's schema.

    Example: creditctl db migrate --db postgresql://billing@db.internal/creditctl
    """
    session = session_of(ctx)
    session.show(migrate_database(session.context), MIGRATION_VIEW)


@app.command("status")
def show_status(ctx: typer.Context) -> None:
    """Show where the database is, its revision, and how much it holds.

    Example: creditctl db status
    """
    session = session_of(ctx)
    session.show(database_status(session.context), STATUS_VIEW)


@app.command("check")
def check(ctx: typer.Context) -> None:
    """Prove that the books are consistent, as 'creditctl check' does.

    Example: creditctl db check
    """
    prove(ctx)
