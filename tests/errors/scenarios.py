"""One scenario per error: what went before, and the command line that is refused."""

import errno
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from unittest.mock import patch

from creditctl import errors

CATALOG = """\
[catalog]
name = "example"
currency = "USD"
list_price = "0.01"
effective_from = 2026-01-01

[tiers]
basic = 1

[products.quotes]
title = "Quotes"

[[products.quotes.endpoints]]
method = "GET"
path = "/v1/quotes"
tier = "basic"

[plans.pro]
title = "Pro"
fee = "49.00"
interval = "month"
allowance = 1000

[guest]
credits = 50
lifetime_hours = 24
"""
GIFT = """
[promotions.welcome]
title = "Welcome credits"
credits = 350
trigger = "signup"
"""
USAGE = """\
id,time,org,method,path,status
one,2026-10-05T12:00:00Z,acme,GET,/v1/quotes,200
two,yesterday,acme,GET,/v1/quotes,200
"""
INIT = "db init"
ACME = (INIT, "catalog apply catalog.toml", "orgs create acme --email billing@acme.example")


GIFTED = (
    INIT,
    "catalog apply gifts.toml",
    "orgs create acme --email billing@acme.example",
)


@dataclass(frozen=True)
class Scenario:
    """`line` is refused with `error` after the lines of `before` succeeded."""

    error: type[errors.CreditctlError]
    line: str
    before: tuple[str, ...] = ACME
    files: Mapping[str, str] = field(default_factory=dict)
    disturbance: Callable[[], AbstractContextManager[object]] = nullcontext
    stdin: str | None = None


def impatience() -> AbstractContextManager[object]:
    """Somebody presses Ctrl-C while the file is read."""
    return patch("creditctl.cli.usage_progress.Watcher.wants_to_stop", lambda _: True)


@contextmanager
def another_check_running() -> Iterator[None]:
    """Another `limits check` is at work: it holds the lease."""
    with closing(sqlite3.connect("books.db")) as connection, connection:
        connection.execute("INSERT INTO lease VALUES ('limits check', 'another', 1 << 62)")
    yield


@contextmanager
def an_older_schema() -> Iterator[None]:
    """The database was made by an older creditctl."""
    with closing(sqlite3.connect("books.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0010'")
    yield


@contextmanager
def a_ceiling_of_500() -> Iterator[None]:
    """The configuration says `ceilings = "*=500"`."""
    with patch.dict(os.environ, {"CREDITCTL_CEILINGS": "*=500"}):
        yield


@contextmanager
def an_approval_of_my_own() -> Iterator[None]:
    """The same person asked for the approval approval_1."""
    with closing(sqlite3.connect("books.db")) as connection, connection:
        connection.execute(
            "INSERT INTO approval (public_id, verb, organization_id, amount_micro, request, reason,"
            " status, requested_by, requested_at) VALUES ('approval_1', 'credits.grant', 1, 1,"
            " ?, 'refill', 'pending', 'ann', 1)",
            ('{"organization": "acme", "amount": "0.000001", "reason": "refill"}',),
        )
    with patch.dict(os.environ, {"CREDITCTL_ACTOR": "ann"}):
        yield


@contextmanager
def sealed_with_a_key_that_is_elsewhere() -> Iterator[None]:
    """The last entry of the audit log was sealed on a machine that has a key."""
    with closing(sqlite3.connect("books.db")) as connection, connection:
        connection.execute(
            "INSERT INTO audit_entry (recorded_at, actor, host, action, subject, reason, seal,"
            " key_id) VALUES (1, 'ann', 'ann@elsewhere', 'grant.created', 'grant_1', 'refill',"
            " '5ea1', '00c0ffee')"
        )
    yield


def a_full_disk() -> AbstractContextManager[object]:
    """Nothing that was written reaches the disk."""
    return patch("os.fsync", side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))


@contextmanager
def no_driver() -> Iterator[None]:
    """The package psycopg is not installed."""
    with patch.dict(sys.modules, {"psycopg": None}):
        yield


