"""Crypto payments by a BTCPay Server of one's own: Greenfield invoices.

Source: docs.btcpayserver.org/API/Greenfield/v1, "Invoices" and "Webhooks". The store's invoice is
priced in money; the payer decides what to send, so too little, too much and too late all happen.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import quote

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
from creditctl.adapters.payments.json_api import AnswerLost, JsonApi
from creditctl.adapters.payments.signed_notices import (
    document_of,
    header_of,
    instant_of,
    text_of,
)
from creditctl.adapters.secrets import read_secret_word
from creditctl.adapters.settings import checked_url, read_settings
from creditctl.errors import InvalidInput
from creditctl.rules.currencies import currency_exponent
from creditctl.rules.units import decimal_text, parse_decimal, rounded_half_up

_STATUSES = {
    "New": PaymentStatus.PENDING,
    "Processing": PaymentStatus.PENDING,
    "Settled": PaymentStatus.SUCCEEDED,
    "Expired": PaymentStatus.EXPIRED,
}
_KINDS = {
    "InvoiceCreated": PaymentStatus.PENDING,
    "InvoiceProcessing": PaymentStatus.PENDING,
    "InvoiceSettled": PaymentStatus.SUCCEEDED,
    "InvoiceExpired": PaymentStatus.EXPIRED,
}
"""Single payments say nothing of the invoice: they may be partial, or late."""

_NOT_CONFIRMED = "not_confirmed"


@dataclass(frozen=True, slots=True)
class BtcpaySettings:
    """How to reach a store."""

    url: str
    """The server's address, such as https://pay.example.com."""

    store_id: str
    api_key: str
    """Reference (`env:NAME`, `file:PATH`) of a key that may view, create and modify invoices."""

    webhook_secret: str | None = None
    """Reference of the store's webhook secret."""

    connect_seconds: int = 10
    answer_seconds: int = 30


@dataclass(frozen=True, slots=True)
class Btcpay:
    """Hands out invoices; nothing is ever drawn from the payer."""

    settings: BtcpaySettings

    name: ClassVar[str] = "btcpay"
    key_lifetime: ClassVar[timedelta | None] = None

    def collect(self, request: PaymentRequest) -> PaymentAnswer:
        """The invoice of our id. It has no idempotency keys: the server is asked first."""
        if (known := self.look_up(request)) is not None:
            return known
        asked = {
            "amount": decimal_text(
                request.amount_minor, currency_exponent(request.currency), keep_zeros=True
            ),
            "currency": request.currency,
            "metadata": {"orderId": request.payment_id, "itemDesc": request.description},
            "checkout": _checkout(request),
        }
        try:
            invoice = self._send("POST", "", body=asked)
        except AnswerLost as problem:
            return PaymentAnswer(PaymentStatus.UNKNOWN, message=str(problem))
        return _answer(invoice, request.currency)

    def look_up(
        self, request: PaymentRequest, reference: str | None = None
    ) -> PaymentAnswer | None:
        """By its id, else by ours, which is the invoice's order id."""
        if reference is None:
            query = (("orderId", request.payment_id), ("includeArchived", "true"))
            listed = self._read("", *query)
            found = [invoice for invoice in listed if _order_id(invoice) == request.payment_id]
            if not found:
                return None
            invoice = min(found, key=_order_of_weight)
        else:
            invoice = self._read(f"/{quote(reference, safe='')}")
        if _order_id(invoice) != request.payment_id:
            raise ProviderRefused(f"{reference} is not the payment {request.payment_id}")
        return _answer(invoice, request.currency)

    def cancel(self, reference: str) -> PaymentAnswer:
        """Mark the invoice invalid, unless anything was seen of a payment."""
        path = f"/{quote(reference, safe='')}"
        invoice = self._read(path)
        if invoice["status"] != "New" or _decimal(invoice, "paidAmount"):
            return _answer(invoice)
        try:
            return _answer(self._send("POST", f"{path}/status", body={"status": "Invalid"}))
        except AnswerLost as problem:
            return PaymentAnswer(PaymentStatus.UNKNOWN, reference, message=str(problem))

    def attach_method(
        self, organization: str, method_reference: str, buyer_reference: str | None = None
    ) -> StoredMethod:
        """Refused: crypto is sent, never drawn."""
        raise ProviderRefused(
            "a BTCPay Server cannot charge a stored payment method",
            hint="choose a provider that can, such as stripe",
        )

    def notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderNotice:
        """A delivery; a redelivered one keeps its first time, which is why no age is too old."""
        if self.settings.webhook_secret is None:
            raise InvalidInput("btcpay: webhook_secret is not set")
        secret = read_secret_word("btcpay: webhook_secret", self.settings.webhook_secret)
        expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        given = header_of(headers, "BTCPay-Sig")
        if not hmac.compare_digest(expected.encode(), given.encode()):
            raise NoticeRejected("the notice is not signed with btcpay's webhook_secret")
        document = document_of(body)
        if document.get("storeId") != self.settings.store_id:
            raise NoticeRejected("the notice is of another store")
        return _notice(document)

    def _read(self, path: str, *query: tuple[str, str]) -> Any:
        """A request that does nothing: whether it got there does not matter."""
        try:
            return self._send("GET", path, *query)
        except AnswerLost as problem:
            raise ProviderUnreachable(str(problem)) from None

    def _send(self, method: str, path: str, *query: tuple[str, str], body: object = None) -> Any:
        store = quote(self.settings.store_id, safe="")
        key = read_secret_word("btcpay: api_key", self.settings.api_key)
        api = JsonApi(
            address=checked_url("btcpay: url", self.settings.url),
            authorization=f"token {key}",
            connect_seconds=self.settings.connect_seconds,
            answer_seconds=self.settings.answer_seconds,
        )
        answer = api.send(method, f"/api/v1/stores/{store}/invoices{path}", query=query, body=body)
        if answer.status == HTTPStatus.OK:
            return answer.document
        words = f"BTCPay answers {answer.status}: {_complaint(answer.document)}"
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise ProviderUnreachable(words)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise AnswerLost(words)
        raise ProviderRefused(words)


