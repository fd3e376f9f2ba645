"""`joorsync map`: pairs between JOOR and AIMS360."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from console import mapping, mapping_csv, proposals
from console.commands.asking import relayed, say_and_wait
from console.commands.options import AsJson, OneSite, Reason, process_of
from console.mapping import Pair
from console.output import document, note, say, table
from console.process import Process
from models.catalogue import StyleCard
from models.errors import NotPossible
from models.mappings import MappingKind
from producers import styles as asking
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


# ---- matching styles -----------------------------------------------------------------------------------------------------------------

Styles = Annotated[str, typer.Argument(metavar="styles", help="Only styles are matched automatically.")]
JoorCode = Annotated[str, typer.Argument(metavar="JOOR", help="The JOOR card: its identifier, as the proposal shows it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be paired; store nothing.")]
Wait = Annotated[bool, typer.Option("--wait", "-w", help="Until the work is done; exit code 1 when something failed.")]


@app.command()
def auto(
    context: typer.Context,
    site: OneSite,
    kind: Styles = "styles",
    dry_run: DryRun = False,
    wait: Wait = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Pair the style cards that people made on JOOR: by identifier, style number and UPC; what is only alike is proposed."""
    proposals.only_styles(kind)
    process = process_of(context)
    with process.sessions() as session:
        by = process.actor
        run_id = asking.request_match(session, site, dry_run=dry_run, reason=reason or "map auto", requested_by=by, clock=process.clock).id
    say_and_wait(process, relayed(process, run_id), dry_run, wait, as_json)


@app.command("proposals")
def list_proposals(
    context: typer.Context,
    site: OneSite,
    kind: Styles = "styles",
    state: Annotated[list[str] | None, typer.Option("--state", help="open, accepted, rejected; repeatable.")] = None,
    as_json: AsJson = False,
) -> None:
    """Pairs that may be right, with a score up to 100 and why. A person accepts or rejects them."""
    wanted, process = proposals.only_styles(kind), process_of(context)
    with process.reading() as session:
        rows = proposals.listing(session, resolve_site(session, site), wanted, state or [])
    if as_json:
        document(rows)
        return
    table(rows, ("joor", "joor_name", "aims360", "aims360_name", "score", "why", "state"), empty="Nothing is proposed.")
    if rows:
        say(f"Decide: joorsync map accept JOOR AIMS360 --site {site}, or joorsync map reject JOOR [AIMS360] --site {site}")


@app.command()
def accept(
    context: typer.Context,
    site: OneSite,
    joor: JoorCode = "",
    aims: Annotated[str, typer.Argument(metavar="AIMS360", help="STYLE or STYLE|COLOUR, as proposed.")] = "",
    above: Annotated[int | None, typer.Option("--above", min=1, max=100, help="The best of every card, from this score on.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a proposal a pair, or every good one; jobs that were blocked on it go on."""
    if bool(joor and aims) is (above is not None) or (above is not None and joor):
        raise NotPossible("Give a JOOR code and an AIMS360 code, or --above", fix=[f"Look: joorsync map proposals styles --site {site}"])
    process = process_of(context)
    with process.sessions() as session:
        found = resolve_site(session, site)
        if above is None:
            done = proposals.accept(session, process, found, MappingKind.STYLE, joor.strip(), aims.strip())
        else:
            done = proposals.accept_above(session, process, found, MappingKind.STYLE, above)
        if done.pairs:
            asking.request_match(session, found, reason="proposals accepted", requested_by=process.actor, clock=process.clock)
    if as_json:
        process.publish()
        document({"pairs": [list(pair) for pair in done.pairs], "left": [list(item) for item in done.left], "released": done.released})
        return
    for pair in done.pairs:
        say(f"style {pair[0]!r} -> {pair[1]!r}")
    for code, why in done.left:
        note(f"{code} is left to you: {why}")
    say(f"{len(done.pairs)} pair(s) stored." + (" Their cards are taken over by a match that waits now." if done.pairs else ""))
    _went_on(process, done.released)


@app.command()
def reject(
    context: typer.Context,
    site: OneSite,
    joor: JoorCode,
    aims: Annotated[str | None, typer.Argument(metavar="AIMS360", help="None: everything proposed for the card.")] = None,
) -> None:
    """Say that a proposal is wrong: it is not made again. The card stays listed as unmapped."""
    process = process_of(context)
    with process.sessions() as session:
        count = proposals.reject(session, process, resolve_site(session, site), MappingKind.STYLE, joor.strip(), aims)
    say(f"{count} proposal(s) rejected.")
