"""The house's rooms: what may stand at the top, and who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

from creditctl.store.schema_version import HEAD

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "src",
    "tests",
    "completions",
    "sample-data",
    "docs",
}


def test_the_top_level_holds_only_what_the_design_names() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    top = {path.split("/")[0] for path in tracked}
    assert {name for name in top if not name.startswith(".")} <= TOP_LEVEL


def test_imports_go_in_one_direction() -> None:
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_package_files_hold_a_docstring_or_a_registry_and_no_logic() -> None:
    for path in (ROOT / "src").rglob("__init__.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), f"{path} says nothing about its package"
        # A registry may come with the one function that looks a name up in it.
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        assert len(functions) <= 2, f"{path} holds logic"


def test_the_schema_version_in_code_is_the_newest_migration() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    configuration = Config()
    configuration.set_main_option("script_location", str(ROOT / "src/creditctl/store/migrations"))
    assert ScriptDirectory.from_config(configuration).get_heads() == [HEAD]


def test_every_command_group_has_its_test_file() -> None:
    from creditctl.cli.app import GROUPS

    tests = {path.stem for path in (ROOT / "tests/cli").glob("test_*.py")}
    assert {f"test_{name}" for name in GROUPS} <= tests
