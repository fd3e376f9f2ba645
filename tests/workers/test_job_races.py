"""Two hands on one job: whoever comes second sees what the first did, on a database where both really run at once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select, update

from models.errors import Missing, NeedsMapping, Outcome, Synced, SyncError, Unavailable
from models.jobs import Job, JobKind, JobState
from models.outbox import Ask, add_jobs, release_blocked
from producers.relay import Outgoing
from producers.rescue import expired_leases, note_dead_letter
from tests.workers.test_runner import KIND, NOON, Bench
from workers.runner import Runner
from workers.sync import Context, FlowSpec, JobView

LATE = NOON + timedelta(hours=1)


@pytest.fixture
def bench(postgres_url: str) -> Bench:
    return Bench(postgres_url)


@pytest.fixture
def either(database_url: str) -> Bench:
    return Bench(database_url)


def put(session: Session, job_id: int, **values: Any) -> None:
    session.execute(update(Job).where(col(Job.id) == job_id).values(**values))


def running(bench: Bench, job_id: int, **values: Any) -> None:
    with bench.sessions() as session:
        put(session, job_id, state=JobState.RUNNING, claimed_by="w:1", lease_until=NOON + timedelta(minutes=2), **values)


@contextmanager
def meanwhile(bench: Bench, job_id: int, **values: Any) -> Iterator[Callable[[Callable[[Session], Any]], Any]]:
    """Somebody changes the row and commits only when the given work has had time to look at it."""
    answers: list[Any] = []

    def other(work: Callable[[Session], Any]) -> None:
        with bench.sessions() as session:
            answers.append(work(session))

    threads: list[threading.Thread] = []

    def start(work: Callable[[Session], Any]) -> list[Any]:
        threads.append(threading.Thread(target=other, args=(work,)))
        threads[-1].start()
        threads[-1].join(0.7)
        return answers

    with bench.sessions() as session:
        put(session, job_id, **values)
        yield start
    for thread in threads:
        thread.join(20)


def test_rescue_does_not_take_back_a_job_that_is_being_recorded(bench: Bench) -> None:
    (job_id,) = bench.ask("7001")
    running(bench, job_id)
    with meanwhile(bench, job_id, state=JobState.SUCCEEDED, claimed_by=None, lease_until=None) as start:
        start(lambda session: expired_leases(session, LATE))
    assert bench.job(job_id).state == JobState.SUCCEEDED


def test_rescue_leaves_a_lease_that_was_just_extended(bench: Bench) -> None:
    (job_id,) = bench.ask("7001")
    running(bench, job_id)
    with meanwhile(bench, job_id, lease_until=LATE + timedelta(minutes=2)) as start:
        start(lambda session: expired_leases(session, LATE))
    assert (bench.job(job_id).state, bench.job(job_id).claimed_by) == (JobState.RUNNING, "w:1")


def test_a_dead_letter_does_not_pull_back_a_job_that_is_being_claimed(bench: Bench) -> None:
    (job_id,) = bench.ask("7001")
    with bench.sessions() as session:
        put(session, job_id, state=JobState.PUBLISHED, published_at=NOON)
    body = Outgoing(job_id, "orders.us", "orders.import").encode()
    with meanwhile(bench, job_id, state=JobState.RUNNING, claimed_by="w:2") as start:
        start(lambda session: note_dead_letter(session, body, NOON))
    assert bench.job(job_id).state == JobState.RUNNING


def test_releasing_does_not_revive_a_job_that_is_being_cancelled(bench: Bench) -> None:
    (job_id,) = bench.ask("7001")
    with bench.sessions() as session:
        put(session, job_id, state=JobState.BLOCKED, blocked_on=[{"kind": "term", "value": "NET45"}])
    with meanwhile(bench, job_id, state=JobState.CANCELLED) as start:
        start(lambda session: release_blocked(session, bench.site_id, "term", "NET45", now=NOON))
    assert bench.job(job_id).state == JobState.CANCELLED


def test_giving_way_does_not_pull_back_the_newer_job_from_whoever_claims_it(bench: Bench) -> None:
    (first,) = bench.ask("7001")
    threads: list[threading.Thread] = []

    def flow(_job: JobView, _ctx: Context) -> Outcome:
        raise Unavailable("slow down", retry_after=60)

    runner = bench.runner(flow)
    claim = runner._claim(first)
    assert claim is not None
    (second,) = bench.ask("7001")
    with bench.sessions() as session:
        put(session, second, state=JobState.RUNNING, claimed_by="w:2")
        verdicts, around = runner._perform(claim)
        threads.append(threading.Thread(target=runner._record, args=(claim, verdicts, around)))
        threads[0].start()
        threads[0].join(0.7)
    threads[0].join(20)
    assert bench.job(second).state == JobState.RUNNING
    assert bench.job(first).state == JobState.RETRYING


def test_who_lost_the_lease_changes_nothing_of_the_newer_job(either: Bench) -> None:
    (first,) = either.ask("7001")
    later: list[int] = []

    def flow(_job: JobView, _ctx: Context) -> Outcome:
        later.extend(either.ask("7001"))
        either.clock.advance(3600)
        with either.sessions() as session:
            expired_leases(session, either.clock.now())
            put(session, later[0], state=JobState.BLOCKED)
        raise Unavailable("slow down", retry_after=60)

    either.runner(flow).run(first)
    assert either.job(first).state == JobState.CANCELLED
    assert either.job(later[0]).state == JobState.BLOCKED


def test_one_record_is_never_worked_on_twice_at_once(either: Bench) -> None:
    """Asked again while it runs, and the second message goes to another worker (the first one's connection broke)."""
    (first,) = either.ask("7001")
    seen: list[tuple[str, str]] = []

    def flow(job: JobView, _ctx: Context) -> Outcome:
        if job.id == first:
            (second,) = either.ask("7001")
            runner.run(second)
            seen.append((either.job(first).state, either.job(second).state))
        return Synced()

    runner = either.runner(flow)
    runner.run(first)
    assert seen == [(JobState.RUNNING, JobState.QUEUED)]
    either.clock.advance(60)
    runner.run(first + 1)
    assert either.job(first + 1).state == JobState.SUCCEEDED


def test_a_batch_leaves_out_a_sibling_whose_record_is_being_worked_on(either: Bench) -> None:
    (busy,) = either.ask("b")
    running(either, busy)
    first, twin, last = either.ask("a", "b", "c")
    calls: list[list[str]] = []

    def together(jobs: Any, _ctx: Context) -> dict[int, Outcome | SyncError]:
        calls.append([job.key for job in jobs])
        return {job.id: Synced() for job in jobs}

    specs = {KIND: FlowSpec(KIND, run_batch=together, batch_size=5)}
    Runner(either.sessions, either.clock, either.connect, specs, worker="tester").run(first)
    assert calls == [["a", "c"]]
    assert (either.job(twin).state, either.job(last).state) == (JobState.QUEUED, JobState.SUCCEEDED)


def test_two_batches_that_want_each_others_jobs_do_not_deadlock(bench: Bench) -> None:
    done: list[int] = []

    def together(jobs: Any, _ctx: Context) -> dict[int, Outcome | SyncError]:
        done.extend(job.id for job in jobs)
        return {job.id: Synced() for job in jobs}

    specs = {KIND: FlowSpec(KIND, run_batch=together, batch_size=20)}
    runner = Runner(bench.sessions, bench.clock, bench.connect, specs, worker="tester")
    failures: list[BaseException] = []
    asked: list[int] = []
    for round_number in range(15):
        ids = bench.ask(*[f"{round_number}-{number:02}" for number in range(20)])
        asked.extend(ids)
        start = threading.Barrier(4)

        def work(job_id: int, start: threading.Barrier = start) -> None:
            start.wait()
            try:
                runner.run(job_id)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(ids[place],)) for place in (0, 6, 13, 19)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert failures == []
    assert sorted(done) == asked


