"""Whether a request went out before something broke, and where a key may be sent at all."""

from decimal import Decimal
from http.server import BaseHTTPRequestHandler

import pytest

from adapters.payments.fault_proxy import address
from adapters.payments.local_servers import serving, unheard
from creditctl.adapters.payments.interface import ProviderUnreachable
from creditctl.adapters.payments.json_api import AnswerLost, JsonApi
from creditctl.adapters.settings import checked_url
from creditctl.errors import InvalidInput


def api(url: str) -> JsonApi:
    return JsonApi(url, authorization="token key", connect_seconds=5, answer_seconds=5)


def answering(status: int, body: bytes, location: str | None = None):
    def serve(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        if location:
            handler.send_header("Location", location)
        handler.end_headers()
        handler.wfile.write(body)

    return serving(serve)


def test_numbers_of_an_answer_are_exact() -> None:
    with answering(200, b'{"paid": 0.1, "text": "0.1"}') as server:
        document = api(address(server)).send("GET", "/").document

    assert document == {"paid": Decimal("0.1"), "text": "0.1"}
    assert type(document["paid"]) is Decimal


def test_an_answer_that_is_not_json_is_lost_unless_it_is_an_error() -> None:
    with answering(200, b"<html>") as server, pytest.raises(AnswerLost, match="not JSON"):
        api(address(server)).send("POST", "/")
    with answering(403, b"<html>") as server:
        answer = api(address(server)).send("POST", "/")
    assert (answer.status, answer.document) == (403, None)


def test_a_redirect_is_not_followed() -> None:
    with unheard() as elsewhere, answering(302, b"", location=elsewhere) as server:
        assert api(address(server)).send("GET", "/").status == 302


def test_a_connection_that_cannot_be_encrypted_carried_nothing() -> None:
    heard = []
    with serving(heard.append) as server:
        url = address(server).replace("http://", "https://")
        with pytest.raises(ProviderUnreachable):
            api(url).send("GET", "/")
    assert heard == []


@pytest.mark.parametrize(
    "url",
    [
        "https://pay.example.com",
        "https://pay.example.com/btcpay/",
        "http://localhost:23000",
        "http://127.0.0.1:23000",
        "http://btcpayserver:49392",
        "http://" + "a" * 56 + ".onion",
    ],
)
def test_a_key_may_be_sent_where_nobody_listens_in(url: str) -> None:
    assert checked_url("url", url) == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://pay.example.com", "not encrypted"),
        ("ftp://pay.example.com", "not encrypted"),
        ("pay.example.com", "no address"),
        ("https://", "no address"),
        ("https://user:secret@pay.example.com", "no address"),
        ("https://pay.example.com?store=1", "no address"),
    ],
)
def test_a_key_is_not_sent_anywhere_else(url: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        checked_url("url", url)
