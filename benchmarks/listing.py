"""Looking at many jobs: the queries behind `joorsync jobs` and `joorsync queues`, and the workers' own statements, beside as many old jobs.

The table is filled with a year's mixture on two sites (most succeeded, some open, some failed) on PostgreSQL. p50 and p95 over the rounds.
`pages` reads 50 jobs after the first 90 % of the list: by keyset (`id < last seen`) against the peer, OFFSET. `console.jobs.find` has no
page but the first: the keyset query is what it would be with one condition more.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any, cast

import structlog
from measuring.report import interleave, options, ratio, show, spread, timed
from measuring.servers import about_database, servers, site
from sqlalchemy import text
from sqlmodel import Session, col, func, select

from console import jobs, queues
from console.jobs import Filter
from console.process import Process, WorkerSide
from models.errors import Outcome, Unchanged
from models.jobs import Job, JobKind
from models.outbox import Ask, add_jobs
from models.settings import InventorySettings, OrderSettings, Schedule, StyleSettings
from models.sites import Site
from producers.relay import Outgoing, Relay
from runtime.clock import SystemClock
from runtime.db import Sessions
from runtime.settings import Settings
from workers.runner import Runner, Surroundings
from workers.sync import Context, FlowSpec, JobView, SiteView

PAGE = 50
RELAYED = 100
#: One in a thousand is open or being retried, three in a thousand failed, a fifth are scans of a whole site (their key is "").
FILL = """
INSERT INTO job (site_id, data_type, kind, key, dry_run, run_id, state, wanted_at, available_at, attempts, max_attempts, note, sent,
                 created_at, finished_at, error_kind, error_summary, dismissed_at)
SELECT CASE WHEN n % 3 = 0 THEN :second ELSE :first END,
       CASE WHEN n % 5 < 3 THEN 'orders' ELSE 'inventory' END,
       CASE WHEN n % 5 = 0 THEN 'orders.scan' WHEN n % 5 < 3 THEN 'orders.import' ELSE 'inventory.push' END,
       CASE WHEN n % 5 = 0 THEN '' ELSE 'K' || n END,
       false, :run + n / 1000, state, at, at, 1, 8, 'sent', 1, at, at,
       CASE WHEN state = 'failed' THEN 'rejected' END, CASE WHEN state = 'failed' THEN 'JOOR refused it' END,
       CASE WHEN state = 'failed' AND n % 2 = 0 THEN at END
FROM (SELECT n, CASE WHEN n % 1000 = 1 THEN 'retrying' WHEN n % 1000 = 2 THEN 'blocked' WHEN n % 1000 IN (7, 11, 13) THEN 'failed'
                     WHEN n % 4 = 0 THEN 'succeeded' ELSE 'unchanged' END AS state,
             now() - (:size - n) * interval '1 minute' + CASE WHEN n % 1000 = 1 THEN interval '9 years' ELSE interval '0' END AS at
      FROM generate_series(0, :size - 1) AS n) AS made
