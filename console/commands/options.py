"""Options that many commands have, and what a command starts from."""

from pathlib import Path
from typing import Annotated

import typer

from console.process import Process

AsJson = Annotated[bool, typer.Option("--json", help="A JSON document on stdout, nothing else.")]
OneSite = Annotated[str, typer.Option("--site", "-s", help="Site key, for example us.")]
AnySite = Annotated[str, typer.Option("--site", "-s", help="Site key; none means all sites.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the record.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
File = Annotated[Path | None, typer.Option(dir_okay=False)]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")]


def process_of(context: typer.Context) -> Process:
    """What `console.cli.main` put together."""
    found = context.find_object(Process)
    if found is None:
        raise RuntimeError("commands are run by console.cli.main")
    return found


def group(name_help: str) -> typer.Typer:
    """A family of commands that lists when it is called without one."""
    return typer.Typer(help=name_help, invoke_without_command=True, no_args_is_help=False, rich_markup_mode=None)
