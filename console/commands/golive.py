"""`joorsync sites open|close` and `joorsync attest`: what a person decides before and while a site is live.

The functions are registered by `console.cli`: open and close with the family of sites, attest by itself.
"""

from typing import Annotated

import typer
from sqlmodel import col, select

from console import golive
from console.commands.options import AnySite, AsJson, Reason, process_of
from console.output import document, note, say, table
from models.errors import NotPossible
from models.sites import Site
from producers.requests import resolve_site

SiteKey = Annotated[str, typer.Argument(metavar="KEY", help="Short name in lanes and commands, for example us.")]
Override = Annotated[bool, typer.Option("--override", help="Although no certification has passed; needs --reason.")]
Name = Annotated[str, typer.Argument(metavar="[NAME]", help=f"{' or '.join(golive.ATTESTED)}; none lists what is attested and confirmed.")]
Tier = Annotated[str, typer.Option("--tier", "--value", help="Licence: designer or luxury.")]
ApiAccess = Annotated[bool, typer.Option("--api-access/--no-api-access", help="Licence: AIMS360 has given API access.")]
Undo = Annotated[bool, typer.Option("--take-back", help="It does not hold any more.")]


def open_site(context: typer.Context, key: SiteKey, override: Override = False, reason: Reason = "") -> None:
    """Open production: the site's certification has passed, or it is overridden with a reason. First runs are dry runs all the same."""
    process = process_of(context)
    with process.sessions() as session:
        opened = golive.open_production(session, process, key, override=override, reason=reason)
    delayed = process.publish()
    say(f"Production of {key} is open; {opened.released} job(s) released.")
    for warning in opened.warnings:
        note(warning)
    note(f"Each data type's first run is a dry run: joorsync enqueue styles --site {key} --wait")
    if delayed:
        note(f"Delivery is delayed and follows by itself: {delayed}")


def close_site(context: typer.Context, key: SiteKey, reason: Reason = "") -> None:
    """Close production. What is claimed from now on waits until it is opened again, also the rest of an order of which a part was sent: it
    is looked up then, never sent blind."""
    process = process_of(context)
    with process.sessions() as session:
        golive.close_production(session, process, key, reason=reason)
    say(f"Production of {key} is closed: nothing is sent until it is opened again.")


def attest(
    context: typer.Context,
    name: Name = "",
    site: AnySite = "",
    tier: Tier = "",
    api_access: ApiAccess = True,
    take_back: Undo = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Vouch for what no API shows: AIMS360's licence, and that AIMS360's own JOOR schedule is off. Without NAME: what is confirmed,
    by whom and when."""
    process = process_of(context)
    if name:
        if not site:
            raise NotPossible("For which site?", fix=[f"joorsync attest {name} --site KEY"], field="site")
        with process.sessions() as session:
            words = golive.attest(session, process, site, name, tier=tier, api_access=api_access, reason=reason, undo=take_back)
        say(words)
        return
    with process.reading() as session:
        chosen = [resolve_site(session, site)] if site else session.exec(select(Site).order_by(col(Site.key))).all()
        rows = [row for one in chosen for row in golive.standing(session, one)]
    if as_json:
        document(rows)
    else:
        table(rows, ("site", "what", "confirmed", "at", "by", "reason", "how"), empty="There is no site yet.")
