"""The rescue loop: nothing depends on a message surviving, or on a process staying alive.

Expired leases go back to the queue, published rows whose message is gone are published again, dead letters are read into their rows.
"""

import json
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import takewhile

import structlog
from sqlalchemy import update
from sqlmodel import Session, col, select

from models.errors import SyncError
from models.jobs import Attempt, Job, JobState
from models.outbox import hand_over, newer_request, wake_on_commit
from models.sites import Site
from runtime.broker import connect, lane_depths, lane_name, lanes_of, read_dead
from runtime.clock import Clock
from runtime.db import Sessions

INTERVAL_SECONDS = 10.0
#: A row published this long ago, in a lane whose queue is empty, has lost its message.
LOST_AFTER = timedelta(seconds=60)
#: Whatever the queue says: RabbitMQ itself takes a delivery back after 30 minutes.
LOST_ANYWAY = timedelta(hours=6)
LOST_LEASE_ATTEMPTS = 5


def expired_leases(session: Session, now: datetime) -> int:
    """Jobs whose process died: the open attempt is closed as `lost` and the job is queued again, a few times. Returns how many."""
    expired = select(Job).where(Job.state == JobState.RUNNING, col(Job.lease_until) < now).order_by(col(Job.id))
    # Locked rows are being recorded or extended just now.
    dead = session.exec(expired.with_for_update(skip_locked=True)).all()
    for job in dead:
        _close_open_attempts(session, job, now)
        job.attempts += 1
        job.claimed_by, job.lease_until, job.published_at = None, None, None
        newer = newer_request(session, site_id=job.site_id, kind=job.kind, key=job.key, dry_run=job.dry_run, other_than=job.id or 0)
        if newer is not None:
            hand_over(newer, payload=job.payload, run_id=job.run_id)
            session.add(newer)
            job.state, job.finished_at, job.note = JobState.CANCELLED, now, f"superseded by job {newer.id}; its worker died"
        elif min(job.attempts, _deaths(session, job)) >= LOST_LEASE_ATTEMPTS:
            job.state, job.finished_at = JobState.FAILED, now
            job.error_kind, job.error_whose = "defect", "us"
            job.error_summary = f"The worker died {LOST_LEASE_ATTEMPTS} times while doing this (reference: job {job.id})"
            job.error_fix = [f"Report job {job.id} to whoever runs joorsync.", f"Retry: joorsync jobs retry {job.id}"]
        else:
            job.state, job.available_at = JobState.QUEUED, now
        session.add(job)
        session.flush()
    if dead:
        wake_on_commit(session)
    return len(dead)


def _close_open_attempts(session: Session, job: Job, now: datetime) -> None:
    session.execute(
        update(Attempt)
        .where(col(Attempt.job_id) == job.id, col(Attempt.finished_at).is_(None))
        .values(finished_at=now, outcome="lost", summary="the worker died, or was cut off from the database")
        .execution_options(synchronize_session=False)
    )


def _deaths(session: Session, job: Job) -> int:
    """How many of the latest attempts in a row ended with their worker; at most LOST_LEASE_ATTEMPTS."""
    newest = select(Attempt.outcome).where(Attempt.job_id == job.id).order_by(col(Attempt.number).desc()).limit(LOST_LEASE_ATTEMPTS)
    return len(list(takewhile(lambda outcome: outcome == "lost", session.execute(newest).scalars())))


def lost_messages(session: Session, now: datetime, empty_lanes: Sequence[tuple[int, str]], *, every: bool = False) -> int:
    """Queue again what was published and never claimed. `empty_lanes` are (site id, data type) whose queue holds nothing.

    `every` is for the start of an embedded process: its broker's memory is new, so each published row has lost its message.
    """
    lost = 0
    if every:
        return _requeue(session, now, col(Job.state) == JobState.PUBLISHED)
    for site_id, data_type in empty_lanes:
        lost += _requeue(
            session, now, col(Job.site_id) == site_id, col(Job.data_type) == data_type, col(Job.published_at) < now - LOST_AFTER
        )
    return lost + _requeue(session, now, col(Job.published_at) < now - LOST_ANYWAY)


