"""One bare JSON object a line."""

import json

from creditctl.output.render import Answer, Display
from creditctl.output.safe_text import visible_in_json
from creditctl.output.values import machine_object


def write(answer: Answer, display: Display) -> None:
    """Write each row as a line of its own."""
    for row in answer.rows:
        line = json.dumps(machine_object(row, answer.names), ensure_ascii=False)
        display.stream.write(f"{visible_in_json(line)}\n")