SCENARIOS = (
    Scenario(errors.InvalidInput, "invoice generate --month 2026-13"),
    Scenario(
        errors.CatalogInvalid,
        "catalog apply wrong.toml",
        files={"wrong.toml": CATALOG.replace('tier = "basic"', 'tier = "gold"')},
    ),
    Scenario(errors.OrganizationNotFound, "credits balance acne"),
    Scenario(errors.KeyNotFound, "keys revoke ck_live_00000000 --yes"),
    Scenario(errors.ProductNotFound, "prices list --product quote"),
    Scenario(errors.EndpointNotFound, "prices explain GET /v2/quotes"),
    Scenario(errors.PlanNotFound, "plans show max"),
    Scenario(errors.CatalogMissing, "prices explain GET /v1/quotes", before=(INIT,)),
    Scenario(errors.SubscriptionNotFound, "subscriptions show acme"),
    Scenario(errors.BudgetNotFound, "budgets clear acme --yes"),
    Scenario(errors.InvoiceNotFound, "invoice show inv_none"),
    Scenario(errors.GrantNotFound, 'credits reverse grant_none --reason "wrong one"'),
    Scenario(errors.EventNotFound, "credits explain acme --event req-4711"),
    Scenario(errors.ApprovalNotFound, "approvals approve approval_none"),
    Scenario(errors.SchemaNotFound, "schema creditctl.organisation/v1"),
    Scenario(errors.FileMissing, "usage import gateway.csv"),
    Scenario(errors.DatabaseMissing, "orgs list", before=()),
    Scenario(
        errors.DatabaseUnreadable,
        "orgs list --db notes.txt",
        files={"notes.txt": "This is not a database, whatever its name may say.\n" * 9},
    ),
    Scenario(errors.DiskFull, "usage export october.csv", disturbance=a_full_disk),
    Scenario(errors.AlreadyExists, "orgs create acme"),
    Scenario(
        errors.IdempotencyKeyReused,
        "credits grant acme 200 --reason refill --idempotency-key ticket-7",
        before=(*ACME, "credits grant acme 100 --reason refill --idempotency-key ticket-7"),
    ),
    Scenario(
        errors.GuestNotAllowed,
        "credits grant visitor 100 --reason gift",
        before=(*ACME, "orgs create visitor --guest --device d1"),
    ),
    Scenario(
        errors.GuardFailed,
        "credits grant acme 100 --reason gift --expect-email billing@acne.example",
    ),
    Scenario(
        errors.TooManyRejects,
        "usage import gateway.csv --max-rejects 0",
        files={"gateway.csv": USAGE},
    ),
    Scenario(
        errors.ConfirmationNeeded,
        "budgets clear acme",
        before=(*ACME, "budgets set acme --daily 5"),
    ),
    Scenario(
        errors.Conflict,
        "catalog apply dearer.toml",
        files={"dearer.toml": CATALOG.replace("basic = 1", "basic = 2")},
    ),
    Scenario(
        errors.DuplicateOrganization,
        'orgs promote twin --reason "asked for them"',
        before=(*GIFTED, "orgs create twin --email Billing+2@acme.example"),
        files={"gifts.toml": CATALOG + GIFT},
    ),
    Scenario(
        errors.ApprovalNeeded,
        "credits grant acme 501 --reason refill",
        disturbance=a_ceiling_of_500,
    ),
    Scenario(
        errors.SecondPersonNeeded,
        "approvals approve approval_1",
        disturbance=an_approval_of_my_own,
    ),
    Scenario(errors.KeyRefused, "keys verify", stdin="ck_live_not-a-key"),
    Scenario(
        errors.AuditKeyMissing, "audit verify", disturbance=sealed_with_a_key_that_is_elsewhere
    ),
    Scenario(errors.DatabaseOutdated, "orgs list", disturbance=an_older_schema),
    Scenario(
        errors.DriverMissing, "orgs list --db postgresql://db.internal/books", disturbance=no_driver
    ),
    Scenario(
        errors.ImportStopped,
        "usage import usage.csv",
        files={"usage.csv": USAGE},
        disturbance=impatience,
    ),
    Scenario(errors.Busy, "limits check", disturbance=another_check_running),
)
