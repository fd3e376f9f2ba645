"""`joorsync map`: pairs between JOOR and AIMS360."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from console import mapping, mapping_check, mapping_csv
from console.commands import mapping_proposals
from console.commands.mapping_options import AnyKind, Kind, went_on
from console.commands.options import AsJson, OneSite, process_of
from console.mapping import Pair
from console.output import FAILED, document, note, say, table
from models.catalogue import StyleCard
from models.errors import NotPossible
from models.mappings import MappingKind
from producers.requests import resolve_site

app = typer.Typer(
    help="Pairs between JOOR and AIMS360: customers, terms, ship-vias, warehouses, sizes, styles, ...",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_COLUMNS = ("kind", "joor", "joor_name", "aims360", "primary", "ignored", "state", "uses", "last_used_at", "created_by")


@app.command("list")
def list_pairs(context: typer.Context, site: OneSite, kind: AnyKind = None, as_json: AsJson = False) -> None:
    """Stored pairs, how often and when they were last used, and whether both sides still have them."""
    process = process_of(context)
    wanted = mapping.kind_of(kind) if kind else None
    with process.reading() as session:
        found = resolve_site(session, site)
        pairs = mapping.listing(session, found, wanted)
        states = mapping_check.states(session, found, pairs)
    rows = [mapping.row(pair) | {"state": states[pair.id or 0]} for pair in pairs]
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
    went_on(process, released)


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
    wanted = mapping.kind_of(kind)
    with process.sessions() as session:
        found = resolve_site(session, site)
        count = mapping.remove(session, process, found, wanted, joor_code.strip(), aims)
        kept = wanted is MappingKind.STYLE and session.get(StyleCard, (found.id, joor_code.strip())) is not None
    say(f"{count} pair(s) removed.")
    if kept:
        note(f"The card {joor_code.strip()} itself stays on JOOR. To take it off: joorsync styles remove {joor_code.strip()} --site {site}")


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
    went_on(process, done.released)


@app.command()
def unmapped(context: typer.Context, site: OneSite, kind: AnyKind = None, as_json: AsJson = False) -> None:
    """What work waits for, and codes that JOOR uses without a pair: each with the number of jobs and the command that ends it."""
    process = process_of(context)
    wanted = mapping.kind_of(kind) if kind else None
    with process.reading() as session:
        found = resolve_site(session, site)
        rows = mapping.unmapped(session, found, wanted)
        known = {(row["kind"], row["value"]) for row in rows}
        rows += [row for row in mapping_check.without_pair(session, found, wanted) if (row["kind"], row["value"]) not in known]
    if as_json:
        document(rows)
        return
    table(rows, ("kind", "value", "jobs", "where"), empty="Nothing waits for a pair.")
    for item in rows:
        if item["fix"]:
            say(item["fix"])


@app.command()
def check(context: typer.Context, site: OneSite, kind: AnyKind = None, as_json: AsJson = False) -> None:
    """Look whether both systems still have what is paired, as they were last read. Exit code 1 when a pair cannot work."""
    process = process_of(context)
    wanted = mapping.kind_of(kind) if kind else None
    with process.reading() as session:
        found = mapping_check.check(session, resolve_site(session, site), wanted, process.clock.now())
    if as_json:
        document({"pairs": found.pairs, "wrong": found.wrong, "remarks": found.remarks, "unread": found.unread})
    else:
        for row in [*found.wrong, *found.remarks]:
            say(f"{row['kind'].replace('_', ' ')}: {row['words']}")
            say(f"  {row['fix']}")
        for row in found.unread:
            note(f"{row['words']}; read them: {row['fix']}")
        say(f"{found.pairs} pair(s): {len(found.wrong)} wrong, {len(found.remarks)} to look at.")
    if found.wrong:
        raise typer.Exit(FAILED)


@app.command("copy")
def copy_pairs(
    context: typer.Context,
    source: Annotated[str, typer.Option("--from", help="Site key.")],
    target: Annotated[str, typer.Option("--to", help="Site key.")],
    kind: AnyKind = None,
) -> None:
    """Give a site the pairs of codes that another site has; what it has paired itself stays. Not customers, styles and stores."""
    process = process_of(context)
    wanted = mapping.kind_of(kind) if kind else None
    with process.sessions() as session:
        done = mapping.copy_pairs(session, process, resolve_site(session, source), resolve_site(session, target), wanted)
    for each, code, why in done.left:
        note(f"{each} {code!r} was not copied: {why}")
    say(f"{done.added} pair(s) copied, {done.same} were there, {len(done.left)} left.")
    went_on(process, done.released)


mapping_proposals.add_to(app)
