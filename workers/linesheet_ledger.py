"""What is remembered of a linesheet, in SQL. Each function belongs to one short transaction of its caller.

An item without a JOOR id is a mark: a call that puts the card there is going out, and JOOR did not have it before. A mark that JOOR turns
out to have after a crash is therefore ours and not a person's.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from models.catalogue import Linesheet, LinesheetItem
from rules.linesheet_difference import Placed
from rules.linesheets import Member
from workers.linesheet_reading import chunks


def adopt(session: Session, linesheet_id: int, joor_id: str) -> None:
    """JOOR has a linesheet with our code. Its season is not taken over: that may be another one than ours."""
    _set(session, linesheet_id, joor_id=joor_id, sending=False)


def about_to_create(session: Session, linesheet_id: int) -> None:
    _set(session, linesheet_id, joor_id=None, sending=True, header_digest=None, items_digest=None)


def not_created(session: Session, linesheet_id: int) -> None:
    """JOOR said no: nothing is in doubt."""
    _set(session, linesheet_id, sending=False)


def about_to_change(session: Session, linesheet_id: int) -> None:
    """From now on until the end nothing says that JOOR has all of it."""
    _set(session, linesheet_id, header_digest=None, items_digest=None)


def head_saved(session: Session, linesheet_id: int, joor_id: str, season_id: str, digest: str | None) -> None:
    _set(session, linesheet_id, joor_id=joor_id, season_id=season_id or None, sending=False, header_digest=digest)


def unsettle(session: Session, linesheet_id: int) -> None:
    _set(session, linesheet_id, items_digest=None)


def settle(session: Session, linesheet_id: int, *, items: str | None, head: str | None, now: datetime) -> None:
    """The sync has come to its end. `items` None: some items were refused, so the next one looks again."""
    _set(session, linesheet_id, items_digest=items, synced_at=now, **({"header_digest": head} if head else {}))


def put_by_hand(session: Session, linesheet_id: int, found: Mapping[str, str], now: datetime) -> None:
    """identifier -> JOOR id of cards that a person has put there."""
    rows = _rows(session, linesheet_id, found)
    for identifier, joor_id in found.items():
        row = rows.get(identifier) or LinesheetItem(linesheet_id=linesheet_id, identifier=identifier, added_at=now)
        row.joor_id, row.by_hand = joor_id, True
        session.add(row)


def mark(session: Session, linesheet_id: int, members: Sequence[Member], now: datetime) -> None:
    """These are about to be put on the linesheet. What is remembered of them is what goes out."""
    _write(session, linesheet_id, members, now, sure=False)


def put(session: Session, linesheet_id: int, members: Sequence[Member], now: datetime) -> None:
    """JOOR has taken these."""
    _write(session, linesheet_id, members, now, sure=True)


def _write(session: Session, linesheet_id: int, members: Sequence[Member], now: datetime, *, sure: bool) -> None:
    rows = _rows(session, linesheet_id, [member.identifier for member in members])
    for member in members:
        row = rows.get(member.identifier) or LinesheetItem(linesheet_id=linesheet_id, identifier=member.identifier, added_at=now)
        row.joor_id, row.by_hand = member.joor_id if sure else None, False
        row.order_number, row.excluded = member.order_number, list(member.excluded_codes)
        session.add(row)


def arrived(session: Session, linesheet_id: int, placed: Iterable[Placed]) -> None:
    """Marks whose call is seen to have got through."""
    known = {item.identifier: item.joor_id for item in placed}
    for identifier, row in _rows(session, linesheet_id, known).items():
        row.joor_id = known[identifier]
        session.add(row)


def forget(session: Session, linesheet_id: int, identifiers: Collection[str]) -> None:
    """They are not on the linesheet (any more)."""
    for chunk in chunks(sorted(identifiers)):
        session.execute(
            delete(LinesheetItem).where(col(LinesheetItem.linesheet_id) == linesheet_id, col(LinesheetItem.identifier).in_(chunk))
        )


def _rows(session: Session, linesheet_id: int, identifiers: Iterable[str]) -> dict[str, LinesheetItem]:
    found: dict[str, LinesheetItem] = {}
    for chunk in chunks(sorted(identifiers)):
        query = select(LinesheetItem).where(LinesheetItem.linesheet_id == linesheet_id, col(LinesheetItem.identifier).in_(chunk))
        found |= {row.identifier: row for row in session.exec(query)}
    return found


def _set(session: Session, linesheet_id: int, **values: Any) -> None:
    session.execute(
        update(Linesheet).where(col(Linesheet.id) == linesheet_id).values(**values).execution_options(synchronize_session=False)
    )
