"""JSON in a versioned envelope: `{"schema": …, "data": …}`, a line for each row of a list."""

import json

from creditctl.output.render import Answer, Display
from creditctl.output.safe_text import visible_in_json
from creditctl.output.values import Json, machine_object

# Without an indent of its own, for then the library is written in C: ten times as fast.
_ENCODER = json.JSONEncoder(ensure_ascii=False)


def write(answer: Answer, display: Display) -> None:
    """Write one document."""
    objects: list[Json] = [machine_object(row, answer.names) for row in answer.rows]
    document: Json = {
        "schema": answer.view.schema,
        "data": objects if answer.is_list else objects[0],
    }
    display.stream.write(visible_in_json(_indented(document, "")))
    display.stream.write("\n")


def _indented(value: Json, margin: str) -> str:
    """Members and elements on lines of their own; what stands in a list is not divided."""
    inner = margin + "  "
    if isinstance(value, dict) and value:
        members = (
            f"{inner}{_ENCODER.encode(name)}: {_indented(member, inner)}"
            for name, member in value.items()
        )
        return "{\n" + ",\n".join(members) + f"\n{margin}}}"
    if isinstance(value, list) and value:
        lines = (inner + _ENCODER.encode(element) for element in value)
        return "[\n" + ",\n".join(lines) + f"\n{margin}]"
    return _ENCODER.encode(value)
