"""Who watches an import: told how far it is, and asked whether it should stop."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the import of one file is; what is told is committed."""

    file: str
    records: int
    """Read since this run began; billed or not."""

    consumed: int
    """Bytes of the file, packed as it is, that were read."""

    size: int


class Watch(Protocol):
    """Somebody who watches."""

    def advanced(self, progress: Progress) -> None:
        """A chunk was booked."""

    def wants_to_stop(self) -> bool:
        """Whether to stop before the next chunk."""


class NobodyWatches:
    """For scripts and tests."""

    def advanced(self, progress: Progress) -> None:
        """Told to nobody."""

    def wants_to_stop(self) -> bool:
        """Never."""
        return False
