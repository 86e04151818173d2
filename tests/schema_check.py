"""A JSON document against the schema that is published for it."""

import jsonschema

from creditctl.cli.schema import schema_document


def validated(document: dict) -> str:
    """The schema's name, which the document follows."""
    schema = schema_document(document["schema"])
    jsonschema.validate(document, schema, format_checker=jsonschema.FormatChecker())
    return str(document["schema"])
