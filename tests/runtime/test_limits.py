"""Credits and pace: by a frozen clock, and with six processes at once."""

import multiprocessing
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from sqlmodel import select

from models.errors import WaitUntil
from models.limits import CreditWindow, RateSlot
from runtime.aims_rate import AimsRate
from runtime.clock import FrozenClock
from runtime.db import Sessions, make_engine, session_factory
from runtime.joor_credits import JoorCredits, window_state
from tests.runtime import hammer

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
READ, WRITE = ("GET", "/v2/orders"), ("POST", "/v2/bulk-inventory")


@pytest.fixture
def sessions(database_url: str) -> Sessions:
    return session_factory(make_engine(database_url))


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOON)


def credits_taken(gate: JoorCredits, call: tuple[str, str], most: int = 1000) -> int:
    taken = 0
    while taken < most:
        try:
            gate.before(*call)
        except WaitUntil:
            return taken
        taken += 1
    return taken


def test_a_window_holds_300_reads_or_60_writes(sessions: Sessions, clock: FrozenClock) -> None:
    assert credits_taken(JoorCredits(sessions, "a", "orders", clock), READ) == 300
    assert credits_taken(JoorCredits(sessions, "b", "orders", clock), WRITE) == 60


def test_a_caller_without_credits_is_told_when_the_window_ends(sessions: Sessions, clock: FrozenClock) -> None:
    gate = JoorCredits(sessions, "a", "orders", clock)
    credits_taken(gate, WRITE)
    with pytest.raises(WaitUntil) as wait:
        gate.before(*WRITE)
    assert NOON + timedelta(seconds=300) < wait.value.until <= NOON + timedelta(seconds=303)
    clock.advance(302)
    gate.before(*WRITE)


def test_the_window_starts_with_the_first_request_after_the_last_one_ended(sessions: Sessions, clock: FrozenClock) -> None:
    gate = JoorCredits(sessions, "a", "orders", clock)
    gate.before(*READ)
    clock.advance(1000)
    assert credits_taken(gate, WRITE) == 60
    with sessions() as session:
        assert session.get_one(CreditWindow, "a").window_started_at == NOON + timedelta(seconds=1000)


def test_nothing_is_sent_where_the_request_may_count_in_either_window(sessions: Sessions, clock: FrozenClock) -> None:
    gate = JoorCredits(sessions, "a", "orders", clock)
    gate.before(*READ)
    clock.advance(299.5)
    gate.before(*READ)
    assert clock.now() >= NOON + timedelta(seconds=301)


def test_lower_priorities_leave_a_reserve_for_those_above(sessions: Sessions, clock: FrozenClock) -> None:
    styles = JoorCredits(sessions, "a", "styles", clock)
    inventory = JoorCredits(sessions, "a", "inventory", clock)
    orders = JoorCredits(sessions, "a", "orders", clock)
    assert credits_taken(styles, WRITE) == 42
    assert credits_taken(inventory, WRITE) == 14
    assert credits_taken(orders, WRITE) == 4


def test_a_429_empties_the_ledger_until_the_window_ends(sessions: Sessions, clock: FrozenClock) -> None:
    gate = JoorCredits(sessions, "a", "orders", clock)
    for _ in range(10):
        gate.before(*READ)
    clock.advance(100)
    gate.after(*READ, 429, {}, 0.1)
    with pytest.raises(WaitUntil) as wait:
        JoorCredits(sessions, "a", "inventory", clock).before(*READ)
    assert wait.value.until == NOON + timedelta(seconds=301.5)
    with sessions() as session:
        assert window_state(session, "a", clock.now())["left"] == 0
    clock.advance(202)
    gate.before(*READ)


def test_a_429_with_retry_after_waits_as_told(sessions: Sessions, clock: FrozenClock) -> None:
    gate = JoorCredits(sessions, "a", "orders", clock)
    gate.before(*READ)
    gate.after(*READ, 429, {"Retry-After": "40"}, 0.1)
    with pytest.raises(WaitUntil) as wait:
        gate.before(*READ)
    assert wait.value.until == NOON + timedelta(seconds=40)


def test_joors_clock_counts_when_it_jumps(sessions: Sessions, clock: FrozenClock) -> None:
    gate = JoorCredits(sessions, "a", "orders", clock)
    credits_taken(gate, READ, most=250)
    gate.after(*READ, 200, {"Date": format_datetime(NOON + timedelta(seconds=400), usegmt=True)}, 0.1)
    assert credits_taken(gate, READ) == 300, "by JOOR's clock this is the next window"


