"""Processes that die in the middle of a purchase, and several that finish it at once."""

import json
from collections.abc import Sequence

import pytest

from adapters.payments.fault_proxy import Fault
from creditctl.errors import Conflict
from creditctl.services.credits import list_grants
from creditctl.services.payment_calls import configured, request_of
from creditctl.services.payment_rounds import reconcile
from creditctl.services.purchase_cards import PurchaseCard, purchases, read_purchase
from creditctl.services.voiding import void_purchase
from creditctl.store.engine import reading
from creditctl.store.queries.payments import payment_named
from forked import Forked
from payment_shop import Shop, btcpay_signature, stripe_event, stripe_signature

KILLED = 9
WORKER = """
import json, os, sys
from datetime import datetime
from importlib import import_module
from creditctl.context import Context, Settings
from creditctl.rules.units import Money
from creditctl.services.money_verbs import Rails
from creditctl.services.payment_rounds import apply_notice, reconcile
from creditctl.services.purchases import BuyRequest, buy
from creditctl.services.settling import SettleRequest, settle

asked = json.load(sys.stdin)
settings = Settings(payments=asked["payments"])
context = Context(asked["database"], datetime.fromisoformat(asked["now"]), "worker", settings)
if asked["dies_at"]:
    module, _, name = asked["dies_at"].rpartition(".")
    setattr(import_module(module), name, lambda *_, **__: os._exit(9))
match asked["does"]:
    case ["buy", provider]:
        total = Money.parse("50", "USD")
        request = BuyRequest(organization="acme", total=total, reason="ticket 4711",
                             provider=provider)
        buy(context, request, Rails(idempotency_key="k"))
    case ["reconcile"]:
        reconcile(context)
    case ["notice", provider, headers, body]:
        apply_notice(context, provider, headers, body.encode())
    case ["settle", purchase]:
        money = Money.parse("50", "USD")
        settle(context, SettleRequest(purchase=purchase, reference="bank 1", reason="bank",
                                      amount=money))
"""
BEFORE_ASKING = "creditctl.services.purchases.collect"
BEFORE_WRITING = "creditctl.services.payment_calls.apply_answer"
BEFORE_NOTING = "creditctl.services.payment_rounds.note_notice"
PROVIDERS = ("stripe", "btcpay")


def at_once(shop: Shop, *lines: Sequence[object], dies_at: str = "") -> list[int]:
    """A process for each of the lines, all at the same time; how they ended."""
    workers = [Forked(WORKER) for _ in lines]
    for worker, does in zip(workers, lines, strict=True):
        facts = {
            "database": shop.context.database,
            "now": shop.context.now.isoformat(),
            "payments": shop.context.settings.payments,
            "dies_at": dies_at,
            "does": does,
        }
        worker.stdin.write(json.dumps(facts))
        worker.stdin.close()
    ends = []
    for worker in workers:
        _, problem = worker.communicate(timeout=120)
        ends.append(worker.returncode)
        assert worker.returncode in (0, KILLED), problem
    return ends


def killed(shop: Shop, *does: object, at: str) -> PurchaseCard:
    """The one purchase, after a process died at that function."""
    assert at_once(shop, does, dies_at=at) == [KILLED]
    (one,) = purchases(shop.context, organization="acme", status=None, limit=9)
    return read_purchase(shop.context, one.id)


def paid_by_the_payer(shop: Shop, purchase: PurchaseCard) -> None:
    """A card is charged by asking; an invoice has to be paid by somebody."""
    if purchase.payments[0].provider == "btcpay":
        shop.btcpay.pay(shop.invoice(purchase), "50")
        shop.btcpay.confirm(shop.invoice(purchase))
        reconcile(shop.context)


def assert_bought_once(shop: Shop, purchase: PurchaseCard) -> None:
    assert (shop.show(purchase).status, shop.available()) == ("paid", "5000")
    assert len(list_grants(shop.context, "acme")) == 1
    if purchase.payments[0].provider == "stripe":
        assert shop.charges(purchase) == [5000]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("at", [BEFORE_ASKING, BEFORE_WRITING])
@pytest.mark.parametrize("repair", ["the same key", "reconcile"])
def test_whoever_dies_the_purchase_is_finished_once(
    shop: Shop, provider: str, at: str, repair: str
) -> None:
    shop.attach()
    card = killed(shop, "buy", provider, at=at)
    assert (card.status, card.payments[0].status) == ("pending", "created")
    if repair == "reconcile":
        reconcile(shop.context)
    else:
        assert shop.buy(provider=provider, key="k").id == card.id
    paid_by_the_payer(shop, card)
    assert_bought_once(shop, card)


