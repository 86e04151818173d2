"""What sending and exporting invoices looks like."""

from creditctl.output.view import Column, Section, View

UNSENT = Section("unsent", "Not sent", (Column("organization", "Org"), Column("problem")))
SENT_VIEW = View(
    "creditctl.sent_invoices/v1",
    (Column("unchanged", "Sent before"), Column("dry_run", "Dry run")),
    sections=(
        Section(
            "sent",
            "Sent",
            (Column("number"), Column("organization", "Org"), Column("to"), Column("format")),
        ),
    ),
    csv_rows="sent",
)
PROBLEMS = Section("problems", "Not written", (Column("file"), Column("problem")))
EXPORTED_VIEW = View(
    "creditctl.exported_invoices/v1",
    (
        Column("month"),
        Column("directory"),
        Column("invoices"),
        Column("credit_notes", "Credit notes"),
        Column("written"),
        Column("kept"),
        Column("replaced"),
    ),
)
