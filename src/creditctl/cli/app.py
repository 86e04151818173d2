"""The command tree, and the one place where an error becomes text and an exit code."""

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import groupby
from typing import Any, NoReturn

import typer
from typer import _click
from typer.core import TyperCommand, TyperGroup, TyperOption

from creditctl import __version__
from creditctl.cli.failures import Failure
from creditctl.cli.global_options import global_options, with_global_options
from creditctl.cli.session import Session, session_of
from creditctl.cli.terminal import Terminal, silence
from creditctl.errors import CreditctlError, DiskFull, ExitStatus


@dataclass(frozen=True, slots=True)
class Group:
    """A command group, or a single command, that is imported when somebody calls it."""

    section: str
    help: str
    aliases: tuple[str, ...] = ()
    module: str = ""
    """Where its `app` is; `creditctl.cli.<name>` unless told otherwise."""


GROUPS = {
    "orgs": Group("Accounts", "Organizations: who uses and pays for the API.", ("org",)),
    "keys": Group("Accounts", "API keys of an organization.", ("key",)),
    "subscriptions": Group("Accounts", "Plans that organizations are on.", ("subscription",)),
    "catalog": Group("Prices", "The price file: products, plans, packages, taxes.", ("catalogs",)),
    "plans": Group("Prices", "Plans: fees and allowances.", ("plan",)),
    "prices": Group("Prices", "What a request costs, and why.", ("price",)),
    "credits": Group("Credits and usage", "Grants, balances and the ledger.", ("credit",)),
    "orders": Group("Credits and usage", "Order forms: contracts that sell credits.", ("order",)),
    "promotions": Group(
        "Credits and usage", "Promotions: credits that are given away.", ("promotion",)
    ),
    "approvals": Group(
        "Credits and usage", "Requests above a ceiling, for a second person.", ("approval",)
    ),
    "usage": Group("Credits and usage", "Import and inspect API usage.", ("usages",)),
    "budgets": Group("Credits and usage", "Spending budgets and thresholds.", ("budget",)),
    "limits": Group("Credits and usage", "Check budgets and balances; run by cron.", ("limit",)),
    "destinations": Group(
        "Credits and usage", "Who is told when something happens, and how.", ("destination",)
    ),
    "notifications": Group(
        "Credits and usage", "What was told to whom; run by cron.", ("notification",)
    ),
    "gate": Group(
        "Credits and usage", "Decide whether a request may pass, here or as a service.", ("gates",)
    ),
    "purchases": Group("Billing", "Credits that organizations buy.", ("purchase",)),
    "payments": Group(
        "Billing", "Payment providers: methods on file, open payments, notices.", ("payment",)
    ),
    "recharge": Group("Billing", "Credits bought back when the balance runs low.", ("recharges",)),
    "invoice": Group("Billing", "Invoices of a month.", ("invoices",)),
    "period": Group("Billing", "Months of the books, and closing them.", ("periods",)),
    "reports": Group("Billing", "Reports for the accountant.", ("report",)),
    "export": Group(
        "Billing",
        "Journals, cost reports and the ledger as files for other programs.",
        ("exports",),
    ),
    "audit": Group("Housekeeping", "Who changed what, when and why.", ("audits",)),
    "db": Group("Housekeeping", "Create, migrate and inspect the database."),
    "check": Group("Housekeeping", "Prove that the books are consistent."),
    "demo": Group("Housekeeping", "Fill a database of its own with sample data."),
    "schema": Group(
        "Housekeeping", "Print the JSON Schema of an output, or list all of them.", ("schemas",)
    ),
    "completion": Group("Housekeeping", "Print a completion script."),
}
"""Every group and top-level command, in the order of the help."""

_OUTPUT_HINT = "make room where it goes, and see what was done before you repeat a change"
_JSON_FORMATS = ("json", "ndjson")


