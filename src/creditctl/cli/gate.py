"""`creditctl gate`: decide whether a request may pass."""

import errno
import os
import signal
from datetime import datetime
from typing import Annotated

import typer

from creditctl.cli import gate_connections, gate_holds
from creditctl.cli.groups import command_group
from creditctl.cli.options import parser_of
from creditctl.cli.session import session_of
from creditctl.errors import Busy, DriverMissing, ExitStatus, InvalidInput
from creditctl.output.view import Column, Section, View
from creditctl.rules.instants import parse_instant
from creditctl.rules.rate_limits import Channel

app = command_group("Decide whether a request may pass, here or as a service.")
for part in (gate_connections, gate_holds):
    part.register(app)

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
    from creditctl.services.gate_keys import GateRequest

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


_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_STOP_SECONDS = 30
"""How long calls that are being answered may take when the gate is stopped."""


@app.command("serve")
def serve(
    ctx: typer.Context,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Its port.")] = 8750,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help="How many processes answer.")
    ] = 1,
) -> None:
    """Serve decisions over HTTP, for gateways and API servers.

    Calls that are being answered are answered when it is stopped (SIGTERM, SIGHUP). Listening to
    other machines needs a gate_secret. It needs: pip install 'creditctl[server]'

    Example: creditctl gate serve --port 8750 --workers 2
    """
    session = session_of(ctx)
    if "now" in session.config:
        raise InvalidInput("a gate goes by the real clock", hint="leave out --as-of")
    context = session.context
    if host not in _LOOPBACK and context.settings.gate_secret is None:
        raise InvalidInput(
            f"on {host} anybody could ask and charge", hint="set gate_secret, or use 127.0.0.1"
        )
    try:
        import uvicorn
    except ImportError:
        raise DriverMissing(
            "serving needs the package uvicorn", hint="pip install 'creditctl[server]'"
        ) from None
    from creditctl.services.call_prices import current_prices

    current_prices(context)  # a database that cannot be read is told here, and at once
    _check_address(host, port)
    # Each process reads the settings for itself; these may have come from flags.
    os.environ.update(CREDITCTL_DB=context.database, CREDITCTL_ACTOR=context.actor)
    session.note(f"listening on http://{host}:{port}")
    # Several are started anew, as uvicorn does it; Windows has no such signal.
    if workers == 1 and hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    uvicorn.run(
        "creditctl.server.app:from_environment",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing asks where a request came from
        timeout_graceful_shutdown=_STOP_SECONDS,
    )


def _check_address(host: str, port: int) -> None:
    """Raise Busy where somebody listens there already, InvalidInput where nobody may."""
    import socket  # only who serves needs it

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as problem:
        kind = Busy if problem.errno == errno.EADDRINUSE else InvalidInput
        why = (problem.strerror or str(problem)).partition(" (")[0]  # Python repeats the address
        words = f"{host} port {port} cannot be listened to: {why}"
        raise kind(words, hint="give another --port or --host") from None
