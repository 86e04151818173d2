"""`creditctl usage`: import usage, correct it and understand it; one file per kind of work."""

from creditctl.cli import usage_batches, usage_events, usage_export, usage_import, usage_reports
from creditctl.cli.groups import command_group

app = command_group("Import and inspect API usage.")

for part in (usage_import, usage_reports, usage_events, usage_batches, usage_export):
    part.register(app)
