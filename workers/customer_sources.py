"""AIMS360's customers as last read, in SQL: rows to JSON and back, stored in bulk, an older reading never over a newer one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from clients.aims360.types import Customer, Store
from clients.jsontext import storable
from models.customers import CustomerSource
from rules.customers import open_stores
from rules.style_parts import fingerprint

_SOURCE = SQLModel.metadata.tables[str(CustomerSource.__tablename__)]
_c = _SOURCE.c
_READ = ("aims_id", "name", "email", "phone", "postal_code", "status", "gone", "row", "stores", "digest", "read_at")
_CHUNK = 200  # rows with JSON in one statement
LONGEST_ACCOUNT = 60
#: Says nothing about the customer.
_NOT_TOLD = {"raw": None, "last_modified": None}


def customer_json(row: Customer) -> dict[str, Any]:
    """Exact numbers and times as text; of AIMS360's own row what a setting may look at: plain values."""
    at = row.last_modified.isoformat() if row.last_modified else None
    raw = {name: value for name, value in row.raw.items() if not isinstance(value, dict | list | tuple)}
    found: dict[str, Any] = _keepable(storable(asdict(row) | {"last_modified": at, "raw": raw}))
    return found


def customer_from(row: Mapping[str, Any]) -> Customer:
    at = row.get("last_modified")
    return Customer(**{**row, "last_modified": datetime.fromisoformat(at) if at else None})


def store_json(row: Store) -> dict[str, Any]:
    found: dict[str, Any] = _keepable(storable(asdict(row)))
    return found


def stores_from(rows: Iterable[Mapping[str, Any]]) -> list[Store]:
    return [Store(**row) for row in rows]


def make_source(site_id: int, row: dict[str, Any], stores: Iterable[dict[str, Any]], read_at: datetime) -> CustomerSource:
    """`row` and `stores` as `customer_json` and `store_json` give them. AIMS360's own row counts for settings, not for the digest: a
    balance that changes every hour is no change of the customer."""
    customer = customer_from(row)
    kept = sorted(stores, key=lambda store: (str(store["code"]), str(store["id"])))
    postal_codes = [customer.zip_code, *(store.zip_code for store in open_stores(stores_from(kept)))]
    return CustomerSource(
        site_id=site_id,
        account=customer.account,
        aims_id=customer.id[:64],
        name=customer.name[:200],
        email=customer.email[:200],
        phone=customer.phone[:60],
        postal_code=next((text.strip() for text in postal_codes if text.strip()), "")[:40],
        status=customer.status[:20],
        row=row,
        stores=kept,
        digest=fingerprint([{**row, **_NOT_TOLD}, kept]),
        read_at=read_at,
    )


def same(one: CustomerSource, other: CustomerSource) -> bool:
    """Whether a reading found what is stored."""
    return (one.digest, one.row, one.gone) == (other.digest, other.row, other.gone)


def stored(session: Session, site_id: int, accounts: Collection[str]) -> dict[str, CustomerSource]:
    query = select(CustomerSource).where(CustomerSource.site_id == site_id, col(CustomerSource.account).in_(sorted(accounts)))
    return {row.account: row for row in session.exec(query)}


def after(session: Session, site_id: int, account: str, limit: int) -> Sequence[CustomerSource]:
    """In the order of accounts, those after this one."""
    query = select(CustomerSource).where(CustomerSource.site_id == site_id, col(CustomerSource.account) > account)
    return session.exec(query.order_by(col(CustomerSource.account)).limit(limit)).all()


def write_sources(session: Session, sources: Sequence[CustomerSource]) -> None:
    """Insert or replace what was read; a row that a later reading has written stays. What was exported is not touched."""
    values = [row.model_dump(exclude={"exported_digest"}) for row in sorted(sources, key=lambda row: row.account)]
    upsert_into = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    for start in range(0, len(values), _CHUNK):
        statement = upsert_into(_SOURCE).values(values[start : start + _CHUNK])
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["site_id", "account"],
                set_={name: statement.excluded[name] for name in _READ},
                where=_c.read_at <= statement.excluded.read_at,
            )
        )


def touch(session: Session, site_id: int, accounts: Iterable[str], read_at: datetime) -> None:
    """Read again, and found as they were."""
    session.execute(
        update(_SOURCE).where(_c.site_id == site_id, _c.account.in_(sorted(accounts)), _c.read_at <= read_at).values(read_at=read_at)
    )


def mark_gone(session: Session, site_id: int, before: datetime) -> list[str]:
    """Customers that the whole reading begun at `before` did not have. Returns the newly gone ones."""
    query = update(_SOURCE).where(_c.site_id == site_id, _c.read_at < before, ~_c.gone)
    return sorted(row[0] for row in session.execute(query.values(gone=True, read_at=before).returning(_c.account)))


def set_exported(session: Session, site_id: int, account: str, expected: str) -> None:
    session.execute(update(_SOURCE).where(_c.site_id == site_id, _c.account == account).values(exported_digest=expected))


def _keepable(value: Any) -> Any:
    """Without what PostgreSQL cannot keep: NUL, halves of surrogate pairs."""
    if isinstance(value, str):
        return value if value.isascii() and "\x00" not in value else value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_keepable(name): _keepable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_keepable(item) for item in value]
    return value