def _requeue(session: Session, now: datetime, *conditions: object) -> int:
    done = session.execute(
        update(Job)
        .where(col(Job.state) == JobState.PUBLISHED, *conditions)  # type: ignore[arg-type]  # column expressions of several types
        .values(state=JobState.QUEUED, published_at=None, available_at=now, relay_token=None, relay_until=None)
        .execution_options(synchronize_session=False)
    )
    count = int(getattr(done, "rowcount", 0))
    if count:
        wake_on_commit(session)
    return count


def note_dead_letter(session: Session, body: bytes, now: datetime) -> int | None:
    """Write a dead letter into its job row and queue the job again; after several, fail it. Returns the job id, None when it has none."""
    try:
        job_id = int(json.loads(body)["args"][0])
    except (ValueError, KeyError, IndexError, TypeError):
        structlog.get_logger("graveyard").error("a dead letter that is not one of ours", body=body[:200].decode("utf-8", "replace"))
        return None
    job = session.get(Job, job_id, with_for_update=True)
    if job is None or job.state not in (JobState.QUEUED, JobState.PUBLISHED):
        return job_id  # done, or told elsewhere
    job.attempts += 1
    job.published_at, job.relay_token, job.relay_until = None, None, None
    job.available_at = now + timedelta(seconds=30 * job.attempts)
    job.note = "its message died in the broker (delivery limit, or the database could not be written); queued again"
    job.state = JobState.QUEUED
    if job.attempts >= job.max_attempts:
        job.state, job.finished_at, job.error_kind, job.error_whose = JobState.FAILED, now, "defect", "us"
        job.error_summary = "Its message died in the broker again and again"
        job.error_fix = ["Look at the workers' log for the reason.", f"Then: joorsync jobs retry {job.id}"]
    session.add(job)
    return job_id


class Rescue:
    """`once` does one round; `run` loops. Without `amqp_url` (embedded) there are no queues to look into."""

    def __init__(self, sessions: Sessions, clock: Clock, amqp_url: str | None, wake: Callable[[], None] = lambda: None) -> None:
        self._sessions = sessions
        self._clock = clock
        self._amqp_url = amqp_url
        self._wake = wake
        self._log = structlog.get_logger("rescue")

    def once(self) -> int:
        now = self._clock.now()
        with self._sessions() as session:
            rescued = expired_leases(session, now)
        if self._amqp_url is not None:
            rescued += self._look_into_queues(self._amqp_url)
        if rescued:
            self._log.warning("rescued jobs", count=rescued)
            self._wake()
        return rescued

    def run(self, stop: threading.Event, interval: float = INTERVAL_SECONDS) -> None:
        while not stop.is_set():
            try:
                self.once()
            except SyncError as error:
                self._log.warning("the rescue loop could not look", reason=error.summary)
            except Exception:
                self._log.exception("the rescue loop stumbled")
            stop.wait(interval)

    def _look_into_queues(self, amqp_url: str) -> int:
        with self._sessions() as session:
            sites = {site.key: site.id or 0 for site in session.exec(select(Site))}
        connection = connect(amqp_url)
        try:
            buried = 0
            for lane in lanes_of(sites):
                for body, channel, tag in read_dead(connection, lane):
                    with self._sessions() as session:
                        buried += note_dead_letter(session, body, self._clock.now()) is not None
                    channel.basic_ack(tag)
            depths = lane_depths(connection, lanes_of(sites))
        finally:
            connection.close()
        empty = []
        for key, site_id in sites.items():
            for data_type in {lane.split(".", 1)[0] for lane in depths}:
                depth = depths[lane_name(data_type, key)]
                if not depth.ready and not depth.delayed:
                    empty.append((site_id, data_type))
        with self._sessions() as session:
            return buried + lost_messages(session, self._clock.now(), empty)
