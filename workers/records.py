"""Writing verdicts: job, attempt, lane hold, site pause, breaker, and the earlier failures that a success closes. One transaction."""

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import update
from sqlmodel import Session, col, select

from models.audit import AuditEntry
from models.jobs import ENDED, PENDING, Attempt, Job, JobState
from models.limits import LanePause
from models.outbox import wake_on_commit
from models.sites import Site
from runtime import breakers
from workers.outcomes import Verdict
from workers.sync import FlowSpec, JobView


class Recorded(Protocol):
    @property
    def token(self) -> str: ...
    @property
    def site_id(self) -> int: ...
    @property
    def spec(self) -> FlowSpec: ...
    @property
    def jobs(self) -> tuple[JobView, ...]: ...
    @property
    def attempts(self) -> dict[int, int]: ...


class Metered(Protocol):
    @property
    def calls(self) -> Any: ...
    @property
    def credits(self) -> Any: ...
    @property
    def exchanges(self) -> Any: ...


def record(session: Session, claim: Recorded, verdicts: dict[int, Verdict], meter: Metered | None, now: datetime, log: Any) -> None:
    """Jobs whose lease went to somebody else are left alone: whoever has them now records them."""
    for position, view in enumerate(claim.jobs):
        verdict = verdicts.get(view.id)
        if verdict is None:
            continue
        _close_attempt(session, claim.attempts[view.id], verdict, meter if position == 0 else None, now)
        if not _write(session, claim.token, view, verdict, now):
            log.warning("the lease had been lost; the outcome is not recorded", job_id=view.id)
            continue
        if verdict.state in (JobState.SUCCEEDED, JobState.UNCHANGED) and not view.dry_run:
            _close_earlier_failures(session, view, now)
        _side_effects(session, claim, verdict, now)
    wake_on_commit(session)


def _write(session: Session, token: str, view: JobView, verdict: Verdict, now: datetime) -> bool:
    values = _values(view, verdict, now)
    if verdict.state in PENDING:
        newer = _newer_request(session, view)
        if newer is not None:
            values.update(state=JobState.CANCELLED, finished_at=now, note=f"superseded by job {newer.id}, which asks for the same record")
            if verdict.available_at and verdict.available_at > newer.available_at:
                newer.available_at = verdict.available_at  # the remote side asked for the pause, whoever calls next
                newer.state, newer.published_at = JobState.QUEUED, None
                session.add(newer)
    written = session.execute(
        update(Job)
        .where(col(Job.id) == view.id, col(Job.state) == JobState.RUNNING, col(Job.claimed_by) == token)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(written, "rowcount", 0))


def _values(view: JobView, verdict: Verdict, now: datetime) -> dict[str, Any]:
    good = verdict.state in (JobState.SUCCEEDED, JobState.UNCHANGED)
    return {
        "state": verdict.state.value,
        "attempts": view.attempts + (1 if verdict.spent else 0),
        "available_at": verdict.available_at or now,
        "published_at": None,
        "claimed_by": None,
        "lease_until": None,
        "finished_at": now if verdict.state in ENDED else None,
        "note": verdict.note,
        "sent": verdict.sent,
        "counts": verdict.counts,
        "result": verdict.result,
        "error_kind": None if good else verdict.error_kind,
        "error_whose": None if good else verdict.error_whose,
        "error_summary": None if good else verdict.summary,
        "error_fix": None if good else verdict.fix,
        "error_field": None if good else verdict.field_name,
        "remote_message": None if good else verdict.remote_message,
        "blocked_on": verdict.blocked_on,
    }


def _newer_request(session: Session, view: JobView) -> Job | None:
    """A request for the same record that came while this one ran. The pending index allows only one of the two to stay."""
    return session.exec(
        select(Job).where(
            Job.site_id == view.site_id,
            Job.kind == view.kind.value,
            Job.key == view.key,
            Job.dry_run == view.dry_run,
            Job.id != view.id,
            col(Job.state).in_([state.value for state in PENDING]),
        )
    ).first()


def _close_attempt(session: Session, attempt_id: int, verdict: Verdict, meter: Metered | None, now: datetime) -> None:
    attempt = session.get_one(Attempt, attempt_id)
    attempt.finished_at = now
    attempt.outcome = verdict.state.value
    attempt.error_kind = verdict.error_kind
    attempt.summary = verdict.summary or verdict.note
    attempt.remote_message = verdict.remote_message
    if meter is not None:
        attempt.calls, attempt.credits, attempt.exchanges = meter.calls(), meter.credits(), meter.exchanges()
    session.add(attempt)


def _close_earlier_failures(session: Session, view: JobView, now: datetime) -> None:
    session.execute(
        update(Job)
        .where(
            col(Job.site_id) == view.site_id,
            col(Job.kind) == view.kind.value,
            col(Job.key) == view.key,
            col(Job.state) == JobState.FAILED,
            col(Job.dismissed_at).is_(None),
            col(Job.id) != view.id,
        )
        .values(dismissed_at=now, note=f"resolved by job {view.id}")
        .execution_options(synchronize_session=False)
    )


def _side_effects(session: Session, claim: Recorded, verdict: Verdict, now: datetime) -> None:
    if verdict.lane_hold_until is not None:
        _hold_lane(session, claim, verdict, now)
    if verdict.pause_site:
        _pause_site(session, claim.site_id, verdict, now)
    for endpoint in claim.spec.endpoints:
        if verdict.breaker is True:
            breakers.failed(session, claim.site_id, endpoint, now, verdict.summary or "")
        elif verdict.breaker is False:
            breakers.succeeded(session, claim.site_id, endpoint, now)


def _hold_lane(session: Session, claim: Recorded, verdict: Verdict, now: datetime) -> None:
    data_type = claim.spec.kind.data_type.value
    pause = session.exec(select(LanePause).where(LanePause.site_id == claim.site_id, LanePause.data_type == data_type)).first()
    if pause is not None and pause.until is None:
        return  # a person's pause is not shortened
    if pause is None:
        pause = LanePause(site_id=claim.site_id, data_type=data_type, paused_by="joorsync", paused_at=now)
    pause.until, pause.reason = verdict.lane_hold_until, verdict.summary or "the remote side asked for a pause"
    session.add(pause)


def _pause_site(session: Session, site_id: int, verdict: Verdict, now: datetime) -> None:
    """One report, not five hundred: everything of the site waits until a person resumes it."""
    site = session.get_one(Site, site_id)
    if site.paused_at is not None:
        return
    site.paused_at, site.paused_reason = now, verdict.summary
    session.add(site)
    session.add(
        AuditEntry(
            at=now, actor="joorsync", action="site.pause", subject=site.key, reason=verdict.summary or "", after={"fix": verdict.fix}
        )
    )
