"""Stripe's SDK against a running localstripe, behind a proxy that breaks what can break."""

import time
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest

from adapters.payments.conftest import Ask
from adapters.payments.fault_proxy import Fault
from creditctl.adapters.payments.interface import (
    PaymentAnswer,
    PaymentProvider,
    PaymentRequest,
    PaymentStatus,
    ProviderRefused,
    ProviderUnreachable,
    StoredMethod,
)
from creditctl.errors import DriverMissing, IdempotencyKeyReused, InvalidInput

OpenStripe = Callable[..., PaymentProvider]
LOST = (Fault.LOSE_ANSWER, Fault.RESET_AFTER, Fault.CUT_ANSWER, Fault.HOLD_ANSWER)
REFUSED_LATER = "DE62370400440532013001"


@pytest.fixture
def card(stripe: PaymentProvider, ask: Ask) -> StoredMethod:
    """A stored card that is charged without trouble."""
    return stripe.attach_method(f"org_{ask().payment_id}", "pm_card_visa")


@pytest.fixture
def payment(ask: Ask, card: StoredMethod) -> PaymentRequest:
    return ask(method_reference=card.reference, buyer_reference=card.buyer_reference)


def found(provider: PaymentProvider, request: PaymentRequest) -> PaymentAnswer:
    answer = provider.look_up(request)
    assert answer is not None
    return answer


def test_a_stored_card_is_charged_at_once(stripe, stripe_peer, payment) -> None:
    answer = stripe.collect(payment)

    assert answer.status is PaymentStatus.SUCCEEDED
    assert answer.received_minor == 2500
    assert answer.fee_minor == 0  # localstripe takes none
    assert answer.decline_code is None
    (intent,) = stripe_peer.intents(payment.payment_id)
    assert answer.provider_reference == intent["id"]
    assert (intent["amount"], intent["currency"]) == (2500, "usd")
    assert intent["customer"] == payment.buyer_reference
    assert found(stripe, payment) == answer
    assert stripe.look_up(payment, answer.provider_reference) == answer


def test_the_same_key_twice_charges_once(stripe, stripe_peer, payment) -> None:
    assert stripe.collect(payment) == stripe.collect(payment)
    assert stripe_peer.charges(payment.payment_id) == [2500]


def test_a_key_with_another_amount_is_refused(stripe, stripe_peer, payment, ask) -> None:
    stripe.collect(payment)
    other = ask(
        payment_id=payment.payment_id,
        idempotency_key=payment.idempotency_key,
        amount_minor=9900,
        method_reference=payment.method_reference,
    )

    with pytest.raises(IdempotencyKeyReused):
        stripe.collect(other)
    assert stripe_peer.charges(payment.payment_id) == [2500]


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: fault.name)
def test_a_lost_answer_is_unknown_and_the_one_charge_is_found(
    hurried_stripe, stripe, stripe_proxy, stripe_peer, payment, fault
) -> None:
    stripe_proxy.next(fault)

    answer = hurried_stripe.collect(payment)

    assert answer.status is PaymentStatus.UNKNOWN
    assert answer.provider_reference is None
    assert answer.received_minor == 0
    looked_up = found(stripe, payment)
    assert (looked_up.status, looked_up.received_minor) == (PaymentStatus.SUCCEEDED, 2500)
    # Should it be sent again all the same, the key keeps it one charge.
    assert stripe.collect(payment) == looked_up
    assert stripe_peer.charges(payment.payment_id) == [2500]


def test_a_server_error_may_have_charged_and_is_looked_up(
    stripe, stripe_proxy, stripe_peer, payment
) -> None:
    stripe_proxy.next(Fault.SERVER_ERROR)

    assert stripe.collect(payment).status is PaymentStatus.UNKNOWN
    # The key keeps even that result, so that repeating never tells: looking up does.
    assert stripe.collect(payment).status is PaymentStatus.UNKNOWN
    assert found(stripe, payment).status is PaymentStatus.SUCCEEDED
    assert stripe_peer.charges(payment.payment_id) == [2500]


def test_a_request_still_under_way_is_unknown_and_never_doubled(
    hurried_stripe, stripe, stripe_proxy, stripe_peer, payment
) -> None:
    stripe_proxy.next(Fault.HOLD_REQUEST)

    assert hurried_stripe.collect(payment).status is PaymentStatus.UNKNOWN
    assert stripe.look_up(payment) is None
    again = stripe.collect(payment)
    assert again.status is PaymentStatus.UNKNOWN
    assert "409" in (again.message or "")

    stripe_proxy.release()
    assert found(stripe, payment).status is PaymentStatus.SUCCEEDED
    assert stripe_peer.charges(payment.payment_id) == [2500]


def test_a_reset_before_anything_happened_leaves_nothing_to_find(
    stripe, stripe_proxy, stripe_peer, payment
) -> None:
    stripe_proxy.next(Fault.RESET_BEFORE)

    assert stripe.collect(payment).status is PaymentStatus.UNKNOWN
    assert stripe.look_up(payment) is None
    assert stripe.collect(payment).status is PaymentStatus.SUCCEEDED
    assert stripe_peer.charges(payment.payment_id) == [2500]


