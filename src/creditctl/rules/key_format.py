"""API keys: `ck_live_` + 30 random characters + a checksum, all base 62 (as GitHub's are).

The checksum lets a scanner, and us, tell a real key from a typing error without any look-up.
"""

import hashlib
import hmac
import zlib
from typing import NamedTuple

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SECRET_LENGTH = 30
CHECKSUM_LENGTH = 6
VISIBLE_LENGTH = 8
MODES = ("live", "test")
ENTROPY_BYTES = 32
_PEPPERED = "hmac:"
_NO_HASH = "0" * 64


class KeyParts(NamedTuple):
    """What may be kept of a key: never the key itself."""

    prefix: str
    secret_hash: str
    last_four: str


def new_key(mode: str, entropy: bytes) -> str:
    """A key from ENTROPY_BYTES random bytes; 30 characters of base 62 hold 178 bits of them."""
    number = int.from_bytes(entropy, "big")
    head = f"ck_{mode}_{_digits(number, SECRET_LENGTH)}"
    return head + _checksum(head)


def is_well_formed(key: str) -> bool:
    """Whether the text has a key's form and its checksum fits."""
    mode = key[3:7]
    if not key.startswith("ck_") or mode not in MODES or key[7:8] != "_":
        return False
    body = key[8:]
    if len(body) != SECRET_LENGTH + CHECKSUM_LENGTH or any(char not in _BASE62 for char in body):
        return False
    return hmac.compare_digest(_checksum(key[:-CHECKSUM_LENGTH]), key[-CHECKSUM_LENGTH:])


def parts_of(key: str, pepper: bytes | None = None) -> KeyParts:
    """The public prefix, the hash of the whole key, and its last four characters."""
    prefix = key[: len("ck_live_") + VISIBLE_LENGTH]
    return KeyParts(prefix, secret_hash(key, pepper), key[-4:])


def secret_hash(key: str, pepper: bytes | None) -> str:
    """SHA-256, or with a pepper HMAC-SHA-256: 160 random bits need no slow hash."""
    if pepper is None:
        return hashlib.sha256(key.encode()).hexdigest()
    return _PEPPERED + hmac.new(pepper, key.encode(), hashlib.sha256).hexdigest()


def fits(key: str, stored_hash: str | None, pepper: bytes | None) -> bool:
    """Whether the key is the one that was hashed; takes as long when there is none.

    A key from before a pepper was configured has a plain hash.
    """
    plain, peppered = secret_hash(key, None), secret_hash(key, pepper or b"")
    is_peppered = stored_hash is not None and stored_hash.startswith(_PEPPERED)
    candidate = peppered if is_peppered else plain
    same = hmac.compare_digest(candidate, stored_hash or _NO_HASH)
    return same and not (is_peppered and pepper is None)


def mode_of(prefix: str) -> str:
    """`live` or `test`."""
    return prefix.split("_")[1]


def _checksum(head: str) -> str:
    return _digits(zlib.crc32(head.encode()), CHECKSUM_LENGTH)


def _digits(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))