@pytest.mark.parametrize("at", [BEFORE_ASKING, BEFORE_WRITING])
def test_a_day_after_the_crash_a_charge_is_found_and_none_is_made(shop: Shop, at: str) -> None:
    shop.attach()
    card = killed(shop, "buy", "stripe", at=at)
    tomorrow = shop.later(hours=25)
    (found,) = reconcile(tomorrow.context)
    made = at == BEFORE_WRITING
    assert found.after == ("succeeded" if made else "cancelled")
    assert tomorrow.buy(key="k").status == ("paid" if made else "pending")
    assert shop.charges(card) == ([5000] if made else [])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_order_whose_process_died_is_voided_unless_it_was_charged(
    shop: Shop, provider: str
) -> None:
    shop.attach()
    card = killed(shop, "buy", provider, at=BEFORE_WRITING)
    if provider == "stripe":
        with pytest.raises(Conflict, match="there are no refunds"):
            void_purchase(shop.context, card.id, reason="ordered twice")
        assert_bought_once(shop, card)
        return
    void_purchase(shop.context, card.id, reason="ordered twice")
    assert shop.show(card).status == "void"
    assert shop.btcpay.invoices[shop.invoice(card)].status == "Invalid"


def test_an_order_that_nobody_was_asked_for_is_voided(shop: Shop) -> None:
    shop.attach()
    card = killed(shop, "buy", "stripe", at=BEFORE_ASKING)
    void_purchase(shop.context, card.id, reason="ordered twice")
    assert shop.show(card).payments[0].status == "cancelled"
    assert shop.stripe.intents(card.payments[0].id) == []


def test_a_charge_that_was_on_its_way_while_its_order_was_voided_is_granted(shop: Shop) -> None:
    """The request came after the look, its process died, and Stripe then tells of the charge."""
    shop.attach()
    card = killed(shop, "buy", "stripe", at=BEFORE_ASKING)
    void_purchase(shop.context, card.id, reason="ordered twice")
    with reading(shop.context.database) as unit:
        row = payment_named(unit, card.payments[0].id)
    assert row
    configured(shop.context, "stripe").collect(request_of(row))
    body = stripe_event("evt_1", "payment_intent.succeeded", card, shop.context.now)
    assert shop.stripe_notice(body).status == "succeeded"
    assert_bought_once(shop, card)
    assert shop.show(card).void_reason is None


def test_a_notice_whose_process_died_is_applied_by_the_next_delivery(shop: Shop) -> None:
    shop.attach()
    shop.stripe_proxy.next(Fault.LOSE_ANSWER)
    card = shop.buy()
    body = stripe_event("evt_1", "payment_intent.succeeded", card, shop.context.now)
    headers = {"Stripe-Signature": stripe_signature(body, shop.context.now)}
    killed(shop, "notice", "stripe", headers, body.decode(), at=BEFORE_NOTING)
    assert shop.stripe_notice(body).outcome == "applied"
    assert shop.stripe_notice(body).outcome == "repeated"
    assert_bought_once(shop, card)


def test_several_processes_with_one_key_buy_once(shop: Shop) -> None:
    shop.attach()
    at_once(shop, *[["buy", "stripe"]] * 4)
    reconcile(shop.context)
    (one,) = purchases(shop.context, organization="acme", status=None, limit=9)
    assert_bought_once(shop, read_purchase(shop.context, one.id))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_notices_rounds_and_the_bank_at_once_grant_once(shop: Shop, provider: str) -> None:
    shop.attach()
    if provider == "stripe":
        shop.stripe_proxy.next(Fault.LOSE_ANSWER)
    card = shop.buy(provider=provider)
    if provider == "stripe":
        body = stripe_event("evt_1", "payment_intent.succeeded", card, shop.context.now)
        headers = {"Stripe-Signature": stripe_signature(body, shop.context.now)}
    else:
        shop.btcpay.pay(shop.invoice(card), "50")
        shop.btcpay.confirm(shop.invoice(card))
        body = json.dumps(shop.btcpay.deliveries[-1]).encode()
        headers = {"BTCPay-Sig": btcpay_signature(body)}
    notice = ["notice", provider, headers, body.decode()]
    ends = at_once(shop, notice, ["reconcile"], ["settle", card.id], notice, ["reconcile"])
    assert ends == [0] * 5
    assert_bought_once(shop, card)
    # What the bank brought as well is surplus, which finance decides about.
    assert str(shop.show(card).surplus) == "50.00"
    assert shop.show(card).receipt == f"R-{shop.context.now.year}-000001"
