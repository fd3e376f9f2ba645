"""The timetable: which scans are due, per site and data type. Several producer processes are safe: one of them wins each tick.

Cursor `timetable.<data type>` of a site: `at` is the next due time (None: nothing is scheduled), `position` the digest of the schedule that
it was worked out by and the time of the last tick. A changed schedule has another digest, so it takes effect with the next round.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from models.cursors import Cursor
from models.errors import SyncError
from models.gates import shut
from models.jobs import DataType
from models.settings import Schedule
from models.sites import Site
from producers.enqueue import REQUESTS
from producers.schedules import digest, interval, next_due, out_of_quiet
from runtime.clock import Clock
from runtime.db import Sessions

TICK_SECONDS = 1.0
_PREFIX = "timetable."


def due(session: Session, clock: Clock) -> list[tuple[Site, DataType]]:
    """Take every tick that is due and move its next time on, in this transaction. A paused site keeps its ticks for later, and so
    does a production site that is closed or whose first run of the data type nobody has confirmed."""
    now, found = clock.now(), []
    rows = session.exec(select(Cursor).where(col(Cursor.name).startswith(_PREFIX))).all()
    cursors = {(row.site_id, row.name): row for row in rows}
    for site in session.exec(select(Site).where(col(Site.paused_at).is_(None)).order_by(col(Site.id))):
        schedule = _schedule(site)
        if schedule is None:
            continue
        for data_type in REQUESTS:
            cursor = cursors.get((site.id or 0, _PREFIX + data_type.value))
            if not _calls_for_work(cursor, schedule, data_type, now) or shut(session, site, data_type):
                continue
            if _take(session, site.id or 0, schedule, data_type, now):
                found.append((site, data_type))
    return found


def next_times(session: Session, site: Site, now: datetime) -> dict[DataType, datetime | None]:
    """When each data type is due next (aware UTC; a time that has passed means with the next round). Raises ValueError for a stored
    schedule that this version does not understand."""
    schedule = Schedule.model_validate(site.schedule)
    times = {}
    for data_type in REQUESTS:
        cursor = session.get(Cursor, (site.id, _PREFIX + data_type.value))
        current = cursor is not None and _digest(cursor) == digest(schedule, data_type)
        times[data_type] = cursor.at if current and cursor else _first(cursor, schedule, data_type, now)
    return times


def _schedule(site: Site) -> Schedule | None:
    try:
        return Schedule.model_validate(site.schedule)
    except ValueError as error:
        structlog.get_logger("timetable").warning("the stored schedule cannot be used", site=site.key, reason=str(error))
        return None


def _calls_for_work(cursor: Cursor | None, schedule: Schedule, data_type: DataType, now: datetime) -> bool:
    return cursor is None or _digest(cursor) != digest(schedule, data_type) or (cursor.at is not None and cursor.at <= now)


def _digest(cursor: Cursor) -> str:
    return str((cursor.position or {}).get("schedule", ""))


def _take(session: Session, site_id: int, schedule: Schedule, data_type: DataType, now: datetime) -> bool:
    """True for the one caller that gets this tick: the row is locked and looked at again."""
    name, current = _PREFIX + data_type.value, digest(schedule, data_type)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(Cursor).values(site_id=site_id, name=name).on_conflict_do_nothing())
    locked = select(Cursor).where(Cursor.site_id == site_id, Cursor.name == name).with_for_update()
    cursor = session.exec(locked.execution_options(populate_existing=True)).one()
    position: dict[str, Any] = dict(cursor.position or {})
    if _digest(cursor) != current:
        cursor.at, position["schedule"] = _first(cursor, schedule, data_type, now), current
    taken = cursor.at is not None and cursor.at <= now
    if taken:
        cursor.at, position["last"] = next_due(schedule, data_type, now), now.isoformat()
    cursor.position = position
    session.add(cursor)
    session.flush()
    return taken


def _first(cursor: Cursor | None, schedule: Schedule, data_type: DataType, now: datetime) -> datetime | None:
    """The next time by a schedule that is new: a cron line counts from now, minutes from the last tick (never: at once)."""
    every = interval(schedule, data_type)
    if every is None or data_type.value in schedule.off:
        return next_due(schedule, data_type, now)
    return out_of_quiet(schedule, data_type, max(now, _last(cursor, every, now) + every))


def _last(cursor: Cursor | None, every: timedelta, now: datetime) -> datetime:
    told = (cursor.position or {}).get("last") if cursor else None
    if told:
        return datetime.fromisoformat(told)
    if cursor is not None and cursor.at is not None and cursor.position is None:  # of a version that kept no more than the next time
        return min(cursor.at, now + every) - every
    return now - every


def tick(sessions: Sessions, clock: Clock) -> int:
    """One round: ask for every scan that is due. Returns how many. What one site refuses keeps no other from being asked."""
    asked = 0
    with sessions() as session:
        for site, data_type in due(session, clock):
            more = {"allow_none": True} if data_type is DataType.LINESHEETS else {}  # none defined yet is no trouble of a schedule's
            try:
                with session.begin_nested():
                    REQUESTS[data_type](session, site, reason="schedule", requested_by="timetable", clock=clock, **more)
            except SyncError as error:
                structlog.get_logger("timetable").warning("not asked for", site=site.key, data_type=data_type.value, reason=error.summary)
                continue
            asked += 1
    return asked


def run(sessions: Sessions, clock: Clock, stop: threading.Event, wake: Callable[[], None]) -> None:
    log = structlog.get_logger("timetable")
    while not stop.is_set():
        try:
            if tick(sessions, clock):
                wake()
        except SyncError as error:
            log.warning("the timetable could not ask for work", reason=error.summary)
        except Exception:
            log.exception("the timetable stumbled")
        stop.wait(TICK_SECONDS)
