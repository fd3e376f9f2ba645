"""Jobs by command: seen in full, retried, cancelled and dismissed only where that is safe, each with an audit row."""

from typing import Any

import pytest
from sqlmodel import col, select

from models.audit import AuditEntry
from models.jobs import Attempt, Job, JobKind, JobState
from models.ledgers import ManualTask
from models.outbox import Ask, add_jobs
from models.sites import Site
from runtime.clock import SystemClock
from runtime.logs import MASK
from tests.console.conftest import Shell


@pytest.fixture
def us(shell: Shell) -> Shell:
    shell.add_site("us")
    return shell


def job(shell: Shell, key: str, state: JobState, **values: Any) -> int:
    with shell.sessions() as session:
        site = session.exec(select(Site)).one()
        (job_id,) = add_jobs(session, site.id or 0, [Ask(values.pop("kind", JobKind.ORDERS_IMPORT), key)], now=SystemClock().now())
        row = session.get_one(Job, job_id)
        row.state = state
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)
    return job_id


def state(shell: Shell, job_id: int) -> str:
    with shell.sessions() as session:
        return session.get_one(Job, job_id).state


def test_the_list_is_filtered_and_json_is_nothing_but_json(us: Shell) -> None:
    failed = job(us, "1", JobState.FAILED, error_kind="rejected", error_summary="AIMS360 said no")
    job(us, "2", JobState.SUCCEEDED)
    job(us, "", JobState.QUEUED, kind=JobKind.INVENTORY_SCAN)
    assert [row["id"] for row in us("jobs", "--state", "failed", "--json").json] == [failed]
    assert [row["id"] for row in us("jobs", "list", "--error", "rejected", "--site", "us", "--json").json] == [failed]
    assert len(us("jobs", "--type", "orders", "--json").json) == 2
    assert len(us("jobs", "--limit", "1", "--json").json) == 1
    assert "AIMS360 said no" in us("jobs").out
    said = us("jobs", "--state", "fialed")
    assert said.code == 2
    assert "Choose one of: queued" in said.err


def test_one_job_tells_its_story_without_secrets(us: Shell) -> None:
    job_id = job(
        us,
        "7700123",
        JobState.FAILED,
        error_summary="AIMS360 refused it",
        error_fix=["Open it.", "Save it."],
        remote_message="no such term",
    )
    now = SystemClock().now()
    exchange = {"system": "AIMS360", "method": "POST", "path": "/orders/v1.0/order", "status": 400, "authorization": "Bearer CanaryCanary"}
    with us.sessions() as session:
        session.add(
            Attempt(job_id=job_id, number=1, worker="w", started_at=now, finished_at=now, outcome="failed", calls=1, exchanges=[exchange])
        )
    said = us("jobs", "show", str(job_id))
    assert said.code == 0
    for words in ("7700123", "AIMS360 POST /orders/v1.0/order -> 400", "1. Open it.", "2. Save it.", "they said: no such term"):
        assert words in said.out
    found = us("jobs", "show", str(job_id), "--json")
    assert found.json["attempts"][0]["exchanges"][0]["authorization"] == MASK
    assert "Canary" not in said.out + found.out


def test_an_unknown_job_is_no_traceback(us: Shell) -> None:
    said = us("jobs", "show", "999")
    assert (said.code, said.err.splitlines()[0]) == (2, "There is no job 999")


def test_a_failed_job_is_queued_again_with_its_attempts_counted_anew(us: Shell) -> None:
    job_id = job(us, "1", JobState.FAILED, attempts=8, finished_at=SystemClock().now())
    said = us("jobs", "retry", str(job_id), "--reason", "fixed the term")
    assert said.code == 0
    with us.sessions() as session:
        row = session.get_one(Job, job_id)
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "jobs.retry")).one()
    assert (row.state, row.attempts, row.finished_at) == ("queued", 0, None)
    assert (entry.subject, entry.reason, entry.before) == (f"job {job_id}", "fixed the term", {"state": "failed"})


@pytest.mark.parametrize("left", [JobState.RUNNING, JobState.SUCCEEDED, JobState.UNCHANGED, JobState.QUEUED, JobState.PUBLISHED])
def test_what_runs_or_is_done_is_not_retried(us: Shell, left: JobState) -> None:
    job_id = job(us, "1", left)
    said = us("jobs", "retry", str(job_id))
    assert said.code == 1
    assert "was left alone" in said.err
    assert state(us, job_id) == left


