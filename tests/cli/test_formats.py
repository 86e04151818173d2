"""Every command in every format, and its JSON against the schema that is published for it."""

import csv
import io
import json
from pathlib import Path

import jsonschema
import pytest

from conftest import Cli
from creditctl.cli.schema import SCHEMAS, schema_document
from creditctl.context import Context
from creditctl.services.demo import run_main_job
from sample_lines import CATALOG, CHANGES, READS

END = "2026-11-02T00:00:00Z"


@pytest.fixture
def books(sqlite_database: str, sqlite_cli: Cli) -> Cli:
    run_main_job(Context(sqlite_database, None, "demo"), "finfeedapi")
    return sqlite_cli


def validated(document: dict) -> str:
    schema = schema_document(document["schema"])
    jsonschema.validate(document, schema, format_checker=jsonschema.FormatChecker())
    return str(document["schema"])


def test_every_document_is_what_its_schema_says(books: Cli, tmp_path: Path) -> None:
    key = books("-o json keys list northwind").data[0]["id"]
    seen = set()
    for line in [*READS, *CHANGES, f"keys revoke {key} --yes", "schema"]:
        told = books(f"-o json {line.format(catalog=CATALOG, folder=tmp_path)}", as_of=END)
        seen.add(validated(told.json))
    assert seen == set(SCHEMAS)


@pytest.mark.parametrize("line", READS)
def test_every_read_answers_in_every_format(books: Cli, line: str) -> None:
    line = line.format(catalog=CATALOG)
    document = books(f"-o json {line}", as_of=END).json
    rows = document["data"] if isinstance(document["data"], list) else [document["data"]]
    lines = books(f"-o ndjson {line}", as_of=END).stdout.splitlines()
    assert [json.loads(row) for row in lines] == rows
    for name, delimiter in (("csv", ","), ("tsv", "\t")):
        text = books(f"-o {name} {line}", as_of=END).stdout
        table = list(csv.reader(io.StringIO(text), delimiter=delimiter))
        assert len({len(row) for row in table}) == 1, "ragged"
    assert books(f"-o none {line}", as_of=END).stdout == ""
    for name in ("table", "markdown"):
        assert "\x1b" not in books(f"-o {name} {line}", as_of=END).stdout
