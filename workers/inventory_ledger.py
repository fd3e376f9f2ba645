"""The ledger of inventory positions in SQL: compare, write, pick what is due, remember what was sent.

How a row says what JOOR knows:

    sent_version NULL                  JOOR was never told
    sent_version set, sent NULL        a call is on its way, or died on its way: JOOR may hold the old or the new number: it is sent again
    sent_version set, sent set         JOOR was told `sent`

`sent_at` is when the position was last offered. Writes go row by row in key order, so that two writers cannot deadlock on PostgreSQL.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, delete, func, not_, or_, select, text, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from models.ledgers import IMMEDIATE, InventoryPosition

Key = tuple[str, str, str]  # JOOR warehouse, sku_key, bucket
LEDGER = SQLModel.metadata.tables[str(InventoryPosition.__tablename__)]
_c = LEDGER.c
_KEY = (_c.warehouse, _c.sku_key, _c.bucket)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Part:
    """Which part of the ledger is meant: a site, the JOOR warehouses of its map, and some styles or all (None)."""

    site_id: int
    warehouses: frozenset[str]
    styles: frozenset[str] | None

    def where(self) -> ColumnElement[bool]:
        here = and_(_c.site_id == self.site_id, _c.warehouse.in_(sorted(self.warehouses)))
        return here if self.styles is None else and_(here, _c.style.in_(sorted(self.styles)))


def version_of(at: datetime) -> int:
    """Microseconds since 1970 of an aware time."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def key_of(row: Row[Any]) -> Key:
    return (row.warehouse, row.sku_key, row.bucket)


# ---- the wanted side -----------------------------------------------------------------------------------------------------------------


def stored(session: Session, part: Part, sku_keys: Collection[str]) -> dict[Key, Row[Any]]:
    """Every row of these SKUs in the part's warehouses, whatever their style."""
    query = select(LEDGER).where(_c.site_id == part.site_id, _c.warehouse.in_(sorted(part.warehouses)), _c.sku_key.in_(sorted(sku_keys)))
    return {key_of(row): row for row in session.execute(query)}


def live_sku_keys(session: Session, part: Part) -> set[str]:
    """SKUs that have a position which is not marked as vanished."""
    return set(session.execute(select(_c.sku_key).distinct().where(part.where(), not_(_c.vanished))).scalars())


def has_stock(session: Session, part: Part) -> bool:
    return session.execute(select(_c.site_id).where(part.where(), _c.wanted > 0).limit(1)).first() is not None


