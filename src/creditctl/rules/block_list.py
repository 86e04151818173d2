"""What a gateway has to turn away, with which HTTP status, and until when (DESIGN 3.6, 3.7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from creditctl.rules.enforcement import Reason
from creditctl.rules.instants import micros_of

_HTTP_STATUSES = {
    Reason.CREDITS_EXHAUSTED: 402,
    Reason.OVERAGE: 402,
    Reason.SUSPENDED: 403,
    Reason.CLOSED: 403,
    Reason.BUDGET: 429,
}
MICROS_PER_SECOND = 1_000_000


class BlockScope(StrEnum):
    """What of an organization is blocked."""

    ORGANIZATION = "organization"
    PRODUCT = "product"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Block:
    """Calls to turn away; `keys` are the public prefixes of the active keys that make them."""

    organization: str
    scope: BlockScope
    product: str | None
    keys: tuple[str, ...]
    reason: Reason
    status: int
    until: datetime | None
    until_epoch: int | None
    """Seconds since 1970, rounded up; None: until somebody does something about it."""

    @property
    def order(self) -> tuple[str, str, str, tuple[str, ...], int]:
        """The same whatever the database sorts by."""
        return self.organization, self.scope, self.product or "", self.keys, self.until_epoch or 0


def block_of(
    organization: str,
    reason: Reason,
    until: datetime | None,
    keys: Iterable[str],
    *,
    scope: BlockScope = BlockScope.ORGANIZATION,
    product: str | None = None,
) -> Block:
    """A block with what HTTP says about its reason."""
    return Block(
        organization=organization,
        scope=scope,
        product=product,
        keys=tuple(sorted(keys)),
        reason=reason,
        status=_HTTP_STATUSES[reason],
        until=until,
        until_epoch=None if until is None else -(-micros_of(until) // MICROS_PER_SECOND),
    )


def blocks_by_place(blocks: Iterable[Block]) -> dict[str, Block]:
    """What a gateway looks up, in order: PREFIX, and PREFIX/PRODUCT for calls of one product.

    Of several blocks the one that lasts longest is told.
    """
    found: dict[str, Block] = {}
    for block in blocks:
        for prefix in block.keys:
            place = prefix if block.product is None else f"{prefix}/{block.product}"
            if place not in found or _end(found[place]) < _end(block):
                found[place] = block
    return dict(sorted(found.items()))


def _end(block: Block) -> tuple[bool, int]:
    return block.until_epoch is None, block.until_epoch or 0
