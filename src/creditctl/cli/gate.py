"""`creditctl gate`: decide whether a request may pass."""

from datetime import datetime
from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import parser_of
from creditctl.cli.session import session_of
from creditctl.errors import ExitStatus, InvalidInput
from creditctl.output.view import Column, Section, View
from creditctl.rules.instants import parse_instant
from creditctl.rules.rate_limits import Channel

app = command_group("Decide whether a request may pass.")

DECISION_VIEW = View(
    "creditctl.gate_decision/v1",
    (
        Column("status"),
        Column("reason"),
        Column("detail"),
        Column("organization"),
        Column("key"),
        Column("plan"),
        Column("endpoint"),
        Column("price", "Costs at most"),
        Column("available"),
        Column("retry_after", "Retry after, s"),
        Column("limit"),
        Column("remaining"),
        Column("resets_at", "Resets"),
        Column("omit"),
        Column("clamp_from", "No data before"),
        Column("paused_until"),
        Column("evicted", "Connection to close"),
    ),
    (
        Section(
            "windows",
            "Windows",
            (
                Column("name", "Limit of the key"),
                Column("limit"),
                Column("used"),
                Column("remaining", "Left"),
                Column("resets_at", "Resets"),
            ),
            hidden_when_empty=True,
        ),
    ),
)
_EXITS = {
    200: ExitStatus.OK,
    401: ExitStatus.PERMISSION,
    402: ExitStatus.INSUFFICIENT,
    403: ExitStatus.PERMISSION,
    429: ExitStatus.INSUFFICIENT,
    503: ExitStatus.BUSY,
}


@app.command("check")
def check(
    ctx: typer.Context,
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="Id or prefix, never a secret.")
    ] = None,
    key_from_stdin: Annotated[
        bool, typer.Option("--key-from-stdin", help="Read the key's secret from stdin.")
    ] = False,
    method: Annotated[str, typer.Option("--method", metavar="METHOD", help="Such as GET.")] = "GET",
    path: Annotated[
        str | None, typer.Option("--path", metavar="PATH", help="Such as /v1/quotes/AAPL.")
    ] = None,
    units: Annotated[
        int | None,
        typer.Option("--units", min=0, max=2**53, help="An estimate of the data that it returns."),
    ] = None,
    capability: Annotated[
        list[str] | None,
        typer.Option("--capability", metavar="NAME", help="Asked for by name; may be repeated."),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since",
            metavar="TIME",
            parser=parser_of("--since", parse_instant),
            help="From when on data is asked for.",
        ),
    ] = None,
    channel: Annotated[
        Channel, typer.Option("--channel", help="What is asked for: counted each in its own way.")
    ] = Channel.REST,
    messages: Annotated[
        int, typer.Option("--messages", min=1, max=1_000_000, help="To be streamed or delivered.")
    ] = 1,
    lease: Annotated[
        str | None,
        typer.Option("--lease", metavar="NAME", help="Hold a WebSocket connection by this name."),
    ] = None,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Let the oldest connection give way to it.")
    ] = False,
    webhooks: Annotated[
        int, typer.Option("--webhooks", min=0, help="How many there are before one more.")
    ] = 0,
    count: Annotated[
        bool, typer.Option("--count/--no-count", help="Count it as the gate would.")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="The same as --no-count: only look.")
    ] = False,
) -> None:
    """Decide one request: may it pass, and if not, why not.

    Exit 0 for 200, 4 for 401 and 403, 6 for 402 and 429, 8 when limits cannot be checked. Nothing
    is charged. Secrets are never taken from the command line, where others could read them.

    Example: creditctl gate check --key ck_live_4f9Kq2Xw --path /v1/search --dry-run
    """
    from creditctl.services.gate import decide_request
    from creditctl.services.gate_facts import GateRequest

    session = session_of(ctx)
    if (key is None) != key_from_stdin:
        raise InvalidInput("one of --key and --key-from-stdin says whose request it is")
    request = GateRequest(
        secret=session.terminal.read_secret("API key: ") if key_from_stdin else None,
        key=key,
        channel=channel,
        method=method,
        path=path,
        units=units,
        capabilities=tuple(capability or ()),
        since=since,
        messages=messages,
        lease=lease,
        take_over=take_over,
        webhooks=webhooks,
    )
    decision = decide_request(session.context, request, count=count and not dry_run)
    session.show(decision, DECISION_VIEW)
    raise typer.Exit(_EXITS[decision.status])
