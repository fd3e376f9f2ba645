"""Our own side of `joorsync check`: the database and its disk, the work that waits, RabbitMQ, and whether anybody delivers."""

import shutil
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text
from sqlmodel import Session, col, func, or_, select

from console.output import ago
from console.process import Finding, Process
from models.errors import SyncError, Unavailable
from models.jobs import DUE, ENDED, Job, JobState
from models.limits import LanePause
from models.sites import Site
from runtime.broker import connect, lane_depths, lanes_of
from runtime.migrate import newest

#: How long due work may lie before somebody should have taken it.
LATE = timedelta(seconds=60)
#: The rescue loop looks every few seconds; a lease that ended so long ago shows that none runs.
LEASE_LATE = timedelta(seconds=120)
_DISK_FAIL, _DISK_LOW = 200 * 1024**2, 1024**3
_SLOW_SECONDS = 1.0
_MB = 1024**2


def failed(area: str, error: SyncError) -> Finding:
    return Finding(area, False, error.summary, error.fix, not isinstance(error, Unavailable))


def database(process: Process) -> Finding:
    """Whether it answers, how quickly, and at which version it is."""
    started = time.perf_counter()
    try:
        with process.reading() as session:
            session.exec(select(Site.id)).first()
            server = _server(session)
    except SyncError as error:
        return failed("database", error)
    seconds = time.perf_counter() - started
    words = f"{process.where}, version {newest()}, {server}, answered in {seconds * 1000:.0f} ms"
    slow = seconds > _SLOW_SECONDS
    return Finding("database", True, words, ["Look at the load of the database's machine."] if slow else (), open=slow)


def _server(session: Session) -> str:
    if session.get_bind().dialect.name == "sqlite":
        return f"SQLite {session.execute(text('SELECT sqlite_version()')).scalar_one()}"
    return f"PostgreSQL {session.execute(text('SHOW server_version')).scalar_one()}"


def disk(process: Process) -> list[Finding]:
    """Of the SQLite file's folder; a database server looks after its own."""
    url = process.engine.url
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return []
    folder = Path(str(url.database)).absolute().parent
    free = shutil.disk_usage(folder).free
    steps = [f"Free space on the disk of {folder}; nothing stored is lost while it is full, but nothing new is stored."]
    words = f"{free // _MB:,} MB free at {folder}"
    return [Finding("disk", free >= _DISK_FAIL, words, steps if free < _DISK_LOW else (), open=_DISK_FAIL <= free < _DISK_LOW)]


# ---- jobs ----------------------------------------------------------------------------------------------------------------------------


def work(process: Process) -> list[Finding]:
    """How much waits, since when; work that nobody delivers; work whose worker died."""
    now = process.clock.now()
    with process.reading() as session:
        return [_backlog(session, now), _undelivered(session, process, now), _leases(session, now)]


def _backlog(session: Session, now: datetime) -> Finding:
    open_states = [state.value for state in JobState if state not in ENDED]
    rows = session.exec(select(Job.state, func.count()).where(col(Job.state).in_(open_states)).group_by(col(Job.state))).all()
    moving = [state for state in open_states if state != JobState.BLOCKED.value]
    oldest = session.exec(select(Job).where(col(Job.state).in_(moving)).order_by(col(Job.created_at)).limit(1)).first()
    failures = session.exec(select(func.count()).where(Job.state == JobState.FAILED, col(Job.dismissed_at).is_(None))).one()
    counts = dict(rows)
    words = ", ".join(f"{count:,} {state}" for state, count in sorted(counts.items())) or "nothing waits"
    if oldest is not None:
        words += f"; the oldest that is under way: job {oldest.id} ({oldest.kind}), {ago(now - oldest.created_at)}"
    fix = []
    if failures:
        words += f"; {failures:,} failed"
        fix.append("joorsync jobs --state failed")
    if counts.get(JobState.BLOCKED.value):
        fix.append("What waits for a person: joorsync jobs --state blocked")
    return Finding("backlog", True, words, fix, open=bool(fix))


def _undelivered(session: Session, process: Process, now: datetime) -> Finding:
    """Due rows that no relay has taken: neither their site nor their lane is held."""
    held = (
        select(LanePause.id)
        .where(
            LanePause.site_id == Job.site_id,
            LanePause.data_type == Job.data_type,
            or_(col(LanePause.until).is_(None), col(LanePause.until) > now),
        )
        .exists()
    )
    late = (
        select(func.count(), func.min(col(Job.available_at)))
        .join(Site, col(Site.id) == col(Job.site_id))
        .where(
            col(Job.state).in_([state.value for state in (JobState.QUEUED, *DUE)]),
            col(Job.available_at) < now - LATE,
            or_(col(Job.relay_until).is_(None), col(Job.relay_until) <= now),
            col(Site.paused_at).is_(None),
            ~held,
        )
    )
    count, since = session.exec(late).one()
    if not count:
        return Finding("delivery", True, "no job is due and undelivered")
    words = f"{count:,} job(s) are due and nobody delivers them, the oldest since {ago(now - since)}"
    if process.settings.embedded:
        return Finding("delivery", True, f"{words}: nothing is running here", ["joorsync up"], open=True)
    steps = ["Start the producers (they relay, rescue and keep the timetable): joorsync producers"]
    return Finding("delivery", False, f"{words}: the relay does not run, or RabbitMQ does not take messages", steps)


def _leases(session: Session, now: datetime) -> Finding:
    expired = (Job.state == JobState.RUNNING, col(Job.lease_until) < now - LEASE_LATE)
    count = session.exec(select(func.count()).where(*expired)).one()
    if not count:
        return Finding("running jobs", True, "each has a worker that is alive")
    words = f"{count:,} running job(s) have lost their worker and nobody has taken them back: the rescue loop does not run"
    return Finding("running jobs", False, words, ["Start the producers: joorsync producers (or, in one process: joorsync up)"])


# ---- broker --------------------------------------------------------------------------------------------------------------------------


def broker(process: Process) -> Finding:
    """Whether RabbitMQ answers and has every lane with its dead-letter queue."""
    if process.settings.amqp_url is None:
        return Finding("broker", True, "in memory (AMQP_URL is not set: everything runs in one process)")
    try:
        with process.reading() as session:
            lanes = lanes_of(session.exec(select(Site.key)).all())
        connection = connect(process.settings.amqp_url)
        try:
            depths = lane_depths(connection, lanes)
        finally:
            connection.close()
    except SyncError as error:
        return failed("broker", error)
    absent = [lane for lane, depth in depths.items() if None in (depth.ready, depth.delayed, depth.dead)]
    if absent:
        return Finding("broker", False, f"lanes are not declared whole: {', '.join(absent)}", ["joorsync topology"])
    words = f"RabbitMQ answers; {len(lanes)} lanes, {sum(depth.ready or 0 for depth in depths.values()):,} message(s) ready"
    dead = {lane: depth.dead for lane, depth in depths.items() if depth.dead}
    if not dead:
        return Finding("broker", True, f"{words}, no dead letters")
    return Finding("broker", True, f"{words}; dead letters: {_listed(dead)}", _DEAD, open=True)


_DEAD = ["The producers take them up (joorsync producers); what they were is told by: joorsync jobs --state failed"]


def _listed(dead: Mapping[str, int]) -> str:
    return ", ".join(f"{count} in {lane}" for lane, count in dead.items())
