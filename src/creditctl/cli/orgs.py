"""`creditctl orgs`: organizations."""

from typing import Annotated

import typer

from creditctl.cli import org_facts
from creditctl.cli.groups import command_group
from creditctl.cli.options import OrganizationArgument
from creditctl.cli.org_options import (
    CountryOption,
    EmailOption,
    NameOption,
    OverrideOption,
    TaxIdOption,
)
from creditctl.cli.org_views import (
    DUPLICATES_VIEW,
    MERGED_VIEW,
    ORG_VIEW,
    ORGS_VIEW,
    PROMOTED_VIEW,
    STATUS_VIEW,
)
from creditctl.cli.rails import (
    DryRunOption,
    ExpectBalanceOption,
    ExpectEmailOption,
    IdempotencyKeyOption,
    ReasonOption,
    rails_of,
)
from creditctl.cli.session import session_of
from creditctl.services.org_lists import OrgFilter, list_all_organizations

app = command_group("Organizations: who uses and pays for the API.")


org_facts.register(app)


@app.command("list")
def list_all(
    ctx: typer.Context,
    search: Annotated[
        str | None,
        typer.Argument(metavar="[TEXT]", help="A part of slug, name, e-mail or tax id."),
    ] = None,
    status: Annotated[
        str | None,
        typer.Option("--status", metavar="STATUS", help="active, suspended or closed."),
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help="registered or guest.")
    ] = None,
    country: CountryOption = None,
    plan: Annotated[
        str | None, typer.Option("--plan", metavar="PLAN", help="Only those on this plan.")
    ] = None,
) -> None:
    """List organizations, all or those that fit.

    Example: creditctl orgs list acme --status active -o csv
    """
    session = session_of(ctx)
    only = OrgFilter(status=status, kind=kind, country=country, plan=plan, search=search)
    session.show(list_all_organizations(session.context, only), ORGS_VIEW)


@app.command("show")
def show_one(ctx: typer.Context, organization: OrganizationArgument) -> None:
    """Show everything about an organization on one screen.

    Example: creditctl orgs show acme
    """
    from creditctl.services.org_cards import show_organization

    session = session_of(ctx)
    session.show(show_organization(session.context, organization), ORG_VIEW)


@app.command("suspend")
def suspend(ctx: typer.Context, organization: OrganizationArgument, reason: ReasonOption) -> None:
    """Let no call of an organization through, until it is resumed.

    Example: creditctl orgs suspend acme --reason "chargeback"
    """
    from creditctl.services.org_status import suspend_organization

    session = session_of(ctx)
    session.show(suspend_organization(session.context, organization, reason=reason), STATUS_VIEW)


@app.command("resume")
def resume(ctx: typer.Context, organization: OrganizationArgument, reason: ReasonOption) -> None:
    """Let a suspended organization go on.

    Example: creditctl orgs resume acme --reason "settled"
    """
    from creditctl.services.org_status import resume_organization

    session = session_of(ctx)
    session.show(resume_organization(session.context, organization, reason=reason), STATUS_VIEW)


@app.command("close")
def close(ctx: typer.Context, organization: OrganizationArgument, reason: ReasonOption) -> None:
    """End an organization for good; asks first.

    Its keys are revoked and its subscription ends now. Its books stay.

    Example: creditctl orgs close acme --reason "asked to leave" --yes
    """
    from creditctl.services.org_cards import show_organization
    from creditctl.services.org_status import close_organization

    session = session_of(ctx)
    card = show_organization(session.context, organization)
    session.confirm(f"close {card.slug} with {card.keys} keys and {card.available} credits?")
    session.show(close_organization(session.context, organization, reason=reason), STATUS_VIEW)


@app.command("duplicates")
def duplicates(
    ctx: typer.Context,
    organization: Annotated[
        str | None, typer.Argument(metavar="[ORG]", help="Only this one (slug or id).")
    ] = None,
    strong: Annotated[
        bool, typer.Option("--strong", help="Only what decides: e-mail, tax id, payment.")
    ] = False,
) -> None:
    """List organizations that may be one, with the evidence.

    Example: creditctl orgs duplicates acme
    """
    from creditctl.services.duplicates import list_duplicates

    session = session_of(ctx)
    pairs = list_duplicates(session.context, organization, strong_only=strong)
    session.show(pairs, DUPLICATES_VIEW)


@app.command("promote")
def promote(
    ctx: typer.Context,
    organization: OrganizationArgument,
    reason: ReasonOption,
    name: NameOption = None,
    email: EmailOption = None,
    country: CountryOption = None,
    tax_id: TaxIdOption = None,
    override: OverrideOption = False,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Register a guest, or give sign-up credits that were refused.

    Example: creditctl orgs promote visitor --email jo@acme.example --reason "signed up"
    """
    from creditctl.services.guests import PromoteRequest, promote_organization
    from creditctl.services.org_facts import OrgFacts

    session = session_of(ctx)
    request = PromoteRequest(
        organization=organization,
        reason=reason,
        facts=OrgFacts(legal_name=name, billing_email=email, country=country, tax_id=tax_id),
        override=override,
    )
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    promoted = promote_organization(session.context, request, rails)
    session.show(promoted, PROMOTED_VIEW)
    if promoted.refused:
        session.warn(f"{organization} was not given {'; '.join(promoted.because)}")


@app.command("merge")
def merge(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="ORG", help="The one that ends.")],
    target: Annotated[str, typer.Argument(metavar="INTO", help="The one that goes on.")],
    reason: ReasonOption,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Move keys, usage and grants to another organization; asks first.

    Example: creditctl orgs merge acme-2 acme --reason "same company" --yes
    """
    from creditctl.services.merging import MergeRequest, merge_organizations

    session = session_of(ctx)
    if not dry_run:
        session.confirm(f"merge {source} into {target}, for good?")
    request = MergeRequest(source=source, target=target, reason=reason)
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    session.show(merge_organizations(session.context, request, rails), MERGED_VIEW)
