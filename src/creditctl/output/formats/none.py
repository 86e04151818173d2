"""Nothing at all: the exit status is the answer."""

from creditctl.output.render import Answer, Display


def write(answer: Answer, display: Display) -> None:
    """Write nothing."""
