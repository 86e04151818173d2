"""Secrets stand in the environment or in a file, never in a setting: `env:NAME` or `file:PATH`."""

import os
from pathlib import Path

from creditctl.adapters.bounded_reads import read_text
from creditctl.adapters.paths import written_path
from creditctl.errors import InvalidInput

_READABLE_BY_OTHERS = 0o077


def read_secret(name: str, reference: str) -> bytes:
    """The bytes that the reference leads to; raises InvalidInput naming the setting."""
    kind, _, place = reference.partition(":")
    if kind == "env" and place:
        secret = os.environ.get(place, "")
    elif kind == "file" and place:
        secret = _file_text(name, written_path(name, place))
    else:
        raise InvalidInput(
            f"{name} must say where the secret is, and must not be it",
            hint="write it like file:/etc/creditctl/secret or env:MY_SECRET",
        )
    if not secret.strip():
        raise InvalidInput(f"{name}: {reference} is empty or not there")
    if secret.lstrip().startswith("-----"):
        raise InvalidInput(
            f"{name}: {reference} is a PEM file, whose first line is no secret",
            hint="write random text, such as that of: openssl rand -hex 32",
        )
    return secret.strip().encode()


def read_secret_word(name: str, reference: str) -> str:
    """A secret that goes into a header: printable ASCII without spaces; else InvalidInput."""
    word = read_secret(name, reference).decode()
    if not (word.isascii() and word.isprintable() and " " not in word):
        raise InvalidInput(f"{name}: {reference} holds more than one word of plain text")
    return word


def read_redis_url(name: str, text: str | None) -> str | None:
    """A Redis URL; one with a password is a secret, and stands in a file or variable."""
    if text is None:
        return None
    from urllib.parse import urlsplit  # not for --help

    is_reference = text.startswith(("env:", "file:"))
    url = read_secret(name, text).decode() if is_reference else text
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise InvalidInput(f"{name} is no Redis URL", hint="write it like redis://localhost:6379/0")
    if parts.password and not is_reference:
        raise InvalidInput(
            f"{name} holds a password", hint="write it like file:/etc/creditctl/redis.url"
        )
    return url


def _file_text(name: str, path: Path) -> str:
    try:
        if path.stat().st_mode & _READABLE_BY_OTHERS:
            raise InvalidInput(f"{name}: others can read {path}", hint=f"run: chmod 600 {path}")
        return read_text(path)
    except (OSError, UnicodeDecodeError) as problem:
        raise InvalidInput(f"{name}: {path}: {problem}") from None
