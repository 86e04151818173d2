"""Block lists as gateways read them: one module per format, named in `BLOCK_LISTS`.

A module has `text_of`, which turns blocks into the whole file, the same for the same blocks: no
time of its own, so that a file only changes when a block does.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from creditctl.errors import InvalidInput
from creditctl.rules.block_list import Block

BLOCK_LISTS = {
    "json": "creditctl.adapters.block_lists.json",
    "nginx": "creditctl.adapters.block_lists.nginx",
    "redis": "creditctl.adapters.block_lists.redis",
}
"""Format name -> module."""


class BlockListFormat(Protocol):
    """What a format's module offers."""

    def text_of(self, blocks: Sequence[Block]) -> str:
        """The whole file; the blocks come in their order."""


def block_list_format(name: str) -> BlockListFormat:
    """The format of that name; raises InvalidInput for an unknown one."""
    if name not in BLOCK_LISTS:
        known = ", ".join(BLOCK_LISTS)
        raise InvalidInput(f"a block list cannot be written as {name!r}", hint=f"formats: {known}")
    return cast(BlockListFormat, import_module(BLOCK_LISTS[name]))
