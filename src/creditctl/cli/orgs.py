"""`creditctl orgs`: organizations."""

from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import OrganizationArgument
from creditctl.cli.org_options import (
    CountryOption,
    CurrencyOption,
    EmailOption,
    FingerprintOption,
    NameOption,
    OverrideOption,
    RegionOption,
    SlugArgument,
    TaxIdOption,
)
from creditctl.cli.org_views import (
    CREATED_VIEW,
    DUPLICATES_VIEW,
    MERGED_VIEW,
    ORG_VIEW,
    ORGS_VIEW,
    PROMOTED_VIEW,
    STATUS_VIEW,
    UPDATED_VIEW,
)
from creditctl.cli.rails import (
    AuditReasonOption,
    DryRunOption,
    ExpectBalanceOption,
    ExpectEmailOption,
    IdempotencyKeyOption,
    ReasonOption,
    rails_of,
)
from creditctl.cli.session import session_of
from creditctl.errors import InvalidInput
from creditctl.services.org_lists import OrgFilter, list_all_organizations

app = command_group("Organizations: who uses and pays for the API.")


@app.command("create")
def create_one(
    ctx: typer.Context,
    slug: SlugArgument,
    name: NameOption = None,
    email: EmailOption = None,
    country: CountryOption = None,
    region: RegionOption = None,
    currency: CurrencyOption = None,
    tax_id: TaxIdOption = None,
    payment_fingerprint: FingerprintOption = None,
    guest: Annotated[
        bool, typer.Option("--guest", help="A few credits for a short time; needs --device.")
    ] = False,
    device: Annotated[
        str | None, typer.Option("--device", metavar="ID", help="What a guest is known by.")
    ] = None,
    override: OverrideOption = False,
    reason: AuditReasonOption = "",
) -> None:
    """Create an organization, with its sign-up credits.

    A duplicate of an existing one gets everything but these.

    Example: creditctl orgs create acme --name "Acme Ltd" --email billing@acme.example
    """
    from creditctl.services.org_facts import OrgFacts
    from creditctl.services.orgs import create_organization

    session = session_of(ctx)
    if guest != (device is not None):
        raise InvalidInput("--guest and --device ID go together")
    if override and not reason.strip():
        raise InvalidInput("--override needs a reason", hint='add --reason "why"')
    facts = OrgFacts(
        legal_name=name,
        billing_email=email,
        country=country,
        region=region,
        currency=currency,
        tax_id=tax_id,
        payment_fingerprint=payment_fingerprint,
    )
    created = create_organization(
        session.context, slug, facts, device_id=device, override=reason if override else None
    )
    session.show(created, CREATED_VIEW)
    if created.refused:
        session.warn(f"{slug} was not given {'; '.join(created.because)}")


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


@app.command("update")
def update_one(
    ctx: typer.Context,
    organization: OrganizationArgument,
    name: NameOption = None,
    email: EmailOption = None,
    country: CountryOption = None,
    region: RegionOption = None,
    currency: CurrencyOption = None,
    tax_id: TaxIdOption = None,
    payment_fingerprint: FingerprintOption = None,
    align: Annotated[
        bool | None,
        typer.Option(
            "--align/--no-align", help="Bill credits by the subscription's periods, or by months."
        ),
    ] = None,
    reason: AuditReasonOption = "",
) -> None:
    """Change what is known about an organization.

    Example: creditctl orgs update acme --country DE --tax-id DE136695976
    """
    from creditctl.services.org_facts import OrgFacts
    from creditctl.services.orgs import update_organization_facts

    session = session_of(ctx)
    facts = OrgFacts(
        legal_name=name,
        billing_email=email,
        country=country,
        region=region,
        currency=currency,
        tax_id=tax_id,
        payment_fingerprint=payment_fingerprint,
    )
    updated = update_organization_facts(
        session.context, organization, facts, aligned=align, reason=reason
    )
    session.show(updated, UPDATED_VIEW)


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
