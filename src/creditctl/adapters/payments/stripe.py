"""Cards and bank debits by Stripe: PaymentIntents, confirmed as they are created.

Sources: docs.stripe.com on PaymentIntents, idempotent requests, error types, webhook signatures.
"""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any, ClassVar, NoReturn

from creditctl.adapters.payments.interface import (
    NoticeRejected,
    PaymentAnswer,
    PaymentProvider,
    PaymentRequest,
    PaymentStatus,
    ProviderNotice,
    ProviderRefused,
    ProviderUnreachable,
    StoredMethod,
)
from creditctl.adapters.payments.signed_notices import document_of, header_of
from creditctl.adapters.payments.stripe_amounts import to_stripe
from creditctl.adapters.payments.stripe_objects import (
    OUR_ID,
    OUR_ORGANIZATION,
    answer_in,
    decline_in,
    method_in,
    most_telling,
    notice_in,
    our_id,
)
from creditctl.adapters.secrets import read_secret_word
from creditctl.adapters.settings import checked_url, read_settings
from creditctl.errors import DriverMissing, IdempotencyKeyReused, InvalidInput

_CLOCK_SLACK = timedelta(hours=1)
_WITH_FEE = {"expand": ["latest_charge.balance_transaction"]}


@dataclass(frozen=True, slots=True)
class StripeSettings:
    """How to reach an account."""

    secret_key: str
    """Reference (`env:NAME`, `file:PATH`) of the secret or restricted API key."""

    webhook_secret: str | None = None
    """Reference of the endpoint's signing secret."""

    api_url: str = "https://api.stripe.com"
    connect_seconds: int = 10
    answer_seconds: int = 80
    """Stripe itself gives up on a request about then."""

    tolerance_seconds: int = 300
    """How far a notice's time may be from ours."""


class _AnswerLost(Exception):
    """The request went out, and what it did is not known."""


@dataclass(frozen=True, slots=True)
class Stripe:
    """Charges stored payment methods."""

    settings: StripeSettings

    name: ClassVar[str] = "stripe"
    key_lifetime: ClassVar[timedelta | None] = timedelta(hours=24)

    def collect(self, request: PaymentRequest) -> PaymentAnswer:
        """Create and confirm a PaymentIntent; off-session unless there is a return URL."""
        if request.method_reference is None:
            raise InvalidInput("Stripe charges a stored payment method, and there is none")
        asked: dict[str, Any] = {
            "amount": to_stripe(request.amount_minor, request.currency),
            "currency": request.currency.lower(),
            "payment_method": request.method_reference,
            "confirm": True,
            "description": request.description,
            "metadata": {OUR_ID: request.payment_id},
            **_WITH_FEE,
        }
        if request.buyer_reference is not None:
            asked["customer"] = request.buyer_reference
        if request.return_url is None:
            asked["off_session"] = True
        else:
            asked["return_url"] = request.return_url
        sdk = _sdk()
        try:
            with self._api() as api:
                options = {"idempotency_key": request.idempotency_key}
                intent = api.payment_intents.create(asked, options).to_dict()
        except sdk.CardError as decline:
            return decline_in(decline.json_body)
        except _AnswerLost as problem:
            return PaymentAnswer(PaymentStatus.UNKNOWN, message=str(problem))
        return answer_in(intent, request)

    def look_up(
        self, request: PaymentRequest, reference: str | None = None
    ) -> PaymentAnswer | None:
        """By its id, else among those made since it was requested: a list, for search lags."""
        with self._reading() as api:
            if reference is None:
                listed = api.payment_intents.list(self._window(request)).auto_paging_iter()
                intents = (intent.to_dict() for intent in listed)
                found = [intent for intent in intents if our_id(intent) == request.payment_id]
                if not found:
                    return None
                reference = most_telling(found)["id"]
            intent = api.payment_intents.retrieve(reference, _WITH_FEE).to_dict()
        if our_id(intent) != request.payment_id:
            raise ProviderRefused(f"{reference} is not the payment {request.payment_id}")
        return answer_in(intent, request)

    def cancel(self, reference: str) -> PaymentAnswer:
        """Cancel what has not been charged; a charge stays and is answered as it is."""
        with self._reading() as api:
            intent = api.payment_intents.retrieve(reference, _WITH_FEE).to_dict()
        if intent["status"] in ("succeeded", "processing", "canceled"):
            return answer_in(intent)
        try:
            with self._api() as api:
                return answer_in(api.payment_intents.cancel(reference).to_dict())
        except _AnswerLost as problem:
            return PaymentAnswer(PaymentStatus.UNKNOWN, reference, message=str(problem))

    def attach_method(
        self, organization: str, method_reference: str, buyer_reference: str | None = None
    ) -> StoredMethod:
        """Attach a PaymentMethod to the organization's record with Stripe."""
        sdk = _sdk()
        try:
            with self._reading() as api:
                if buyer_reference is None:
                    buyer = api.customers.create(
                        {"metadata": {OUR_ORGANIZATION: organization}},
                        {"idempotency_key": f"{OUR_ORGANIZATION}:{organization}"},
                    )
                    buyer_reference = str(buyer.id)
                asked = {"customer": buyer_reference}
                method = api.payment_methods.attach(method_reference, asked).to_dict()
        except sdk.CardError as decline:
            raise ProviderRefused(f"the card is declined: {decline.user_message}") from None
        return method_in(method, buyer_reference)

    def notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderNotice:
        """An event, whose signature covers its time."""
        if self.settings.webhook_secret is None:
            raise InvalidInput("stripe: webhook_secret is not set")
        secret = read_secret_word("stripe: webhook_secret", self.settings.webhook_secret)
        signature = header_of(headers, "Stripe-Signature")
        sdk = _sdk()
        try:
            sdk.WebhookSignature.verify_header(body, signature, secret)
        except (sdk.SignatureVerificationError, UnicodeDecodeError, TypeError):
            # Digests of letters beyond ASCII cannot even be compared: a TypeError.
            raise NoticeRejected("the notice is not signed with stripe's webhook_secret") from None
        # The signature holds, so there is a time, read as the SDK reads it: it is what was signed.
        parts = [part.split("=") for part in signature.split(",")]
        signed_at = int(next(part[1] for part in parts if part[0] == "t"))
        if abs(now.timestamp() - signed_at) > self.settings.tolerance_seconds:
            raise NoticeRejected(f"the notice was signed at {signed_at}, too far from now")
        return notice_in(document_of(body))

    def _window(self, request: PaymentRequest) -> dict[str, Any]:
        """The time in which the request can have arrived, and whose it is."""
        last = request.requested_at + timedelta(hours=24) + _CLOCK_SLACK
        first = request.requested_at - _CLOCK_SLACK
        window: dict[str, Any] = {
            "created": {"gte": int(first.timestamp()), "lte": int(last.timestamp())},
            "limit": 100,
        }
        if request.buyer_reference is not None:
            window["customer"] = request.buyer_reference
        return window

    @contextmanager
    def _api(self) -> Iterator[Any]:
        """The SDK's services; its errors become ours, but for declines."""
        sdk = _sdk()
        waits = (self.settings.connect_seconds, self.settings.answer_seconds)
        connection = sdk.RequestsClient(timeout=waits)
        client = sdk.StripeClient(
            read_secret_word("stripe: secret_key", self.settings.secret_key),
            base_addresses={"api": checked_url("stripe: api_url", self.settings.api_url)},
            # Whether to ask again is decided where the payment is stored.
            max_network_retries=0,
            http_client=connection,
        )
        try:
            yield client.v1
        except sdk.CardError:
            raise
        except sdk.StripeError as problem:
            _raise_ours(sdk, problem)
        finally:
            connection.close()

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        """The same where a lost answer did no harm."""
        try:
            with self._api() as api:
                yield api
        except _AnswerLost as problem:
            raise ProviderUnreachable(str(problem)) from None


