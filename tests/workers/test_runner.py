"""The runner's promises: one claim per job, an attempt row before the call, one transaction after, a closed list of outcomes."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import structlog
from sqlmodel import col, select

from models.audit import AuditEntry
from models.errors import (
    AccessDenied,
    Missing,
    NeedsMapping,
    NotPossible,
    Outcome,
    OutcomeUnknown,
    Rejected,
    Synced,
    SyncError,
    Unavailable,
    Unchanged,
    Waiting,
    WaitUntil,
)
from models.jobs import Attempt, Job, JobKind, JobState
from models.limits import Breaker, LanePause
from models.outbox import Ask, add_jobs, release_blocked
from models.settings import InventorySettings, OrderSettings, Schedule, StyleSettings
from models.sites import Site
from producers.rescue import expired_leases
from runtime.clock import FrozenClock
from runtime.db import make_engine, session_factory
from workers.heartbeat import Heartbeat
from workers.runner import Claim, Runner, Surroundings
from workers.sync import Context, FlowSpec, JobView, SiteView

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
KIND = JobKind.ORDERS_IMPORT


class Bench:
    """One site on one database, a clock that stands still, and flows that are plain functions."""

    def __init__(self, url: str) -> None:
        self.sessions = session_factory(make_engine(url))
        self.clock = FrozenClock(NOON)
        with self.sessions() as session:
            site = Site(key="us", is_sandbox=True, joor_api_url="https://j", aims_api_url="https://a", created_at=NOON, updated_at=NOON)
            session.add(site)
            session.flush()
            self.site_id = site.id or 0

    def ask(self, *keys: str, **options: Any) -> list[int]:
        with self.sessions() as session:
            return add_jobs(session, self.site_id, [Ask(KIND, key) for key in keys], now=self.clock.now(), **options)

    def runner(self, flow: Callable[[JobView, Context], Outcome] | None = None, **spec: Any) -> Runner:
        stop = spec.pop("stop", None)
        hit = spec.pop("hit", lambda _name: None)
        specs = {KIND: FlowSpec(KIND, run=flow, **spec)}
        return Runner(self.sessions, self.clock, self.connect, specs, worker="tester", hit=hit, stop=stop)

    def connect(self, site_id: int, kind: JobKind) -> Surroundings:
        site = SiteView(site_id, "us", "", "t", (), OrderSettings(), InventorySettings(), StyleSettings(), Schedule())
        nothing = cast(Any, None)
        context = Context(site, self.clock, self.sessions, nothing, nothing, structlog.get_logger("flow"))
        return Surroundings(context, calls=lambda: 3, credits=lambda: 7, exchanges=lambda: [{"method": "GET", "path": "/v2/orders"}])

    def job(self, job_id: int) -> Job:
        with self.sessions() as session:
            return session.get_one(Job, job_id)

    def attempts(self, job_id: int) -> Sequence[Attempt]:
        with self.sessions() as session:
            return session.exec(select(Attempt).where(Attempt.job_id == job_id).order_by(col(Attempt.number))).all()

    def after(self, answer: Outcome | Exception, **spec: Any) -> Job:
        """Run one job whose flow gives `answer`."""
        (job_id,) = self.ask("7001")

        def flow(_job: JobView, _ctx: Context) -> Outcome:
            if isinstance(answer, Exception):
                raise answer
            return answer

        self.runner(flow, **spec).run(job_id)
        return self.job(job_id)


@pytest.fixture
def bench(database_url: str) -> Bench:
    return Bench(database_url)


def test_a_synced_job_succeeds_and_tells_what_it_sent(bench: Bench) -> None:
    job = bench.after(Synced(sent=2, note="split by division", counts={"lines": 4}))
    assert (job.state, job.sent, job.note, job.counts) == (JobState.SUCCEEDED, 2, "split by division", {"lines": 4})
    assert job.finished_at == NOON
    (attempt,) = bench.attempts(job.id or 0)
    assert (attempt.number, attempt.outcome, attempt.calls, attempt.credits) == (1, "succeeded", 3, 7)
    assert attempt.exchanges == [{"method": "GET", "path": "/v2/orders"}]


def test_unchanged_is_an_end_too(bench: Bench) -> None:
    assert bench.after(Unchanged("already in AIMS360")).state == JobState.UNCHANGED


@pytest.mark.parametrize(
    "answer", [Waiting(NOON + timedelta(hours=2), "JOOR matches by hand"), WaitUntil(NOON + timedelta(hours=2), "no credits")]
)
def test_waiting_spends_no_attempt(bench: Bench, answer: Any) -> None:
    job = bench.after(answer)
    assert (job.state, job.attempts, job.available_at) == (JobState.WAITING, 0, NOON + timedelta(hours=2))


def test_an_unavailable_remote_is_tried_again_later_and_at_last_fails(bench: Bench) -> None:
    job = bench.after(Unavailable("JOOR answers 500"), max_attempts=8)
    assert (job.state, job.attempts, job.error_kind, job.error_whose) == (JobState.RETRYING, 1, "unavailable", "remote")
    assert NOON < job.available_at <= NOON + timedelta(seconds=6)
    with bench.sessions() as session:
        row = session.get_one(Job, job.id)
        row.state, row.attempts = JobState.PUBLISHED, 7
        session.add(row)
    assert bench.after(Unavailable("JOOR answers 500")).state == JobState.FAILED


def test_retry_after_holds_the_whole_lane(bench: Bench) -> None:
    job = bench.after(Unavailable("slow down", retry_after=90))
    assert job.available_at == NOON + timedelta(seconds=90)
    (other,) = bench.ask("7002")
    ran: list[str] = []
    runner = bench.runner(lambda view, _ctx: ran.append(view.key) or Synced())  # type: ignore[func-returns-value]  # a one-line spy
    runner.run(other)
    assert not ran
    assert bench.job(other).state == JobState.QUEUED
    bench.clock.advance(91)
    runner.run(other)
    assert ran == ["7002"]


def test_credits_that_are_used_up_hold_the_lane_so_that_its_jobs_do_not_find_out_one_by_one(bench: Bench) -> None:
    until = NOON + timedelta(minutes=4)
    job = bench.after(WaitUntil(until, "JOOR's credits for orders are used up", lane=True))
    assert (job.state, job.attempts, job.available_at) == (JobState.WAITING, 0, until)
    other, third = bench.ask("7002", "7003")
    bench.runner(lambda _view, _ctx: pytest.fail("it was tried")).run(other)
    for handed_back in (other, third):
        assert (bench.job(handed_back).state, bench.job(handed_back).available_at) == (JobState.QUEUED, until)
    with bench.sessions() as session:
        assert session.exec(select(LanePause.reason)).one() == "JOOR's credits for orders are used up"


def test_a_lost_answer_to_a_create_is_unknown_and_never_plainly_retried(bench: Bench) -> None:
    job = bench.after(OutcomeUnknown("AIMS360 did not answer"))
    assert (job.state, job.attempts) == (JobState.UNKNOWN, 1)


def test_a_refusal_fails_in_the_remote_words(bench: Bench) -> None:
    job = bench.after(Rejected("AIMS360 refused the order", field="termID", remote_message="term not found", fix=["Map the term."]))
    assert (job.state, job.remote_message, job.error_field, job.error_fix) == (
        JobState.FAILED,
        "term not found",
        "termID",
        ["Map the term."],
    )


def test_only_a_person_can_do_it(bench: Bench) -> None:
    job = bench.after(NotPossible("AIMS360 has no such route", fix=["Do it by hand."]))
    assert (job.state, job.error_whose) == (JobState.FAILED, "person")


def test_a_missing_pair_blocks_and_saving_it_releases(bench: Bench) -> None:
    missing = [Missing("term", "NET45", "order 7001", "joorsync map set term NET45 --aims N45 --site us"), Missing("customer", "C9")]
    job = bench.after(NeedsMapping(missing))
    assert job.state == JobState.BLOCKED
    assert [row["value"] for row in job.blocked_on or []] == ["NET45", "C9"]
    with bench.sessions() as session:
        assert release_blocked(session, bench.site_id, "term", "OTHER", now=NOON) == 0
        assert release_blocked(session, bench.site_id, "customer", "C9", now=NOON) == 1
    assert bench.job(job.id or 0).state == JobState.QUEUED


def test_denied_access_pauses_the_site_with_one_report_and_resuming_goes_on(bench: Bench) -> None:
    first, second = bench.ask("7001", "7002")

    def denied(_job: JobView, _ctx: Context) -> Outcome:
        raise AccessDenied("JOOR refuses the token", fix=["Set the token."])

    runner = bench.runner(denied)
    runner.run(first)
    runner.run(second)
    assert bench.job(first).state == JobState.BLOCKED
    assert bench.job(second).state == JobState.QUEUED, "the second never called out"
    with bench.sessions() as session:
        site = session.get_one(Site, bench.site_id)
        assert site.paused_reason == "JOOR refuses the token"
        assert len(session.exec(select(AuditEntry).where(AuditEntry.action == "site.pause")).all()) == 1
        site.paused_at = None
        session.add(site)
        assert release_blocked(session, bench.site_id, "access", str(bench.site_id), now=NOON) == 1
    good = bench.runner(lambda _job, _ctx: Synced())
    good.run(first)
    good.run(second)
    assert {bench.job(first).state, bench.job(second).state} == {JobState.SUCCEEDED}


def test_a_bug_is_ours_and_says_so(bench: Bench) -> None:
    job = bench.after(ZeroDivisionError("division by zero"))
    assert (job.state, job.error_kind, job.error_whose) == (JobState.RETRYING, "defect", "us")
    assert f"job {job.id}" in (job.error_summary or "")


def test_a_claim_is_won_once(bench: Bench) -> None:
    (job_id,) = bench.ask("7001")
    started, ran = threading.Barrier(4), []

    def flow(job: JobView, _ctx: Context) -> Outcome:
        ran.append(job.id)
        return Synced()

    runner = bench.runner(flow)

    def message_arrives() -> None:
        started.wait()
        runner.run(job_id)

    threads = [threading.Thread(target=message_arrives) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert ran == [job_id]
    assert len(bench.attempts(job_id)) == 1


def test_the_attempt_row_is_there_before_the_call(bench: Bench) -> None:
    (job_id,) = bench.ask("7001")
    seen: list[tuple[str, bool]] = []

    def flow(job: JobView, _ctx: Context) -> Outcome:
        seen.append((bench.job(job.id).state, bench.attempts(job.id)[0].finished_at is None))
        return Synced()

    bench.runner(flow).run(job_id)
    assert seen == [(JobState.RUNNING, True)]


def test_asking_again_while_a_job_runs_gives_a_second_one_and_a_retry_of_the_first_gives_way(bench: Bench) -> None:
    (first,) = bench.ask("7001")
    later: list[int] = []

    def flow(_job: JobView, _ctx: Context) -> Outcome:
        later.extend(bench.ask("7001"))
        raise Unavailable("try again")

    bench.runner(flow).run(first)
    assert later != [first]
    assert bench.job(first).state == JobState.CANCELLED
    assert f"job {later[0]}" in bench.job(first).note
    assert bench.job(later[0]).state == JobState.QUEUED


def test_a_success_closes_earlier_failures_of_the_same_record(bench: Bench) -> None:
    failed = bench.after(Rejected("no"))
    assert bench.after(Synced()).state == JobState.SUCCEEDED
    assert bench.job(failed.id or 0).dismissed_at == NOON


def test_a_batch_takes_queued_siblings_and_gives_each_its_own_outcome(bench: Bench) -> None:
    ids = bench.ask("a", "b", "c", "d")
    calls: list[list[str]] = []

    def together(jobs: Sequence[JobView], _ctx: Context) -> dict[int, Outcome | SyncError]:
        calls.append([job.key for job in jobs])
        return {job.id: Rejected("refused") if job.key == "b" else Synced() for job in jobs if job.key != "c"}

    specs = {KIND: FlowSpec(KIND, run_batch=together, batch_size=3)}
    runner = Runner(bench.sessions, bench.clock, bench.connect, specs, worker="tester")
    for job_id in ids:
        runner.run(job_id)
    assert calls == [["a", "b", "c"], ["d"]]
    states = [bench.job(job_id).state for job_id in ids]
    assert states == [JobState.SUCCEEDED, JobState.FAILED, JobState.RETRYING, JobState.SUCCEEDED]


def test_a_call_that_fails_for_a_whole_batch_is_one_failure_of_its_endpoint(bench: Bench) -> None:
    """Else one bad answer to a hundred jobs would hold the lane for a quarter of an hour."""
    ids = bench.ask(*[str(number) for number in range(12)])

    def together(jobs: Sequence[JobView], _ctx: Context) -> dict[int, Outcome | SyncError]:
        return {job.id: Unavailable("JOOR answers with a web page") for job in jobs}

    specs = {KIND: FlowSpec(KIND, run_batch=together, batch_size=100, endpoints=("joor.styles",))}
    Runner(bench.sessions, bench.clock, bench.connect, specs, worker="tester").run(ids[0])
    assert {bench.job(job_id).state for job_id in ids} == {JobState.RETRYING}
    with bench.sessions() as session:
        row = session.exec(select(Breaker)).one()
    assert (row.failures, row.open_until) == (1, None)


def test_a_paused_lane_hands_the_job_back_to_the_outbox(bench: Bench) -> None:
    (job_id,) = bench.ask("7001")
    with bench.sessions() as session:
        session.add(LanePause(site_id=bench.site_id, data_type="orders", reason="stock take", paused_by="Alice", paused_at=NOON))
    bench.runner(lambda _job, _ctx: Synced()).run(job_id)
    assert (bench.job(job_id).state, bench.attempts(job_id)) == (JobState.QUEUED, [])


def test_a_stopping_worker_hands_a_long_job_back_without_spending_an_attempt(bench: Bench) -> None:
    (job_id,) = bench.ask("7001")
    stop = threading.Event()

    def long_flow(_job: JobView, ctx: Context) -> Outcome:
        stop.set()
        ctx.beat()
        raise AssertionError("beat should have stopped the flow")

    bench.runner(long_flow, stop=stop).run(job_id)
    assert (bench.job(job_id).state, bench.job(job_id).attempts) == (JobState.WAITING, 0)


def test_a_worker_that_lost_its_lease_records_nothing(bench: Bench) -> None:
    (job_id,) = bench.ask("7001")

    def slow(_job: JobView, _ctx: Context) -> Outcome:
        bench.clock.advance(3600)
        with bench.sessions() as session:
            assert expired_leases(session, bench.clock.now()) == 1
        return Synced(note="from the dead")

    bench.runner(slow).run(job_id)
    job = bench.job(job_id)
    assert (job.state, job.note, job.attempts) == (JobState.QUEUED, "", 1)
    assert [attempt.outcome for attempt in bench.attempts(job_id)][-1] in {"lost", "succeeded"}


def test_the_heartbeat_keeps_a_lease_and_notices_a_lost_one(bench: Bench) -> None:
    (job_id,) = bench.ask("7001")
    with bench.sessions() as session:
        job = session.get_one(Job, job_id)
        job.state, job.claimed_by, job.lease_until = JobState.RUNNING, "t1", NOON
        session.add(job)
    heartbeat = Heartbeat(bench.sessions, bench.clock, interval=3600)
    claim = Claim("t1", bench.site_id, FlowSpec(KIND, lease_seconds=120), ())
    with heartbeat.hold(claim):
        heartbeat.beat()
        assert bench.job(job_id).lease_until == NOON + timedelta(seconds=120)
        heartbeat.check(claim)
        with bench.sessions() as session:
            job = session.get_one(Job, job_id)
            job.claimed_by = "somebody else"
            session.add(job)
        heartbeat.beat()
        with pytest.raises(Exception, match="t1"):
            heartbeat.check(claim)


def test_a_dead_workers_job_is_done_by_another_and_a_poisonous_one_ends(bench: Bench) -> None:
    (job_id,) = bench.ask("7001")
    died: list[int] = []

    def kill(_name: str) -> None:
        died.append(1)
        raise KeyboardInterrupt  # nothing after the claim runs, as after a kill -9

    for expected in (JobState.QUEUED,) * 4 + (JobState.FAILED,):
        with pytest.raises(KeyboardInterrupt):
            bench.runner(lambda _job, _ctx: Synced(), hit=lambda name: kill(name) if name == "after_claim" else None).run(job_id)
        assert bench.job(job_id).state == JobState.RUNNING
        bench.clock.advance(3600)
        with bench.sessions() as session:
            assert expired_leases(session, bench.clock.now()) == 1
        assert bench.job(job_id).state == expected
    assert len(died) == 5
    assert "The worker died 5 times" in (bench.job(job_id).error_summary or "")


def test_a_broken_database_while_recording_raises_so_that_the_message_comes_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    (job_id,) = bench.ask("7001")

    def broken(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("workers.runner.record", broken)
    with pytest.raises(OSError, match="disk full"):
        bench.runner(lambda _job, _ctx: Synced()).run(job_id)
    assert bench.job(job_id).state == JobState.RUNNING
