"""Paths that people write in settings."""

from pathlib import Path

from creditctl.errors import InvalidInput


def written_path(name: str, text: str) -> Path:
    """The path, with a home directory in place of `~`; raises InvalidInput naming the setting."""
    if "\0" in text:
        raise InvalidInput(f"{name}: no path holds a NUL character")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise InvalidInput(
            f"{name}: {text}: nobody knows that home directory", hint="write the path in full"
        ) from None
