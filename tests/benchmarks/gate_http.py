"""The gate over HTTP at a steady rate, and nginx's own `limit_req` at the same.

h2load sends the requests by the clock, whether earlier ones were answered or not, and writes down
how long each took. Asked are the gate itself, and nginx with a static upstream: once as it limits
rates by itself, once as it asks the gate (`auth_request`).
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.gate_server import free_port, gate_process, wait_for_port
from tests.redis_server import local_redis

from creditctl.store.migrate import create_file, migrate

from .bench import Bench
from .results import Gate, Pairs, Result
from .workspace import BenchmarkFailed

_RATE, _CONNECTIONS, _SECONDS, _WARM_UP = 1_000, 10, 10, 2
_CATALOG = """
[catalog]
name = "gate"
currency = "USD"
list_price = "0.01"
effective_from = 2026-01-01

[products.api]
[[products.api.endpoints]]
method = "GET"
path = "/free"
credits = 0
[[products.api.endpoints]]
method = "GET"
path = "/paid"
credits = 1

[plans.large]
fee = "0.00"
allowance = 0
[plans.large.limits]
requests_per_period = 1_000_000_000
requests_per_hour = 1_000_000_000
burst_per_10_seconds = 1_000_000
"""
_NGINX = """
daemon off; pid nginx.pid; error_log error.log; worker_processes 1;
events {{}}
http {{
    client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp;
    uwsgi_temp_path temp; scgi_temp_path temp; access_log off;
    limit_req_zone $http_x_api_key zone=keys:1m rate=1000000r/s;
    upstream gate {{ server 127.0.0.1:{gate}; keepalive 16; }}
    upstream static {{ server 127.0.0.1:{static}; keepalive 16; }}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    server {{ listen 127.0.0.1:{static}; location / {{ return 200 "rows"; }} }}
    server {{
        listen 127.0.0.1:{limiting};
        location / {{ limit_req zone=keys burst=1000 nodelay; proxy_pass http://static; }}
    }}
    server {{
        listen 127.0.0.1:{asking};
        location / {{ auth_request /_authorize; proxy_pass http://static; }}
        location = /_authorize {{
            internal;
            proxy_pass http://gate/v1/auth_request;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
            proxy_set_header X-Original-Method $request_method;
            proxy_set_header X-Original-URI $request_uri;
        }}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Servers:
    """Where each listens, and the key that is asked with."""

    gate: int
    limiting: int
    asking: int
    secret: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Answered:
    """Requests a second, and milliseconds that half and that 99 of 100 answers took at most."""

    rate: float
    half: float
    most: float


def over_http(bench: Bench, *, gate: Gate) -> list[Result]:
    """Latency at 1,000 requests a second, and the most requests a second, of each server."""
    results: list[Result] = []
    with serving(bench.workspace.scratch) as servers:
        asked = {"X-Original-Method": "GET", "X-Original-URI": "/free"}
        direct = (servers.gate, "/v1/auth_request", asked)
        charging = (servers.gate, "/v1/auth_request", {**asked, "X-Original-URI": "/paid"})
        nginx = (servers.asking, "/free", {})
        beside = (servers.limiting, "/free", {})
        for name, target, rule in (
            ("gate_http", direct, gate),
            ("gate_http_holds", charging, None),
            ("gate_nginx", nginx, None),
        ):
            steady, free = Pairs(), Pairs()
            halves = []
            for _ in range(bench.rounds):
                mine, other = (load(servers, *one, rate=_RATE) for one in (target, beside))
                steady.add(mine.most, other.most)
                halves.append(mine.half)
                mine, other = (load(servers, *one, rate=None) for one in (target, beside))
                free.add(mine.rate, other.rate)
            results += [
                _alone(f"{name}_p50", "ms", halves, []),
                _alone(f"{name}_p99", "ms", steady.ours, steady.baseline, rule),
                _alone(f"{name}_most", "requests/s", free.ours, free.baseline),
            ]
    return results


def _alone(
    name: str, unit: str, ours: list[float], beside: list[float], gate: Gate | None = None
) -> Result:
    """Our own figure, which the gate is for; the other one is only shown."""
    middle = sorted(ours)[len(ours) // 2]
    other = sorted(beside)[len(beside) // 2] if beside else None
    return Result(name, unit, middle, other, (), gate, None, ours, beside)


@contextmanager
def serving(folder: Path) -> Iterator[Servers]:
    """Books in SQLite, counters in Redis, `creditctl gate serve`, and an nginx that asks it."""
    for program in ("h2load", "nginx"):
        if shutil.which(program) is None:
            raise BenchmarkFailed(f"{program} is not installed")
    url, secret = _books(folder)
    with ExitStack() as stack:
        redis = stack.enter_context(local_redis())
        peer, _ = stack.enter_context(gate_process(url, folder, CREDITCTL_GATE_COUNTERS=redis))
        static, limiting, asking = free_port(), free_port(), free_port()
        text = _NGINX.format(gate=peer.port, static=static, limiting=limiting, asking=asking)
        (folder / "nginx.conf").write_text(text)
        command = ["nginx", "-p", str(folder), "-c", "nginx.conf", "-e", "error.log"]
        with subprocess.Popen(command) as server:
            stack.callback(server.terminate)
            wait_for_port(asking)
            yield Servers(peer.port, limiting, asking, secret, folder)
            server.terminate()


def _books(folder: Path) -> tuple[str, str]:
    """An organization with many credits, and its key's secret."""
    database, catalog = folder / "gate.db", folder / "catalog.toml"
    catalog.write_text(_CATALOG)
    url = f"sqlite:///{database}"
    create_file(url)
    migrate(url)

    def run(*words: str) -> str:
        command = [sys.executable, "-m", "creditctl", "--db", url, *words, "-o", "json"]
        return subprocess.run(
            command, check=True, capture_output=True, text=True, env={**os.environ}
        ).stdout

    run("catalog", "apply", str(catalog))
    run("orgs", "create", "acme")
    run("credits", "grant", "acme", "1000000000", "--reason", "benchmark")
    created = run("keys", "create", "acme", "--name", "web", "--plan", "large")
    return url, json.loads(created)["data"]["secret"]


def load(
    servers: Servers, port: int, path: str, headers: dict[str, str], *, rate: int | None
) -> Answered:
    """Send requests for some seconds; raises BenchmarkFailed unless all are answered with 200.

    At a rate, each client is a process with a clock of its own: the connections of one process
    all send at the same moment, and then measure how long they wait for each other.
    """
    clients = 1 if rate is None else _CONNECTIONS
    command = ["h2load", "--h1", f"-D{_SECONDS}", f"--warm-up-time={_WARM_UP}"]
    command.append(f"-c{_CONNECTIONS // clients}")
    if rate is not None:
        command.append(f"--rps={rate // clients}")
    for name, value in {"X-API-Key": servers.secret, **headers}.items():
        command.append(f"--header={name}: {value}")
    logs = [servers.folder / f"answers-{number}.tsv" for number in range(clients)]
    running = []
    for log in logs:
        log.unlink(missing_ok=True)
        named = [*command, f"--log-file={log}", f"http://127.0.0.1:{port}{path}"]
        running.append(subprocess.Popen(named, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))
    for one in running:
        _, said = one.communicate()
        if one.returncode:
            raise BenchmarkFailed(f"h2load failed: {said.decode(errors='replace')}")
    answers = [line.split("\t") for log in logs for line in log.read_text().splitlines()]
    bad = [status for _, status, _ in answers if status != "200"]
    if bad or not answers:
        raise BenchmarkFailed(f"{len(bad)} of {len(answers)} answers were no 200")
    took = sorted(int(micros) / 1_000 for _, _, micros in answers)
    return Answered(len(took) / _SECONDS, took[len(took) // 2], took[len(took) * 99 // 100])
