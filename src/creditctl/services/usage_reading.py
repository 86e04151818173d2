"""From a file to chunks of priced events, read ahead while the one before is booked."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa

from creditctl.adapters.readers import Block
from creditctl.rules.columns.priced import PricedColumns, joined
from creditctl.rules.usage_events import Reject, storable
from creditctl.services.usage_chunks import Chunk
from creditctl.services.usage_mapping import FieldMapping
from creditctl.services.usage_pricing import Pricer

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Preparation:
    """How the records of a file become chunks."""

    mapping: FieldMapping
    pricer: Pricer
    dialect: str
    window: int
    """Of duplicates, in microseconds."""

    size: int
    """Records of a chunk, at most."""

    def chunk(
        self, parts: list[PricedColumns], rejects: list[Reject], before: Chunk | None
    ) -> Chunk:
        """The chunk of these parts, which follow `before`."""
        # Nobody else may hold the joined events: they are put in order as others, and are large.
        return Chunk.of(
            self.dialect, self.pricer.table, joined(parts), rejects, self.window, before
        )


def priced_chunks(
    blocks: Iterable[Block], preparation: Preparation, *, done: int
) -> Iterator[Chunk]:
    """The file's records after the first `done`, in chunks."""
    # Arrow's own allocator keeps what a block needed for the next one; the system's gives it back.
    pa.set_memory_pool(pa.system_memory_pool())
    room = _end_of_chunk(done, preparation.size) - done
    parts: list[PricedColumns] = []
    rejects: list[Reject] = []
    chunk: Chunk | None = None
    held, skipped = 0, done
    for block in blocks:
        if skipped >= block.records:
            skipped -= block.records
            continue
        events, refused = _priced(block, preparation.mapping, preparation.pricer)
        if skipped:
            events, refused = _after(events, refused, skipped)
            skipped = 0
        while held + len(events) + len(refused) >= room:
            (events, refused), (rest, later) = _cut(events, refused, room - held)
            parts.append(events)
            chunk = preparation.chunk(parts, rejects + refused, chunk)
            yield chunk
            parts, rejects, held = [], [], 0
            done += room
            room = _end_of_chunk(done, preparation.size) - done
            events, refused = rest, later
        parts.append(events)
        rejects += refused
        held += len(events) + len(refused)
    if held:
        yield preparation.chunk(parts, rejects, chunk)


def _end_of_chunk(place: int, size: int) -> int:
    """Where the chunk with the record at that place ends, whoever read the ones before.

    The first one is a quarter, for nothing is booked while it is read, and each is longer by a
    quarter until they are full: reading one takes about as long as booking the one before.
    """
    quarter = -(-size // 4)
    end = quarter
    for quarters in (2, 3):
        if place >= end:
            end += min(quarters * quarter, size)
    return end if place < end else end + ((place - end) // size + 1) * size


@contextmanager
def read_ahead(items: Iterator[Item]) -> Iterator[Iterator[Item]]:
    """The same items, each made in a second thread while the one before it is used.

    The first is begun at once: there may be something to do before it is used.
    """
    with ThreadPoolExecutor(1, "read-ahead") as thread:
        following = thread.submit(next, items, None)

        def made() -> Iterator[Item]:
            nonlocal following
            while (item := following.result()) is not None:
                following = thread.submit(next, items, None)
                yield item

        yield made()


def _priced(
    block: Block, mapping: FieldMapping, pricer: Pricer
) -> tuple[PricedColumns, list[Reject]]:
    mapped = mapping.mapped(block)
    priced = pricer.price(mapped.lines, mapped.fields)
    rejects = [one._replace(value=storable(one.value)) for one in mapped.rejects]
    return priced.events, sorted([*rejects, *priced.rejects])


Records = tuple[PricedColumns, list[Reject]]


def _cut(events: PricedColumns, rejects: list[Reject], count: int) -> tuple[Records, Records]:
    """The first `count` records, in the order of the file, and the others."""
    lines = sorted([*events.line.tolist(), *(reject.line for reject in rejects)])
    if count >= len(lines):
        return (events, rejects), (events.take(slice(0, 0)), [])
    first_later = lines[count]
    before = events.line < first_later
    return (
        (events.take(before), [one for one in rejects if one.line < first_later]),
        (events.take(~before), [one for one in rejects if one.line >= first_later]),
    )


def _after(events: PricedColumns, rejects: list[Reject], count: int) -> Records:
    return _cut(events, rejects, count)[1]
