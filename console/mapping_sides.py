"""What both systems were last seen to have, per mapping kind: the other half of "does this pair still mean something?". Reads rows only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlmodel import Session, col, func, select

from models.accounts import retailer_key
from models.catalogue import StyleSource
from models.cursors import Cursor
from models.customers import CustomerSource, JoorCode, JoorConnection
from models.lookups import LISTS_READ, TABLES, Lookup
from models.mappings import MappingKind
from models.sites import Site

#: The status of an AIMS360 customer that may be ordered for, folded.
_USABLE = "active"
_CHUNK = 500


@dataclass(frozen=True)
class Side:
    """`codes`: code -> "" when it may be used, else why not. `read_at` None: not read yet; `reads` is the command that does. `unread`: why
    the system does not show this list at all. `whole`: what is not there is gone; else only what was met is known."""

    codes: dict[str, str] = field(default_factory=dict)
    read_at: datetime | None = None
    reads: str = ""
    unread: str = ""
    whole: bool = True


@dataclass(frozen=True)
class Sides:
    """None for a side of which nothing can be read."""

    aims: Side | None
    joor: Side | None


def sides(session: Session, site: Site, kind: MappingKind, aims_codes: Collection[str] = ()) -> Sides:
    """`aims_codes`: those that matter; of styles no others are looked up."""
    if kind.value in TABLES:
        return _lists(session, site, kind)
    if kind is MappingKind.CUSTOMER:
        return Sides(_customers(session, site), _connections(session, site))
    if kind is MappingKind.STYLE:
        return Sides(_styles(session, site, sorted({code.partition("|")[0] for code in aims_codes})), None)
    if kind is MappingKind.STORE:
        return Sides(_stores(session, site), None)
    return Sides(None, None)


def _lists(session: Session, site: Site, kind: MappingKind) -> Sides:
    cursor, command = session.get(Cursor, (site.id, LISTS_READ)), f"joorsync map auto {kind.value} --wait --site {site.key}"
    if cursor is None or cursor.at is None:
        return Sides(Side(reads=command), Side(reads=command, whole=False))
    position: dict[str, Any] = cursor.position or {}
    lookups = select(Lookup).where(Lookup.tenant == position.get("tenant", ""), Lookup.kind == TABLES[kind.value])
    aims = {row.code: "" if (row.extra or {}).get("enabled", True) else "is switched off" for row in session.exec(lookups)}
    if kind is MappingKind.PRICE_LABEL:
        aims = {code.strip().upper(): words for code, words in aims.items()}
    rows = session.exec(select(JoorCode).where(JoorCode.site_id == site.id, JoorCode.kind == kind.value)).all()
    joor = {row.code: "" for row in rows if row.last_seen_at >= cursor.at}
    listed = kind is MappingKind.PRICE_LABEL and any(row.origin == "list" and row.code in joor for row in rows)
    unread = str(position.get("unread", {}).get(kind.value, ""))
    return Sides(Side(aims, cursor.at, command, unread), Side(joor, cursor.at, command, whole=listed))


def _customers(session: Session, site: Site) -> Side:
    names = ("account", "status", "gone", "read_at")
    rows = session.execute(_columns(CustomerSource, site, *names)).all()
    codes = {account: "" if status.strip().casefold() == _USABLE else f"is {status}" for account, status, gone, _ in rows if not gone}
    read_at = max((at for *_, at in rows), default=None)
    return Side(codes, read_at, f"joorsync map auto customers --fresh --wait --site {site.key}")


def _connections(session: Session, site: Site) -> Side:
    rows = session.execute(_columns(JoorConnection, site, "customer_code", "name", "postal_code", "gone")).all()
    codes: dict[str, str] = {}
    for code, name, postal_code, gone in sorted(rows, key=lambda row: not row[3]):  # those that are there come last
        codes[code or retailer_key(name, postal_code)] = "is gone" if gone else ""
    read_at = session.exec(select(func.max(JoorConnection.read_at)).where(JoorConnection.site_id == site.id)).one()
    return Side(codes, read_at, f"joorsync map auto customers --wait --site {site.key}", whole=False)


def _styles(session: Session, site: Site, styles: Sequence[str]) -> Side:
    """STYLE, STYLE|COLOUR and STYLE|COLOUR|SIZE."""
    codes: dict[str, str] = {}
    for start in range(0, len(styles), _CHUNK):
        some = col(StyleSource.style).in_(styles[start : start + _CHUNK])
        for style, rows in session.execute(_columns(StyleSource, site, "style", "rows").where(some, ~col(StyleSource.gone))):
            codes[style] = ""
            for row in rows:
                codes[f"{style}|{row['color']}"] = "" if row.get("active", True) else "is inactive"
                codes |= {f"{style}|{row['color']}|{size['name']}": "" for size in row.get("sizes") or ()}
    read_at = session.exec(select(func.max(StyleSource.read_at)).where(StyleSource.site_id == site.id)).one()
    return Side(codes, read_at, f"joorsync styles read --wait --site {site.key}")


def _stores(session: Session, site: Site) -> Side:
    """ACCOUNT|STORE."""
    codes: dict[str, str] = {}
    latest: datetime | None = None
    for account, stores, gone, at in session.execute(_columns(CustomerSource, site, "account", "stores", "gone", "read_at")):
        latest = max(at, latest or at)
        for store in stores if not gone else ():
            words = "is No Shipment" if store.get("no_shipment") else "" if store.get("active", True) else "is inactive"
            codes[f"{account}|{store.get('code', '')}"] = words
    return Side(codes, latest, f"joorsync map auto customers --fresh --wait --site {site.key}")


def _columns(table: Any, site: Site, *names: str) -> sqlalchemy.Select[Any]:
    return sqlalchemy.select(*(getattr(table, name) for name in names)).where(table.site_id == site.id)


def target_of(kind: MappingKind, aims_code: str) -> str:
    """What AIMS360 has to have for this pair: of CURRENCY/PRICE LEVEL the currency."""
    return aims_code.partition("/")[0].strip().upper() if kind is MappingKind.PRICE_LABEL else aims_code
