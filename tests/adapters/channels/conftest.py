"""Channels as the configuration opens them, before peers that really run."""

import shutil
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from creditctl.adapters.channels.interface import Message

NOTE = Message(
    id="ntf_01JDXYZ",
    event="budget.exceeded",
    action="trigger",
    severity="critical",
    dedup_key="acme/bud_1/2026-11-01",
    occurred_at=datetime(2026, 11, 1, 9, 30, tzinfo=UTC),
    organization="acme",
    summary="acme has used its daily budget: 1,000 of 1,000 credits",
    payload='{"type": "budget.exceeded", "data": {"limit": "1000", "name": "Größe"}}',
    text="acme has used its daily budget.\n",
    html="<p>acme has used its <b>daily budget</b>.</p>\n",
)

Note = Callable[..., Message]


@pytest.fixture
def note() -> Note:
    """A message, or one with whatever else is given."""

    def make(**changes: Any) -> Message:
        return replace(NOTE, **changes)

    return make


@dataclass(frozen=True)
class Certificate:
    """Self-signed, for `localhost` and `hooks.example`: `path` is its own authority."""

    path: Path
    context: ssl.SSLContext


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    path, key = folder / "certificate.pem", folder / "key.pem"
    names = "subjectAltName=DNS:localhost,DNS:hooks.example"
    line = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    files = ["-subj", "/CN=localhost", "-addext", names, "-keyout", key, "-out", path]
    subprocess.run([*line.split(), *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    return Certificate(path, context)
