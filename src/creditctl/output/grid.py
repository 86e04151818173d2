"""A table as rows of cells: what the table and markdown formats share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import cast

from creditctl.output.values import Cell, cell
from creditctl.output.view import Column


@dataclass(frozen=True, slots=True)
class Grid:
    """Headings, rows of cells, which columns hold numbers, and which may be wrapped."""

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    right_aligned: tuple[bool, ...]
    wraps: tuple[bool, ...] = ()

    @property
    def alignments(self) -> tuple[str, ...]:
        """`left` or `right` for each column."""
        return tuple("right" if right else "left" for right in self.right_aligned)

    @property
    def texts(self) -> list[list[str]]:
        """The rows without colour."""
        return [[shown.text for shown in row] for row in self.rows]


def grid_of(rows: Iterable[object], columns: Sequence[Column]) -> Grid:
    """The cells that `columns` pick from `rows`."""
    cells = tuple(cells_of(row, columns) for row in rows)
    numeric = (any(row[i].is_number for row in cells) for i in range(len(columns)))
    return Grid(
        tuple(column.heading for column in columns),
        cells,
        tuple(numeric),
        tuple(column.wraps for column in columns),
    )


def cells_of(row: object, columns: Sequence[Column]) -> tuple[Cell, ...]:
    """One row's cells."""
    return tuple(cell(value_at(row, column.name), column.name) for column in columns)


def rows_at(row: object, field: str) -> Sequence[object]:
    """What a section shows."""
    return cast("Sequence[object]", value_at(row, field) or ())


def value_at(row: object, name: str) -> object:
    """The field `name` of `row`; `plan.code` reaches into a nested result that may be None."""
    return reduce(_member, name.split("."), row)


def _member(value: object, name: str) -> object:
    return None if value is None else getattr(value, name)
