"""Ends that nobody wished for: a lost lease, a time limit, words that no database takes, a database that is away for a moment."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from dramatiq.middleware.time_limit import TimeLimitExceeded
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from models.audit import AuditEntry
from models.errors import AccessDenied, Outcome, Rejected, Synced, Unavailable
from models.jobs import JobState
from models.limits import LanePause
from models.sites import Site
from producers.rescue import expired_leases
from runtime.logs import REDACTOR
from tests.workers.test_runner import KIND, NOON, Bench
from workers.heartbeat import Heartbeat, LeaseLost
from workers.runner import Claim
from workers.sync import Context, FlowSpec, JobView

CANARY = "canary-5f1e2d3c4b5a"


@pytest.fixture
def bench(database_url: str) -> Bench:
    return Bench(database_url)


@pytest.fixture
def lite(sqlite_url: str) -> Bench:
    return Bench(sqlite_url)


def a_claim(bench: Bench, token: str, seconds: int = 120) -> Claim:
    return Claim(token, bench.site_id, FlowSpec(KIND, lease_seconds=seconds), ())


# ---- leases --------------------------------------------------------------------------------------------------------------------------


def test_a_claim_that_follows_another_at_once_has_a_heartbeat_too(lite: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread of the first claim is about to end when the second one comes."""
    heartbeat, beaten = Heartbeat(lite.sessions, lite.clock, interval=0.05), threading.Event()
    wants_to_end, may_end = threading.Event(), threading.Event()

    def slow_goodbye(seconds: float | None = None) -> bool:
        ended = wait(seconds)
        if ended and not wants_to_end.is_set():
            wants_to_end.set()
            may_end.wait(5)
        return ended

    wait = heartbeat._changed.wait
    monkeypatch.setattr(heartbeat._changed, "wait", slow_goodbye)
    with heartbeat.hold(a_claim(lite, "first")):
        pass
    assert wants_to_end.wait(5)
    monkeypatch.setattr(heartbeat, "beat", beaten.set)
    with heartbeat.hold(a_claim(lite, "second")):
        may_end.set()
        assert beaten.wait(5), "nobody extends the second lease"


def test_a_lease_that_nobody_could_extend_counts_as_lost(lite: Bench) -> None:
    """The database was away, or the machine slept: the rescue loop may have given the job to somebody else."""
    heartbeat = Heartbeat(lite.sessions, lite.clock, interval=3600)
    claim = a_claim(lite, "t1")
    with heartbeat.hold(claim):
        lite.clock.advance(119)
        heartbeat.check(claim)
        lite.clock.advance(2)
        with pytest.raises(LeaseLost):
            heartbeat.check(claim)


def test_an_extended_lease_counts_from_its_last_extension(bench: Bench) -> None:
    (job_id,) = bench.ask("7001")
    seen: list[str] = []

    def flow(_job: JobView, ctx: Context) -> Outcome:
        bench.clock.advance(100)
        runner._heartbeat.beat()
        bench.clock.advance(100)
        ctx.beat()
        seen.append("still ours")
        bench.clock.advance(100)
        ctx.beat()
        raise AssertionError("the lease ran out")

    runner = bench.runner(flow)
    runner.run(job_id)
    assert seen == ["still ours"]
    assert bench.job(job_id).state == JobState.RUNNING
    with bench.sessions() as session:
        assert expired_leases(session, bench.clock.now()) == 1
    assert bench.job(job_id).state == JobState.QUEUED


def test_one_dead_worker_after_several_failures_is_not_called_five(bench: Bench) -> None:
    (job_id,) = bench.ask("7001")

    def unavailable(_job: JobView, _ctx: Context) -> Outcome:
        raise Unavailable("JOOR answers 500")

    for _ in range(5):
        bench.runner(unavailable).run(job_id)
        with bench.sessions() as session:
            job = session.get_one(type(bench.job(job_id)), job_id)
            job.state = JobState.PUBLISHED
            session.add(job)

    def die(name: str) -> None:
        if name == "after_claim":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.runner(unavailable, hit=die).run(job_id)
    bench.clock.advance(3600)
    with bench.sessions() as session:
        assert expired_leases(session, bench.clock.now()) == 1
    assert (bench.job(job_id).state, bench.job(job_id).attempts) == (JobState.QUEUED, 6)


