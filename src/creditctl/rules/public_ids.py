"""Public ids: a prefix that says what it is, and a UUIDv7 that sorts by time (RFC 9562, TypeID)."""

from datetime import datetime

from creditctl.rules.instants import micros_of

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHIFTS = range(120, -1, -10)
"""Of 13 pairs of digits."""

ENTROPY_BYTES = 10


def public_id(prefix: str, at: datetime, entropy: bytes) -> str:
    """`prefix_` + 26 characters of Crockford base 32; `entropy` is ENTROPY_BYTES random bytes."""
    milliseconds = (micros_of(at) // 1000) & (2**48 - 1)
    random_a = int.from_bytes(entropy[:2], "big") & 0xFFF
    random_b = int.from_bytes(entropy[2:], "big") & (2**62 - 1)
    uuid = milliseconds << 80 | 7 << 76 | random_a << 64 | 0b10 << 62 | random_b
    pairs = [_PAIRS[uuid >> shift & 1023] for shift in _SHIFTS]
    return f"{prefix}_{''.join(pairs)}"
