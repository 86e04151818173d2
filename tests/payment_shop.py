"""A company that sells by Stripe and BTCPay: peers that really run, and an organization that buys.

The peers stamp what they make with the real clock, so these tests live in the present.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.payments.btcpay_peer import BtcpayPeer, btcpay_peer
from adapters.payments.fault_proxy import FaultProxy, fault_proxy
from adapters.payments.local_stripe import API_KEY, LocalStripe, StripeDialect
from builders import an_organization, at, open_books
from creditctl.context import Context, Settings
from creditctl.rules.units import Money
from creditctl.services.balances import read_balance
from creditctl.services.money_verbs import Rails
from creditctl.services.payment_methods import PaymentMethod, attach_method
from creditctl.services.payment_rounds import AppliedNotice, apply_notice
from creditctl.services.purchase_cards import PurchaseCard, read_purchase
from creditctl.services.purchases import BuyRequest, buy

STRIPE_SECRET = "whsec_local"
SECRETS = {
    "SHOP_STRIPE_KEY": API_KEY,
    "SHOP_STRIPE_WEBHOOK": STRIPE_SECRET,
    "SHOP_BTCPAY_KEY": BtcpayPeer.api_key,
    "SHOP_BTCPAY_WEBHOOK": BtcpayPeer.webhook_secret,
}
WHY = "ticket 4711"


@dataclass
class Shop:
    """Where a credit costs a cent, and both providers stand behind a proxy."""

    context: Context
    stripe: LocalStripe
    stripe_proxy: FaultProxy
    btcpay: BtcpayPeer
    btcpay_proxy: FaultProxy

    def attach(self, reference: str = "pm_card_visa") -> PaymentMethod:
        return attach_method(self.context, "acme", "stripe", reference)

    def buy(self, amount: str = "50", provider: str = "stripe", **more: Any) -> PurchaseCard:
        key = more.pop("key", None)
        request = BuyRequest(
            organization="acme",
            total=Money.parse(amount, more.pop("currency", "USD")),
            reason=WHY,
            provider=provider,
            **more,
        )
        return buy(self.context, request, Rails(idempotency_key=key))

    def show(self, purchase: PurchaseCard) -> PurchaseCard:
        return read_purchase(self.context, purchase.id)

    def available(self) -> str:
        return str(read_balance(self.context, "acme").available)

    def charges(self, purchase: PurchaseCard) -> list[int]:
        return self.stripe.charges(purchase.payments[0].id)

    def later(self, **delta: Any) -> "Shop":
        return replace(
            self, context=replace(self.context, now=self.context.now + timedelta(**delta))
        )

    def stripe_notice(self, body: bytes, secret: str = STRIPE_SECRET) -> AppliedNotice:
        headers = {"Stripe-Signature": stripe_signature(body, self.context.now, secret)}
        return apply_notice(self.context, "stripe", headers, body)

    def btcpay_notice(self, delivery: dict[str, Any]) -> AppliedNotice:
        body = json.dumps(delivery).encode()
        headers = {"BTCPay-Sig": btcpay_signature(body)}
        return apply_notice(self.context, "btcpay", headers, body)

    def invoice(self, purchase: PurchaseCard) -> str:
        """The id of the one BTCPay invoice of the purchase."""
        payment = purchase.payments[0].id
        (found,) = (
            number
            for number, invoice in self.btcpay.invoices.items()
            if invoice.metadata["orderId"] == payment
        )
        return found


@contextmanager
def payment_shop(database: str, stripe: LocalStripe) -> Iterator[Shop]:
    """The shop on that database, with an organization that has no credits."""
    with ExitStack() as stack:
        btcpay = stack.enter_context(btcpay_peer())
        stripe_proxy = stack.enter_context(fault_proxy(stripe.url, StripeDialect()))
        btcpay_proxy = stack.enter_context(fault_proxy(btcpay.url))
        settings = Settings(payments=provider_settings(stripe_proxy, btcpay_proxy, btcpay))
        now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251
        context = Context(database, now, "tester", settings)
        open_books(at(context, "2026-01-01T00:00:00Z"))
        an_organization(context, "acme")
        yield Shop(context, stripe, stripe_proxy, btcpay, btcpay_proxy)


def provider_settings(
    stripe: FaultProxy, btcpay: FaultProxy, peer: BtcpayPeer
) -> dict[str, dict[str, str]]:
    """What stands in `[payments.stripe]` and `[payments.btcpay]`."""
    return {
        "stripe": {
            "secret_key": "env:SHOP_STRIPE_KEY",
            "webhook_secret": "env:SHOP_STRIPE_WEBHOOK",
            "api_url": stripe.url,
        },
        "btcpay": {
            "url": btcpay.url,
            "store_id": peer.store_id,
            "api_key": "env:SHOP_BTCPAY_KEY",
            "webhook_secret": "env:SHOP_BTCPAY_WEBHOOK",
        },
    }


def write_configuration(shop: Shop) -> None:
    """The same settings as a user keeps them, in the user's configuration file."""
    lines = []
    for provider, settings in shop.context.settings.payments.items():
        lines.append(f"[payments.{provider}]")
        lines += [f'{name} = "{value}"' for name, value in settings.items()]
    folder = Path(os.environ["XDG_CONFIG_HOME"]) / "creditctl"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("\n".join([*lines, ""]))


def stripe_signature(body: bytes, at: datetime, secret: str = STRIPE_SECRET) -> str:
    """The header as Stripe's own SDK would make it."""
    import stripe

    made: str = stripe.WebhookSignature.generate_signature_header(
        body.decode(), secret, int(at.timestamp())
    )
    return made


def btcpay_signature(body: bytes, secret: str = BtcpayPeer.webhook_secret) -> str:
    """The header as BTCPay's documentation has it."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def stripe_event(
    number: str, kind: str, purchase: PurchaseCard, at: datetime, **thing: Any
) -> bytes:
    """An event about the purchase's payment, of that kind and with those members."""
    told = {
        "object": "payment_intent",
        "currency": "usd",
        "metadata": {"creditctl_payment": purchase.payments[0].id},
        **thing,
    }
    event = {
        "id": number,
        "object": "event",
        "type": kind,
        "created": int(at.timestamp()),
        "data": {"object": told},
    }
    return json.dumps(event).encode()


def lost_dispute(number: str, shop: Shop, purchase: PurchaseCard) -> bytes:
    """The event that a dispute about the purchase's one charge was lost."""
    (intent,) = shop.stripe.intents(purchase.payments[0].id)
    return stripe_event(
        number,
        "charge.dispute.closed",
        purchase,
        shop.context.now,
        object="dispute",
        status="lost",
        payment_intent=intent["id"],
        metadata={},
    )
