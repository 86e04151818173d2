"""The streams of one run and what they can show; tests replace it."""

import io
import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TextIO

_LONGEST_LINE = 10_000
"""Characters of a secret; what is piped in need not have an end."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where a command reads and writes."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    width: int = 80
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_system(cls) -> Self:
        """The process's own streams, as they are now."""
        if isinstance(sys.stdout, io.TextIOWrapper):
            # a stream that is not UTF-8 shows an escape instead of failing half-way
            sys.stdout.reconfigure(errors="backslashreplace")
        width = shutil.get_terminal_size().columns
        streams = (_open(sys.stdin, "r"), _open(sys.stdout, "w"), _open(sys.stderr, "w"))
        return cls(*streams, width, os.environ)

    @property
    def can_ask(self) -> bool:
        """Whether there is a person to answer a question."""
        return self.stdin.isatty()

    def tell(self, text: str) -> None:
        """Write a message to stderr; where it cannot be written, whatever else is done goes on."""
        try:
            self.stderr.write(text)
            self.stderr.flush()
        except OSError:
            silence(self.stderr)

    def read_secret(self, prompt: str) -> str:
        """One line from stdin; typed by a person it is not shown."""
        if self.can_ask:
            import getpass  # only when somebody types

            return getpass.getpass(prompt, self.stderr)
        return self.stdin.readline(_LONGEST_LINE)

    def colours(self, stream: TextIO) -> bool:
        """Whether `stream` is a terminal that wants colour (https://no-color.org)."""
        if self.environment.get("NO_COLOR") or self.environment.get("TERM") == "dumb":
            return False
        return stream.isatty()


def silence(stream: TextIO) -> None:
    """Let what is written there go nowhere from now on, the interpreter's last flush too."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _open(stream: TextIO | None, mode: str) -> TextIO:
    """The stream, or one of nothing: whoever starts a program may close it before."""
    return Path(os.devnull).open(mode, encoding="utf-8") if stream is None else stream  # type: ignore[return-value]
