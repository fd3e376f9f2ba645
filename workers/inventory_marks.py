"""How far inventory has come, per site: cursor rows that order the readings of AIMS360 and carry a full push across interruptions.

inventory.reading   `at`: the newest ticket given to a reading; a later reading always has a larger one, whatever the hosts' clocks say
inventory.stored    `at`: the newest reading that began to be written; an older one may not write any more. `position`: rows it had
inventory.full      `at`: when the last full push ended. `position`: {"since", "job"} while one is under way, else {"job"}
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, select

from models.cursors import Cursor

READING, STORED, FULL = "inventory.reading", "inventory.stored", "inventory.full"
_CURSOR = SQLModel.metadata.tables[str(Cursor.__tablename__)]
_c = _CURSOR.c


def take_ticket(session: Session, site_id: int, now: datetime) -> datetime:
    """The start time of a new reading: now, or just after the newest ticket when a clock went backwards."""
    upsert = _insert(session).values(site_id=site_id, name=READING, at=now)
    newest: datetime | None = session.execute(
        # Writing the old value again takes the row's lock, on SQLite the database's: two readings cannot get the same ticket.
        upsert.on_conflict_do_update(index_elements=["site_id", "name"], set_={"at": _c.at}).returning(_c.at)
    ).scalar_one()
    if newest is None or now > newest:
        ticket = now
    else:
        ticket = newest + timedelta(microseconds=1)
    _set(session, site_id, READING, at=ticket)
    return ticket


def may_write(session: Session, site_id: int, ticket: datetime) -> bool:
    """False when a newer reading has begun to be written. Call it first in each writing transaction: it also keeps other readings out."""
    upsert = _insert(session).values(site_id=site_id, name=STORED, at=ticket)
    statement = upsert.on_conflict_do_update(index_elements=["site_id", "name"], set_={"at": upsert.excluded.at}, where=_c.at <= ticket)
    return session.execute(statement.returning(_c.at)).first() is not None


def rows_before(session: Session, site_id: int) -> dict[str, int]:
    """How many rows of each source the last stored reading of the whole site had."""
    position = session.exec(select(Cursor.position).where(Cursor.site_id == site_id, Cursor.name == STORED)).first()
    return dict(position or {})


def keep_rows(session: Session, site_id: int, rows: dict[str, int]) -> None:
    _set(session, site_id, STORED, position=rows)


def full_is_due(session: Session, site_id: int, days: int | None, now: datetime) -> bool:
    """True as well while a full push is under way."""
    cursor = session.get(Cursor, (site_id, FULL))
    if cursor is not None and (cursor.position or {}).get("since"):
        return True
    return days is not None and (cursor is None or cursor.at is None or cursor.at + timedelta(days=days) <= now)


def begin_full(session: Session, site_id: int, name: str, job_id: int, now: datetime, *, asked: bool, due: bool) -> datetime | None:
    """Since when everything counts as not sent, None: not a full push. An unfinished one goes on where it was; `asked` (a person's request
    by this job) and `due` (the weekly one) start one.

    A request during somebody else's full push starts afresh: it covers all that was offered before it. A job that runs again goes on with
    its own, and does not start another when it had finished it.
    """
    cursor = session.get(Cursor, (site_id, name)) or Cursor(site_id=site_id, name=name)
    position = cursor.position or {}
    own = position.get("job") == job_id
    if position.get("since") and (own or not asked):
        return datetime.fromisoformat(position["since"])
    if own or not (asked or due):
        return None
    cursor.position = {"since": now.isoformat(), "job": job_id}
    session.add(cursor)
    return now


def end_full(session: Session, site_id: int, name: str, job_id: int, now: datetime) -> None:
    _set(session, site_id, name, at=now, position={"job": job_id})


def _insert(session: Session) -> Any:
    return (postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert)(_CURSOR)


def _set(session: Session, site_id: int, name: str, **values: Any) -> None:
    session.execute(update(_CURSOR).where(_c.site_id == site_id, _c.name == name).values(**values))
