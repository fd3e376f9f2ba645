"""What a test scenario works with: it asks for real work of a sandbox account, waits, looks at the jobs, and reads back from JOOR."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from sqlmodel import Session, col, select

from console import jobs as job_desk
from console import runs
from console.embedded import Inline
from console.process import Process
from models.errors import NotPossible, SyncError
from models.jobs import Attempt, Job, JobState, Run
from models.limits import Breaker
from models.mappings import Mapping as Pair
from models.mappings import MappingKind
from models.sites import Site

#: A job that has failed so often for now is not waited for: the scenario fails with its words.
TRIES = 2
#: JOOR's window of credits is 300 s; a scenario may have to wait for the next.
LONGEST = timedelta(seconds=600)
#: A run of which no job was started by then has nobody who does it.
UNTOUCHED = timedelta(seconds=90)
_WELL = (JobState.SUCCEEDED, JobState.UNCHANGED)
_STRUGGLING = (JobState.RETRYING, JobState.UNKNOWN)
#: Of a scenario that is over. A job that waits for JOOR's people goes on by itself.
_LEFT_OVER = (JobState.QUEUED, JobState.PUBLISHED, JobState.RETRYING, JobState.BLOCKED)
_REFERENCES = 20


@dataclass(frozen=True)
class Result:
    """What came of a scenario, in words for the brand and for JOOR. `fix`: what to do, with the command."""

    outcome: ClassVar[Literal["passed", "failed", "not_applicable", "needs_person"]]
    words: str
    fix: Sequence[str] = ()


class Passed(Result):
    outcome = "passed"


class Failed(Result):
    outcome = "failed"


class NotApplicable(Result):
    outcome = "not_applicable"


class NeedsPerson(Result):
    outcome = "needs_person"


class Stumbled(SyncError):
    """A step of a scenario went wrong: the scenario has failed with these words."""


@dataclass
class Evidence:
    """Where the proof of one scenario is: runs and jobs of ours, and the remote systems' own log ids."""

    runs: list[int] = field(default_factory=list)
    jobs: list[int] = field(default_factory=list)
    references: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Done:
    """A run that has ended, or that was given up."""

    run_id: int
    jobs: Sequence[Job]

    @property
    def bad(self) -> list[Job]:
        return [job for job in self.jobs if job.state not in _WELL]

    @property
    def blocked(self) -> list[Job]:
        return [job for job in self.jobs if job.state == JobState.BLOCKED]

    def of(self, kind: str) -> list[Job]:
        return [job for job in self.jobs if job.kind == kind]

    def well(self, *kinds: str) -> "Done":
        """Raises Stumbled when a job (of these kinds, else of any) did not end well."""
        bad = [job for job in self.bad if not kinds or job.kind in kinds]
        if bad:
            job = bad[0]
            more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
            words = job.error_summary or job.note or f"it is {job.state}"
            raise Stumbled(f"{job.kind} {job.key}: {words}{more}", fix=job.error_fix or [], remote_message=job.remote_message)
        return self


