"""`creditctl schema`: every registered schema can be made, and is found by its short name."""

import json

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from creditctl.cli.app import app
from creditctl.cli.schema import SCHEMAS, schema_document


@pytest.mark.parametrize("name", SCHEMAS)
def test_registered_schema_names_a_real_result(name):
    Draft202012Validator.check_schema(schema_document(name))


def test_schema_is_printed_for_a_full_or_a_short_name():
    full = CliRunner().invoke(app, ["schema", "creditctl.schemas/v1"])
    assert json.loads(full.stdout)["title"] == "creditctl.schemas/v1"
    assert CliRunner().invoke(app, ["schema", "schemas"]).stdout == full.stdout


def test_output_of_the_command_obeys_its_own_schema():
    listed = json.loads(CliRunner().invoke(app, ["schema", "-o", "json"]).stdout)
    Draft202012Validator(schema_document("creditctl.schemas/v1")).validate(listed)
    assert {row["name"] for row in listed["data"]} == set(SCHEMAS)


def test_unknown_schema_is_not_found():
    missing = CliRunner().invoke(app, ["schema", "nix"])
    assert missing.exit_code == 3
    assert missing.stderr.startswith("error: no schema 'nix'")
