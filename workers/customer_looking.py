"""Looking at JOOR: which customer codes it knows by now, and what it shows of them; one by one, or by pages of the list."""

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlmodel import col, func, select

from clients.joor.types import Connection
from models.customers import JoorConnection
from models.errors import Rejected, SyncError
from workers.joor_connections import read_connections, write_connections
from workers.sync import Context

#: Connections on a page of JOOR's list, for the choice of the cheaper way; the client's own page size may differ (UNKNOWN, facts 2.2).
_PAGE = 50
#: A longer list would not fit into one window of credits (facts 2.1) and begin anew for ever; single looks go on where they stopped.
_MOST_PAGES = 150


@dataclass
class Looked:
    """`found` has every code that was looked at, None for one that JOOR does not know; `errors` why others could not be."""

    found: dict[str, Connection | None] = field(default_factory=dict)
    errors: dict[str, SyncError] = field(default_factory=dict)


def look(ctx: Context, codes: Collection[str], *, store: bool = True) -> Looked:
    """1 credit per code, or per page of the list where that costs less and they are more than `single_reads_up_to`. What was seen is stored
    unless `store` is False."""
    wanted = sorted(set(codes))
    if not wanted:
        return Looked()
    pages = _pages(ctx)
    if len(wanted) > max(ctx.site.customers.single_reads_up_to, pages) and pages <= _MOST_PAGES:
        try:
            return _by_pages(ctx, wanted, store=store)
        except Rejected as error:  # one connection that cannot be read says nothing about the others
            ctx.log.warning("the list of connections cannot be read; looking one by one", reason=error.summary)
        except SyncError as error:
            return Looked(errors=dict.fromkeys(wanted, error))
    return _one_by_one(ctx, wanted, store=store)


def _pages(ctx: Context) -> int:
    """Of the list as it was last read."""
    query = select(func.count()).where(JoorConnection.site_id == ctx.site.id, ~col(JoorConnection.gone))
    with ctx.session() as session:
        return session.exec(query).one() // _PAGE + 1


def _by_pages(ctx: Context, wanted: list[str], *, store: bool) -> Looked:
    codes, seen = set(wanted), dict[str, Connection]()
    for connection in read_connections(ctx, store=store):
        if connection.customer_code in codes:
            seen.setdefault(connection.customer_code, connection)
    return Looked({code: seen.get(code) for code in wanted})


def _one_by_one(ctx: Context, wanted: list[str], *, store: bool) -> Looked:
    """An error that is not about one connection ends the looking for all the rest: they come again."""
    looked = Looked()
    for place, code in enumerate(wanted):
        ctx.beat()
        try:
            looked.found[code] = ctx.joor.connection(code)
        except Rejected as error:
            looked.errors[code] = error
        except SyncError as error:
            looked.errors |= dict.fromkeys(wanted[place:], error)
            break
    seen = [connection for connection in looked.found.values() if connection is not None]
    if store and seen:
        with ctx.session() as session:
            write_connections(session, ctx.site.id, seen, ctx.clock.now())
    return looked
