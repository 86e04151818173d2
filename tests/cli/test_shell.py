"""The shell around every command: finding it, global options, errors and exit codes."""

import io
import json
import subprocess
import sys
import types
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from creditctl.cli import app as shell
from creditctl.cli.global_options import global_options
from creditctl.cli.groups import command_group, single_command
from creditctl.cli.options import (
    CreditsArgument,
    ExpiresOption,
    LimitOption,
    MonthOption,
    OrganizationArgument,
)
from creditctl.cli.session import Session, session_of
from creditctl.cli.terminal import Terminal
from creditctl.errors import CreditctlError, ExitStatus
from creditctl.output.view import Column, View
from creditctl.rules.units import Credits

HEAVY = "sqlalchemy sqlmodel pydantic httpx babel rich json decimal tabulate".split()
VIEW = View("creditctl.toys/v1", (Column("name"), Column("amount")), empty="No toys.")


class NotEnough(CreditctlError):
    """The organization has not enough credits."""

    code = "not_enough"
    exit_status = ExitStatus.INSUFFICIENT


@dataclass(frozen=True)
class Toy:
    name: str
    amount: Credits


group = command_group("Toys.")


@group.command("list")
def list_toys(ctx: typer.Context, limit: LimitOption = 2) -> None:
    """List toys.

    Example: creditctl toys list
    Example: creditctl toys list --limit 1
    """
    session = session_of(ctx)
    assert session.context.actor
    session.show([Toy("car", Credits(1_500_000)), Toy("bus", Credits(2))][:limit], VIEW)


@group.command("nothing")
def list_nothing(ctx: typer.Context) -> None:
    session_of(ctx).show([], VIEW)


@group.command("now")
def show_now(ctx: typer.Context) -> None:
    context = session_of(ctx).context
    session_of(ctx).write(f"{context.now.isoformat()} {context.actor} {context.database}")


@group.command("take")
def take(ctx: typer.Context, organization: OrganizationArgument, amount: CreditsArgument) -> None:
    raise NotEnough(f"{organization} has 2 credits, {amount} are needed\x1b[2J")


@group.command("when")
def when(ctx: typer.Context, month: MonthOption = None, expires: ExpiresOption = None) -> None:
    session_of(ctx).write(f"{month and month.starts_at} {expires}")


@group.command("break")
def break_it(how: str) -> None:
    raise {
        "bug": ZeroDivisionError("oops\nagain"),
        "interrupt": KeyboardInterrupt(),
        "pipe": BrokenPipeError(),
        "disk": OSError(28, "No space left on device"),
        "file": FileExistsError(17, "File exists", "blocks.conf"),
        "findings": typer.Exit(ExitStatus.FINDINGS),
    }[how]


@group.command("burn")
def burn(ctx: typer.Context) -> None:
    session = session_of(ctx)
    session.warn("it is hot")
    session.confirm("Burn all toys?")
    session.note("burnt")


single = single_command()


