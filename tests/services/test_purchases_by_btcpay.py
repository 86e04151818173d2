"""Purchases by BTCPay: the payer decides what to send and when, and may send it twice."""

import pytest

from adapters.payments.btcpay_peer import Invoice
from adapters.payments.fault_proxy import Fault
from creditctl.adapters.payments.interface import NoticeRejected
from creditctl.errors import Conflict
from creditctl.services.credits import list_grants
from creditctl.services.payment_rounds import reconcile
from creditctl.services.purchase_cards import PurchaseCard
from creditctl.services.settling import SettleRequest, settle
from creditctl.services.voiding import void_purchase
from payment_shop import WHY, Shop


@pytest.fixture
def order(shop: Shop) -> PurchaseCard:
    """A purchase of 5000 credits for 50 dollars that waits for its invoice to be paid."""
    return shop.buy(provider="btcpay")


def stands(shop: Shop, order: PurchaseCard) -> tuple[str, str, str]:
    """The purchase, its payment, and the credits there are."""
    card = shop.show(order)
    return card.status, card.payments[0].status, shop.available()


def hear(shop: Shop) -> list[str]:
    """Apply everything that the server has told until now, the newest first."""
    told = [shop.btcpay_notice(delivery) for delivery in reversed(shop.btcpay.deliveries)]
    return [one.outcome for one in told]


def test_an_invoice_is_paid_where_the_answer_says_and_granted_when_confirmed(
    shop: Shop, order: PurchaseCard
) -> None:
    assert order.payments[0].checkout_url == f"{shop.btcpay.url}/i/{shop.invoice(order)}"
    shop.btcpay.pay(shop.invoice(order), "50")
    hear(shop)
    assert stands(shop, order) == ("pending", "pending", "0")
    shop.btcpay.confirm(shop.invoice(order))
    assert set(hear(shop)) == {"applied", "repeated"}
    assert set(hear(shop)) == {"repeated"}
    assert stands(shop, order) == ("paid", "succeeded", "5000")


def test_a_part_of_the_money_waits_and_the_rest_may_come_late(
    shop: Shop, order: PurchaseCard
) -> None:
    invoice = shop.invoice(order)
    shop.btcpay.pay(invoice, "20")
    shop.btcpay.expire(invoice)
    hear(shop)
    assert stands(shop, order) == ("pending", "expired", "0")
    assert str(shop.show(order).missing) == "30.00"
    with pytest.raises(Conflict, match="a part of"):
        void_purchase(shop.context, order.id, reason="ordered twice")
    shop.btcpay.pay(invoice, "30")
    hear(shop)
    assert stands(shop, order) == ("paid", "expired", "5000")


def test_the_rest_of_a_part_may_come_by_bank(shop: Shop, order: PurchaseCard) -> None:
    shop.btcpay.pay(shop.invoice(order), "20")
    shop.btcpay.expire(shop.invoice(order))
    reconcile(shop.context)
    done = settle(shop.context, SettleRequest(purchase=order.id, reference="bank 1", reason=WHY))
    assert (done.status, str(done.received), shop.available()) == ("paid", "50.00", "5000")


def test_more_than_asked_for_is_surplus(shop: Shop, order: PurchaseCard) -> None:
    shop.btcpay.pay(shop.invoice(order), "60")
    shop.btcpay.confirm(shop.invoice(order))
    (asked,) = reconcile(shop.context)
    assert (asked.after, str(asked.received)) == ("succeeded", "60.00")
    assert stands(shop, order) == ("paid", "succeeded", "5000")
    assert str(shop.show(order).surplus) == "10.00"


def test_an_expired_invoice_brings_nothing_and_late_money_all_of_it(
    shop: Shop, order: PurchaseCard
) -> None:
    shop.btcpay.expire(shop.invoice(order))
    reconcile(shop.context)
    assert stands(shop, order) == ("pending", "expired", "0")
    shop.btcpay.pay(shop.invoice(order), "50")
    hear(shop)
    assert stands(shop, order) == ("paid", "expired", "5000")
    assert len(list_grants(shop.context, "acme")) == 1


