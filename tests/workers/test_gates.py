"""The worker's own look at the gates of a production site: whatever asked for a job, nothing is written before a person has decided."""

from datetime import timedelta
from typing import Any

import pytest

from models.errors import Outcome, Synced
from models.golive import Confirmation
from models.jobs import Job, JobKind, JobState
from models.outbox import Ask, add_jobs, release_blocked
from models.sites import Site
from tests.workers.test_runner import KIND, NOON, Bench
from workers.flows import SPECS
from workers.sync import Context, JobView

#: They read and store; what they find becomes jobs of other kinds.
READING = {
    JobKind.ORDERS_SCAN,
    JobKind.STYLES_SCAN,
    JobKind.STYLES_MATCH,
    JobKind.IMAGES_SCAN,
    JobKind.INVENTORY_SCAN,
    JobKind.CUSTOMERS_SCAN,
    JobKind.CUSTOMERS_MATCH,
    JobKind.CUSTOMERS_LISTS,
}


@pytest.fixture
def bench(sqlite_url: str) -> Bench:
    made = Bench(sqlite_url)
    live(made, is_sandbox=False)
    return made


def live(bench: Bench, **about: Any) -> None:
    with bench.sessions() as session:
        site = session.get_one(Site, bench.site_id)
        for name, value in about.items():
            setattr(site, name, value)
        session.add(site)


def confirm(bench: Bench) -> None:
    with bench.sessions() as session:
        session.add(Confirmation(site_id=bench.site_id, name="first_run.orders", at=NOON))


def sent(bench: Bench, job_id: int, **spec: Any) -> tuple[Job, list[str]]:
    calls: list[str] = []

    def flow(job: JobView, _ctx: Context) -> Outcome:
        calls.append(job.key)
        return Synced(sent=1, note="sent")

    bench.runner(flow, **spec).run(job_id)
    return bench.job(job_id), calls


def test_a_job_of_a_closed_site_is_blocked_on_both_decisions_with_their_commands(bench: Bench) -> None:
    (job_id,) = bench.ask("7001")
    job, calls = sent(bench, job_id)
    assert calls == [], "the flow never ran"
    assert (job.state, job.error_kind) == (JobState.BLOCKED, "needs_mapping")
    assert [row["value"] for row in job.blocked_on or []] == ["production:us", "first_run:orders"]
    assert "joorsync sites open us" in (job.error_fix or [""])[0]


def test_an_open_site_waits_for_the_first_run_of_the_data_type(bench: Bench) -> None:
    live(bench, production_open=True)
    (job_id,) = bench.ask("7001")
    job, calls = sent(bench, job_id)
    assert (job.state, [row["value"] for row in job.blocked_on or []], calls) == (JobState.BLOCKED, ["first_run:orders"], [])


def test_what_was_blocked_goes_on_when_the_decision_is_made(bench: Bench) -> None:
    live(bench, production_open=True)
    (job_id,) = bench.ask("7001")
    sent(bench, job_id)
    confirm(bench)
    bench.clock.advance(60)
    with bench.sessions() as session:
        assert release_blocked(session, bench.site_id, "decision", "first_run:orders", now=bench.clock.now()) == 1
    job, calls = sent(bench, job_id)
    assert (job.state, calls) == (JobState.SUCCEEDED, ["7001"])


def test_a_site_that_is_closed_again_holds_what_is_claimed_from_then_on(bench: Bench) -> None:
    live(bench, production_open=True)
    confirm(bench)
    first, second = bench.ask("7001", "7002")
    assert sent(bench, first)[0].state == JobState.SUCCEEDED
    live(bench, production_open=False)
    job, calls = sent(bench, second)
    assert (job.state, [row["value"] for row in job.blocked_on or []], calls) == (JobState.BLOCKED, ["production:us"], [])


def test_a_dry_run_and_a_kind_that_only_reads_are_never_held(bench: Bench) -> None:
    (dry,) = bench.ask("7001", dry_run=True)
    assert sent(bench, dry)[1] == ["7001"]
    (reading,) = bench.ask("7002")
    assert sent(bench, reading, writes=False)[1] == ["7002"]


def test_a_sandbox_account_is_never_held(bench: Bench) -> None:
    live(bench, is_sandbox=True)
    (job_id,) = bench.ask("7001")
    assert sent(bench, job_id)[1] == ["7001"]


def test_a_batch_is_held_as_a_whole(bench: Bench) -> None:
    asked = bench.ask("7001", "7002", "7003")

    def batch(jobs: Any, _ctx: Context) -> dict[int, Outcome]:
        return {job.id: Synced(sent=1, note="sent") for job in jobs}

    bench.runner(None, run_batch=batch, batch_size=10).run(asked[0])
    assert {bench.job(job_id).state for job_id in asked} == {JobState.BLOCKED}
    with bench.sessions() as session:
        values = {"production:us": 3, "first_run:orders": 3}
        for value, count in values.items():
            assert release_blocked(session, bench.site_id, "decision", value, now=NOON + timedelta(minutes=1)) == count
            session.rollback()


def test_every_kind_writes_but_those_that_only_read_and_store() -> None:
    assert {kind for kind, spec in SPECS.items() if not spec.writes} == READING & SPECS.keys()


def test_the_same_key_is_asked_again_as_a_job_of_its_own_while_its_dry_run_waits(bench: Bench) -> None:
    """A dry run never takes a real request with it."""
    with bench.sessions() as session:
        (dry,) = add_jobs(session, bench.site_id, [Ask(KIND, "7001")], now=NOON, dry_run=True)
        (real,) = add_jobs(session, bench.site_id, [Ask(KIND, "7001")], now=NOON)
    assert dry != real
