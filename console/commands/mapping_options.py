"""What the `joorsync map` commands share."""

from typing import Annotated

import typer

from console.output import note, say
from console.process import Process

Kind = Annotated[str, typer.Argument(help="customers, terms, ship-vias, warehouses, divisions, seasons, sizes, styles, countries, ...")]
AnyKind = Annotated[str | None, typer.Argument(help="One kind; none means all.")]


def went_on(process: Process, released: int) -> None:
    """Say how many jobs a decision has released, and deliver them."""
    if not released:
        return
    delayed = process.publish()
    say(f"{released} job(s) were blocked on this and go on.")
    if delayed:
        note(f"Delivery is delayed and follows by itself: {delayed}")
    elif process.settings.embedded:
        note("They are done by the next `joorsync up` or `joorsync enqueue --wait`.")
