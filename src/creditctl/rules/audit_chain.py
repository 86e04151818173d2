"""The audit log as a chain: each entry's seal is made from the entry and the seal before it.

Without a key the seal is a SHA-256, which proves that nothing changed by accident. With a key that
is kept outside the database it is an HMAC-SHA-256: who owns the database cannot forge it. Once
one entry is sealed with a key all later ones must be, or a forger would simply leave the key out.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping

GENESIS = "0" * 64
"""What the first entry is sealed with."""

_KEY_ID_LENGTH = 16
_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def canonical(entry: Mapping[str, object]) -> bytes:
    """The entry as bytes that do not depend on the order of its fields."""
    return _CANONICAL.encode(dict(entry)).encode()


def seal_of(previous: str, entry: Mapping[str, object], key: bytes | None) -> str:
    """64 hexadecimal digits; `previous` is the seal of the entry before."""
    message = previous.encode() + b"\n" + canonical(entry)
    if key is None:
        return hashlib.sha256(message).hexdigest()
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def keys_in(secret: bytes | None) -> tuple[bytes, ...]:
    """The keys of a secret, one a line: the first one seals, older ones after it only verify."""
    return tuple(line.strip() for line in (secret or b"").splitlines() if line.strip())


def key_id_of(key: bytes | None) -> str | None:
    """What tells two keys apart without telling them."""
    if key is None:
        return None
    return hashlib.sha256(b"creditctl audit key\n" + key).hexdigest()[:_KEY_ID_LENGTH]
