"""Stripe's webhooks: really delivered by localstripe, then forged, aged and repeated."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from creditctl.adapters.payments.interface import (
    NoticeRejected,
    PaymentProvider,
    PaymentStatus,
    ProviderNotice,
)
from creditctl.adapters.payments.signed_notices import header_of
from creditctl.errors import InvalidInput

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
INTENT = {
    "object": "payment_intent",
    "id": "pi_1",
    "amount": 2500,
    "amount_received": 2500,
    "currency": "usd",
    "status": "succeeded",
    "metadata": {"creditctl_payment": "payment_1"},
}


def signed(body: bytes, at: datetime = NOW, secret: str = "whsec_local") -> dict[str, str]:
    """The header as Stripe's own SDK would make it."""
    import stripe

    signature = stripe.WebhookSignature.generate_signature_header(
        body.decode(), secret, int(at.timestamp())
    )
    return {"stripe-signature": signature}


def event(kind: str = "payment_intent.succeeded", **thing: Any) -> bytes:
    document = {
        "id": "evt_1",
        "object": "event",
        "type": kind,
        "created": int(NOW.timestamp()) - 2,
        "data": {"object": {**INTENT, **thing}},
    }
    return json.dumps(document).encode()


def read(stripe: PaymentProvider, body: bytes) -> ProviderNotice:
    return stripe.notice(signed(body), body, NOW)


@pytest.fixture
def charged(stripe, stripe_peer, notices, ask) -> Any:
    """A payment that was charged, and what localstripe delivered of it."""
    stripe_peer.send_notices_to(notices.url, "whsec_local")
    method = stripe.attach_method("org_notices", "pm_card_visa")
    request = ask(method_reference=method.reference, buyer_reference=method.buyer_reference)
    answer = stripe.collect(request)
    return request, answer, notices.wait_for("payment_intent.succeeded", request.payment_id)


def test_a_delivered_event_tells_of_its_payment(stripe, charged) -> None:
    request, answer, delivery = charged
    signature = header_of(delivery.headers, "Stripe-Signature")
    sent_at = datetime.fromtimestamp(int(signature.split(",")[0][2:]), UTC)

    notice = stripe.notice(delivery.headers, delivery.body, sent_at + timedelta(minutes=4))

    assert notice.event_id == json.loads(delivery.body)["id"]
    assert notice.kind == "payment_intent.succeeded"
    assert notice.provider_reference == answer.provider_reference
    assert notice.payment_id == request.payment_id
    assert notice.status is PaymentStatus.SUCCEEDED
    assert notice.currency == "USD"
    assert notice.occurred_at == sent_at
    # It does not say what arrived, so that is looked up.
    assert notice.received_minor is None
    assert stripe.look_up(request, notice.provider_reference).received_minor == 2500
    # Whatever is delivered again is the same event.
    assert stripe.notice(delivery.headers, delivery.body, sent_at).event_id == notice.event_id


def test_a_delivered_event_that_was_altered_is_rejected(stripe, charged) -> None:
    _, _, delivery = charged
    sent_at = datetime.fromtimestamp(json.loads(delivery.body)["created"], UTC)
    stripe.notice(delivery.headers, delivery.body, sent_at)

    with pytest.raises(NoticeRejected, match="not signed"):
        stripe.notice(delivery.headers, delivery.body.replace(b"2500", b"9500"), sent_at)
    with pytest.raises(NoticeRejected, match="not signed"):
        stripe.notice(delivery.headers, delivery.body + b"\n", sent_at)


@pytest.mark.parametrize("minutes", [6, -6, 60 * 24 * 365])
def test_a_signature_of_another_time_is_rejected(stripe, minutes) -> None:
    body = event()

    with pytest.raises(NoticeRejected, match="too far from now"):
        stripe.notice(signed(body), body, NOW + timedelta(minutes=minutes))


