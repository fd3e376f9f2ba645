"""Which codes JOOR was seen to use: as price types, on connections, on orders. It lists no other Order Settings (facts 3.1)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from clients.joor.parse import parse_connection, parse_order
from clients.joor.types import Connection, JoorOrder
from models.customers import JoorCode, JoorConnection
from models.ledgers import OrderImport
from models.mappings import MappingKind
from rules.code_matching import JoorSide
from workers.sync import Context

#: What says that a code is one, the best first. `name`: a name without a code, which equals nothing by code.
ORIGINS = ("list", "connection", "order", "name")
_CHUNK = 500
_LONGEST = 200
#: (kind, code, name) as one record shows it.
Shown = tuple[MappingKind, str, str]


@dataclass
class Seen:
    """One code. `names` in the order they were met; a price label's are its currencies."""

    origin: str
    names: list[str] = field(default_factory=list)
    count: int = 0

    @property
    def name(self) -> str:
        return self.names[0] if self.names else ""


class Codes:
    """Everything that one reading saw."""

    def __init__(self) -> None:
        self.seen: dict[tuple[MappingKind, str], Seen] = {}

    def add(self, shown: Iterable[Shown], origin: str, *, count: int = 1) -> None:
        for kind, code, name in shown:
            code, name = code.strip(), name.strip()
            known, own = code or name, origin if code or kind is MappingKind.WAREHOUSE else "name"
            if not known or len(known) > _LONGEST:
                continue
            seen = self.seen.setdefault((kind, known), Seen(own))
            seen.origin = min(seen.origin, own, key=ORIGINS.index)
            seen.count += count
            if name and name not in seen.names:
                seen.names.append(name)

    def of(self, kind: MappingKind) -> list[JoorSide]:
        """For matching. Of a price label with several currencies no currency is known."""
        found = []
        for (of_kind, code), seen in sorted(self.seen.items()):
            if of_kind is kind:
                name = "" if kind is MappingKind.PRICE_LABEL and len(seen.names) > 1 else seen.name
                found.append(JoorSide(code, name, seen.origin == "name"))
        return found


def read_codes(ctx: Context) -> Codes:
    """Asks JOOR for its price types (v4), and looks through what is stored of connections and orders."""
    codes = Codes()
    listed = ctx.catalogue().price_types()
    codes.add(((MappingKind.PRICE_LABEL, row.label, row.currency) for row in listed or ()), "list", count=0)
    for raw in _rows(ctx, JoorConnection, JoorConnection.connection_id, JoorConnection.gone):
        codes.add(_readable(raw, parse_connection, _of_connection), "connection")
    for raw in _rows(ctx, OrderImport, OrderImport.id):
        codes.add(_readable({**raw, "line_items": []}, parse_order, _of_order), "order")
    return codes


def _rows(ctx: Context, table: type[Any], key: Any, hidden: Any = None) -> Iterator[dict[str, Any]]:
    """`raw` of every row, a chunk per transaction."""
    last: Any = None
    while True:
        ctx.beat()
        query = sqlalchemy.select(key, table.raw).where(table.site_id == ctx.site.id).order_by(key).limit(_CHUNK)
        if hidden is not None:
            query = query.where(col(hidden).is_(False))
        with ctx.session() as session:
            rows = session.execute(query if last is None else query.where(key > last)).all()
        if not rows:
            return
        last = rows[-1][0]
        yield from (raw for _, raw in rows)


def _readable(raw: dict[str, Any], parse: Callable[[Any], Any], shown: Callable[[Any], Iterable[Shown]]) -> list[Shown]:
    """Nothing of a record that cannot be read: whoever needs it complains."""
    try:
        return list(shown(parse(raw)))
    except ValueError:
        return []


def _of_connection(one: Connection) -> Iterator[Shown]:
    if one.shown is None:
        return
    yield from ((MappingKind.TERM, row.code, row.name) for row in one.shown.payment_methods)
    yield from ((MappingKind.SHIP_VIA, row.code, row.name) for row in one.shown.shipping_methods)
    yield from ((MappingKind.WAREHOUSE, row.code, row.name) for row in one.shown.warehouses)
    yield from ((MappingKind.PRICE_LABEL, row.label, row.currency) for row in one.shown.price_types)
    yield MappingKind.SALES_REP, one.shown.sales_rep_code, ""
    for country in {address.country.strip() for address in (*one.shown.billing, *one.shown.shipping)}:
        is_code = len(country) in (2, 3) and country.isupper()
        yield MappingKind.COUNTRY, country if is_code else "", "" if is_code else country


def _of_order(order: JoorOrder) -> Iterator[Shown]:
    yield MappingKind.TERM, order.payment_method_code, order.payment_method_name
    yield MappingKind.SHIP_VIA, order.shipping_method_code, order.shipping_method_name
    yield MappingKind.WAREHOUSE, order.warehouse_code, order.warehouse_name
    yield MappingKind.SEASON, order.season_code, ""
    yield MappingKind.PRICE_LABEL, order.price_label, order.currency
    yield MappingKind.SALES_REP, order.sales_rep_code, order.sales_rep if order.sales_rep_code.strip() else ""
    yield from ((MappingKind.DIVISION, code, name) for code, name in order.divisions)
    for address in {order.billing, order.shipping}:
        yield MappingKind.COUNTRY, address.country_iso_two.strip() or address.country_iso_three, address.country


def write_codes(session: Session, site_id: int, codes: Codes, now: datetime) -> None:
    """What this reading did not see stays, with `seen` 0."""
    session.execute(update(JoorCode).where(col(JoorCode.site_id) == site_id).values(seen=0))
    rows = [
        {
            "site_id": site_id,
            "kind": kind.value,
            "code": code,
            "name": ", ".join(seen.names)[:200] if kind is MappingKind.PRICE_LABEL else seen.name[:200],
            "origin": seen.origin,
            "seen": seen.count,
            "last_seen_at": now,
        }
        for (kind, code), seen in codes.seen.items()
    ]
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    for start in range(0, len(rows), _CHUNK):
        statement = insert(JoorCode).values(rows[start : start + _CHUNK])
        changed = {name: statement.excluded[name] for name in ("name", "origin", "seen", "last_seen_at")}
        session.execute(statement.on_conflict_do_update(index_elements=["site_id", "kind", "code"], set_=changed))
