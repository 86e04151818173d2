"""Every command in every format, and its JSON against the schema that is published for it."""

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from builders import at
from calls import call
from conftest import Cli
from creditctl.cli.schema import SCHEMAS
from creditctl.context import Context
from creditctl.services.demo import run_main_job
from creditctl.store.driver_sqlite import path_of
from recording_channel import recording_channel
from sample_lines import CHANGES, READS, filled
from schema_check import validated

END = "2026-11-02T00:00:00Z"
BY_PROVIDERS = {
    "creditctl.payment_method/v1",
    "creditctl.payment_notice/v1",
    "creditctl.recharge/v1",
}
"""What takes a provider to say; test_purchase_payments has one of each."""


@pytest.fixture(scope="module")
def sample_company(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a company after its month; copied, never written to."""
    path = tmp_path_factory.mktemp("sample") / "company.db"
    shutil.copyfile(sqlite_template, path)
    run_main_job(Context(f"sqlite:///{path}", None, "demo"), "finfeedapi")
    present = at(Context(f"sqlite:///{path}", None, "gate"), END)
    call(present, "in-flight", None, organization="northwind", path="/v1/sec/search")
    return path


@pytest.fixture
def books(
    sample_company: Path, sqlite_database: str, sqlite_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> Cli:
    recording_channel(monkeypatch)  # what is sent goes nowhere
    shutil.copyfile(sample_company, path_of(sqlite_database))
    return sqlite_cli


def test_every_document_is_what_its_schema_says(
    books: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(line: str) -> Any:
        return books(f"-o json {line}", as_of=END).data

    monkeypatch.setenv("CREDITCTL_CEILINGS", "tester=4500")
    seen = set()
    for line in [*READS, *CHANGES, "keys revoke {key} --yes", "schema"]:
        if "approvals approve" in line:
            books("credits grant acme 5000 --reason test", expect=4, as_of=END)
        whole = filled(line, read, folder=tmp_path)
        told = books(f"-o json {whole}", as_of=END)
        seen.add(validated(told.json))
        if "invoice export" in line:
            for file in (tmp_path / "october").iterdir():
                seen.add(validated(json.loads(file.read_text(encoding="utf-8"))))
        if "keys create" in line:
            secret = told.data["secret"]
            seen.add(validated(books("-o json keys verify", stdin=secret, as_of=END).json))
    assert seen | BY_PROVIDERS == set(SCHEMAS)


@pytest.mark.parametrize("line", READS)
def test_every_read_answers_in_every_format(books: Cli, line: str) -> None:
    line = filled(line, lambda question: books(f"-o json {question}", as_of=END).data)
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
