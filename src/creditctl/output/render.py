"""Shows a result in the format somebody asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO, TypeGuard

from creditctl.output.formats import writer_for
from creditctl.output.shape import chosen_fields, member_type
from creditctl.output.view import Column, Section, View


@dataclass(frozen=True, slots=True)
class Display:
    """Where an answer goes and what can be shown there."""

    stream: TextIO
    note: Callable[[str], None]
    """Says something to a person, beside the data."""

    width: int = 80
    is_tty: bool = False
    colour: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A result with its view and the fields that were asked for: what every format writes."""

    result: Any
    view: View
    row_type: type
    names: tuple[str, ...] | None = None

    @property
    def is_list(self) -> bool:
        """Whether the result is a sequence of things, not a single one."""
        return is_sequence(self.result)

    @property
    def rows(self) -> Sequence[Any]:
        """The things themselves; a single result is one row."""
        return self.result if self.is_list else (self.result,)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The view's columns, or those that `--fields` names."""
        if self.names is None:
            return self.view.columns
        in_sections = {section.field for section in self.view.sections}
        titled = {column.name: column for column in self.view.columns}
        shown = [name for name in self.names if name not in in_sections]
        return tuple(titled.get(name, Column(name)) for name in shown)

    @property
    def sections(self) -> tuple[Section, ...]:
        """The view's sections, as far as `--fields` wants them."""
        wanted = self.names
        if wanted is not None:
            return tuple(section for section in self.view.sections if section.field in wanted)
        return tuple(
            section
            for section in self.view.sections
            if not section.hidden_when_empty or getattr(self.result, section.field)
        )


def is_sequence(result: object) -> TypeGuard[Sequence[object]]:
    """Whether `result` is a list of things."""
    return isinstance(result, list | tuple)


def shown_type(view: View, result_type: type, format_name: str, *, is_list: bool) -> type:
    """What the rows of an answer are: the result's own type, or that of the section CSV is of."""
    if view.csv_rows and format_name in ("csv", "tsv") and not is_list:
        return member_type(result_type, view.csv_rows)
    return result_type


def render(
    result: object,
    view: View,
    format_name: str,
    display: Display,
    *,
    names: tuple[str, ...] | None = None,
    row_type: type | None = None,
) -> None:
    """Write `result` to the display; `row_type` says what an empty list would hold."""
    if row_type is None:
        row_type = type(result[0] if result else None) if is_sequence(result) else type(result)
    shown = shown_type(view, row_type, format_name, is_list=is_sequence(result))
    if view.csv_rows and shown is not row_type:
        row_type, result = shown, getattr(result, view.csv_rows)
    if row_type is not type(None):
        chosen_fields(row_type, names)
    writer_for(format_name)(Answer(result, view, row_type, names), display)
