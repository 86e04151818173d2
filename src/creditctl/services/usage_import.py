"""`usage import`: files of events, chunk by chunk, each billed exactly once (DESIGN 3.5)."""

from collections.abc import Sequence
from pathlib import Path

from creditctl.adapters.readers import AUTO, reader_for
from creditctl.context import Context
from creditctl.rules.usage_mapping import FieldSource
from creditctl.services.usage_batches import ImportSummary
from creditctl.services.usage_files import SourceFile, check_writable, measured_meanwhile
from creditctl.services.usage_progress import NobodyWatches, Watch


def import_usage(
    context: Context,
    paths: Sequence[Path | SourceFile],
    *,
    format_name: str = AUTO,
    mapping: Sequence[FieldSource] = (),
    organization: str | None = None,
    max_rejects: int | None = None,
    rejects_path: Path | None = None,
    dry_run: bool = False,
    watch: Watch | None = None,
) -> ImportSummary:
    """Import the files one after the other; a file that was finished before changes nothing.

    Raises FileMissing, InvalidInput (format, columns, lookup, rejects over what is read),
    OrganizationNotFound, TooManyRejects, ImportStopped when the watch asks for it, DiskFull, and
    Busy when another process imports the same file.
    """
    if format_name != AUTO:
        reader_for(format_name)
    sources = [
        path if isinstance(path, SourceFile) else SourceFile(path, str(path)) for path in paths
    ]
    if rejects_path is not None:
        lookups = [Path(field.lookup) for field in mapping if field.lookup]
        check_writable(rejects_path, [*(source.path for source in sources), *lookups])
    measured = measured_meanwhile(sources)
    # Loading all that books takes as long as hashing a large file.
    from creditctl.services.usage_file_import import import_measured

    return import_measured(
        context,
        measured,
        format_name=format_name,
        mapping=mapping,
        organization=organization,
        max_rejects=max_rejects,
        rejects_path=rejects_path,
        dry_run=dry_run,
        watch=watch or NobodyWatches(),
    )
