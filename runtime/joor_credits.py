"""JOOR's credit quota, kept per JOOR account in rows that all processes share.

Facts (api-docs.jooraccess.com/docs/rate-limits): GET costs 1 credit; POST, PUT and DELETE cost 5 whatever their size; 300 credits per fixed
window of 300 s that starts with the first request; over quota is 429. Names of monitoring headers are UNKNOWN, so only the Date header
and a Retry-After, if there is one, are read.

When JOOR's window began is never known for sure: the request that we take for its first may have been slow, or never have arrived. So the
quota is kept over every stretch of 300 s and not only over the one we believe in: a call counts from when it was sent until 300 s after it
was answered. Two calls of one window of JOOR's are less than 300 s apart there, so when the later one is sent the earlier still counts
here. Nothing is lost over time, and no quiet stretch around a supposed end is needed.
"""

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from models.errors import WaitUntil
from models.jobs import DataType
from models.limits import CreditSpend, CreditWindow
from runtime.answer_headers import header, moment, retry_after
from runtime.clock import Clock
from runtime.db import Sessions, in_transaction

SIZE = 300
WINDOW_SECONDS = 300.0
#: Credits that a data type leaves to those above it, so that a catalogue load never starves an order. Of 300; other sizes in proportion.
RESERVES: dict[str, int] = {
    DataType.ORDERS: 0,
    DataType.INVENTORY: 20,  # four order writes, or twenty reads
    DataType.CUSTOMERS: 60,
    DataType.STYLES: 90,  # an inventory push of a dozen batches still fits
    DataType.IMAGES: 110,
    DataType.LINESHEETS: 120,
}
#: A call counts this much longer than its 300 s: a second on the way to JOOR, and as much difference between the clocks of our machines.
MARGIN = timedelta(seconds=2)
#: A Date header has whole seconds and travels; smaller differences say nothing about JOOR's clock.
CLOCK_NOISE = timedelta(seconds=3)
SHORT_WAIT_SECONDS = 4.0
#: Who must wait (orders excepted) waits for this many credits: a backlog of 500 jobs should not wake up for each 5 that come free.
WORTH_WAKING = 50


def cost(method: str) -> int:
    return 1 if method.upper() in ("GET", "HEAD") else 5


@dataclass(frozen=True)
class _Held:
    """`soonest`: enough for this one call; `until`: worth coming back. This machine's clock."""

    soonest: datetime
    until: datetime


