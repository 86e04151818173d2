"""Ids of usage events: 16 bytes, whatever text the file has (DESIGN 6)."""

import re
from hashlib import blake2b

ID_BYTES = 16
LONGEST_ID = 255
"""Characters an id may have."""

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.ASCII)
_ULID_DIGITS = {digit: value for value, digit in enumerate("0123456789ABCDEFGHJKMNPQRSTVWXYZ")}


def event_id(text: str) -> tuple[bytes, bool]:
    """The id's 16 bytes, and whether they are all of it.

    A UUID and a (canonical, upper-case) ULID are 16 bytes by nature; any other text is hashed,
    personalised so that nobody can pass a hash of ours off as another id of theirs.
    """
    if len(text) == 36 and _UUID.fullmatch(text):  # noqa: PLR2004 - the length of a UUID
        return bytes.fromhex(text.replace("-", "")), True
    if len(text) == 26 and _ULID.fullmatch(text):  # noqa: PLR2004 - the length of a ULID
        number = 0
        for digit in text:
            number = number << 5 | _ULID_DIGITS[digit]
        return number.to_bytes(ID_BYTES, "big"), True
    return blake2b(text.encode(), digest_size=ID_BYTES, person=b"creditctl-event").digest(), False


def id_text(value: bytes) -> str:
    """16 bytes as a UUID is written."""
    digits = value.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def line_fingerprint(line: bytes) -> int:
    """64 bits that tell a file's lines apart, to count equal ones."""
    return int.from_bytes(blake2b(line, digest_size=8).digest(), "big")


def id_of_line(line: bytes, occurrence: int) -> str:
    """The id of a log line that has none: the same in every import of the same lines.

    `occurrence` counts equal lines above it in its file, from 0. Written as a UUID of version 8
    (RFC 9562: made by a rule of one's own), so that no text has to be kept beside it.
    """
    digest = blake2b(line, digest_size=ID_BYTES, person=b"creditctl-line", salt=b"%d" % occurrence)
    number = int.from_bytes(digest.digest(), "big")
    number = number & ~(0xF << 76) & ~(0x3 << 62) | 8 << 76 | 2 << 62
    return id_text(number.to_bytes(ID_BYTES, "big"))
