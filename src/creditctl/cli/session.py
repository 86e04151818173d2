"""One run of the command line: what was asked for globally, and the ways to answer."""

from datetime import datetime
from functools import cached_property
from importlib import import_module
from typing import Any

import typer

from creditctl import clock
from creditctl.cli.terminal import Terminal
from creditctl.config import database_url, default_actor, read_config, settings_from
from creditctl.context import Context
from creditctl.errors import ConfirmationNeeded, ExitStatus, InvalidInput
from creditctl.output.formats import known_format
from creditctl.output.safe_text import visible
from creditctl.output.view import View

_SETTINGS = ("db", "output", "now", "actor")


class Session:
    """Made once per run and kept in Typer's context; reads configuration on first use."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self._given: dict[str, Any] = {}

    def remember(self, option: str, value: object) -> None:
        """Keep the value of a global option; of two, the last one counts."""
        if option == "output":
            known_format(str(value))
        self._given[option] = value

    @cached_property
    def config(self) -> dict[str, str]:
        """Every setting, from the flags down to the user's file."""
        return read_config({name: self._given.get(name) for name in _SETTINGS})

    @cached_property
    def context(self) -> Context:
        """What services receive; a bad global option is refused here, before anything happens."""
        known_format(self.format_name)
        return Context(
            database=database_url(self.config),
            now=self._now(),
            actor=default_actor(self.config),
            settings=settings_from(self.config),
        )

    @property
    def format_name(self) -> str:
        """The output format asked for."""
        return self.config.get("output", "table")

    @property
    def fields(self) -> tuple[str, ...] | None:
        """The names given with `--fields`."""
        given: str | None = self._given.get("fields")
        if given is None:
            return None
        return tuple(name.strip() for name in given.split(",") if name.strip())

    def show(self, result: object, view: View) -> None:
        """Answer with a result, or a list of them, in the format asked for."""
        from creditctl.output.render import Display, is_sequence, render  # not for --help

        stream = self.terminal.stdout
        display = Display(
            stream=stream,
            note=self.note,
            width=self.terminal.width,
            is_tty=stream.isatty(),
            colour=self.terminal.colours(stream) and not self._given.get("no_color"),
        )
        row_type = _row_type(view.schema) if is_sequence(result) else None
        names = self._names_in(view) if self.fields is not None else None
        render(result, view, self.format_name, display, names=names, row_type=row_type)

    def _names_in(self, view: View) -> tuple[str, ...] | None:
        """Of `--fields`, those of this answer; one that another answer has is no reason to fail.

        What no answer of the command has was refused before it began.
        """
        from creditctl.cli.answer_fields import fields_in  # only where --fields is given

        known = fields_in(view, self.format_name) or self.fields or ()
        for name in self.fields or ():
            if name not in known:
                self.warn(f"this answer has no field {name!r}")
        return tuple(name for name in self.fields or () if name in known) or None

    def write(self, text: str) -> None:
        """Answer with text that is a document of its own, such as a catalog or a script."""
        self.terminal.stdout.write(text if text.endswith("\n") else f"{text}\n")

    def note(self, text: str) -> None:
        """Tell a person something that is not data; silent with `--quiet`."""
        if not self._given.get("quiet"):
            self.terminal.tell(f"{visible(text)}\n")

    def warn(self, text: str) -> None:
        """Tell a person about a risk, even with `--quiet`."""
        self.terminal.tell(f"warning: {visible(text)}\n")

    def confirm(self, question: str) -> None:
        """Ask before something that cannot be undone; returns only on yes."""
        if self._given.get("yes"):
            return
        if not self.terminal.can_ask:
            raise ConfirmationNeeded(f"{question} needs a yes, and there is no terminal to ask on")
        self.terminal.tell(f"{visible(question)} [y/N] ")
        if self.terminal.stdin.readline().strip().lower() not in {"y", "yes"}:
            self.note("nothing was changed")
            raise typer.Exit(ExitStatus.FAILURE)

    def _now(self) -> datetime:
        text = self.config.get("now")
        if text is None:
            return clock.now()
        from creditctl.rules.instants import EARLIEST_YEAR, LATEST_YEAR, parse_instant  # not --help

        try:
            now = parse_instant(text)
        except InvalidInput as problem:
            raise InvalidInput(f"--as-of: {problem.detail}", hint=problem.advice) from None
        if not EARLIEST_YEAR <= now.year < LATEST_YEAR:
            raise InvalidInput(
                f"--as-of: {text} is not between {EARLIEST_YEAR} and {LATEST_YEAR}",
                hint="write it like 2026-10-31T23:59:00Z",
            )
        return now


def session_of(ctx: typer.Context) -> Session:
    """The run's session."""
    session = ctx.obj
    if not isinstance(session, Session):
        raise TypeError("the root command makes the session")
    return session


def _row_type(schema: str) -> type | None:
    """What a list of that schema holds: an empty CSV has a header too."""
    registry = import_module("creditctl.cli.schema")
    found: type | None = registry.result_type(schema)
    return found
