"""Host names as the network knows them."""

import re

_LABEL = r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_MEANS_TWO_THINGS = re.compile("[\u00df\u1e9e\u03c2\u200c\u200d]")
"""Sharp s, final sigma and the joiners: IDNA 2003 and 2008 lead to two different hosts."""


def network_name(host: str) -> str:
    """The name in ASCII (RFC 3490), in small letters, without the root's dot.

    Raises ValueError for what is no name, or is one of two names.
    """
    if _MEANS_TWO_THINGS.search(host):
        raise ValueError(f"{host!r} can be read in two ways: write it as xn--…")
    name = host.encode("idna").decode("ascii").lower().removesuffix(".")
    if not _HOST.fullmatch(name):
        raise ValueError(f"{host!r} is no host name")
    return name
