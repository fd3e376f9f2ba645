"""JOOR's connections as rows: every one is read, those that a whole reading no longer has are marked, and each says who it may be."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from clients.joor.types import Connection, ConnectionDraft
from models.cursors import Cursor
from models.customers import JoorConnection
from rules.customer_matching import Retailer, traits_of
from workers.sync import Context

#: Cursor of a site: when all connections were last read.
READ = "connections.read"
_CHUNK = 500


def read_connections(ctx: Context, *, store: bool) -> Iterator[Connection]:
    """Every connection of the account, stored chunk by chunk; at the end those that were not there are marked as gone. A reading that shows
    none at all marks nothing: JOOR would have forgotten everybody."""
    started, some, count = ctx.clock.now(), [], 0
    for connection in ctx.joor.connections():
        some.append(connection)
        if len(some) == _CHUNK:
            _keep(ctx, some, started, store)
            count += len(some)
            yield from some
            some = []
    _keep(ctx, some, started, store)
    yield from some
    if store and count + len(some):
        _finish(ctx, started)


def _keep(ctx: Context, some: Sequence[Connection], started: datetime, store: bool) -> None:
    ctx.beat()
    if store and some:
        with ctx.session() as session:
            write_connections(session, ctx.site.id, some, started)


def _finish(ctx: Context, started: datetime) -> None:
    gone = update(JoorConnection).where(col(JoorConnection.site_id) == ctx.site.id, col(JoorConnection.read_at) < started)
    with ctx.session() as session:
        session.execute(gone.values(gone=True))
        session.merge(Cursor(site_id=ctx.site.id, name=READ, at=started))


def write_connections(session: Session, site_id: int, some: Iterable[Connection], at: datetime) -> None:
    """One statement; of rows with one id the last wins. Never over a newer reading."""
    rows = {one.connection_id: _row(site_id, one, at) for one in some if one.connection_id}
    if not rows:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(JoorConnection).values(list(rows.values()))
    changed = {name: statement.excluded[name] for name in next(iter(rows.values())) if name not in ("site_id", "connection_id")}
    newer = col(JoorConnection.read_at) <= statement.excluded.read_at
    session.execute(statement.on_conflict_do_update(index_elements=["site_id", "connection_id"], set_=changed, where=newer))


def _row(site_id: int, one: Connection, at: datetime) -> dict[str, Any]:
    shown = _shown(one)
    return {
        "site_id": site_id,
        "connection_id": one.connection_id[:60],
        "customer_code": one.customer_code.strip()[:200],
        "name": one.customer_name.strip()[:200],
        "email": one.email.strip()[:200],
        "phone": _first(address.phone for address in (*shown.billing, *shown.shipping))[:60],
        "postal_code": postal_code_of(one)[:40],
        "raw": one.raw,
        "gone": False,
        "read_at": at,
    }


def postal_code_of(one: Connection) -> str:
    """Of the bill-to, else of the first ship-to: as orders of that retailer show it."""
    return _first(address.postal_code for address in (*_shown(one).billing, *_shown(one).shipping))


def retailer_of(one: Connection) -> Retailer:
    """What matching looks at."""
    shown = _shown(one)
    addresses = (*shown.billing, *shown.shipping)
    emails = (one.email, *(address.email for address in addresses), *(email for _, email in shown.buyers))
    phones, postal_codes = (address.phone for address in addresses), (address.postal_code for address in addresses)
    name, code = one.customer_name.strip(), one.customer_code.strip()
    return Retailer(code, name, postal_code_of(one), traits_of(name, emails, phones, postal_codes))


def _shown(one: Connection) -> ConnectionDraft:
    return one.shown or ConnectionDraft(one.customer_code, one.customer_name)


def _first(texts: Iterable[str]) -> str:
    return next((text.strip() for text in texts if text.strip()), "")
