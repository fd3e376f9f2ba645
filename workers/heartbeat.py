"""Leases: a claim lives as long as its process. A lease that runs out is given to somebody else by the rescue loop."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import update
from sqlmodel import Session, col, select

from models.jobs import Job, JobState
from runtime.clock import Clock
from workers.sync import FlowSpec

INTERVAL_SECONDS = 15.0  # and at most a third of the shortest lease held


class LeaseLost(Exception):
    """The lease ran out, so somebody else may have the job: stop, and record nothing."""


class Stopping(Exception):
    """The process is shutting down: hand the job back."""


class Claimed(Protocol):
    @property
    def token(self) -> str: ...
    @property
    def spec(self) -> FlowSpec: ...


@dataclass(frozen=True)
class _Lease:
    seconds: int
    until: datetime


class Heartbeat:
    """Extends the leases of everything this process has claimed, from one thread that lives only while there is something to extend."""

    def __init__(self, sessions: Callable[[], AbstractContextManager[Session]], clock: Clock, interval: float = INTERVAL_SECONDS) -> None:
        self._sessions = sessions
        self._clock = clock
        self._interval = interval
        self._lock = threading.Lock()
        self._held: dict[str, _Lease] = {}  # by token
        self._lost: set[str] = set()
        self._changed = threading.Event()
        self._thread: threading.Thread | None = None  # set to None, under the lock, by the thread itself when it ends

    @contextmanager
    def hold(self, claim: Claimed) -> Iterator[None]:
        with self._lock:
            seconds = claim.spec.lease_seconds
            self._held[claim.token] = _Lease(seconds, self._clock.now() + timedelta(seconds=seconds))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._held.pop(claim.token, None)
                self._lost.discard(claim.token)
                if not self._held:
                    self._changed.set()

    def check(self, claim: Claimed) -> None:
        """Raises LeaseLost: somebody else has the job, or may have it because nobody could extend the lease in time."""
        with self._lock:
            lease = self._held.get(claim.token)
            if claim.token in self._lost or (lease is not None and self._clock.now() >= lease.until):
                raise LeaseLost(claim.token)

    def beat(self) -> None:
        """Extend every held lease once."""
        now = self._clock.now()
        with self._lock:
            held = dict(self._held)
        for token, lease in held.items():
            until = now + timedelta(seconds=lease.seconds)
            extended = self._extend(token, until)
            with self._lock:
                if token in self._held and extended:
                    self._held[token] = _Lease(lease.seconds, until)
                elif token in self._held:
                    self._lost.add(token)

    def _extend(self, token: str, until: datetime) -> bool:
        mine = select(col(Job.id)).where(col(Job.claimed_by) == token, col(Job.state) == JobState.RUNNING)
        with self._sessions() as session:
            extended = session.execute(
                update(Job)
                .where(col(Job.id).in_(mine.order_by(col(Job.id)).with_for_update()))
                .values(lease_until=until)
                .execution_options(synchronize_session=False)
            )
        return bool(getattr(extended, "rowcount", 1))

    def _pause(self) -> float:
        with self._lock:
            return min([self._interval, *(lease.seconds / 3 for lease in self._held.values())])

    def _run(self) -> None:
        while True:
            self._changed.wait(self._pause())
            with self._lock:
                self._changed.clear()
                if not self._held:
                    self._thread = None
                    return
            try:
                self.beat()
            except Exception as error:
                # The lease is minutes long: a database that is away for one beat costs nothing.
                structlog.get_logger("heartbeat").warning("a lease could not be extended", reason=str(error)[:200])
