"""Markdown tables, for tickets and reports."""

import re

from creditctl.output.grid import Grid, cells_of, grid_of, rows_at
from creditctl.output.render import Answer, Display
from creditctl.output.values import Cell

_SPECIAL = re.compile(r"[\\|<>`*_\[\]]")


def write(answer: Answer, display: Display) -> None:
    """Write a list as one table, a single result as a table of two columns and its sections."""
    if not answer.rows:
        display.note(answer.view.empty)
    elif answer.is_list:
        display.stream.write(f"{_drawn(grid_of(answer.rows, answer.columns))}\n")
    else:
        _write_single(answer, display)


def _write_single(answer: Answer, display: Display) -> None:
    cells = cells_of(answer.result, answer.columns)
    pairs = zip(answer.columns, cells, strict=True)
    rows = tuple((Cell(column.heading), shown) for column, shown in pairs)
    display.stream.write(f"{_drawn(Grid(('Field', 'Value'), rows, (False, False)))}\n")
    for section in answer.sections:
        found = rows_at(answer.result, section.field)
        table = _drawn(grid_of(found, section.columns)) if found else "none"
        display.stream.write(f"\n## {_escaped(section.title)}\n\n{table}\n")


def _drawn(grid: Grid) -> str:
    from tabulate import tabulate

    texts = [[_escaped(text) for text in row] for row in grid.texts]
    headings = [_escaped(heading) for heading in grid.headings]
    return tabulate(
        texts, headings, tablefmt="pipe", colalign=grid.alignments, disable_numparse=True
    )


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)
