"""`creditctl completion`: scripts that complete commands, options and choices.

The copies in `completions/` are made by `creditctl completion --all completions`.
"""

from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from creditctl.cli.groups import single_command
from creditctl.cli.session import session_of
from creditctl.errors import InvalidInput

app = single_command()


class Shell(StrEnum):
    """A shell that can be taught."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command("completion")
def show_completion(
    ctx: typer.Context,
    shell: Annotated[Shell | None, typer.Argument(help="The shell to make a script for.")] = None,
    everything: Annotated[
        Path | None,
        typer.Option("--all", metavar="DIRECTORY", help="Write all scripts there instead."),
    ] = None,
) -> None:
    """Print a completion script.

    Example: source <(creditctl completion bash)
    Example: creditctl completion zsh > ~/.zfunc/_creditctl
    Example: creditctl completion fish > ~/.config/fish/completions/creditctl.fish
    """
    session = session_of(ctx)
    scripts = import_module("creditctl.cli.completion_scripts").SCRIPTS
    if everything is not None:
        everything.mkdir(parents=True, exist_ok=True)
        for file_name, make in scripts.values():
            (everything / file_name).write_text(make(), encoding="utf-8")
    elif shell is not None:
        session.write(scripts[shell.value][1]())
    else:
        raise InvalidInput("name a shell", hint="bash, zsh or fish")
