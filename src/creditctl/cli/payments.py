"""`creditctl payments`: payment methods on file, and what providers know."""

from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import OrganizationArgument
from creditctl.cli.session import session_of
from creditctl.errors import ExitStatus, InvalidInput
from creditctl.output.view import Column, View

app = command_group("Payment providers: methods on file, open payments, notices.")

_METHOD = (
    Column("id"),
    Column("organization", "Org"),
    Column("provider"),
    Column("brand"),
    Column("last4", "Ends in"),
    Column("expires"),
    Column("is_default", "Default"),
)
METHODS_VIEW = View("creditctl.payment_methods/v1", _METHOD, empty="No payment methods on file.")
METHOD_VIEW = View("creditctl.payment_method/v1", _METHOD)
RECONCILED_VIEW = View(
    "creditctl.reconciled_payments/v1",
    (
        Column("purchase"),
        Column("provider"),
        Column("before"),
        Column("after"),
        Column("received"),
        Column("problem"),
    ),
    empty="No payment is open.",
)
NOTICE_VIEW = View(
    "creditctl.payment_notice/v1",
    (
        Column("provider"),
        Column("event"),
        Column("kind"),
        Column("outcome"),
        Column("payment"),
        Column("status"),
    ),
)
ProviderOption = Annotated[
    str, typer.Option("--provider", metavar="NAME", help="stripe or btcpay.")
]
MethodArgument = Annotated[
    str, typer.Argument(metavar="METHOD", help="Its id, as methods lists it (pm_…).")
]


@app.command("methods")
def methods(
    ctx: typer.Context,
    organization: Annotated[
        str | None, typer.Argument(metavar="[ORG]", help="Only this organization's.")
    ] = None,
) -> None:
    """List payment methods on file.

    Example: creditctl payments methods acme
    """
    from creditctl.services.payment_methods import payment_methods

    session = session_of(ctx)
    session.show(payment_methods(session.context, organization), METHODS_VIEW)


@app.command("attach")
def attach(
    ctx: typer.Context,
    organization: OrganizationArgument,
    method: Annotated[
        str, typer.Argument(metavar="REFERENCE", help="The provider's own name of the method.")
    ],
    provider: ProviderOption,
) -> None:
    """Put a payment method on file.

    The first one is charged unless another is named.

    Example: creditctl payments attach acme pm_card_visa --provider stripe
    """
    from creditctl.services.payment_methods import attach_method

    session = session_of(ctx)
    session.show(attach_method(session.context, organization, provider, method), METHOD_VIEW)


@app.command("prefer")
def prefer(ctx: typer.Context, method: MethodArgument) -> None:
    """Charge this payment method unless another is named.

    Example: creditctl payments prefer pm_01m3tc5h22z14943wggf9y6jm2
    """
    from creditctl.services.payment_methods import prefer_method

    session = session_of(ctx)
    session.show(prefer_method(session.context, method), METHOD_VIEW)


@app.command("detach")
def detach(ctx: typer.Context, method: MethodArgument) -> None:
    """Take a payment method off file.

    Example: creditctl payments detach pm_01m3tc5h22z14943wggf9y6jm2
    """
    from creditctl.services.payment_methods import detach_method

    session = session_of(ctx)
    session.confirm(f"taking {method} off file")
    session.show(detach_method(session.context, method), METHOD_VIEW)


@app.command("reconcile")
def reconcile_all(ctx: typer.Context) -> None:
    """Ask providers about payments whose outcome is open.

    Exits 7 when one could not be asked; it is asked again the next time.

    Example: creditctl payments reconcile
    """
    from creditctl.services.payment_rounds import reconcile

    session = session_of(ctx)
    found = reconcile(session.context)
    session.show(found, RECONCILED_VIEW)
    if any(one.problem for one in found):
        raise typer.Exit(ExitStatus.FINDINGS)


@app.command("webhook")
def webhook(
    ctx: typer.Context,
    provider: ProviderOption,
    header: Annotated[
        list[str] | None,
        typer.Option("--header", metavar="'NAME: VALUE'", help="A header of the delivery."),
    ] = None,
) -> None:
    """Apply a provider's notice, read from stdin as it came.

    The signature is verified, and the same notice counts once.

    Example: creditctl payments webhook --provider stripe --header "Stripe-Signature: …" < body
    """
    from creditctl.services.payment_rounds import LONGEST_NOTICE, apply_notice

    session = session_of(ctx)
    headers = {}
    for line in header or ():
        name, colon, value = line.partition(":")
        if not colon:
            raise InvalidInput(f"--header {line!r} has no colon", hint="write it 'NAME: VALUE'")
        headers[name.strip()] = value.strip()
    body = session.terminal.stdin.buffer.read(LONGEST_NOTICE + 1)
    session.show(apply_notice(session.context, provider, headers, body), NOTICE_VIEW)
