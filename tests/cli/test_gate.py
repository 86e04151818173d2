"""`creditctl gate check`: one decision, its headers, its exit code."""

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conftest import Cli
from creditctl.cli.app import app
from gate_server import free_port

SAMPLE = Path(__file__).parents[2] / "sample-data/finlight/catalog.toml"


@pytest.fixture
def secret(cli: Cli) -> str:
    """Of a key on the plan free: 500 requests, no WebSocket, 30 days of history."""
    return made(cli)


@pytest.fixture
def sqlite_secret(sqlite_cli: Cli) -> str:
    return made(sqlite_cli)


def made(cli: Cli) -> str:
    cli(f"catalog apply {SAMPLE}")
    cli("orgs create newsroom")
    cli("subscriptions create newsroom free")
    return str(cli("keys create newsroom --name web -o json").data["secret"])


CHECK = "gate check --key-from-stdin -o json"


def test_an_admitted_request_exits_0_with_its_headers(cli: Cli, secret: str) -> None:
    line = f"{CHECK} --path /v2/articles --since 2026-01-01"
    answer = cli(line, stdin=f"{secret}\n")
    assert answer.json["schema"] == "creditctl.gate_decision/v1"
    told = answer.data
    (window,) = told.pop("windows")
    assert window == {
        "name": "requests_per_period",
        "limit": 500,
        "used": 1,
        "remaining": 499,
        "seconds": 2_592_000,
        "resets_at": "2026-12-01T00:00:00Z",
    }
    assert told.pop("key").startswith("key_")
    assert told == {
        "status": 200,
        "reason": "ok",
        "detail": "",
        "at": "2026-11-01T00:00:00Z",
        "organization": "newsroom",
        "plan": "free",
        "endpoint": "GET /v2/articles",
        "price": "1",
        "available": "500",
        "retry_after": None,
        "limit": 500,
        "remaining": 499,
        "resets_at": "2026-12-01T00:00:00Z",
        "omit": ["custom_sources", "entities", "sentiment"],
        "clamp_from": "2026-10-02T00:00:00Z",
        "paused_until": None,
        "evicted": None,
        "headers": {
            "X-RateLimit-Limit": "500",
            "X-RateLimit-Remaining": "499",
            "X-RateLimit-Reset": "1796083200",
            "RateLimit-Policy": '"requests_per_period";q=500;w=2592000',
            "RateLimit": '"requests_per_period";r=499;t=2592000',
        },
    }


@pytest.mark.parametrize("flag", ["--dry-run", "--no-count"])
def test_looking_counts_nothing(sqlite_cli: Cli, sqlite_secret: str, flag: str) -> None:
    line = f"{CHECK} --path /v2/articles"
    assert sqlite_cli(f"{line} {flag}", stdin=sqlite_secret).data["remaining"] == 500
    assert sqlite_cli(line, stdin=sqlite_secret).data["remaining"] == 499
    assert sqlite_cli(f"{line} {flag}", stdin=sqlite_secret).data["remaining"] == 499


@pytest.mark.parametrize(
    ("line", "exit_code", "status", "detail"),
    [
        ("--path /v2/nothing", 4, 403, "The request is no endpoint of the catalog."),
        (
            "--path /v2/articles --capability sentiment",
            4,
            403,
            "Capability sentiment is not in plan free.",
        ),
        ("--channel websocket --lease a", 4, 403, "WebSocket is not in plan free."),
        ("--channel webhook", 4, 403, "Webhooks are not in plan free."),
    ],
)
def test_what_the_plan_does_not_have_exits_4(
    sqlite_cli: Cli, sqlite_secret: str, line: str, exit_code: int, status: int, detail: str
) -> None:
    found = sqlite_cli(f"{CHECK} {line}", stdin=sqlite_secret, expect=exit_code).data
    assert (found["status"], found["detail"]) == (status, detail)


def test_an_unknown_key_exits_4(sqlite_cli: Cli, sqlite_secret: str) -> None:
    wrong = sqlite_secret[:-1] + ("0" if sqlite_secret[-1] != "0" else "1")
    line = f"{CHECK} --path /v2/articles"
    assert sqlite_cli(line, stdin=wrong, expect=4).data["status"] == 401
    unknown = sqlite_cli("gate check --key nobody --path /v2/articles -o json", expect=4).data
    assert (unknown["status"], unknown["reason"]) == (401, "key_unknown")


def test_credits_and_quotas_that_are_used_up_exit_6(sqlite_cli: Cli, tmp_path: Path) -> None:
    text = SAMPLE.read_text(encoding="utf-8").replace(
        "requests_per_period = 500", "requests_per_period = 1"
    )
    (tmp_path / "catalog.toml").write_text(text.replace("free = 0", "free = 501"), encoding="utf-8")
    sqlite_cli(f"catalog apply {tmp_path / 'catalog.toml'}")
    sqlite_cli("orgs create newsroom")
    sqlite_cli("subscriptions create newsroom free")
    key = sqlite_cli("keys create newsroom --name web -o json").data["prefix"]
    line = f"gate check --key {key} -o json --path"
    dear = sqlite_cli(f"{line} /v2/sources", expect=6).data
    assert (dear["status"], dear["detail"]) == (
        402,
        "Required: 501 credits, Available: 500 credits",
    )
    sqlite_cli(f"{line} /v2/articles")
    full = sqlite_cli(f"{line} /v2/articles", expect=6).data
    assert full["detail"] == "Exceeded token limit of 1 for the current period."
    assert full["headers"]["Retry-After"] == str(30 * 86_400)


