"""AIMS360's ids by code, remembered per tenant: whole code tables for a day, customers, stores and style-colours for a quarter of an hour.

A miss reads again, at most once a minute per table, so a term added in AIMS360 a moment ago is found without anybody waiting for it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from clients.aims360.types import CodeKind, Customer, SizeRow, Store, StyleColor
from models.cursors import Cursor
from models.lookups import Lookup
from workers.sync import Context

TABLE_FRESH = timedelta(days=1)
RECORD_FRESH = timedelta(minutes=15)
MISS_AGAIN = timedelta(minutes=1)
WAREHOUSE = "warehouse"
#: Remembers that AIMS360 has no such style: with split cards every order would ask for the identifier first.
ABSENT = "style_absent"
_CODE_LENGTH, _NAME_LENGTH = 200, 300
_CHUNK = 500
_STORE_EXTRA = ("address1", "address2", "city", "state", "zip_code", "country_id", "active", "no_shipment")
_STYLE_EXTRA = {"style_id", "division_id", "season_id", "wholesale", "active", "sizes"}


class AimsLookups:
    """For one job; what it has read stays in memory, so one job asks AIMS360 once per table, customer and style."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._tenant = ctx.site.aims_tenant
        self._tables: dict[str, dict[str, Lookup]] = {}
        self._read_at: dict[str, datetime] = {}
        self._styles: dict[str, tuple[datetime, list[StyleColor]]] = {}

    # ---- code tables ----------------------------------------------------------------------------------------------------------------

    def code(self, kind: str, code: str) -> Lookup | None:
        """The row of a code table (division, season, term, ship_via, country) or the warehouse of that name."""
        table = self._table(kind)
        if code not in table and self._ctx.clock.now() - self._read_at[kind] > MISS_AGAIN:
            table = self._refresh(kind)
        return table.get(code)

    def code_of(self, kind: str, aims_id: str) -> str | None:
        """The code of an id; AIMS360's GUIDs are compared without regard to case."""
        for _ in range(2):
            found = next((row.code for row in self._table(kind).values() if row.aims_id.lower() == aims_id.lower()), None)
            if found is not None or self._ctx.clock.now() - self._read_at[kind] <= MISS_AGAIN:
                return found
            self._refresh(kind)
        return None

    def rows(self, kind: str, *, again: bool = False) -> list[Lookup]:
        """A whole code table; `again` reads it now."""
        return list((self._refresh(kind) if again else self._table(kind)).values())

    def _table(self, kind: str) -> dict[str, Lookup]:
        if kind not in self._tables:
            with self._ctx.session() as session:
                rows = session.exec(select(Lookup).where(Lookup.tenant == self._tenant, Lookup.kind == kind)).all()
                read = session.get(Cursor, (self._ctx.site.id, f"lookup.{kind}"))
            self._tables[kind] = {row.code: row for row in rows}
            self._read_at[kind] = read.at if read and read.at else datetime.min.replace(tzinfo=self._ctx.clock.now().tzinfo)
        if self._ctx.clock.now() - self._read_at[kind] > TABLE_FRESH:
            self._refresh(kind)
        return self._tables[kind]

    def _refresh(self, kind: str) -> dict[str, Lookup]:
        """Read the whole table; rows that AIMS360 no longer has are forgotten."""
        now = self._ctx.clock.now()
        rows = self._warehouses(now) if kind == WAREHOUSE else self._codes(kind, now)
        with self._ctx.session() as session:
            session.execute(delete(Lookup).where(col(Lookup.tenant) == self._tenant, col(Lookup.kind) == kind))
            upsert(session, rows)
            session.merge(Cursor(site_id=self._ctx.site.id, name=f"lookup.{kind}", at=now))
        self._read_at[kind] = now
        self._tables[kind] = {row.code: row for row in rows}
        return self._tables[kind]

    def _codes(self, kind: str, now: datetime) -> list[Lookup]:
        found = self._ctx.aims.codes(cast(CodeKind, kind))
        return [
            self._row(kind, row.code, row.id, row.name, {"enabled": row.enabled}, now) for row in sorted(found, key=lambda r: r.enabled)
        ]

    def _warehouses(self, now: datetime) -> list[Lookup]:
        found = sorted(self._ctx.aims.warehouses(), key=lambda row: row.active)
        return [self._row(WAREHOUSE, row.name, row.id, row.name, {"enabled": row.active}, now) for row in found]

    # ---- records --------------------------------------------------------------------------------------------------------------------

    def customer(self, account: str) -> Customer | None:
        now = self._ctx.clock.now()
        with self._ctx.session() as session:
            row = session.get(Lookup, (self._tenant, "customer", account))
        if row is not None and row.extra and now - row.fetched_at <= RECORD_FRESH:
            return Customer(row.aims_id, account, row.name, status=row.extra.get("status", ""))
        found = self._ctx.aims.customer(account)
        if found is not None:
            self.remember_customer(found, account)
        return found

    def remember_customer(self, customer: Customer, account: str) -> None:
        extra = {"status": customer.status}
        with self._ctx.session() as session:
            upsert(session, [self._row("customer", account, customer.id, customer.name, extra, self._ctx.clock.now())])

    def stores(self, customer: Customer, *, again: bool = False) -> list[Store]:
        """`again`: something was not found, so read unless they were read a moment ago."""
        now, prefix = self._ctx.clock.now(), f"{customer.account}|"
        with self._ctx.session() as session:
            cached = select(Lookup).where(
                Lookup.tenant == self._tenant, Lookup.kind == "store", col(Lookup.code).startswith(prefix, autoescape=True)
            )
            rows = session.exec(cached).all()
        complete = all(set(_STORE_EXTRA) <= (row.extra or {}).keys() for row in rows)
        if rows and complete and now - min(row.fetched_at for row in rows) <= (MISS_AGAIN if again else RECORD_FRESH):
            return [_store(row, customer) for row in rows]
        found = self._ctx.aims.stores(customer.id)
        fresh = [self._row("store", prefix + row.code, row.id, row.name, _store_extra(row), now) for row in found]
        with self._ctx.session() as session:
            _forget(session, rows)
            upsert(session, fresh)
        return found

    def style_colors(self, style: str, *, again: bool = False) -> list[StyleColor]:
        """Every colour of a style with its sizes. Empty when AIMS360 has no such style."""
        now = self._ctx.clock.now()
        limit = MISS_AGAIN if again else RECORD_FRESH
        if style in self._styles and now - self._styles[style][0] <= limit:
            return self._styles[style][1]
        cached = self._cached_style(style)
        if cached and now - cached[0] <= limit:
            self._styles[style] = cached
            return cached[1]
        found = [row for row in self._ctx.aims.style_colors(style) if row.style == style]
        rows = [self._row("style_color", f"{row.style}|{row.color}", row.id, row.description, _style_extra(row), now) for row in found]
        rows = rows or [self._row(ABSENT, style, "", "", {}, now)]
        with self._ctx.session() as session:
            upsert(session, rows)
        self._styles[style] = (now, found)
        return found

    def _cached_style(self, style: str) -> tuple[datetime, list[StyleColor]] | None:
        prefix = f"{style}|"
        with self._ctx.session() as session:
            rows = session.exec(
                select(Lookup).where(
                    Lookup.tenant == self._tenant, Lookup.kind == "style_color", col(Lookup.code).startswith(prefix, autoescape=True)
                )
            ).all()
            absent = session.get(Lookup, (self._tenant, ABSENT, style))
        usable = [row for row in rows if row.code.startswith(prefix) and (row.extra or {}).keys() >= _STYLE_EXTRA]
        if usable:
            return min(row.fetched_at for row in usable), [_style_color(row) for row in usable]
        return (absent.fetched_at, []) if absent else None

    def _row(self, kind: str, code: str, aims_id: str, name: str, extra: dict[str, Any], now: datetime) -> Lookup:
        return Lookup(tenant=self._tenant, kind=kind, code=code, aims_id=aims_id, name=name[:_NAME_LENGTH], extra=extra, fetched_at=now)


