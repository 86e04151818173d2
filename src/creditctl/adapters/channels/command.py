"""Commands of the operator's own, for chat tools: the message comes on standard input.

A destination names a command of the settings; no command line ever comes from the database.
"""

import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from errno import EACCES, ENOENT, ENOEXEC, ENOTDIR
from pathlib import PurePath
from threading import Thread
from typing import IO

from creditctl.adapters.channels.attempt import LONGEST_DELIVERY, Deadline, attempt, one_line
from creditctl.adapters.channels.interface import Channel, DeliveryFailed, Message
from creditctl.adapters.settings import read_settings
from creditctl.errors import InvalidInput

_FINAL = {78: "it is not configured", 126: "it cannot be run", 127: "it was not found"}
"""Exit statuses that stay what they are: EX_CONFIG of sysexits.h, and two of the shell's."""

_NEVER_RUNS = (EACCES, ENOENT, ENOEXEC, ENOTDIR)
_KEPT_OUTPUT = 4096
_READING_ON = 1
"""Seconds: what a command left running may hold its output open for longer."""


@dataclass(frozen=True, slots=True)
class CommandSettings:
    """What all commands have in common; every other setting is a command's name and line."""

    seconds: int = LONGEST_DELIVERY


@dataclass(frozen=True, slots=True)
class Commands:
    """Runs the command that the destination names."""

    settings: CommandSettings
    commands: Mapping[str, tuple[str, ...]]

    def deliver(self, message: Message, *, to: str, secrets: tuple[str, ...], at: datetime) -> str:
        """Exit 0 is accepted; 78, 126 and 127 are final, 75 and all the others are not."""
        with attempt(self.settings.seconds) as deadline:
            self.check(to)
            status, output = _run(self.commands[to], message, deadline)
        if status == 0:
            return "exit 0"
        words = f"killed by signal {-status}" if status < 0 else f"exit {status}"
        reason = _FINAL.get(status, "")
        said = ": ".join(filter(None, (words, reason, output)))
        raise DeliveryFailed(one_line(said), is_final=status in _FINAL)

    def check(self, to: str) -> None:
        """The name of a command in `[channels.command]`."""
        if to not in self.commands:
            raise InvalidInput(
                f"there is no command {to!r}",
                hint='write [channels.command] and under it NAME = "/path/to/command"',
            )


def open_channel(settings: Mapping[str, str]) -> Channel:
    """The channel with these settings; raises InvalidInput for a line that is no command."""
    lines = dict(settings)
    own = {name: lines.pop(name) for name in ("seconds",) if name in lines}
    read = read_settings(CommandSettings, "command", own, longest=LONGEST_DELIVERY)
    return Commands(read, {name: _words(name, line) for name, line in lines.items()})


def _words(name: str, line: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(line))
    except ValueError as problem:
        raise InvalidInput(f"command: {name}: {problem}") from None
    # Found through PATH, it would be another one from cron than from a terminal.
    if not words or not PurePath(words[0]).is_absolute():
        raise InvalidInput(
            f"command: {name} does not begin with the path of a program",
            hint=f'write it like {name} = "/usr/local/bin/post-to-chat"',
        )
    return words


def _run(words: tuple[str, ...], message: Message, deadline: Deadline) -> tuple[int, str]:
    """Exit status and the beginning of the output; raises DeliveryFailed, OSError."""
    with tempfile.TemporaryFile() as payload:
        # A file, unlike a pipe, never makes us wait for a command that does not read it.
        payload.write(message.payload.encode())
        payload.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - the words stand in the operator's own file
                words,
                stdin=payload,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=_environment(message),
                cwd="/",
                start_new_session=True,
            )
        except OSError as problem:
            raise DeliveryFailed(
                one_line(f"it does not start: {problem}"), is_final=problem.errno in _NEVER_RUNS
            ) from None
    kept = bytearray()
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    reader = Thread(target=_read, args=(process.stdout, kept), daemon=True)
    reader.start()
    try:
        process.wait(deadline.left())
    except (subprocess.TimeoutExpired, TimeoutError):
        raise TimeoutError from None
    finally:
        # Not yet waited for, its process group is certainly still its own.
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode:
        reader.join(_READING_ON)
    return process.returncode, one_line(bytes(kept).decode(errors="replace"))


def _read(output: IO[bytes], kept: bytearray) -> None:
    """Keep the beginning and let the rest pass, so that the command can go on writing."""
    with output:
        while chunk := os.read(output.fileno(), _KEPT_OUTPUT):
            kept += chunk[: _KEPT_OUTPUT - len(kept)]


def _environment(message: Message) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    return inherited | {
        "PATH": os.environ.get("PATH", os.defpath),
        "CREDITCTL_EVENT": one_line(message.event),
        "CREDITCTL_NOTIFICATION_ID": one_line(message.id),
        "CREDITCTL_ORGANIZATION": one_line(message.organization),
        "CREDITCTL_SUMMARY": one_line(message.summary, 1024),
    }