@single.command("shout")
def shout(ctx: typer.Context, word: str = "hey") -> None:
    """Say it."""
    session_of(ctx).write(word.upper())


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("DB", "OUTPUT", "NOW", "ACTOR", "DEBUG"):
        monkeypatch.delenv(f"CREDITCTL_{name}", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for module, app in (("toys", group), ("shout", single)):
        monkeypatch.setitem(sys.modules, f"toy_{module}", types.SimpleNamespace(app=app))
    toys = shell.Group("Toys", "Toys.", ("toy",), "toy_toys")
    monkeypatch.setitem(shell.GROUPS, "toys", toys)
    monkeypatch.setitem(shell.GROUPS, "shout", shell.Group("Toys", "Say it.", (), "toy_shout"))

    def invoke(line, **options):
        return CliRunner().invoke(shell.app, line.split(), **options)

    return invoke


class FakeTty(io.StringIO):
    def isatty(self):
        return True


def test_no_arguments_show_the_help_on_stdout(run):
    result = run("")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert "creditctl limits check" in result.stdout
    assert result.stdout == run("--help").stdout


def test_help_lists_groups_by_section_without_aliases(run):
    lines = run("--help").stdout.splitlines()
    assert "Toys:" in lines
    assert any(line.startswith("  toys ") for line in lines)
    assert not any(line.startswith("  toy ") for line in lines)


@pytest.mark.parametrize("line", ["toys", "toys --help", "toy"])
def test_a_group_without_a_command_shows_its_help(run, line):
    result = run(line)
    assert result.exit_code == 0
    assert "  list " in result.stdout


def test_singular_plural_and_single_commands_work(run):
    assert run("toy list").stdout == run("toys list").stdout
    assert run("shout --word hi").stdout == "HI\n"


def test_leaf_help_keeps_examples_and_hides_global_options(run):
    text = run("toys list --help").stdout
    assert "  Example: creditctl toys list\n  Example: creditctl toys list --limit 1\n" in text
    assert "--db" not in text
    assert "Global options" in text


@pytest.mark.parametrize(
    "line", ["-o json toys list", "toys -o json list", "toys list -o json", "toys list -ojson"]
)
def test_global_options_work_before_and_after_the_command(run, line):
    assert json.loads(run(line).stdout)["data"][0] == {"name": "car", "amount": "1.5"}


def test_the_last_of_two_global_options_counts(run):
    assert run("-o json toys list -o csv").stdout.startswith("name,amount\n")


def test_environment_sets_what_the_flags_do_not(run):
    env = {"CREDITCTL_OUTPUT": "csv", "CREDITCTL_NOW": "2026-10-03", "CREDITCTL_ACTOR": "cron"}
    assert run("toys list", env=env).stdout.startswith("name,amount\n")
    at, actor, _ = run("toys now", env=env).stdout.split()
    assert (at, actor) == ("2026-10-03T00:00:00+00:00", "cron")
    line = "toys now --as-of 2026-01-01T00:00:00+02:00 --actor me --db /tmp/x.db"
    assert run(line, env=env).stdout == "2025-12-31T22:00:00+00:00 me sqlite:////tmp/x.db\n"


@pytest.mark.parametrize(
    ("line", "error", "hint"),
    [
        ("tois list", "error: no such command 'tois'", "did you mean 'toys'?"),
        ("toys lst", "error: no such command 'lst'", "did you mean 'list'?"),
        ("toys list --limt 1", "error: no such option: --limt", "did you mean --limit?"),
        ("toys list --outptu csv", "error: no such option: --outptu", "did you mean --output?"),
        ("toys take acme", "error: missing argument 'CREDITS'", "see 'creditctl toys take --help'"),
        ("toys list -o xml", "error: --output: no format 'xml'", "formats: table, json"),
        ("toys list --limit 0", "error: invalid value for '--limit'", "see 'creditctl toys list"),
        (
            "toys list --limit x",
            "error: invalid value for '--limit': 'x' is not a whole number",
            "s",
        ),
        ("toys list --limit", "error: option '--limit' requires", "the command's --help shows"),
        ("toys now --as-of 9999-12-31", "error: --as-of: 9999-12-31 is not between 1970", "write"),
        ("toys now --as-of 0001-01-01", "error: --as-of: 0001-01-01 is not between 1970", "write"),
        ("toys now --db ~nosuch/x", "error: --db: ~nosuch/x: nobody knows", "write the path in"),
        ("toys now --actor --yes", "error: option '--actor' requires", "see 'creditctl toys now"),
        ("shout --word --quiet", "error: option '--word' requires", "see 'creditctl shout"),
        ("toys take a 0", "error: CREDITS: 0 is not above zero", "write it like 284.5"),
        ("toys take a 1e5", "error: CREDITS: credits '1e5' is not", "write it like 284.5"),
        ("toys take a -5", "error: no such option: -5", "a negative number cannot be given"),
        ("toys when --month 2026-13", "error: --month: '2026-13' is not", "write it like 2026-10"),
        (
            "toys when --expires 2026-10-01T00:00",
            "error: --expires: '2026-10-01T00",
            "write it like",
        ),
        ("toys now --as-of soon", "error: --as-of: 'soon' is not a time", "write it like"),
        ("toys list --fields nme", "error: --fields: no field 'nme'", "fields: name, amount"),
        ("--quiet", "error: missing command", "see 'creditctl --help'"),
    ],
)
def test_usage_errors_are_one_line_and_a_hint(run, line, error, hint):
    result = run(line)
    assert result.exit_code == 2
    assert result.stdout == ""
    first, second = result.stderr.splitlines()
    assert first.startswith(error)
    assert second.startswith(f"hint: {hint}")


@pytest.mark.parametrize("line", ["-o json toys take acme 5", "toys take acme 5 -o ndjson"])
def test_errors_are_one_json_object_when_json_is_asked_for(run, line):
    result = run(line)
    assert result.exit_code == 6
    assert json.loads(result.stderr) == {
        "type": "creditctl.error/v1#not_enough",
        "title": "The organization has not enough credits",
        "detail": "acme has 2 credits, 5 are needed\x1b[2J",
        "hint": None,
        "code": "not_enough",
        "retryable": False,
    }
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize("asked", ["-o json", "--output=json", "--output json", "-ojson"])
def test_json_errors_hold_even_for_a_line_that_cannot_be_parsed(run, asked):
    assert json.loads(run(f"toys list --nope {asked}").stderr)["code"] == "usage"


def test_error_text_from_data_is_made_harmless(run):
    assert "needed\\x1b[2J" in run("toys take acme 5").stderr


@pytest.mark.parametrize(
    ("how", "status", "stderr"),
    [
        ("bug", 1, "error: unexpected ZeroDivisionError: oops\\nagain"),
        ("interrupt", 130, "error: interrupted"),
        ("pipe", 0, ""),
        ("disk", 1, "error: the output could not be written: No space left on device"),
        ("file", 1, "error: blocks.conf: File exists"),
        ("findings", 7, ""),
    ],
)
def test_every_ending_has_its_exit_code_and_no_traceback(run, how, status, stderr):
    result = run(f"toys break {how}")
    assert result.exit_code == status
    assert result.stderr.partition("\n")[0] == stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("text", ["actor = " + "9" * 5000, "a = " + "[" * 5000])
def test_a_configuration_that_cannot_be_read_is_a_usage_error_whatever_it_holds(run, text):
    Path("creditctl.toml").write_text(text)
    result = run("toys now")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: creditctl.toml: ")


def test_debugging_shows_the_traceback(run):
    assert "Traceback" in run("toys break bug", env={"CREDITCTL_DEBUG": "1"}).stderr


def test_confirmation_needs_a_terminal_or_yes(run):
    refused = run("toys burn")
    assert refused.exit_code == 4
    assert "hint: add --yes to confirm" in refused.stderr
    assert run("toys burn --yes").stderr == "warning: it is hot\nburnt\n"
    assert run("--quiet toys burn --yes").stderr == "warning: it is hot\n"


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("Yes\n", 0), ("n\n", 1), ("", 1)])
def test_a_person_is_asked_and_only_yes_counts(run, answer, status):
    out, err = io.StringIO(), io.StringIO()
    session = Session(Terminal(FakeTty(answer), out, err))
    assert run("toys burn", obj=session).exit_code == status
    assert "Burn all toys? [y/N] " in err.getvalue()


