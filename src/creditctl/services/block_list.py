"""`limits export`: what the last `limits check` decided, for gateways."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from creditctl.adapters.block_lists import block_list_format
from creditctl.adapters.whole_files import replace_if_different
from creditctl.context import Context
from creditctl.rules.block_list import Block, BlockScope, block_of, blocks_by_place
from creditctl.rules.enforcement import Reason
from creditctl.services.usage_files import unwritable
from creditctl.store.engine import reading
from creditctl.store.queries.block_list import (
    BlockedPartRow,
    BlockedRow,
    blocked_organizations,
    blocked_parts,
)


@dataclass(frozen=True, slots=True)
class ExportedBlocks:
    """What the file says; `entries` are the keys, and keys with a product, that are turned away."""

    file: str
    format: str
    organizations: int
    entries: int
    changed: bool


def list_blocks(context: Context) -> list[Block]:
    """Every block that holds at context.now."""
    with reading(context.database) as unit:
        rows = blocked_organizations(unit, context.now)
        parts = blocked_parts(unit, context.now)
    return sorted([*_of_organizations(rows), *_of_parts(parts)], key=lambda block: block.order)


def block_list_text(context: Context, format_name: str) -> str:
    """The block list in that format; raises InvalidInput for an unknown one."""
    written = block_list_format(format_name)
    return written.text_of(list_blocks(context))


def export_blocks(context: Context, target: Path, *, format_name: str) -> ExportedBlocks:
    """Write the block list to the file, all at once, and only if it is another than before.

    Raises InvalidInput, FileMissing, DiskFull.
    """
    written = block_list_format(format_name)
    blocks = list_blocks(context)
    try:
        changed = replace_if_different(target, written.text_of(blocks).encode())
    except OSError as problem:
        raise unwritable(target, problem) from None
    return ExportedBlocks(
        file=str(target),
        format=format_name,
        organizations=len({block.organization for block in blocks}),
        entries=len(blocks_by_place(blocks)),
        changed=changed,
    )


def _of_organizations(rows: list[BlockedRow]) -> Iterator[Block]:
    for (slug, reason, until), keys in groupby(
        rows, lambda row: (row.organization, row.reason, row.until)
    ):
        yield block_of(slug, reason, until, [row.prefix for row in keys if row.prefix])


def _of_parts(rows: list[BlockedPartRow]) -> Iterator[Block]:
    for _, group in groupby(rows, lambda row: row.crossing_id):
        keys = list(group)
        yield block_of(
            keys[0].organization,
            Reason.BUDGET,
            keys[0].until,
            [row.prefix for row in keys if row.prefix],
            scope=BlockScope.KEY if keys[0].product is None else BlockScope.PRODUCT,
            product=keys[0].product,
        )
