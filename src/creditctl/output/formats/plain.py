"""The table format for pipes and files: no colour, nothing cut off, long text wrapped."""

from collections.abc import Iterable, Iterator
from textwrap import fill

from creditctl.output.grid import Grid, cells_of, grid_of, rows_at
from creditctl.output.render import Answer, Display

WIDTH = 80
"""Of a table with a column that wraps, as wide as its other columns allow."""

_GAP = 2
"""Between columns, and what a heading has beside it at least."""


def write(answer: Answer, display: Display) -> None:
    """Write the whole answer."""
    for block in _blocks(answer):
        display.stream.write(f"{block}\n")


def _blocks(answer: Answer) -> Iterator[str]:
    if answer.view.title:
        yield f"{answer.view.title}\n"
    if answer.is_list:
        yield drawn(grid_of(answer.rows, answer.columns))
        return
    yield _card(answer)
    for section in answer.sections:
        rows = rows_at(answer.result, section.field)
        table = drawn(grid_of(rows, section.columns)) if rows else "none"
        yield f"\n{section.title}\n{table}"


def drawn(grid: Grid) -> str:
    """The grid with aligned columns under its headings."""
    from tabulate import tabulate

    text = tabulate(
        _wrapped(grid),
        headers=grid.headings,
        tablefmt="simple",
        colalign=grid.alignments,
        disable_numparse=True,
    )
    return _without_trailing_space(text)


def _wrapped(grid: Grid) -> list[list[str]]:
    """The rows; where they are too wide, text that wraps has the room that the others leave."""
    headings = [f"{heading}{' ' * _GAP}" for heading in grid.headings]
    widths = [max(map(len, column)) for column in zip(headings, *grid.texts, strict=True)]
    too_wide = sum(widths) + _GAP * (len(widths) - 1) - WIDTH
    if too_wide <= 0 or True not in grid.wraps:
        return grid.texts
    place = grid.wraps.index(True)
    room = max(widths[place] - too_wide, _longest_word(row[place] for row in grid.texts))
    return [
        [
            fill(text, room, break_long_words=False, break_on_hyphens=False) if i == place else text
            for i, text in enumerate(row)
        ]
        for row in grid.texts
    ]


def _longest_word(texts: Iterable[str]) -> int:
    """Ids and numbers are never broken: whoever copies one gets all of it."""
    return max((len(word) for text in texts for word in text.split()), default=1)


def _card(answer: Answer) -> str:
    from tabulate import tabulate

    cells = cells_of(answer.result, answer.columns)
    pairs = [
        [column.heading, shown.text] for column, shown in zip(answer.columns, cells, strict=True)
    ]
    return _without_trailing_space(tabulate(pairs, tablefmt="plain", disable_numparse=True))


def _without_trailing_space(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines())
