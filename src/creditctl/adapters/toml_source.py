"""A TOML file whose values know where they stand, so that an error can name file, line and key."""

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from creditctl.adapters.bounded_reads import read_text
from creditctl.errors import CatalogInvalid, FileMissing, InvalidInput
from creditctl.rules.instants import EARLIEST_YEAR, LATEST_YEAR
from creditctl.rules.units import Credits, Money, parse_decimal

KeyPath: TypeAlias = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)([^\[\]]+)\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*([\w"'-]+(?:\s*\.\s*[\w"'-]+)*)\s*=""")
_POSITION = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)")


class TomlSource:
    """The text of a file, parsed; `refusal` is the error that says what is wrong with it."""

    def __init__(self, name: str, text: str, refusal: type[InvalidInput] = CatalogInvalid) -> None:
        self.name = name
        self.text = text
        self.refusal = refusal
        try:
            self.document: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as problem:
            found = _POSITION.search(str(problem))
            line = found[1] if found and found[1] else len(text.splitlines())
            what = _POSITION.sub("", str(problem)).strip()
            raise refusal(f"{name} line {line}: {what}") from None
        except (ValueError, RecursionError):
            what = "a number has too many digits, or tables are nested too deeply"
            raise refusal(f"{name}: {what}") from None

    @classmethod
    def read(cls, path: Path, refusal: type[InvalidInput] = CatalogInvalid) -> "TomlSource":
        """Read a file; raises FileMissing, InvalidInput for one without end, or `refusal`."""
        try:
            return cls(str(path), read_text(path, "utf-8-sig"), refusal)
        except OSError as problem:
            raise FileMissing(f"{path}: {problem.strerror}") from None
        except UnicodeDecodeError:
            raise refusal(f"{path} is not UTF-8 text") from None

    def root(self) -> "TomlTable":
        """The whole document as a table."""
        return TomlTable(self, (), self.document)

    def refuse(self, path: KeyPath, problem: str) -> NoReturn:
        """Say what is wrong with the value at `path`, and where it stands."""
        raise self.refusal(f"{self.name} line {self._line_of(path)}: {_dotted(path)}: {problem}")

    def _line_of(self, path: KeyPath) -> int:
        """The line of that key, or of the innermost table around it that has a line."""
        lines = {place: number for number, place in _places(self.text)}
        while path and path not in lines:
            path = path[:-1]
        return lines.get(path, 1)


class TomlTable:
    """A table that is read key by key; `finish` refuses what nobody asked for."""

    def __init__(self, source: TomlSource, path: KeyPath, values: dict[str, Any]) -> None:
        self.source = source
        self.path = path
        self._values = values
        self._read: set[str] = set()
        self._asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        self._asked.add(key)
        return key in self._values

    def keys(self) -> list[str]:
        """The names in the table, in their order."""
        return list(self._values)

    def refuse(self, key: str, problem: str) -> NoReturn:
        """Say what is wrong with the value of `key`."""
        self.source.refuse((*self.path, key), problem)

    def value(self, key: str, kind: type, words: str, default: object = ...) -> Any:
        """The value of `key`, which must be of that type."""
        self._read.add(key)
        if key not in self._values:
            if default is ...:
                self.source.refuse(self.path, f"{key!r} is missing; it is {words}")
            return default
        value = self._values[key]
        # To Python true is a number; here it is not.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            self.refuse(key, f"must be {words}, not {_words(value)}")
        return value

    def text(self, key: str, default: object = ...) -> Any:
        """A text."""
        return self.value(key, str, "a text", default)

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        return bool(self.value(key, bool, "true or false", default))

    def whole(
        self, key: str, default: object = ..., *, least: int = 0, most: int = 2**53 - 1
    ) -> Any:
        """A whole number of `least` to `most`."""
        number = self.value(key, int, "a whole number", default)
        if isinstance(number, int) and not least <= number <= most:
            self.refuse(key, f"must be at least {least} and at most {most}, not {number}")
        return number

    def choice(self, key: str, words: tuple[str, ...], default: object = ...) -> Any:
        """One of the words."""
        value = self.text(key, default)
        if value not in words and value is not default:
            self.refuse(key, f"must be one of {', '.join(words)}, not {value!r}")
        return value

    def credits(self, key: str, default: object = ...) -> Any:
        """An amount of credits, zero or more."""
        return self._amount(key, Credits.parse, default)

    def money(self, key: str, currency: str, default: object = ...) -> Any:
        """An amount of money such as `25.00` or `25 USD`, zero or more."""
        return self._amount(key, lambda text: _money(text, currency), default)

    def price(self, key: str, default: object = ...) -> Any:
        """Money per credit, above zero."""
        found = self._amount(key, lambda text: parse_decimal(text, "price"), default)
        if isinstance(found, Decimal) and not 0 < found < 10**9:
            self.refuse(key, f"must be above zero, and sensible, not {found}")
        return found

    def cost(self, key: str, default: object = ...) -> Any:
        """Money for something, zero or more."""
        return self._amount(key, lambda text: parse_decimal(text, "cost"), default)

    def percent(self, key: str, default: object = ...) -> Any:
        """A percentage, zero or more."""
        return self._amount(key, lambda text: parse_decimal(text, "percentage"), default)

    def day(self, key: str, default: object = ...) -> Any:
        """A day without a time, such as 2026-11-01."""
        found = self.value(key, date, "a day such as 2026-11-01", default)
        if isinstance(found, datetime):
            self.refuse(key, f"must be a day without a time, not {found.isoformat()}")
        return found

    def instant(self, key: str) -> datetime | None:
        """A date, which is its first instant in UTC, or a time with its zone; None without."""
        value = self.value(key, date, "a date or a time such as 2026-01-01T00:00:00Z", None)
        if value is None:
            return None
        if not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day, tzinfo=UTC)
        if value.tzinfo is None:
            self.refuse(key, f"has no time zone; write {value.isoformat()}Z")
        if not EARLIEST_YEAR <= value.year < LATEST_YEAR:
            self.refuse(key, f"must lie between {EARLIEST_YEAR} and {LATEST_YEAR}")
        return value.astimezone(UTC)

    def table(self, key: str) -> "TomlTable":
        """A table inside this one; empty when it is not there."""
        return TomlTable(self.source, (*self.path, key), self.value(key, dict, "a table", {}))

    def tables(self, key: str) -> "list[TomlTable]":
        """The tables of an array."""
        found = self.value(key, list, f"an array: write [[{_dotted((*self.path, key))}]]", [])
        return [
            TomlTable(self.source, (*self.path, key, i), values)
            if isinstance(values, dict)
            else self.refuse(key, "must hold tables")
            for i, values in enumerate(found)
        ]

    def texts(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """An array of texts."""
        found = self.value(key, list, "an array of texts", list(default))
        if not all(isinstance(member, str) for member in found):
            self.refuse(key, "must be an array of texts")
        return tuple(found)

    def finish(self) -> None:
        """Refuse any key that was not read: it is a typing error."""
        for key in self._values:
            if key not in self._read:
                known = ", ".join(sorted(self._read | self._asked))
                self.refuse(key, f"is not known here; known: {known}")

    def _amount(self, key: str, parse: Any, default: object) -> Any:
        value = self.value(key, object, 'an amount such as "2.5"', default)
        if value is default:
            return default
        if isinstance(value, bool) or not isinstance(value, str | int):
            hint = ""
            if isinstance(value, float):
                hint = f'; write it in quotes: "{Decimal(str(value)):f}"'
            self.refuse(key, f"must be an amount, not {_words(value)}{hint}")
        try:
            amount = parse(str(value))
        except InvalidInput as problem:
            self.refuse(key, problem.detail)
        if str(amount).startswith("-"):
            self.refuse(key, f"must not be below zero: {value}")
        return amount


def _money(text: str, currency: str) -> Money:
    number, _, named = text.partition(" ")
    if named not in ("", currency):
        raise InvalidInput(f"is in {named}, and the catalog in {currency}")
    return Money.parse(number, currency)


def _places(text: str) -> Iterator[tuple[int, KeyPath]]:
    """Line number and path of every header and key that stands at the start of a line."""
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _within_arrays(_split(header[2]), counts)
            if header[1] == "[[":
                index = counts[table] = counts.get(table, -1) + 1
                table = (*table, index)
            yield number, table
        elif key := _KEY.match(line):
            yield number, (*table, *_split(key[1]))


def _within_arrays(path: KeyPath, counts: dict[KeyPath, int]) -> KeyPath:
    """`a.b.c` with the index of the array's last table put in where `a.b` is an array."""
    placed: KeyPath = ()
    for i, part in enumerate(path):
        placed = (*placed, part)
        if placed in counts and i < len(path) - 1:
            placed = (*placed, counts[placed])
    return placed


def _split(dotted: str) -> KeyPath:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _dotted(path: KeyPath) -> str:
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.lstrip(".") or "the file"


def _words(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a floating-point number", str: "text"}
    names |= {list: "an array", dict: "a table"}
    kind = names.get(type(value), type(value).__name__)
    return f"{kind} ({value})" if isinstance(value, int | float | str) else kind
