"""The program localstripe as a process of its own, and what it must be told in other words."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

API_KEY = "sk_test_local_12345"
INTENTS = "/v1/payment_intents"
EVERYTHING = 100_000
# It keeps its state in one file, which two runs at once would share.
PROGRAM = """
import localstripe.resources, localstripe.server
localstripe.resources.Store.dump_to_disk = lambda self: None
localstripe.server.start()
"""


@dataclass(frozen=True)
class LocalStripe:
    url: str

    def call(self, method: str, path: str, form: dict[str, str] | None = None) -> Any:
        """Ask it directly, past any proxy."""
        parts = urlsplit(self.url)
        assert parts.hostname
        peer = http.client.HTTPConnection(parts.hostname, parts.port)
        headers = {"Authorization": f"Bearer {API_KEY}"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            peer.request(method, path, urlencode(form) if form else None, headers)
            response = peer.getresponse()
            body = response.read()
        finally:
            peer.close()
        assert response.status == 200, body
        return json.loads(body) if body else None

    def intents(self, payment_id: str) -> list[dict[str, Any]]:
        """Every PaymentIntent that was made for the payment."""
        return [
            intent
            for intent in self.call("GET", f"{INTENTS}?limit={EVERYTHING}")["data"]
            if intent["metadata"].get("creditctl_payment") == payment_id
        ]

    def charges(self, payment_id: str) -> list[int]:
        """What was really charged for the payment, charge by charge, as Stripe counts."""
        return [i["amount"] for i in self.intents(payment_id) if i["status"] == "succeeded"]

    def card(self, number: str) -> str:
        """The id of a new PaymentMethod."""
        card = {"number": number, "exp_month": "11", "exp_year": "2031", "cvc": "123"}
        form = {"type": "card", **{f"card[{name}]": value for name, value in card.items()}}
        return str(self.call("POST", "/v1/payment_methods", form)["id"])

    def bank_account(self, iban: str) -> str:
        form = {"type": "sepa_debit", "sepa_debit[iban]": iban}
        return str(self.call("POST", "/v1/payment_methods", form)["id"])

    def send_notices_to(self, url: str, secret: str) -> None:
        self.call("POST", "/_config/webhooks/inbox", {"url": url, "secret": secret})


@dataclass
class StripeDialect:
    """Parameters and members that Stripe has and localstripe 1.15 has not."""

    return_urls: dict[str, str] = field(default_factory=dict)

    def to_peer(self, method: str, path: str, body: bytes) -> tuple[str, bytes]:
        if method == "POST" and path == INTENTS:
            form = [
                (name, value)
                for name, value in parse_qsl(body.decode())
                if name not in ("description", "return_url")
            ]
            return path, urlencode(form).encode()
        if method == "GET" and urlsplit(path).path == INTENTS:
            return f"{INTENTS}?limit={EVERYTHING}", body
        return path, body

    def from_peer(self, path: str, body: bytes, reply: bytes) -> bytes:
        document = json.loads(reply)
        if document.get("object") == "list":
            document |= _page(document["data"], dict(parse_qsl(urlsplit(path).query)))
        for thing in document["data"] if document.get("object") == "list" else [document]:
            if thing.get("object") == "payment_intent":
                self._complete(thing, dict(parse_qsl(body.decode())))
        return json.dumps(document).encode()

    def _complete(self, intent: dict[str, Any], form: dict[str, str]) -> None:
        paid = intent["status"] == "succeeded"
        intent["amount_received"] = intent["amount"] if paid else 0
        if return_url := form.get("return_url"):
            self.return_urls[intent["id"]] = return_url
        if intent["next_action"] and intent["id"] in self.return_urls:
            intent["next_action"] = {
                "type": "redirect_to_url",
                "redirect_to_url": {
                    "url": f"https://hooks.stripe.com/3d_secure/{intent['id']}",
                    "return_url": self.return_urls[intent["id"]],
                },
            }


def _page(intents: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    """Filtered, newest first, from `starting_after` on: localstripe filters nothing."""
    found = [intent for intent in reversed(intents) if _passes(intent, query)]
    if last := query.get("starting_after"):
        found = found[[intent["id"] for intent in found].index(last) + 1 :]
    limit = int(query.get("limit", 10))
    return {"data": found[:limit], "has_more": len(found) > limit}


def _passes(intent: dict[str, Any], query: dict[str, str]) -> bool:
    return (
        int(query.get("created[gte]", 0)) <= intent["created"]
        and intent["created"] <= int(query.get("created[lte]", 1 << 40))
        and intent["customer"] == query.get("customer", intent["customer"])
    )


@contextmanager
def local_stripe() -> Iterator[LocalStripe]:
    """A running localstripe on a free port, empty, and gone afterwards."""
    command = [sys.executable, "-u", "-c", PROGRAM, "--from-scratch", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        try:
            for line in process.stdout:
                if "Running on" in line:
                    port = line.split("]:")[1].split(" ")[0]
                    yield LocalStripe(f"http://127.0.0.1:{port}")
                    return
            raise AssertionError("localstripe did not start")
        finally:
            process.terminate()
