"""`creditctl usage`: every line of a file is accounted for, and each event billed once."""

import gzip
import json
import sys
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
[[products.web.endpoints]]
method = "GET"
path = "/health"
credits = 0
"""
HEADER = "id,time,org,key,method,path,status,units\n"
GOOD = "a,2026-10-05T12:00:00Z,acme,web,GET,/a,200,0\n"
LOG = (
    '{client} - - [17/May/2015:10:05:{second:02} +0000] "GET /a?x=1 HTTP/1.1" {status} 203023 '
    '"http://example.com/" "Mozilla/5.0"\n'
)


@pytest.fixture
def usage(cli: Cli, tmp_path: Path) -> Cli:
    (tmp_path / "catalog.toml").write_text(CATALOG)
    cli(f"catalog apply {tmp_path / 'catalog.toml'}", as_of="2015-01-01")
    for slug in ("acme", "beta"):
        cli(f"orgs create {slug}", as_of="2015-01-01")
        cli(f"keys create {slug} --name web", as_of="2015-01-01")
    return cli


def imported(usage: Cli, path: Path, options: str = "") -> dict:
    told = usage(f"usage import {path} -o json {options}").data
    parts = ("billed", "free", "failed", "duplicate", "rejected")
    assert told["read"] == sum(told[part] for part in parts)
    return {part: told[part] for part in parts if told[part]} | {"credits": told["credits"]}


def test_threads_take_turns_as_usual_after_an_import(usage: Cli, tmp_path: Path) -> None:
    usual = sys.getswitchinterval()
    (tmp_path / "good.csv").write_text(HEADER + GOOD)
    imported(usage, tmp_path / "good.csv")
    usage(f"usage import {tmp_path / 'none.csv'}", expect=3)
    assert sys.getswitchinterval() == usual


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        ("b,2026-10-05T12:00:00Z,acme,web,GET,/a,200,-5", "units", "is negative"),
        ("b,2026-10-05T12:00:00Z,acme,web,GET,/a,200,1e400", "units", "is not a whole number"),
        (f"b,2026-10-05T12:00:00Z,acme,web,GET,/a,200,{2**63}", "units", "is absurdly large"),
        ("b,2026-10-05T12:00:00Z,acme,web,GET,/a,99,0", "status", "is not an HTTP status"),
        ("b,2026-10-05T12:00:00Z,acme,web,GET,/a,OK,0", "status", "is not an HTTP status"),
        ("b,yesterday,acme,web,GET,/a,200,0", "time", "is not a time"),
        ("b,2026-10-05T12:00:00,acme,web,GET,/a,200,0", "time", "has no time zone"),
        ("b,2027-10-05T12:00:00Z,acme,web,GET,/a,200,0", "time", "is in the future"),
        ("b,2014-10-05T12:00:00Z,acme,web,GET,/a,200,0", "endpoint", "no price"),
        (",2026-10-05T12:00:00Z,acme,web,GET,/a,200,0", "id", "is missing"),
        ("b,2026-10-05T12:00:00Z,acne,web,GET,/a,200,0", "org", "is no organization"),
        ("b,2026-10-05T12:00:00Z,acme,app,GET,/a,200,0", "key", "is no API key"),
        ("b,2026-10-05T12:00:00Z,,,GET,/a,200,0", "key", "names neither"),
        ("b,2026-10-05T12:00:00Z,acme,web,,/a,200,0", "method", "is missing"),
        ("a,2026-10-05T12:30:00Z,acme,web,GET,/a,404,0", "id", "was used before"),
    ],
)
def test_a_bad_line_is_rejected_with_line_field_and_reason(
    usage: Cli, tmp_path: Path, line: str, field: str, reason: str
) -> None:
    (tmp_path / "usage.csv").write_text(f"{HEADER}{GOOD}{line}\n")
    rejects = tmp_path / "rejects.csv"
    told = imported(usage, tmp_path / "usage.csv", f"--rejects {rejects}")
    assert told == {"billed": 1, "rejected": 1, "credits": "2"}
    _, row = rejects.read_text().splitlines()
    assert row.split(",")[1:3] == ["3", field]
    assert reason in row


def test_each_line_is_billed_free_failed_duplicate_or_rejected(usage: Cli, tmp_path: Path) -> None:
    lines = [
        GOOD,
        GOOD,
        GOOD.replace("a,", "b,", 1).replace("/a", "/health"),
        GOOD.replace("a,", "c,", 1).replace("200", "500"),
        "d,never,acme,web,GET,/a,200,0\n",
    ]
    (tmp_path / "usage.csv").write_text(HEADER + "".join(lines))
    assert imported(usage, tmp_path / "usage.csv") == {
        "billed": 1,
        "free": 1,
        "failed": 1,
        "duplicate": 1,
        "rejected": 1,
        "credits": "2",
    }


def test_the_same_events_mean_the_same_in_every_format(usage: Cli, tmp_path: Path) -> None:
    events = [GOOD.replace("a,", f"{n},", 1).replace("00Z", f"{n:02}Z") for n in range(10, 20)]
    text = HEADER + "".join(events)
    names = HEADER.strip().split(",")
    rows = [dict(zip(names, line.strip().split(","), strict=True)) for line in events]
    (tmp_path / "usage.csv").write_text(text)
    (tmp_path / "usage.csv.gz").write_bytes(gzip.compress(text.encode() + b"\n"))
    (tmp_path / "usage.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))

    assert imported(usage, tmp_path / "usage.csv") == {"billed": 10, "credits": "20"}
    for name in ("usage.csv.gz", "usage.ndjson"):
        assert imported(usage, tmp_path / name) == {"duplicate": 10, "credits": "0"}


def test_an_access_log_is_read_with_addresses_mapped_to_keys(usage: Cli, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(
        LOG.format(client="10.0.0.1", second=3, status=200) * 2  # two requests, not a re-delivery
        + LOG.format(client="10.0.0.2", second=4, status=206)
        + LOG.format(client="10.0.0.1", second=5, status=404)
        + LOG.format(client="10.9.9.9", second=6, status=200)
        + "not a line of a log\n"
    )
    keys = {row["organization"]: row["prefix"] for row in usage("keys list -o json").data}
    clients = tmp_path / "clients.csv"
    clients.write_text(f"10.0.0.1,{keys['acme']}\n10.0.0.2,{keys['beta']}\n")
    told = imported(usage, log, f"--format combined --map key=client@{clients}")
    assert told == {"billed": 3, "failed": 1, "rejected": 2, "credits": "6"}
    again = tmp_path / "rotated.log"
    again.write_text(log.read_text() + LOG.format(client="10.0.0.1", second=3, status=200))
    told = imported(usage, again, f"--format combined --map key=client@{clients}")
    assert told == {"billed": 1, "duplicate": 4, "rejected": 2, "credits": "2"}


def test_standard_input_is_imported_and_a_dry_run_is_not(usage: Cli) -> None:
    told = usage("usage import - --dry-run -o json", stdin=HEADER + GOOD).data
    assert (told["billed"], told["dry_run"]) == (1, True)
    assert usage("usage batches -o json").data == []
    assert usage("usage import - -o json", stdin=HEADER + GOOD).data["billed"] == 1
    (batch,) = usage("usage batches -o json").data
    assert (batch["file"], batch["status"]) == ("stdin", "done")


def test_reports_add_up_by_everything(usage: Cli, tmp_path: Path) -> None:
    (tmp_path / "usage.csv").write_text(
        HEADER + GOOD + GOOD.replace("a,", "b,", 1).replace("200", "500")
    )
    imported(usage, tmp_path / "usage.csv")
    for by, group in {
        "endpoint": "* /**",
        "key": "acme/web",
        "org": "acme",
        "product": "web",
        "tier": "(none)",
        "day": "2026-10-05",
        "hour": "2026-10-05T12:00:00Z",
    }.items():
        told = usage(f"usage show --month 2026-10 --by {by} -o json").data
        (row,) = (one for one in told["groups"] if one["requests"])
        assert (row["group"], row["requests"], row["failed"], row["credits"]) == (group, 2, 1, "2")
        assert row["share"] == "100.0"
    header, *rows = usage("usage show --month 2026-10 --by day -o csv").stdout.splitlines()
    assert header.split(",")[:2] == ["group", "requests"]
    assert [row.split(",")[:2] for row in rows] == [
        [f"2026-10-{day:02}", "2" if day == 5 else "0"] for day in range(1, 32)
    ]
    assert usage("usage show acme --yesterday -o json", as_of="2026-10-06").data["requests"] == 2
    assert usage("usage show acme --today -o json", as_of="2026-10-06").data["requests"] == 0


def test_a_report_names_the_whole_hours_it_adds_up(usage: Cli, tmp_path: Path) -> None:
    (tmp_path / "usage.csv").write_text(HEADER + GOOD)
    imported(usage, tmp_path / "usage.csv")
    told = usage("usage show --from 2026-10-05T12:30:00Z --to 2026-10-05T13:30:00Z -o json").data
    assert (told["requests"], told["starts_at"]) == (1, "2026-10-05T12:00:00Z")
    assert told["ends_at"] == "2026-10-05T14:00:00Z"
    now = "2026-10-05T12:34:56Z"
    assert usage("usage show --from 2026-10-05 -o json", as_of=now).data["ends_at"] == now


def test_rejects_of_a_file_imported_before_say_how_to_go_on(usage: Cli, tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text(HEADER + GOOD + GOOD.replace("acme", "acne"))
    assert "was imported before" not in usage(f"usage import {path}").stderr
    assert "creditctl usage undo batch_" in usage(f"usage import {path}").stderr


@pytest.mark.parametrize("written", ["usage.csv", "link.csv", "keys.csv"])
def test_rejects_are_never_written_over_what_is_read(
    usage: Cli, tmp_path: Path, written: str
) -> None:
    (tmp_path / "usage.csv").write_text(HEADER + GOOD.replace("acme", "acne"))
    (tmp_path / "link.csv").symlink_to(tmp_path / "usage.csv")
    (tmp_path / "keys.csv").write_text("web,web\n")
    before = (tmp_path / written).read_text()
    options = f"--map key=key@{tmp_path / 'keys.csv'} --rejects {tmp_path / written}"
    refused = usage(f"usage import {tmp_path / 'usage.csv'} {options}", expect=2)
    assert f"{written} is read by this import" in refused.stderr
    assert (tmp_path / written).read_text() == before
    assert usage("usage batches -o json").data == []


@pytest.mark.parametrize(
    ("line", "exit_code", "complaint"),
    [
        ("usage import nowhere.csv", 3, "nowhere.csv: No such file"),
        ("usage import {file} --format xml", 2, "unknown format 'xml'"),
        ("usage import {file} --map who=client", 2, "--map: an event has no field 'who'"),
        ("usage import {file} --map key=client", 2, "has no column 'client' for key"),
        ("usage import {file} --map key=key@nowhere.csv", 3, "nowhere.csv: "),
        ("usage import {file} --map key=key@{twofold}", 2, "line 2: 'web' stands for something"),
        ("usage import {file} --map key=key --map key=org", 2, "key is mapped twice"),
        ("usage import {file} --org nobody", 3, "there is no organization 'nobody'"),
        ("usage import {file} --rejects nowhere/rejects.csv", 3, "cannot be written there"),
        ("usage import {empty}", 2, "is empty"),
        ("usage show --month 2026-13", 2, "--month: '2026-13' is not a month"),
        ("usage show --by colour", 2, "cannot be grouped by 'colour'"),
        ("usage show --today --month 2026-10", 2, "a period is named in one way"),
        ("usage show --from 2026-10-05 --to 2026-10-01", 2, "would end before it begins"),
    ],
)
def test_bad_input_is_one_line_and_a_hint_and_nothing_is_imported(
    usage: Cli, tmp_path: Path, line: str, exit_code: int, complaint: str
) -> None:
    (tmp_path / "usage.csv").write_text(HEADER + GOOD)
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "twofold.csv").write_text("web,a\nweb,b\n")
    files = {name: tmp_path / f"{name}.csv" for name in ("empty", "twofold")}
    files["file"] = tmp_path / "usage.csv"
    refused = usage(line.format(**files), expect=exit_code)
    assert complaint in refused.stderr
    assert refused.stderr.startswith("error: ")
    assert refused.stdout == ""
    assert usage("usage batches -o json").data == []


def test_too_many_rejects_stop_the_import_before_anything_is_booked(
    usage: Cli, tmp_path: Path
) -> None:
    (tmp_path / "usage.csv").write_text(HEADER + GOOD + "b,never,acme,web,GET,/a,200,0\n" * 2)
    refused = usage(f"usage import {tmp_path / 'usage.csv'} --max-rejects 1", expect=5)
    assert "more than 1 rejected lines; line 3: time 'never'" in refused.stderr
    assert usage("usage show --month 2026-10 -o json").data["requests"] == 0
    assert imported(usage, tmp_path / "usage.csv", "--max-rejects 2")["billed"] == 1


def test_a_last_line_without_a_line_end_is_warned_of_and_a_whole_one_is_not(
    usage: Cli, tmp_path: Path
) -> None:
    path = tmp_path / "cut.csv"
    path.write_text(HEADER + GOOD.rstrip("\n"))
    told = usage(f"usage import {path} --quiet -o json")
    (file,) = told.data["files"]
    assert told.stderr.startswith(f"warning: {path}, line 2: the last line has no line end")
    assert f"creditctl usage undo {file['id']}" in told.stderr
    path.write_text(HEADER + GOOD)
    assert usage(f"usage import {path} --quiet").stderr == ""
