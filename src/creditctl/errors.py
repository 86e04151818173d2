"""The error tree: every refusal has a code, an exit status and says whether a retry may help.

A class's docstring is its default message and its entry in `docs/errors.md`.
"""

from enum import IntEnum
from typing import ClassVar


class ExitStatus(IntEnum):
    """Exit codes of the command line (DESIGN 5); changing one breaks scripts."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    NOT_FOUND = 3
    PERMISSION = 4
    CONFLICT = 5
    INSUFFICIENT = 6
    FINDINGS = 7
    BUSY = 8
    INTERRUPTED = 130


class CreditctlError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "failure"
    exit_status: ClassVar[ExitStatus] = ExitStatus.FAILURE
    retryable: ClassVar[bool] = False
    hint: ClassVar[str] = ""

    def __init__(self, detail: str = "", *, hint: str = "") -> None:
        self.detail = detail or self.title()
        self.advice = hint or self.hint
        super().__init__(self.detail)

    @classmethod
    def title(cls) -> str:
        """First line of the class docstring, without its full stop."""
        return (cls.__doc__ or cls.__name__).strip().splitlines()[0].rstrip(".")


class InvalidInput(CreditctlError):
    """A value cannot be used."""

    code = "invalid_input"
    exit_status = ExitStatus.USAGE
    hint = "correct it and run the command again"


class CatalogInvalid(InvalidInput):
    """The catalog file is malformed."""

    code = "catalog_invalid"
    hint = "correct the line and run 'creditctl catalog validate FILE'"


class NotFound(CreditctlError):
    """Nothing goes by that name."""

    code = "not_found"
    exit_status = ExitStatus.NOT_FOUND


class OrganizationNotFound(NotFound):
    """No organization has that slug or id."""

    code = "organization_not_found"
    hint = "'creditctl orgs list' shows all of them"


class KeyNotFound(NotFound):
    """No API key has that id or prefix."""

    code = "key_not_found"
    hint = "'creditctl keys list' shows all of them"


class ProductNotFound(NotFound):
    """The catalog has no such product."""

    code = "product_not_found"
    hint = "'creditctl prices list' shows the products and their endpoints"


class EndpointNotFound(NotFound):
    """No endpoint of the catalog matches the request."""

    code = "endpoint_not_found"
    hint = "'creditctl prices list' shows the products and their endpoints"


class PlanNotFound(NotFound):
    """The catalog has no such plan."""

    code = "plan_not_found"
    hint = "'creditctl plans list' shows all of them"


class CatalogMissing(NotFound):
    """No catalog has been applied yet."""

    code = "catalog_missing"
    hint = "run 'creditctl catalog apply FILE' first"


class SubscriptionNotFound(NotFound):
    """The organization has no subscription."""

    code = "subscription_not_found"
    hint = "'creditctl subscriptions list' shows all of them"


class BudgetNotFound(NotFound):
    """The organization has no such budget."""

    code = "budget_not_found"
    hint = "'creditctl budgets list' shows all of them"


class GrantNotFound(NotFound):
    """No credit grant has that id."""

    code = "grant_not_found"
    hint = "'creditctl credits grants ORG --all -o json' shows the ids"


class EventNotFound(NotFound):
    """The organization has no usage event of that id."""

    code = "event_not_found"
    hint = "write the id as it is in the usage file"


class ApprovalNotFound(NotFound):
    """No approval has that id."""

    code = "approval_not_found"
    hint = "'creditctl approvals list --all' shows all of them"


class InvoiceNotFound(NotFound):
    """No invoice goes by that id."""

    code = "invoice_not_found"
    hint = "'creditctl invoice list' shows all of them"


class SchemaNotFound(NotFound):
    """No JSON Schema goes by that name."""

    code = "schema_not_found"
    hint = "'creditctl schema' lists all of them"


class FileMissing(NotFound):
    """The file does not exist or cannot be read."""

    code = "file_missing"
    hint = "check the path and its permissions"


class DatabaseMissing(NotFound):
    """There is no creditctl database here."""

    code = "database_missing"
    hint = "run 'creditctl db init', or name another database with --db"


class DatabaseUnreadable(CreditctlError):
    """The database cannot be opened."""

    code = "database_unreadable"
    hint = "check the path, its permissions and the disk"


class DiskFull(CreditctlError):
    """There is no room left to write to."""

    code = "disk_full"
    hint = "make room and run the same command again"


class DatabaseOutdated(CreditctlError):
    """The database's schema does not fit this version of creditctl."""

    code = "database_outdated"
    hint = "run 'creditctl db migrate' with the newest creditctl"


class DriverMissing(CreditctlError):
    """A package that this needs is not installed."""

    code = "driver_missing"
    hint = "pip install 'creditctl[postgres]'"


class AuditKeyMissing(CreditctlError):
    """The audit log was sealed with a key that is not configured here."""

    code = "audit_key_missing"
    exit_status = ExitStatus.PERMISSION
    hint = "set audit_key to the file it is in, such as file:/etc/creditctl/audit.key"


class Conflict(CreditctlError):
    """A rule refuses this."""

    code = "conflict"
    exit_status = ExitStatus.CONFLICT


class AlreadyExists(Conflict):
    """Something goes by that name already."""

    code = "already_exists"
    hint = "choose another name, or use what is there"


class IdempotencyKeyReused(Conflict):
    """The idempotency key was used before with other parameters."""

    code = "idempotency_key_reused"
    hint = "use a new key for a new request, or repeat the first request unchanged"


class GuestNotAllowed(Conflict):
    """A guest organization cannot do this."""

    code = "guest_not_allowed"
    hint = "create a registered organization instead"


class DuplicateOrganization(Conflict):
    """The organization is a duplicate, and free credits are given to the first one."""

    code = "duplicate_organization"
    hint = "'creditctl orgs duplicates' shows the evidence; --override --reason grants them anyway"


class GuardFailed(Conflict):
    """The organization is not the one you expected."""

    code = "guard_failed"
    hint = "check the organization with 'creditctl orgs show' before trying again"


class TooManyRejects(Conflict):
    """The file has more rejected lines than --max-rejects allows."""

    code = "too_many_rejects"


class ImportStopped(CreditctlError):
    """The import was stopped between two chunks."""

    code = "import_stopped"
    exit_status = ExitStatus.INTERRUPTED
    retryable = True
    hint = "run the same command again: it goes on where it stopped"


class ConfirmationNeeded(CreditctlError):
    """It asks for confirmation, and there is no terminal to ask on."""

    code = "confirmation_needed"
    exit_status = ExitStatus.PERMISSION
    hint = "add --yes to confirm"


class ApprovalNeeded(CreditctlError):
    """It is above the actor's ceiling and waits for a second person."""

    code = "approval_needed"
    exit_status = ExitStatus.PERMISSION


class SecondPersonNeeded(CreditctlError):
    """Whoever asked for it cannot approve it."""

    code = "second_person_needed"
    exit_status = ExitStatus.PERMISSION
    hint = "let somebody else run the command"


class KeyRefused(CreditctlError):
    """The API key opens nothing."""

    code = "key_refused"
    exit_status = ExitStatus.PERMISSION


class Busy(CreditctlError):
    """Another process is at work on the same data."""

    code = "busy"
    exit_status = ExitStatus.BUSY
    retryable = True
    hint = "try again in a moment"
