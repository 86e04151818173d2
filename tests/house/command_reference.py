"""Writes docs/commands.md from the command tree: `python tests/house/command_reference.py`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from creditctl.cli.app import GROUPS, app
from creditctl.cli.completion_tree import all_places

TARGET = Path(__file__).parents[2] / "docs/commands.md"
HEADER = """# Commands

Generated from the commands' own help by `python tests/house/command_reference.py`; a test compares.
The options at the end of `creditctl --help` work before and after every command.
"""


def reference() -> str:
    """The whole page."""
    return "\n".join([HEADER, *_sections()])


def _sections() -> Iterator[str]:
    root: Any = typer.main.get_command(app)
    yield _block("creditctl", root, "")
    for place in all_places():
        if place.path:
            names = place.path.strip("/").split("/")
            level = "##" if len(names) == 1 else "###"
            yield f"{level} {' '.join(names)}\n"
            yield _block(" ".join(["creditctl", *names]), _command_at(root, names), place.path)


def _block(name: str, command: Any, path: str) -> str:
    if path.strip("/") in GROUPS and hasattr(command, "commands"):
        return f"{command.help}\n"
    context = typer.Context(command, info_name=name, terminal_width=80, max_content_width=80)
    return f"```text\n{command.get_help(context).rstrip()}\n```\n"


def _command_at(command: Any, names: list[str]) -> Any:
    for name in names:
        command = command.get_command(typer.Context(command), name)
    return command


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