def test_the_tolerance_is_a_setting_and_inclusive(open_stripe, stripe) -> None:
    body = event()
    patient = open_stripe(tolerance_seconds="600")

    assert stripe.notice(signed(body), body, NOW + timedelta(seconds=300))
    assert patient.notice(signed(body), body, NOW + timedelta(seconds=600))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Stripe-Signature": ""},
        {"Stripe-Signature": "v1=00"},
        {"Stripe-Signature": "t=soon,v1=00"},
        {"Stripe-Signature": f"t={int(NOW.timestamp())}"},
        {"Stripe-Signature": f"t={int(NOW.timestamp())},v0=00"},
        {"Stripe-Signature": f"t={int(NOW.timestamp())},v1=é"},
        signed(event(), secret="whsec_of_another"),
    ],
)
def test_a_header_that_proves_nothing_is_rejected(stripe, headers) -> None:
    with pytest.raises(NoticeRejected):
        stripe.notice(headers, event(), NOW)


def test_a_time_that_was_not_signed_does_not_make_an_old_notice_new(stripe) -> None:
    body = event()
    later = NOW + timedelta(hours=1)
    old = signed(body)["stripe-signature"]

    for headers in (
        f"{old},t={int(later.timestamp())}",
        old.replace(",", f"={later.timestamp()},"),
    ):
        with pytest.raises(NoticeRejected, match="too far from now"):
            stripe.notice({"Stripe-Signature": headers}, body, later)


def test_while_a_secret_is_changed_one_of_two_signatures_is_enough(stripe) -> None:
    body = event()
    old, new = (
        signed(body, secret=secret)["stripe-signature"].split(",")[1]
        for secret in ("whsec_old", "whsec_local")
    )

    headers = {"Stripe-Signature": f"t={int(NOW.timestamp())},{old},{new}"}
    assert stripe.notice(headers, body, NOW).event_id == "evt_1"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"id": "evt_1"}', b"\xff\xfe", event(kind="")]
)
def test_a_signed_body_that_is_no_event_is_rejected(stripe, body) -> None:
    headers = signed(body) if body != b"\xff\xfe" else signed(b"")

    with pytest.raises(NoticeRejected):
        stripe.notice(headers, body, NOW)


@pytest.mark.parametrize(
    ("status", "more", "expected"),
    [
        ("succeeded", {}, PaymentStatus.SUCCEEDED),
        ("processing", {}, PaymentStatus.PENDING),
        ("requires_action", {}, PaymentStatus.REQUIRES_ACTION),
        ("requires_payment_method", {}, PaymentStatus.PENDING),
        (
            "requires_payment_method",
            {"last_payment_error": {"code": "card_declined"}},
            PaymentStatus.DECLINED,
        ),
        ("canceled", {}, PaymentStatus.CANCELLED),
    ],
)
def test_an_event_shows_the_payment_as_it_then_was(stripe, status, more, expected) -> None:
    notice = read(stripe, event(status=status, **more))

    assert (notice.status, notice.payment_id) == (expected, "payment_1")


def test_amounts_of_events_are_in_minor_units_of_their_currency(stripe) -> None:
    assert read(stripe, event(currency="usd", amount_received=2500)).received_minor == 2500
    assert read(stripe, event(currency="jpy", amount_received=2500)).received_minor == 2500
    assert read(stripe, event(currency="ugx", amount_received=2500)).received_minor == 25
    with pytest.raises(NoticeRejected, match="ISO 4217"):
        read(stripe, event(currency="usdc"))


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("charge.dispute.created", "needs_response", None),
        ("charge.dispute.closed", "won", None),
        ("charge.dispute.closed", "lost", PaymentStatus.CHARGED_BACK),
    ],
)
def test_a_dispute_names_its_payment_and_takes_it_back_only_when_lost(
    stripe, kind, status, expected
) -> None:
    body = event(
        kind, object="dispute", id="dp_1", payment_intent="pi_1", status=status, metadata={}
    )

    notice = read(stripe, body)

    assert (notice.provider_reference, notice.payment_id) == ("pi_1", None)
    assert (notice.status, notice.received_minor) == (expected, None)


def test_an_event_of_something_else_says_nothing_of_a_payment(stripe) -> None:
    notice = read(stripe, event("payout.paid", object="payout", id="po_1", metadata={}))

    assert (notice.kind, notice.provider_reference) == ("payout.paid", None)
    assert (notice.status, notice.payment_id) == (None, None)


def test_without_a_webhook_secret_no_notice_is_read(
    open_stripe: Callable[..., PaymentProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_WEBHOOK", "")

    with pytest.raises(InvalidInput, match="webhook_secret"):
        open_stripe().notice(signed(event()), event(), NOW)
