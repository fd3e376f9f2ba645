"""`joorsync map`: pairs between JOOR and AIMS360."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from console import mapping, mapping_csv
from console.commands.options import AsJson, OneSite, process_of
from console.mapping import Pair
from console.output import document, note, say, table
from console.process import Process
from models.errors import NotPossible
from producers.requests import resolve_site

app = typer.Typer(
    help="Pairs between JOOR and AIMS360: customers, terms, ship-vias, warehouses, sizes, styles, ...",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Kind = Annotated[str, typer.Argument(help="customers, terms, ship-vias, warehouses, divisions, seasons, sizes, styles, countries, ...")]
AnyKind = Annotated[str | None, typer.Argument(help="One kind; none means all.")]
_COLUMNS = ("kind", "joor", "joor_name", "aims360", "primary", "ignored", "uses", "last_used_at", "created_by")


@app.command("list")
def list_pairs(context: typer.Context, site: OneSite, kind: AnyKind = None, as_json: AsJson = False) -> None:
    """Stored pairs."""
    process = process_of(context)
    wanted = mapping.kind_of(kind) if kind else None
    with process.reading() as session:
        rows = [mapping.row(pair) for pair in mapping.listing(session, resolve_site(session, site), wanted)]
    if as_json:
        document(rows)
    else:
        table(rows, _COLUMNS, empty="No pairs stored.")


@app.command("set")
def set_pair(
    context: typer.Context,
    kind: Kind,
    site: OneSite,
    joor_code: Annotated[str, typer.Argument(help="JOOR's code, to the letter (for a warehouse: its name).")] = "",
    aims: Annotated[str, typer.Option("--aims", help="AIMS360's code (for a warehouse: its name).")] = "",
    name: Annotated[str, typer.Option("--name", help="JOOR's name, where it differs from the code.")] = "",
    aims_id: Annotated[str, typer.Option("--aims-id", help="AIMS360's GUID, where codes are not unique.")] = "",
    primary: Annotated[
        bool, typer.Option("--primary/--not-primary", help="The AIMS360 warehouse that orders of this JOOR warehouse use.")
    ] = True,
    ignore: Annotated[bool, typer.Option("--ignore", help="Leave this code out on purpose.")] = False,
) -> None:
    """Store a pair; jobs that were blocked on it go on."""
    process = process_of(context)
    pair = Pair(joor_code.strip(), aims.strip(), name.strip(), aims_id.strip(), primary, ignore)
    wanted = mapping.kind_of(kind)
    with process.sessions() as session:
        released = mapping.put(session, process, resolve_site(session, site), wanted, pair)
    say(f"{wanted.replace('_', ' ')} {pair.joor_code or pair.aims_code!r} {'is left out' if ignore else f'-> {pair.aims_code!r}'}")
    _went_on(process, released)


def _went_on(process: Process, released: int) -> None:
    if not released:
        return
    delayed = process.publish()
    say(f"{released} job(s) were blocked on this and go on.")
    if delayed:
        note(f"Delivery is delayed and follows by itself: {delayed}")
    elif process.settings.embedded:
        note("They are done by the next `joorsync up` or `joorsync enqueue --wait`.")


@app.command()
def remove(
    context: typer.Context,
    kind: Kind,
    site: OneSite,
    joor_code: Annotated[str, typer.Argument()] = "",
    aims: Annotated[str | None, typer.Option("--aims", help="Only the pair with this AIMS360 code.")] = None,
) -> None:
    """Take out the pairs of a JOOR code (of an ignored AIMS360 warehouse: --aims alone)."""
    process = process_of(context)
    with process.sessions() as session:
        count = mapping.remove(session, process, resolve_site(session, site), mapping.kind_of(kind), joor_code.strip(), aims)
    say(f"{count} pair(s) removed.")


@app.command("export")
def export_pairs(
    context: typer.Context,
    kind: Kind,
    site: OneSite,
    file: Annotated[Path | None, typer.Argument(dir_okay=False, help="None: standard output.")] = None,
) -> None:
    """Write pairs as CSV (UTF-8); `import` reads it back to the letter."""
    process = process_of(context)
    with process.reading() as session:
        rows = mapping.listing(session, resolve_site(session, site), mapping.kind_of(kind))
    text = mapping_csv.export(rows)
    if file is None:
        sys.stdout.write(text)
        return
    file.write_text("\ufeff" + text, encoding="utf-8", newline="")  # Excel takes a CSV without the mark for the country's old encoding
    say(f"{len(rows)} pair(s) written to {file}.")


@app.command("import")
def import_pairs(
    context: typer.Context,
    kind: Kind,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="CSV with a header line; - is standard input.")],
    site: OneSite,
    replace: Annotated[bool, typer.Option("--replace", help="Take out stored pairs that the file does not have.")] = False,
) -> None:
    """Read pairs from CSV. A file with any error changes nothing; every error is listed with its line and column."""
    process, wanted = process_of(context), mapping.kind_of(kind)
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise NotPossible(f"{file} cannot be read: {error.strerror}", fix=["Give the path of a CSV file."]) from None
    pairs = mapping_csv.parse(data, wanted, file.name)
    with process.sessions() as session:
        done = mapping_csv.load(session, process, resolve_site(session, site), wanted, pairs, replace=replace)
    say(f"{done.added} added, {done.changed} changed, {done.unchanged} unchanged, {done.removed} removed.")
    _went_on(process, done.released)


@app.command()
def unmapped(context: typer.Context, site: OneSite, kind: AnyKind = None, as_json: AsJson = False) -> None:
    """What work waits for: each code with the number of jobs and the command that ends it."""
    process = process_of(context)
    wanted = mapping.kind_of(kind) if kind else None
    with process.reading() as session:
        rows = mapping.unmapped(session, resolve_site(session, site), wanted)
    if as_json:
        document(rows)
        return
    table(rows, ("kind", "value", "jobs", "where"), empty="Nothing waits for a pair.")
    for item in rows:
        if item["fix"]:
            say(item["fix"])
