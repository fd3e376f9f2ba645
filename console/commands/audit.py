"""`joorsync audit`: who changed what."""

from typing import Annotated

import typer

from console import audit
from console.commands.options import AnySite, AsJson, Limit, process_of
from console.output import document, note, table
from producers.requests import resolve_site

Action = Annotated[str, typer.Option("--action", help='For example "mapping.set", or "mapping" for all of that family.')]
Since = Annotated[str, typer.Option("--since", help="For example 7d, 12h, 2031-03-01 or 2031-03-01T09:00 (UTC).")]


def command(
    context: typer.Context, site: AnySite = "", action: Action = "", since: Since = "", limit: Limit = 50, as_json: AsJson = False
) -> None:
    """What people and matches have decided and changed, newest first: before and after, who, when, why."""
    process = process_of(context)
    begins = audit.moment(since, process.clock.now()) if since else None
    with process.reading() as session:
        found = resolve_site(session, site) if site else None
        rows = audit.listing(session, site=found, action=action, since=begins, limit=limit)
    if as_json:
        document(rows)
        return
    lines = [row | {"change": audit.summary(row)} for row in rows]
    table(lines, ("at", "actor", "action", "subject", "change", "reason"), empty="Nothing was changed.")
    if len(rows) == limit:
        note(f"At most {limit} are shown: --limit {limit * 10} shows more, --json all of before and after.")
