"""Secrets stand in the environment or in a file, never in a setting: `env:NAME` or `file:PATH`."""

import os
from pathlib import Path

from creditctl.errors import InvalidInput

_READABLE_BY_OTHERS = 0o077


def read_secret(name: str, reference: str) -> bytes:
    """The bytes that the reference leads to; raises InvalidInput naming the setting."""
    kind, _, place = reference.partition(":")
    if kind == "env" and place:
        secret = os.environ.get(place, "")
    elif kind == "file" and place:
        secret = _file_text(name, Path(place).expanduser())
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


def _file_text(name: str, path: Path) -> str:
    try:
        if path.stat().st_mode & _READABLE_BY_OTHERS:
            raise InvalidInput(f"{name}: others can read {path}", hint=f"run: chmod 600 {path}")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise InvalidInput(f"{name}: {path}: {problem}") from None
