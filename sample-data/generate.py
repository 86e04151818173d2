"""Writes the usage files of the sample companies: `python sample-data/generate.py`.

What is used is stated below, request by request, so that every figure of the month can be worked
out by hand; the seed decides only ids, seconds and the order of lines. A test compares the files.
"""

import csv
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).parent
MONTH = datetime(2026, 10, 1, tzinfo=UTC)
ALL_DAYS = tuple(range(1, 32))
CUT = datetime(2026, 10, 14, 18, tzinfo=UTC)
"""The first file ends here: the moment at which the demo checks limits for the first time."""

OPENS_AT, OPEN_SECONDS = 6 * 3600, 11 * 3600
REDELIVERED = 6
COLUMNS = ("id", "time", "org", "key", "method", "path", "status", "units")


@dataclass(frozen=True)
class Requests:
    """`per_day` equal requests on each of `days`, between 06:00 and 17:00 UTC."""

    org: str
    path: str
    per_day: int
    status: int = 200
    units: int = 0
    key: str = "production"
    method: str = "GET"
    days: tuple[int, ...] = ALL_DAYS
    at: str | None = None
    """A fixed time of day, where it matters."""


SYSTEMS: dict[str, tuple[Requests, ...]] = {
    "finfeedapi": (
        # Prepaid on the $25 alone: 31 x 10 x 20 credits.
        Requests("northwind", "/v1/sec/filings/10-K", 10),
        Requests("northwind", "/v1/sec/filings/10-K", 2, status=500),
        # An order form for the stock API only: 31 x 20 x 50; the SEC API is paid by the $25.
        Requests("harbor-funds", "/v1/stock/history/AAPL", 20),
        Requests("harbor-funds", "/v1/sec/filings/8-K", 5),
        # A quota of 50,000 and usage beyond it: 31 x 30 x 100.
        Requests("atlas-research", "/v1/sec/search", 30),
        Requests("atlas-research", "/v1/sec/search", 1, status=404),
        # Postpaid: 31 x 28 x 100 within the limit, 31 x 32 x 100 beyond it.
        Requests("meridian-capital", "/v1/sec/search", 28),
        Requests("zenith-traders", "/v1/sec/search", 32),
        # A daily budget of 600: 20 x 20 a day, but 35 x 20 on the 14th.
        Requests("bluefin-labs", "/v1/sec/filings/10-Q", 20),
        Requests("bluefin-labs", "/v1/sec/filings/10-Q", 15, days=(14,)),
        # A warning at 800: 15 x 20 a day, but 45 x 20 on the 14th.
        Requests("copper-data", "/v1/sec/filings/10-Q", 15),
        Requests("copper-data", "/v1/sec/filings/10-Q", 30, days=(14,)),
        Requests("copper-data", "/v1/currencies/status", 5),
    ),
    "fincept": (
        # 31 x (3 free + 2 basic + 1 standard + 1 pro) = 31 x 9 credits of 350.
        Requests("solo-dev", "/v1/util/calendar", 3),
        Requests("solo-dev", "/v1/basic/returns", 2),
        Requests("solo-dev", "/v1/standard/volatility", 1),
        Requests("solo-dev", "/v1/pro/forecast", 1),
        # Failed calls cost nothing, and only 200 is success: not even 201.
        Requests("solo-dev", "/v1/pro/forecast", 1, status=500),
        Requests("solo-dev", "/v1/pro/forecast", 1, status=201),
        # A guest: 8 x 5 credits within the 24 hours, 2 x 1 after them.
        Requests("curious-guest", "/v1/pro/forecast", 8, days=(10,), at="11:30:00"),
        Requests("curious-guest", "/v1/basic/returns", 2, days=(11,), at="12:00:00"),
        # 10 x 7 x 5 credits: exactly the 350.
        Requests("hobby-quant", "/v1/pro/forecast", 7, days=tuple(range(1, 11))),
        # A subscription of 500 a month: 31 x 6 x 2.
        Requests("alpha-desk", "/v1/standard/volatility", 6),
        # Enterprise: 31 x 60 x 5 metered, nothing deducted.
        Requests("big-bank", "/v1/pro/forecast", 60),
    ),
    "finlight": (
        Requests("newsroom", "/v2/articles", 60, key="web"),
        Requests("newsroom", "/v2/articles", 10, key="intern"),
        Requests("newsroom", "/v2/sources", 5, key="web"),
        Requests("student", "/v2/articles", 15, key="thesis"),
        Requests("student", "/v2/articles", 7, key="thesis", status=429, days=(31,)),
        Requests("hedge-desk", "/v2/articles", 20, key="signals", units=40),
    ),
    "capsolver": (
        # 250 rows are 3 blocks of 100: 31 x 20 x 3.
        Requests("scraper-one", "/v1/pages", 20, units=250),
        # 30 rows are within the 50 included: the minimum of 1.
        Requests("scraper-one", "/v1/extract", 5, units=30),
        # 10,000 rows would be 100 blocks: the maximum of 20.
        Requests("scraper-one", "/v1/extract", 2, units=10_000),
        # 125 rows pro rata: 1.25 credits.
        Requests("scraper-one", "/v1/stream", 4, units=125),
        Requests("scraper-one", "/v1/solve/image", 3, status=503, method="POST"),
        # 31 x 2 x 3 credits on a trial of 100.
        Requests("mini-bot", "/v1/solve/image", 2, method="POST"),
        # 31 x 40 x 3 credits of a package of 5,000.
        Requests("captcha-farm", "/v1/solve/image", 40, method="POST"),
    ),
}


