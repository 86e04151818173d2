"""The OpenAPI document is valid, and requests made up from it are answered as it says."""

import json
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from builders import an_organization, at, open_books
from conftest import NOW
from creditctl.context import Context
from creditctl.server.endpoints import ENDPOINTS
from creditctl.server.openapi import document
from gate_server import Peer, gate_in_thread

SCHEMA = schemathesis.openapi.from_dict(json.loads(json.dumps(document())))


@pytest.fixture(scope="module")
def gate(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    path = tmp_path_factory.mktemp("openapi") / "books.db"
    path.write_bytes(sqlite_template.read_bytes())
    context = Context(f"sqlite:///{path}", NOW, "tester")
    open_books(at(context, "2026-10-01T00:00:00Z"))
    an_organization(context, "acme", credits="1000")
    with gate_in_thread(context) as peer:
        yield peer


@SCHEMA.include(
    path_regex=r"^/(v1/(authorize|capture|release|connections/.*)|healthz|readyz|openapi.json)$"
).parametrize()
@settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_what_the_document_says(case: Any, gate: Peer) -> None:
    # Which members of a call go together is said in words: one of key and secret, a path for REST.
    # A connection that nobody opened is not found, whoever asks.
    is_call = case.operation.path not in ("/v1/capture", "/v1/release")
    case.call_and_validate(
        base_url=gate.url, excluded_checks=[positive_data_acceptance] if is_call else []
    )


def test_the_document_is_openapi_3_1_and_names_every_endpoint() -> None:
    found = document()
    assert found["openapi"].startswith("3.1.")
    assert set(found["paths"]) == {endpoint.path for endpoint in ENDPOINTS}
    ids = [
        operation["operationId"] for path in found["paths"].values() for operation in path.values()
    ]
    assert len(ids) == len(set(ids))


def test_it_is_served(gate: Peer) -> None:
    assert gate.ask("GET", "/openapi.json").json == document()


def test_every_message_is_read_by_hand_and_strictly() -> None:
    messages = import_module("creditctl.server.messages")
    for endpoint in ENDPOINTS:
        if endpoint.message is not None:
            schema = messages.schema_of(endpoint.message)
            assert schema["additionalProperties"] is False
            named_by = "lease" if "connections" in endpoint.path else "request_id"
            assert schema["required"] == [named_by]
