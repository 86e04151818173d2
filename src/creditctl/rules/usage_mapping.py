"""`FIELD=COLUMN[@LOOKUP.csv]`: where a usage file keeps what an event needs."""

from collections.abc import Sequence
from dataclasses import dataclass

from creditctl.errors import InvalidInput
from creditctl.rules.usage_events import FIELDS

_HINT = "write it like key=client or key=client@clients.csv"


@dataclass(frozen=True, slots=True)
class FieldSource:
    """A field is read from `column`, its values translated by the file `lookup` if there is one."""

    field: str
    column: str
    lookup: str | None = None


def parse_field_source(text: str) -> FieldSource:
    """Read `key=client@clients.csv`; raises InvalidInput."""
    field, equals, rest = text.partition("=")
    column, at, lookup = rest.rpartition("@") if "@" in rest else (rest, "", "")
    if field not in FIELDS:
        raise InvalidInput(f"an event has no field {field!r}", hint=f"fields: {', '.join(FIELDS)}")
    if not equals or not column or (at and not lookup):
        raise InvalidInput(f"{text!r} names no column", hint=_HINT)
    return FieldSource(field, column, lookup or None)


def refuse_fields_mapped_twice(sources: Sequence[FieldSource]) -> None:
    """Raise InvalidInput when a field would be read from two columns."""
    fields = [source.field for source in sources]
    twice = {field for field in fields if fields.count(field) > 1}
    if twice:
        raise InvalidInput(f"{min(twice)} is mapped twice", hint="name one column for each field")


def missing_column(
    columns: tuple[str, ...], sources: dict[str, str], *, organization_given: bool
) -> tuple[str, str] | None:
    """The first (field, column) that a file with these columns lacks; `sources` is field -> column.

    An event needs an id, a time and a status, an endpoint (or method and path), and a key or an
    organization. A column that a mapping names must be there in any case.
    """
    for field, column in sources.items():
        if column not in columns:
            return field, column
    present = {field for field in FIELDS if sources.get(field, field) in columns}
    for field in ("id", "time", "status"):
        if field not in present:
            return field, field
    if "endpoint" not in present and not {"method", "path"} <= present:
        lacking = next((field for field in ("method", "path") if field not in present), "endpoint")
        field = lacking if present & {"method", "path"} else "endpoint"
        return field, field
    if not organization_given and not present & {"org", "key"}:
        return "key", "key"
    return None