@dataclass(frozen=True)
class Event:
    """A line of a usage file."""

    id: str
    time: str
    org: str
    key: str
    method: str
    path: str
    status: str
    units: str


def main() -> None:
    """Write both files of every system."""
    for system in SYSTEMS:
        first, second = files_of(system)
        (HERE / system / "usage-1.csv").write_text(first, encoding="utf-8")
        (HERE / system / "usage-2.ndjson").write_text(second, encoding="utf-8")


def files_of(system: str) -> tuple[str, str]:
    """The texts of `usage-1.csv` (up to the cut, with bad lines) and `usage-2.ndjson`."""
    chance = random.Random(f"creditctl {system}")  # noqa: S311 - repeatable, not secret
    events = sorted(_events(SYSTEMS[system], chance), key=lambda event: event.time)
    cut = f"{CUT:%Y-%m-%dT%H:%M:%SZ}"
    early = [event for event in events if event.time < cut]
    late = [event for event in events if event.time >= cut]
    again = chance.sample(early, REDELIVERED)
    bad = _bad_events(early[0], chance)
    return _csv([*early, *again[:3], *bad]), _ndjson([*late, *again[3:]])


def _events(parts: tuple[Requests, ...], chance: random.Random) -> Iterator[Event]:
    for part in parts:
        for day in part.days:
            for _ in range(part.per_day):
                yield Event(
                    id=_uuid(chance),
                    time=_time(part, day, chance),
                    org=part.org,
                    key=part.key,
                    method=part.method,
                    path=part.path,
                    status=str(part.status),
                    units=str(part.units),
                )


def _time(part: Requests, day: int, chance: random.Random) -> str:
    midnight = MONTH + timedelta(days=day - 1)
    if part.at is not None:
        hours, minutes, seconds = map(int, part.at.split(":"))
        at = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    else:
        at = timedelta(seconds=OPENS_AT + chance.randrange(OPEN_SECONDS))
    return f"{midnight + at:%Y-%m-%dT%H:%M:%SZ}"


def _bad_events(event: Event, chance: random.Random) -> list[Event]:
    """Three lines that an import must refuse: each has one thing wrong."""
    return [
        replace(event, id=_uuid(chance), key="unknown-key"),
        replace(event, id=_uuid(chance), time="yesterday"),
        replace(event, id=_uuid(chance), units="-5"),
    ]


def _uuid(chance: random.Random) -> str:
    digits = f"{chance.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _csv(events: list[Event]) -> str:
    from io import StringIO

    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows([getattr(event, name) for name in COLUMNS] for event in events)
    return text.getvalue()


def _ndjson(events: list[Event]) -> str:
    lines = []
    for event in events:
        fields = {name: getattr(event, name) for name in COLUMNS}
        fields |= {"status": int(event.status), "units": int(event.units)}
        lines.append(json.dumps(fields, separators=(",", ":")))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
