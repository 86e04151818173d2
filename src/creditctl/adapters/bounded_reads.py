"""Files that are read whole: only so much of them, for a device such as /dev/zero never ends."""

from pathlib import Path

from creditctl.errors import InvalidInput

LONGEST = 100_000_000
"""Bytes of a catalog, an order form, a lookup table or a setting; real ones have far fewer."""

_BLOCK = 1_048_576


def read_bytes(path: Path, *, longest: int = LONGEST) -> bytes:
    """What the file holds; raises OSError, and InvalidInput for more bytes than `longest`."""
    parts = []
    left = longest + 1
    with path.open("rb") as stream:
        # In blocks: asked for all at once, room for the limit would be taken for every file.
        while left > 0 and (part := stream.read(min(left, _BLOCK))):
            parts.append(part)
            left -= len(part)
    if left <= 0:
        raise InvalidInput(
            f"{path} holds more than {longest:,} bytes", hint="name the file that is meant"
        )
    return b"".join(parts)


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """The same as text whose lines end in one way; raises UnicodeDecodeError, too."""
    text = read_bytes(path).decode(encoding)
    return text.replace("\r\n", "\n").replace("\r", "\n")