def test_the_noise_of_a_date_header_is_no_jump(sessions: Sessions, clock: FrozenClock) -> None:
    gate = JoorCredits(sessions, "a", "orders", clock)
    gate.before(*READ)
    gate.after(*READ, 200, {"date": format_datetime(NOON - timedelta(seconds=2), usegmt=True)}, 0.1)
    with sessions() as session:
        assert session.get_one(CreditWindow, "a").clock_offset_ms == 0


def test_the_token_call_costs_nothing(sessions: Sessions, clock: FrozenClock) -> None:
    gate = JoorCredits(sessions, "a", "orders", clock)
    gate.before("POST", "/auth/")
    with sessions() as session:
        assert session.get(CreditWindow, "a") is None


def test_a_remote_call_inside_a_transaction_is_our_bug(sessions: Sessions, clock: FrozenClock) -> None:
    for gate in (JoorCredits(sessions, "a", "orders", clock), AimsRate(sessions, "c", clock)):
        with sessions(), pytest.raises(RuntimeError, match="inside a database transaction"):
            gate.before(*READ)


def joor_windows(sent: list[float], window: float) -> list[int]:
    """Credits per window as JOOR would count them: each window starts with the first request after the last one ended."""
    counts: list[int] = []
    end = 0.0
    for moment in sorted(sent):
        if moment >= end:
            end = moment + window
            counts.append(0)
        counts[-1] += 5
    return counts


def test_six_processes_never_spend_more_than_a_window_has(database_url: str) -> None:
    window, size = 6.0, 60
    until = time.time() + 18.0
    with multiprocessing.get_context("spawn").Pool(6) as pool:
        jobs = [pool.apply_async(hammer.spend, (database_url, "orders", size, window, until)) for _ in range(6)]
        sent = [moment for job in jobs for moment in job.get(120)]
    counts = joor_windows(sent, window)
    assert max(counts) == size, "the window is used to the full, and no further"
    assert len(counts) > 1


def test_aims360_calls_go_out_at_the_allowed_pace(sessions: Sessions, clock: FrozenClock) -> None:
    gate = AimsRate(sessions, "c", clock, per_second=5, burst=5)
    for _ in range(25):
        gate.before(*READ)
        gate.after(*READ, 200, {}, 0.0)
    assert clock.now() - NOON == timedelta(seconds=4), "five at once, then one each 0.2 s"


def test_a_long_retry_after_of_aims360_is_waited_for_by_all(sessions: Sessions, clock: FrozenClock) -> None:
    gate = AimsRate(sessions, "c", clock)
    gate.before(*READ)
    gate.after(*READ, 503, {"Retry-After": "60"}, 0.1)
    with pytest.raises(WaitUntil) as wait:
        AimsRate(sessions, "c", clock).before(*READ)
    assert wait.value.until == NOON + timedelta(seconds=60)


def test_a_slot_of_a_dead_process_is_free_again_and_held_ones_are_not(sessions: Sessions, clock: FrozenClock) -> None:
    gate = AimsRate(sessions, "c", clock, concurrent=1)
    gate.before(*READ)
    with pytest.raises(WaitUntil, match="under way"):
        AimsRate(sessions, "c", clock, concurrent=1).before(*READ)
    clock.advance(301)
    AimsRate(sessions, "c", clock, concurrent=1).before(*READ)


def test_an_unanswered_call_gives_its_slot_back(sessions: Sessions, clock: FrozenClock) -> None:
    gate = AimsRate(sessions, "c", clock)
    gate.before(*READ)
    gate.after(*READ, None, {}, 30.0)
    with sessions() as session:
        assert [row.holder for row in session.exec(select(RateSlot))] == [None] * 4


def test_six_processes_keep_aims360s_pace_and_never_more_than_three_calls_at_once(database_url: str) -> None:
    with multiprocessing.get_context("spawn").Pool(6) as pool:
        jobs = [pool.apply_async(hammer.call, (database_url, 6, 0.05)) for _ in range(6)]
        spans = sorted(span for job in jobs for span in job.get(180))
    assert len(spans) == 36
    moments = [(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans]
    together = most = 0
    for _, step in sorted(moments):
        together += step
        most = max(most, together)
    assert most <= 3
    starts = [start for start, _ in spans]
    assert starts[-1] - starts[0] >= (36 - 4) / 20 - 0.5, "no faster than 20 a second after a burst of 4"
