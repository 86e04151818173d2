"""Captured calls of a time that was invoiced meanwhile take the steps of an import (DESIGN 3.5)."""

import numpy as np

from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.columns.event_ids import halves_of
from creditctl.rules.columns.priced import PricedColumns
from creditctl.services.late_periods import LatePeriods
from creditctl.services.late_usage import late_among
from creditctl.services.price_book import PriceBook
from creditctl.services.price_table import PriceTable
from creditctl.services.usage_booking import book_events
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.calls import CallRow, count_records
from creditctl.store.queries.usage_batches import add_counts


def book_call_of_invoiced_time(
    unit: UnitOfWork, context: Context, book: PriceBook, call: CallRow, batch_id: int
) -> None:
    """Book the call as an adjustment for the next invoice, or normally if its owner's is open.

    Raises Conflict where an import would put it in quarantine: only a person may decide that.
    """
    table = PriceTable(book)
    events = _columns(table, call)
    late = late_among(unit, events, np.arange(1), context.settings.late_window)
    if late is not None and len(late.quarantined):
        raise Conflict(
            "the call is of a time that was invoiced long ago",
            hint="import its log line: 'creditctl usage late list' then shows it",
        )
    periods = LatePeriods.of([]) if late is None else late.periods
    counts = book_events(unit, context, batch_id, table, events, periods)
    count_records(unit, batch_id, 1)
    add_counts(unit, batch_id, counts)


def _columns(table: PriceTable, call: CallRow) -> PricedColumns:
    high, low = halves_of(call.event_id)
    places = table.places_of([call.price_id])
    return PricedColumns(
        line=np.array([1]),
        high=np.array([high], np.uint64),
        low=np.array([low], np.uint64),
        occurred_at=np.array([call.occurred_at]),
        organization_id=np.array([call.organization_id]),
        api_key_id=np.array([call.api_key_id or 0]),
        price=places,
        endpoint_id=table.endpoint_ids[places],
        status=np.array([call.status]),
        units=np.array([call.units]),
        credits_micro=np.array([call.credits_micro]),
        failed=np.array([call.failed]),
        texts=np.array([call.id_text], object),
    )
