"""Providers as the configuration opens them, before peers that really run."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.payments.btcpay_peer import BtcpayPeer, btcpay_peer
from adapters.payments.fault_proxy import FaultProxy, fault_proxy
from adapters.payments.local_servers import Inbox, inbox, unheard
from adapters.payments.local_stripe import (
    API_KEY,
    LocalStripe,
    StripeDialect,
    local_stripe,
)
from creditctl.adapters.payments import provider_named
from creditctl.adapters.payments.interface import PaymentProvider, PaymentRequest

Ask = Callable[..., PaymentRequest]

_numbers = itertools.count(1)


@pytest.fixture
def ask() -> Ask:
    """A new payment of 25 dollars, or whatever else is given."""

    def make(**changes: Any) -> PaymentRequest:
        number = next(_numbers)
        request = PaymentRequest(
            payment_id=f"payment_{number}",
            idempotency_key=f"key_{number}",
            amount_minor=2500,
            currency="USD",
            description="25000 credits",
            # The peers stamp what they make with the real clock.
            requested_at=datetime.now(UTC),  # noqa: TID251
        )
        return replace(request, **changes)

    return make


@pytest.fixture(params=["refused", "unknown name"])
def nowhere(request: pytest.FixtureRequest) -> Iterator[str]:
    """An address that no connection can be made to."""
    if request.param == "unknown name":
        yield "https://provider.invalid"
        return
    with unheard() as url:
        yield url


@pytest.fixture(scope="session")
def stripe_peer() -> Iterator[LocalStripe]:
    with local_stripe() as peer:
        yield peer


@pytest.fixture
def stripe_proxy(stripe_peer: LocalStripe) -> Iterator[FaultProxy]:
    with fault_proxy(stripe_peer.url, StripeDialect()) as proxy:
        yield proxy


@pytest.fixture
def open_stripe(
    stripe_proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., PaymentProvider]:
    """Stripe behind the proxy; a test may change a setting."""
    monkeypatch.setenv("STRIPE_KEY", API_KEY)
    monkeypatch.setenv("STRIPE_WEBHOOK", "whsec_local")

    def make(**changes: str) -> PaymentProvider:
        settings = {
            "secret_key": "env:STRIPE_KEY",
            "webhook_secret": "env:STRIPE_WEBHOOK",
            "api_url": stripe_proxy.url,
            "answer_seconds": "1",
        }
        return provider_named("stripe", settings | changes)

    return make


@pytest.fixture
def stripe(open_stripe: Callable[..., PaymentProvider]) -> PaymentProvider:
    return open_stripe(answer_seconds="30")


@pytest.fixture
def hurried_stripe(open_stripe: Callable[..., PaymentProvider]) -> PaymentProvider:
    """Waits a second for an answer, for those that never come."""
    return open_stripe()


@pytest.fixture
def notices() -> Iterator[Inbox]:
    with inbox() as box:
        yield box


@pytest.fixture
def btcpay_server() -> Iterator[BtcpayPeer]:
    with btcpay_peer() as peer:
        yield peer


@pytest.fixture
def btcpay_proxy(btcpay_server: BtcpayPeer) -> Iterator[FaultProxy]:
    with fault_proxy(btcpay_server.url) as proxy:
        yield proxy


@pytest.fixture
def open_btcpay(
    btcpay_server: BtcpayPeer, btcpay_proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., PaymentProvider]:
    """BTCPay behind the proxy; a test may change a setting."""
    monkeypatch.setenv("BTCPAY_KEY", btcpay_server.api_key)
    monkeypatch.setenv("BTCPAY_WEBHOOK", btcpay_server.webhook_secret)

    def make(**changes: str) -> PaymentProvider:
        settings = {
            "url": btcpay_proxy.url,
            "store_id": btcpay_server.store_id,
            "api_key": "env:BTCPAY_KEY",
            "webhook_secret": "env:BTCPAY_WEBHOOK",
        }
        return provider_named("btcpay", settings | changes)

    return make


@pytest.fixture
def btcpay(open_btcpay: Callable[..., PaymentProvider]) -> PaymentProvider:
    return open_btcpay()


@pytest.fixture
def manual() -> PaymentProvider:
    return provider_named("manual", {"instructions": "IBAN DE02 1203 0000 0000 2020 51"})
