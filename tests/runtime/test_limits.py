"""Credits and pace: by a frozen clock, and with six processes at once."""

import multiprocessing
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from sqlmodel import col, select

from models.errors import WaitUntil
from models.limits import CreditWindow, RateSlot
from runtime.aims_rate import AimsRate
from runtime.clock import FrozenClock, SystemClock
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


def test_a_slow_call_counts_from_its_answer_and_a_quick_one_from_its_sending(sessions: Sessions, clock: FrozenClock) -> None:
    gate = JoorCredits(sessions, "a", "orders", clock, size=10)
    gate.before(*WRITE)
    gate.after(*WRITE, 200, {}, 0.2)
    gate.before(*WRITE)
    clock.advance(60)
    gate.after(*WRITE, None, {}, 60.0)  # no answer: JOOR may have counted it just now
    clock.advance(300 - 60 + 2)
    gate.before(*WRITE)
    with pytest.raises(WaitUntil) as wait:
        gate.before(*WRITE)
    assert timedelta(seconds=362) <= wait.value.until - NOON <= timedelta(seconds=363)


def test_a_first_request_that_never_arrived_does_not_start_a_window_too_early(sessions: Sessions, clock: FrozenClock) -> None:
    """JOOR's window then starts with the second: credits spent late in ours are still spent early in the next."""
    gate = JoorCredits(sessions, "a", "orders", clock)
    gate.before(*READ)
    gate.after(*READ, None, {}, 0.1)
    clock.advance(290)
    assert credits_taken(gate, WRITE) == 59
    clock.advance(15)
    assert credits_taken(gate, WRITE) == 1, "300 s have passed since our first request, but not since the 59"


def test_a_backlog_waits_for_enough_credits_to_be_worth_waking_up(sessions: Sessions, clock: FrozenClock) -> None:
    styles = JoorCredits(sessions, "a", "styles", clock)
    orders = JoorCredits(sessions, "a", "orders", clock)
    for gate in (styles, orders):
        while True:
            try:
                gate.before(*WRITE)
            except WaitUntil:
                break
            clock.advance(1)
    waits = []
    for gate in (styles, orders):
        with pytest.raises(WaitUntil) as wait:
            gate.before(*WRITE)
        waits.append((wait.value.until - NOON).total_seconds())
    assert waits[1] == pytest.approx(302, abs=1), "an order goes on with the first five credits that come free"
    assert waits[0] == pytest.approx(302 + 27, abs=1), "the 18 writes that orders took, and ten more"


def test_reserves_shrink_with_the_quota(sessions: Sessions, clock: FrozenClock) -> None:
    assert credits_taken(JoorCredits(sessions, "a", "linesheets", clock, size=50), WRITE) == 6
    assert credits_taken(JoorCredits(sessions, "b", "linesheets", clock, size=5), WRITE) == 1, "never so far that nothing would ever go"


def test_lower_priorities_leave_a_reserve_for_those_above(sessions: Sessions, clock: FrozenClock) -> None:
    styles = JoorCredits(sessions, "a", "styles", clock)
    inventory = JoorCredits(sessions, "a", "inventory", clock)
    orders = JoorCredits(sessions, "a", "orders", clock)
    assert credits_taken(styles, WRITE) == 42
    assert credits_taken(inventory, WRITE) == 14
    assert credits_taken(orders, WRITE) == 4


def refused(gate: JoorCredits, headers: dict[str, str] | None = None) -> float:
    """A read that JOOR answers with 429. Returns the seconds after noon until which everybody is held."""
    gate.before(*READ)
    with pytest.raises(WaitUntil) as wait:
        gate.after(*READ, 429, headers or {}, 0.1)
    return (wait.value.until - NOON).total_seconds()


def test_a_429_empties_the_ledger_until_the_window_ends(sessions: Sessions, clock: FrozenClock) -> None:
    gate = JoorCredits(sessions, "a", "orders", clock)
    for _ in range(10):
        gate.before(*READ)
    clock.advance(100)
    assert refused(gate) == 302
    with pytest.raises(WaitUntil, match="used up"):
        JoorCredits(sessions, "a", "inventory", clock).before(*READ)
    with sessions() as session:
        state = window_state(session, "a", clock.now())
    assert state == {"left": 0, "refills_at": NOON + timedelta(seconds=302)}
    clock.advance(202)
    gate.before(*READ)


def test_a_429_where_we_thought_a_window_had_just_begun_waits_for_a_whole_one(sessions: Sessions, clock: FrozenClock) -> None:
    assert refused(JoorCredits(sessions, "a", "orders", clock)) == 300


def test_a_second_429_shows_that_the_guess_was_wrong(sessions: Sessions, clock: FrozenClock) -> None:
    gate = JoorCredits(sessions, "a", "orders", clock)
    for _ in range(10):
        gate.before(*READ)
    assert refused(gate) == 302
    clock.advance(310)
    for _ in range(10):
        gate.before(*READ)
    clock.advance(50)
    assert refused(gate) == 360 + 300


def test_a_429_with_retry_after_waits_as_told(sessions: Sessions, clock: FrozenClock) -> None:
    gate = JoorCredits(sessions, "a", "orders", clock)
    assert refused(gate, {"Retry-After": "40"}) == 40
    with pytest.raises(WaitUntil) as wait:
        gate.before(*READ)
    assert timedelta(seconds=40) <= wait.value.until - NOON <= timedelta(seconds=41)


