"""What a command wants shown: its schema's name and the columns a person reads."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, or one line of a card."""

    name: str
    """A field or property of the result; `plan.code` reaches into a nested one."""

    title: str | None = None
    wraps: bool = False
    """Where text goes on below when a table would be wider than 80 columns."""

    @property
    def heading(self) -> str:
        """The title, or one made from the name: `created_at` is "Created"."""
        if self.title is not None:
            return self.title
        words = self.name.replace(".", " ").removesuffix("_at").removesuffix("_on")
        words = words.replace("_", " ")
        return words[:1].upper() + words[1:]


@dataclass(frozen=True, slots=True)
class Section:
    """A table below a card: the rows in one field of a single result."""

    field: str
    title: str
    columns: tuple[Column, ...]
    hidden_when_empty: bool = False
    """Where nothing is the usual case and not worth a line."""


@dataclass(frozen=True, slots=True)
class View:
    """How one kind of result is shown; `schema` is its public, versioned name."""

    schema: str
    columns: tuple[Column, ...]
    sections: tuple[Section, ...] = ()
    empty: str = "Nothing to show."
    csv_rows: str | None = None
    """The section that CSV consists of, where the summary above it is not what scripts want."""

    title: str | None = None