def test_empty_list_is_a_note_that_quiet_silences(run):
    assert run("toys nothing").stderr == "No toys.\n"
    assert run("toys nothing --quiet").stderr == ""
    assert run("toys nothing -o json").stdout.endswith('"data": []\n}\n')


@pytest.mark.parametrize(
    ("line", "environment", "coloured"),
    [
        ("toys list", {}, True),
        ("toys list --no-color", {}, False),
        ("toys list", {"NO_COLOR": "1"}, False),
        ("toys list", {"TERM": "dumb"}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(run, line, environment, coloured):
    out = FakeTty()
    run(line, obj=Session(Terminal(io.StringIO(), out, FakeTty(), 80, environment)))
    assert ("\x1b[" in out.getvalue()) is coloured


def test_version_goes_to_stdout(run):
    assert run("--version").stdout.startswith("creditctl ")


@pytest.mark.parametrize("name", shell.GROUPS)
def test_registry_entry_imports_and_agrees_with_its_module(name):
    entry = shell.GROUPS[name]
    command = typer.main.get_command(import_module(f"creditctl.cli.{name}").app)
    assert command.help
    if hasattr(command, "commands"):
        assert command.help == entry.help


def _leaves(command, path=""):
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from _leaves(child, f"{path} {name}")


@pytest.mark.parametrize("name", shell.GROUPS)
def test_no_command_declares_a_global_option(name):
    taken = {flag for option in global_options() for flag in (*option.opts, option.name)}
    command = typer.main.get_command(import_module(f"creditctl.cli.{name}").app)
    for path, leaf in _leaves(command, name):
        own = {flag for param in leaf.params for flag in (*param.opts, param.name)}
        assert not own & taken, path


@pytest.mark.parametrize("line", ["--help", "schema"])
def test_start_imports_nothing_heavy(line, tmp_path):
    allowed = {"decimal", "tabulate"} if line == "schema" else set()
    code = (
        f"import sys; sys.argv = ['creditctl', *{line.split()!r}]\n"
        "from creditctl.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"sys.stderr.write(' '.join(m for m in {HEAVY!r} if m in sys.modules))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert set(found.stderr.split()) <= allowed


def test_a_reader_that_leaves_early_causes_no_noise(tmp_path):
    line = f"{sys.executable} -m creditctl schema creditctl.schemas/v1 | true"
    found = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert found.stderr == ""