def test_the_console_sees_what_is_left_and_when_all_is_back(sessions: Sessions, clock: FrozenClock) -> None:
    gate = JoorCredits(sessions, "a", "orders", clock)
    with sessions() as session:
        assert window_state(session, "a", clock.now()) == {"left": 300, "refills_at": None}
    gate.before(*WRITE)
    clock.advance(10)
    gate.before(*READ)
    with sessions() as session:
        assert window_state(session, "a", clock.now()) == {"left": 294, "refills_at": NOON + timedelta(seconds=312)}
        assert window_state(session, "a", NOON + timedelta(seconds=305)) == {"left": 299, "refills_at": NOON + timedelta(seconds=312)}
        assert window_state(session, "a", NOON + timedelta(seconds=400)) == {"left": 300, "refills_at": None}


def test_a_clock_that_is_set_back_holds_nobody_longer_than_a_window(sessions: Sessions, clock: FrozenClock) -> None:
    gate = JoorCredits(sessions, "a", "orders", clock)
    credits_taken(gate, WRITE)
    clock.advance(-7200)
    with pytest.raises(WaitUntil) as wait:
        gate.before(*WRITE)
    assert timedelta(seconds=300) < wait.value.until - clock.now() <= timedelta(seconds=303)
    clock.advance(303)
    assert credits_taken(gate, WRITE) == 60


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


def test_a_slow_answer_or_a_caches_old_date_is_no_jump(sessions: Sessions, clock: FrozenClock) -> None:
    gate = JoorCredits(sessions, "a", "orders", clock)
    for headers in ({"Date": format_datetime(NOON, usegmt=True)}, {"Date": format_datetime(NOON, usegmt=True), "Age": "400"}):
        gate.before(*READ)
        clock.advance(25)
        gate.after(*READ, 200, headers, 25.0)
        clock.advance(400)
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
    window, size = 2.0, 60
    with multiprocessing.get_context("spawn").Pool(6) as pool:
        jobs = [pool.apply_async(hammer.spend, (database_url, "orders", size, window, 10.0)) for _ in range(6)]
        sent = [moment for job in jobs for moment in job.get(120)]
    counts = joor_windows(sent, window)
    assert max(counts) == size, "the window is used to the full, and no further"
    assert len(counts) > 2


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


def test_a_slot_of_a_process_killed_on_this_machine_is_free_at_once(database_url: str, sessions: Sessions) -> None:
    process = multiprocessing.get_context("spawn").Process(target=hammer.take_slots_and_die, args=(database_url, 2))
    process.start()
    process.join(60)
    assert process.exitcode == -9
    with sessions() as session:
        held = session.exec(select(RateSlot.holder).where(RateSlot.connection == "conn", col(RateSlot.holder).is_not(None))).all()
    assert len(held) == 2
    begun = time.monotonic()
    AimsRate(sessions, "conn", SystemClock(), concurrent=2).before(*READ)
    assert time.monotonic() - begun < 5


def test_a_slot_whose_holder_lives_elsewhere_or_cannot_be_judged_is_kept(sessions: Sessions, clock: FrozenClock) -> None:
    AimsRate(sessions, "c", clock, concurrent=1).before(*READ)
    for holder in ("another-host/4026531836/1/abc", "no idea", f"{socket.gethostname()[:20]}/1/999999999/abc"):
        with sessions() as session:
            session.get_one(RateSlot, ("c", 0)).holder = holder
        with pytest.raises(WaitUntil, match="under way"):
            AimsRate(sessions, "c", clock, concurrent=1).before(*READ)


def test_one_gate_serves_several_threads_and_each_gives_back_its_own_slot(sessions: Sessions) -> None:
    gate, together, most, lock = AimsRate(sessions, "c", SystemClock(), per_second=1000, burst=50, concurrent=3), 0, 0, threading.Lock()

    def work() -> None:
        nonlocal together, most
        for _ in range(4):
            gate.before(*READ)
            with lock:
                together += 1
                most = max(most, together)
            time.sleep(0.02)
            with lock:
                together -= 1
            gate.after(*READ, 200, {}, 0.02)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 < most <= 3
    with sessions() as session:
        assert session.exec(select(RateSlot.holder)).all() == [None] * 3


def test_a_call_that_was_never_sent_does_not_keep_its_slot(sessions: Sessions, clock: FrozenClock) -> None:
    gate = AimsRate(sessions, "c", clock, concurrent=1)
    gate.before(*READ)
    gate.before(*READ)
    gate.after(*READ, 200, {}, 0.1)
    with sessions() as session:
        assert session.get_one(RateSlot, ("c", 0)).holder is None


def test_a_429_with_retry_after_holds_this_call_and_all_others(sessions: Sessions, clock: FrozenClock) -> None:
    gate = AimsRate(sessions, "c", clock)
    gate.before(*READ)
    with pytest.raises(WaitUntil) as wait:
        gate.after(*READ, 429, {"retry-after": format_datetime(NOON + timedelta(seconds=90), usegmt=True)}, 0.1)
    assert wait.value.until == NOON + timedelta(seconds=90)
    with pytest.raises(WaitUntil):
        AimsRate(sessions, "c", clock).before(*READ)
    clock.advance(90)
    AimsRate(sessions, "c", clock).before(*READ)


def test_a_clock_that_was_set_back_stops_no_calls(sessions: Sessions, clock: FrozenClock) -> None:
    gate = AimsRate(sessions, "c", clock)
    gate.before(*READ)
    gate.after(*READ, 200, {}, 0.1)
    clock.advance(-3600)
    gate.before(*READ)
    assert clock.now() == NOON - timedelta(hours=1)


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
    for number, start in enumerate(starts):
        within = sum(1 for other in starts[number:] if other < start + 1.0)
        assert within <= 20 + 4 + 3, "any second: the pace, the burst, and the three that may be late with a place they were given"
