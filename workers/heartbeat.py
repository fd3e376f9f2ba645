"""Leases: a claim lives as long as its process. A lease that runs out is given to somebody else by the rescue loop."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Protocol

import structlog
from sqlalchemy import update
from sqlmodel import Session, col

from models.jobs import Job, JobState
from runtime.clock import Clock
from workers.sync import FlowSpec

INTERVAL_SECONDS = 15.0  # and at most a third of the shortest lease held


class LeaseLost(Exception):
    """The lease ran out and somebody else has the job: stop, and record nothing."""


class Stopping(Exception):
    """The process is shutting down: hand the job back."""


class Claimed(Protocol):
    @property
    def token(self) -> str: ...
    @property
    def spec(self) -> FlowSpec: ...


class Heartbeat:
    """Extends the leases of everything this process has claimed, from one thread that lives only while there is something to extend."""

    def __init__(self, sessions: Callable[[], AbstractContextManager[Session]], clock: Clock, interval: float = INTERVAL_SECONDS) -> None:
        self._sessions = sessions
        self._clock = clock
        self._interval = interval
        self._lock = threading.Lock()
        self._held: dict[str, int] = {}  # token -> lease seconds
        self._lost: set[str] = set()
        self._changed = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def hold(self, claim: Claimed) -> Iterator[None]:
        with self._lock:
            self._held[claim.token] = claim.spec.lease_seconds
            if self._thread is None or not self._thread.is_alive():
                self._changed.clear()
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
        """Raises LeaseLost."""
        with self._lock:
            if claim.token in self._lost:
                raise LeaseLost(claim.token)

    def beat(self) -> None:
        """Extend every held lease once."""
        now = self._clock.now()
        with self._lock:
            held = dict(self._held)
        for token, seconds in held.items():
            with self._sessions() as session:
                extended = session.execute(
                    update(Job)
                    .where(col(Job.claimed_by) == token, col(Job.state) == JobState.RUNNING)
                    .values(lease_until=now + timedelta(seconds=seconds))
                    .execution_options(synchronize_session=False)
                )
            if getattr(extended, "rowcount", 1) == 0:
                with self._lock:
                    if token in self._held:
                        self._lost.add(token)

    def _pause(self) -> float:
        with self._lock:
            return min([self._interval, *(seconds / 3 for seconds in self._held.values())])

    def _run(self) -> None:
        while not self._changed.wait(self._pause()):
            try:
                self.beat()
            except Exception as error:
                # The lease is minutes long: a database that is away for one beat costs nothing.
                structlog.get_logger("heartbeat").warning("a lease could not be extended", reason=str(error)[:200])
            with self._lock:
                if not self._held:
                    return
