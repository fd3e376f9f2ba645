"""Writing verdicts: job, attempt, lane hold, site pause, breaker, and the earlier failures that a success closes. One transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import update
from sqlmodel import Session, col, select

from clients.jsontext import storable
from models.audit import AuditEntry
from models.jobs import ENDED, PENDING, Attempt, Job, JobState
from models.limits import LanePause
from models.outbox import hand_over, newer_request, released_since, wake_on_commit
from models.sites import Site
from runtime import breakers
from runtime.logs import REDACTOR
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
    verdicts = _not_blocked_in_vain(session, claim, {job_id: _storable(verdict) for job_id, verdict in verdicts.items()}, now)
    mine = _still_ours(session, claim)
    recorded: list[Verdict] = []
    for position, view in enumerate(claim.jobs):
        verdict = verdicts.get(view.id)
        if verdict is None:
            continue
        _close_attempt(session, claim.attempts[view.id], verdict, meter if position == 0 else None, now)
        if view.id not in mine:
            log.warning("the lease had been lost; the outcome is not recorded", job_id=view.id)
            continue
        _write(session, view, verdict, now)
        if verdict.state in (JobState.SUCCEEDED, JobState.UNCHANGED) and not view.dry_run:
            _close_earlier_failures(session, view, now)
        recorded.append(verdict)
    _side_effects(session, claim, recorded, now)
    wake_on_commit(session)


def _storable(verdict: Verdict) -> Verdict:
    """Words and previews without secrets, and such as every database takes: remote systems send NULs and halves of surrogate pairs."""
    return replace(
        verdict,
        note=_clean(verdict.note),
        result=_clean(verdict.result),
        summary=_clean(verdict.summary),
        fix=_clean(verdict.fix),
        field_name=_clean(verdict.field_name[:200]) if verdict.field_name else None,
        remote_message=_clean(verdict.remote_message),
        blocked_on=storable(verdict.blocked_on),  # compared with what a person saves
    )


def _clean(value: Any) -> Any:
    return storable(REDACTOR.clean(value))


def _not_blocked_in_vain(session: Session, claim: Recorded, verdicts: dict[int, Verdict], now: datetime) -> dict[int, Verdict]:
    """What a person saved while a job ran may be just what it missed: it looks again instead of waiting for a release that has been."""
    if not any(verdict.state == JobState.BLOCKED for verdict in verdicts.values()):
        return verdicts
    started = session.exec(select(Attempt.started_at).where(col(Attempt.id).in_(claim.attempts.values()))).first()
    if started is None or not released_since(session, claim.site_id, started):
        return verdicts
    note = "something was saved for this site while it ran; it looks again"
    again = Verdict(JobState.QUEUED, spent=False, available_at=now, note=note)
    return {job_id: again if verdict.state == JobState.BLOCKED else verdict for job_id, verdict in verdicts.items()}


def _still_ours(session: Session, claim: Recorded) -> set[int]:
    """Ids of the claimed jobs that nobody has taken over, locked."""
    held = (
        select(col(Job.id))
        .where(col(Job.id).in_([view.id for view in claim.jobs]), col(Job.state) == JobState.RUNNING, col(Job.claimed_by) == claim.token)
        .order_by(col(Job.id))
        .with_for_update()
    )
    return {job_id for job_id in session.exec(held) if job_id is not None}


def _write(session: Session, view: JobView, verdict: Verdict, now: datetime) -> None:
    values = _values(view, verdict, now)
    if verdict.state in PENDING:
        newer = newer_request(session, site_id=view.site_id, kind=view.kind.value, key=view.key, dry_run=view.dry_run, other_than=view.id)
        if newer is not None:
            values.update(state=JobState.CANCELLED, finished_at=now, note=f"superseded by job {newer.id}, which asks for the same record")
            hand_over(newer, payload=view.payload, run_id=view.run_id, not_before=verdict.available_at)
            session.add(newer)
            session.flush()
    session.execute(update(Job).where(col(Job.id) == view.id).values(**values).execution_options(synchronize_session=False))


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


def _close_attempt(session: Session, attempt_id: int, verdict: Verdict, meter: Metered | None, now: datetime) -> None:
    attempt = session.get_one(Attempt, attempt_id)
    attempt.finished_at = now
    attempt.outcome = verdict.state.value
    attempt.error_kind = verdict.error_kind
    attempt.summary = verdict.summary or verdict.note
    attempt.remote_message = verdict.remote_message
    if meter is not None:
        attempt.calls, attempt.credits, attempt.exchanges = meter.calls(), meter.credits(), _clean(meter.exchanges())
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


def _side_effects(session: Session, claim: Recorded, verdicts: Sequence[Verdict], now: datetime) -> None:
    """Once per claim: the jobs of a batch share their calls, and one call that fails is one failure of the endpoint."""
    holds = [verdict for verdict in verdicts if verdict.lane_hold_until is not None]
    if holds:
        _hold_lane(session, claim, max(holds, key=lambda verdict: verdict.lane_hold_until or now), now)
    pause = next((verdict for verdict in verdicts if verdict.pause_site), None)
    if pause is not None:
        _pause_site(session, claim.site_id, pause, now)
    failed = next((verdict for verdict in verdicts if verdict.breaker is True), None)
    for endpoint in claim.spec.endpoints:
        if failed is not None:
            breakers.failed(session, claim.site_id, endpoint, now, failed.summary or "")
        elif any(verdict.breaker is False for verdict in verdicts):
            breakers.succeeded(session, claim.site_id, endpoint, now)


def _hold_lane(session: Session, claim: Recorded, verdict: Verdict, now: datetime) -> None:
    data_type = claim.spec.kind.data_type.value
    pause = session.exec(select(LanePause).where(LanePause.site_id == claim.site_id, LanePause.data_type == data_type)).first()
    until = verdict.lane_hold_until
    if pause is not None and (pause.until is None or (until is not None and until <= pause.until)):
        return  # neither a person's pause nor a longer one is shortened
    if pause is None:
        pause = LanePause(site_id=claim.site_id, data_type=data_type, paused_by="joorsync", paused_at=now)
    pause.until, pause.reason = until, verdict.summary or verdict.note or "the remote side asked for a pause"
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
