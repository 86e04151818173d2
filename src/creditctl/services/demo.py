"""The demo: the main job on a sample company, through the same services as the real commands."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from creditctl.context import Context
from creditctl.errors import Conflict, CreditctlError, FileMissing, InvalidInput
from creditctl.rules.periods import parse_month
from creditctl.rules.units import Credits, Money
from creditctl.services.audit import list_audit_entries, record_change
from creditctl.services.balances import Balance, read_balance
from creditctl.services.catalog import apply_catalog
from creditctl.services.databases import initialize_database, without_password
from creditctl.services.invoicing import generate_invoices
from creditctl.services.limit_changes import LimitChange
from creditctl.services.limits_check import check_limits
from creditctl.services.org_lists import list_all_organizations
from creditctl.services.sample_accounts import set_up_accounts
from creditctl.services.usage_batches import ImportedFile
from creditctl.services.usage_import import import_usage
from creditctl.store.driver_sqlite import path_of
from creditctl.store.engine import dialect_of, unit_of_work

SYSTEMS = ("finfeedapi", "fincept", "finlight", "capsolver")
MARK = "demo.created"
"""The audit entry by which a demo knows its own database: it deletes no other."""

_WORTH_A_LOOK = {
    "finfeedapi": ("harbor-funds", "invoice show meridian-capital --month 2026-10"),
    "fincept": ("alpha-desk", "credits history curious-guest"),
    "finlight": ("newsroom", "plans show pro-scale"),
    "capsolver": ("scraper-one", "prices explain GET /v1/extract --units 10000"),
}
_OPENS_AT = datetime(2026, 10, 1, tzinfo=UTC)
_BLOCKING_DAY = datetime(2026, 10, 14, 18, tzinfo=UTC)
_NEXT_MORNING = datetime(2026, 10, 15, 0, 1, tzinfo=UTC)
_LAST_MINUTE = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
_INVOICE_DAY = datetime(2026, 11, 1, 6, tzinfo=UTC)
_MONTH = "2026-10"


@dataclass(frozen=True, slots=True)
class DemoBalance:
    """What an organization had left at the end of the month."""

    organization: str
    available: Credits
    open_overage: Credits
    postpaid_overage: Credits
    left_of: str


@dataclass(frozen=True, slots=True)
class DemoState:
    """A change of state that a limits check made."""

    at: datetime
    organization: str
    state: str
    reason: str | None
    usage: Credits | None
    limit: Credits | None
    until: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class DemoInvoice:
    """A draft invoice of the month."""

    organization: str
    fees: Money
    overage: Money
    orders: Money
    tax: Money
    total: Money


@dataclass(frozen=True, slots=True)
class DemoStep:
    """A command to try next, with `CREDITCTL_DB` set to the demo's database."""

    command: str


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the main job did, in its order."""

    system: str
    database: str
    imported: tuple[ImportedFile, ...]
    balances: tuple[DemoBalance, ...]
    states: tuple[DemoState, ...]
    invoices: tuple[DemoInvoice, ...]
    next_steps: tuple[DemoStep, ...]


def run_demo(context: Context, system: str, directory: Path) -> DemoResult:
    """Build `demo-SYSTEM.db` in the directory anew and run the main job on it.

    Raises InvalidInput for an unknown system, Conflict when the file is somebody else's.
    """
    if system not in SYSTEMS:
        raise InvalidInput(f"there is no sample {system!r}", hint=f"one of {', '.join(SYSTEMS)}")
    path = directory / f"demo-{system}.db"
    demo = replace(context, database=f"sqlite:///{path.absolute()}", now=_OPENS_AT, actor="demo")
    _remove_earlier_demo(demo)
    initialize_database(demo)
    with unit_of_work(demo.database) as unit:
        record_change(unit, demo, MARK, system)
    return run_main_job(demo, system)


def run_main_job(context: Context, system: str) -> DemoResult:
    """October 2026 of a sample company, on an empty database: import, check, import, invoice."""
    samples = sample_data() / system
    opening = replace(context, now=_OPENS_AT)
    apply_catalog(opening, samples / "catalog.toml")
    set_up_accounts(opening, samples / "accounts.toml", _OPENS_AT)
    first = import_usage(replace(context, now=_BLOCKING_DAY), [samples / "usage-1.csv"])
    states = _check(context, _BLOCKING_DAY) + _check(context, _NEXT_MORNING)
    second = import_usage(replace(context, now=_LAST_MINUTE), [samples / "usage-2.ndjson"])
    states += _check(context, _LAST_MINUTE)
    return DemoResult(
        system=system,
        database=without_password(context.database),
        imported=tuple(_named(file) for file in (*first.files, *second.files)),
        balances=_balances(replace(context, now=_LAST_MINUTE)),
        states=states,
        invoices=_invoices(replace(context, now=_INVOICE_DAY)),
        next_steps=_next_steps(system),
    )


def sample_data() -> Path:
    """Where the sample companies are: in the package, or beside the source it was cloned with."""
    for place in (Path(str(files("creditctl"))) / "sample_data", _beside_the_source()):
        if place.is_dir():
            return place
    raise FileMissing("the sample data is not installed", hint="install creditctl from a wheel")


def _beside_the_source() -> Path:
    return Path(__file__).parents[3] / "sample-data"


def _remove_earlier_demo(demo: Context) -> None:
    assert dialect_of(demo.database) == "sqlite"  # noqa: S101 - run_demo makes the URL
    path = path_of(demo.database)
    if not path.exists():
        return
    try:
        marks = list_audit_entries(demo, organization=None, action=MARK, limit=1)
    except CreditctlError:
        marks = []
    if not marks:
        raise Conflict(
            f"{path} is there already and is no demo database", hint="move it away first"
        )
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _named(file: ImportedFile) -> ImportedFile:
    return replace(file, file=Path(file.file).name)


def _check(demo: Context, at: datetime) -> tuple[DemoState, ...]:
    changes = check_limits(replace(demo, now=at)).changes
    return tuple(
        DemoState(
            at,
            change.organization,
            change.state,
            change.reason,
            change.usage,
            change.limit,
            change.until,
            _why(change),
        )
        for change in changes
    )


def _why(change: LimitChange) -> str:
    """The reason with its figures, such as `budget: 700 > 600, until midnight`; a block ends."""
    words = (change.reason or "back to normal").replace("_", " ")
    if change.usage is not None:
        words += f": {change.usage}"
    if change.limit is not None:
        words += f" > {change.limit}"
    ends_by_itself = change.state == "blocked" and change.until is not None
    return f"{words}, until midnight" if ends_by_itself else words


def _balances(demo: Context) -> tuple[DemoBalance, ...]:
    balances = [read_balance(demo, row.slug) for row in list_all_organizations(demo)]
    return tuple(
        DemoBalance(
            balance.organization,
            balance.available,
            balance.open_overage,
            balance.postpaid_overage,
            _left_of(balance),
        )
        for balance in balances
    )


def _left_of(balance: Balance) -> str:
    return ", ".join(dict.fromkeys(part.source for part in balance.sources))


def _invoices(demo: Context) -> tuple[DemoInvoice, ...]:
    run = generate_invoices(demo, parse_month(_MONTH))
    return tuple(
        DemoInvoice(
            invoice.organization,
            invoice.fees,
            invoice.overage_due,
            invoice.orders,
            invoice.tax,
            invoice.total,
        )
        for invoice in run.invoices
    )


def _next_steps(system: str) -> tuple[DemoStep, ...]:
    organization, first = _WORTH_A_LOOK[system]
    lines = (
        first,
        f"credits grants {organization} --all",
        "usage show --month 2026-10 --by key",
        "limits status",
        "check",
    )
    return tuple(DemoStep(f"creditctl {line}") for line in lines)
