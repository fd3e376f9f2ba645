"""JOOR's credit quota, kept in one row per JOOR account that all processes share.

Facts (api-docs.jooraccess.com/docs/rate-limits): GET costs 1 credit; POST, PUT and DELETE cost 5 whatever their size; 300 credits per fixed
window of 300 s that starts with the first request; over quota is 429. Names of monitoring headers are UNKNOWN, so only the Date header
and a Retry-After, if there is one, are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from models.errors import WaitUntil
from models.jobs import DataType
from models.limits import CreditWindow
from runtime.clock import Clock
from runtime.db import Sessions, in_transaction

SIZE = 300
WINDOW_SECONDS = 300.0
#: Credits of a window that a data type leaves to those above it, so that a catalogue load never starves an order.
RESERVES: dict[str, int] = {
    DataType.ORDERS: 0,
    DataType.INVENTORY: 20,  # four order writes, or twenty reads
    DataType.CUSTOMERS: 60,
    DataType.STYLES: 90,  # an inventory push of a dozen batches still fits
    DataType.IMAGES: 110,
    DataType.LINESHEETS: 120,
}
#: Nothing is sent this close to a window's end: by JOOR's clock it may count in either window, and either may be the full one.
QUIET_SECONDS = 1.5
#: A Date header has whole seconds and travels; smaller differences say nothing about JOOR's clock.
CLOCK_NOISE = timedelta(seconds=3)
SHORT_WAIT_SECONDS = 4.0


def cost(method: str) -> int:
    return 1 if method.upper() in ("GET", "HEAD") else 5


@dataclass(frozen=True)
class _Quota:
    size: int
    window: timedelta


class JoorCredits:
    """A gate for JOOR calls of one data type. `before` sleeps a few seconds at most, else raises WaitUntil; `after` learns from answers."""

    def __init__(
        self, sessions: Sessions, account: str, data_type: str, clock: Clock, *, size: int = SIZE, window_seconds: float = WINDOW_SECONDS
    ) -> None:
        self._sessions = sessions
        self._account = account
        self._data_type = data_type
        self._limit = max(5, size - RESERVES.get(data_type, 120))
        self._quota = _Quota(size, timedelta(seconds=window_seconds))
        self._clock = clock
        self._offset: timedelta | None = None  # JOOR's clock minus this machine's

    def before(self, method: str, path: str) -> None:
        if _is_free(path):
            return
        if in_transaction():
            raise RuntimeError("a remote call inside a database transaction")
        until = self._take(cost(method))
        if until is not None and (wait := (until - self._clock.now()).total_seconds()) <= SHORT_WAIT_SECONDS:
            self._clock.sleep(max(0.0, wait))
            until = self._take(cost(method))
        if until is not None:
            raise WaitUntil(until, f"JOOR's credits for {self._data_type} are used up; more at {until:%H:%M:%S} UTC")

    def after(self, method: str, path: str, status: int | None, headers: Mapping[str, str], seconds: float) -> None:
        if _is_free(path):
            return
        self._learn_clock(headers)
        if status == 429:
            self._empty(_retry_after(headers))

    def _take(self, credits: int) -> datetime | None:
        """Spend, or the time (this machine's clock) from which it may be tried again."""
        with self._sessions() as session:
            row = _locked(session, self._account)
            if self._offset is None:
                self._offset = timedelta(milliseconds=row.clock_offset_ms)
            now = self._clock.now() + self._offset
            until = self._blocked_until(row, now, credits)
            if until is None:
                row.spent += credits
            session.add(row)
            return None if until is None else until - self._offset

    def _blocked_until(self, row: CreditWindow, now: datetime, credits: int) -> datetime | None:
        """Times here are JOOR's. Opens a new window on the row when the last one is surely over."""
        quiet = timedelta(seconds=QUIET_SECONDS)
        if row.exhausted_until is not None and now < row.exhausted_until:
            return row.exhausted_until
        if row.window_started_at is not None and now < row.window_started_at - CLOCK_NOISE:
            row.window_started_at = now  # JOOR's clock went back: the window may last its whole length from here
        # Our start is when we sent the first request, JOOR's a moment later: its end is a moment after ours, hence the pause after it.
        if row.window_started_at is None or now >= row.window_started_at + self._quota.window + quiet:
            row.window_started_at, row.spent, row.exhausted_until = now, 0, None
        end = row.window_started_at + self._quota.window
        if now >= end - quiet or row.spent + credits > self._limit:
            return end + quiet
        return None

    def _empty(self, retry_after: float | None) -> None:
        """A 429: somebody else spends too, or our window is not JOOR's. Nothing more until the window ends."""
        with self._sessions() as session:
            row = _locked(session, self._account)
            now = self._clock.now() + (self._offset or timedelta(0))
            if retry_after is not None:
                until = now + timedelta(seconds=retry_after)
            elif row.window_started_at is not None and row.window_started_at + self._quota.window > now and row.spent > 5:
                until = row.window_started_at + self._quota.window + timedelta(seconds=QUIET_SECONDS)
            else:
                until = now + self._quota.window
            row.exhausted_until = until
            session.add(row)

    def _learn_clock(self, headers: Mapping[str, str]) -> None:
        text = next((value for name, value in headers.items() if name.lower() == "date"), None)
        if not text:
            return
        try:
            theirs = parsedate_to_datetime(text)
        except ValueError:
            return
        if theirs.tzinfo is None:
            theirs = theirs.replace(tzinfo=UTC)
        offset = theirs - self._clock.now()
        if abs(offset - (self._offset or timedelta(0))) < CLOCK_NOISE:
            return
        self._offset = offset
        with self._sessions() as session:
            row = _locked(session, self._account)
            row.clock_offset_ms = int(offset.total_seconds() * 1000)
            session.add(row)


def window_state(
    session: Session, account: str, now: datetime, *, size: int = SIZE, window_seconds: float = WINDOW_SECONDS
) -> dict[str, Any]:
    """`left` credits in the window and when it `refills_at` (this machine's clock; None when no window is open)."""
    row = session.get(CreditWindow, account)
    if row is None or row.window_started_at is None:
        return {"left": size, "refills_at": None}
    offset = timedelta(milliseconds=row.clock_offset_ms)
    end = row.window_started_at + timedelta(seconds=window_seconds)
    if row.exhausted_until is not None and row.exhausted_until > now + offset:
        return {"left": 0, "refills_at": row.exhausted_until - offset}
    if end <= now + offset:
        return {"left": size, "refills_at": None}
    return {"left": max(0, size - row.spent), "refills_at": end - offset}


def _locked(session: Session, account: str) -> CreditWindow:
    """The account's row, ours until the transaction ends (SQLite's transactions are exclusive as they are)."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(CreditWindow).values(account=account, spent=0, clock_offset_ms=0).on_conflict_do_nothing())
    return session.exec(select(CreditWindow).where(col(CreditWindow.account) == account).with_for_update()).one()


def _is_free(path: str) -> bool:
    """The token call goes to another host; that it costs no credits is ASSUMED."""
    return path.rstrip("/").endswith("/auth")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(text) if text.strip().isdigit() else None
