"""The timetable: which scans are due, per site and data type. Several producer processes are safe: one of them wins each tick."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from models.cursors import Cursor
from models.errors import SyncError
from models.jobs import DataType
from models.settings import Schedule
from models.sites import Site
from producers.enqueue import REQUESTS
from runtime.clock import Clock
from runtime.db import Sessions

TICK_SECONDS = 1.0


def minutes(schedule: Schedule, data_type: DataType) -> int | None:
    found: int | None = getattr(schedule, f"{data_type.value}_minutes")
    return found


def due(session: Session, clock: Clock) -> list[tuple[Site, DataType]]:
    """Take every tick that is due and move its next time on, in this transaction. A paused site keeps its ticks for later."""
    now = clock.now()
    found = []
    for site in session.exec(select(Site).where(col(Site.paused_at).is_(None))):
        schedule = Schedule.model_validate(site.schedule)
        for data_type in REQUESTS:
            interval = minutes(schedule, data_type)
            if interval is not None and _take(session, site.id or 0, data_type, now, timedelta(minutes=interval)):
                found.append((site, data_type))
    return found


def _take(session: Session, site_id: int, data_type: DataType, now: datetime, interval: timedelta) -> bool:
    """True for the one caller that gets this tick."""
    name = f"timetable.{data_type.value}"
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    first = session.execute(
        insert(Cursor).values(site_id=site_id, name=name, at=now + interval).on_conflict_do_nothing().returning(col(Cursor.name))
    ).first()
    if first is not None:
        return True
    moved = session.execute(
        update(Cursor)
        .where(col(Cursor.site_id) == site_id, col(Cursor.name) == name, col(Cursor.at) <= now)
        .values(at=now + interval)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(moved, "rowcount", 0))


def tick(sessions: Sessions, clock: Clock) -> int:
    """One round: ask for every scan that is due. Returns how many."""
    with sessions() as session:
        asked = due(session, clock)
        for site, data_type in asked:
            more = {"allow_none": True} if data_type is DataType.LINESHEETS else {}  # none defined yet is no trouble of a schedule's
            REQUESTS[data_type](session, site, reason="schedule", requested_by="timetable", clock=clock, **more)
    return len(asked)


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
