"""`joorsync styles fields`: which AIMS360 field fills which JOOR field."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from console import style_fields
from console.commands.options import AsJson, OneSite, process_of
from console.output import document, note, say, table
from console.style_fields import FieldRow
from models.errors import NotPossible
from producers.requests import resolve_site

app = typer.Typer(help="Which AIMS360 field fills which JOOR field.", no_args_is_help=True, rich_markup_mode=None)

JoorField = Annotated[str, typer.Argument(help="name, number, description, ..., trait:NAME, trait_code:NAME, tag:GROUP/NAME.")]


@app.command("list")
def list_fields(context: typer.Context, site: OneSite, as_json: AsJson = False) -> None:
    """Where the site differs from the defaults."""
    process = process_of(context)
    with process.reading() as session:
        stored = style_fields.listing(session, resolve_site(session, site))
        rows = [row.model_dump(include=set(style_fields.COLUMNS) | {"updated_at", "updated_by"}) for row in stored]
    if as_json:
        document(rows)
    else:
        table(rows, (*style_fields.COLUMNS, "updated_at", "updated_by"), empty="Nothing is set: the defaults hold.")


@app.command("set")
def set_field(
    context: typer.Context,
    joor_field: JoorField,
    site: OneSite,
    aims: Annotated[str, typer.Option("--aims", help="AIMS360 field of the style-colour row; or division, season, ...")] = "",
    constant: Annotated[str, typer.Option("--constant", help="Always this text.")] = "",
    fallback: Annotated[str, typer.Option("--fallback", help="Where the AIMS360 field is empty.")] = "",
    nothing: Annotated[bool, typer.Option("--nothing", help="Do not fill this field at all, not even by default.")] = False,
) -> None:
    """Say where a JOOR field comes from."""
    process = process_of(context)
    row = FieldRow(joor_field.strip(), aims.strip(), constant.strip(), fallback.strip())
    if nothing == any((row.aims_field, row.constant, row.fallback)):
        raise NotPossible("Say where it comes from, or --nothing", fix=["Give --aims FIELD, --constant TEXT or --fallback TEXT."])
    with process.sessions() as session:
        new = style_fields.put(session, process, resolve_site(session, site), row)
    say(f"{row.joor_field} is {'set' if new else 'as it was'}.")
    if new:
        _resent(site)


@app.command("unset")
def unset_field(context: typer.Context, joor_field: JoorField, site: OneSite) -> None:
    """Back to the default."""
    process = process_of(context)
    with process.sessions() as session:
        style_fields.remove(session, process, resolve_site(session, site), joor_field.strip())
    say(f"{joor_field.strip()} is back to its default.")
    _resent(site)


@app.command("export")
def export_fields(
    context: typer.Context,
    site: OneSite,
    file: Annotated[Path | None, typer.Argument(dir_okay=False, help="None: standard output.")] = None,
) -> None:
    """Write the fields as CSV (UTF-8); `import` reads it back to the letter."""
    process = process_of(context)
    with process.reading() as session:
        rows = style_fields.listing(session, resolve_site(session, site))
    text = style_fields.export(rows)
    if file is None:
        sys.stdout.write(text)
        return
    file.write_text("\ufeff" + text, encoding="utf-8", newline="")  # Excel takes a CSV without the mark for the country's old encoding
    say(f"{len(rows)} field(s) written to {file}.")


@app.command("import")
def import_fields(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="CSV with a header line; - is standard input.")],
    site: OneSite,
    replace: Annotated[bool, typer.Option("--replace", help="Take out stored fields that the file does not have.")] = False,
) -> None:
    """Read fields from CSV. A file with any error changes nothing; every error is listed with its line and column."""
    process = process_of(context)
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise NotPossible(f"{file} cannot be read: {error.strerror}", fix=["Give the path of a CSV file."]) from None
    rows = style_fields.parse(data, file.name)
    with process.sessions() as session:
        done = style_fields.load(session, process, resolve_site(session, site), rows, replace=replace)
    say(f"{done.added} added, {done.changed} changed, {done.unchanged} unchanged, {done.removed} removed.")
    if done.added or done.changed or done.removed:
        _resent(site)


def _resent(site: str) -> None:
    note(f"Styles that this changes are sent by the next scan: joorsync enqueue styles --site {site}")
