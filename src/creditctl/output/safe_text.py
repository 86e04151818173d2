"""Text from users, made harmless for terminals: what cannot be seen is spelled out."""

import re

_INVISIBLE = (
    "\x00-\x09\x0b-\x1f\x7f-\x9f"  # control characters, among them ANSI sequences' escape
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls
    "\u2028\u2029\ufeff\ud800-\udfff"  # line separators, byte order mark, lone surrogates
)
_IN_TEXT = re.compile(f"[\n{_INVISIBLE}]")
_IN_DOCUMENT = re.compile(f"[{_INVISIBLE}]")


def visible(text: str) -> str:
    r"""`text` with every control character written as `\x1b`, `\n` or `\u202e`."""
    return _IN_TEXT.sub(lambda found: _spelled(found.group()), text)


def visible_in_json(document: str) -> str:
    r"""A JSON document with the same characters as JSON's own `\u` escapes; newlines stay."""
    return _IN_DOCUMENT.sub(lambda found: f"\\u{ord(found.group()):04x}", document)


def _spelled(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
