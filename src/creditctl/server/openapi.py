"""The OpenAPI document of the gate, made from the table of its endpoints."""

from typing import Any

from creditctl import __version__
from creditctl.output.schemas import object_schema
from creditctl.rules.gate_terms import GateDecision
from creditctl.server.calls_api import authorize
from creditctl.server.connections_api import ConnectionState
from creditctl.server.endpoints import ENDPOINTS, Endpoint
from creditctl.server.messages import ConnectionMessage, schema_of
from creditctl.server.problems import MEDIA_TYPE
from creditctl.services.holds import Hold

Document = dict[str, Any]
_OK = 200
_ORIGINAL = (
    ("X-Original-Method", "The method of the request."),
    ("X-Original-URI", "Its path and query."),
)


def document() -> Document:
    """OpenAPI 3.1; equal for equal code, so that it can be checked in."""
    paths: Document = {}
    for endpoint in ENDPOINTS:
        # Any method looks the same; GET stands for all.
        method = "get" if endpoint.method == "*" else endpoint.method.lower()
        paths.setdefault(endpoint.path, {})[method] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "creditctl gate",
            "version": __version__,
            "description": "Decides calls of an API, and charges credits for those that succeed.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {
                "Problem": _problem(),
                "Decision": object_schema(GateDecision),
                "Hold": object_schema(Hold),
                "Connection": object_schema(ConnectionState),
                **{
                    endpoint.message.__name__: schema_of(endpoint.message)
                    for endpoint in ENDPOINTS
                    if endpoint.message is not None
                },
            },
            "securitySchemes": {
                "gate_secret": {"type": "http", "scheme": "bearer"},
                "gate_secret_header": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Gate-Secret",
                },
            },
        },
    }


def _operation(endpoint: Endpoint) -> Document:
    found: Document = {
        "operationId": endpoint.handler.__name__,
        "summary": endpoint.summary,
        "description": (endpoint.handler.__doc__ or "").partition("\n")[0],
        "responses": {
            str(status): _response(endpoint, status, about)
            for status, about in sorted(endpoint.answers.items())
        },
    }
    if endpoint.has_secret:
        # Without a gate_secret in the settings none is asked for.
        found["security"] = [{"gate_secret": []}, {"gate_secret_header": []}, {}]
    if parameters := _parameters(endpoint):
        found["parameters"] = parameters
    if endpoint.message is not None:
        schema = {"$ref": f"#/components/schemas/{endpoint.message.__name__}"}
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    elif endpoint.largest_body:
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    return found


def _parameters(endpoint: Endpoint) -> list[Document]:
    text = {"type": "string", "minLength": 1}
    found: list[Document] = []
    if "{place}" in endpoint.path:
        found.append({"name": "place", "in": "path", "required": True, "schema": text})
    if endpoint.handler.__name__ == "auth_request":
        found += [
            {"name": name, "in": "header", "required": True, "schema": text, "description": about}
            for name, about in _ORIGINAL
        ]
    if endpoint.is_decision and endpoint.handler is not authorize:
        about = "The client's API key; `Authorization: Bearer` is read too."
        found.append({"name": "X-API-Key", "in": "header", "schema": text, "description": about})
        about = "Names the call ever after; a client must not be able to choose it."
        found.append({"name": "X-Request-Id", "in": "header", "schema": text, "description": about})
    return found


def _response(endpoint: Endpoint, status: int, about: str) -> Document:
    found: Document = {"description": about}
    if endpoint.path == "/metrics":
        found["content"] = {"text/plain": {"schema": {"type": "string"}}}
    elif status == _OK and endpoint.handler.__name__ != "auth_request":
        found["content"] = {"application/json": {"schema": _result(endpoint)}}
    elif status != _OK and endpoint.path != "/readyz":
        schema = {"$ref": "#/components/schemas/Problem"}
        found["content"] = {MEDIA_TYPE: {"schema": schema}}
    return found


def _result(endpoint: Endpoint) -> Document:
    hold = {"$ref": "#/components/schemas/Hold"}
    if endpoint.is_decision:
        decision = {"$ref": "#/components/schemas/Decision"}
        maybe = {"anyOf": [hold, {"type": "null"}]}
        return {
            "type": "object",
            "properties": {"decision": decision, "hold": maybe},
            "required": ["decision", "hold"],
        }
    if endpoint.message is ConnectionMessage:
        connection = {"$ref": "#/components/schemas/Connection"}
        properties = {"connection": connection}
        return {"type": "object", "properties": properties, "required": ["connection"]}
    if endpoint.message is not None:
        return {"type": "object", "properties": {"hold": hold}, "required": ["hold"]}
    return {"type": "object"}


def _problem() -> Document:
    text = {"type": "string"}
    return {
        "type": "object",
        "description": "RFC 9457; a refused call has the decision beside it.",
        "properties": {
            "type": text,
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "code": text,
            "decision": {"$ref": "#/components/schemas/Decision"},
            "errors": {
                "type": "array",
                "items": {"type": "object", "properties": {"member": text, "detail": text}},
            },
        },
        "required": ["type", "title", "status", "detail", "code"],
    }
