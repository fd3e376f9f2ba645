"""From what a flow returned or raised to what the job becomes: the table of DESIGN section 6, and nothing else."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from models.errors import (
    AccessDenied,
    Missing,
    NeedsMapping,
    NotPossible,
    Outcome,
    OutcomeUnknown,
    Synced,
    SyncError,
    Unavailable,
    Unchanged,
    Waiting,
    WaitUntil,
)
from models.jobs import JobKind, JobState
from workers.sync import JobView

BACKOFF_SECONDS = 5.0
BACKOFF_CAP_SECONDS = 15 * 60.0
DEFECT_ATTEMPTS = 3


@dataclass(frozen=True)
class Verdict:
    """The job's next state and everything that is written with it."""

    state: JobState
    spent: bool = True  # counts as an attempt
    available_at: datetime | None = None
    note: str = ""
    sent: int = 0
    counts: dict[str, int] | None = None
    result: dict[str, Any] | None = None
    error_kind: str | None = None
    error_whose: str | None = None
    summary: str | None = None
    fix: list[str] = field(default_factory=list)
    field_name: str | None = None
    remote_message: str | None = None
    blocked_on: list[dict[str, str]] | None = None
    lane_hold_until: datetime | None = None  # Retry-After is honoured for the whole lane
    pause_site: bool = False
    breaker: bool | None = None  # True: an endpoint failed; False: it answered; None: says nothing


def judge(answer: Outcome | Exception | None, job: JobView, kind: JobKind, max_attempts: int, now: datetime) -> Verdict:
    """`answer` None means that a batch flow forgot this job: our fault."""
    if isinstance(answer, Synced):
        return Verdict(JobState.SUCCEEDED, note=answer.note, sent=answer.sent, counts=answer.counts, result=answer.result, breaker=False)
    if isinstance(answer, Unchanged):
        return Verdict(JobState.UNCHANGED, note=answer.why, counts=answer.counts, result=answer.result, breaker=False)
    if isinstance(answer, Waiting):
        return Verdict(JobState.WAITING, spent=False, available_at=answer.until, note=answer.why)
    if isinstance(answer, WaitUntil):
        hold = answer.until if answer.lane else None
        return Verdict(JobState.WAITING, spent=False, available_at=answer.until, note=answer.summary, lane_hold_until=hold)
    if isinstance(answer, SyncError):
        return _failure(answer, job, max_attempts, now)
    return _defect(answer, job, kind, now)


def _failure(error: SyncError, job: JobView, max_attempts: int, now: datetime) -> Verdict:
    words = _words(error)
    tries = job.attempts + 1
    if isinstance(error, NeedsMapping):
        return Verdict(JobState.BLOCKED, blocked_on=[_row(item) for item in error.missing], breaker=False, **words)
    if isinstance(error, AccessDenied):
        missing = Missing(kind="access", value=str(job.site_id), fix="joorsync sites resume")
        return Verdict(JobState.BLOCKED, spent=False, blocked_on=[_row(missing)], pause_site=True, **words)
    if isinstance(error, OutcomeUnknown):
        if tries >= max_attempts:
            return Verdict(JobState.FAILED, breaker=True, **words)
        return Verdict(JobState.UNKNOWN, available_at=now + backoff(tries, error.retry_after), breaker=True, **words)
    if isinstance(error, Unavailable):
        hold = now + timedelta(seconds=error.retry_after) if error.retry_after else None
        if tries >= max_attempts:
            return Verdict(JobState.FAILED, breaker=True, lane_hold_until=hold, **words)
        available_at = now + backoff(tries, error.retry_after)
        return Verdict(JobState.RETRYING, available_at=available_at, breaker=True, lane_hold_until=hold, **words)
    return Verdict(JobState.FAILED, breaker=False if not isinstance(error, NotPossible) else None, **words)


def _defect(error: Exception | None, job: JobView, kind: JobKind, now: datetime) -> Verdict:
    what = f"{type(error).__name__}: {error}" if error is not None else "the flow gave no answer for this job"
    words: dict[str, Any] = {
        "error_kind": "defect",
        "error_whose": "us",
        "summary": f"A fault of ours in {kind.value} (reference: job {job.id})",
        "fix": [
            f"Report job {job.id} to whoever runs joorsync; nothing you entered is wrong.",
            f"Retry later: joorsync jobs retry {job.id}",
        ],
        "remote_message": what[:2000],
    }
    if job.attempts + 1 >= DEFECT_ATTEMPTS:
        return Verdict(JobState.FAILED, **words)
    return Verdict(JobState.RETRYING, available_at=now + backoff(job.attempts + 1, None), **words)


def backoff(tries: int, retry_after: float | None) -> timedelta:
    """Exponential with full jitter, never shorter than the remote side asked for."""
    ceiling = min(BACKOFF_CAP_SECONDS, BACKOFF_SECONDS * 2 ** (tries - 1))
    return timedelta(seconds=max(retry_after or 0.0, 1.0 + random.uniform(0, ceiling)))  # noqa: S311  # jitter, not a secret


def _words(error: SyncError) -> dict[str, Any]:
    return {
        "error_kind": error.kind,
        "error_whose": error.whose,
        "summary": error.summary,
        "fix": error.fix,
        "field_name": error.field,
        "remote_message": error.remote_message,
    }


def _row(item: Missing) -> dict[str, str]:
    return {"kind": item.kind, "value": item.value, "where": item.where, "fix": item.fix}