"""
RUNS = """
INSERT INTO run (site_id, data_type, reason, requested_by, dry_run, created_at)
SELECT :first, 'orders', '', '', false, now() FROM generate_series(0, :size / 1000) RETURNING id
"""


def fill(sessions: Sessions, first: int, size: int) -> None:
    """`retrying` rows are not due for years, so that the relay leaves them."""
    now = datetime.now(UTC)
    with sessions() as session:
        second = Site(key="other", joor_api_url="https://joor.invalid", aims_api_url="https://aims.invalid", created_at=now, updated_at=now)
        session.add(second)
        session.flush()
        run = min(session.execute(text(RUNS), {"first": first, "size": size}).scalars())
        session.execute(text(FILL), {"first": first, "second": second.id, "run": run, "size": size})
    with sessions() as session:
        session.execute(text("ANALYZE job"))


def lists(sessions: Sessions, size: int) -> dict[str, Callable[[Session], object]]:
    """What a person asks for."""
    with sessions() as session:
        middle = session.exec(select(Job).where(Job.key == f"K{size // 2 // 5 * 5 + 1}")).one()

    def find(**wanted: Any) -> Callable[[Session], object]:
        return lambda session: jobs.find(session, Filter(**wanted), PAGE)

    return {
        "jobs": find(),
        "jobs --state failed": find(states=["failed"]),
        "jobs --state blocked --state failed": find(states=["blocked", "failed"]),
        "jobs --state cancelled (there are none)": find(states=["cancelled"]),
        "jobs --site --type": find(site="other", data_types=["inventory"]),
        "jobs --site --type --state failed": find(site="other", data_types=["inventory"], states=["failed"]),
        "jobs --key": find(key=middle.key),
        "jobs --run (1,000 jobs)": find(run_id=middle.run_id),
        "jobs --error rejected": find(error="rejected"),
        "jobs show": lambda session: jobs.details(session, middle.id or 0),
    }


def pages(sessions: Sessions, size: int) -> dict[str, Callable[[Session], object]]:
    skipped = size * 9 // 10
    newest_first = select(Job).where(col(Job.dismissed_at).is_(None)).order_by(col(Job.id).desc()).limit(PAGE)
    with sessions() as session:
        last_seen = session.exec(newest_first.offset(max(0, skipped - 1)).limit(1)).one().id
    return {
        "keyset": lambda session: session.exec(newest_first.where(col(Job.id) < last_seen)).all(),
        "offset": lambda session: session.exec(newest_first.offset(skipped)).all(),
    }


class Confirming:
    """A publisher that confirms at once: what is measured is the table."""

    def publish(self, messages: list[Outgoing]) -> set[int]:
        return {message.job_id for message in messages}

    def close(self) -> None: ...


def own_statements(sessions: Sessions, site_id: int) -> dict[str, Callable[[], float]]:
    """What relay and worker do for each job, while the old ones lie there."""
    clock, numbers = SystemClock(), count()
    relay = Relay(sessions, cast(Any, Confirming()), clock)

    def connect(_site: int, _kind: JobKind) -> Surroundings:
        view = SiteView(site_id, "bench", "", "tenant", (), OrderSettings(), InventorySettings(), StyleSettings(), Schedule())
        context = Context(view, clock, sessions, cast(Any, None), cast(Any, None), structlog.get_logger("flow"))
        return Surroundings(context, calls=lambda: 0, credits=lambda: 0, exchanges=list)

    def flow(_job: JobView, _context: Context) -> Outcome:
        return Unchanged("nothing to do")

    kinds = (JobKind.ORDERS_IMPORT, JobKind.ORDERS_SCAN)
    runner = Runner(sessions, clock, connect, {kind: FlowSpec(kind, run=flow) for kind in kinds}, worker="bench")

    def asked(kind: JobKind, keys: list[str]) -> list[int]:
        with sessions() as session:
            return add_jobs(session, site_id, [Ask(kind, key) for key in keys], now=clock.now())

    def nothing_due() -> float:
        return timed(relay.publish_due)

    def due() -> float:
        asked(JobKind.ORDERS_IMPORT, [f"new {next(numbers)}" for _ in range(RELAYED)])
        return timed(relay.publish_due)

    def one_job(kind: JobKind, key: str) -> float:
        (job_id,) = asked(kind, [key])
        return timed(lambda: runner.run(job_id))

    return {
        "relay, nothing due": nothing_due,
        f"relay, {RELAYED} due": due,
        "runner, a record": lambda: one_job(JobKind.ORDERS_IMPORT, f"new {next(numbers)}"),
        "runner, a whole site (key empty)": lambda: one_job(JobKind.ORDERS_SCAN, ""),
    }


def in_session(sessions: Sessions, work: Callable[[Session], object]) -> Callable[[], float]:
    def once() -> float:
        with sessions() as session:
            return timed(lambda: work(session))

    return once


def main() -> None:
    given = options(__doc__.splitlines()[0], size=100_000, of="jobs in the table", repeat=20)
    with servers() as have, have.database("postgresql") as url, site(url) as (sessions, site_id):
        seconds_to_fill = timed(lambda: fill(sessions, site_id, given.size))
        settings: dict[str, Any] = {"DATABASE_URL": url, "AMQP_URL": None}
        process = Process(Settings(**settings), SystemClock(), cast(WorkerSide, None), "bench")
        looked = {name: in_session(sessions, work) for name, work in lists(sessions, given.size).items()}
        looked["queues"] = lambda: timed(lambda: queues.lanes(process))
        paged = {name: in_session(sessions, work) for name, work in pages(sessions, given.size).items()}
        looks, turns = interleave(looked, given.repeat), interleave(paged, given.repeat)
        owns = interleave(own_statements(sessions, site_id), given.repeat)
        with sessions() as session:
            rows = session.exec(select(func.count()).select_from(Job)).one()
        about = about_database(sessions)
        process.close()
    show(
        "listing",
        given,
        unit="jobs",
        postgresql=about,
        rows=rows,
        seconds_to_fill=round(seconds_to_fill, 1),
        lists={name: spread(each) for name, each in looks.items()},
        pages={
            **{name: spread(each) for name, each in turns.items()},
            "times_as_fast": {"keyset / offset": ratio(turns["keyset"], turns["offset"])},
        },
        own_statements={name: spread(each) for name, each in owns.items()},
    )


if __name__ == "__main__":
    main()