def upsert(session: Session, rows: Iterable[Lookup]) -> None:
    """One statement per 500. Of rows with one code the last wins: callers put the enabled one last."""
    unique = {(row.kind, row.code): row for row in rows if 0 < len(row.code) <= _CODE_LENGTH}
    values = [row.model_dump() for row in unique.values()]
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    for start in range(0, len(values), _CHUNK):
        statement = insert(Lookup).values(values[start : start + _CHUNK])
        changed = {name: statement.excluded[name] for name in ("aims_id", "name", "extra", "fetched_at")}
        session.execute(statement.on_conflict_do_update(index_elements=["tenant", "kind", "code"], set_=changed))


def _forget(session: Session, rows: Iterable[Lookup]) -> None:
    for row in rows:
        session.execute(delete(Lookup).where(col(Lookup.tenant) == row.tenant, col(Lookup.kind) == row.kind, col(Lookup.code) == row.code))


def _store_extra(store: Store) -> dict[str, Any]:
    return {name: getattr(store, name) for name in _STORE_EXTRA}


def _store(row: Lookup, customer: Customer) -> Store:
    return Store(
        id=row.aims_id,
        customer_id=customer.id,
        code=row.code.split("|", 1)[1],
        name=row.name,
        **{key: (row.extra or {})[key] for key in _STORE_EXTRA},
    )


def _style_extra(row: StyleColor) -> dict[str, Any]:
    return {
        "style_id": row.style_id,
        "division_id": row.division_id,
        "season_id": row.season_id,
        "wholesale": None if row.wholesale_price is None else str(row.wholesale_price),
        "active": row.active,
        "sizes": [[size.name, size.upc] for size in row.sizes],
    }


def _style_color(row: Lookup) -> StyleColor:
    extra = row.extra or {}
    style, color = row.code.split("|", 1)
    return StyleColor(
        id=row.aims_id,
        style_id=extra["style_id"],
        style=style,
        color=color,
        description=row.name,
        wholesale_price=None if extra["wholesale"] is None else Decimal(extra["wholesale"]),
        division_id=extra["division_id"],
        season_id=extra["season_id"],
        active=extra["active"],
        sizes=tuple(SizeRow(name, upc) for name, upc in extra["sizes"]),
    )
