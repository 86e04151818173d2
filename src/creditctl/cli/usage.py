"""`creditctl usage`: import usage, correct it and understand it; one file per kind of work."""

from creditctl.cli import (
    usage_batches,
    usage_events,
    usage_export,
    usage_import,
    usage_late,
    usage_mappings,
    usage_prune,
    usage_record,
    usage_reports,
)
from creditctl.cli.groups import command_group

app = command_group("Import and inspect API usage.")

PARTS = (
    usage_import,
    usage_record,
    usage_reports,
    usage_events,
    usage_batches,
    usage_late,
    usage_mappings,
    usage_export,
    usage_prune,
)
for part in PARTS:
    part.register(app)
