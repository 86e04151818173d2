"""`creditctl orders`: order forms, contracts that sell credits."""

from functools import partial
from typing import Annotated

import typer

from creditctl.cli.document_options import HtmlOption, LocaleOption, PdfOption, handed_out
from creditctl.cli.groups import command_group
from creditctl.cli.options import OrganizationArgument, ProductOption
from creditctl.cli.order_options import (
    CurrencyOption,
    DiscountOption,
    EveryOption,
    ExpiryDayOption,
    ExpiryDaysOption,
    ExpiryMonthsOption,
    FileOption,
    InstalmentsOption,
    OrderArgument,
    OrderedOption,
    PurchaseOrderOption,
    SignedOnOption,
    SignerOption,
    SplitsOption,
    StartOption,
    TermsOption,
    UnitPriceOption,
    terms_given,
)
from creditctl.cli.order_views import ACTIVATED_VIEW, CHANGED_VIEW, ORDER_VIEW, ORDERS_VIEW
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
from creditctl.services.orders import list_orders, show_order

app = command_group("Order forms: contracts that sell credits.")


@app.command("create")
def create(
    ctx: typer.Context,
    organization: OrganizationArgument,
    file: FileOption = None,
    credits: OrderedOption = None,
    unit_price: UnitPriceOption = None,
    discount: DiscountOption = None,
    product: ProductOption = None,
    start: StartOption = None,
    expires: ExpiryDayOption = None,
    expires_after_days: ExpiryDaysOption = None,
    expires_after_months: ExpiryMonthsOption = None,
    instalments: InstalmentsOption = None,
    every: EveryOption = "month",
    splits: SplitsOption = "both",
    po: PurchaseOrderOption = None,
    terms: TermsOption = None,
    currency: CurrencyOption = None,
    reason: AuditReasonOption = "order form drafted",
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Draft an order form: one line from options, or a file of many.

    Nothing is granted before it is signed and activated. The list price is that of the catalog
    now; docs/order-forms.md describes the file.

    Example: creditctl orders create acme --credits 120000 --discount 20 --instalments 12
    """
    from creditctl.services.order_drafts import DraftRequest, create_order

    session = session_of(ctx)
    agreed = terms_given(
        session.context,
        file,
        credits,
        unit_price,
        discount,
        product,
        start,
        expires,
        expires_after_days,
        expires_after_months,
        instalments,
        every,
        splits,
        po,
        terms,
        currency,
    )
    request = DraftRequest(organization=organization, terms=agreed, reason=reason)
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    session.show(create_order(session.context, request, rails), CHANGED_VIEW)


@app.command("list")
def list_all(
    ctx: typer.Context,
    organization: Annotated[
        str | None, typer.Argument(metavar="ORG", help="Only this one (slug or id).")
    ] = None,
    status: Annotated[
        str | None,
        typer.Option(
            "--status",
            metavar="STATUS",
            help="draft, signed, active, completed, cancelled or superseded.",
        ),
    ] = None,
) -> None:
    """List order forms.

    Example: creditctl orders list acme --status active
    """
    session = session_of(ctx)
    session.show(list_orders(session.context, organization, status=status), ORDERS_VIEW)


@app.command("show")
def show_one(
    ctx: typer.Context,
    order: OrderArgument,
    pdf: PdfOption = None,
    html: HtmlOption = None,
    locale: LocaleOption = None,
) -> None:
    """Show an order form, or write it for both sides to sign.

    It says lines, instalments, terms and signature.

    Example: creditctl orders show order_01jb2c3d4e5f6g7h8j9k0m1n2p --pdf order.pdf
    """
    from creditctl.services.order_document import order_document

    session = session_of(ctx)
    make = partial(order_document, session.context, order)
    if handed_out(session, make, pdf=pdf, html=html, locale=locale):
        return
    session.show(show_order(session.context, order), ORDER_VIEW)


@app.command("sign")
def sign_one(
    ctx: typer.Context,
    order: OrderArgument,
    signer: SignerOption,
    signed_on: SignedOnOption = None,
    reason: AuditReasonOption = "order form signed",
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Record the signature, which freezes the order form.

    From then on only an amendment changes what was agreed.

    Example: creditctl orders sign order_01jb2c3d4e5f6g7h8j9k0m1n2p --signer "Ann Example"
    """
    from creditctl.services.order_steps import SignRequest, sign

    session = session_of(ctx)
    request = SignRequest(order=order, signer=signer, signed_on=signed_on, reason=reason)
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    session.show(sign(session.context, request, rails), CHANGED_VIEW)


@app.command("activate")
def activate_one(
    ctx: typer.Context,
    order: OrderArgument,
    reason: ReasonOption,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Grant what is due of a signed order form; the rest follows.

    Later instalments are booked on their days, by 'limits check' or whatever comes first. An
    amendment replaces what the version before it has not delivered.

    Example: creditctl orders activate order_01jb2c3d4e5f6g7h8j9k0m1n2p --reason "deal 4711"
    """
    from creditctl.services.order_steps import ActivateRequest, activate

    session = session_of(ctx)
    request = ActivateRequest(order=order, reason=reason)
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    session.show(activate(session.context, request, rails), ACTIVATED_VIEW)


@app.command("amend")
def amend(
    ctx: typer.Context,
    order: OrderArgument,
    reason: ReasonOption,
    file: FileOption = None,
    credits: OrderedOption = None,
    unit_price: UnitPriceOption = None,
    discount: DiscountOption = None,
    product: ProductOption = None,
    start: StartOption = None,
    expires: ExpiryDayOption = None,
    expires_after_days: ExpiryDaysOption = None,
    expires_after_months: ExpiryMonthsOption = None,
    instalments: InstalmentsOption = None,
    every: EveryOption = "month",
    splits: SplitsOption = "both",
    po: PurchaseOrderOption = None,
    terms: TermsOption = None,
    currency: CurrencyOption = None,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Draft a new version of a signed order form.

    It says what is delivered and billed from its start on. Once it is signed and activated, it
    replaces what the old version has not delivered by then; what that delivered stays.

    Example: creditctl orders amend order_01jb2c3d4e5f6g7h8j9k0m1n2p --credits 9000 --reason "grew"
    """
    from creditctl.services.order_drafts import AmendRequest, amend_order

    session = session_of(ctx)
    agreed = terms_given(
        session.context,
        file,
        credits,
        unit_price,
        discount,
        product,
        start,
        expires,
        expires_after_days,
        expires_after_months,
        instalments,
        every,
        splits,
        po,
        terms,
        currency,
    )
    request = AmendRequest(order=order, terms=agreed, reason=reason)
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    session.show(amend_order(session.context, request, rails), CHANGED_VIEW)


@app.command("cancel")
def cancel(
    ctx: typer.Context,
    order: OrderArgument,
    reason: ReasonOption,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """End an order form: what is not delivered never will be.

    Delivered credits stay, and what was billed is still delivered: there are no refunds.

    Example: creditctl orders cancel order_01jb2c3d4e5f6g7h8j9k0m1n2p --reason "deal fell through"
    """
    from creditctl.services.order_steps import CancelOrderRequest, cancel_order

    session = session_of(ctx)
    request = CancelOrderRequest(order=order, reason=reason)
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    session.show(cancel_order(session.context, request, rails), CHANGED_VIEW)
