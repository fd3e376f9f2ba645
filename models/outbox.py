"""Asking for work: the one place that adds jobs. The row is request and outbox entry in one, written in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, text, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from models.cursors import Cursor
from models.jobs import PENDING_SQL, Job, JobKind, JobState, Run

#: PostgreSQL channel and in-process signal that wake the relay.
WAKE_CHANNEL = "joorsync_jobs"
#: Cursor of a site: when blocked jobs were last released.
RELEASED = "jobs.released"
_CHUNK = 500


@dataclass(frozen=True)
class Ask:
    """One record to work on. `key` is the business key ("" for the whole site); `revive` re-queues a blocked, waiting or retrying
    job of the same key at once, because something about the record has changed or a person asked. What `payload` asks for is added to
    what the waiting job was asked for already."""

    kind: JobKind
    key: str = ""
    payload: dict[str, Any] | None = None
    revive: bool = False


def add_run(session: Session, *, site_id: int | None, data_type: str, reason: str, requested_by: str, dry_run: bool, now: datetime) -> Run:
    """Add a run and give it its id (flushes, does not commit)."""
    run = Run(site_id=site_id, data_type=data_type, reason=reason, requested_by=requested_by, dry_run=dry_run, created_at=now)
    session.add(run)
    session.flush()
    return run


def add_jobs(
    session: Session,
    site_id: int,
    asks: Sequence[Ask],
    *,
    now: datetime,
    run_id: int | None = None,
    dry_run: bool = False,
    available_at: datetime | None = None,
) -> list[int]:
    """Insert jobs, coalescing with those of the same (site, kind, key, dry_run) that have not started, and wake the relay on commit.

    Returns the ids in the order of `asks`, each the new row's or the row's it joined. Does not commit. Two asks of one call must
    differ in (kind, key).
    """
    ids: dict[tuple[str, str], int] = {}
    # Always in the same order: two callers that lock the same rows in different orders would deadlock on PostgreSQL.
    ordered = sorted(asks, key=lambda ask: (ask.kind.value, ask.key))
    for start in range(0, len(ordered), _CHUNK):
        chunk = ordered[start : start + _CHUNK]
        rows = [_row(site_id, ask, now, run_id, dry_run, available_at) for ask in chunk]
        revived = [(ask.kind.value, ask.key) for ask in chunk if ask.revive]
        ids |= _upsert(session, rows, revived, now)
    wake_on_commit(session)
    return [ids[ask.kind.value, ask.key] for ask in asks]


def wake_on_commit(session: Session) -> None:
    """NOTIFY goes out when the transaction commits; on SQLite the relay is in the same process or polls."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": WAKE_CHANNEL})


def _row(site_id: int, ask: Ask, now: datetime, run_id: int | None, dry_run: bool, available_at: datetime | None) -> dict[str, Any]:
    return {
        "site_id": site_id,
        "data_type": ask.kind.data_type.value,
        "kind": ask.kind.value,
        "key": ask.key,
        "payload": ask.payload,
        "dry_run": dry_run,
        "run_id": run_id,
        "state": JobState.QUEUED.value,
        "wanted_at": now,
        "available_at": available_at or now,
        "attempts": 0,
        "max_attempts": 8,
        "note": "",
        "sent": 0,
        "created_at": now,
    }


def _upsert(session: Session, rows: list[dict[str, Any]], revived: list[tuple[str, str]], now: datetime) -> dict[tuple[str, str], int]:
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(Job).values(rows)
    new = statement.excluded
    wake_up = _revivable(revived)
    sooner = (col(Job.state) == JobState.QUEUED) & (new.available_at < col(Job.available_at))
    upsert = statement.on_conflict_do_update(
        index_elements=["site_id", "kind", "key", "dry_run"],
        index_where=text(PENDING_SQL),
        set_={
            "wanted_at": new.wanted_at,
            "payload": func.coalesce(_merged(dialect, new.payload), new.payload, col(Job.payload)),
            "run_id": func.coalesce(new.run_id, col(Job.run_id)),
            "state": case((wake_up, JobState.QUEUED.value), else_=col(Job.state)),
            "available_at": case((wake_up, now), (sooner, new.available_at), else_=col(Job.available_at)),
            "published_at": case((wake_up, None), else_=col(Job.published_at)),
            "attempts": case((wake_up, 0), else_=col(Job.attempts)),
        },
    ).returning(col(Job.id), col(Job.kind), col(Job.key))
    return {(kind, key): job_id for job_id, kind, key in session.execute(upsert)}