def test_a_pair_saved_while_the_flow_was_looking_for_it_does_not_leave_the_job_blocked(either: Bench) -> None:
    (job_id,) = either.ask("7001")
    missing, looked = [Missing("term", "NET45")], []

    def flow(_job: JobView, _ctx: Context) -> Outcome:
        looked.append(either.clock.now())
        if len(looked) > 1:
            return Synced()
        either.clock.advance(1)
        with either.sessions() as session:  # a person saves the pair; the job is not blocked yet
            assert release_blocked(session, either.site_id, "term", "NET45", now=either.clock.now()) == 0
        raise NeedsMapping(missing)

    runner = either.runner(flow)
    runner.run(job_id)
    assert (either.job(job_id).state, either.job(job_id).attempts) == (JobState.QUEUED, 0)
    runner.run(job_id)
    assert either.job(job_id).state == JobState.SUCCEEDED


def test_a_pair_saved_before_the_job_started_does_not_keep_it_from_blocking_on_another(either: Bench) -> None:
    (job_id,) = either.ask("7001")
    with either.sessions() as session:
        release_blocked(session, either.site_id, "term", "NET45", now=NOON)
    either.clock.advance(1)

    def flow(_job: JobView, _ctx: Context) -> Outcome:
        raise NeedsMapping([Missing("term", "NET60")])

    either.runner(flow).run(job_id)
    assert either.job(job_id).state == JobState.BLOCKED