def test_a_connection_that_was_never_made_charged_nothing(
    open_stripe, stripe, stripe_peer, payment, nowhere
) -> None:
    with pytest.raises(ProviderUnreachable) as refusal:
        open_stripe(api_url=nowhere).collect(payment)

    assert refusal.value.retryable
    assert stripe.collect(payment).status is PaymentStatus.SUCCEEDED
    assert stripe_peer.charges(payment.payment_id) == [2500]


def test_a_request_that_came_too_often_may_come_again(
    stripe, stripe_proxy, stripe_peer, payment
) -> None:
    stripe_proxy.next(Fault.RATE_LIMIT)

    with pytest.raises(ProviderUnreachable, match="too often"):
        stripe.collect(payment)
    assert stripe.collect(payment).status is PaymentStatus.SUCCEEDED
    assert stripe_peer.charges(payment.payment_id) == [2500]


@pytest.mark.parametrize("fault", [Fault.LOSE_ANSWER, Fault.SERVER_ERROR, Fault.RATE_LIMIT])
def test_a_look_up_that_fails_decides_nothing(stripe, stripe_proxy, payment, fault) -> None:
    stripe.collect(payment)
    stripe_proxy.next(fault, method="GET")

    with pytest.raises(ProviderUnreachable):
        stripe.look_up(payment)


def test_a_decline_of_the_issuer_is_told_and_found_again(stripe, stripe_peer, ask) -> None:
    method = stripe.attach_method("org_declined", "pm_card_chargeCustomerFail")
    request = ask(method_reference=method.reference, buyer_reference=method.buyer_reference)

    answer = stripe.collect(request)

    assert (answer.status, answer.decline_code) == (PaymentStatus.DECLINED, "card_declined")
    assert answer.message == "Your card was declined."
    looked_up = found(stripe, request)
    assert (looked_up.status, looked_up.received_minor) == (PaymentStatus.DECLINED, 0)
    assert looked_up.decline_code == "card_declined"
    assert stripe_peer.charges(request.payment_id) == []


def test_the_issuers_reason_is_more_telling_than_stripes(
    stripe, stripe_proxy, stripe_peer, payment
) -> None:
    stripe_proxy.next(Fault.DECLINE)

    answer = stripe.collect(payment)

    assert answer == PaymentAnswer(
        PaymentStatus.DECLINED,
        provider_reference="pi_declined",
        decline_code="insufficient_funds",
        message="Your card has insufficient funds.",
    )
    assert stripe.collect(payment) == answer
    assert stripe_peer.charges(payment.payment_id) == []


def test_a_charge_is_found_among_more_than_a_page_of_others(
    stripe, stripe_peer, ask, payment
) -> None:
    answer = stripe.collect(payment)
    for _ in range(110):
        stripe_peer.call("POST", "/v1/payment_intents", {"amount": "100", "currency": "usd"})
    anonymous = ask(payment_id=payment.payment_id)

    assert found(stripe, anonymous) == answer


def test_a_look_up_asks_for_one_organization_and_the_life_of_the_key(
    stripe, stripe_proxy, payment
) -> None:
    stripe.collect(payment)
    stripe_proxy.forwarded.clear()

    stripe.look_up(payment)

    (_, listing), _ = stripe_proxy.forwarded
    asked = dict(parse_qsl(urlsplit(listing).query))
    hour = 3600
    stored = int(payment.requested_at.timestamp())
    assert asked["customer"] == payment.buyer_reference
    # An hour for clocks that differ; a day later the key is forgotten and nothing is sent again.
    assert int(asked["created[gte]"]) == stored - hour
    assert int(asked["created[lte]"]) == stored + 25 * hour


def test_a_payment_that_needs_its_payer_says_where_and_can_be_cancelled(
    stripe, stripe_peer, ask
) -> None:
    method = stripe.attach_method("org_3ds", stripe_peer.card("4000002500003155"))
    request = ask(
        method_reference=method.reference,
        buyer_reference=method.buyer_reference,
        return_url="https://acme.example/credits",
    )

    answer = stripe.collect(request)

    assert answer.status is PaymentStatus.REQUIRES_ACTION
    reference = answer.provider_reference
    assert answer.checkout_url == f"https://hooks.stripe.com/3d_secure/{reference}"
    cancelled = stripe.cancel(reference)
    assert (cancelled.status, cancelled.received_minor) == (PaymentStatus.CANCELLED, 0)
    assert stripe.cancel(reference).status is PaymentStatus.CANCELLED
    assert found(stripe, request).status is PaymentStatus.CANCELLED


def test_a_charge_is_not_cancelled_but_told(stripe, payment) -> None:
    answer = stripe.collect(payment)

    assert stripe.cancel(answer.provider_reference) == answer


