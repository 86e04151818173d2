"""The options that every verb takes that moves credits or money (DESIGN 4)."""

from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.options import parser_of
from creditctl.rules.units import Credits

if TYPE_CHECKING:
    from creditctl.services.money_verbs import Rails

ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why, for the ledger and the audit log.")
]
AuditReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why, for the audit log.")
]
IdempotencyKeyOption = Annotated[
    str | None,
    typer.Option(
        "--idempotency-key",
        metavar="KEY",
        help="Repeating the command with the same key does it only once.",
    ),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Show what would happen, change nothing.")
]
ExpectEmailOption = Annotated[
    str | None,
    typer.Option("--expect-email", metavar="MAIL", help="Refuse if the org has another one."),
]
ExpectBalanceOption = Annotated[
    Credits | None,
    typer.Option(
        "--expect-balance",
        metavar="CREDITS",
        parser=parser_of("--expect-balance", Credits.parse),
        help="Refuse unless exactly this much is available.",
    ),
]


def rails_of(
    idempotency_key: str | None,
    dry_run: bool,
    expect_email: str | None,
    expect_balance: Credits | None,
) -> "Rails":
    """What a verb is run with."""
    from creditctl.services.money_verbs import Rails  # reads need none of it

    return Rails(
        idempotency_key=idempotency_key,
        dry_run=dry_run,
        expect_email=expect_email,
        expect_balance=expect_balance,
    )
