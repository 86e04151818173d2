"""What invoices look like."""

from dataclasses import replace

from creditctl.output.view import Column, Section, View

_AMOUNTS = (
    Column("overage_credits", "Uncovered"),
    Column("fees"),
    Column("overage_due", "Overage"),
)
_TOTALS = (Column("subtotal"), Column("tax"), Column("total"))
PARKED = Section("parked", "Parked", (Column("organization"), Column("problem")))
CURRENCIES = Section("totals", "By currency", (Column("currency"), Column("invoices"), *_TOTALS))
CHANGED = Section(
    "changes",
    "Changed since the last run",
    (
        Column("organization", "Org"),
        Column("previous", "Before"),
        Column("total", "Now"),
        Column("reasons", "Why"),
    ),
    hidden_when_empty=True,
)
RUN_VIEW = View(
    "creditctl.invoice_run/v1",
    (
        Column("month"),
        Column("created"),
        Column("refreshed"),
        Column("unchanged"),
        Column("total"),
    ),
    sections=(
        Section(
            "invoices",
            "Invoices",
            (
                Column("organization"),
                Column("status"),
                *_AMOUNTS[1:],
                Column("orders"),
                Column("tax"),
                Column("total"),
            ),
        ),
        CHANGED,
    ),
    csv_rows="invoices",
)
INVOICES_VIEW = View(
    "creditctl.invoices/v1",
    (
        Column("number"),
        Column("organization", "Org"),
        Column("month"),
        Column("status"),
        Column("total"),
        Column("due"),
        Column("stale"),
    ),
    empty="No invoices yet.",
)
_TAXES = Section(
    "taxes",
    "Taxes",
    (Column("name"), Column("place"), Column("percent", "%"), Column("taxable"), Column("tax")),
    hidden_when_empty=True,
)
INVOICE_VIEW = View(
    "creditctl.invoice/v1",
    (
        Column("id", "Invoice"),
        Column("number"),
        Column("legal_name", "Organization"),
        Column("month"),
        Column("starts_at", "From"),
        Column("ends_at", "Until"),
        Column("status"),
        Column("stale"),
        *_AMOUNTS,
        *_TOTALS,
        Column("notice"),
        Column("finalized_at", "Date"),
        Column("due_on", "Due by"),
        Column("sent_at", "Sent"),
        Column("paid"),
        Column("credited"),
        Column("due"),
        Column("surplus"),
        Column("void_reason", "Void, for"),
    ),
    sections=(
        Section(
            "lines",
            "Lines",
            (
                Column("description", "", wraps=True),
                Column("requests"),
                Column("credits"),
                Column("unit_price", "Price"),
                Column("amount"),
            ),
        ),
        _TAXES,
        Section(
            "overage",
            "Overage by reason",
            (Column("reason"), Column("credits")),
            hidden_when_empty=True,
        ),
        Section(
            "purchases",
            "Purchases, paid",
            (Column("number"), Column("paid_at", "Paid"), Column("credits"), Column("gross")),
            hidden_when_empty=True,
        ),
        Section(
            "endpoints",
            "Usage by endpoint",
            (Column("product"), Column("endpoint"), Column("requests"), Column("credits")),
            hidden_when_empty=True,
        ),
        Section(
            "payments",
            "Payments",
            (
                Column("reference"),
                Column("arrived_at", "Arrived"),
                Column("amount"),
                Column("reason"),
            ),
            hidden_when_empty=True,
        ),
        Section(
            "credit_notes",
            "Credit notes",
            (Column("number"), Column("net"), Column("tax"), Column("total"), Column("reason")),
            hidden_when_empty=True,
        ),
    ),
    csv_rows="lines",
)
REFUSED = Section("refused", "Refused", (Column("organization", "Org"), Column("problem")))
EXPLANATION_VIEW = View(
    "creditctl.invoice_explanation/v1",
    (
        Column("id", "Invoice"),
        Column("number"),
        Column("organization", "Org"),
        Column("month"),
        Column("closes", "Sums close"),
    ),
    sections=(
        Section(
            "parts",
            "Where each line comes from",
            (
                Column("line", "#"),
                Column("source"),
                Column("requests", "Req."),
                Column("credits"),
                Column("price"),
                Column("amount"),
            ),
        ),
    ),
    csv_rows="parts",
)
FINALIZED_VIEW = View(
    "creditctl.finalized_invoices/v1",
    (Column("unchanged"), Column("dry_run", "Dry run")),
    sections=(
        Section(
            "finalized",
            "Final",
            (
                Column("number"),
                Column("organization", "Org"),
                *_TOTALS,
                Column("due_on", "Due by"),
            ),
        ),
    ),
    csv_rows="finalized",
)
STANDING_VIEW = View(
    "creditctl.invoice_standing/v1",
    (
        Column("number", "Invoice"),
        Column("organization"),
        Column("status"),
        Column("total"),
        Column("paid"),
        Column("credited"),
        Column("due"),
        Column("surplus"),
        Column("dry_run", "Dry run"),
    ),
)
TRANSFER_VIEW = View(
    "creditctl.surplus_transfer/v1",
    (
        Column("organization"),
        Column("source", "From"),
        Column("target", "To"),
        Column("amount"),
        Column("surplus", "Surplus left"),
        Column("due", "Due now"),
        Column("status"),
        Column("dry_run", "Dry run"),
    ),
)
CREDIT_NOTE_VIEW = View(
    "creditctl.credit_note/v1",
    (
        Column("number", "Credit note"),
        Column("invoice"),
        Column("receipt"),
        Column("grant"),
        Column("organization"),
        Column("line"),
        Column("net"),
        Column("tax"),
        Column("total"),
        Column("reason"),
        Column("status", "Invoice is"),
        Column("due"),
        Column("surplus"),
        Column("dry_run", "Dry run"),
    ),
    sections=(_TAXES,),
)
AGING_VIEW = View(
    "creditctl.aged_receivables/v1",
    (
        Column("organization", "Org"),
        Column("current"),
        Column("days_1_30", "1-30"),
        Column("days_31_60", "31-60"),
        Column("days_61_90", "61-90"),
        Column("over_90", "90+"),
        Column("total"),
    ),
    empty="Nothing is due.",
)
_SOMETIMES = frozenset({"invoice", "receipt", "grant", "line"})
_OF_AN_INVOICE = frozenset({"status", "due"})
_ALWAYS = frozenset({"id", "legal_name", "month", "status", "total", "due"})


def credit_note_view(note: object) -> View:
    """The view of one credit note, without what it is not about: a line, a grant, an invoice.

    A receipt is paid: nothing is due of it, and all that the note owes back is left.
    """
    absent = {name for name in _SOMETIMES if getattr(note, name) is None}
    absent |= _OF_AN_INVOICE if "invoice" in absent else set()
    told = tuple(column for column in CREDIT_NOTE_VIEW.columns if column.name not in absent)
    return replace(CREDIT_NOTE_VIEW, columns=told)


def invoice_view(invoice: object) -> View:
    """The view of one invoice without what there is nothing to say about: no payment, no notice."""
    told = tuple(
        column
        for column in INVOICE_VIEW.columns
        if column.name in _ALWAYS or getattr(invoice, column.name)
    )
    return replace(INVOICE_VIEW, columns=told)
