"""Our own side of `joorsync check`: backlog, work that nobody delivers, workers that died, the disk, the broker."""

import shutil
from collections import namedtuple
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from console import check_queues
from models.jobs import Job, JobKind, JobState
from models.limits import LanePause
from models.sites import Site
from runtime.clock import SystemClock
from tests.console.conftest import Shell

Usage = namedtuple("Usage", "total used free")
MINUTE = timedelta(minutes=1)


def add_job(shell: Shell, state: JobState, ago: timedelta, key: str = "7700123", **more: Any) -> None:
    at = SystemClock().now() - ago
    with shell.sessions() as session:
        site = session.exec(select(Site)).one()
        kind = JobKind.ORDERS_IMPORT
        values = {"wanted_at": at, "available_at": at, "created_at": at} | more
        session.add(Job(site_id=site.id or 0, data_type=kind.data_type, kind=kind, key=key, state=state, **values))


def check(shell: Shell, area: str, **environment: str) -> dict[str, Any]:
    """The site itself is not asked: it is taken to be well."""
    found = {item["area"]: item for item in shell("check", "--json", **environment).json}
    return dict(found[area])


@pytest.fixture
def us(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell.add_site("us")
    monkeypatch.setattr("workers.check.probe_site", lambda *_args, **_more: [])
    return shell


def test_the_backlog_is_counted_by_state_with_the_oldest_that_is_under_way(us: Shell) -> None:
    assert check(us, "backlog")["summary"] == "nothing waits"
    add_job(us, JobState.BLOCKED, 90 * MINUTE, "1")
    add_job(us, JobState.QUEUED, 0 * MINUTE, "2")
    add_job(us, JobState.WAITING, 40 * MINUTE, "3", available_at=SystemClock().now() + MINUTE)
    add_job(us, JobState.FAILED, 5 * MINUTE, "4")
    found = check(us, "backlog")
    assert found["summary"] == "1 blocked, 1 queued, 1 waiting; the oldest that is under way: job 3 (orders.import), 40 min; 1 failed"
    assert (found["ok"], found["state"]) == (True, "open")


def test_due_work_that_nobody_delivers_is_told(us: Shell) -> None:
    add_job(us, JobState.QUEUED, 50 * timedelta(seconds=1), "1")
    assert check(us, "delivery")["state"] == "ok"
    add_job(us, JobState.RETRYING, 3 * MINUTE, "2")
    found = check(us, "delivery")
    assert (found["state"], found["fix"]) == ("open", ["joorsync up"])
    assert "1 job(s) are due and nobody delivers them, the oldest since 3 min" in found["summary"]
    nowhere = "amqp://guest:guest@127.0.0.1:1/"
    found = check(us, "delivery", AMQP_URL=nowhere)
    assert (found["ok"], "joorsync producers" in found["fix"][0]) == (False, True)
    assert not check(us, "broker", AMQP_URL=nowhere)["reached"]


def test_work_that_is_held_on_purpose_is_not_called_undelivered(us: Shell) -> None:
    add_job(us, JobState.QUEUED, 3 * MINUTE)
    with us.sessions() as session:
        site = session.exec(select(Site)).one()
        session.add(LanePause(site_id=site.id or 0, data_type="orders", reason="stocktaking", paused_at=SystemClock().now()))
    assert check(us, "delivery")["state"] == "ok"


def test_a_running_job_whose_worker_died_long_ago_shows_that_nobody_rescues(us: Shell) -> None:
    add_job(us, JobState.RUNNING, 9 * MINUTE, "1", lease_until=SystemClock().now() - MINUTE)
    assert check(us, "running jobs")["ok"], "the rescue loop may be about to look"
    add_job(us, JobState.RUNNING, 9 * MINUTE, "2", lease_until=SystemClock().now() - 3 * MINUTE)
    found = check(us, "running jobs")
    assert not found["ok"]
    assert found["summary"].startswith("1 running job(s) have lost their worker")


@pytest.mark.parametrize(("free_mb", "state"), [(5000, "ok"), (900, "open"), (100, "FAIL")])
def test_a_disk_that_fills_up_is_told_before_it_is_full(us: Shell, monkeypatch: pytest.MonkeyPatch, free_mb: int, state: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(10**12, 0, free_mb * 1024**2))
    found = check(us, "disk")
    assert found["state"] == state
    assert f"{free_mb:,} MB free" in found["summary"]


def test_lanes_that_were_never_declared_and_dead_letters_are_told(us: Shell, amqp_url: str) -> None:
    found = check(us, "broker", AMQP_URL=amqp_url)
    assert (found["ok"], found["fix"]) == (False, ["joorsync topology"])
    assert us("topology", AMQP_URL=amqp_url).code == 0
    found = check(us, "broker", AMQP_URL=amqp_url)
    assert (found["state"], "no dead letters" in found["summary"]) == ("ok", True)
    connection = check_queues.connect(amqp_url)
    connection.channel().basic_publish("", "orders.us.XQ", b"{}")
    connection.close()
    found = check(us, "broker", AMQP_URL=amqp_url)
    assert (found["state"], "dead letters: 1 in orders.us" in found["summary"]) == ("open", True)


def test_a_database_server_is_named_with_its_version(us: Shell, postgres_url: str) -> None:
    us("migrate", DATABASE_URL=postgres_url)
    found = {item["area"]: item for item in us("check", "--json", DATABASE_URL=postgres_url).json}
    assert "PostgreSQL " in found["database"]["summary"]
    assert "disk" not in found, "the server looks after its own"
