"""An adapter's settings: a frozen dataclass of texts and whole seconds, made from the file's."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar
from urllib.parse import urlsplit

from creditctl.errors import InvalidInput

_LONGEST_WAIT = 600
LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Names of this machine, which nothing leaves on the way to."""

Settings = TypeVar("Settings")


def read_settings(
    kind: type[Settings], adapter: str, given: Mapping[str, str], *, longest: int = _LONGEST_WAIT
) -> Settings:
    """The settings of that dataclass, whose whole numbers are seconds from 1 to `longest`.

    Raises InvalidInput naming the one that is wrong, missing or unknown.
    """
    members: tuple[Any, ...] = fields(kind)  # type: ignore[arg-type]
    known = {member.name: member for member in members}
    for name in given:
        if name not in known:
            raise InvalidInput(
                f"{adapter}: unknown setting {name!r}", hint=f"known: {', '.join(known)}"
            )
    for name, member in known.items():
        if name not in given and member.default is MISSING:
            raise InvalidInput(f"{adapter}: {name} is not set", hint=f"set {name} for {adapter}")
    return kind(
        **{
            name: _seconds(f"{adapter}: {name}", text, longest) if known[name].type is int else text
            for name, text in given.items()
        }
    )


def checked_url(name: str, url: str) -> str:
    """The address without its last slash; a key is not sent in the clear over a network.

    Raises InvalidInput unless it is https, or http to this machine, a bare host name of an inner
    network, or an onion service, which is encrypted by itself.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    inner = host in LOOPBACK or "." not in host or host.endswith(".onion")
    if not host or parts.query or parts.fragment or parts.username:
        raise InvalidInput(f"{name}: {url!r} is no address", hint="write it like https://HOST")
    if parts.scheme != "https" and not (parts.scheme == "http" and inner):
        raise InvalidInput(f"{name}: {url!r} is not encrypted", hint="write it like https://HOST")
    return url.rstrip("/")


def _seconds(name: str, text: str, longest: int) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= longest):
        raise InvalidInput(f"{name} must be 1 to {longest} seconds, not {text!r}")
    return int(text)
