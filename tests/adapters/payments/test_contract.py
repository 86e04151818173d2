"""What every registered provider promises, whatever it is."""

from collections.abc import Callable
from dataclasses import fields

import pytest

from adapters.payments.conftest import Ask
from creditctl.adapters.payments import PROVIDERS, provider_named
from creditctl.adapters.payments.interface import (
    NoticeRejected,
    PaymentProvider,
    PaymentRequest,
    PaymentStatus,
    ProviderRefused,
    ProviderUnreachable,
)
from creditctl.errors import InvalidInput

Opened = Callable[[str], PaymentProvider]


@pytest.fixture
def opened(request: pytest.FixtureRequest) -> Opened:
    """The provider of that name, before its running peer."""
    return request.getfixturevalue


def payment_for(provider: PaymentProvider, ask: Ask) -> PaymentRequest:
    if provider.name != "stripe":
        return ask()
    method = provider.attach_method("org_contract", "pm_card_visa")
    return ask(method_reference=method.reference, buyer_reference=method.buyer_reference)


@pytest.mark.parametrize("name", PROVIDERS)
def test_asking_twice_is_one_payment_that_is_found_by_either_id(
    opened: Opened, ask: Ask, name: str
) -> None:
    provider = opened(name)
    assert provider.name == name
    request = payment_for(provider, ask)

    answer = provider.collect(request)

    assert answer.provider_reference
    assert answer.status in (PaymentStatus.SUCCEEDED, PaymentStatus.PENDING)
    assert answer.received_minor == (2500 if answer.status is PaymentStatus.SUCCEEDED else 0)
    assert provider.collect(request) == answer
    assert provider.look_up(request) == answer
    assert provider.look_up(request, answer.provider_reference) == answer


@pytest.mark.parametrize("name", PROVIDERS)
def test_another_payments_reference_is_refused(opened: Opened, ask: Ask, name: str) -> None:
    provider = opened(name)
    reference = provider.collect(payment_for(provider, ask)).provider_reference

    with pytest.raises(ProviderRefused):
        provider.look_up(ask(), reference)


@pytest.mark.parametrize("name", PROVIDERS)
def test_what_was_not_paid_is_cancelled_and_a_charge_is_not(
    opened: Opened, ask: Ask, name: str
) -> None:
    provider = opened(name)
    answer = provider.collect(payment_for(provider, ask))
    assert answer.provider_reference

    after = provider.cancel(answer.provider_reference)

    paid = answer.status is PaymentStatus.SUCCEEDED
    assert after.status is (PaymentStatus.SUCCEEDED if paid else PaymentStatus.CANCELLED)
    assert after.provider_reference == answer.provider_reference


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_notice_that_nobody_signed_is_rejected(opened: Opened, ask: Ask, name: str) -> None:
    with pytest.raises(NoticeRejected):
        opened(name).notice({}, b"{}", ask().requested_at)


@pytest.mark.parametrize("name", ["manual", "btcpay"])
def test_a_provider_that_draws_nothing_stores_no_method(opened: Opened, name: str) -> None:
    with pytest.raises(ProviderRefused) as refusal:
        opened(name).attach_method("org_1", "pm_1")
    assert "stripe" in refusal.value.advice


def test_a_manual_payment_says_how_to_pay(manual: PaymentProvider, ask: Ask) -> None:
    answer = manual.collect(ask())

    assert answer.status is PaymentStatus.PENDING
    assert answer.message == "IBAN DE02 1203 0000 0000 2020 51"


def test_a_request_is_of_a_whole_amount_above_zero_in_a_known_currency(ask: Ask) -> None:
    for amount in (0, -1):
        with pytest.raises(InvalidInput, match="above zero"):
            ask(amount_minor=amount)
    with pytest.raises(TypeError, match="minor units are int, not float"):
        ask(amount_minor=25.0)
    with pytest.raises(InvalidInput, match="ISO 4217"):
        ask(currency="USDC")


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("paypal", {}, "unknown payment provider 'paypal'"),
        ("manual", {"iban": "x"}, "manual: unknown setting 'iban'"),
        ("stripe", {}, "stripe: secret_key is not set"),
        ("btcpay", {"url": "https://pay.example"}, "btcpay: store_id is not set"),
        (
            "stripe",
            {"secret_key": "env:A", "answer_seconds": "0"},
            "stripe: answer_seconds must be 1 to 600 seconds, not '0'",
        ),
        (
            "stripe",
            {"secret_key": "env:A", "tolerance_seconds": "1.5"},
            "stripe: tolerance_seconds must be 1 to 600 seconds, not '1.5'",
        ),
    ],
)
def test_a_wrong_setting_is_named(name: str, settings: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        provider_named(name, settings)
    assert refusal.value.detail == words


def test_without_a_webhook_secret_no_notice_is_read(ask: Ask) -> None:
    stripe = provider_named("stripe", {"secret_key": "env:A"})
    btcpay = provider_named(
        "btcpay", {"url": "https://pay.example", "store_id": "s", "api_key": "env:A"}
    )

    for provider in (stripe, btcpay):
        with pytest.raises(InvalidInput, match="webhook_secret is not set"):
            provider.notice({}, b"{}", ask().requested_at)


def test_a_secret_is_nowhere_in_what_is_printed_or_raised(
    open_stripe: Callable[..., PaymentProvider], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "sk_live_do_not_print_me"
    monkeypatch.setenv("STRIPE_KEY", secret)
    provider = open_stripe(api_url="http://127.0.0.1:1")

    with pytest.raises(ProviderUnreachable) as refusal:
        provider.collect(ask(method_reference="pm_1"))
    assert secret not in refusal.value.detail
    assert secret not in repr(provider)
    assert all(secret not in str(getattr(provider, f.name)) for f in fields(provider))  # type: ignore[arg-type]