def open_provider(settings: Mapping[str, str]) -> PaymentProvider:
    """The provider with these settings; raises InvalidInput."""
    return Btcpay(read_settings(BtcpaySettings, "btcpay", settings))


def _checkout(request: PaymentRequest) -> dict[str, Any]:
    """Where to come back to and how long there is time; the store's own defaults otherwise."""
    checkout: dict[str, Any] = {}
    if request.return_url is not None:
        checkout["redirectURL"] = request.return_url
    if request.expires_at is not None:
        minutes = (request.expires_at - request.requested_at) // timedelta(minutes=1)
        checkout["expirationMinutes"] = max(1, minutes)
    return checkout


def _answer(invoice: Mapping[str, Any], currency: str | None = None) -> PaymentAnswer:
    if currency is not None and invoice["currency"] != currency:
        raise ProviderRefused(f"{invoice['id']} is in {invoice['currency']}, not {currency}")
    status, words = _status(invoice)
    paid = _decimal(invoice, "paidAmount")
    return PaymentAnswer(
        status,
        provider_reference=str(invoice["id"]),
        received_minor=rounded_half_up(paid.scaleb(currency_exponent(invoice["currency"]))),
        decline_code=_NOT_CONFIRMED if status is PaymentStatus.DECLINED else None,
        message=words,
        checkout_url=invoice.get("checkoutLink") if status is PaymentStatus.PENDING else None,
    )


def _status(invoice: Mapping[str, Any]) -> tuple[PaymentStatus, str | None]:
    """The status, and what the additional one has to say."""
    status, more = str(invoice["status"]), invoice.get("additionalStatus")
    marked = more == "Marked"
    if status == "Invalid":
        if marked:
            return PaymentStatus.CANCELLED, "marked as invalid in BTCPay"
        return PaymentStatus.DECLINED, "the payment was not confirmed in time"
    words = {
        "PaidPartial": "a part was paid",
        "PaidOver": "more was paid than asked for",
        "PaidLate": "it was paid after it expired",
        "Marked": "marked as settled in BTCPay",
    }
    return _STATUSES.get(status, PaymentStatus.UNKNOWN), words.get(str(more))


def _notice(document: Mapping[str, Any]) -> ProviderNotice:
    kind = text_of(document, "type")
    status = _KINDS.get(kind)
    if kind == "InvoiceInvalid":
        marked = document.get("manuallyMarked") is True
        status = PaymentStatus.CANCELLED if marked else PaymentStatus.DECLINED
    original = document.get("originalDeliveryId") or document.get("deliveryId")
    return ProviderNotice(
        event_id=text_of({"deliveryId": original}, "deliveryId"),
        kind=kind,
        provider_reference=document.get("invoiceId"),
        payment_id=_order_id(document),
        status=status,
        # Deliveries name no amount of the invoice: it is looked up.
        received_minor=None,
        currency=None,
        occurred_at=instant_of(document, "timestamp"),
    )


def _order_id(thing: Mapping[str, Any]) -> str | None:
    metadata = thing.get("metadata")
    return metadata.get("orderId") if isinstance(metadata, dict) else None


def _order_of_weight(invoice: Mapping[str, Any]) -> tuple[bool, bool, int]:
    """Sorts the invoice that money went to first, then one that can be paid, then the oldest."""
    paid = _decimal(invoice, "paidAmount") > 0
    return not paid, invoice["status"] != "New", int(invoice["createdTime"])


def _decimal(invoice: Mapping[str, Any], name: str) -> Decimal:
    """An amount, which is a decimal text; raises ProviderRefused where a server is too old."""
    if name not in invoice:
        raise ProviderRefused(
            f"the BTCPay Server says no {name}", hint="bring it up to the newest version"
        )
    return parse_decimal(str(invoice[name]), name)


def _complaint(document: Any) -> str:
    """What an error body says: one problem, or a list of them."""
    problems = document if isinstance(document, list) else [document]
    messages = [str(p["message"]) for p in problems if isinstance(p, dict) and p.get("message")]
    return "; ".join(messages) or "no reason given"
