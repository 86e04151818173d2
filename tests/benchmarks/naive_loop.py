"""What one would write first: an ORM, an event at a time, on the product's own tables."""

import time
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlmodel import Session, col, select

from creditctl.store.tables.api_keys import ApiKey
from creditctl.store.tables.catalog import Endpoint as EndpointRow
from creditctl.store.tables.catalog import EndpointPrice
from creditctl.store.tables.grants import CreditGrant
from creditctl.store.tables.organizations import Organization
from creditctl.store.tables.usage import UsageEvent

from .dataset import id_texts, time_texts
from .events import Events, key_prefix
from .prices import ENDPOINTS
from .workspace import settle

_PER_SESSION = 1_000
_MICROS_PER_HOUR = 3_600_000_000
_SUCCESS = range(200, 300)


def seconds_for(database: Path, events: Events) -> float:
    """Book the events: one SELECT for the id, one for the organization, then rows and balance."""
    engine = _engine(database)
    prices = _prices(engine)
    wallets = _grants(engine)
    rows = list(_rows(events))
    began = time.perf_counter()
    for first in range(0, len(rows), _PER_SESSION):
        with Session(engine) as session:
            for row in rows[first : first + _PER_SESSION]:
                _book(session, row, prices, wallets)
            session.commit()
    engine.dispose()
    return time.perf_counter() - began + settle(database)


def _book(
    session: Session, row: dict[str, Any], prices: dict[str, int], grants: dict[int, int]
) -> None:
    at = int(datetime.fromisoformat(row["time"]).timestamp() * 1_000_000)
    event_id = row["id"].encode()
    hour = at // _MICROS_PER_HOUR
    known = select(UsageEvent.event_id).where(
        UsageEvent.event_hour == hour, UsageEvent.event_id == event_id
    )
    if session.exec(known).first() is not None:
        return
    owner = select(ApiKey, Organization).join(Organization).where(ApiKey.prefix == row["key"])
    key, organization = session.exec(owner).one()
    assert key.id is not None
    assert organization.id is not None
    endpoint = row["endpoint"]
    cost = endpoint.cost_micro(row["units"]) if row["status"] in _SUCCESS else 0
    session.add(
        UsageEvent(
            event_hour=hour,
            event_id=event_id,
            occurred_at=at,
            organization_id=organization.id,
            api_key_id=key.id,
            price_id=prices[endpoint.path],
            status=row["status"],
            units=row["units"],
            credits_micro=cost,
            batch_id=1,
            volume_before=0,
        )
    )
    grant = session.get_one(CreditGrant, grants[organization.id])
    grant.remaining_micro -= min(cost, grant.remaining_micro)


def _rows(events: Events) -> Any:
    """The lines, read and typed already: that is not counted."""
    columns = (
        id_texts(events, "ulid").to_pylist(),
        time_texts(events).to_pylist(),
        [key_prefix(place) for place in events.key.tolist()],
        [ENDPOINTS[place] for place in events.endpoint.tolist()],
        events.status.tolist(),
        events.units.tolist(),
    )
    names = ("id", "time", "key", "endpoint", "status", "units")
    return (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))


def _engine(database: Path) -> Engine:
    engine = create_engine(f"sqlite:///{database}")

    @event.listens_for(engine, "connect")
    def durable(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    return engine


def _prices(engine: Engine) -> dict[str, int]:
    with Session(engine) as session:
        asked = select(EndpointRow.path, EndpointPrice.id).join(
            EndpointPrice, col(EndpointPrice.endpoint_id) == col(EndpointRow.id)
        )
        return {path: number for path, number in session.exec(asked) if number is not None}


def _grants(engine: Engine) -> dict[int, int]:
    """The one balance that the loop keeps of each organization."""
    with Session(engine) as session:
        asked = select(CreditGrant.organization_id, CreditGrant.id)
        return {owner: number for owner, number in session.exec(asked) if number is not None}
