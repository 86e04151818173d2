"""The table format for pipes and files: no colour, nothing cut off."""

from collections.abc import Iterator

from creditctl.output.grid import Grid, cells_of, grid_of, rows_at
from creditctl.output.render import Answer, Display


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
        grid.texts,
        headers=grid.headings,
        tablefmt="simple",
        colalign=grid.alignments,
        disable_numparse=True,
    )
    return _without_trailing_space(text)


def _card(answer: Answer) -> str:
    from tabulate import tabulate

    cells = cells_of(answer.result, answer.columns)
    pairs = [
        [column.heading, shown.text] for column, shown in zip(answer.columns, cells, strict=True)
    ]
    return _without_trailing_space(tabulate(pairs, tablefmt="plain", disable_numparse=True))


def _without_trailing_space(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines())
