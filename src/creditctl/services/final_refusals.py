"""Why a draft cannot be made final now."""

from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.instants import instant_text
from creditctl.rules.units import Credits, Money
from creditctl.services.carried_drafts import is_too_small
from creditctl.services.invoice_taxes import TaxedDraft
from creditctl.store.queries.invoices import InvoiceRow


def refuse_unready(context: Context, row: InvoiceRow, owed: Credits, *, at_once: bool) -> None:
    """Raises Conflict for a draft that is not what would be drafted now, too young or too small."""
    if row.status == "void":
        raise Conflict(f"{row.number} is void", hint=_again(row))
    if row.stale:
        raise Conflict(f"{row.public_id} is stale: its figures have changed", hint=_again(row))
    ready_at = row.ends_at + context.settings.invoice_grace
    if context.now < ready_at and not at_once:
        raise Conflict(
            f"usage on {row.public_id} may still come until {instant_text(ready_at)}",
            hint="wait, or add --now",
        )
    total = Money(row.total_minor, row.currency)
    if is_too_small(context.settings.invoice_minimum, total):
        raise Conflict(
            f"{row.public_id} comes to {total} {total.currency}, below the minimum: the next"
            " invoice takes it over",
            hint="the setting invoice_minimum says what an invoice has to come to",
        )
    if owed != row.overage:
        raise Conflict(
            f"{row.public_id} bills {row.overage} credits of overage, {owed} are open",
            hint="'creditctl check' says more",
        )


def refuse_other(row: InvoiceRow, stated: TaxedDraft, due: TaxedDraft) -> None:
    """Raises Conflict where tax or parties are not what they were when it was drafted."""
    if due != stated:
        raise Conflict(
            f"the tax or the parties of {row.public_id} have changed since it was made",
            hint=_again(row),
        )


def _again(row: InvoiceRow) -> str:
    return f"'creditctl invoice generate --month {row.month}' makes it anew"
