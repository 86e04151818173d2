"""BTCPay against a server that follows the published Greenfield API, behind the fault proxy."""

from datetime import timedelta

import pytest

from adapters.payments.fault_proxy import Fault
from creditctl.adapters.payments.interface import (
    PaymentAnswer,
    PaymentProvider,
    PaymentRequest,
    PaymentStatus,
    ProviderRefused,
    ProviderUnreachable,
)
from creditctl.errors import InvalidInput

LOST = (Fault.LOSE_ANSWER, Fault.RESET_AFTER, Fault.CUT_ANSWER, Fault.SERVER_ERROR)


@pytest.fixture
def payment(ask) -> PaymentRequest:
    return ask()


@pytest.fixture
def invoice(btcpay, payment) -> str:
    """The id of the payment's invoice."""
    return str(btcpay.collect(payment).provider_reference)


def standing(provider: PaymentProvider, request: PaymentRequest) -> tuple[PaymentStatus, int]:
    """Status and what arrived, found by our id and by the invoice's alike."""
    answer = provider.look_up(request)
    assert answer is not None
    assert provider.look_up(request, answer.provider_reference) == answer
    return answer.status, answer.received_minor


def test_an_invoice_is_handed_out_with_the_page_where_it_is_paid(
    btcpay, btcpay_server, ask
) -> None:
    request = ask(return_url="https://acme.example/credits")
    request = ask(
        payment_id=request.payment_id,
        return_url=request.return_url,
        requested_at=request.requested_at,
        expires_at=request.requested_at + timedelta(minutes=45, seconds=30),
    )

    answer = btcpay.collect(request)

    (invoice,) = btcpay_server.invoices.values()
    assert answer == PaymentAnswer(
        PaymentStatus.PENDING,
        provider_reference=invoice.id,
        checkout_url=f"{btcpay_server.url}/i/{invoice.id}",
    )
    assert invoice.request == {
        "amount": "25.00",
        "currency": "USD",
        "metadata": {"orderId": request.payment_id, "itemDesc": "25000 credits"},
        "checkout": {
            "redirectURL": "https://acme.example/credits",
            "expirationMinutes": 45,
        },
    }


@pytest.mark.parametrize(
    ("currency", "minor", "text", "paid", "received"),
    [
        ("JPY", 500, "500", "500", 500),
        ("KWD", 1234, "1.234", "1.234", 1234),
        ("USD", 10**15 + 1, "10000000000000.01", "10000000000000.01", 10**15 + 1),
        ("EUR", 10, "0.10", "0.104999", 10),
        ("EUR", 10, "0.10", "0.105", 11),
    ],
)
def test_amounts_are_exact_decimals(
    btcpay, btcpay_server, ask, currency, minor, text, paid, received
) -> None:
    request = ask(currency=currency, amount_minor=minor)
    invoice = btcpay.collect(request).provider_reference
    assert btcpay_server.invoices[invoice].request["amount"] == text

    btcpay_server.pay(invoice, paid)
    btcpay_server.confirm(invoice)

    assert standing(btcpay, request) == (PaymentStatus.SUCCEEDED, received)


def test_a_payment_is_pending_until_it_is_confirmed(
    btcpay, btcpay_server, payment, invoice
) -> None:
    btcpay_server.pay(invoice, "25.00")
    assert standing(btcpay, payment) == (PaymentStatus.PENDING, 2500)

    btcpay_server.confirm(invoice)
    assert standing(btcpay, payment) == (PaymentStatus.SUCCEEDED, 2500)
    assert btcpay.look_up(payment).checkout_url is None


def test_a_part_is_pending_and_then_expires_with_what_arrived(
    btcpay, btcpay_server, payment, invoice
) -> None:
    btcpay_server.pay(invoice, "10.00")
    assert standing(btcpay, payment) == (PaymentStatus.PENDING, 1000)
    assert btcpay.look_up(payment).message == "a part was paid"

    btcpay_server.expire(invoice)
    assert standing(btcpay, payment) == (PaymentStatus.EXPIRED, 1000)


