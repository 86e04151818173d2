"""Amounts as Stripe counts them, and members of its objects that localstripe does not fill."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.adapters.payments.interface import PaymentStatus
from creditctl.adapters.payments.stripe_amounts import from_stripe, to_stripe
from creditctl.adapters.payments.stripe_objects import (
    answer_in,
    decline_in,
    method_in,
    most_telling,
)
from creditctl.errors import InvalidInput

INTENT = {
    "id": "pi_1",
    "currency": "usd",
    "status": "succeeded",
    "amount": 2500,
    "amount_received": 2500,
    "last_payment_error": None,
    "next_action": None,
    "latest_charge": {
        "id": "ch_1",
        "balance_transaction": {"currency": "usd", "fee": 103, "net": 2397},
    },
}
# docs.stripe.com/currencies: code, ISO minor units, what Stripe is told.
PUBLISHED = [
    ("USD", 1000, 1000),
    ("JPY", 500, 500),
    ("KRW", 1, 1),
    ("XPF", 7, 7),
    ("HUF", 1000, 1000),
    ("TWD", 80045, 80045),
    ("ISK", 5, 500),
    ("UGX", 5, 500),
    ("MGA", 500, 5),
    ("KWD", 5120, 5120),
]


@pytest.mark.parametrize(("currency", "minor", "amount"), PUBLISHED)
def test_amounts_are_told_in_the_places_that_stripe_wants(currency, minor, amount) -> None:
    assert to_stripe(minor, currency) == amount
    assert from_stripe(amount, currency) == minor


@pytest.mark.parametrize(("currency", "minor"), [("KWD", 5124), ("MGA", 501), ("BHD", 1)])
def test_an_amount_that_stripe_cannot_charge_is_refused(currency, minor) -> None:
    with pytest.raises(InvalidInput, match=f"cannot charge {minor} minor units of {currency}"):
        to_stripe(minor, currency)


@given(st.sampled_from([code for code, _, _ in PUBLISHED]), st.integers(1, 10**15))
def test_whatever_can_be_charged_comes_back_the_same(currency: str, minor: int) -> None:
    try:
        amount = to_stripe(minor, currency)
    except InvalidInput:
        assert currency in ("KWD", "MGA")
        return
    assert type(amount) is int
    assert from_stripe(amount, currency) == minor


def test_a_fee_of_hundredths_that_the_currency_has_not_is_rounded_half_up() -> None:
    assert from_stripe(149, "ISK") == 1
    assert from_stripe(150, "ISK") == 2


def test_the_fee_is_told_in_the_payments_currency_only() -> None:
    elsewhere = {"balance_transaction": {"currency": "eur", "fee": 95}}
    not_booked = {"id": "ch_1", "balance_transaction": None}

    assert answer_in(INTENT).fee_minor == 103
    assert answer_in(INTENT | {"latest_charge": elsewhere}).fee_minor is None
    assert answer_in(INTENT | {"latest_charge": not_booked}).fee_minor is None
    assert answer_in(INTENT | {"latest_charge": "ch_1"}).fee_minor is None
    assert answer_in(INTENT | {"latest_charge": None}).fee_minor is None


def test_an_error_of_an_earlier_attempt_is_no_decline_of_a_payment_that_succeeded() -> None:
    failure = {"code": "card_declined", "decline_code": "expired_card", "message": "Expired."}

    answer = answer_in(INTENT | {"last_payment_error": failure})

    assert (answer.status, answer.decline_code) == (PaymentStatus.SUCCEEDED, None)
    declined = answer_in(
        INTENT
        | {"status": "requires_payment_method", "amount_received": 0}
        | {"last_payment_error": failure}
    )
    assert (declined.status, declined.decline_code) == (PaymentStatus.DECLINED, "expired_card")
    assert declined.message == "Expired."


def test_a_decline_without_an_issuers_reason_has_stripes() -> None:
    body = {"error": {"code": "authentication_required", "message": "Authenticate."}}

    assert decline_in(body).decline_code == "authentication_required"
    assert decline_in("<html>").status is PaymentStatus.DECLINED


def test_of_several_attempts_the_one_that_took_money_counts() -> None:
    failed = INTENT | {
        "id": "pi_failed",
        "status": "requires_payment_method",
        "last_payment_error": {"code": "card_declined"},
    }
    cancelled = INTENT | {"id": "pi_cancelled", "status": "canceled"}

    assert most_telling([cancelled, failed, INTENT]) == INTENT
    assert most_telling([cancelled, failed]) == failed


def test_a_method_without_a_fingerprint_is_stored_all_the_same() -> None:
    method = method_in({"id": "pm_1", "type": "link", "link": {"email": "a@b.example"}}, "cus_1")

    assert (method.brand, method.last4, method.expires) == ("link", None, None)
    assert method.fingerprint is None