# ---- limits --------------------------------------------------------------------------------------------------------------------------


def test_a_flow_that_takes_too_long_is_told_as_that_and_not_as_a_dead_worker(bench: Bench) -> None:
    (job_id,) = bench.ask("7001")

    def endless(_job: JobView, _ctx: Context) -> Outcome:
        raise TimeLimitExceeded

    bench.runner(endless).run(job_id)
    job = bench.job(job_id)
    assert (job.state, job.attempts, job.error_kind) == (JobState.RETRYING, 1, "defect")
    assert "20 minutes" in (job.remote_message or "")


def test_a_shorter_retry_after_does_not_shorten_a_longer_hold(bench: Bench) -> None:
    until = NOON + timedelta(hours=8)
    with bench.sessions() as session:
        session.add(LanePause(site_id=bench.site_id, data_type="orders", until=until, reason="429", paused_by="joorsync", paused_at=NOON))
    (job_id,) = bench.ask("7001")
    bench.clock.advance(9 * 3600)

    def flow(_job: JobView, _ctx: Context) -> Outcome:
        with bench.sessions() as session:
            pause = session.exec(select(LanePause)).one()
            pause.until = bench.clock.now() + timedelta(hours=1)
            session.add(pause)
        raise Unavailable("slow down", retry_after=60)

    bench.runner(flow).run(job_id)
    with bench.sessions() as session:
        assert session.exec(select(LanePause.until)).one() == bench.clock.now() + timedelta(hours=1)


# ---- words ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["binary \x00 rubbish", "half a pair \ud83d"])
def test_words_that_no_database_takes_are_stored_all_the_same(bench: Bench, words: str) -> None:
    job = bench.after(Rejected(f"refused: {words}", fix=[words], field=words + "x" * 300, remote_message=words))
    assert job.state == JobState.FAILED
    assert (job.remote_message or "").startswith(words[:6])
    assert len(job.error_field or "") <= 200


def test_a_preview_that_no_database_takes_is_stored_all_the_same(bench: Bench) -> None:
    job = bench.after(Synced(note="\x00", result={"name": "a\x00b", "list": ["\udfff"]}))
    assert job.state == JobState.SUCCEEDED
    assert job.result == {"name": "ab", "list": ["?"]}


def test_no_secret_is_stored_with_a_job(bench: Bench) -> None:
    REDACTOR.learn([CANARY])
    for error in (
        Rejected(f"no {CANARY}", fix=[f"use {CANARY}"], remote_message=f"bad key {CANARY}"),
        ValueError(f"could not parse {CANARY}"),
        Unavailable(f"down {CANARY}", retry_after=60),
    ):
        job = bench.after(error)
        told = job.model_dump_json() + "".join(row.model_dump_json() for row in bench.attempts(job.id or 0))
        assert CANARY not in told
        assert "[redacted]" in told
        bench.clock.advance(3600)
    bench.after(AccessDenied(f"refused {CANARY}", fix=[f"not {CANARY}"]))
    with bench.sessions() as session:
        for row in (*session.exec(select(Site)), *session.exec(select(AuditEntry)), *session.exec(select(LanePause))):
            assert CANARY not in row.model_dump_json()


# ---- recording -----------------------------------------------------------------------------------------------------------------------


def test_an_outcome_is_recorded_although_the_database_is_away_for_a_moment(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The remote call has been made: its answer is not thrown away because of a deadlock or a restart of the database."""
    from workers.runner import record

    tries: list[float] = []

    def shaky(*arguments: Any) -> None:
        tries.append(time.monotonic())
        if len(tries) < 3:
            raise Unavailable("The database is busy")
        record(*arguments)

    monkeypatch.setattr("workers.runner.record", shaky)
    assert bench.after(Synced()).state == JobState.SUCCEEDED
    assert len(tries) == 3


def test_a_row_that_came_between_look_and_write_is_seen_by_the_second_look(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from workers.runner import record

    tries: list[int] = []

    def overtaken(*arguments: Any) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise IntegrityError("insert", {}, Exception("uq_job_pending"))
        record(*arguments)

    monkeypatch.setattr("workers.runner.record", overtaken)
    assert bench.after(Unavailable("again")).state == JobState.RETRYING
