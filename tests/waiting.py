"""Waiting for what comes about by itself."""

import time
from collections.abc import Callable

PATIENCE = 60


def in_time(is_so: Callable[[], bool], *, look_every: float = 0.02) -> bool:
    """Whether it comes to that while a test may wait."""
    until = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(look_every)
    return True
