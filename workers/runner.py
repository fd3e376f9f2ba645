"""The runner: one numbered pipeline from a message to a recorded outcome. Job state is written here and nowhere else.

1. claim (commit, with the attempt row)   2. keep the lease alive   3. run the flow, no transaction open
4. turn its answer into a verdict         5. record everything in one transaction
"""

import threading
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from dramatiq.middleware import TimeLimitExceeded
from sqlalchemy import func, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from models.errors import Missing, NeedsMapping, Outcome, SyncError, Unavailable, Waiting, WaitUntil
from models.jobs import CLAIMABLE, Attempt, Job, JobKind, JobState
from runtime.broker import TIME_LIMIT_MS
from runtime.clock import Clock
from workers.gates import gates_of
from workers.heartbeat import Heartbeat, LeaseLost, Stopping
from workers.holds import hand_back, held_until, record_in_work
from workers.outcomes import Verdict, judge
from workers.records import record
from workers.sync import Context, FlowSpec, JobView

Sessions = Callable[[], AbstractContextManager[Session]]

#: Between tries to write an outcome. The remote call has been made: a deadlock or a restart of the database must not cost its answer.
RECORD_PAUSES = (0.0, 0.2, 1.0, 5.0)


@dataclass
class Surroundings:
    """What `connect` gives for one claim: the flow's context, and the meter that saw its remote calls."""

    context: Context
    calls: Callable[[], int]
    credits: Callable[[], int]
    exchanges: Callable[[], list[dict[str, object]]]


@dataclass(frozen=True)
class Claim:
    """Jobs taken by one conditional update; `token` proves that they are still ours when the outcome is recorded."""

    token: str
    site_id: int
    spec: FlowSpec
    jobs: tuple[JobView, ...]
    attempts: dict[int, int] = field(default_factory=dict)  # job id -> attempt id
    max_attempts: dict[int, int] = field(default_factory=dict)
    shut: tuple[Missing, ...] = ()  # decisions without which these jobs may not write


Connect = Callable[[int, JobKind], Surroundings]


