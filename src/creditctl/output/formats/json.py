"""JSON in a versioned envelope: `{"schema": …, "data": …}`."""

import json

from creditctl.output.render import Answer, Display
from creditctl.output.safe_text import visible_in_json
from creditctl.output.values import machine_object


def write(answer: Answer, display: Display) -> None:
    """Write one document."""
    objects = [machine_object(row, answer.names) for row in answer.rows]
    data = objects if answer.is_list else objects[0]
    document = {"schema": answer.view.schema, "data": data}
    display.stream.write(visible_in_json(json.dumps(document, ensure_ascii=False, indent=2)))
    display.stream.write("\n")
