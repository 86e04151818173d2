"""`limits check --ping-url --metrics-file`: those who watch it are told, and can harm nothing."""

import json
from pathlib import Path

import pytest

from adapters.channels.http_receivers import (
    Serve,
    answering,
    drip,
    hang,
    receiving,
    reset_after_reading,
)
from builders import an_organization, open_books, use
from conftest import NOW, Cli
from creditctl.adapters import pings
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.services import limits_monitoring
from creditctl.services.leases import holding_lease
from creditctl.services.limits_check import LEASE


@pytest.fixture
def books(sqlite_database: str) -> Context:
    context = Context(database=sqlite_database, now=NOW, actor="tester")
    open_books(context)
    an_organization(context, "acme", credits="5000")
    an_organization(context, "globex")
    return context


def metrics(path: Path) -> dict[tuple[str, str], float]:
    """By name and label."""
    from prometheus_client.parser import text_string_to_metric_families

    return {
        (sample.name.removeprefix("creditctl_limits_"), *sample.labels.values())
        if sample.labels
        else (sample.name.removeprefix("creditctl_limits_"), ""): sample.value
        for family in text_string_to_metric_families(path.read_text(encoding="utf-8"))
        for sample in family.samples
    }


def test_a_check_that_is_done_is_posted_to_the_monitor(sqlite_cli: Cli, books: Context) -> None:
    sqlite_cli("budgets set acme --daily 10")
    use(books, "acme", 12)
    with receiving(answering("200 OK")) as monitor:
        url = f"{monitor.url}/ping/3f2a?create=1"
        sqlite_cli(f"limits check --exit-code --ping-url {url}", expect=7)
        assert monitor.head()[""] == "POST /ping/3f2a?create=1 HTTP/1.1"
        told = json.loads(monitor.body())
    assert told.pop("duration_ms") >= 0
    assert told == {
        "at": "2026-11-01T00:00:00Z",
        "checked": 2,
        "ok": 0,
        "notified": 0,
        "blocked": 2,
        "changed": 2,
        "newly_blocked": 2,
        "crossed": 1,
        "recovered": 0,
        "slipped": "2",
        "allowances_granted": 0,
        "instalments_booked": 0,
        "expiries_booked": 0,
        "holds_expired": 0,
        "repayments_booked": 0,
        "recharged": 0,
        "invoices_overdue": 0,
        "told": 0,
        "sent": 0,
        "failed": 0,
    }


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (Conflict("the books are closed"), {"code": "conflict", "error": "the books are closed"}),
        (ValueError("a secret"), {"code": "internal", "error": "ValueError"}),
    ],
)
def test_a_check_that_fails_says_so_and_leaves_the_metrics_alone(
    sqlite_cli: Cli,
    books: Context,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    problem: Exception,
    said: dict[str, str],
) -> None:
    def fail(context: Context, *, everybody: bool) -> None:
        raise problem

    monkeypatch.setattr(limits_monitoring, "check_limits", fail)
    with receiving(answering("200 OK")) as monitor:
        line = f"limits check --ping-url {monitor.url}/3f2a/ --metrics-file {tmp_path}/check.prom"
        with pytest.raises((ValueError, AssertionError)):
            sqlite_cli(line)
        assert monitor.head()[""] == "POST /3f2a/fail HTTP/1.1"
        assert json.loads(monitor.body()) == said
    assert not (tmp_path / "check.prom").exists()


def test_a_run_that_gives_way_pings_nothing(sqlite_cli: Cli, books: Context) -> None:
    with receiving(answering("200 OK")) as monitor:
        with holding_lease(books, LEASE):
            sqlite_cli(f"limits check --ping-url {monitor.url}", expect=8)
        assert monitor.requests == []


@pytest.mark.parametrize(
    ("serve", "reason"),
    [
        (answering("404 Not Found"), "404 Not Found"),
        (answering("302 Found", "Location: http://127.0.0.1/"), "redirects are not followed"),
        (hang, "no answer within 1 s"),
        (drip, "no answer within 1 s"),
        (reset_after_reading, "ConnectionResetError"),
    ],
)
def test_a_monitor_that_is_ill_fails_no_check(
    sqlite_cli: Cli, books: Context, monkeypatch: pytest.MonkeyPatch, serve: Serve, reason: str
) -> None:
    monkeypatch.setattr(pings, "LONGEST_PING", 1)
    with receiving(serve) as monitor:
        checked = sqlite_cli(f"limits check -o json --ping-url {monitor.url}/3f2a")
    assert checked.data["checked"] == 2
    assert checked.stderr.startswith("warning: 127.0.0.1 was not pinged: ")
    assert reason in checked.stderr
    assert "3f2a" not in checked.stderr, "whoever has the address can ping it"


@pytest.mark.parametrize(
    "url", ["http://monitor.example/3f2a", "ftp://localhost/3f2a", "3f2a", "https://a:b@c.example"]
)
def test_an_address_that_cannot_be_pinged_is_refused_before_anything_happens(
    sqlite_cli: Cli, books: Context, url: str
) -> None:
    sqlite_cli(f"limits check --ping-url {url}", expect=2)
    assert [row["state"] for row in sqlite_cli("limits status -o json").data] == ["ok", "ok"]


def test_the_metrics_say_what_the_check_did(
    sqlite_cli: Cli, books: Context, tmp_path: Path
) -> None:
    path = tmp_path / "check.prom"
    sqlite_cli("budgets set acme --daily 10")
    use(books, "acme", 12)
    sqlite_cli(f"limits check --metrics-file {path}")
    first = metrics(path)
    assert first.pop(("duration_seconds", "")) >= 0
    assert first == {
        ("organizations", "ok"): 0,
        ("organizations", "notified"): 0,
        ("organizations", "blocked"): 2,
        ("last_run_timestamp_seconds", ""): 1793491200,
        ("checked", ""): 2,
        ("newly_blocked", ""): 2,
        ("slipped_credits", ""): 2,
    }
    sqlite_cli(f"limits check --metrics-file {path}", as_of="2026-11-01T00:01:00.5Z")
    second = metrics(path)
    assert second["last_run_timestamp_seconds", ""] == 1793491260.5
    assert (second["checked", ""], second["organizations", "blocked"]) == (0, 2)


@pytest.mark.parametrize("path", ["nowhere/check.prom", "."])
def test_metrics_that_cannot_be_written_fail_no_check(
    sqlite_cli: Cli, books: Context, tmp_path: Path, path: str
) -> None:
    checked = sqlite_cli(f"limits check -o json --metrics-file {tmp_path}/{path}")
    assert checked.data["checked"] == 2
    assert checked.stderr.startswith(f"warning: no metrics were written to {tmp_path}")


def test_both_are_settings_too_and_the_flag_comes_first(
    sqlite_cli: Cli, books: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with receiving(answering("200 OK")) as monitor, receiving(answering("200 OK")) as other:
        text = f'ping_url = "{monitor.url}/3f2a"\nmetrics_file = "check.prom"\n'
        (tmp_path / "creditctl.toml").write_text(text, encoding="utf-8")
        sqlite_cli("limits check")
        sqlite_cli(f"limits check --ping-url {other.url} --metrics-file {tmp_path}/other.prom")
        assert len(monitor.requests) == len(other.requests) == 1
    assert metrics(tmp_path / "check.prom")["checked", ""] == 2
    assert metrics(tmp_path / "other.prom")["checked", ""] == 0