def test_two_parts_make_a_whole(btcpay, btcpay_server, payment, invoice) -> None:
    btcpay_server.pay(invoice, "10.00")
    btcpay_server.pay(invoice, "15.00")
    btcpay_server.confirm(invoice)

    assert standing(btcpay, payment) == (PaymentStatus.SUCCEEDED, 2500)


def test_too_much_is_received_as_it_is(btcpay, btcpay_server, payment, invoice) -> None:
    btcpay_server.pay(invoice, "30.01")
    btcpay_server.confirm(invoice)

    assert standing(btcpay, payment) == (PaymentStatus.SUCCEEDED, 3001)
    assert btcpay.look_up(payment).message == "more was paid than asked for"


def test_an_unpaid_invoice_expires_and_late_money_is_told(
    btcpay, btcpay_server, payment, invoice
) -> None:
    btcpay_server.expire(invoice)
    assert standing(btcpay, payment) == (PaymentStatus.EXPIRED, 0)

    btcpay_server.pay(invoice, "25.00")
    assert standing(btcpay, payment) == (PaymentStatus.EXPIRED, 2500)
    assert btcpay.look_up(payment).message == "it was paid after it expired"


def test_a_payment_that_is_never_confirmed_is_declined(
    btcpay, btcpay_server, payment, invoice
) -> None:
    btcpay_server.pay(invoice, "25.00")
    btcpay_server.fail(invoice)

    answer = btcpay.look_up(payment)
    assert (answer.status, answer.decline_code) == (PaymentStatus.DECLINED, "not_confirmed")


def test_what_is_marked_settled_by_hand_received_nothing(
    btcpay, btcpay_server, payment, invoice
) -> None:
    btcpay_server.mark(invoice, "Settled")

    assert standing(btcpay, payment) == (PaymentStatus.SUCCEEDED, 0)
    assert btcpay.look_up(payment).message == "marked as settled in BTCPay"


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: fault.name)
def test_a_lost_answer_is_unknown_and_the_one_invoice_is_found(
    btcpay, btcpay_proxy, btcpay_server, payment, fault
) -> None:
    btcpay_proxy.next(fault)

    assert btcpay.collect(payment).status is PaymentStatus.UNKNOWN

    assert standing(btcpay, payment) == (PaymentStatus.PENDING, 0)
    assert btcpay.collect(payment) == btcpay.look_up(payment)
    assert len(btcpay_server.invoices) == 1


def test_an_answer_that_never_comes_is_unknown(
    open_btcpay, btcpay, btcpay_proxy, btcpay_server, payment
) -> None:
    hurried = open_btcpay(connect_seconds="600", answer_seconds="1")
    btcpay_proxy.next(Fault.HOLD_ANSWER)

    assert hurried.collect(payment).status is PaymentStatus.UNKNOWN
    assert standing(btcpay, payment) == (PaymentStatus.PENDING, 0)
    assert len(btcpay_server.invoices) == 1


def test_the_same_request_twice_is_one_invoice(btcpay, btcpay_server, payment, ask) -> None:
    assert btcpay.collect(payment) == btcpay.collect(payment)
    assert len(btcpay_server.invoices) == 1
    btcpay.collect(ask())
    assert len(btcpay_server.invoices) == 2


def test_a_connection_that_was_never_made_made_no_invoice(
    open_btcpay, btcpay_server, payment, nowhere
) -> None:
    with pytest.raises(ProviderUnreachable) as refusal:
        open_btcpay(url=nowhere).collect(payment)

    assert refusal.value.retryable
    assert btcpay_server.invoices == {}


