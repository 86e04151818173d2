"""`creditctl orgs`: organizations."""

from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import OrganizationArgument
from creditctl.cli.session import session_of
from creditctl.output.view import Column, View
from creditctl.services.orgs import (
    create_organization,
    list_all_organizations,
    show_organization,
)

app = command_group("Organizations: who uses and pays for the API.")

CREATED_VIEW = View(
    "creditctl.created_org/v1",
    (
        Column("slug", "Organization"),
        Column("id"),
        Column("legal_name", "Name"),
        Column("kind"),
        Column("granted", "Credits granted"),
    ),
)
ORGS_VIEW = View(
    "creditctl.orgs/v1",
    (
        Column("slug", "Organization"),
        Column("legal_name", "Name"),
        Column("kind"),
        Column("status"),
    ),
    empty="No organizations yet: 'creditctl orgs create SLUG' makes one.",
)
ORG_VIEW = View(
    "creditctl.org/v1",
    (
        Column("slug", "Organization"),
        Column("id"),
        Column("legal_name", "Name"),
        Column("billing_email", "E-mail"),
        Column("country"),
        Column("kind"),
        Column("status"),
        Column("created_at"),
        Column("plan"),
        Column("keys", "Active keys"),
        Column("available"),
        Column("open_overage", "Open overage"),
        Column("postpaid_overage", "Postpaid overage"),
        Column("state"),
        Column("reason"),
    ),
)


@app.command("create")
def create_one(
    ctx: typer.Context,
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="Short name: a-z, 0-9 and hyphens.")],
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="Legal name.")] = None,
    email: Annotated[
        str | None, typer.Option("--email", metavar="MAIL", help="Where invoices go.")
    ] = None,
    country: Annotated[
        str | None, typer.Option("--country", metavar="CC", help="Two letters, such as DE.")
    ] = None,
    guest: Annotated[
        bool, typer.Option("--guest", help="A guest: a few credits for a short time.")
    ] = False,
) -> None:
    """Create an organization, with its sign-up credits.

    Example: creditctl orgs create acme --name "Acme Ltd" --email billing@acme.example
    """
    session = session_of(ctx)
    created = create_organization(
        session.context,
        slug,
        legal_name=name,
        billing_email=email,
        country=country,
        guest=guest,
    )
    session.show(created, CREATED_VIEW)


@app.command("list")
def list_all(ctx: typer.Context) -> None:
    """List all organizations.

    Example: creditctl orgs list -o csv
    """
    session = session_of(ctx)
    session.show(list_all_organizations(session.context), ORGS_VIEW)


@app.command("show")
def show_one(ctx: typer.Context, organization: OrganizationArgument) -> None:
    """Show an organization: plan, balance and state.

    Example: creditctl orgs show acme
    """
    session = session_of(ctx)
    session.show(show_organization(session.context, organization), ORG_VIEW)
