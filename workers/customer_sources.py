"""AIMS360's customers as last read, in SQL: rows to JSON and back, stored in bulk, an older reading never over a newer one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from clients.aims360.types import Customer, Store
from clients.jsontext import storable
from models.customers import CustomerSource
from rules.customers import open_stores
from rules.style_parts import fingerprint
from workers.source_rows import SourceRows

#: Stored, touched, marked as gone and as exported by this.
ROWS = SourceRows(CustomerSource, "account")
_c = ROWS.table.c
LONGEST_ACCOUNT = 60
#: Says nothing about the customer.
_NOT_TOLD = {"raw": None, "last_modified": None}


def customer_json(row: Customer) -> dict[str, Any]:
    """Exact numbers and times as text; of AIMS360's own row what a setting may look at: plain values."""
    at = row.last_modified.isoformat() if row.last_modified else None
    raw = {name: value for name, value in row.raw.items() if not isinstance(value, dict | list | tuple)}
    found: dict[str, Any] = storable(asdict(row) | {"last_modified": at, "raw": raw})
    return found


def customer_from(row: Mapping[str, Any]) -> Customer:
    at = row.get("last_modified")
    return Customer(**{**row, "last_modified": datetime.fromisoformat(at) if at else None})


def store_json(row: Store) -> dict[str, Any]:
    found: dict[str, Any] = storable(asdict(row))
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