class Stage:
    """One certification's surroundings. `memory`: what earlier scenarios found out for later ones."""

    def __init__(self, process: Process, site: Site, inline: Inline | None, *, style: str = "", import_orders: bool = False) -> None:
        if not site.is_sandbox:
            raise NotPossible(f"Site {site.key} is a live account: test scenarios touch sandbox accounts only", fix=["joorsync sites list"])
        self.process = process
        self.key, self.id = site.key, site.id or 0
        self.style, self.import_orders = style, import_orders
        self.memory: dict[str, Any] = {}
        self.evidence = Evidence()
        self._inline = inline

    def site(self, session: Session) -> Site:
        return session.get_one(Site, self.id)

    # ---- work ---------------------------------------------------------------------------------------------------------------------------

    def do(self, request: Callable[..., Run], *given: Any, **options: Any) -> Done:
        """Ask as everybody asks, and wait until nothing of it moves. What is left over is cancelled, so that nothing runs behind."""
        with self.process.sessions() as session:
            about = {"reason": "certify", "requested_by": self.process.actor, "clock": self.process.clock}
            run_id = request(session, self.key, *given, **options, **about).id or 0
        return self.follow(run_id)

    def follow(self, run_id: int) -> Done:
        """Wait for a run that was asked for already."""
        self._wait(run_id)
        with self.process.reading() as session:
            found = session.exec(select(Job).where(Job.run_id == run_id).order_by(col(Job.id))).all()
            self._note(session, run_id, found)
        with self.process.sessions() as session:
            left = session.exec(select(Job).where(Job.run_id == run_id, col(Job.state).in_([state.value for state in _LEFT_OVER]))).all()
            job_desk.cancel(session, self.process, left, "certify: the scenario is over")
            failed = session.exec(
                select(Job).where(Job.run_id == run_id, Job.state == JobState.FAILED, col(Job.dismissed_at).is_(None))
            ).all()
            job_desk.dismiss(session, self.process, failed, "certify: it is told in the certification's report")
        return Done(run_id, found)

    def _wait(self, run_id: int) -> None:
        if self._inline is not None:
            self._inline.wake()
        self.process.publish()
        until = self.process.clock.now() + LONGEST
        runs.wait(self.process, [run_id], alive=lambda: self._alive() and not self._hopeless(run_id, until))

    def _alive(self) -> bool:
        return self._inline is None or self._inline.alive()

    def _hopeless(self, run_id: int, until: datetime) -> bool:
        now = self.process.clock.now()
        with self.process.reading() as session:
            struggling = select(Job.id).where(
                Job.run_id == run_id, col(Job.state).in_([state.value for state in _STRUGGLING]), col(Job.attempts) >= TRIES
            )
            broken = select(Breaker.endpoint).where(Breaker.site_id == self.id, col(Breaker.open_until) > now)
            untouched = select(Job.id).where(Job.run_id == run_id, col(Job.started_at).is_not(None))
            if now > until - LONGEST + UNTOUCHED and session.exec(untouched).first() is None:
                return True
            return now > until or session.exec(struggling).first() is not None or session.exec(broken).first() is not None

    def _note(self, session: Session, run_id: int, found: Sequence[Job]) -> None:
        ids = [job.id or 0 for job in found]
        self.evidence.runs.append(run_id)
        self.evidence.jobs += ids
        for exchanges in session.exec(select(Attempt.exchanges).where(col(Attempt.job_id).in_(ids))):
            self.evidence.references += [str(row["reference"]) for row in exchanges or () if row.get("reference")]
        self.evidence.references = list(dict.fromkeys(self.evidence.references))[:_REFERENCES]

    # ---- looking ------------------------------------------------------------------------------------------------------------------------

    def look(self, what: str, key: str = "") -> dict[str, Any]:
        """What JOOR shows now. Raises SyncError."""
        return self.process.work.observe(self.process, self.id, what, key)

    def pairs(self, kind: MappingKind) -> list[Pair]:
        with self.process.reading() as session:
            query = select(Pair).where(Pair.site_id == self.id, Pair.kind == kind.value, Pair.joor_code != "", Pair.aims_code != "")
            return list(session.exec(query.order_by(col(Pair.id))))

    @contextmanager
    def without(self, pairs: Sequence[Pair]) -> Iterator[None]:
        """As if a person had not stored these pairs of the sandbox account; they are put back whatever happens."""
        kept = [pair.model_dump() for pair in pairs]
        with self.process.sessions() as session:
            for pair in pairs:
                session.delete(session.get_one(Pair, pair.id))
        try:
            yield
        finally:
            with self.process.sessions() as session:
                session.add_all(Pair(**row) for row in kept)

    @contextmanager
    def setting(self, column: str, changes: Mapping[str, Any]) -> Iterator[None]:
        """The sandbox account with other settings for a while."""
        before = self._set(column, changes)
        try:
            yield
        finally:
            self._set(column, before, whole=True)

    def _set(self, column: str, changes: Mapping[str, Any], *, whole: bool = False) -> dict[str, Any]:
        with self.process.sessions() as session:
            site = self.site(session)
            before: dict[str, Any] = dict(getattr(site, column))
            setattr(site, column, dict(changes) if whole else before | dict(changes))
            site.updated_at = max(self.process.clock.now(), site.updated_at + timedelta(microseconds=1))  # workers rebuild their clients
            session.add(site)
        return before
