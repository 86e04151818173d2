"""`purchases create`: credits for money; granted when they are paid (DESIGN 3.4)."""

from dataclasses import dataclass
from decimal import Decimal

from creditctl.adapters.payments.interface import ProviderRefused, ProviderUnreachable
from creditctl.context import Context
from creditctl.errors import GuestNotAllowed
from creditctl.rules.units import Credits, Money
from creditctl.services.audit import record_change
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, nothing_counted, run_verb
from creditctl.services.payment_calls import collect, configured
from creditctl.services.payment_methods import chosen_method
from creditctl.services.purchase_cards import PurchaseCard, read_purchase
from creditctl.services.quoting import Quoted, Wish, quoted
from creditctl.services.sale_documents import sale_document
from creditctl.store.engine import UnitOfWork
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.orgs import OrganizationRow, find_organization
from creditctl.store.queries.payments import insert_payment
from creditctl.store.queries.purchases import PurchaseTaxRow, insert_purchase, insert_taxes


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyRequest:
    """Who buys what, and how it is paid."""

    organization: str
    reason: str
    package: str | None = None
    credits: Credits | None = None
    total: Money | None = None
    currency: str | None = None
    provider: str = "manual"
    method: str | None = None
    """A payment method on file; the default one of the provider unless given."""

    reference: str | None = None
    """The buyer's own, such as a purchase order's number."""

    return_url: str | None = None
    source: str = "purchase"


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase that was begun, or would be."""

    id: str
    organization: str
    credits: Credits
    unit_price: Decimal
    net: Money
    tax: Money
    total: Money
    notice: str | None
    provider: str
    payment: str
    dry_run: bool = False


def buy(context: Context, request: BuyRequest, rails: Rails = NO_RAILS) -> PurchaseCard:
    """Write the purchase and its payment down, then ask the provider for the money.

    The same idempotency key is the same purchase, and its provider is asked with the same key: a
    crash in between is made good by running the command again, or by `payments reconcile`. Raises
    what `quoted` and rails raise, GuestNotAllowed, ProviderUnreachable and ProviderRefused.
    """
    configured(context, request.provider)
    bought = run_verb(context, BUY, request, rails)
    try:
        collect(context, bought.payment, return_url=request.return_url)
    except (ProviderUnreachable, ProviderRefused) as problem:
        # Who orders once more instead would pay for both.
        hint = f"'creditctl payments reconcile' asks again; 'purchases void {bought.id}' gives up"
        raise type(problem)(f"{bought.id} waits: {problem.detail}", hint=hint) from None
    return read_purchase(context, bought.id)


def rehearse(context: Context, request: BuyRequest, rails: Rails) -> Bought:
    """What a purchase would cost; nothing is written and no provider is asked."""
    configured(context, request.provider)
    return run_verb(context, BUY, request, rails)


def _buy(unit: UnitOfWork, context: Context, owner: OrganizationRow, request: BuyRequest) -> Bought:
    if owner.kind == "guest":
        raise GuestNotAllowed(f"{owner.slug} is a guest and cannot be topped up")
    found = quoted(unit, owner.id, _wish(request), context.now)
    method = chosen_method(unit, owner, request.provider, request.method)
    purchase_id, public_id = _insert(unit, context, owner, request, found)
    document = found.quote.assessment.document
    payment = new_public_id("pay", context.now)
    insert_payment(
        unit,
        public_id=payment,
        purchase_id=purchase_id,
        provider=request.provider,
        idempotency_key=payment,
        amount_minor=document.gross.minor,
        currency=document.gross.currency,
        method_id=method.id if method else None,
        requested_at=context.now,
    )
    record_change(
        unit,
        context,
        "purchase.created",
        public_id,
        organization_id=owner.id,
        reason=request.reason,
        after={
            "credits": found.quote.credits,
            "net": str(document.net),
            "tax": str(document.tax),
            "total": str(document.gross),
            "currency": document.gross.currency,
            "provider": request.provider,
        },
    )
    return Bought(
        id=public_id,
        organization=owner.slug,
        credits=found.quote.credits,
        unit_price=found.quote.unit_price,
        net=document.net,
        tax=document.tax,
        total=document.gross,
        notice=found.quote.assessment.notice,
        provider=request.provider,
        payment=payment,
    )


def _wish(request: BuyRequest) -> Wish:
    return Wish(
        package=request.package,
        credits=request.credits,
        total=request.total,
        currency=request.currency,
    )


def _insert(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: BuyRequest, found: Quoted
) -> tuple[int, str]:
    quote, document = found.quote, found.quote.assessment.document
    public_id = new_public_id("pur", context.now)
    purchase_id = insert_purchase(
        unit,
        public_id=public_id,
        organization_id=owner.id,
        source=request.source,
        package=found.package,
        credits_micro=quote.credits,
        lifetime_days=found.lifetime_days,
        currency=document.gross.currency,
        unit_price=quote.unit_price,
        unit_cost=quote.unit_cost,
        net_minor=document.net.minor,
        tax_minor=document.tax.minor,
        gross_minor=document.gross.minor,
        treatment=str(quote.assessment.decision.treatment),
        document=sale_document(found.terms.seller_card, owner, quote.assessment.notice),
        reference=request.reference,
        created_at=context.now,
        actor=context.actor,
        reason=request.reason,
    )
    place = quote.assessment.decision.place
    insert_taxes(
        unit,
        purchase_id,
        [
            PurchaseTaxRow(
                country=place.country if place else "",
                region=place.region if place else None,
                name=tax.name,
                ppm=tax.ppm,
                taxable_minor=tax.taxable.minor,
                tax_minor=tax.tax.minor,
            )
            for tax in document.taxes
        ],
    )
    return purchase_id, public_id


BUY = Verb(
    name="purchases.create",
    request=BuyRequest,
    result=Bought,
    organizations=lambda unit, request: [find_organization(unit, request.organization)],
    perform=_buy,
    amount=nothing_counted,  # nothing moves before it is paid: see services.settling
)
