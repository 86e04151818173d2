"""The table format on a terminal: Rich fits it to the width by wrapping text, never amounts."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from creditctl.output.grid import Grid, cells_of, grid_of, rows_at
from creditctl.output.render import Answer, Display
from creditctl.output.values import Cell

_LONGEST_KEPT_WORD, _LONGEST_IF_TIGHT = 16, 8
"""A name or time of this length is not broken in two; and where the terminal is too narrow."""

_GAP = 3
"""Between two columns; one less where it is tight."""


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
        _draw(console, _table(grid_of(answer.rows, answer.columns), display.width))
        return
    _draw(console, _card(answer))
    for section in answer.sections:
        rows = rows_at(answer.result, section.field)
        body: Table | Text = Text("none", style="dim")
        if rows:
            body = _table(grid_of(rows, section.columns), display.width)
        _draw(console, Text(), Text(section.title, style="bold"), body)


def _draw(console: Console, *blocks: Table | Text) -> None:
    for block in blocks:
        console.print(block, crop=False, highlight=False)


def _table(grid: Grid, width: int) -> Table:
    places = range(len(grid.headings))
    needed = [_needed(grid, i, _LONGEST_KEPT_WORD) for i in places]
    is_tight = sum(needed) + _GAP * (len(needed) - 1) > width
    if is_tight:
        needed = [_needed(grid, i, _LONGEST_IF_TIGHT) for i in places]
    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        header_style="bold",
        padding=(0, 1, 0, 0) if is_tight else (0, 1),
    )
    for i, heading in enumerate(grid.headings):
        right = grid.right_aligned[i]
        table.add_column(
            Text(heading),
            justify="right" if right else "left",
            no_wrap=right,
            overflow="fold",
            min_width=needed[i],
        )
    for row in grid.rows:
        table.add_row(*(_text(shown) for shown in row))
    return table


def _needed(grid: Grid, place: int, longest_word: int) -> int:
    """The least width of a column: of its heading's words, all of an amount, a word of a text."""
    shown = [row[place].text for row in grid.rows]
    if grid.right_aligned[place]:
        least = max(map(len, shown))
    else:
        words = [len(word) for text in shown for word in text.split()]
        least = min(max(words, default=0), longest_word)
    return max([least, *map(len, grid.headings[place].split())])


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
