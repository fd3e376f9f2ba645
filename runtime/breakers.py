"""Breakers: an endpoint of a site that keeps failing holds its lanes for a while, then one try decides. A row each."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, case, literal, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from models.columns import UtcDateTime
from models.limits import Breaker

FAILURES_TO_OPEN = 5
FIRST_HOLD = timedelta(minutes=1)
LONGEST_HOLD = timedelta(minutes=15)


def hold(failures: int) -> timedelta:
    """How long the breaker stays open after that many failures in a row: nothing, then a minute doubling to fifteen."""
    over = failures - FAILURES_TO_OPEN
    return timedelta(0) if over < 0 else min(LONGEST_HOLD, FIRST_HOLD * 2 ** min(over, 10))


def failed(session: Session, site_id: int, endpoint: str, now: datetime, summary: str) -> None:
    """Note one failure. One statement, so that failures noted by two processes at once are two. Does not commit."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(Breaker).values(site_id=site_id, endpoint=endpoint, failures=1, last_summary=summary[:2000], updated_at=now)
    count = col(Breaker.failures) + 1
    ladder = [(count <= n, literal(now + hold(n), UtcDateTime)) for n in range(FAILURES_TO_OPEN, FAILURES_TO_OPEN + 4)]
    opened = case((count < FAILURES_TO_OPEN, col(Breaker.open_until)), *ladder, else_=literal(now + LONGEST_HOLD, UtcDateTime))
    session.execute(
        row.on_conflict_do_update(
            index_elements=["site_id", "endpoint"],
            set_={"failures": count, "open_until": opened, "last_summary": row.excluded.last_summary, "updated_at": now},
        )
    )


def succeeded(session: Session, site_id: int, endpoint: str, now: datetime) -> None:
    """Close the breaker. Writes nothing when there is nothing to close. Does not commit."""
    session.execute(
        update(Breaker)
        .where(_of(site_id, endpoint), (col(Breaker.failures) > 0) | col(Breaker.open_until).is_not(None))
        .values(failures=0, open_until=None, updated_at=now)
        .execution_options(synchronize_session=False)
    )


def open_until(session: Session, site_id: int, endpoints: Sequence[str], now: datetime) -> datetime | None:
    """None: go ahead. Else the time before which a job that needs these endpoints must not start.

    When a hold is over the first caller is let through as the one try, and everybody else is held for another minute: ask only when
    about to start. To look without being the one try, read the `Breaker` rows.
    """
    wanted = select(Breaker.endpoint, Breaker.open_until).where(
        Breaker.site_id == site_id, col(Breaker.endpoint).in_(sorted(endpoints)), col(Breaker.open_until).is_not(None)
    )
    found = {endpoint: until for endpoint, until in session.execute(wanted).all() if until is not None}
    latest = max(found.values(), default=None)
    if latest is None or latest > now:
        return latest
    after_this_try = now + FIRST_HOLD
    for endpoint, until in sorted(found.items()):
        claim = update(Breaker).where(_of(site_id, endpoint), col(Breaker.open_until) == until).values(open_until=after_this_try)
        result = session.execute(claim.execution_options(synchronize_session=False))
        if isinstance(result, CursorResult) and result.rowcount == 0:
            return after_this_try  # another process makes the try
    return None


def _of(site_id: int, endpoint: str) -> ColumnElement[bool]:
    return (col(Breaker.site_id) == site_id) & (col(Breaker.endpoint) == endpoint)
