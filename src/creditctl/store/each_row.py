"""Statements that write many rows: how each database is given them.

PostgreSQL is sent all rows in one parameter, and takes them in their order. SQLite, which is not
far away, is given one after the other: taking them out of JSON, and keeping what a statement for
many rows may have to take back, is two thirds of such an insert.
"""

from functools import cache

ROWS = "each_row"
"""The parameter that PostgreSQL finds the rows in."""

_BINARY = "decode(j.value ->> {place}, 'hex')"
_NUMBER = "CAST(j.value ->> {place} AS BIGINT)"
_WORD = "j.value ->> {place}"


class EachRow:
    """The parts of a statement that `UnitOfWork.run_each` runs for rows of these columns."""

    def __init__(
        self,
        dialect: str,
        columns: tuple[str, ...],
        words: tuple[str, ...],
        binary: tuple[str, ...],
    ) -> None:
        self._columns = columns
        self._is_single = dialect == "sqlite"
        kinds = dict.fromkeys(words, _WORD) | dict.fromkeys(binary, _BINARY)
        values = ", ".join(
            f"{kinds.get(column, _NUMBER).format(place=place)} AS {column}"
            for place, column in enumerate(columns)
        )
        self.source = (
            ""
            if self._is_single
            else f"FROM (SELECT {values} "  # noqa: S608 - our names
            f"FROM jsonb_array_elements(CAST(:{ROWS} AS JSONB)) AS j (value)) AS {ROWS}"
        )
        """What an UPDATE names after what it sets."""

    def __getitem__(self, column: str) -> str:
        """The row's value."""
        return f"?{self._columns.index(column) + 1}" if self._is_single else f"{ROWS}.{column}"

    def values(self, *more: str) -> str:
        """What an INSERT writes of each row: all of its columns, and expressions after them."""
        return self.selected(*(self[column] for column in self._columns), *more)

    def selected(self, *expressions: str) -> str:
        """What an INSERT writes for each row."""
        listed = ", ".join(expressions)

        return f"VALUES ({listed})" if self._is_single else f"SELECT {listed} {self.source}"


@cache
def each_row(
    dialect: str, *columns: str, words: tuple[str, ...] = (), binary: tuple[str, ...] = ()
) -> EachRow:
    """Columns are integers, but those in `words` and in `binary`."""
    return EachRow(dialect, columns, words=words, binary=binary)
