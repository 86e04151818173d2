"""A JSON document against the schema that is published for it."""

from functools import cache
from typing import Any

import jsonschema

from creditctl.cli.schema import schema_document


def validated(document: dict) -> str:
    """The schema's name, which the document follows."""
    name = str(document["schema"])
    _validator(name).validate(document)
    return name


@cache
def _validator(name: str) -> Any:
    """Made once: most of the time goes into checking the schema itself."""
    schema = schema_document(name)
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema, format_checker=jsonschema.FormatChecker())