class Runner:
    """`run(job_id)` is an actor's whole body. Thread-safe. `stop` is set when the process should hand its work back."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        connect: Connect,
        specs: dict[JobKind, FlowSpec],
        *,
        worker: str,
        hit: Callable[[str], None] = lambda _name: None,
        stop: threading.Event | None = None,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._connect = connect
        self._specs = specs
        self._worker = worker
        self._hit = hit
        self._stop = stop or threading.Event()
        self._heartbeat = Heartbeat(sessions, clock)
        self._log = structlog.get_logger("runner")

    def run(self, job_id: int) -> None:
        """Raises only when the outcome could not be recorded (then the broker delivers again)."""
        self._hit("before_claim")
        claim = self._claim(job_id)
        if claim is None:
            return
        self._hit("after_claim")
        with structlog.contextvars.bound_contextvars(job_id=job_id, kind=claim.spec.kind.value), self._heartbeat.hold(claim):
            verdicts, around = self._perform(claim)
        self._record(claim, verdicts, around)
        self._hit("after_record_before_ack")

    # 1 -------------------------------------------------------------------------------------------------------------------------------

    def _claim(self, job_id: int) -> Claim | None:
        """Losing the race, or a message for a job that is done or not due, is a normal return."""
        now = self._clock.now()
        with self._sessions() as session:
            job = session.get(Job, job_id, with_for_update=True)
            if job is None or job.state not in CLAIMABLE:
                return None
            spec = self._specs[JobKind(job.kind)]
            hold = held_until(session, job, spec, now)
            if hold is not None:
                hand_back(session, job, hold)
                return None
            token = f"{self._worker}:{uuid.uuid4().hex[:12]}"
            taken = self._take(session, job, spec, token, now)
            if job_id not in {row.id for row in taken}:
                return None
            attempts = self._open_attempts(session, taken, now)
            return Claim(
                token=token,
                site_id=job.site_id,
                spec=spec,
                jobs=tuple(_view(row) for row in taken),
                attempts=attempts,
                max_attempts={row.id: row.max_attempts for row in taken if row.id is not None},
                shut=gates_of(session, job, spec),
            )

    def _take(self, session: Session, job: Job, spec: FlowSpec, token: str, now: datetime) -> list[Job]:
        """The job itself, locked already, and for batches its queued siblings, in one conditional update."""
        wanted: list[int | None] = [job.id]
        if spec.batch_size > 1:
            siblings = (
                select(col(Job.id))
                .where(
                    col(Job.site_id) == job.site_id,
                    col(Job.kind) == job.kind,
                    col(Job.dry_run) == job.dry_run,
                    col(Job.state).in_([state.value for state in CLAIMABLE]),
                    col(Job.available_at) <= now,
                    col(Job.id) != job.id,
                    ~record_in_work(),
                )
                .order_by(col(Job.id))
                .limit(spec.batch_size - 1)
                .with_for_update(skip_locked=True)
            )
            wanted.extend(session.exec(siblings).all())
        taken = session.execute(
            update(Job)
            .where(col(Job.id).in_(wanted), col(Job.state).in_([state.value for state in CLAIMABLE]))
            .values(
                state=JobState.RUNNING,
                claimed_by=token,
                lease_until=now + timedelta(seconds=spec.lease_seconds),
                started_at=func.coalesce(col(Job.started_at), now),
                relay_token=None,
                relay_until=None,
            )
            .returning(Job)
            .execution_options(synchronize_session=False, populate_existing=True)
        ).scalars()
        return sorted(taken, key=lambda row: (row.id != job.id, row.id))

    def _open_attempts(self, session: Session, taken: Sequence[Job], now: datetime) -> dict[int, int]:
        ids = [job.id for job in taken]
        newest = (
            select(col(Attempt.job_id), func.max(col(Attempt.number))).where(col(Attempt.job_id).in_(ids)).group_by(col(Attempt.job_id))
        )
        made = {row[0]: row[1] for row in session.execute(newest)}
        rows = [Attempt(job_id=job.id or 0, number=made.get(job.id or 0, 0) + 1, worker=self._worker, started_at=now) for job in taken]
        session.add_all(rows)
        session.flush()
        return {row.job_id: row.id or 0 for row in rows}

    # 3 and 4 -------------------------------------------------------------------------------------------------------------------------

    def _perform(self, claim: Claim) -> tuple[dict[int, Verdict], Surroundings | None]:
        around: Surroundings | None = None
        try:
            if claim.shut:
                raise NeedsMapping(claim.shut, summary=f"Nothing is sent before a person has decided: {claim.shut[0].value}")
            around = self._connect(claim.site_id, claim.spec.kind)
            context = around.context.with_runner(hit=self._hit, beat=lambda: self._beat(claim))
            answers = self._call(claim, context)
        except Stopping:
            answers = {job.id: Waiting(self._clock.now(), "handed back: the worker is stopping") for job in claim.jobs}
        except LeaseLost:
            return {}, around
        except TimeLimitExceeded:
            too_long = TimeoutError(f"it took longer than {TIME_LIMIT_MS // 60_000} minutes and was stopped")
            self._log.error("a flow took too long", site=claim.site_id)
            answers = {job.id: too_long for job in claim.jobs}
        except Exception as error:
            if not isinstance(error, SyncError):
                self._log.exception("a flow failed unexpectedly", site=claim.site_id)
            answers = {job.id: error for job in claim.jobs}
        now = self._clock.now()
        return {
            job.id: judge(answers.get(job.id), job, claim.spec.kind, claim.max_attempts.get(job.id, claim.spec.max_attempts), now)
            for job in claim.jobs
        }, around

    def _call(self, claim: Claim, context: Context) -> dict[int, Outcome | Exception | None]:
        if claim.spec.run_batch is not None:
            return dict(claim.spec.run_batch(claim.jobs, context))
        if claim.spec.run is None:
            raise TypeError(f"{claim.spec.kind} has no flow")
        return {job.id: claim.spec.run(job, context) for job in claim.jobs}

    def _beat(self, claim: Claim) -> None:
        if self._stop.is_set():
            raise Stopping
        self._heartbeat.check(claim)

    # 5 -------------------------------------------------------------------------------------------------------------------------------

    def _record(self, claim: Claim, verdicts: dict[int, Verdict], around: Surroundings | None) -> None:
        for pause in RECORD_PAUSES:
            try:
                with self._sessions() as session:
                    record(session, claim, verdicts, around, self._clock.now(), self._log)
                return
            except (IntegrityError, Unavailable) as error:
                # Somebody asked for the same record between our look and our write, or the database is busy or away.
                self._log.warning("the outcome is not written yet", reason=str(error)[:200])
                self._clock.sleep(pause)
        with self._sessions() as session:
            record(session, claim, verdicts, around, self._clock.now(), self._log)


def _view(job: Job) -> JobView:
    return JobView(
        id=job.id or 0,
        site_id=job.site_id,
        kind=JobKind(job.kind),
        key=job.key,
        payload=job.payload or {},
        dry_run=job.dry_run,
        run_id=job.run_id,
        attempts=job.attempts,
    )


__all__ = ["Claim", "Connect", "Runner", "Surroundings", "WaitUntil"]
