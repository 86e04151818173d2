"""An organization with a card at a Stripe that really runs, behind a proxy that can break it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from adapters.payments.fault_proxy import FaultProxy, fault_proxy
from adapters.payments.local_stripe import API_KEY, LocalStripe, StripeDialect
from builders import an_organization, give, open_books
from creditctl import clock
from creditctl.context import Context, Settings
from creditctl.rules.units import Credits, Money
from creditctl.services.balances import read_balance
from creditctl.services.payment_methods import attach_method
from creditctl.services.purchase_cards import PurchaseCard, purchases, read_purchase
from creditctl.services.recharge_outcomes import RechargeRun
from creditctl.services.recharges import Recharge, RechargeTerms, list_recharges, set_recharge
from creditctl.services.recharging import run_recharges

CARD = "4242424242424242"
ENVIRONMENT = {"STRIPE_KEY": API_KEY}


@dataclass(frozen=True)
class Shop:
    """A credit costs a cent; the peer's clock is real, so the books begin twenty hours ago."""

    context: Context
    peer: LocalStripe
    proxy: FaultProxy

    def later(self, **wait: float) -> Context:
        """The context some time after the books begin."""
        return replace(self.context, now=self.context.now + timedelta(**wait))

    def organization(self, slug: str = "acme", credits: str = "50") -> None:
        an_organization(self.context, slug)
        attach_method(self.context, slug, "stripe", self.peer.card(CARD))
        give(self.context, slug, credits)

    def recharge(self, slug: str = "acme", cap: str = "500", **changes: object) -> Recharge:
        """Below 100 credits up to 1000, unless told otherwise."""
        terms = RechargeTerms(
            organization=slug,
            below=Credits.parse("100"),
            up_to=Credits.parse("1000"),
            monthly_cap=Money.parse(cap, "USD"),
            reason="test",
        )
        return set_recharge(self.context, replace(terms, **changes))  # type: ignore[arg-type]

    def run(self, context: Context | None = None) -> RechargeRun:
        (run,) = run_recharges(context or self.context, "acme")
        return run

    def outcome(self, context: Context | None = None) -> str:
        return self.run(context).outcome

    def shown(self, context: Context | None = None) -> Recharge:
        (one,) = list_recharges(context or self.context, "acme")
        return one

    def available(self, slug: str = "acme") -> str:
        return str(read_balance(replace(self.context, now=clock.now()), slug).available)

    def bought(self, slug: str = "acme") -> list[PurchaseCard]:
        """Every purchase, the oldest first."""
        rows = purchases(self.context, organization=slug, status=None, limit=99)
        return [read_purchase(self.context, row.id) for row in reversed(rows)]

    def charged(self, slug: str = "acme") -> list[int]:
        """What Stripe really charged, charge by charge, in cents."""
        payments = [payment for order in self.bought(slug) for payment in order.payments]
        return [cents for payment in payments for cents in self.peer.charges(payment.id)]


@contextmanager
def opened_shop(context: Context, peer: LocalStripe) -> Iterator[Shop]:
    """Books with a catalog; `STRIPE_KEY` is in the environment."""
    with fault_proxy(peer.url, StripeDialect()) as proxy:
        stripe = {"secret_key": "env:STRIPE_KEY", "api_url": proxy.url, "answer_seconds": "30"}
        settings = Settings(payments={"stripe": stripe})
        began = (clock.now() - timedelta(hours=20)).replace(microsecond=0)
        shop = Shop(replace(context, now=began, settings=settings), peer, proxy)
        open_books(shop.context)
        yield shop
