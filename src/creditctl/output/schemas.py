"""JSON Schema (2020-12) made from a result dataclass: documentation that cannot go stale."""

import types
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Union, get_args, get_origin

from creditctl.output.shape import (
    CURRENCY,
    Field,
    currency_follows,
    fields_of,
    is_result_type,
)
from creditctl.rules.units import Credits, Money

Schema = dict[str, Any]

_DECIMAL: Schema = {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}
_CURRENCY: Schema = {"type": "string", "pattern": "^[A-Z]{3}$"}
_SCALARS: dict[object, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    Decimal: _DECIMAL,
    Credits: {"type": "string", "pattern": r"^-?\d+(\.\d{1,6})?$"},
    datetime: {"type": "string", "format": "date-time", "pattern": "Z$"},
    date: {"type": "string", "format": "date"},
    Money: {
        "type": "object",
        "properties": {"amount": _DECIMAL, CURRENCY: _CURRENCY},
        "required": ["amount", CURRENCY],
    },
}


def json_schema(result_type: type, schema_name: str, *, is_list: bool) -> Schema:
    """The schema of the whole document: the envelope and the data in it."""
    data = _object(result_type)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:creditctl:schema:{schema_name}",
        "title": schema_name,
        "description": _about(result_type),
        "type": "object",
        "properties": {
            "schema": {"const": schema_name},
            "data": {"type": "array", "items": data} if is_list else data,
        },
        "required": ["schema", "data"],
    }


def object_schema(result_type: type) -> Schema:
    """The schema of one result, without an envelope."""
    return _object(result_type) | {"description": _about(result_type)}


def _about(result_type: type) -> str:
    return (result_type.__doc__ or "").strip().partition("\n")[0]


def _object(result_type: type) -> Schema:
    fields = fields_of(result_type)
    place_of_currency = currency_follows(fields)
    properties: Schema = {}
    for field in fields:
        properties[field.name] = _field(field)
        if field is place_of_currency:
            always = any(other.is_money and not other.optional for other in fields)
            properties[CURRENCY] = _CURRENCY if always else _or_null(_CURRENCY)
    return {"type": "object", "properties": properties, "required": list(properties)}


def _field(field: Field) -> Schema:
    schema = _DECIMAL if field.is_money else _value(field.kind)
    return _or_null(schema) if field.optional else schema


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _value(annotation: object) -> Schema:
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return {"enum": [member.value for member in annotation]}
    if is_result_type(annotation):
        return _object(annotation)
    return _collection(annotation)


def _collection(annotation: object) -> Schema:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {list, tuple} and (origin is list or arguments[1:] == (...,)):
        return {"type": "array", "items": _member(arguments[0])}
    if origin is dict and arguments[0] is str:
        return {"type": "object", "additionalProperties": _member(arguments[1])}
    raise TypeError(f"no schema for {annotation}")


def _member(annotation: object) -> Schema:
    if annotation is Any:
        return {}
    if get_origin(annotation) in {Union, types.UnionType}:
        kinds = [kind for kind in get_args(annotation) if kind is not types.NoneType]
        schemas = [_value(kind) for kind in kinds]
        if len(kinds) < len(get_args(annotation)):
            schemas.append({"type": "null"})
        return {"anyOf": schemas}
    return _value(annotation)