def test_counters_that_are_down_exit_8_where_the_plan_is_closed(
    sqlite_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SAMPLE.read_text(encoding="utf-8").replace(
        'title = "Free"', 'title = "Free"\ngate_when_down = "closed"'
    )
    (tmp_path / "catalog.toml").write_text(text, encoding="utf-8")
    sqlite_cli(f"catalog apply {tmp_path / 'catalog.toml'}")
    assert sqlite_cli("plans show free -o json").data["gate_when_down"] == "closed"
    sqlite_cli("orgs create newsroom")
    key = sqlite_cli("keys create newsroom --name web --plan free -o json").data["prefix"]
    monkeypatch.setenv("CREDITCTL_GATE_COUNTERS", "unix:///nowhere/socket")
    line = f"gate check --key {key} --path /v2/sources -o json"
    assert sqlite_cli(line, expect=8).data["status"] == 503


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("gate check --path /v2/articles", "one of --key and --key-from-stdin"),
        ("gate check --key a --key-from-stdin --path /", "one of --key and --key-from-stdin"),
        ("gate check --key a", "a REST request has a path"),
        ("gate check --key a --path / --messages 0", "--messages"),
    ],
)
def test_bad_input_is_one_line_and_a_hint(sqlite_cli: Cli, line: str, complaint: str) -> None:
    refused = sqlite_cli(line, expect=2)
    assert complaint in refused.stderr
    assert refused.stdout == ""


def test_the_table_fits_80_columns(sqlite_cli: Cli, sqlite_secret: str) -> None:
    table = sqlite_cli("gate check --key-from-stdin --path /v2/articles", stdin=sqlite_secret)
    assert max(map(len, table.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("http://localhost", "is no Redis URL"),
        ("redis://:secret@localhost", "holds a password"),
        ("env:NOWHERE", "empty or not there"),
    ],
)
def test_the_url_of_the_counters_is_checked(
    sqlite_cli: Cli, monkeypatch: pytest.MonkeyPatch, url: str, complaint: str
) -> None:
    monkeypatch.setenv("CREDITCTL_GATE_COUNTERS", url)
    refused = sqlite_cli("gate check --key a --path /", expect=2).stderr
    assert complaint in refused
    assert "secret@" not in refused


def test_a_url_with_a_password_comes_from_a_variable(
    sqlite_cli: Cli, sqlite_secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERS_URL", "unix://:secret@/nowhere/socket")
    monkeypatch.setenv("CREDITCTL_GATE_COUNTERS", "env:COUNTERS_URL")
    found = sqlite_cli(f"{CHECK} --path /v2/articles", stdin=sqlite_secret)
    assert found.data["reason"] == "counters_down"


def test_serving_to_other_machines_needs_a_secret(
    sqlite_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve(*options: str, expect: int) -> str:
        words = ["--db", sqlite_database, "--quiet", "gate", "serve", *options]
        result = CliRunner().invoke(app, words)
        assert result.exit_code == expect, result.output
        return result.stderr

    told: dict[str, object] = {}
    monkeypatch.setattr("uvicorn.run", lambda name, **more: told.update(more, name=name))
    assert "anybody could ask and charge" in serve("--host", "0.0.0.0", expect=2)
    monkeypatch.setenv("CREDITCTL_GATE_SECRET", "open sesame")
    assert "must not be it" in serve("--host", "0.0.0.0", expect=2)
    monkeypatch.setenv("GATE_WORD", "open sesame")
    monkeypatch.setenv("CREDITCTL_GATE_SECRET", "env:GATE_WORD")
    assert told == {}
    port = free_port()
    serve("--host", "0.0.0.0", "--port", str(port), "--workers", "3", expect=0)
    assert (told["host"], told["port"], told["workers"]) == ("0.0.0.0", port, 3)
    assert told["name"] == "creditctl.server.app:from_environment"


@pytest.mark.parametrize(
    ("host", "status", "words"),
    [("127.0.0.1", 8, "Address already in use"), ("203.0.113.7", 2, "Cannot assign requested")],
)
def test_an_address_that_nobody_can_listen_to_is_told_before_it_serves(
    sqlite_database: str, monkeypatch: pytest.MonkeyPatch, host: str, status: int, words: str
) -> None:
    monkeypatch.setenv("GATE_WORD", "open sesame")
    monkeypatch.setenv("CREDITCTL_GATE_SECRET", "env:GATE_WORD")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = ["--db", sqlite_database, "gate", "serve", "--host", host, "--port", port]
        result = CliRunner().invoke(app, line)
    assert result.exit_code == status
    assert f"error: {host} port {port} cannot be listened to: {words}" in result.stderr
    assert "listening on" not in result.stderr


def test_a_gate_goes_by_the_real_clock_and_needs_its_books(sqlite_cli: Cli, tmp_path: Path) -> None:
    assert "the real clock" in sqlite_cli("gate serve", expect=2).stderr
    line = ["--db", str(tmp_path / "none.db"), "gate", "serve"]
    result = CliRunner().invoke(app, line)
    assert (result.exit_code, "there is no database" in result.stderr) == (3, True)