def write_wanted(session: Session, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert or update wanted numbers. A row whose stored version is not older stays as it is."""
    ordered = sorted(rows, key=lambda row: (row["warehouse"], row["sku_key"], row["bucket"]))
    if not ordered:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(LEDGER)
    new = statement.excluded
    names = ("upc", "style", "identifier", "color", "size", "wanted", "wanted_version", "wanted_at", "vanished", "explain")
    upsert = statement.on_conflict_do_update(
        index_elements=["site_id", "warehouse", "sku_key", "bucket"],
        set_={name: new[name] for name in names},
        where=_c.wanted_version < new.wanted_version,
    )
    session.execute(upsert, ordered)


def move(session: Session, old: Row[Any], new_key: str, new_upc: str | None, gone: Mapping[str, Any]) -> None:
    """The same SKU goes by another key now, whose wanted positions have been written already. What JOOR holds for it is in doubt, so it is
    told under the new key even when that is zero; a bucket that the new key does not have becomes `gone` (the values of a vanished row)."""
    session.execute(delete(LEDGER).where(_at(old)))
    if old.sent_version is None:
        return
    twin = and_(_c.site_id == old.site_id, _c.warehouse == old.warehouse, _c.sku_key == new_key, _c.bucket == old.bucket)
    if session.execute(select(_c.sku_key).where(twin)).first() is not None:
        session.execute(update(LEDGER).where(twin).values(sent=None, sent_version=func.coalesce(_c.sent_version, 0)))
        return
    unsent = {"sent": None, "sent_version": 0, "refused": None, "refused_quantity": None}
    session.execute(LEDGER.insert().values({**old._mapping, "sku_key": new_key, "upc": new_upc, **gone, **unsent}))


def refresh_statistics(session: Session) -> None:
    """After many new rows. Until autovacuum comes round, PostgreSQL plans as if the ledger were empty and reads all of a site for each
    chunk (60,000 positions: 45 s instead of 4 s). Without the right to do it PostgreSQL only warns."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"ANALYZE {LEDGER.name}"))


# ---- the sent side -------------------------------------------------------------------------------------------------------------------


def changed() -> ColumnElement[bool]:
    """Positions that JOOR should be told now. A SKU that JOOR has no number for may be sold without limit, so its first zero counts too;
    a zero for a date that JOOR never heard of would only make a date that nobody can remove by program. What was refused is offered again
    once its quantity differs, also when that is what JOOR was told before: an answer may name a SKU without saying which of its positions
    was meant."""
    told = _c.sent_version.is_not(None)
    differs = or_(and_(told, or_(_c.sent.is_(None), _c.sent != _c.wanted)), and_(not_(told), _worth_telling()))
    refused = _c.refused.is_not(None)
    return and_(or_(differs, refused), not_(and_(refused, _c.refused_quantity == _c.wanted)))


def due(since: datetime | None, today: str) -> ColumnElement[bool]:
    """What a push offers: the changed positions; with `since` (a full push) also what was not offered since then. Zeros already told for
    dates gone by are not repeated."""
    if since is None:
        return changed()
    settled = and_(_c.vanished, _c.bucket != IMMEDIATE, func.coalesce(_c.sent, -1) == 0, _c.bucket <= today)
    older = or_(_c.sent_at.is_(None), _c.sent_at < since)
    return or_(changed(), and_(older, or_(_c.sent_version.is_not(None), _worth_telling()), not_(settled)))


def _worth_telling() -> ColumnElement[bool]:
    return or_(_c.wanted != 0, and_(_c.bucket == IMMEDIATE, not_(_c.vanished)))


def due_rows(session: Session, part: Part, since: datetime | None, today: str, *, after: Key | None, limit: int) -> Sequence[Row[Any]]:
    query: Select[Any] = select(LEDGER).where(part.where(), due(since, today)).order_by(_c.site_id, *_KEY).limit(limit)
    if after is not None:
        query = query.where(tuple_(_c.site_id, *_KEY) > tuple_(part.site_id, *after))  # the whole primary key: an index can use it
    return session.execute(query).all()


def count_due(session: Session, part: Part, since: datetime | None, today: str) -> int:
    return int(session.execute(select(func.count()).select_from(LEDGER).where(part.where(), due(since, today))).scalar_one())


def count_all(session: Session, part: Part) -> int:
    return int(session.execute(select(func.count()).select_from(LEDGER).where(part.where())).scalar_one())


def warehouses_waiting(session: Session, part: Part) -> dict[str, int]:
    """Changed positions of JOOR warehouses that are not in the map: they wait."""
    outside = and_(_c.site_id == part.site_id, _c.warehouse.not_in(sorted(part.warehouses)), changed())
    query = select(_c.warehouse, func.count()).where(outside).group_by(_c.warehouse)
    return {str(row[0]): int(row[1]) for row in session.execute(query)}


def mark_sending(session: Session, rows: Sequence[Row[Any]], at: datetime) -> None:
    """Before the call: from now on nobody knows what JOOR holds for these, until `record_taken` or `record_refused`."""
    _each(session, rows, _not_newer(), {"sent": None, "sent_version": bindparam("b_version"), "sent_at": at})


def record_taken(session: Session, rows: Sequence[Row[Any]]) -> int:
    """After the call. Returns how many rows somebody else has sent a newer number for meanwhile; those are in doubt again."""
    values: dict[str, Any] = {
        "sent": bindparam("b_wanted"),
        "sent_version": bindparam("b_version"),
        "refused": None,
        "refused_quantity": None,
    }
    missed = len(rows) - _each(session, rows, _not_newer(), values)
    if missed:
        _each(session, rows, _c.sent_version > bindparam("b_version"), {"sent": None})
    return missed


def record_refused(session: Session, rows: Sequence[Row[Any]], words: Sequence[str]) -> None:
    """The row's earlier `sent` stands again."""
    values: dict[str, Any] = {
        "sent": bindparam("b_sent"),
        "sent_version": bindparam("b_sent_version"),
        "refused": bindparam("b_words"),
        "refused_quantity": bindparam("b_wanted"),
    }
    _each(session, rows, _c.sent_version == bindparam("b_version"), values, words)


def _not_newer() -> ColumnElement[bool]:
    return or_(_c.sent_version.is_(None), _c.sent_version <= bindparam("b_version"))


def _each(
    session: Session, rows: Sequence[Row[Any]], condition: ColumnElement[bool], values: Mapping[str, Any], words: Sequence[str] = ()
) -> int:
    if not rows:
        return 0
    given = [
        {
            "b_site": row.site_id,
            "b_warehouse": row.warehouse,
            "b_sku": row.sku_key,
            "b_bucket": row.bucket,
            "b_version": row.wanted_version,
            "b_wanted": row.wanted,
            "b_sent": row.sent,
            "b_sent_version": row.sent_version,
            "b_words": words[index] if words else None,
        }
        for index, row in enumerate(rows)
    ]
    given.sort(key=lambda one: (one["b_warehouse"], one["b_sku"], one["b_bucket"]))
    key = and_(
        _c.site_id == bindparam("b_site"),
        _c.warehouse == bindparam("b_warehouse"),
        _c.sku_key == bindparam("b_sku"),
        _c.bucket == bindparam("b_bucket"),
    )
    statement = update(LEDGER).where(key, condition).values(**values)
    used = set(statement.compile().params)
    answer = session.connection().execute(statement, [{name: one[name] for name in one if name in used} for one in given])
    return answer.rowcount


def _at(row: Row[Any]) -> ColumnElement[bool]:
    return and_(_c.site_id == row.site_id, _c.warehouse == row.warehouse, _c.sku_key == row.sku_key, _c.bucket == row.bucket)
