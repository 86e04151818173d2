"""The table format on a terminal: Rich fits it to the width by wrapping text, never amounts."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from creditctl.output.grid import Grid, cells_of, grid_of, rows_at
from creditctl.output.render import Answer, Display
from creditctl.output.values import Cell

_LONGEST_KEPT_WORD = 16
"""A name or time of this length is not broken in two."""


def write(answer: Answer, display: Display) -> None:
    """Draw the whole answer."""
    console = Console(
        file=display.stream,
        width=display.width,
        force_terminal=True,
        color_system="standard" if display.colour else None,
        legacy_windows=False,
    )
    if answer.view.title:
        _draw(console, Text(answer.view.title, style="bold"), Text())
    if answer.is_list:
        _draw(console, _table(grid_of(answer.rows, answer.columns)))
        return
    _draw(console, _card(answer))
    for section in answer.sections:
        rows = rows_at(answer.result, section.field)
        body = _table(grid_of(rows, section.columns)) if rows else Text("none", style="dim")
        _draw(console, Text(), Text(section.title, style="bold"), body)


def _draw(console: Console, *blocks: Table | Text) -> None:
    for block in blocks:
        console.print(block, crop=False, highlight=False)


def _table(grid: Grid) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for i, heading in enumerate(grid.headings):
        right = grid.right_aligned[i]
        shown = [row[i].text for row in grid.rows]
        words = [word for text in shown for word in text.split()]
        longest_word = min(max(map(len, words), default=0), _LONGEST_KEPT_WORD)
        needed = max(map(len, shown)) if right else longest_word
        table.add_column(
            Text(heading),
            justify="right" if right else "left",
            no_wrap=right,
            overflow="fold",
            min_width=max([needed, *map(len, heading.split())]),
        )
    for row in grid.rows:
        table.add_row(*(_text(shown) for shown in row))
    return table


def _card(answer: Answer) -> Table:
    card = Table.grid(padding=(0, 2, 0, 0))
    card.add_column(no_wrap=True)
    card.add_column(overflow="fold")
    cells = cells_of(answer.result, answer.columns)
    for column, shown in zip(answer.columns, cells, strict=True):
        card.add_row(Text(column.heading, style="dim"), _text(shown))
    return card


def _text(shown: Cell) -> Text:
    return Text(shown.text, style=shown.colour)
