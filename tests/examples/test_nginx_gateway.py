"""A real nginx with the configuration of docs/gateways.md turns away whom the export blocks."""

import http.client
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from adapters.payments.local_servers import serving
from builders import an_organization, at, open_books, use
from conftest import NOW, Cli
from creditctl.adapters.block_lists.nginx import text_of
from creditctl.context import Context
from creditctl.rules.block_list import block_of
from creditctl.rules.enforcement import Reason
from examples.listening import PATIENCE_SECONDS, wait_until_listening

PAGE = Path(__file__).parents[2] / "docs/gateways.md"
MIDNIGHT = "2026-11-02T00:00:00Z"
AROUND = """
daemon off;
pid nginx.pid;
error_log error.log;
events {{}}
http {{
access_log off;
client_body_temp_path temporary;
proxy_temp_path temporary;
fastcgi_temp_path temporary;
uwsgi_temp_path temporary;
scgi_temp_path temporary;
{documented}
}}
"""
Answer = tuple[int, str | None, str]


class Nginx:
    """Runs in the foreground below a directory of its own, and listens at a socket in it."""

    def __init__(self, folder: Path, backend: str) -> None:
        self.blocks = folder / "blocks.conf"
        self.socket = folder / "nginx.sock"
        found = re.search(r"<!-- nginx -->\n```nginx\n(.*?)```", PAGE.read_text(), re.DOTALL)
        assert found
        documented = found[1]
        for theirs, ours in (
            ("listen 80;", f"listen unix:{self.socket};"),
            ("/etc/nginx/creditctl.conf", str(self.blocks)),
            ("127.0.0.1:9000", backend),
        ):
            assert documented.count(theirs) == 1
            documented = documented.replace(theirs, ours)
        (folder / "nginx.conf").write_text(AROUND.format(documented=documented), encoding="utf-8")
        self.command = ["nginx", "-p", str(folder), "-c", "nginx.conf", "-e", "error.log"]

    def reload(self) -> None:
        subprocess.run([*self.command, "-s", "reload"], check=True, timeout=PATIENCE_SECONDS)

    def answer(self, key: str, path: str = "/rows") -> Answer:
        """Status, Retry-After and body."""
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.socket))
        connection.request("GET", path, headers={"X-API-Key": key} if key else {})
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response.status, response.headers.get("Retry-After"), body

    def comes_to_answer(self, expected: Answer, key: str, path: str = "/rows") -> bool:
        """A reload takes its time: ask until the new workers are there."""
        end = time.monotonic() + PATIENCE_SECONDS
        while (answer := self.answer(key, path)) != expected:
            assert time.monotonic() < end, f"{answer} instead of {expected}"
            time.sleep(0.02)
        return True


def say_who_called(handler: BaseHTTPRequestHandler) -> None:
    body = (handler.headers.get("X-API-Key") or "nobody").encode()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Nginx]]:
    """Starts nginx, once the blocks are written."""
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed")
    running = []
    with serving(say_who_called) as backend:
        nginx = Nginx(tmp_path, f"127.0.0.1:{backend.server_address[1]}")

        def begin() -> Nginx:
            process = subprocess.Popen(nginx.command)
            running.append(process)
            wait_until_listening(process, nginx.socket)
            return nginx

        yield begin
        for process in running:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


@pytest.fixture
def books(sqlite_database: str) -> Context:
    context = Context(database=sqlite_database, now=NOW, actor="tester")
    open_books(context)
    return context


def secret_of(cli: Cli, slug: str, name: str = "web") -> str:
    return str(cli(f"keys create {slug} --name {name} -o json").data["secret"])


