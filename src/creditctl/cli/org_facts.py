"""`creditctl orgs create` and `update`: what is known about an organization."""

from datetime import date
from typing import Annotated

import typer

from creditctl.cli.options import OrganizationArgument, parser_of
from creditctl.cli.org_options import (
    CityOption,
    CountryOption,
    CurrencyOption,
    EmailOption,
    FingerprintOption,
    LocalityOption,
    NameOption,
    OverrideOption,
    PostcodeOption,
    RegionOption,
    SlugArgument,
    StreetOption,
    TaxIdOption,
)
from creditctl.cli.org_views import CREATED_VIEW, UPDATED_VIEW
from creditctl.cli.rails import AuditReasonOption
from creditctl.cli.session import session_of
from creditctl.errors import InvalidInput
from creditctl.rules.instants import parse_day


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the group."""
    app.command("create")(create_one)
    app.command("update")(update_one)


def create_one(
    ctx: typer.Context,
    slug: SlugArgument,
    name: NameOption = None,
    email: EmailOption = None,
    street: StreetOption = None,
    postcode: PostcodeOption = None,
    city: CityOption = None,
    country: CountryOption = None,
    region: RegionOption = None,
    locality: LocalityOption = None,
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
        street=street,
        postcode=postcode,
        city=city,
        country=country,
        region=region,
        locality=locality,
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


def update_one(
    ctx: typer.Context,
    organization: OrganizationArgument,
    name: NameOption = None,
    email: EmailOption = None,
    street: StreetOption = None,
    postcode: PostcodeOption = None,
    city: CityOption = None,
    country: CountryOption = None,
    region: RegionOption = None,
    locality: LocalityOption = None,
    currency: CurrencyOption = None,
    tax_id: TaxIdOption = None,
    tax_id_confirmed: Annotated[
        bool | None,
        typer.Option(
            "--tax-id-confirmed/--tax-id-refused", help="What the tax id's register answered."
        ),
    ] = None,
    tax_exempt: Annotated[
        str | None,
        typer.Option("--tax-exempt", metavar="REASON", help="It pays no tax, and why."),
    ] = None,
    tax_exempt_certificate: Annotated[
        str | None,
        typer.Option("--tax-exempt-certificate", metavar="ID", help="The proof of it."),
    ] = None,
    tax_exempt_from: Annotated[
        date | None,
        typer.Option(
            "--tax-exempt-from",
            metavar="DAY",
            parser=parser_of("--tax-exempt-from", parse_day),
            help="The first day that it is exempt.",
        ),
    ] = None,
    tax_exempt_until: Annotated[
        date | None,
        typer.Option(
            "--tax-exempt-until",
            metavar="DAY",
            parser=parser_of("--tax-exempt-until", parse_day),
            help="The first day that it is no longer exempt.",
        ),
    ] = None,
    no_tax_exempt: Annotated[
        bool, typer.Option("--no-tax-exempt", help="Take back the exemption, as if never given.")
    ] = False,
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

    A new tax id counts as not confirmed until --tax-id-confirmed says so.

    Example: creditctl orgs update acme --country DE --tax-id DE136695976
    """
    from creditctl.services.org_facts import OrgFacts
    from creditctl.services.org_tax import TaxStanding
    from creditctl.services.orgs import update_organization_facts

    session = session_of(ctx)
    facts = OrgFacts(
        legal_name=name,
        billing_email=email,
        street=street,
        postcode=postcode,
        city=city,
        country=country,
        region=region,
        locality=locality,
        currency=currency,
        tax_id=tax_id,
        payment_fingerprint=payment_fingerprint,
    )
    standing = TaxStanding(
        tax_id_confirmed=tax_id_confirmed,
        exempt_reason=tax_exempt,
        exempt_certificate=tax_exempt_certificate,
        exempt_from=tax_exempt_from,
        exempt_until=tax_exempt_until,
        no_exemption=no_tax_exempt,
    )
    updated = update_organization_facts(
        session.context, organization, facts, standing, aligned=align, reason=reason
    )
    session.show(updated, UPDATED_VIEW)
