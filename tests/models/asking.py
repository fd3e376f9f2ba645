"""What each of several processes does in the tests of asking for work. A module of its own, so that spawned processes can import it."""

from datetime import UTC, datetime, timedelta

from models.jobs import JobKind
from models.outbox import Ask, add_jobs
from runtime.db import make_engine, session_factory

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def ask_often(url: str, number: int, times: int) -> list[int]:
    """Ask for the same five orders again and again, each time in another order. Returns the ids that were given."""
    sessions, ids = session_factory(make_engine(url)), []
    for turn in range(times):
        keys = [f"77001{(number + turn + step) % 5}" for step in range(5)]
        for key in keys:
            with sessions() as session:
                now = NOON + timedelta(seconds=turn)
                ids += add_jobs(session, 1, [Ask(JobKind.ORDERS_IMPORT, key)], now=now)
    return ids
