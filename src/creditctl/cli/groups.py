"""How a command file begins: `app = command_group("…")`, or `app = single_command()`."""

import typer


def command_group(text: str) -> typer.Typer:
    """A group such as `orgs`; `text` is its help and equals the registry's."""
    app = typer.Typer(help=text, no_args_is_help=True, rich_markup_mode=None, add_completion=False)
    # without a callback Typer would fold a group of one command into that command
    app.callback(help=text)(_nothing)
    return app


def single_command() -> typer.Typer:
    """A command of its own such as `check`: exactly one function is registered on it."""
    return typer.Typer(rich_markup_mode=None, add_completion=False)


def _nothing() -> None:
    pass