def open_provider(settings: Mapping[str, str]) -> PaymentProvider:
    """The provider with these settings; raises InvalidInput."""
    return Stripe(read_settings(StripeSettings, "stripe", settings))


def _sdk() -> Any:
    try:
        import stripe
    except ImportError:
        raise DriverMissing(
            "Stripe needs the package stripe", hint="pip install 'creditctl[stripe]'"
        ) from None
    module: ModuleType = stripe
    return module


def _raise_ours(sdk: Any, problem: Any) -> NoReturn:
    """Stripe's errors by what they say of the request: not made, refused, or not known."""
    words = problem.user_message or type(problem).__name__
    if isinstance(problem, sdk.APIConnectionError):
        if _never_sent(problem):
            raise ProviderUnreachable(f"Stripe cannot be reached: {_innermost(problem)}") from None
        raise _AnswerLost(f"Stripe's answer was lost: {_innermost(problem)}") from None
    if isinstance(problem, sdk.RateLimitError):
        raise ProviderUnreachable(f"Stripe is asked too often: {words}") from None
    if isinstance(problem, sdk.IdempotencyError):
        raise IdempotencyKeyReused(f"Stripe knows the key: {words}") from None
    if isinstance(problem, sdk.AuthenticationError | sdk.PermissionError | sdk.InvalidRequestError):
        raise ProviderRefused(f"Stripe refuses: {words}") from None
    # A server error, or another request with the same key at work: it may have charged.
    raise _AnswerLost(f"Stripe answers {problem.http_status}: {words}") from None


def _never_sent(problem: BaseException) -> bool:
    """Whether the connection was not even made."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    before_sending = (ConnectTimeoutError, NewConnectionError, ssl.SSLCertVerificationError)
    return any(isinstance(cause, before_sending) for cause in _causes(problem))


def _causes(problem: BaseException | None) -> Iterator[BaseException]:
    while problem is not None:
        yield problem
        problem = problem.__cause__ or problem.__context__


def _innermost(problem: BaseException) -> str:
    *_, last = _causes(problem)
    return f"{type(last).__name__} {last}".strip()
