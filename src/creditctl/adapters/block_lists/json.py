"""JSON: every block on a line, organizations without a key too; `creditctl schema block_list`."""

import json
from collections.abc import Sequence

from creditctl.rules.block_list import Block
from creditctl.rules.instants import instant_text

SCHEMA = "creditctl.block_list/v1"


def text_of(blocks: Sequence[Block]) -> str:
    """The envelope that every document of creditctl has."""
    lines = ",\n".join(f"    {json.dumps(_members(block))}" for block in blocks)
    data = f"[\n{lines}\n  ]" if lines else "[]"
    return f'{{\n  "schema": "{SCHEMA}",\n  "data": {data}\n}}\n'


def _members(block: Block) -> dict[str, object]:
    return {
        "organization": block.organization,
        "scope": block.scope,
        "product": block.product,
        "keys": block.keys,
        "reason": block.reason,
        "status": block.status,
        "until": None if block.until is None else instant_text(block.until),
        "until_epoch": block.until_epoch,
    }
