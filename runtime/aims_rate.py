"""AIMS360's limits are UNKNOWN; we allow ourselves what AIMS360's own tools did: 5 requests a second, 4 at a time, per connection.

Both are rows that all processes share: one GCRA row whose upsert returns the wait, and one row per call in flight. The clocks of several
machines must agree to a fraction of a second (NTP).
"""

import os
import random
import socket
import threading
import uuid
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import case, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from models.errors import WaitUntil
from models.limits import RateLimit, RateSlot
from runtime.answer_headers import retry_after
from runtime.clock import Clock
from runtime.db import Sessions, in_transaction

PER_SECOND = 5.0
BURST = 5
CONCURRENT = 4
#: Longer than any call may take; a slot whose holder died on another machine is free again after it.
SLOT_SECONDS = 300
LONGEST_SLEEP = 10.0
_MICRO = 1_000_000


class AimsRate:
    """A gate for AIMS360 calls. `before` sleeps until the call may go out, or raises WaitUntil; `after` gives its slot back, and raises
    WaitUntil for a 429 with a Retry-After. Thread-safe: `before` and `after` of one call belong to one thread."""

    def __init__(
        self,
        sessions: Sessions,
        connection: str,
        clock: Clock,
        *,
        per_second: float = PER_SECOND,
        burst: int = BURST,
        concurrent: int = CONCURRENT,
    ) -> None:
        self._sessions = sessions
        self._connection = connection
        self._clock = clock
        self._interval = int(_MICRO / per_second)
        self._tolerance = self._interval * (burst - 1)
        self._concurrent = concurrent
        self._mine = threading.local()
        self._prepared = False

    def before(self, method: str, path: str) -> None:
        if in_transaction():
            raise RuntimeError("a remote call inside a database transaction")
        self._give_back()  # of a call that never came to be sent
        self._prepare()
        slot = self._slot()
        try:
            wait = self._arrive()
        except BaseException:
            self._free(*slot)
            raise
        self._mine.slot = slot
        if wait > 0:
            self._clock.sleep(wait)

    def after(self, method: str, path: str, status: int | None, headers: Mapping[str, str], seconds: float) -> None:
        self._give_back()
        told = retry_after(headers, self._clock.now()) if status in (429, 503) else None
        if told is not None:
            self._hold(told)
        if told is not None and status == 429:
            until = self._clock.now() + timedelta(seconds=told)
            raise WaitUntil(until, f"AIMS360 asked us to wait until {until:%H:%M:%S} UTC (429)")

    def _give_back(self) -> None:
        slot = getattr(self._mine, "slot", None)
        if slot is not None:
            self._mine.slot = None
            self._free(*slot)

    def _arrive(self) -> float:
        """Seconds to wait until this call conforms (GCRA). The upsert is atomic, so no two calls get the same place."""
        now = self._clock.now()
        micros = int(now.timestamp() * _MICRO)
        with self._sessions() as session:
            row = session.get(RateLimit, self._connection)
            if row is not None and row.held_until is not None and row.held_until > now:
                held = (row.held_until - now).total_seconds()
                if held > LONGEST_SLEEP:
                    raise WaitUntil(row.held_until, f"AIMS360 asked us to wait until {row.held_until:%H:%M:%S} UTC")
                micros += int(held * _MICRO)
            insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
            # At most `concurrent` calls wait in line, so a row further ahead than their places was written before a clock was set back.
            furthest = micros + self._tolerance + self._interval * (self._concurrent + 1)
            usual = col(RateLimit.tat_us).between(micros, furthest)
            arrival: int = session.execute(
                insert(RateLimit)
                .values(connection=self._connection, tat_us=micros + self._interval)
                .on_conflict_do_update(
                    index_elements=["connection"],
                    set_={"tat_us": case((usual, col(RateLimit.tat_us)), else_=micros) + self._interval},
                )
                .returning(col(RateLimit.tat_us))
            ).scalar_one()
        allowed_at = arrival - self._interval - self._tolerance
        return max(0.0, (allowed_at - int(now.timestamp() * _MICRO)) / _MICRO)

    def _hold(self, seconds: float) -> None:
        until = self._clock.now() + timedelta(seconds=seconds)
        with self._sessions() as session:
            session.execute(
                update(RateLimit)
                .where(col(RateLimit.connection) == self._connection)
                .values(held_until=until)
                .execution_options(synchronize_session=False)
            )

    def _slot(self) -> tuple[int, str]:
        holder, waited = _holder(), 0.0
        while True:
            number = self._try_slot(holder)
            if number is not None:
                return number, holder
            if waited == 0.0:
                self._free_of_the_dead()
            if waited > LONGEST_SLEEP:
                until = self._clock.now() + timedelta(seconds=5)
                raise WaitUntil(until, f"{self._concurrent} calls to AIMS360 are under way already")
            pause = random.uniform(0.02, 0.1)  # noqa: S311  # jitter, not a secret
            self._clock.sleep(pause)
            waited += pause

    def _try_slot(self, holder: str) -> int | None:
        now = self._clock.now()
        mine = col(RateSlot.connection) == self._connection
        free = or_(col(RateSlot.holder).is_(None), col(RateSlot.expires_at) < now)
        with self._sessions() as session:
            one = select(col(RateSlot.slot)).where(mine, free, col(RateSlot.slot) < self._concurrent)
            one = one.order_by(col(RateSlot.slot)).limit(1).with_for_update(skip_locked=True)
            number = session.exec(one).first()
            if number is None:
                return None
            session.execute(
                update(RateSlot)
                .where(mine, col(RateSlot.slot) == number)
                .values(holder=holder, expires_at=now + timedelta(seconds=SLOT_SECONDS))
                .execution_options(synchronize_session=False)
            )
        return int(number)

    def _free_of_the_dead(self) -> None:
        """A killed process gives nothing back. On this machine that shows at once."""
        with self._sessions() as session:
            held = select(RateSlot.slot, RateSlot.holder).where(RateSlot.connection == self._connection, col(RateSlot.holder).is_not(None))
            found = session.exec(held).all()
        for slot, holder in found:
            if holder and _is_dead(holder):
                self._free(slot, holder)

    def _free(self, slot: int, holder: str) -> None:
        with self._sessions() as session:
            session.execute(
                update(RateSlot)
                .where(col(RateSlot.connection) == self._connection, col(RateSlot.slot) == slot, col(RateSlot.holder) == holder)
                .values(holder=None, expires_at=None)
                .execution_options(synchronize_session=False)
            )

    def _prepare(self) -> None:
        if self._prepared:
            return
        with self._sessions() as session:
            insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
            rows = [{"connection": self._connection, "slot": number} for number in range(self._concurrent)]
            session.execute(insert(RateSlot).values(rows).on_conflict_do_nothing())
        self._prepared = True


def _machine() -> str:
    """Host and process namespace: a process number means something only within these (containers may share a host's name)."""
    try:
        namespace = os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        namespace = 0
    return f"{socket.gethostname()[:20]}/{namespace}"


def _holder() -> str:
    return f"{_machine()}/{os.getpid()}/{uuid.uuid4().hex[:12]}"


def _is_dead(holder: str) -> bool:
    """True only when the holder was a process of this machine that is gone."""
    machine, _, rest = holder.rpartition("/")[0].rpartition("/")
    if os.name != "posix" or machine != _machine() or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False  # it lives, and belongs to somebody else
    return False
