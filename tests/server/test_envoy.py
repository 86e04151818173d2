"""The filter of `docs/gate.md` in a real Envoy, in front of a real gate."""

import re
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest

from builders import an_organization, at, open_books
from calls import rows_of
from conftest import NOW
from creditctl.context import Context
from creditctl.services.keys import create_key
from gate_server import Peer, free_port, gate_in_thread, wait_for_port

PAGE = (Path(__file__).parents[2] / "docs/gate.md").read_text(encoding="utf-8")
BOOTSTRAP = """
static_resources:
  listeners:
  - address: { socket_address: { address: 127.0.0.1, port_value: PORT } }
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: test
          route_config:
            virtual_hosts:
            - name: api
              domains: ["*"]
              routes:
              - match: { prefix: "/" }
                direct_response: { status: 200, body: { inline_string: "three rows" } }
FILTERS
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
  - name: gate
    type: STATIC
    load_assignment:
      cluster_name: gate
      endpoints:
      - lb_endpoints:
        - endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: GATE } } }
"""  # noqa: E501 - Envoy's names


def test_the_filter_of_the_page_passes_and_refuses(sqlite_database: str, tmp_path: Path) -> None:
    program = shutil.which("envoy")
    if program is None:
        pytest.skip("envoy is not installed")
    found = re.search(r"```yaml\n(http_filters:.*?)```", PAGE, re.DOTALL)
    assert found
    context = Context(sqlite_database, NOW, "tester")
    early = at(context, "2026-10-01T00:00:00Z")
    open_books(early)
    an_organization(early, "acme", credits="2")
    key = create_key(early, "acme", name="web")
    port, path = free_port(), tmp_path / "envoy.yaml"
    with gate_in_thread(context) as gate, (tmp_path / "envoy.log").open("w") as log:
        text = BOOTSTRAP.replace("PORT", str(port)).replace("GATE", str(gate.port))
        path.write_text(text.replace("FILTERS\n", textwrap.indent(found[1], " " * 10)))
        words = [program, "-c", str(path), "--concurrency", "1", "--disable-hot-restart"]
        envoy = subprocess.Popen([*words, "--log-level", "error"], stdout=log, stderr=log)
        try:
            wait_for_port(port)
            api = Peer(port)
            by_key = {"X-API-Key": key.secret}
            passed = api.ask("GET", "/rows?page=2", headers=by_key)
            assert (passed.status, passed.body) == (200, b"three rows")
            unknown = api.ask("GET", "/rows")
            assert (unknown.status, unknown.json["code"]) == (401, "key_unknown")
            nothing = api.ask("GET", "/nothing", headers=by_key)
            assert (nothing.status, nothing.json["code"]) == (403, "endpoint_unknown")
            assert nothing.headers["content-type"] == "application/problem+json"
        finally:
            envoy.terminate()
            envoy.wait(timeout=60)
    # The request that passed is held by the id that Envoy gave it.
    ((name, organization),) = rows_of(
        context,
        "SELECT id_text, slug FROM hold JOIN organization AS o ON o.id = organization_id",
    )
    assert (name, organization) == (None, "acme")
