"""BTCPay's webhooks: really delivered, delivered again, forged, and of another store."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from adapters.payments.btcpay_peer import CREATED
from creditctl.adapters.payments.interface import (
    NoticeRejected,
    PaymentRequest,
    PaymentStatus,
)
from creditctl.errors import InvalidInput

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def payment(ask) -> PaymentRequest:
    return ask()


@pytest.fixture
def invoice(btcpay, btcpay_server, notices, payment) -> str:
    """The id of an invoice, all of whose events are delivered to the inbox."""
    btcpay_server.webhook_url = notices.url
    return str(btcpay.collect(payment).provider_reference)


def test_a_delivery_tells_of_its_invoice_and_the_amount_is_looked_up(
    btcpay, btcpay_server, notices, payment, invoice
) -> None:
    btcpay_server.pay(invoice, "25.00")
    btcpay_server.confirm(invoice)
    delivery = notices.wait_for("InvoiceSettled")

    notice = btcpay.notice(delivery.headers, delivery.body, NOW)

    assert notice.kind == "InvoiceSettled"
    assert (notice.provider_reference, notice.payment_id) == (invoice, payment.payment_id)
    assert (notice.status, notice.received_minor) == (PaymentStatus.SUCCEEDED, None)
    assert notice.occurred_at == datetime.fromtimestamp(
        btcpay_server.invoices[invoice].created, UTC
    )
    assert notice.occurred_at.timestamp() > CREATED
    assert btcpay.look_up(payment, notice.provider_reference).received_minor == 2500


def test_a_delivery_that_failed_comes_again_as_the_same_event(
    btcpay, btcpay_server, notices, invoice
) -> None:
    notices.deliveries.clear()
    notices.refuse = 1
    btcpay_server.expire(invoice)
    first, again = notices.deliveries
    btcpay_server.redeliver(json.loads(again.body))
    third = notices.deliveries[2]

    assert json.loads(again.body)["isRedelivery"]
    assert len({json.loads(d.body)["deliveryId"] for d in (first, again, third)}) == 3
    late = NOW + timedelta(days=30)
    read = [btcpay.notice(d.headers, d.body, late) for d in (first, again, third)]
    assert len({notice.event_id for notice in read}) == 1
    assert read[0] == read[1] == read[2]


def test_every_event_of_an_invoices_life_is_read(
    btcpay, btcpay_server, notices, payment, invoice
) -> None:
    btcpay_server.pay(invoice, "10.00")
    btcpay_server.pay(invoice, "20.00")
    btcpay_server.confirm(invoice)

    read = [btcpay.notice(d.headers, d.body, NOW) for d in notices.deliveries]

    assert [(notice.kind, notice.status) for notice in read] == [
        ("InvoiceCreated", PaymentStatus.PENDING),
        ("InvoiceReceivedPayment", None),
        ("InvoiceReceivedPayment", None),
        ("InvoiceProcessing", PaymentStatus.PENDING),
        ("InvoicePaymentSettled", None),
        ("InvoiceSettled", PaymentStatus.SUCCEEDED),
    ]
    assert len({notice.event_id for notice in read}) == 6
    assert {notice.payment_id for notice in read} == {payment.payment_id}


def test_an_invalid_invoice_was_given_up_or_never_confirmed(
    btcpay, btcpay_server, notices, invoice, ask
) -> None:
    btcpay.cancel(invoice)
    other = btcpay.collect(ask()).provider_reference
    btcpay_server.pay(other, "25.00")
    btcpay_server.fail(other)

    given_up, not_confirmed = (
        btcpay.notice(d.headers, d.body, NOW)
        for d in notices.deliveries
        if b"InvoiceInvalid" in d.body
    )
    assert given_up.status is PaymentStatus.CANCELLED
    assert not_confirmed.status is PaymentStatus.DECLINED


def test_a_late_or_partial_payment_is_never_called_a_success(
    btcpay, btcpay_server, notices, invoice
) -> None:
    btcpay_server.pay(invoice, "10.00")
    btcpay_server.expire(invoice)
    btcpay_server.pay(invoice, "15.00")

    read = [btcpay.notice(d.headers, d.body, NOW) for d in notices.deliveries]

    assert [notice.status for notice in read] == [
        PaymentStatus.PENDING,
        None,
        PaymentStatus.EXPIRED,
        None,
    ]


def test_a_delivery_that_was_altered_or_signed_by_another_is_rejected(
    btcpay, btcpay_server, notices, invoice, monkeypatch
) -> None:
    (delivery,) = notices.deliveries
    assert btcpay.notice(delivery.headers, delivery.body, NOW)

    with pytest.raises(NoticeRejected, match="not signed"):
        btcpay.notice(delivery.headers, delivery.body + b" ", NOW)
    with pytest.raises(NoticeRejected, match="no BTCPay-Sig header"):
        btcpay.notice({}, delivery.body, NOW)
    for forged in ("", "sha256=", "sha256=00", "sha1=00", "sha256=é"):
        with pytest.raises(NoticeRejected, match="not signed"):
            btcpay.notice({"BTCPay-Sig": forged}, delivery.body, NOW)
    monkeypatch.setenv("BTCPAY_WEBHOOK", "changed")
    with pytest.raises(NoticeRejected, match="not signed"):
        btcpay.notice(delivery.headers, delivery.body, NOW)


def test_a_delivery_of_another_store_is_rejected(open_btcpay, notices, invoice) -> None:
    (delivery,) = notices.deliveries

    with pytest.raises(NoticeRejected, match="another store"):
        open_btcpay(store_id="another").notice(delivery.headers, delivery.body, NOW)


@pytest.mark.parametrize("missing", ["type", "deliveryId", "timestamp"])
def test_a_signed_delivery_without_what_it_must_say_is_rejected(
    btcpay, btcpay_server, notices, invoice, missing
) -> None:
    document = json.loads(notices.deliveries[0].body)
    document = {name: value for name, value in document.items() if name != "originalDeliveryId"}
    document.pop(missing)
    notices.deliveries.clear()
    btcpay_server._post(document)
    (delivery,) = notices.deliveries

    with pytest.raises(NoticeRejected, match="does not say"):
        btcpay.notice(delivery.headers, delivery.body, NOW)


def test_without_a_webhook_secret_no_notice_is_read(
    btcpay, btcpay_server, notices, invoice, monkeypatch
) -> None:
    monkeypatch.delenv("BTCPAY_WEBHOOK")
    (delivery,) = notices.deliveries

    with pytest.raises(InvalidInput, match="webhook_secret"):
        btcpay.notice(delivery.headers, delivery.body, NOW)