class RootGroup(TyperGroup):
    """`creditctl` itself: loads a group's module when the group is called, and ends every run."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.params += global_options()
        self.params.append(_version_option())
        # stubs: Typer looks here for "did you mean"
        self.commands = {name: TyperCommand(name) for name in GROUPS}

    def get_command(self, ctx: _click.Context, cmd_name: str) -> _click.Command | None:  # noqa: ARG002
        """The real command behind a name or an alias."""
        name = _canonical(cmd_name)
        return None if name is None else _loaded(name)

    def format_options(self, ctx: _click.Context, formatter: _click.HelpFormatter) -> None:
        """Commands first: they are what people look for."""
        self.format_commands(ctx, formatter)
        records = [param.get_help_record(ctx) for param in self.get_params(ctx)]
        with formatter.section("Global options, before or after the command"):
            formatter.write_dl([record for record in records if record is not None])

    def format_commands(self, ctx: _click.Context, formatter: _click.HelpFormatter) -> None:  # noqa: ARG002
        """The static help of every group, by section."""
        widest = max(len(name) for name in GROUPS)
        for section, members in groupby(GROUPS.items(), key=lambda entry: entry[1].section):
            with formatter.section(section):
                formatter.write_dl([(name.ljust(widest), group.help) for name, group in members])

    def main(self, args: Sequence[str] | None = None, **extra: object) -> NoReturn:  # type: ignore[override]
        """Run one command line and exit; both the console script and tests come through here."""
        arguments = list(sys.argv[1:] if args is None else args)
        given = extra.get("obj")
        session = given if isinstance(given, Session) else Session(Terminal.from_system())
        sys.exit(int(self._run(arguments, session)))

    def _run(self, arguments: list[str], session: Session) -> int:
        status: int = ExitStatus.OK
        try:
            try:
                with self.make_context("creditctl", arguments, obj=session) as ctx:
                    self.invoke(ctx)
            except typer.Exit as ending:
                status = ending.exit_code
            session.terminal.stdout.flush()
        except _click.exceptions.NoArgsIsHelpError as helping:
            session.write(helping.format_message())
        except BrokenPipeError:
            silence(session.terminal.stdout)
        except (Exception, KeyboardInterrupt) as error:  # the boundary: everything ends here
            return _report(error, arguments, session)
        return status


@cache
def _loaded(name: str) -> _click.Command:
    """Asked for twice per command line; building it takes half the time of a short command."""
    module = import_module(GROUPS[name].module or f"creditctl.cli.{name}")
    command: Any = typer.main.get_command(module.app)
    with_global_options(command, name)
    return command  # type: ignore[no-any-return]


def _report(error: BaseException, arguments: list[str], session: Session) -> int:
    if os.environ.get("CREDITCTL_DEBUG"):
        import traceback  # only when debugging

        traceback.print_exception(error, file=session.terminal.stderr)
    if isinstance(error, OSError):
        silence(session.terminal.stdout)
    failure, terminal = _failure_of(error), session.terminal
    terminal.tell(
        failure.text(
            as_json=_format_asked(arguments, session) in _JSON_FORMATS,
            colour=terminal.colours(terminal.stderr),
        )
    )
    return failure.exit_status


def _failure_of(error: BaseException) -> Failure:
    if isinstance(error, CreditctlError):
        return Failure.from_error(error)
    if isinstance(error, _click.ClickException):
        return _usage_failure(error)
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return Failure("interrupted", "Interrupted", "interrupted", "", ExitStatus.INTERRUPTED)
    if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
        return Failure(
            code="usage",
            title="The command line cannot be understood",
            detail="the text holds bytes that are not UTF-8",
            hint="write it in UTF-8",
            exit_status=ExitStatus.USAGE,
        )
    if isinstance(error, OSError):
        if error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            # What is written without a name is the answer: the work was done before.
            full = f"the output could not be written: {error.strerror}"
            return Failure.from_error(DiskFull(full, hint=_OUTPUT_HINT))
        what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        hint = "check the path, its permissions and the disk" if error.filename else ""
        return Failure("system", "The operating system refused", what or str(error), hint)
    return Failure(
        code="unexpected",
        title="A bug in creditctl",
        detail=f"unexpected {type(error).__name__}: {error}",
        hint="this is a bug: report it with the traceback that CREDITCTL_DEBUG=1 shows",
    )


def _usage_failure(error: _click.ClickException) -> Failure:
    message, _, suggestion = error.format_message().partition(". Did you mean ")
    ctx = getattr(error, "ctx", None)
    hint = f"see '{ctx.command_path if ctx else 'creditctl'} --help'"
    if isinstance(error, _click.exceptions.NoSuchOption) and error.possibilities:
        message, suggestion = error.message, f"{error.possibilities[0]}?"
    if getattr(error, "option_name", "-")[1:2].isdigit():
        hint = "a negative number cannot be given here"
    elif isinstance(error, _click.exceptions.BadOptionUsage) and ctx is None:
        hint = "the command's --help shows what the option takes"
    if suggestion:
        hint = f"did you mean {suggestion}"
    detail = " ".join(message.split()).rstrip(".").replace("a valid int range", "a whole number")
    return Failure(
        code="usage",
        title="The command line cannot be understood",
        detail=detail[:1].lower() + detail[1:],
        hint=hint,
        exit_status=ExitStatus.USAGE,
    )


def _format_asked(arguments: list[str], session: Session) -> str:
    """The output format, even when the command line could not be parsed to its end."""
    for i, argument in enumerate(arguments):
        if argument in {"-o", "--output"} and i + 1 < len(arguments):
            return arguments[i + 1]
        for prefix in ("--output=", "-o"):
            if argument.startswith(prefix) and argument not in {"-o", "--output"}:
                return argument.removeprefix(prefix)
    with suppress(Exception):  # the configuration itself may be what is wrong
        return session.format_name
    return "table"


def _canonical(name: str) -> str | None:
    if name in GROUPS:
        return name
    return next((known for known, group in GROUPS.items() if name in group.aliases), None)


def _version_option() -> TyperOption:
    return TyperOption(
        param_decls=["--version"],
        is_flag=True,
        default=False,
        is_eager=True,
        expose_value=False,
        callback=_show_version,
        help="Show the version and exit.",
    )


def _show_version(ctx: typer.Context, _: typer.CallbackParam, value: bool) -> None:
    if value:
        session_of(ctx).write(f"creditctl {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="creditctl",
    cls=RootGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)


@app.callback()
def creditctl() -> None:
    """Keeps the books of a company that sells API credits.

    \b
    Examples:
      creditctl credits grant acme 100 --reason "outage on 3 Oct"
      creditctl invoice generate --month 2026-10
      creditctl limits check
    """  # noqa: D301 - \b is Typer's sign for lines that stay as they are


def run() -> NoReturn:
    """Run the command line of this process."""
    typer.main.get_command(app).main()
    raise AssertionError("main() exits")
