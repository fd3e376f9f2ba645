"""`joorsync map auto|proposals|accept|reject`: what is sure is paired, what is only alike is for a person."""

from collections.abc import Sequence
from typing import Annotated

import typer
from sqlmodel import col, select

from console import mapping, proposals
from console.commands.asking import relayed, say_and_wait
from console.commands.mapping_options import AnyKind, went_on
from console.commands.options import AsJson, Limit, OneSite, Reason, process_of
from console.output import document, note, say, table
from models.errors import NotPossible
from models.jobs import Job
from models.mappings import MappingKind
from producers import styles
from producers.pairing import request_pairing
from producers.requests import resolve_site

_KIND = "customers, styles, terms, ship-vias, warehouses, divisions, seasons, countries, sales-reps or price-labels; none means styles."
Matched = Annotated[str, typer.Argument(metavar="[KIND]", help=_KIND)]
Words = Annotated[list[str] | None, typer.Argument(metavar="[KIND] JOOR AIMS360", help=f"{_KIND} Both codes as the proposal shows them.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be paired; store nothing.")]
Wait = Annotated[bool, typer.Option("--wait", "-w", help="Until the work is done; exit code 1 when something failed.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Customers: read AIMS360 first, however new the last reading is.")]
_COLUMNS = ("joor", "joor_name", "aims360", "aims360_name", "score", "why", "state")


def auto(
    context: typer.Context,
    site: OneSite,
    kind: Matched = "styles",
    fresh: Fresh = False,
    dry_run: DryRun = False,
    wait: Wait = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Pair what is sure: customers and codes that are equal, style cards by identifier, number and UPC; what is only alike is proposed."""
    wanted, process = proposals.matched_kind(kind), process_of(context)
    with process.sessions() as session:
        about = {"reason": reason or "map auto", "requested_by": process.actor, "clock": process.clock}
        run = request_pairing(session, site, wanted, fresh=fresh, dry_run=dry_run, **about)
        run_id = run.id
    say_and_wait(process, relayed(process, run_id), dry_run, wait, as_json)
    if wait and not (as_json or dry_run):
        with process.reading() as session:
            for words in session.exec(select(Job.note).where(Job.run_id == run_id, Job.note != "").order_by(col(Job.id))):
                say(words)


def list_proposals(
    context: typer.Context,
    site: OneSite,
    kind: AnyKind = None,
    state: Annotated[list[str] | None, typer.Option("--state", help="open, accepted, rejected; repeatable.")] = None,
    limit: Limit = 1000,
    as_json: AsJson = False,
) -> None:
    """Pairs that may be right, with a score up to 100 and why. A person accepts or rejects them."""
    wanted, process = proposals.matched_kind(kind) if kind else None, process_of(context)
    with process.reading() as session:
        rows = proposals.listing(session, resolve_site(session, site), wanted, state or [])
    if as_json:
        document(rows[:limit])
        return
    table(rows[:limit], _COLUMNS if wanted else ("kind", *_COLUMNS), empty="Nothing is proposed.")
    if len(rows) > limit:
        note(f"{len(rows) - limit} more: --limit {len(rows)}")
    if rows:
        word = mapping.plural(wanted) if wanted else "KIND"
        say(f"Decide: joorsync map accept {word} JOOR AIMS360 --site {site}, or joorsync map reject {word} JOOR [AIMS360] --site {site}")
        say(f"All good ones at once: joorsync map accept {word} --above 90 --site {site}")


def accept(
    context: typer.Context,
    site: OneSite,
    words: Words = None,
    above: Annotated[int | None, typer.Option("--above", min=1, max=100, help="The best for every JOOR code, from this score on.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a proposal a pair, or every good one; jobs that were blocked on it go on."""
    kind, codes = _kind_and(words or [], 0 if above is not None else 2)
    if len(codes) != (0 if above is not None else 2):
        looks = f"Look: joorsync map proposals {mapping.plural(kind)} --site {site}"
        raise NotPossible("Give a JOOR code and an AIMS360 code, or --above", fix=[looks])
    process = process_of(context)
    with process.sessions() as session:
        found = resolve_site(session, site)
        if above is None:
            done = proposals.accept(session, process, found, kind, *codes)
        else:
            done = proposals.accept_above(session, process, found, kind, above)
        if done.pairs and kind is MappingKind.STYLE:
            styles.request_match(session, found, reason="proposals accepted", requested_by=process.actor, clock=process.clock)
    if as_json:
        process.publish()
        document({"pairs": [list(pair) for pair in done.pairs], "left": [list(item) for item in done.left], "released": done.released})
        return
    for pair in done.pairs:
        say(f"{kind.value.replace('_', ' ')} {pair[0]!r} -> {pair[1]!r}")
    for code, why in done.left:
        note(f"{code} is left to you: {why}")
    taken_over = " Their cards are taken over by a match that waits now." if done.pairs and kind is MappingKind.STYLE else ""
    say(f"{len(done.pairs)} pair(s) stored.{taken_over}")
    went_on(process, done.released)


def reject(
    context: typer.Context,
    site: OneSite,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[KIND] JOOR [AIMS360]", help=f"{_KIND} No AIMS360 code: all of them.")
    ] = None,
) -> None:
    """Say that a proposal is wrong: it is not made again. The JOOR code stays listed as unmapped."""
    kind, codes = _kind_and(words or [], 1)
    if len(codes) not in (1, 2):
        raise NotPossible("Give a JOOR code", fix=[f"Look: joorsync map proposals {mapping.plural(kind)} --site {site}"])
    process = process_of(context)
    with process.sessions() as session:
        found = resolve_site(session, site)
        count = proposals.reject(session, process, found, kind, codes[0], codes[1] if len(codes) == 2 else None)
    say(f"{count} proposal(s) rejected.")


def _kind_and(words: Sequence[str], codes: int) -> tuple[MappingKind, list[str]]:
    """The kind, where there is a word before the `codes` that are needed at least and it is one; and what follows."""
    given = [word.strip() for word in words]
    if len(given) > codes:
        try:
            return proposals.matched_kind(given[0]), given[1:]
        except NotPossible:
            if codes != 1 or len(given) > 2:
                raise
    return MappingKind.STYLE, given


def add_to(app: typer.Typer) -> None:
    app.command("auto")(auto)
    app.command("proposals")(list_proposals)
    app.command("accept")(accept)
    app.command("reject")(reject)
