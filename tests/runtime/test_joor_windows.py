"""Whenever JOOR's window began, however slow or lost the requests: our own calls never meet a 429."""

import heapq
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from models.errors import WaitUntil
from runtime.clock import FrozenClock
from runtime.db import Sessions, make_engine, session_factory
from runtime.joor_credits import JoorCredits, cost

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WINDOW, SIZE = 300.0, 300


@dataclass
class Joor:
    """Counts arrivals as the fact sheet says: a fixed window begins with the first request after the last one ended."""

    begun: float = -WINDOW
    spent: int = 0
    windows: list[int] = field(default_factory=list)
    refused: int = 0

    def count(self, at: float, credits: int) -> int:
        if at >= self.begun + WINDOW:
            self.begun, self.spent = at, 0
            self.windows.append(0)
        if self.spent + credits > SIZE:
            self.refused += 1
            return 429
        self.spent += credits
        self.windows[-1] += credits
        return 200


@dataclass(order=True)
class Event:
    at: float
    order: int
    what: str = field(compare=False)  # "send" | "arrive" | "answer"
    lane: str = field(compare=False)
    method: str = field(compare=False, default="")
    status: int | None = field(compare=False, default=None)
    seconds: float = field(compare=False, default=0.0)


class Traffic:
    """Lanes that each send one request at a time, over a line that is slow at times and loses some requests before they arrive."""

    def __init__(self, sessions: Sessions, seed: int, lanes: tuple[str, ...]) -> None:
        self.chance = random.Random(seed)
        self.clock = FrozenClock(NOON)
        self.joor = Joor()
        self.gates = {lane: JoorCredits(sessions, "acct", lane.split()[0], self.clock) for lane in lanes}
        self.events = [Event(0.0, number, "send", lane) for number, lane in enumerate(lanes)]
        self.number = len(lanes)
        self.sent = dict.fromkeys(lanes, 0)

    def run(self, seconds: float) -> None:
        while self.events and self.events[0].at < seconds:
            event = heapq.heappop(self.events)
            self.clock.at = max(self.clock.at, NOON + timedelta(seconds=event.at))
            getattr(self, event.what)(event)

    def then(self, at: float, what: str, event: Event, **known: object) -> None:
        self.number += 1
        heapq.heappush(self.events, Event(at, self.number, what, event.lane, **known))  # type: ignore[arg-type]  # a test's shorthand

    def now(self) -> float:
        return (self.clock.at - NOON).total_seconds()

    def send(self, event: Event) -> None:
        method = self.chance.choice(["GET", "GET", "POST"])
        before = self.clock.at
        try:
            self.gates[event.lane].before(method, "/v2/x")
        except WaitUntil as wait:
            self.clock.at = before
            return self.then((wait.until - NOON).total_seconds(), "send", event)
        start, self.clock.at = self.now(), before  # a lane that sleeps in `before` does not hold up the others
        seconds = self.chance.choice([0.1, 0.3, 0.8, 0.8, 2.0, 25.0])
        self.sent[event.lane] += cost(method)
        if self.chance.random() < 0.05:
            return self.then(start + seconds, "answer", event, method=method, status=None, seconds=seconds)
        return self.then(start + seconds * self.chance.random(), "arrive", event, method=method, seconds=seconds)

    def arrive(self, event: Event) -> None:
        status = self.joor.count(event.at, cost(event.method))
        self.then(event.at + event.seconds / 2, "answer", event, method=event.method, status=status, seconds=event.seconds)

    def answer(self, event: Event) -> None:
        self.gates[event.lane].after(event.method, "/v2/x", event.status, {}, event.seconds)
        quiet = int(event.at // 700) % 2  # polls for a while, then everything at once
        pause = self.chance.uniform(20, 120) if quiet else 0.0
        self.then(event.at + pause, "send", event)


@pytest.mark.parametrize("seed", range(2))
def test_our_own_calls_never_meet_a_429(sqlite_url: str, seed: int) -> None:
    traffic = Traffic(session_factory(make_engine(sqlite_url)), seed, ("orders us", "orders eu", "orders jp", "inventory us", "styles us"))
    traffic.run(2 * 3600)
    assert traffic.joor.refused == 0, traffic.joor
    assert max(traffic.joor.windows) > 0.9 * SIZE, "and no credits are left lying about"
    assert min(traffic.sent.values()) > 100, traffic.sent
