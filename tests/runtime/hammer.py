"""What each of several processes does in the tests of the limits. A module of its own, so that spawned processes can import it."""

import os
import signal
import time
from typing import Any

from models.errors import WaitUntil
from runtime.aims_rate import AimsRate
from runtime.clock import SystemClock
from runtime.db import make_engine, session_factory
from runtime.joor_credits import JoorCredits


def spend(url: str, data_type: str, size: int, window: float, seconds: float) -> list[float]:
    """Take JOOR credits, five at a time, as fast as allowed for some seconds. Returns when each request went out."""
    until = time.time() + seconds
    gate = JoorCredits(session_factory(make_engine(url)), "acct", data_type, SystemClock(), size=size, window_seconds=window)
    sent: list[float] = []
    while time.time() < until:
        try:
            gate.before("POST", "/v2/bulk-inventory")
            sent.append(time.time())
        except WaitUntil as wait:
            if wait.until.timestamp() > until:
                return sent
            time.sleep(max(0.0, wait.until.timestamp() - time.time()))
    return sent


def call(url: str, calls: int, seconds: float) -> list[tuple[float, float]]:
    """Make AIMS360 calls that last `seconds`; returns (start, end) of each."""
    gate = AimsRate(session_factory(make_engine(url)), "conn", SystemClock(), per_second=20, burst=4, concurrent=3)
    spans: list[tuple[float, float]] = []
    nothing: dict[str, Any] = {}
    for _ in range(calls):
        while True:
            try:
                gate.before("GET", "/orders/v1.0/orders")
                break
            except WaitUntil as wait:
                time.sleep(max(0.0, wait.until.timestamp() - time.time()))
        start = time.time()
        time.sleep(seconds)
        spans.append((start, time.time()))
        gate.after("GET", "/orders/v1.0/orders", 200, nothing, seconds)
    return spans


def take_slots_and_die(url: str, slots: int) -> None:
    """Be killed in the middle of some calls to AIMS360."""
    for _ in range(slots):
        AimsRate(session_factory(make_engine(url)), "conn", SystemClock(), concurrent=slots).before("GET", "/orders")
    os.kill(os.getpid(), signal.SIGKILL)
