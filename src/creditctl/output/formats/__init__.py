"""The output formats: one file and one line each; a file is imported when it is asked for."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from creditctl.errors import InvalidInput

FORMATS = {
    "table": "creditctl.output.formats.table:write",
    "json": "creditctl.output.formats.json:write",
    "ndjson": "creditctl.output.formats.ndjson:write",
    "csv": "creditctl.output.formats.csv:write",
    "tsv": "creditctl.output.formats.csv:write_tabs",
    "markdown": "creditctl.output.formats.markdown:write",
    "none": "creditctl.output.formats.none:write",
}


def known_format(name: str) -> str:
    """`name`, if there is such a format; raises InvalidInput otherwise."""
    if name not in FORMATS:
        raise InvalidInput(f"--output: no format {name!r}", hint=f"formats: {', '.join(FORMATS)}")
    return name


def writer_for(name: str) -> Callable[[Any, Any], None]:
    """The function `(Answer, Display)` that writes the format `name`."""
    module, _, function = FORMATS[known_format(name)].partition(":")
    writer: Callable[[Any, Any], None] = getattr(import_module(module), function)
    return writer
