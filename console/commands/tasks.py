"""`joorsync tasks`: what only a person can do."""

from typing import Annotated

import typer

from console import tasks
from console.commands.options import AnySite, AsJson, Reason, group, process_of
from console.output import document, say, steps
from console.process import Process

app = group("Tasks for a person, with the clicks.")

Kind = Annotated[str, typer.Option("--kind", help="wip_date, ship_to, customer_code, order_changed, order_cancelled, warehouse.")]
All = Annotated[bool, typer.Option("--all", help="Done ones, too.")]


@app.callback()
def default(context: typer.Context, site: AnySite = "", kind: Kind = "", everything: All = False, as_json: AsJson = False) -> None:
    """List open tasks."""
    if context.invoked_subcommand is None:
        _list(process_of(context), site, kind, everything, as_json)


@app.command("list")
def list_tasks(context: typer.Context, site: AnySite = "", kind: Kind = "", everything: All = False, as_json: AsJson = False) -> None:
    """List open tasks."""
    _list(process_of(context), site, kind, everything, as_json)


def _list(process: Process, site: str, kind: str, everything: bool, as_json: bool) -> None:
    with process.reading() as session:
        rows = tasks.listing(session, site, kind, everything)
    if as_json:
        document(rows)
        return
    for row in rows:
        say(f"{row['id']}  {row['site']}  {row['kind']}  {row['summary']}{'  (done)' if row['done_at'] else ''}")
        for line in steps(row["steps"]):
            say(line)
    say("When one is done: joorsync tasks done ID" if rows else "Nothing to do by hand.")


@app.command()
def done(context: typer.Context, task_ids: Annotated[list[int], typer.Argument(help="Task numbers.")], reason: Reason = "") -> None:
    """Mark tasks as done."""
    process = process_of(context)
    with process.sessions() as session:
        count = tasks.finish(session, process, task_ids, reason)
    say(f"{count} task(s) marked as done.")