def _merged(dialect: str, newer: ColumnElement[Any]) -> ColumnElement[Any]:
    """Both wishes in one; NULL when one of them has none."""
    if dialect == "postgresql":
        return col(Job.payload).op("||")(newer)
    return func.json_patch(col(Job.payload), newer)


def _revivable(revived: list[tuple[str, str]]) -> ColumnElement[bool]:
    """True for the rows that a reviving ask meets in a state that waits for something."""
    waiting = col(Job.state).in_([JobState.BLOCKED.value, JobState.WAITING.value, JobState.RETRYING.value])
    return waiting & tuple_(col(Job.kind), col(Job.key)).in_(revived)


# ---- giving way ----------------------------------------------------------------------------------------------------------------------


def newer_request(session: Session, *, site_id: int, kind: str, key: str, dry_run: bool, other_than: int) -> Job | None:
    """A request for the same record that came while job `other_than` ran, locked: the pending index allows only one of the two to stay."""
    return session.exec(
        select(Job)
        .where(Job.site_id == site_id, Job.kind == kind, Job.key == key, Job.dry_run == dry_run, Job.id != other_than, text(PENDING_SQL))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def hand_over(newer: Job, *, payload: dict[str, Any] | None, run_id: int | None, not_before: datetime | None = None) -> None:
    """What the older job was asked for, and by whom, is the newer one's now. `not_before`: the remote side asked for the pause, whoever
    calls next. `newer` is locked."""
    if payload:
        newer.payload = {**payload, **(newer.payload or {})}
    newer.run_id = newer.run_id or run_id
    if not_before is not None and not_before > newer.available_at:
        newer.available_at = not_before
        if newer.state in (JobState.QUEUED, JobState.PUBLISHED):
            newer.state, newer.published_at, newer.relay_token, newer.relay_until = JobState.QUEUED, None, None, None


# ---- releasing -----------------------------------------------------------------------------------------------------------------------


def release_blocked(session: Session, site_id: int, kind: str, value: str, *, now: datetime) -> int:
    """Re-queue every job of the site that is blocked on (kind, value), for example ("term", "NET45"). Returns how many. Does not commit.

    A job that runs now and has looked in vain already is told by `released_since`.
    """
    cursor = _release_cursor(session, site_id)
    cursor.at = max(cursor.at or now, now)
    session.add(cursor)
    blocked = session.exec(
        select(Job).where(Job.site_id == site_id, Job.state == JobState.BLOCKED).order_by(col(Job.id)).with_for_update()
    ).all()
    waiting_for = [job for job in blocked if _is_blocked_on(job, kind, value)]
    for job in waiting_for:
        job.state, job.available_at, job.published_at, job.attempts = JobState.QUEUED, now, None, 0
        session.add(job)
    if waiting_for:
        wake_on_commit(session)
    return len(waiting_for)


def released_since(session: Session, site_id: int, moment: datetime) -> bool:
    """Whether pairs were saved or decisions made for the site after `moment`. Until the transaction ends nobody else releases: who calls
    this first and then writes a job as blocked can be sure that a later release sees it."""
    at = _release_cursor(session, site_id).at
    return at is not None and at > moment


def _release_cursor(session: Session, site_id: int) -> Cursor:
    """Locked."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(Cursor).values(site_id=site_id, name=RELEASED).on_conflict_do_nothing())
    return session.exec(
        select(Cursor).where(Cursor.site_id == site_id, Cursor.name == RELEASED).with_for_update().execution_options(populate_existing=True)
    ).one()


def _is_blocked_on(job: Job, kind: str, value: str) -> bool:
    return any(row.get("kind") == kind and row.get("value") == value for row in job.blocked_on or [])
