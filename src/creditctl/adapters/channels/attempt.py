"""One attempt at a delivery: when it has to be over, and what went wrong in plain words."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from creditctl.adapters.channels.interface import DeliveryFailed
from creditctl.errors import InvalidInput

LONGEST_DELIVERY = 10
"""Seconds; a setting may ask for less."""

_LONGEST_WORDS = 200


class Deadline:
    """A moment by which everything together has to be over, however slowly the other side goes."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self._end = monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether no time is left."""
        return monotonic() >= self._end

    def left(self) -> float:
        """Seconds that are left; raises TimeoutError when there are none."""
        seconds = self._end - monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


@contextmanager
def attempt(seconds: int) -> Iterator[Deadline]:
    """Whatever goes wrong inside is raised as DeliveryFailed."""
    deadline = Deadline(seconds)
    try:
        yield deadline
    except DeliveryFailed:
        raise
    except InvalidInput as refusal:
        raise DeliveryFailed(one_line(refusal.detail), is_final=True) from None
    except http.client.HTTPException:
        # Its words are those of the other side.
        raise DeliveryFailed("the answer broke off, or is not HTTP") from None
    except OSError as problem:
        raise DeliveryFailed(trouble(problem, deadline)) from None
    except ValueError as problem:
        # A message that cannot be written down will not be on another day.
        raise DeliveryFailed(
            one_line(f"{type(problem).__name__}: {problem}"), is_final=True
        ) from None


def trouble(problem: OSError, deadline: Deadline) -> str:
    """What the network or the operating system said, on one line."""
    if deadline.is_over or isinstance(problem, TimeoutError):
        return f"no answer within {deadline.seconds} s"
    return one_line(f"{type(problem).__name__}: {problem}")


def one_line(text: str, longest: int = _LONGEST_WORDS) -> str:
    """The text's printable characters on one line, at most that many."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