def test_of_two_failures_of_one_record_only_one_is_retried(us: Shell) -> None:
    older, newer = job(us, "1", JobState.FAILED), job(us, "1", JobState.FAILED)
    said = us("jobs", "retry", "--all-matching", "--yes")
    assert said.code == 0
    assert (state(us, older), state(us, newer)) == ("failed", "queued")
    assert f"job {newer} already asks" in said.err


def test_retrying_all_matching_counts_and_asks_first(us: Shell) -> None:
    ids = [job(us, str(number), JobState.FAILED, error_kind="rejected") for number in range(3)]
    other = job(us, "9", JobState.FAILED, error_kind="defect")
    said = us("jobs", "retry", "--all-matching", "--error", "rejected", stdin="n\n")
    assert said.code == 1
    assert "3 job(s) match" in said.out
    assert {state(us, job_id) for job_id in ids} == {"failed"}
    assert us("jobs", "retry", "--all-matching", "--error", "rejected", stdin="y\n").code == 0
    assert {state(us, job_id) for job_id in ids} == {"queued"}
    assert state(us, other) == "failed"


def test_retry_wants_either_numbers_or_a_filter(us: Shell) -> None:
    assert us("jobs", "retry").code == 2
    assert us("jobs", "retry", "1", "--all-matching").code == 2


def test_cancelling_leaves_running_and_uncertain_jobs_alone(us: Shell) -> None:
    queued, running, unknown = (
        job(us, str(number), made) for number, made in enumerate((JobState.QUEUED, JobState.RUNNING, JobState.UNKNOWN))
    )
    said = us("jobs", "cancel", str(queued), str(running), str(unknown))
    assert said.code == 0
    assert [state(us, job_id) for job_id in (queued, running, unknown)] == ["cancelled", "running", "unknown"]
    assert "may have got through" in said.err


def test_a_job_that_a_worker_takes_meanwhile_is_left_to_it(us: Shell) -> None:
    from console import jobs
    from console.cli import Workers
    from console.process import Process
    from runtime.settings import Settings

    job_id = job(us, "1", JobState.QUEUED)
    process = Process(Settings(), SystemClock(), Workers(), "anna")
    with us.sessions() as session:
        seen = session.get_one(Job, job_id)
        session.expunge(seen)
    with us.sessions() as session:
        row = session.get_one(Job, job_id)
        row.state = JobState.RUNNING
        session.add(row)
    with us.sessions() as session:
        changed = jobs.cancel(session, process, [seen])
    process.close()
    assert changed.done == []
    assert state(us, job_id) == "running"


def test_dismissed_failures_leave_the_list(us: Shell) -> None:
    job_id = job(us, "1", JobState.FAILED)
    assert us("jobs", "dismiss", str(job_id), "--reason", "sample order").code == 0
    assert us("jobs", "--json").json == []
    assert [row["id"] for row in us("jobs", "--dismissed", "--json").json] == [job_id]
    assert us("jobs", "dismiss", str(job_id)).code == 1


def test_queues_show_backlog_age_and_credits_per_lane(us: Shell) -> None:
    job(us, "1", JobState.BLOCKED)
    job(us, "2", JobState.QUEUED)
    job(us, "3", JobState.FAILED)
    rows = {row["lane"]: row for row in us("queues", "--json").json["lanes"]}
    assert rows["orders.us"]["backlog"] == {"blocked": 1, "queued": 1}
    assert rows["orders.us"]["open_failures"] == 1
    assert rows["orders.us"]["oldest_age"]
    assert rows["inventory.us"]["oldest_at"] is None
    assert rows["orders.us"]["credits_left"] == 300
    assert us("queues").code == 0


def test_tasks_are_listed_with_their_clicks_and_marked_done(us: Shell) -> None:
    now = SystemClock().now()
    with us.sessions() as session:
        site = session.exec(select(Site)).one()
        made = {"data_type": "inventory", "kind": "wip_date", "summary": "A date is gone", "steps": ["Open JOOR.", "Delete it."]}
        session.add(ManualTask(site_id=site.id or 0, key="a", created_at=now, **made))
    (row,) = us("tasks", "--json").json
    assert row["steps"] == ["Open JOOR.", "Delete it."]
    assert "  2. Delete it." in us("tasks", "list").out
    assert us("tasks", "done", str(row["id"])).code == 0
    assert us("tasks", "--json").json == []
    assert us("tasks", "done", "99").code == 2
    with us.sessions() as session:
        task = session.exec(select(ManualTask)).one()
        assert task.done_by
        assert session.exec(select(AuditEntry).where(col(AuditEntry.action) == "task.done")).one()
