"""Small files, short functions (DESIGN 7): limits that keep a god-module from growing."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MIGRATIONS = ROOT / "src/creditctl/store/migrations/versions"


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def functions() -> Iterator[tuple[str, int]]:
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


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_source_file_is_longer_than_300_lines(path: Path) -> None:
    assert lines_of(path) <= 300


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_test_file_is_longer_than_400_lines(path: Path) -> None:
    assert lines_of(path) <= 400


def test_half_of_the_source_files_have_at_most_130_lines() -> None:
    assert median(lines_of(path) for path in SOURCES) <= 130


def test_no_function_is_longer_than_60_lines() -> None:
    assert [name for name, lines in functions() if lines > 60] == []


def test_half_of_the_functions_have_at_most_8_lines() -> None:
    assert median(lines for _, lines in functions()) <= 8
