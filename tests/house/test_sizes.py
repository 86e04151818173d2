"""Small files, short functions (DESIGN 7): limits that keep a god-module from growing."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MIGRATIONS = ROOT / "src/creditctl/store/migrations/versions"


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


@cache
def functions() -> list[tuple[str, int]]:
    """Every function with its length."""
    return list(_functions())


def _functions() -> Iterator[tuple[str, int]]:
    for path in SOURCES:
        if path.is_relative_to(MIGRATIONS):
            continue  # a list of columns, not logic
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield f"{path.name}:{node.name}", body_lines(node)


def body_lines(node: ast.FunctionDef) -> int:
    """Lines of code after the signature and the docstring."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def longer(paths: list[Path], most: int) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths if lines_of(path) > most]


def test_no_source_file_is_longer_than_300_lines() -> None:
    assert longer(SOURCES, 300) == []


def test_no_test_file_is_longer_than_400_lines() -> None:
    assert longer(TESTS, 400) == []


def test_half_of_the_source_files_have_at_most_130_lines() -> None:
    assert median(lines_of(path) for path in SOURCES) <= 130


def test_no_function_is_longer_than_60_lines() -> None:
    assert [name for name, lines in functions() if lines > 60] == []


def test_half_of_the_functions_have_at_most_8_lines() -> None:
    assert median(lines for _, lines in functions()) <= 8