def test_a_payment_that_is_never_confirmed_grants_nothing(shop: Shop, order: PurchaseCard) -> None:
    shop.btcpay.pay(shop.invoice(order), "50")
    shop.btcpay.fail(shop.invoice(order))
    hear(shop)
    assert stands(shop, order) == ("pending", "declined", "0")
    assert str(shop.show(order).received) == "0.00"


@pytest.mark.parametrize("fault", [Fault.LOSE_ANSWER, Fault.SERVER_ERROR])
def test_a_lost_answer_leaves_one_invoice(shop: Shop, fault: Fault) -> None:
    shop.btcpay_proxy.next(fault)
    order = shop.buy(provider="btcpay")
    assert stands(shop, order) == ("pending", "unknown", "0")
    reconcile(shop.context)
    assert shop.show(order).payments[0].checkout_url == f"{shop.btcpay.url}/i/{shop.invoice(order)}"


def test_the_other_of_two_invoices_that_were_made_at_once_may_be_the_one_that_is_paid(
    shop: Shop, order: PurchaseCard
) -> None:
    first = shop.btcpay.invoices[shop.invoice(order)]
    other = Invoice("invoice-other", first.request, first.created)
    shop.btcpay.invoices[other.id] = other
    shop.btcpay.pay(other.id, "50")
    shop.btcpay.confirm(other.id)
    hear(shop)
    assert stands(shop, order) == ("paid", "succeeded", "5000")


def test_a_void_purchase_cannot_be_paid_any_more(shop: Shop, order: PurchaseCard) -> None:
    void_purchase(shop.context, order.id, reason="ordered twice")
    assert stands(shop, order) == ("void", "cancelled", "0")
    assert shop.btcpay.invoices[shop.invoice(order)].status == "Invalid"
    hear(shop)
    assert stands(shop, order) == ("void", "cancelled", "0")


def test_a_void_loses_the_race_against_money_that_was_seen(shop: Shop, order: PurchaseCard) -> None:
    shop.btcpay.pay(shop.invoice(order), "50")
    with pytest.raises(Conflict, match="is pending at btcpay and may still be paid"):
        void_purchase(shop.context, order.id, reason="ordered twice")
    shop.btcpay.confirm(shop.invoice(order))
    with pytest.raises(Conflict, match="is paid, and there are no refunds"):
        void_purchase(shop.context, order.id, reason="ordered twice")
    assert stands(shop, order) == ("paid", "succeeded", "5000")


@pytest.mark.parametrize(
    ("sent", "expected", "surplus"),
    [("20", ("void", "cancelled", "0"), "20.00"), ("50", ("paid", "cancelled", "5000"), "0.00")],
)
def test_money_sent_to_a_void_purchase_all_the_same_is_not_kept_for_nothing(
    shop: Shop, order: PurchaseCard, sent: str, expected: tuple[str, str, str], surplus: str
) -> None:
    void_purchase(shop.context, order.id, reason="ordered twice")
    shop.btcpay.pay(shop.invoice(order), sent)
    shop.btcpay.mark(shop.invoice(order), "Invalid")
    hear(shop)
    assert stands(shop, order) == expected
    card = shop.show(order)
    assert (str(card.surplus), str(card.missing)) == (surplus, "0.00")
    assert (card.void_reason is None) == (card.status == "paid")


def test_a_notice_of_another_store_is_refused_and_of_another_order_ignored(
    shop: Shop, order: PurchaseCard
) -> None:
    delivery = shop.btcpay.deliveries[0]
    with pytest.raises(NoticeRejected, match="another store"):
        shop.btcpay_notice(delivery | {"storeId": "elsewhere"})
    assert shop.btcpay_notice(delivery | {"metadata": {}, "invoiceId": "x"}).outcome == "ignored"
