"""`creditctl check`: proof that the books are consistent."""

import typer

from creditctl.cli.groups import single_command
from creditctl.cli.session import session_of
from creditctl.errors import ExitStatus
from creditctl.output.view import Column, View
from creditctl.services.checks import CHECKS, run_checks

app = single_command()

FINDINGS_VIEW = View(
    "creditctl.findings/v1",
    (Column("invariant"), Column("subject"), Column("detail")),
    empty=f"All {len(CHECKS)} invariants hold.",
)


@app.command("check")
def check(ctx: typer.Context) -> None:
    """Prove that the books are consistent.

    Silent on stdout and exit 0 when every invariant holds; exit 7 with what is wrong otherwise.

    Example: creditctl check
    """
    session = session_of(ctx)
    findings = run_checks(session.context)
    session.show(findings, FINDINGS_VIEW)
    if findings:
        raise typer.Exit(ExitStatus.FINDINGS)
