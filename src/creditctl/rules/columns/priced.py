"""Events with their cost, as columns: what the importer books."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np

from creditctl.rules.columns import Column
from creditctl.rules.columns.event_ids import id_bytes, sixteen_bytes
from creditctl.rules.instants import MICROS_PER_HOUR
from creditctl.rules.usage_duplicates import Sighting


@dataclass(frozen=True, slots=True)
class PricedColumns:
    """Events by their internal ids, each column of the integers in `_KINDS`."""

    line: Column
    high: Column
    """The first eight bytes of the id, unsigned."""

    low: Column
    occurred_at: Column
    organization_id: Column
    api_key_id: Column
    """0 when no key is named."""

    price: Column
    """Place of the price's version in the price table."""

    endpoint_id: Column
    status: Column
    units: Column
    credits_micro: Column
    failed: Column
    """1 where the status is none that is billed."""

    texts: Column | None
    """The id's words where its bytes are only their hash, otherwise None; None if none was."""

    volume_before: Column | None = None
    """Billed units of the day before it, of events at graduated prices; None for 0."""

    def __post_init__(self) -> None:
        for name, kind in _KINDS.items():
            object.__setattr__(self, name, getattr(self, name).astype(kind, copy=False))

    def __len__(self) -> int:
        return len(self.line)

    @property
    def event_hour(self) -> Column:
        """Hours since 1970."""
        return self.occurred_at // MICROS_PER_HOUR

    def take(self, places: Column) -> "PricedColumns":
        """Those events, in that order; a mask or a list of places."""
        return PricedColumns(
            *(None if column is None else column[places] for column in self._columns())
        )

    def _columns(self) -> Iterator[Column | None]:
        return (getattr(self, field.name) for field in fields(self))

    def with_costs(self, credits_micro: Column, volume_before: Column) -> "PricedColumns":
        """The same events at other costs."""
        return replace(self, credits_micro=credits_micro, volume_before=volume_before)

    def event_id(self, place: int) -> bytes:
        """One event's id."""
        return id_bytes(int(self.high[place]), int(self.low[place]))

    def ids(self, places: Column) -> list[bytes]:
        """The ids of events."""
        ids: list[bytes] = sixteen_bytes(self.high[places], self.low[places]).tolist()
        return ids

    def sightings(self, places: Column) -> list[Sighting]:
        """When events were seen, and with what requests."""
        columns = (
            self.organization_id, self.api_key_id, self.endpoint_id, self.status, self.units
        )  # fmt: skip
        owners, keys, *others = (one[places].tolist() for one in columns)
        requests = zip(owners, (key or None for key in keys), *others, strict=True)
        return list(map(Sighting, self.occurred_at[places].tolist(), requests))


_KINDS = {
    "line": np.int64,
    "high": np.uint64,
    "low": np.uint64,
    "occurred_at": np.int64,
    "organization_id": np.int32,
    "api_key_id": np.int32,
    "price": np.int32,
    "endpoint_id": np.int32,
    "status": np.int16,
    "units": np.int64,
    "credits_micro": np.int64,
    "failed": np.int8,
}
"""Few bytes an event: a chunk's columns are copied several times, and memory is what that costs."""


def joined(parts: list[PricedColumns]) -> PricedColumns:
    """All events of some parts, in their order; empties the list, so that nothing is held twice."""
    if len(parts) == 1:
        return parts.pop()
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        if parts
        else np.empty(0, kind)
        for name, kind in _KINDS.items()
    }
    texts = None
    if any(part.texts is not None for part in parts):
        texts = np.concatenate(
            [
                np.full(len(part), None, object) if part.texts is None else part.texts
                for part in parts
            ]
        )
    parts.clear()
    return PricedColumns(**columns, texts=texts)
