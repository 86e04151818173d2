"""`creditctl usage late` and `prune`: as an operator types them."""

from pathlib import Path

import pytest

from conftest import Cli

CATALOG = """\
[catalog]
name = "web"
currency = "USD"
list_price = "0.001"
effective_from = 2015-01-01

[products.web]
[[products.web.endpoints]]
path = "/**"
credits = 2
"""
HEADER = "id,time,org,key,method,path,status,units\n"
OLD = "b{number},2026-0{month}-05T12:00:00Z,acme,web,GET,/a,200,0\n"
NOVEMBER = "2026-11-20"


@pytest.fixture
def late(cli: Cli, tmp_path: Path) -> Cli:
    """Invoices from June to September are final; then a file with an event of each month comes."""
    (tmp_path / "catalog.toml").write_text(CATALOG)
    cli(f"catalog apply {tmp_path / 'catalog.toml'}", as_of="2015-01-01")
    cli("orgs create acme", as_of="2015-01-01")
    cli("keys create acme --name web", as_of="2015-01-01")
    for month in range(6, 10):
        path = tmp_path / f"{month}.csv"
        path.write_text(HEADER + OLD.format(number=month, month=month))
        cli(f"usage import {path}", as_of=NOVEMBER)
        cli(f"invoice generate --month 2026-0{month}", as_of=NOVEMBER)
        cli(f"invoice finalize --month 2026-0{month}", as_of=NOVEMBER)
    path = tmp_path / "late.csv"
    lines = [OLD.format(number=f"late-{month}", month=month) for month in range(6, 10)]
    path.write_text(HEADER + "".join(lines))
    told = cli(f"usage import {path} -o json", as_of=NOVEMBER)
    assert (told.data["adjusted"], told.data["quarantined"], told.data["read"]) == (2, 2, 4)
    assert "usage late list" in told.stderr
    return cli


def test_late_events_are_listed_released_and_rejected(late: Cli) -> None:
    listed = late("usage late list --org acme -o json", as_of=NOVEMBER).data
    assert [row["event"] for row in listed] == ["blate-6", "blate-7"]
    one, other = (row["id"] for row in listed)
    rehearsed = late(
        f"usage late release {one} --reason agreed --dry-run -o json", as_of=NOVEMBER
    ).data
    assert (rehearsed["events"], rehearsed["credits"], rehearsed["dry_run"]) == (1, "2", True)
    late(f"usage late release {one} --reason agreed", as_of=NOVEMBER, expect=4)
    late(f"usage late release {one} --reason agreed --yes", as_of=NOVEMBER)
    late(f"usage late reject {other} --reason old --yes", as_of=NOVEMBER)
    states = late("usage late list --state any -o json", as_of=NOVEMBER).data
    assert [row["state"] for row in states] == ["released", "rejected"]
    late("invoice generate --month 2026-10", as_of=NOVEMBER)
    shown = late("invoice show acme --month 2026-10 -o json", as_of=NOVEMBER).data
    assert [line["description"][:21] for line in shown["lines"]] == [
        "Late usage of 2026-06",
        "Late usage of 2026-08",
        "Late usage of 2026-09",
    ]


def test_old_events_are_pruned_once_somebody_says_yes(late: Cli) -> None:
    line = "usage prune --before 2026-07-01 --reason old -o json"
    assert late(f"{line} --dry-run", as_of=NOVEMBER).data["events"] == 1
    assert late(f"{line} --yes", as_of=NOVEMBER).data["events"] == 1
    assert late("usage show --month 2026-06 -o json", as_of=NOVEMBER).data["requests"] == 1
