"""Completion scripts: complete, correct for their shell, and the same as the copies in the tree."""

import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from creditctl.cli.app import app
from creditctl.cli.completion_scripts import SCRIPTS

COPIES = Path(__file__).parents[2] / "completions"
CHECKS = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}


@pytest.mark.parametrize("shell", SCRIPTS)
def test_copies_in_the_repository_are_up_to_date(shell):
    file_name, make = SCRIPTS[shell]
    text = (COPIES / file_name).read_text(encoding="utf-8")
    assert text == make(), "run 'creditctl completion --all completions'"


@pytest.mark.parametrize("shell", SCRIPTS)
def test_shell_accepts_its_script(shell, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "script"
    script.write_text(SCRIPTS[shell][1](), encoding="utf-8")
    subprocess.run([*CHECKS[shell], script], check=True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["creditctl", "co"], ["completion"]),
        (["creditctl", "completion", "z"], ["zsh"]),
        (["creditctl", "schemas", "-o", "nd"], ["ndjson"]),
        (["creditctl", "completion", "--al"], ["--all"]),
        (["creditctl", "schema", "--fi"], ["--fields"]),
        (["creditctl", "--ver"], ["--version"]),
    ],
)
def test_bash_completes_commands_options_and_choices(words, expected, tmp_path):
    script = tmp_path / "script"
    script.write_text(SCRIPTS["bash"][1](), encoding="utf-8")
    typed = " ".join(words)
    asked = f"COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; _creditctl"
    answered = subprocess.run(
        ["bash", "-c", f'. {script}; {asked}; echo "${{COMPREPLY[@]}}"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answered.stdout.split() == expected


def test_command_prints_the_script_or_writes_all_of_them(tmp_path):
    printed = CliRunner().invoke(app, ["completion", "fish"])
    assert printed.stdout == SCRIPTS["fish"][1]()
    written = CliRunner().invoke(app, ["completion", "--all", str(tmp_path)])
    assert written.exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {name for name, _ in SCRIPTS.values()}


def test_a_missing_or_unknown_shell_is_a_usage_error():
    assert CliRunner().invoke(app, ["completion"]).exit_code == 2
    unknown = CliRunner().invoke(app, ["completion", "tcsh"])
    assert unknown.exit_code == 2
    assert unknown.stderr.startswith("error: invalid value for")
