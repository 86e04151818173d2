"""A BTCPay Server as far as its published API goes: invoices, payments, signed deliveries.

Source: docs.btcpayserver.org/API/Greenfield/v1 (Invoices, Webhooks). What people do with it, such
as paying, is a method here; blocks and clocks do not pass by themselves.
"""

import hashlib
import hmac
import http.client
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from adapters.payments.local_servers import serving

CREATED = 1_793_500_000
MINUTE = 60
DEFAULT_MINUTES = 15


@dataclass
class Invoice:
    id: str
    request: dict[str, Any]
    created: int
    status: str = "New"
    additional: str = "None"
    paid: Decimal = Decimal(0)

    @property
    def amount(self) -> Decimal:
        return Decimal(self.request["amount"])

    @property
    def metadata(self) -> dict[str, Any]:
        return self.request.get("metadata") or {}


@dataclass
class BtcpayPeer:
    url: str = ""
    store_id: str = "8ZkXq3"
    api_key: str = "0a1b2c3d4e5f"
    webhook_secret: str = "hook-secret"
    webhook_url: str | None = None
    without: tuple[str, ...] = ()
    """Members of an invoice that an older server does not say."""

    filters: bool = True
    """Whether it knows the parameter `orderId`, which came later than the list."""

    invoices: dict[str, Invoice] = field(default_factory=dict)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    # What people and block chains do.

    def pay(self, invoice_id: str, amount: str) -> None:
        """A payment is seen, not yet confirmed."""
        invoice = self.invoices[invoice_id]
        late = invoice.status == "Expired"
        invoice.paid += Decimal(amount)
        full = invoice.paid >= invoice.amount
        self._tell(invoice, "InvoiceReceivedPayment", afterExpiration=late)
        if late:
            invoice.additional = "PaidLate" if full else "PaidPartial"
            return
        over = invoice.paid > invoice.amount
        invoice.additional = "PaidOver" if over else "None" if full else "PaidPartial"
        if full:
            invoice.status = "Processing"
            self._tell(invoice, "InvoiceProcessing", overPaid=over)

    def confirm(self, invoice_id: str) -> None:
        """Enough blocks passed."""
        invoice = self.invoices[invoice_id]
        assert invoice.status == "Processing"
        invoice.status = "Settled"
        self._tell(invoice, "InvoicePaymentSettled", afterExpiration=False)
        over = invoice.additional == "PaidOver"
        self._tell(invoice, "InvoiceSettled", manuallyMarked=False, overPaid=over)

    def fail(self, invoice_id: str) -> None:
        """The blocks never came."""
        invoice = self.invoices[invoice_id]
        assert invoice.status == "Processing"
        invoice.status = "Invalid"
        self._tell(invoice, "InvoiceInvalid", manuallyMarked=False)

    def expire(self, invoice_id: str) -> None:
        invoice = self.invoices[invoice_id]
        assert invoice.status == "New"
        invoice.status = "Expired"
        self._tell(invoice, "InvoiceExpired", partiallyPaid=invoice.paid > 0)

    def mark(self, invoice_id: str, status: str) -> None:
        """Somebody decides in the server's own pages, or by the API."""
        invoice = self.invoices[invoice_id]
        invoice.status, invoice.additional = status, "Marked"
        self._tell(invoice, f"Invoice{status}", manuallyMarked=True)

    def redeliver(self, delivery: dict[str, Any]) -> None:
        """A new delivery of the same event, which keeps its time and its original id."""
        again = delivery | {"deliveryId": f"delivery-{next(self._numbers)}", "isRedelivery": True}
        self._post(again)

    # The API.

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        parts = urlsplit(handler.path)
        if handler.headers.get("Authorization") != f"token {self.api_key}":
            answer: Any = {"code": "unauthenticated", "message": "Authentication is required"}
            status = 401
        else:
            query = parse_qs(parts.query)
            status, answer = self._answer(handler.command, parts.path, query, body)
        sent = json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(sent)))
        handler.end_headers()
        handler.wfile.write(sent)

    def _answer(
        self, method: str, path: str, query: dict[str, list[str]], body: bytes
    ) -> tuple[int, Any]:
        match [method, *path.strip("/").split("/")]:
            case [_, "api", "v1", "stores", store, *_] if store != self.store_id:
                return 404, {"code": "store-not-found", "message": "The store was not found"}
            case ["POST", "api", "v1", "stores", _, "invoices"]:
                return self._create(json.loads(body))
            case ["GET", "api", "v1", "stores", _, "invoices"]:
                wanted = query.get("orderId") if self.filters else None
                found = self.invoices.values()
                return 200, [
                    self._model(i) for i in found if not wanted or i.metadata["orderId"] in wanted
                ]
            case [_, "api", "v1", "stores", _, "invoices", number, *_] if (
                number not in self.invoices
            ):
                return 404, {"code": "invoice-not-found", "message": "The invoice was not found"}
            case ["GET", "api", "v1", "stores", _, "invoices", number]:
                return 200, self._model(self.invoices[number])
            case ["POST", "api", "v1", "stores", _, "invoices", number, "status"]:
                return self._mark(self.invoices[number], json.loads(body)["status"])
        return 404, None

    def _create(self, request: dict[str, Any]) -> tuple[int, Any]:
        if not isinstance(request["amount"], str) or Decimal(request["amount"]) < 0:
            return 422, [{"path": "amount", "message": "The amount should be 0 or more."}]
        number = next(self._numbers)
        invoice = Invoice(f"invoice-{number}", request, CREATED + number)
        self.invoices[invoice.id] = invoice
        self._tell(invoice, "InvoiceCreated")
        return 200, self._model(invoice)

    def _mark(self, invoice: Invoice, status: str) -> tuple[int, Any]:
        if invoice.status == "Settled" and invoice.additional != "Marked":
            words = "Status can only be marked to invalid or settled within certain conditions."
            return 422, [{"path": "status", "message": words}]
        self.mark(invoice.id, status)
        return 200, self._model(invoice)

    def _model(self, invoice: Invoice) -> dict[str, Any]:
        checkout = invoice.request.get("checkout") or {}
        minutes = checkout.get("expirationMinutes", DEFAULT_MINUTES)
        model = {
            "id": invoice.id,
            "storeId": self.store_id,
            "amount": str(invoice.amount),
            "paidAmount": str(invoice.paid),
            "currency": invoice.request["currency"],
            "type": "Standard",
            "checkoutLink": f"{self.url}/i/{invoice.id}",
            "createdTime": invoice.created,
            "expirationTime": invoice.created + minutes * MINUTE,
            "status": invoice.status,
            "additionalStatus": invoice.additional,
            "archived": False,
            "metadata": invoice.metadata,
            "checkout": checkout,
        }
        return {name: value for name, value in model.items() if name not in self.without}

    def _tell(self, invoice: Invoice, kind: str, **facts: object) -> None:
        number = f"delivery-{next(self._numbers)}"
        delivery = {
            "deliveryId": number,
            "webhookId": "webhook-1",
            "originalDeliveryId": number,
            "isRedelivery": False,
            "type": kind,
            "timestamp": invoice.created,
            "storeId": self.store_id,
            "invoiceId": invoice.id,
            "metadata": invoice.metadata,
            **facts,
        }
        self.deliveries.append(delivery)
        if self.webhook_url and not self._post(delivery):
            # It waits ten seconds before the first of its repetitions; nobody waits here.
            self.redeliver(delivery)

    def _post(self, delivery: dict[str, Any]) -> bool:
        assert self.webhook_url
        parts = urlsplit(self.webhook_url)
        assert parts.hostname
        body = json.dumps(delivery, indent=2).encode()
        signature = hmac.new(self.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "BTCPay-Sig": f"sha256={signature}"}
        receiver = http.client.HTTPConnection(parts.hostname, parts.port)
        try:
            receiver.request("POST", parts.path, body, headers)
            return receiver.getresponse().status == 200
        finally:
            receiver.close()


@contextmanager
def btcpay_peer() -> Iterator[BtcpayPeer]:
    peer = BtcpayPeer()
    with serving(peer.serve) as server:
        peer.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield peer
