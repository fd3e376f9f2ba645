"""`joorsync ship-tos`: addresses that came with orders and that the AIMS360 customer does not have."""

from typing import Annotated

import typer

from console import ship_tos
from console.commands.options import AnySite, AsJson, OneSite, Reason, group, process_of
from console.output import document, note, say, steps, table
from console.process import Process
from producers import ship_tos as asking

app = group("Ship-tos that came with orders: add one to its AIMS360 customer, or not.")

All = Annotated[bool, typer.Option("--all", help="Added and refused ones, too.")]
OfferId = Annotated[int, typer.Argument(metavar="ID", help="Number of the ship-to.")]
Code = Annotated[str, typer.Option("--code", help="AIMS360 store code; none: JOOR's shipping code, else the next free number.")]
_COLUMNS = ("id", "site", "account", "state", "joor_code", "store_code", "place", "orders", "words")


@app.callback()
def default(context: typer.Context, site: AnySite = "", everything: All = False, as_json: AsJson = False) -> None:
    """List ship-tos that wait for a decision, or for somebody to add them."""
    if context.invoked_subcommand is None:
        _list(process_of(context), site, everything, as_json)


@app.command("list")
def list_offers(context: typer.Context, site: AnySite = "", everything: All = False, as_json: AsJson = False) -> None:
    """List ship-tos that wait for a decision, or for somebody to add them."""
    _list(process_of(context), site, everything, as_json)


def _list(process: Process, site: str, everything: bool, as_json: bool) -> None:
    with process.reading() as session:
        rows = ship_tos.listing(session, site, everything)
    if as_json:
        document(rows)
        return
    table(rows, _COLUMNS, empty="No ship-to waits for a decision.")
    if any(row["state"] == "open" for row in rows):
        say("To add one: joorsync ship-tos accept ID --site KEY; an address of one order only: joorsync ship-tos refuse ID --site KEY")


@app.command()
def accept(context: typer.Context, offer_id: OfferId, site: OneSite, code: Code = "", reason: Reason = "") -> None:
    """Add the ship-to to its AIMS360 customer; where AIMS360 has no route for that, a task has the clicks."""
    process = process_of(context)
    with process.sessions() as session:
        run = asking.accept(session, site, offer_id, process.actor, store_code=code, reason=reason, clock=process.clock)
        offer = next(row for row in asking.listing(session, site, True) if row.id == offer_id)
        words = f"Ship-to {offer_id} becomes store {offer.store_code} of customer {offer.account} (run {run.id})."
        dry_run = run.dry_run
    _goes_on(process, words)
    if dry_run:
        note("It is a dry run: the site's first production run of customers is not confirmed.")
        for line in steps(
            [f"Confirm it: joorsync enqueue customers --site {site} --confirm", f"joorsync ship-tos accept {offer_id} --site {site}"]
        ):
            note(line)


@app.command()
def refuse(context: typer.Context, offer_id: OfferId, site: OneSite, reason: Reason = "") -> None:
    """Leave the ship-to to its orders; it is not offered again."""
    process = process_of(context)
    with process.sessions() as session:
        asking.refuse(session, site, offer_id, process.actor, reason=reason, clock=process.clock)
    say(f"Ship-to {offer_id} is refused. To have it after all: joorsync ship-tos accept {offer_id} --site {site}")


def _goes_on(process: Process, words: str) -> None:
    delayed = process.publish()
    say(words)
    if delayed:
        note(f"Delivery is delayed and follows by itself: {delayed}")
    elif process.settings.embedded:
        note("It is done by the next `joorsync up` or `joorsync enqueue --wait`.")