@pytest.mark.parametrize("fault", [Fault.LOSE_ANSWER, Fault.SERVER_ERROR, Fault.RATE_LIMIT])
def test_a_look_up_that_fails_decides_nothing_and_makes_nothing(
    btcpay, btcpay_proxy, btcpay_server, payment, fault
) -> None:
    btcpay_proxy.next(fault, fault, method="GET")

    with pytest.raises(ProviderUnreachable):
        btcpay.look_up(payment)
    with pytest.raises(ProviderUnreachable):
        btcpay.collect(payment)
    assert btcpay_server.invoices == {}


def test_an_unpaid_invoice_can_be_given_up(btcpay, btcpay_server, payment, invoice) -> None:
    assert btcpay.cancel(invoice).status is PaymentStatus.CANCELLED
    assert standing(btcpay, payment) == (PaymentStatus.CANCELLED, 0)
    assert btcpay.cancel(invoice).status is PaymentStatus.CANCELLED


@pytest.mark.parametrize(("paid", "status"), [("1.00", "New"), ("25.00", "Processing")])
def test_an_invoice_that_money_is_under_way_to_is_not_given_up(
    btcpay, btcpay_server, invoice, paid, status
) -> None:
    btcpay_server.pay(invoice, paid)

    assert btcpay.cancel(invoice).status is PaymentStatus.PENDING
    assert btcpay_server.invoices[invoice].status == status


def test_a_lost_answer_to_giving_up_is_unknown(btcpay, btcpay_proxy, payment, invoice) -> None:
    btcpay_proxy.next(Fault.LOSE_ANSWER)

    answer = btcpay.cancel(invoice)

    assert (answer.status, answer.provider_reference) == (PaymentStatus.UNKNOWN, invoice)
    assert standing(btcpay, payment) == (PaymentStatus.CANCELLED, 0)


def test_of_two_invoices_of_one_payment_the_paid_one_counts(
    btcpay, btcpay_server, payment, invoice
) -> None:
    first = btcpay_server.invoices[invoice]
    _, second = btcpay_server._create(first.request)
    assert btcpay.look_up(payment).provider_reference == invoice

    btcpay_server.pay(second["id"], "25.00")
    assert btcpay.look_up(payment).provider_reference == second["id"]


def test_a_server_that_does_not_filter_by_order_changes_nothing(
    btcpay, btcpay_server, payment, invoice, ask
) -> None:
    btcpay_server.filters = False

    assert btcpay.look_up(ask()) is None
    assert btcpay.look_up(payment).provider_reference == invoice


def test_what_is_not_ours_is_refused(btcpay, btcpay_server, ask, invoice) -> None:
    with pytest.raises(ProviderRefused, match="is not the payment"):
        btcpay.look_up(ask(), invoice)
    with pytest.raises(ProviderRefused, match="invoice was not found"):
        btcpay.look_up(ask(), "../../api-keys")
    other = ask(payment_id=btcpay_server.invoices[invoice].metadata["orderId"], currency="EUR")
    with pytest.raises(ProviderRefused, match="is in USD, not EUR"):
        btcpay.look_up(other)


def test_a_server_that_refuses_says_why(
    btcpay, open_btcpay, btcpay_server, payment, invoice, monkeypatch
) -> None:
    with pytest.raises(ProviderRefused, match="404: The store was not found"):
        open_btcpay(store_id="another").collect(payment)
    btcpay_server.without = ("paidAmount",)
    with pytest.raises(ProviderRefused, match="no paidAmount"):
        btcpay.look_up(payment)
    monkeypatch.setenv("BTCPAY_KEY", "wrong")
    with pytest.raises(ProviderRefused, match="401: Authentication is required"):
        btcpay.look_up(payment)


def test_crypto_is_never_drawn(btcpay) -> None:
    with pytest.raises(ProviderRefused):
        btcpay.attach_method("org_1", "pm_1")


def test_a_key_of_two_words_is_refused_before_it_is_sent(btcpay, payment, monkeypatch) -> None:
    monkeypatch.setenv("BTCPAY_KEY", "key\nX-Other: header")

    with pytest.raises(InvalidInput, match="more than one word"):
        btcpay.collect(payment)
