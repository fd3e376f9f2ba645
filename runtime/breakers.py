"""Breakers: an endpoint of a site that keeps failing holds its lanes for a while, then one try decides. A row each."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from models.limits import Breaker

FAILURES_TO_OPEN = 5
FIRST_HOLD = timedelta(minutes=1)
LONGEST_HOLD = timedelta(minutes=15)


def failed(session: Session, site_id: int, endpoint: str, now: datetime, summary: str) -> None:
    """Note one failure; from the fifth in a row on the breaker is open, one minute doubling to fifteen."""
    row = session.get(Breaker, (site_id, endpoint)) or Breaker(site_id=site_id, endpoint=endpoint, updated_at=now)
    row.failures += 1
    row.last_summary, row.updated_at = summary[:2000], now
    over = row.failures - FAILURES_TO_OPEN
    if over >= 0:
        row.open_until = now + min(LONGEST_HOLD, FIRST_HOLD * 2 ** min(over, 10))
    session.add(row)


def succeeded(session: Session, site_id: int, endpoint: str, now: datetime) -> None:
    row = session.get(Breaker, (site_id, endpoint))
    if row is not None and (row.failures or row.open_until):
        row.failures, row.open_until, row.updated_at = 0, None, now
        session.add(row)


def open_until(session: Session, site_id: int, endpoints: Sequence[str], now: datetime) -> datetime | None:
    """When the last open breaker of these endpoints lets a try through; None when none is open."""
    rows = session.exec(
        select(Breaker).where(Breaker.site_id == site_id, col(Breaker.endpoint).in_(endpoints), col(Breaker.open_until) > now)
    )
    return max((row.open_until for row in rows if row.open_until), default=None)
