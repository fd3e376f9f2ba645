"""`joorsync images`: which pictures JOOR was given, and which it could not be given."""

from typing import Annotated

import typer

from console import images
from console.commands.options import AnySite, AsJson, Limit, group, process_of
from console.output import document, say, table
from console.process import Process

app = group("Pictures on JOOR: style images, colour images, swatches; and those that could not be sent.")

Styles = Annotated[list[str] | None, typer.Option("--style", help="AIMS360 style number; repeatable.")]
Refused = Annotated[bool, typer.Option("--refused", help="Only those that were refused, or that a person has to look at.")]
Style = Annotated[str, typer.Argument(metavar="STYLE", help="AIMS360 style number.")]
_COLUMNS = ("style", "card", "level", "color", "place", "file", "state", "sent_at", "refused")


@app.callback()
def default(
    context: typer.Context, site: AnySite = "", style: Styles = None, refused: Refused = False, limit: Limit = 100, as_json: AsJson = False
) -> None:
    """List pictures by style."""
    if context.invoked_subcommand is None:
        _list(process_of(context), site, style or [], refused, limit, as_json)


@app.command("list")
def list_images(
    context: typer.Context, site: AnySite = "", style: Styles = None, refused: Refused = False, limit: Limit = 100, as_json: AsJson = False
) -> None:
    """List pictures by style."""
    _list(process_of(context), site, style or [], refused, limit, as_json)


def _list(process: Process, site: str, styles: list[str], refused: bool, limit: int, as_json: bool) -> None:
    with process.reading() as session:
        rows = images.listing(session, site, styles, refused, limit)
    if as_json:
        document(rows)
    else:
        table(rows, _COLUMNS, empty="No pictures. To send some: joorsync enqueue images --site KEY")


@app.command()
def show(context: typer.Context, style: Style, site: AnySite = "", as_json: AsJson = False) -> None:
    """The pictures of one style: where each comes from, when it was sent, why one was not."""
    with process_of(context).reading() as session:
        rows = images.of_style(session, site, style)
    if as_json:
        document(rows)
        return
    for row in rows:
        where = f"{row['level']}{' ' + row['color'] if row['color'] else ''} {row['place']}"
        say(f"{row['site']}  {row['card']}  {where}  {row['file']}  {row['state']}")
        say(f"    from {row['source']}")
        if row["refused"]:
            say(f"    {row['refused']}")
    if not rows:
        say(f"JOOR was given no pictures of {style}. To send them: joorsync enqueue images --key {style}")
