"""Every command in every format, and its JSON against the schema that is published for it."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from conftest import Cli
from creditctl.cli.schema import SCHEMAS
from sample_lines import CHANGES, END, READS, filled
from schema_check import validated

ELSEWHERE = {
    "creditctl.payment_method/v1",
    "creditctl.payment_notice/v1",
    "creditctl.recharge/v1",
    "creditctl.surplus_transfer/v1",
}
"""What takes a provider, or two invoices: test_purchase_payments and test_invoice_transfer."""


def test_every_document_is_what_its_schema_says(
    sample_books: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(line: str) -> Any:
        return sample_books(f"-o json {line}", as_of=END).data

    monkeypatch.setenv("CREDITCTL_CEILINGS", "tester=4500")
    seen = set()
    for line in [*READS, *CHANGES, "keys revoke {key} --yes", "schema"]:
        if "approvals approve" in line:
            sample_books("credits grant acme 5000 --reason test", expect=4, as_of=END)
        whole = filled(line, read, folder=tmp_path)
        told = sample_books(f"-o json {whole}", as_of=END)
        seen.add(validated(told.json))
        if "invoice export" in line:
            for file in (tmp_path / "october").iterdir():
                seen.add(validated(json.loads(file.read_text(encoding="utf-8"))))
        if "keys create" in line:
            secret = told.data["secret"]
            seen.add(validated(sample_books("-o json keys verify", stdin=secret, as_of=END).json))
    assert seen | ELSEWHERE == set(SCHEMAS)


@pytest.mark.parametrize("line", READS)
def test_every_read_answers_in_every_format(sample_books: Cli, line: str) -> None:
    line = filled(line, lambda question: sample_books(f"-o json {question}", as_of=END).data)
    document = sample_books(f"-o json {line}", as_of=END).json
    rows = document["data"] if isinstance(document["data"], list) else [document["data"]]
    lines = sample_books(f"-o ndjson {line}", as_of=END).stdout.splitlines()
    assert [json.loads(row) for row in lines] == rows
    for name, delimiter in (("csv", ","), ("tsv", "\t")):
        text = sample_books(f"-o {name} {line}", as_of=END).stdout
        table = list(csv.reader(io.StringIO(text), delimiter=delimiter))
        assert len({len(row) for row in table}) == 1, "ragged"
    assert sample_books(f"-o none {line}", as_of=END).stdout == ""
    for name in ("table", "markdown"):
        assert "\x1b" not in sample_books(f"-o {name} {line}", as_of=END).stdout
