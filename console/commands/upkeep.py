"""`joorsync queues`, `topology`, `migrate`, `settings` and `keys rotate`: the machinery itself. Registered by `console.cli`."""

from typing import Annotated

import typer
from sqlmodel import col, select

from console import output, queues
from console.commands.options import AsJson, process_of
from models.sites import Site
from producers.relay import declare_topology
from runtime import logs, migrate
from runtime.secrets import rotate_credentials, secret_box
from runtime.settings import Settings

keys_app = typer.Typer(help="Keys that encrypt stored credentials.", no_args_is_help=True, rich_markup_mode=None)


def show_queues(context: typer.Context, as_json: AsJson = False) -> None:
    """Every lane: messages in the broker, backlog, oldest age, credits left, what holds it."""
    rows, trouble = queues.lanes(process_of(context))
    if as_json:
        output.document({"lanes": rows, "broker": trouble})
    else:
        for row in rows:
            row["backlog"] = ", ".join(f"{count} {state}" for state, count in sorted(row["backlog"].items()))
        columns = (
            "lane",
            "ready",
            "delayed",
            "dead",
            "backlog",
            "oldest_age",
            "open_failures",
            "credits_left",
            "credits_refilled_at",
            "held",
        )
        output.table(rows, columns, empty="No lanes: there is no site yet.")
    if trouble:
        output.note(trouble)
        raise typer.Exit(output.UNREACHABLE)


def topology(context: typer.Context) -> None:
    """Declare every lane on RabbitMQ; for a broker user that may configure."""
    process = process_of(context)
    if process.settings.amqp_url is None:
        output.say("AMQP_URL is not set: lanes are in memory, nothing to declare.")
        return
    with process.reading() as session:
        keys = session.exec(select(Site.key).order_by(col(Site.key))).all()
    lanes = declare_topology(process.settings.amqp_url, keys)
    output.say(f"{len(lanes)} lanes declared: {', '.join(lanes) or 'there is no site yet'}")


def migrate_database(
    context: typer.Context,
    down: Annotated[str, typer.Option("--down", metavar="REVISION", help='Back to this version; "base" removes every table.')] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before going down.")] = False,
) -> None:
    """Bring the database to the version of this program."""
    process = process_of(context)
    if down:
        if not yes:
            typer.confirm(
                f"Take {process.where} down to {down}? Newer tables and columns are removed with what is in them", abort=True, err=True
            )
        migrate.downgrade(process.engine, down)
        output.say(f"{process.where} is at {down}.")
        return
    before = migrate.upgrade(process.engine)
    output.say(f"{process.where} is at {migrate.newest()} (was: {before}).")


def show_settings(context: typer.Context, as_json: AsJson = False) -> None:
    """Settings of this process, from the environment and .env; secrets are masked."""
    settings = process_of(context).settings
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        shown = logs.MASK if name == "key" and value is not None else logs.REDACTOR.text(str(value)) if value is not None else None
        rows.append({"variable": str(field.validation_alias), "value": shown, "set": name in settings.model_fields_set})
    if as_json:
        output.document(rows)
    else:
        output.table(rows, ("variable", "value", "set"))


@keys_app.command()
def rotate(context: typer.Context) -> None:
    """Encrypt every stored credential anew with the first key of JOORSYNC_KEY; older keys follow it, comma-separated."""
    process = process_of(context)
    with process.sessions() as session:
        count = rotate_credentials(session, secret_box(process.settings), process.clock.now())
        session.add(process.audit("keys.rotate", f"{count} credentials"))
    output.say(f"{count} credential(s) are encrypted with the first key. Older keys can be taken away.")
