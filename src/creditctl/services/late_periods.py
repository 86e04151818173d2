"""When usage of some organizations is late, as columns (DESIGN 3.5; `rules.late_usage`)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from creditctl.rules.columns import Column
from creditctl.rules.columns.grouping import distinct, group_starts, order_of
from creditctl.rules.instants import instant_of, micros_of
from creditctl.rules.late_usage import Invoiced, Lateness, LateStretch, late_stretches
from creditctl.rules.periods import Period
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.late_usage import (
    InvoiceSpanRow,
    invoices_of_staged,
    newest_final_end,
)
from creditctl.store.staging import stage_tables

NOT_LATE = -1


@dataclass(frozen=True, slots=True)
class LatePeriods:
    """The late times of some organizations, by organization and start; microseconds."""

    organization_id: Column
    starts_at: Column
    ends_at: Column
    lateness: Column
    months: list[str]

    def places(self, organization_id: Column, occurred_at: Column) -> Column:
        """In which of the times each event lies; NOT_LATE for none."""
        places = np.full(len(occurred_at), NOT_LATE, np.int64)
        suspects = np.flatnonzero(np.isin(organization_id, distinct(self.organization_id)[0]))
        if not len(suspects):
            return places
        suspects = suspects[order_of(organization_id[suspects])]
        for events in _runs(organization_id[suspects], suspects):
            owner = int(organization_id[events[0]])
            first, end = np.searchsorted(self.organization_id, [owner, owner + 1]).tolist()
            times = occurred_at[events]
            found = first + np.searchsorted(self.starts_at[first:end], times, "right") - 1
            inside = (found >= first) & (times < self.ends_at[found])
            places[events[inside]] = found[inside]
        return places

    def verdicts(self, organization_id: Column, occurred_at: Column) -> Column:
        """What becomes of each event: a column of `Lateness`."""
        places = self.places(organization_id, occurred_at)
        # NOT_LATE is the place of the last one, which is put there for it.
        return np.append(self.lateness, int(Lateness.NORMAL))[places]

    @classmethod
    def of(cls, found: Sequence[tuple[int, LateStretch]]) -> "LatePeriods":
        """Stretches with their organizations, by organization and then ascending."""
        return cls(
            organization_id=np.array([owner for owner, _ in found], np.int64),
            starts_at=np.array([micros_of(one.period.starts_at) for _, one in found], np.int64),
            ends_at=np.array([micros_of(one.period.ends_at) for _, one in found], np.int64),
            lateness=np.array([int(one.lateness) for _, one in found], np.int64),
            months=[one.month for _, one in found],
        )


def late_periods(
    unit: UnitOfWork, organization_id: Column, occurred_at: Column, window: int
) -> LatePeriods:
    """The late times of the events' organizations, as far back as the events go.

    `window` is how many periods are adjusted. One query where no final invoice reaches so far.
    """
    newest = newest_final_end(unit) if len(occurred_at) else None
    early = np.array([], np.int64)
    if newest is not None:
        early = np.flatnonzero(occurred_at < micros_of(newest))
    if not len(early):
        return LatePeriods.of([])
    early = early[order_of(organization_id[early])]
    runs = list(_runs(organization_id[early], early))
    firsts = {int(organization_id[run[0]]): int(occurred_at[run].min()) for run in runs}
    owners = {"organization_id": list(firsts), "first_at": list(firsts.values())}
    stage_tables(
        unit, {"staged_owner": {name: np.array(column) for name, column in owners.items()}}
    )
    return LatePeriods.of(
        [
            (owner, stretch)
            for owner, rows in groupby(
                invoices_of_staged(unit), key=lambda row: row.organization_id
            )
            for stretch in late_stretches(map(_invoiced, rows), instant_of(firsts[owner]), window)
        ]
    )


def _invoiced(row: InvoiceSpanRow) -> Invoiced:
    return Invoiced(Period(row.starts_at, row.ends_at), row.month, is_final=row.status != "draft")


def _runs(owners: Column, places: Column) -> Iterator[Column]:
    """The places of each organization's events; equal owners are neighbours."""
    starts = group_starts(owners)
    return iter(np.split(places, starts[1:]))
