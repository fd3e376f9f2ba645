"""Looking at jobs and putting them right: find, show, retry, cancel, dismiss. Each change leaves an audit row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, update
from sqlmodel import Session, col, select

from console.process import Process
from models.errors import NotPossible
from models.jobs import ENDED, PENDING, Attempt, DataType, Job, JobState, Run
from models.outbox import wake_on_commit
from models.sites import Site
from producers.requests import resolve_site
from runtime.logs import REDACTOR

#: A person may start these again. Succeeded work is asked for anew with `joorsync enqueue`.
RETRIABLE = (JobState.FAILED, JobState.BLOCKED, JobState.RETRYING, JobState.WAITING, JobState.UNKNOWN, JobState.CANCELLED)


@dataclass(frozen=True)
class Filter:
    """Which jobs; everything empty means all."""

    states: Sequence[str] = ()
    data_types: Sequence[str] = ()
    site: str = ""
    key: str = ""
    error: str = ""
    run_id: int | None = None
    dismissed: bool = False  # failed jobs that were dismissed, or that a later success closed, too

    def conditions(self, session: Session) -> list[ColumnElement[bool]]:
        """Raises NotPossible for an unknown site, state or data type."""
        found: list[ColumnElement[bool]] = []
        if self.states:
            found.append(col(Job.state).in_([_member(JobState, name) for name in self.states]))
        if self.data_types:
            found.append(col(Job.data_type).in_([_member(DataType, name) for name in self.data_types]))
        if self.site:
            found.append(col(Job.site_id) == resolve_site(session, self.site).id)
        if self.key:
            found.append(col(Job.key) == self.key)
        if self.error:
            found.append(col(Job.error_kind) == self.error)
        if self.run_id is not None:
            found.append(col(Job.run_id) == self.run_id)
        if not self.dismissed:
            found.append(col(Job.dismissed_at).is_(None))
        return found


def _member(kind: type[JobState] | type[DataType], name: str) -> str:
    try:
        return kind(name.strip().lower()).value
    except ValueError:
        word = "state" if kind is JobState else "data type"
        raise NotPossible(f"There is no {word} {name!r}", fix=[f"Choose one of: {', '.join(kind)}."]) from None


def find(session: Session, wanted: Filter, limit: int | None) -> Sequence[Job]:
    """Newest first."""
    query = select(Job).where(*wanted.conditions(session)).order_by(col(Job.id).desc())
    return session.exec(query.limit(limit) if limit else query).all()


def row(job: Job, site_keys: dict[int, str]) -> dict[str, Any]:
    """A line of the list; the same in `--json`."""
    return {
        "id": job.id,
        "state": job.state,
        "kind": job.kind,
        "site": site_keys.get(job.site_id, str(job.site_id)),
        "key": job.key,
        "dry_run": job.dry_run,
        "attempts": job.attempts,
        "wanted_at": job.wanted_at,
        "available_at": job.available_at if job.state in PENDING else None,
        "what": REDACTOR.text(job.error_summary or job.note),
        "run": job.run_id,
    }


def site_keys(session: Session) -> dict[int, str]:
    return {site_id or 0: key for site_id, key in session.exec(select(Site.id, Site.key)).all()}


def get(session: Session, job_id: int) -> Job:
    """Raises NotPossible."""
    job = session.get(Job, job_id)
    if job is None:
        raise NotPossible(f"There is no job {job_id}", fix=["List jobs: joorsync jobs"])
    return job


def details(session: Session, job_id: int) -> dict[str, Any]:
    """A job with its run and every attempt: what was called, what was answered, what to do. Redacted. Raises NotPossible."""
    job = get(session, job_id)
    run = session.get(Run, job.run_id) if job.run_id else None
    attempts = session.exec(select(Attempt).where(Attempt.job_id == job_id).order_by(col(Attempt.number))).all()
    shown = job.model_dump(exclude={"relay_token", "relay_until", "claimed_by"})
    shown["site"] = site_keys(session).get(job.site_id)
    shown["run"] = run.model_dump() if run else None
    shown["attempts"] = [item.model_dump(exclude={"job_id", "id"}) for item in attempts]
    shown["spent_attempts"] = job.attempts
    cleaned: dict[str, Any] = REDACTOR.clean(shown)
    return cleaned


@dataclass
class Changed:
    """What a bulk change did: ids, and for the others why not."""

    done: list[int] = field(default_factory=list)
    left: dict[int, str] = field(default_factory=dict)


def retry(session: Session, process: Process, jobs: Sequence[Job], reason: str = "") -> Changed:
    """Queue jobs again, attempts counted anew. Of several failed jobs of one record the newest is retried; the older ones are closed by
    its success. Does not commit."""
    changed, now = Changed(), process.clock.now()
    fresh: dict[str, Any] = {
        "state": JobState.QUEUED.value,
        "wanted_at": now,
        "available_at": now,
        "published_at": None,
        "finished_at": None,
        "dismissed_at": None,
        "relay_token": None,
        "relay_until": None,
        "attempts": 0,
        "note": f"retried by {process.actor}",
    }
    for job in sorted(jobs, key=lambda item: -(item.id or 0)):
        _change(session, process, job, changed, "jobs.retry", _cannot_retry(session, job), fresh, reason)
    if changed.done:
        wake_on_commit(session)
    return changed


def _cannot_retry(session: Session, job: Job) -> str | None:
    if job.state not in RETRIABLE:
        return f"it is {job.state}" + ("; ask for it anew: joorsync enqueue" if job.state in ENDED else "; it moves by itself")
    if job.state in PENDING:
        return None
    other = session.exec(
        select(Job.id).where(
            Job.site_id == job.site_id,
            Job.kind == job.kind,
            Job.key == job.key,
            Job.dry_run == job.dry_run,
            Job.id != job.id,
            col(Job.state).in_([state.value for state in PENDING]),
        )
    ).first()
    return f"job {other} already asks for the same record" if other else None


def cancel(session: Session, process: Process, jobs: Sequence[Job], reason: str = "") -> Changed:
    """Only what has not started. Does not commit."""
    changed = Changed()
    values = {"state": JobState.CANCELLED.value, "finished_at": process.clock.now(), "note": f"cancelled by {process.actor}"}
    for job in jobs:
        _change(session, process, job, changed, "jobs.cancel", _cannot_cancel(job), values, reason)
    return changed


def _cannot_cancel(job: Job) -> str | None:
    if job.state == JobState.UNKNOWN:
        return "a create of it may have got through; only looking it up tells: joorsync jobs retry"
    if job.state not in PENDING:
        return f"it is {job.state}" + ("" if job.state in ENDED else "; it ends by itself")
    return None


def dismiss(session: Session, process: Process, jobs: Sequence[Job], reason: str = "") -> Changed:
    """Take failed jobs off the list of open problems. Does not commit."""
    changed = Changed()
    for job in jobs:
        why = None if job.state == JobState.FAILED else f"it is {job.state}; only failed jobs are dismissed"
        if job.dismissed_at is not None:
            why = "it is already dismissed"
        _change(session, process, job, changed, "jobs.dismiss", why, {"dismissed_at": process.clock.now()}, reason)
    return changed


def _change(
    session: Session, process: Process, job: Job, changed: Changed, action: str, why_not: str | None, values: dict[str, Any], reason: str
) -> None:
    """One conditional update: a job that a relay or a worker took meanwhile is left to it."""
    job_id, before = job.id or 0, job.state
    if why_not is None:
        written = session.execute(
            update(Job).where(col(Job.id) == job_id, col(Job.state) == before).values(**values).execution_options(synchronize_session=False)
        )
        if not getattr(written, "rowcount", 0):
            why_not = "it has moved on meanwhile; look again"
    if why_not is not None:
        changed.left[job_id] = why_not
        return
    session.add(
        process.audit(action, f"job {job_id}", before={"state": before}, after={"state": values.get("state", before)}, reason=reason)
    )
    changed.done.append(job_id)
