"""Redis and Valkey: commands for `redis-cli`, one transaction that replaces one hash.

`creditctl:blocks` has a field for each blocked key, called PREFIX, or PREFIX/PRODUCT where it is
blocked for one product. A field says STATUS:REASON:UNTIL, with 0 for a block without an end.
"""

from collections.abc import Sequence

from creditctl.rules.block_list import Block, blocks_by_place

HASH = "creditctl:blocks"
_FIELDS_A_COMMAND = 200
"""A command in one line may have at most 64 KiB."""


def text_of(blocks: Sequence[Block]) -> str:
    """Readers see all of the old list or all of the new one."""
    fields = [f"{place} {_answer(block)}" for place, block in blocks_by_place(blocks).items()]
    filled = [
        f"HSET {HASH} {' '.join(fields[first : first + _FIELDS_A_COMMAND])}"
        for first in range(0, len(fields), _FIELDS_A_COMMAND)
    ]
    return "\n".join(["MULTI", f"DEL {HASH}", *filled, "EXEC"]) + "\n"


def _answer(block: Block) -> str:
    return f"{block.status}:{block.reason.value}:{block.until_epoch or 0}"
