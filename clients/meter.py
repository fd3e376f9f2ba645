"""What an attempt cost: every remote call, its time and its JOOR credits. Nothing secret is kept."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from typing import Any

MAX_EXCHANGES = 500  # a full catalogue read is thousands of calls; the counts stay exact


@dataclass
class Exchange:
    """One call. `path` carries the redacted query; `status` is None when no answer came; `reference` is JOOR's log_id or AIMS360's
    requestId."""

    system: str
    method: str
    path: str
    status: int | None
    seconds: float
    reference: str | None = None


@dataclass
class Meter:
    """Thread-safe counter. `credits` follows JOOR facts 2.1: GET 1, everything else 5; AIMS360 calls and token requests cost none."""

    calls: int = 0
    credits: int = 0
    seconds: float = 0.0
    exchanges: list[Exchange] = field(default_factory=list)
    left_out: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(self, exchange: Exchange, credits: int) -> None:
        with self._lock:
            self.calls += 1
            self.credits += credits
            self.seconds += exchange.seconds
            if len(self.exchanges) < MAX_EXCHANGES:
                self.exchanges.append(exchange)
            else:
                self.left_out += 1

    def as_rows(self) -> list[dict[str, Any]]:
        """The exchanges as plain dicts, for a JSON column."""
        with self._lock:
            return [asdict(exchange) for exchange in self.exchanges]


_current: ContextVar[Meter | None] = ContextVar("meter", default=None)


@contextmanager
def metered(meter: Meter | None = None) -> Iterator[Meter]:
    """Every call made by this thread inside the block, to either system, is counted on the yielded meter as well."""
    meter = meter or Meter()
    token = _current.set(meter)
    try:
        yield meter
    finally:
        _current.reset(token)


def current_meter() -> Meter | None:
    return _current.get()


def credits_of(system: str, method: str) -> int:
    """JOOR's price of a call (facts 2.1, DOC)."""
    if system != "JOOR":
        return 0
    return 1 if method.upper() == "GET" else 5
