"""Registry strings rot silently: every entry is imported and compared with what it names."""

import re
import shlex
from dataclasses import fields
from importlib import import_module
from typing import Any

import pytest
import typer

from creditctl.adapters.block_lists import BLOCK_LISTS, block_list_format
from creditctl.adapters.channels import CHANNELS
from creditctl.adapters.payments import PROVIDERS
from creditctl.adapters.readers import READERS
from creditctl.cli.app import GROUPS, app
from creditctl.cli.completion_tree import all_places
from creditctl.cli.schema import SCHEMAS, result_type
from creditctl.output.formats import FORMATS, writer_for
from creditctl.services.money_verbs import VERBS, verb_named

COMMANDS = [place for place in all_places() if place.path]
LEAVES = [
    place
    for place in COMMANDS
    if not any(other.path.startswith(f"{place.path}/") for other in COMMANDS)
]


LONGEST_SUMMARY = 66


def command_at(path: str) -> Any:
    command: Any = typer.main.get_command(app)
    for name in path.strip("/").split("/"):
        command = command.get_command(typer.Context(command), name)
    return command


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_says_the_same_in_the_overview_and_in_its_own_help(name: str) -> None:
    command = command_at(name)
    if "/" not in name and not hasattr(command, "commands"):
        summary = command.help.splitlines()[0]
        assert summary == GROUPS[name].help
    else:
        assert command.help == GROUPS[name].help


@pytest.mark.parametrize("path", [leaf.path for leaf in LEAVES])
def test_every_command_has_a_summary_and_an_example_that_parses(path: str) -> None:
    command = command_at(path)
    summary = command.help.splitlines()[0]
    assert summary.endswith(".")
    assert len(summary) <= LONGEST_SUMMARY, "the group's help would cut it short"
    examples = re.findall(r"^\s*(?:Examples?: )?creditctl (.+)$", command.help, re.MULTILINE)
    assert examples, f"{path} has no example"
    for example in examples:
        words = shlex.split(example.split(" | ")[0].split(" < ")[0].split(" > ")[0])
        assert words[: path.count("/")] == path.strip("/").split("/"), example
        command.make_context("creditctl", words[path.count("/") :], resilient_parsing=True)
        options = {name for param in command.params for name in (*param.opts,)}
        used = {word.split("=")[0] for word in words if word.startswith("--")}
        assert used <= options, example


@pytest.mark.parametrize("name", FORMATS)
def test_every_output_format_can_be_loaded(name: str) -> None:
    assert callable(writer_for(name))


@pytest.mark.parametrize("name", READERS)
def test_every_reader_can_be_loaded(name: str) -> None:
    reader = import_module(READERS[name])
    assert callable(reader.recognises)
    assert callable(reader.open_blocks)


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_payment_provider_can_be_loaded(name: str) -> None:
    assert callable(import_module(PROVIDERS[name]).open_provider)


@pytest.mark.parametrize("name", BLOCK_LISTS)
def test_every_block_list_format_can_be_loaded(name: str) -> None:
    assert block_list_format(name).text_of([]).endswith("\n")


@pytest.mark.parametrize("name", CHANNELS)
def test_every_channel_can_be_loaded(name: str) -> None:
    assert callable(import_module(CHANNELS[name]).open_channel)


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_is_what_its_name_says_and_can_tell_a_dry_run(name: str) -> None:
    verb = verb_named(name)
    assert verb.name == name
    assert "dry_run" in {field.name for field in fields(verb.result)}
    assert "reason" in {field.name for field in fields(verb.request)}


RAILS = {"--reason", "--idempotency-key", "--dry-run", "--expect-email", "--expect-balance"}


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_is_a_command_with_all_its_rails(name: str) -> None:
    command = command_at(name.replace(".", "/"))
    assert {option for param in command.params for option in param.opts} >= RAILS


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_names_a_result(name: str) -> None:
    assert result_type(name) is not None