class JoorCredits:
    """A gate for JOOR calls of one data type. `before` sleeps a few seconds at most, else raises WaitUntil; `after` learns from answers
    and raises WaitUntil for a 429. Thread-safe: `before` and `after` of one call belong to one thread."""

    def __init__(
        self, sessions: Sessions, account: str, data_type: str, clock: Clock, *, size: int = SIZE, window_seconds: float = WINDOW_SECONDS
    ) -> None:
        self._sessions = sessions
        self._account = account
        self._data_type = data_type
        self._limit = max(5, size - RESERVES.get(data_type, 120) * size // SIZE)
        self._window = timedelta(seconds=window_seconds)
        self._clock = clock
        self._offset: timedelta | None = None  # JOOR's clock minus this machine's
        self._mine = threading.local()

    def before(self, method: str, path: str) -> None:
        if _is_free(path):
            return
        if in_transaction():
            raise RuntimeError("a remote call inside a database transaction")
        held = self._take(cost(method))
        if held is not None and (wait := (held.soonest - self._clock.now()).total_seconds()) <= SHORT_WAIT_SECONDS:
            self._clock.sleep(max(0.0, wait))
            held = self._take(cost(method))
        if held is not None:
            until = held.until + timedelta(milliseconds=secrets.randbelow(1000))
            # An order's one credit may be free before its neighbour's five; everybody else waits for many.
            alike = self._data_type != DataType.ORDERS
            raise WaitUntil(until, f"JOOR's credits for {self._data_type} are used up; more at {until:%H:%M:%S} UTC", lane=alike)

    def after(self, method: str, path: str, status: int | None, headers: Mapping[str, str], seconds: float) -> None:
        if _is_free(path):
            return
        self._learn_clock(headers, seconds)
        if timedelta(seconds=seconds) > MARGIN / 2:
            self._count_from_now()
        if status == 429:
            until = self._empty(retry_after(headers, self._clock.now() + (self._offset or timedelta(0))))
            raise WaitUntil(until, f"JOOR says that its credits are used up (429); more at {until:%H:%M:%S} UTC", lane=True)

    # ---- spending (times are JOOR's) ------------------------------------------------------------------------------------------------

    def _take(self, credits: int) -> _Held | None:
        with self._sessions() as session:
            row = _locked(session, self._account)
            if self._offset is None:
                self._offset = timedelta(milliseconds=row.clock_offset_ms)
            now = self._clock.now() + self._offset
            held = self._held(session, row, now, credits)
            if held is not None:
                return _Held(held.soonest - self._offset, held.until - self._offset)
            if row.window_started_at is None or not row.window_started_at <= now < row.window_started_at + self._window:
                row.window_started_at, row.spent = now, 0
            row.spent += credits
            spend = CreditSpend(account=self._account, cost=credits, sent_at=now, expires_at=now + self._window + MARGIN)
            session.add_all([row, spend])
            session.flush()
            self._mine.spend = spend.id
            return None

    def _held(self, session: Session, row: CreditWindow, now: datetime, credits: int) -> _Held | None:
        if row.exhausted_until is not None and now < row.exhausted_until:
            return _Held(row.exhausted_until, row.exhausted_until)
        self._forget(session, now)
        mine = col(CreditSpend.account) == self._account
        spent: int = session.execute(select(func.coalesce(func.sum(CreditSpend.cost), 0)).where(mine)).scalar_one()
        if spent + credits <= self._limit:
            return None
        live = session.execute(select(CreditSpend.expires_at, CreditSpend.cost).where(mine).order_by(col(CreditSpend.expires_at)))
        ends = [(expires, cost) for expires, cost in live.all()]
        worth = credits if self._data_type == DataType.ORDERS else max(credits, min(WORTH_WAKING, self._limit))
        return _Held(_when_free(ends, self._limit - credits, now), _when_free(ends, self._limit - worth, now))

    def _forget(self, session: Session, now: datetime) -> None:
        """Remove the calls that count no longer. One that would count for longer than any call can was sent before a clock was set back."""
        mine, longest = col(CreditSpend.account) == self._account, now + self._window + MARGIN
        session.execute(delete(CreditSpend).where(mine, col(CreditSpend.expires_at) <= now))
        session.execute(
            update(CreditSpend)
            .where(mine, col(CreditSpend.expires_at) > longest + CLOCK_NOISE)
            .values(expires_at=longest)
            .execution_options(synchronize_session=False)
        )

    def _count_from_now(self) -> None:
        """A slow call may have been counted as late as now."""
        with self._sessions() as session:
            expires = self._clock.now() + (self._offset or timedelta(0)) + self._window + MARGIN
            session.execute(
                update(CreditSpend)
                .where(col(CreditSpend.id) == getattr(self._mine, "spend", None))
                .values(expires_at=expires)
                .execution_options(synchronize_session=False)
            )

    def _empty(self, told: float | None) -> datetime:
        """A 429: somebody else spends too. Nothing more until the window ends: our guess of it once, its whole length if that was wrong."""
        with self._sessions() as session:
            row = _locked(session, self._account)
            offset = self._offset or timedelta(0)
            now = self._clock.now() + offset
            guess = row.window_started_at + self._window + MARGIN if row.window_started_at else now
            wrong = row.exhausted_until is not None and now - row.exhausted_until < self._window
            if told is not None:
                until = now + timedelta(seconds=told)
            elif guess > now and row.spent > 5 and not wrong:
                until = guess
            else:
                until = now + self._window
            row.exhausted_until = until
            session.add(row)
            return until - offset

    def _learn_clock(self, headers: Mapping[str, str], seconds: float) -> None:
        """The answer was dated between sending and now, in whole seconds. A difference that this cannot explain sets our idea right."""
        theirs = moment(header(headers, "date"))
        if theirs is None or header(headers, "age").strip("0"):
            return  # a cache's answer has an old date
        least = theirs - self._clock.now()
        most = least + timedelta(seconds=1 + max(0.0, seconds))
        if least - CLOCK_NOISE < (self._offset or timedelta(0)) < most + CLOCK_NOISE:
            return
        self._offset = least
        with self._sessions() as session:
            row = _locked(session, self._account)
            row.clock_offset_ms = int(least.total_seconds() * 1000)
            session.add(row)


def window_state(session: Session, account: str, now: datetime, *, size: int = SIZE) -> dict[str, Any]:
    """`left` credits, and when all of them are back: `refills_at` (this machine's clock; None when nothing is spent). `now`: this
    machine's."""
    row = session.get(CreditWindow, account)
    if row is None:
        return {"left": size, "refills_at": None}
    offset = timedelta(milliseconds=row.clock_offset_ms)
    alive = select(CreditSpend).where(CreditSpend.account == account, col(CreditSpend.expires_at) > now + offset)
    spends = session.exec(alive).all()
    ends = [spend.expires_at for spend in spends]
    if row.exhausted_until is not None and row.exhausted_until > now + offset:
        return {"left": 0, "refills_at": row.exhausted_until - offset}
    return {"left": max(0, size - sum(spend.cost for spend in spends)), "refills_at": max(ends) - offset if ends else None}


def _when_free(live: list[tuple[datetime, int]], most: int, now: datetime) -> datetime:
    """When the calls that count come to `most` credits at most; `now` when they do."""
    total, when = sum(cost for _, cost in live), now
    for expires, cost in live:
        if total <= most:
            break
        total, when = total - cost, expires
    return when


def _locked(session: Session, account: str) -> CreditWindow:
    """The account's row, ours until the transaction ends (SQLite's transactions are exclusive as they are)."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(CreditWindow).values(account=account, spent=0, clock_offset_ms=0).on_conflict_do_nothing())
    return session.exec(select(CreditWindow).where(col(CreditWindow.account) == account).with_for_update()).one()


def _is_free(path: str) -> bool:
    """The token call goes to another host; that it costs no credits is ASSUMED."""
    return path.rstrip("/").endswith("/auth")
