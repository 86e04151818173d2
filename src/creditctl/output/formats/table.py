"""Tables and cards for people: drawn by Rich on a terminal, plain when piped."""

from creditctl.output.formats import plain
from creditctl.output.render import Answer, Display


def write(answer: Answer, display: Display) -> None:
    """Write a list as a table, a single result as a card with its sections below."""
    if not answer.rows:
        display.note(answer.view.empty)
    elif display.is_tty:
        from creditctl.output.formats import terminal  # Rich costs 50 ms

        terminal.write(answer, display)
    else:
        plain.write(answer, display)