def test_what_gave_way_leaves_its_wish_and_its_run_to_the_newer(either: Bench) -> None:
    with either.sessions() as session:
        (first,) = add_jobs(session, either.site_id, [Ask(KIND, "7001", {"fetch": True})], now=NOON)

    def flow(_job: JobView, _ctx: Context) -> Outcome:
        with either.sessions() as session:
            add_jobs(session, either.site_id, [Ask(KIND, "7001", {"other": 1})], now=NOON)
        raise Unavailable("try again")

    either.runner(flow).run(first)
    with either.sessions() as session:
        newer = session.exec(select(Job).where(Job.id != first)).one()
    assert newer.payload == {"fetch": True, "other": 1}


def test_a_dead_workers_wish_goes_to_the_newer_request(either: Bench) -> None:
    with either.sessions() as session:
        (first,) = add_jobs(session, either.site_id, [Ask(KIND, "7001", {"fetch": True})], now=NOON)
    running(either, first)
    (second,) = either.ask("7001")
    with either.sessions() as session:
        assert expired_leases(session, LATE) == 1
    assert either.job(first).state == JobState.CANCELLED
    assert either.job(second).payload == {"fetch": True}


def test_two_wishes_for_one_record_are_both_kept(either: Bench) -> None:
    with either.sessions() as session:
        (first,) = add_jobs(session, either.site_id, [Ask(JobKind.INVENTORY_SCAN, "", {"full": True})], now=NOON)
    with either.sessions() as session:
        assert add_jobs(session, either.site_id, [Ask(JobKind.INVENTORY_SCAN, "", {"allow_empty": True})], now=NOON) == [first]
    assert either.job(first).payload == {"full": True, "allow_empty": True}


def test_an_ask_revives_its_own_kind_only(either: Bench) -> None:
    with either.sessions() as session:
        asks = [Ask(JobKind.ORDERS_SCAN, "7001"), Ask(KIND, "7001")]
        scan, order = add_jobs(session, either.site_id, asks, now=NOON)
        put(session, scan, state=JobState.BLOCKED)
        put(session, order, state=JobState.BLOCKED)
    with either.sessions() as session:
        add_jobs(session, either.site_id, [Ask(JobKind.ORDERS_SCAN, "7001"), Ask(KIND, "7001", revive=True)], now=NOON)
    assert (either.job(scan).state, either.job(order).state) == (JobState.BLOCKED, JobState.QUEUED)
