"""What the JSON API takes: small dataclasses, read by hand and strictly, and their schemas."""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from typing import Any, TypeVar

from creditctl.errors import InvalidInput
from creditctl.rules.event_ids import LONGEST_ID
from creditctl.rules.instants import parse_instant
from creditctl.rules.rate_limits import Channel
from creditctl.rules.usage_events import LARGEST_UNITS
from creditctl.server.problems import Problem

_LARGEST_COUNT = 1_000_000
_LONGEST_PATH = 8192
_LONGEST_TEXT = 255
_MOST_NAMES = 100
Schema = dict[str, Any]
Message = TypeVar("Message")


def _text(about: str, *, longest: int = _LONGEST_TEXT, default: Any = None) -> Any:
    schema = {"type": "string", "minLength": 1, "maxLength": longest, "description": about}
    return field(default=default, metadata={"schema": schema})


def _number(about: str, least: int, most: int, *, default: Any = None) -> Any:
    schema = {"type": "integer", "minimum": least, "maximum": most, "description": about}
    return field(default=default, metadata={"schema": schema})


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizeMessage:
    """A call that is about to be served."""

    request_id: str = _text("Names the call ever after.", longest=LONGEST_ID, default=MISSING)
    secret: str | None = _text("The API key as the client sent it.")
    key: str | None = _text("The id or prefix of the key, where the secret was checked before.")
    method: str = _text("Of the request.", longest=32, default="GET")
    path: str | None = _text("Of the request, without its query.", longest=_LONGEST_PATH)
    units: int | None = _number("An estimate of the data it returns.", 0, LARGEST_UNITS)
    channel: Channel = field(
        default=Channel.REST,
        metadata={
            "schema": {
                "enum": [channel.value for channel in Channel],
                "description": "What is asked for: counted each in its own way.",
            }
        },
    )
    capabilities: tuple[str, ...] = field(
        default=(),
        metadata={
            "schema": {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": _LONGEST_TEXT},
                "maxItems": _MOST_NAMES,
                "description": "Asked for by name.",
            }
        },
    )
    since: datetime | None = field(
        default=None,
        metadata={
            "schema": {
                "type": "string",
                "format": "date-time",
                "description": "From when on data is asked for.",
            }
        },
    )
    messages: int = _number("To be streamed or delivered.", 1, _LARGEST_COUNT, default=1)
    lease: str | None = _text("The name of the connection that is opened.")
    take_over: bool = field(
        default=False,
        metadata={
            "schema": {
                "type": "boolean",
                "description": "Let the key's oldest connection give way to this one.",
            }
        },
    )
    webhooks: int = _number("How many there are before one more.", 0, _LARGEST_COUNT, default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureMessage:
    """A call that was served."""

    request_id: str = _text("Of the call, or the hold's id.", longest=LONGEST_ID, default=MISSING)
    status: int = _number("That the call was answered with.", 100, 599, default=200)
    units: int = _number("Of data that it returned.", 0, LARGEST_UNITS, default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseMessage:
    """A call that was not served."""

    request_id: str = _text("Of the call, or the hold's id.", longest=LONGEST_ID, default=MISSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionMessage:
    """A connection that was opened with that lease."""

    secret: str | None = _text("The API key as the client sent it.")
    key: str | None = _text("The id or prefix of the key, where the secret was checked before.")
    lease: str = _text("The name that it was opened by.", default=MISSING)


def read_message(kind: type[Message], body: bytes) -> Message:
    """The body as that dataclass; raises Problem 400 for no JSON, 422 naming what is wrong."""
    try:
        document = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise Problem(400, "not_json", f"The body is not JSON: {problem}") from None
    if not isinstance(document, dict):
        raise Problem(422, "invalid_input", "The body is a JSON object.")
    members = {one.name: one for one in _members(kind)}
    values: dict[str, Any] = {}
    errors = [
        {"member": name, "detail": "is not known"} for name in document if name not in members
    ]
    for name, member in members.items():
        if document.get(name) is None:
            if member.default is MISSING or not _may_be_null(member, document):
                errors.append({"member": name, "detail": "is missing"})
            continue
        try:
            values[name] = _read(member.metadata["schema"], document[name])
        except InvalidInput as problem:
            errors.append({"member": name, "detail": problem.detail})
    if errors:
        told = "; ".join(f"{error['member']} {error['detail']}" for error in errors)
        raise Problem(422, "invalid_input", told, errors=errors)
    return kind(**values)


def schema_of(kind: type) -> Schema:
    """The JSON Schema of a message."""
    properties = {}
    for member in _members(kind):
        schema = dict(member.metadata["schema"])
        if member.default not in {MISSING, None, ()}:
            schema["default"] = member.default
        if member.default is None:
            schema = {"anyOf": [schema, {"type": "null"}]}
        properties[member.name] = schema
    return {
        "type": "object",
        "description": (kind.__doc__ or "").strip(),
        "properties": properties,
        "required": [one.name for one in _members(kind) if one.default is MISSING],
        "additionalProperties": False,
    }


def _members(kind: type) -> tuple[Any, ...]:
    return fields(kind)


def _may_be_null(member: Any, document: Mapping[str, Any]) -> bool:
    return member.default is None or member.name not in document


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _read(schema: Schema, value: Any) -> Any:
    kind = "enum" if "enum" in schema else schema["type"]
    return _READERS[kind](schema, value)


def _read_text(schema: Schema, value: Any) -> Any:
    if not isinstance(value, str) or not value:
        raise InvalidInput("is not a text")
    if schema.get("format") == "date-time":
        return parse_instant(value)
    if len(value) > schema["maxLength"]:
        raise InvalidInput(f"has more than {schema['maxLength']} characters")
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidInput("has a character that no text has")
    return value


def _read_number(schema: Schema, value: Any) -> int:
    least, most = schema["minimum"], schema["maximum"]
    # JSON writes whole numbers as 1.0 too; true and false are none.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or value != value // 1 or not least <= value <= most:
        raise InvalidInput(f"is not a whole number from {least} to {most}")
    return int(value)


def _read_flag(_: Schema, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput("is neither true nor false")
    return value


def _read_names(schema: Schema, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > schema["maxItems"]:
        raise InvalidInput(f"is not a list of at most {schema['maxItems']} names")
    return tuple(_read_text(schema["items"], one) for one in value)


def _read_channel(schema: Schema, value: Any) -> Channel:
    if value not in schema["enum"]:
        raise InvalidInput(f"is none of {', '.join(schema['enum'])}")
    return Channel(value)


_READERS: dict[str, Callable[[Schema, Any], Any]] = {
    "string": _read_text,
    "integer": _read_number,
    "boolean": _read_flag,
    "array": _read_names,
    "enum": _read_channel,
}
