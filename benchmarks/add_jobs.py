"""Asking for many records at once: models.outbox.add_jobs against one row at a time through the session.

`new` are asks that no row has; `again` is the same asks a second time, which all join their waiting row. The peer does what code without a
bulk statement would: session.add and flush for each new row; for a known one a look for the waiting row, a later `wanted_at`, a flush.
"""

from argparse import Namespace
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from measuring.report import options, rates, ratio, show, timed
from measuring.servers import Servers, about_database, servers, site
from sqlmodel import Session, col, func, select

from models.jobs import PENDING, Job, JobKind
from models.outbox import Ask, add_jobs
from runtime.clock import SystemClock
from runtime.db import Sessions

KIND = JobKind.ORDERS_IMPORT
Asking = Callable[[Sessions, int, list[Ask], datetime], None]


def bulk(sessions: Sessions, site_id: int, asks: list[Ask], now: datetime) -> None:
    with sessions() as session:
        add_jobs(session, site_id, asks, now=now)


def one_by_one(sessions: Sessions, site_id: int, asks: list[Ask], now: datetime) -> None:
    with sessions() as session:
        for ask in asks:
            session.add(_job(site_id, ask, now))
            session.flush()


def one_by_one_again(sessions: Sessions, site_id: int, asks: list[Ask], now: datetime) -> None:
    with sessions() as session:
        for ask in asks:
            job = _waiting(session, site_id, ask) or _job(site_id, ask, now)
            job.wanted_at = now
            session.add(job)
            session.flush()


def _job(site_id: int, ask: Ask, now: datetime) -> Job:
    return Job(
        site_id=site_id,
        data_type=ask.kind.data_type.value,
        kind=ask.kind.value,
        key=ask.key,
        wanted_at=now,
        available_at=now,
        created_at=now,
    )


def _waiting(session: Session, site_id: int, ask: Ask) -> Job | None:
    mine = (Job.site_id == site_id, Job.kind == ask.kind.value, Job.key == ask.key, col(Job.dry_run).is_(False))
    return session.exec(select(Job).where(*mine, col(Job.state).in_([state.value for state in PENDING]))).first()


def both(have: Servers, database: str, size: int, first: Asking, second: Asking) -> tuple[float, float]:
    """Seconds for the asks when they are new, and for the same asks again, on a fresh database. The second makes no rows."""
    asks = [Ask(KIND, str(number)) for number in range(size)]
    with have.database(database) as url, site(url) as (sessions, site_id):
        new = timed(lambda: first(sessions, site_id, asks, SystemClock().now()))
        again = timed(lambda: second(sessions, site_id, asks, SystemClock().now()))
        with sessions() as session:
            rows = session.exec(select(func.count()).select_from(Job)).one()
    if rows != size:
        raise AssertionError(f"{size} asks, each twice, made {rows} rows")
    return new, again


def measured(have: Servers, given: Namespace, database: str) -> dict[str, Any]:
    run = partial(both, have, database, given.size)
    seconds: dict[str, list[float]] = {name: [] for name in ("add_jobs new", "add_jobs again", "one_by_one new", "one_by_one again")}
    for number in range(given.repeat):
        turns = [("add_jobs", bulk, bulk), ("one_by_one", one_by_one, one_by_one_again)]
        for name, first, second in turns if number % 2 == 0 else reversed(turns):
            new, again = run(first, second)
            seconds[f"{name} new"].append(new)
            seconds[f"{name} again"].append(again)
    with have.database(database) as url, site(url) as (sessions, _):
        about = about_database(sessions)
    return {
        "server": about,
        "contenders": rates(seconds, given.size),
        "times_as_fast": {when: ratio(seconds[f"add_jobs {when}"], seconds[f"one_by_one {when}"]) for when in ("new", "again")},
    }


def main() -> None:
    given = options(__doc__.splitlines()[0], size=2_000, of="asks", repeat=3)
    with servers() as have:
        found = {database: measured(have, given, database) for database in ("sqlite", "postgresql")}
    show("add_jobs", given, unit="asks", databases=found)


if __name__ == "__main__":
    main()
