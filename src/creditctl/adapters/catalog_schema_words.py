"""The words of which the JSON Schema of a catalog file is made."""

from typing import Any

Schema = dict[str, Any]

NAME = "^[a-z0-9][a-z0-9_-]*$"
_DECIMAL = r"^\d+(\.\d*)?$"


def table(
    description: str, properties: dict[str, Schema], *, required: tuple[str, ...] = ()
) -> Schema:
    """A table with these keys and no others."""
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def named(description: str, member: Schema) -> Schema:
    """Tables or values by a name that the company chooses."""
    return {
        "description": description,
        "type": "object",
        "propertyNames": {"pattern": NAME},
        "additionalProperties": member,
    }


def list_of(member: Schema) -> Schema:
    """An array of tables."""
    return {"description": member["description"], "type": "array", "items": member}


def text(description: str, *, pattern: str | None = None) -> Schema:
    """A text."""
    schema: Schema = {"description": description, "type": "string"}
    return schema if pattern is None else schema | {"pattern": pattern}


def choice(description: str, *words: str) -> Schema:
    """One of the words."""
    return {"description": description, "enum": list(words)}


def whole(description: str, *, least: int = 0, most: int = 2**53 - 1) -> Schema:
    """A whole number."""
    return {"description": description, "type": "integer", "minimum": least, "maximum": most}


def amount(description: str) -> Schema:
    """Money, in quotes or whole."""
    return {"description": description, "type": ["string", "integer"], "pattern": _DECIMAL}


def money(description: str) -> Schema:
    """Money, with its currency or without."""
    return amount(description) | {"pattern": r"^\d+(\.\d*)?( [A-Z]{3})?$"}


def instant(description: str) -> Schema:
    """A date or a time."""
    return {"description": description, "type": "string"}


def credits(description: str) -> Schema:
    """Credits, in quotes or whole."""
    whole = {"description": description, "type": ["integer", "string"], "minimum": 0}
    return whole | {"pattern": _DECIMAL}


def texts(description: str) -> Schema:
    """An array of texts."""
    return {"description": description, "type": "array", "items": {"type": "string"}}