def test_a_lost_answer_to_a_cancellation_is_unknown(stripe, stripe_proxy, stripe_peer, ask) -> None:
    method = stripe.attach_method("org_3ds", stripe_peer.card("4000002500003155"))
    request = ask(method_reference=method.reference, buyer_reference=method.buyer_reference)
    reference = stripe.collect(request).provider_reference
    stripe_proxy.next(Fault.LOSE_ANSWER)

    answer = stripe.cancel(reference)

    assert (answer.status, answer.provider_reference) == (PaymentStatus.UNKNOWN, reference)
    assert found(stripe, request).status is PaymentStatus.CANCELLED


def test_a_bank_debit_is_pending_until_the_bank_answers(stripe, stripe_peer, ask) -> None:
    method = stripe.attach_method("org_bank", stripe_peer.bank_account(REFUSED_LATER))
    assert (method.brand, method.last4, method.expires) == ("sepa_debit", "3001", None)
    request = ask(
        method_reference=method.reference, buyer_reference=method.buyer_reference, currency="EUR"
    )

    answer = stripe.collect(request)

    assert (answer.status, answer.received_minor) == (PaymentStatus.PENDING, 0)
    assert stripe.cancel(answer.provider_reference).status is PaymentStatus.PENDING
    until = time.monotonic() + 30
    while (later := found(stripe, request)).status is PaymentStatus.PENDING:
        assert time.monotonic() < until, "the bank never answers"
        time.sleep(0.1)
    assert (later.status, later.received_minor) == (PaymentStatus.DECLINED, 0)
    assert later.decline_code == "card_declined"


def test_a_stored_method_shows_what_may_be_shown(stripe, stripe_peer) -> None:
    one = stripe.attach_method("org_one", stripe_peer.card("4242424242424242"))
    two = stripe.attach_method("org_two", stripe_peer.card("4242424242424242"))
    other = stripe.attach_method("org_two", stripe_peer.card("5555555555554444"))

    assert (one.brand, one.last4, one.expires) == ("visa", "4242", (2031, 11))
    assert one.fingerprint
    assert one.fingerprint == two.fingerprint
    assert other.fingerprint != two.fingerprint
    assert one.buyer_reference != two.buyer_reference
    # The organization's record is made once, however often methods are attached.
    assert other.buyer_reference == two.buyer_reference
    card = stripe_peer.card("4242424242424242")
    given = stripe.attach_method("org_three", card, one.buyer_reference)
    assert given.buyer_reference == one.buyer_reference
    with pytest.raises(ProviderRefused):
        stripe.attach_method("org_three", card, "cus_of_another_account")


def test_a_card_that_is_declined_is_not_stored(stripe) -> None:
    with pytest.raises(ProviderRefused, match="card is declined"):
        stripe.attach_method("org_one", "pm_card_visa_chargeDeclined")


def test_another_payments_reference_is_refused(stripe, payment, ask) -> None:
    reference = stripe.collect(payment).provider_reference

    with pytest.raises(ProviderRefused, match="is not the payment"):
        stripe.look_up(ask(), reference)


def test_a_reference_that_stripe_does_not_know_decides_nothing(stripe, payment) -> None:
    with pytest.raises(ProviderRefused):
        stripe.look_up(payment, "pi_of_another_account")


def test_a_charge_in_another_currency_is_not_read_as_this_one(stripe, payment, ask) -> None:
    stripe.collect(payment)

    with pytest.raises(ProviderRefused, match="is in USD, not JPY"):
        stripe.look_up(ask(payment_id=payment.payment_id, currency="JPY"))


def test_what_stripe_refuses_was_not_charged(
    stripe, open_stripe, monkeypatch, payment, ask
) -> None:
    with pytest.raises(ProviderRefused):
        stripe.collect(ask(method_reference="pm_unknown"))
    with pytest.raises(InvalidInput, match="stored payment method"):
        stripe.collect(ask())
    monkeypatch.setenv("STRIPE_KEY", "pk_not_secret")
    with pytest.raises(ProviderRefused):
        open_stripe().collect(payment)


@pytest.mark.parametrize(
    ("currency", "minor", "charged"), [("JPY", 500, 500), ("UGX", 5, 500), ("MGA", 700, 7)]
)
def test_amounts_arrive_as_stripe_counts_them(
    stripe, stripe_peer, ask, card, currency, minor, charged
) -> None:
    request = ask(
        amount_minor=minor,
        currency=currency,
        method_reference=card.reference,
        buyer_reference=card.buyer_reference,
    )

    assert stripe.collect(request).received_minor == minor
    assert stripe_peer.charges(request.payment_id) == [charged]


def test_without_its_package_stripe_says_what_to_install(stripe, payment, monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "stripe", None)

    with pytest.raises(DriverMissing) as refusal:
        stripe.collect(payment)
    assert refusal.value.advice == "pip install 'creditctl[stripe]'"
