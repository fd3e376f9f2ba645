"""Jobs per second through the Runner: claim, attempt row, a flow that does nothing, record. One by one against batches of 50.

What is left once the remote calls are taken away, in one thread. Every job has its message, as in life: the messages of siblings that a
batch has done find their job done. `statements_per_job` is counted in a round of its own; `floor` is the least that a queue in a table can
do, two commits and two statements for a job without an attempt, a lease, a hold or an earlier failure to look after.
"""

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import structlog
from measuring.report import interleave, options, rates, ratio, show, timed
from measuring.servers import Servers, about_database, servers, site
from sqlalchemy import Engine, event, func, select, update
from sqlmodel import col

from models.errors import Outcome, SyncError, Unchanged
from models.jobs import CLAIMABLE, Job, JobKind, JobState
from models.outbox import Ask, add_jobs
from models.settings import InventorySettings, OrderSettings, Schedule, StyleSettings
from runtime.clock import SystemClock
from runtime.db import Sessions
from workers.flows import SPECS
from workers.runner import Runner, Surroundings
from workers.sync import Context, FlowSpec, JobView, SiteView

KIND = JobKind.ORDERS_IMPORT
BATCH = 50
Work = Callable[[Sessions, Sequence[int]], None]


def one(_job: JobView, _context: Context) -> Outcome:
    return Unchanged("nothing to do")


def many(jobs: Sequence[JobView], context: Context) -> dict[int, Outcome | SyncError]:
    return {job.id: one(job, context) for job in jobs}


def through_runner(spec: FlowSpec, sessions: Sessions, job_ids: Sequence[int]) -> None:
    clock = SystemClock()

    def connect(site_id: int, _kind: JobKind) -> Surroundings:
        view = SiteView(site_id, "bench", "", "tenant", (), OrderSettings(), InventorySettings(), StyleSettings(), Schedule())
        no_client = cast(Any, None)
        context = Context(view, clock, sessions, no_client, no_client, structlog.get_logger("flow"))
        return Surroundings(context, calls=lambda: 0, credits=lambda: 0, exchanges=list)

    runner = Runner(sessions, clock, connect, {KIND: spec}, worker="bench")
    for job_id in job_ids:
        runner.run(job_id)


def floor(sessions: Sessions, job_ids: Sequence[int]) -> None:
    for job_id in job_ids:
        _move(sessions, job_id, [state.value for state in CLAIMABLE], JobState.RUNNING)
        _move(sessions, job_id, [JobState.RUNNING.value], JobState.UNCHANGED)


def _move(sessions: Sessions, job_id: int, before: Sequence[str], after: JobState) -> None:
    with sessions() as session:
        conditional = update(Job).where(col(Job.id) == job_id, col(Job.state).in_(before)).values(state=after.value)
        session.execute(conditional.execution_options(synchronize_session=False))


ENDPOINTS = SPECS[KIND].endpoints  # as the real flow has them: their breakers are looked at
CONTENDERS: dict[str, Work] = {
    "single": partial(through_runner, FlowSpec(KIND, run=one, endpoints=ENDPOINTS)),
    "batch_of_50": partial(through_runner, FlowSpec(KIND, run_batch=many, batch_size=BATCH, endpoints=ENDPOINTS)),
    "floor": floor,
}


def asked(sessions: Sessions, site_id: int, size: int) -> list[int]:
    with sessions() as session:
        return add_jobs(session, site_id, [Ask(KIND, str(number)) for number in range(size)], now=SystemClock().now())


def one_round(have: Servers, database: str, work: Work, size: int) -> float:
    with have.database(database) as url, site(url) as (sessions, site_id):
        job_ids = asked(sessions, site_id, size)
        seconds = timed(lambda: work(sessions, job_ids))
        with sessions() as session:
            ended = session.execute(select(func.count()).where(col(Job.state) == JobState.UNCHANGED)).scalar_one()
        if ended != size:
            raise AssertionError(f"{ended} of {size} jobs ended")
    return seconds


@contextmanager
def counting(engine: Engine) -> Iterator[dict[str, int]]:
    """Statements and commits on this engine while the block runs."""
    seen = {"statements": 0, "commits": 0}

    def statement(*_: Any) -> None:
        seen["statements"] += 1

    def commit(*_: Any) -> None:
        seen["commits"] += 1

    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "commit", commit)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", statement)
        event.remove(engine, "commit", commit)


def per_job(have: Servers, work: Work) -> dict[str, float]:
    with have.database("postgresql") as url, site(url) as (sessions, site_id):
        job_ids = asked(sessions, site_id, 2 * BATCH)
        with sessions() as session:
            engine = cast(Engine, session.get_bind())
        with counting(engine) as seen:
            work(sessions, job_ids)
    return {name: round(count / len(job_ids), 2) for name, count in seen.items()}


def measured(have: Servers, given: Namespace, database: str) -> dict[str, Any]:
    seconds = interleave({name: partial(one_round, have, database, work, given.size) for name, work in CONTENDERS.items()}, given.repeat)
    with have.database(database) as url, site(url) as (sessions, _):
        about = about_database(sessions)
    return {
        "server": about,
        "contenders": rates(seconds, given.size),
        "times_as_fast": {
            "batch_of_50 / single": ratio(seconds["batch_of_50"], seconds["single"]),
            "single / floor": ratio(seconds["single"], seconds["floor"]),
        },
    }


def main() -> None:
    given = options(__doc__.splitlines()[0], size=300, of="jobs a round", repeat=5)
    with servers() as have:
        found = {database: measured(have, given, database) for database in ("sqlite", "postgresql")}
        counts = {name: per_job(have, work) for name, work in CONTENDERS.items()}
    show("claims", given, unit="jobs", databases=found, statements_per_job=counts)


if __name__ == "__main__":
    main()
