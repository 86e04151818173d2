"""The options of `creditctl orgs`: what is known about an organization."""

from typing import Annotated

import typer

SlugArgument = Annotated[
    str, typer.Argument(metavar="SLUG", help="Short name: a-z, 0-9 and hyphens.")
]
NameOption = Annotated[str | None, typer.Option("--name", metavar="TEXT", help="Legal name.")]
EmailOption = Annotated[
    str | None, typer.Option("--email", metavar="MAIL", help="Where invoices go.")
]
CountryOption = Annotated[
    str | None, typer.Option("--country", metavar="CC", help="Two letters, such as DE.")
]
RegionOption = Annotated[
    str | None, typer.Option("--region", metavar="CODE", help="State or province, such as NY.")
]
StreetOption = Annotated[
    str | None, typer.Option("--street", metavar="TEXT", help="Street and number, for documents.")
]
PostcodeOption = Annotated[
    str | None, typer.Option("--postcode", metavar="CODE", help="Such as 10115.")
]
CityOption = Annotated[
    str | None,
    typer.Option("--city", metavar="TEXT", help="Of the address; the locality unless given."),
]
LocalityOption = Annotated[
    str | None,
    typer.Option("--locality", metavar="TEXT", help="City or county, where these tax sales."),
]
CurrencyOption = Annotated[
    str | None, typer.Option("--currency", metavar="CODE", help="What it pays in, such as EUR.")
]
TaxIdOption = Annotated[
    str | None, typer.Option("--tax-id", metavar="ID", help="VAT id or its like; checked.")
]
FingerprintOption = Annotated[
    str | None,
    typer.Option(
        "--payment-fingerprint", metavar="TEXT", help="What its payment provider tells cards by."
    ),
]
OverrideOption = Annotated[
    bool, typer.Option("--override", help="Give a duplicate the sign-up credits; needs --reason.")
]
