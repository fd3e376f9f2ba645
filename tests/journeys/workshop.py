"""One worker in this process on a clock that can be moved on: quotas hold, and nobody sleeps through JOOR's windows."""

import math
from collections.abc import Callable
from typing import Any

from sqlalchemy import update
from sqlmodel import col, func, select

from models.jobs import DUE, DataType, Job, JobState
from producers.enqueue import REQUESTS
from runtime import logs
from runtime.clock import MovableClock
from runtime.settings import Settings
from tests.journeys.town import Town
from workers.connect import Connections
from workers.flows import SPECS
from workers.runner import Runner

#: The pretend AIMS360 has no limit; JOOR's documented quota holds.
PACE: dict[str, Any] = {"AIMS_PER_SECOND": 10_000, "AIMS_CONCURRENT": 8}


class _Clock(MovableClock):
    """Sleeping moves both sides on."""

    def __init__(self, town: Town) -> None:
        super().__init__()
        self._town = town
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.jump(seconds)

    def jump(self, seconds: float) -> None:
        self._town.control("/_advance", {"seconds": seconds})
        self.advance(seconds)


class Workshop:
    """Lanes take turns, as with one delivery in flight each. `waits` counts the times everything waited for credits."""

    def __init__(self, town: Town, **settings: Any) -> None:
        logs.configure("WARNING", "console")
        self.town, self.clock = town, _Clock(town)
        given = {"DATABASE_URL": town.database_url, "JOORSYNC_KEY": town.key, **PACE, **settings}
        self.connections = Connections(town.sessions, self.clock, Settings(**given))
        self.runner = Runner(town.sessions, self.clock, self.connections.connect, SPECS, worker="workshop")
        self.waits = 0
        self._last = 0

    def close(self) -> None:
        self.connections.close()

    def ask(self, data_type: DataType, site: str, **options: Any) -> int:
        with self.town.sessions() as session:
            return REQUESTS[data_type](session, site, clock=self.clock, **options).id or 0

    def work(self, between: Callable[[], object] = lambda: None, *, hours: float = math.inf) -> None:
        """Until nothing moves by itself any more, or nothing does within so many hours. `between` is called before each job."""
        end = self.clock.now().timestamp() + hours * 3600
        while True:
            between()
            job_id = self._next()
            if job_id is not None:
                self.runner.run(job_id)
            elif not self._jump(end):
                return

    def sync(self, *data_types: DataType, sites: tuple[str, ...] = ("us",), hours: float = math.inf, **options: Any) -> None:
        for data_type in data_types:
            for site in sites:
                self.ask(data_type, site, **options)
            self.work(hours=hours)

    def _next(self) -> int | None:
        now = self.clock.now()
        with self.town.sessions() as session:
            due = (col(Job.state).in_([state.value for state in DUE]), col(Job.available_at) <= now)
            session.execute(update(Job).where(*due).values(state=JobState.QUEUED).execution_options(synchronize_session=False))
            ready = (Job.state == JobState.QUEUED, col(Job.available_at) <= now)
            first = select(func.min(Job.id), Job.site_id, Job.data_type).where(*ready).group_by(col(Job.site_id), col(Job.data_type))
            lanes = sorted(session.exec(first).all(), key=lambda row: (row[2], row[1]))
        if not lanes:
            return None
        self._last += 1
        return lanes[self._last % len(lanes)][0]

    def _jump(self, end: float) -> bool:
        with self.town.sessions() as session:
            until = session.exec(select(func.min(Job.available_at)).where(col(Job.state).in_([*DUE, JobState.QUEUED]))).one()
        if until is None or until.timestamp() > end:
            return False
        self.waits += 1
        self.clock.jump(max(0.0, (until - self.clock.now()).total_seconds()) + 0.01)
        return True