def test_a_key_beyond_its_budget_is_turned_away_until_midnight(
    start: Callable[[], Nginx], sqlite_cli: Cli, books: Context, tmp_path: Path
) -> None:
    export = f"limits export {tmp_path}/blocks.conf --format nginx --exit-code"
    an_organization(books, "acme", credits="5000")
    an_organization(books, "globex", credits="5000")
    acme, globex = secret_of(sqlite_cli, "acme"), secret_of(sqlite_cli, "globex")
    sqlite_cli("budgets set acme --daily 100")
    sqlite_cli("limits check")
    sqlite_cli(export, expect=7)
    nginx = start()
    assert nginx.answer(acme) == (200, None, acme)

    noon = "2026-11-01T12:00:00Z"
    use(at(books, noon), "acme", 101)
    sqlite_cli("limits check", as_of=noon)
    sqlite_cli(export, expect=7, as_of=noon)
    nginx.reload()
    refusal = (429, "Mon, 02 Nov 2026 00:00:00 GMT", '{"error": "budget"}')
    assert nginx.comes_to_answer(refusal, acme)
    assert nginx.answer(globex) == (200, None, globex)
    assert nginx.answer("") == (200, None, "nobody")
    sqlite_cli(export, expect=0, as_of="2026-11-01T23:59:59Z")

    # No check has run: the block ends by itself.
    sqlite_cli(export, expect=7, as_of=MIDNIGHT)
    nginx.reload()
    assert nginx.comes_to_answer((200, None, acme), acme)


def test_every_reason_has_its_status_and_parts_are_blocked_alone(
    start: Callable[[], Nginx], sqlite_cli: Cli, books: Context, tmp_path: Path
) -> None:
    for slug in ("alpha", "beta", "gamma", "delta"):
        an_organization(books, slug, credits=None if slug == "alpha" else "5000")
    alpha, beta = secret_of(sqlite_cli, "alpha"), secret_of(sqlite_cli, "beta")
    gamma, spent = secret_of(sqlite_cli, "gamma"), secret_of(sqlite_cli, "delta", "spent")
    other = secret_of(sqlite_cli, "delta", "other")
    sqlite_cli("orgs suspend beta --reason test")
    sqlite_cli("budgets set gamma --daily 10 --product rows")
    sqlite_cli(f"budgets set delta --monthly 10 --key {spent[:16]}")
    use(books, "gamma", 11)
    use(books, "delta", 11, key=spent[:16])
    sqlite_cli("limits check")
    sqlite_cli(f"limits export {tmp_path}/blocks.conf --format nginx")
    nginx = start()
    assert nginx.answer(alpha) == (402, None, '{"error": "credits_exhausted"}')
    assert nginx.answer(beta) == (403, None, '{"error": "suspended"}')
    of_today = (429, "Mon, 02 Nov 2026 00:00:00 GMT", '{"error": "budget"}')
    assert nginx.answer(gamma, "/rows/1") == of_today
    assert nginx.answer(gamma, "/third") == (200, None, gamma)
    of_the_month = (429, "Tue, 01 Dec 2026 00:00:00 GMT", '{"error": "budget"}')
    assert nginx.answer(spent, "/third") == of_the_month
    assert nginx.answer(other) == (200, None, other)


def test_keys_that_differ_in_nothing_but_case_are_told_apart(
    start: Callable[[], Nginx], tmp_path: Path
) -> None:
    blocks = [
        block_of("acme", Reason.SUSPENDED, None, ["ck_live_aaaaaaaa", "ck_live_aaaaaaaA"]),
        block_of("globex", Reason.OVERAGE, None, ["ck_live_bbbbbbbb"]),
        block_of("initech", Reason.BUDGET, None, ["ck_live_cccccccc"], product="rows"),
    ]
    (tmp_path / "blocks.conf").write_text(text_of(blocks), encoding="utf-8")
    nginx = start()
    asked = "aaaaaaaa aaaaaaaA aaaaaaAA bbbbbbbb bbbbbbbB cccccccc cccccccC".split()
    answers = {name: nginx.answer(f"ck_live_{name}{'0' * 28}")[0] for name in asked}
    assert list(answers.values()) == [403, 403, 200, 402, 200, 429, 200]
