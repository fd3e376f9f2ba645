"""Asking for work: one row per record that waits, whoever asks and however many do at once."""

import multiprocessing
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from models.jobs import ENDED, PENDING, DataType, Job, JobKind, JobState
from models.outbox import WAKE_CHANNEL, Ask, add_jobs, add_run, release_blocked
from models.sites import Site
from runtime.db import Sessions, make_engine, session_factory
from tests.models.asking import ask_often

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
ORDER = JobKind.ORDERS_IMPORT


@pytest.fixture
def sessions(database_url: str) -> Sessions:
    sessions = session_factory(make_engine(database_url))
    with sessions() as session:
        for key in ("us", "eu"):
            session.add(Site(key=key, joor_api_url="http://joor", aims_api_url="http://aims", created_at=NOON, updated_at=NOON))
    return sessions


def ask(session: Session, key: str = "7700123", *, site: int = 1, now: datetime = NOON, **options: Any) -> int:
    asked = {name: options.pop(name) for name in ("payload", "revive") if name in options}
    (job_id,) = add_jobs(session, site, [Ask(ORDER, key, **asked)], now=now, **options)
    return job_id


def put(session: Session, job_id: int, state: JobState, **columns: Any) -> None:
    job = session.get_one(Job, job_id)
    job.state = state
    for name, value in columns.items():
        setattr(job, name, value)
    session.flush()


# ---- coalescing ----------------------------------------------------------------------------------------------------------------------


def test_a_first_ask_is_a_queued_row_with_everything_the_relay_needs(sessions: Sessions) -> None:
    with sessions() as session:
        run = add_run(session, site_id=1, data_type="orders", reason="a click", requested_by="Alice", dry_run=False, now=NOON)
        job_id = ask(session, payload={"why": "edited"}, run_id=run.id)
    with sessions() as session:
        job = session.get_one(Job, job_id)
    assert (job.state, job.kind, job.data_type, job.key, job.site_id) == ("queued", "orders.import", "orders", "7700123", 1)
    assert (job.wanted_at, job.available_at, job.created_at) == (NOON, NOON, NOON)
    assert (job.payload, job.run_id, job.attempts, job.dry_run) == ({"why": "edited"}, run.id, 0, False)


@pytest.mark.parametrize("state", PENDING)
def test_asking_again_for_what_has_not_started_is_the_same_request(sessions: Sessions, state: JobState) -> None:
    with sessions() as session:
        first = ask(session, payload={"a": 1})
        put(session, first, state, available_at=LATER, attempts=3)
    with sessions() as session:
        assert ask(session, now=LATER) == first
    with sessions() as session:
        job = session.exec(select(Job)).one()
    assert (job.state, job.wanted_at, job.available_at, job.attempts, job.payload) == (state, LATER, LATER, 3, {"a": 1})


@pytest.mark.parametrize("state", [JobState.RUNNING, *ENDED])
def test_asking_for_what_runs_or_has_ended_is_a_new_request(sessions: Sessions, state: JobState) -> None:
    with sessions() as session:
        first = ask(session)
        put(session, first, state)
        second = ask(session)
        assert second != first
        assert ask(session) == second


def test_every_state_is_either_pending_running_or_ended() -> None:
    assert set(JobState) == {*PENDING, JobState.RUNNING, *ENDED}


def test_another_site_kind_key_or_a_dry_run_is_another_request(sessions: Sessions) -> None:
    with sessions() as session:
        ids = {
            ask(session),
            ask(session, site=2),
            ask(session, "7700124"),
            ask(session, dry_run=True),
            *add_jobs(session, 1, [Ask(JobKind.ORDERS_CONFIRM, "7700123")], now=NOON),
        }
    assert len(ids) == 5


def test_a_newer_payload_and_run_replace_the_older_and_none_keeps_them(sessions: Sessions) -> None:
    with sessions() as session:
        runs = [add_run(session, site_id=1, data_type="orders", reason="", requested_by="", dry_run=False, now=NOON).id for _ in range(2)]
        first = ask(session, payload={"a": 1}, run_id=runs[0])
        ask(session, payload={"a": 2}, run_id=runs[1])
        ask(session)
    with sessions() as session:
        job = session.get_one(Job, first)
    assert (job.payload, job.run_id) == ({"a": 2}, runs[1])


def test_ids_come_in_the_order_of_the_asks_over_several_chunks(sessions: Sessions) -> None:
    keys = [str(number) for number in range(1203)]
    with sessions() as session:
        early = add_jobs(session, 1, [Ask(ORDER, key) for key in keys[::7]], now=NOON)
        ids = add_jobs(session, 1, [Ask(ORDER, key) for key in reversed(keys)], now=LATER)
    with sessions() as session:
        found = dict(session.exec(select(Job.id, Job.key)).all())
    assert [found[job_id] for job_id in ids] == list(reversed(keys))
    assert set(early) <= set(ids)
    assert len(found) == 1203


def test_no_asks_are_no_rows(sessions: Sessions) -> None:
    with sessions() as session:
        assert add_jobs(session, 1, [], now=NOON) == []


def test_what_the_caller_rolls_back_was_never_asked(sessions: Sessions) -> None:
    with sessions() as session:
        ask(session)
        session.rollback()
    with sessions() as session:
        assert session.exec(select(Job)).all() == []


def test_a_job_of_a_site_that_does_not_exist_is_refused(sessions: Sessions) -> None:
    with pytest.raises(IntegrityError), sessions() as session:
        ask(session, site=99)


# ---- many at once --------------------------------------------------------------------------------------------------------------------


def test_processes_that_ask_for_the_same_at_once_share_one_row_each(database_url: str, sessions: Sessions) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        given = pool.starmap(ask_often, [(database_url, number, 12) for number in range(4)], chunksize=1)
    with sessions() as session:
        rows = session.exec(select(Job)).all()
    assert sorted(job.key for job in rows) == [f"77001{n}" for n in range(5)]
    assert {job_id for ids in given for job_id in ids} == {job.id for job in rows}


def test_two_that_ask_for_the_same_many_in_opposite_orders_do_not_deadlock(sessions: Sessions) -> None:
    keys, failures = [str(number) for number in range(400)], []

    def ask_all(order: list[str]) -> None:
        try:
            for _ in range(6):
                with sessions() as session:
                    add_jobs(session, 1, [Ask(ORDER, key) for key in order], now=NOON)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=ask_all, args=(order,)) for order in (keys, keys[::-1], keys, keys[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with sessions() as session:
        assert len(session.exec(select(Job.id)).all()) == 400


def test_threads_that_ask_while_the_row_is_being_claimed_lose_nothing(sessions: Sessions) -> None:
    """Whoever asks after the claim gets a new row: the running one may have read the record already."""
    claims, asked, failures = 0, threading.Event(), []

    def claim() -> None:
        nonlocal claims
        while not asked.is_set():
            with sessions() as session:
                pending = col(Job.state) == JobState.QUEUED.value
                row = session.exec(select(Job).where(pending).with_for_update(skip_locked=True).limit(1)).first()
                if row is not None:
                    row.state, claims = JobState.SUCCEEDED, claims + 1

    def ask_many() -> None:
        try:
            for _ in range(40):
                with sessions() as session:
                    ask(session)
        except Exception as error:
            failures.append(error)

    claimer, askers = threading.Thread(target=claim), [threading.Thread(target=ask_many) for _ in range(3)]
    for thread in (claimer, *askers):
        thread.start()
    for thread in askers:
        thread.join()
    asked.set()
    claimer.join()
    assert failures == []
    with sessions() as session:
        states = [job.state for job in session.exec(select(Job)).all()]
    assert states.count(JobState.SUCCEEDED) == claims
    assert states.count(JobState.QUEUED) <= 1
    assert len(states) == claims + states.count(JobState.QUEUED)


def test_the_relay_is_woken_when_the_transaction_commits_and_not_before(postgres_url: str) -> None:
    sessions = session_factory(make_engine(postgres_url))
    with sessions() as session:
        session.add(Site(key="us", joor_api_url="http://joor", aims_api_url="http://aims", created_at=NOON, updated_at=NOON))
    dsn = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn, autocommit=True) as listener:
        listener.execute(f"LISTEN {WAKE_CHANNEL}")
        with sessions() as session:
            ask(session)
            assert list(listener.notifies(timeout=0.2)) == []
        assert [note.channel for note in listener.notifies(timeout=5, stop_after=1)] == [WAKE_CHANNEL]


# ---- revive and release --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [JobState.BLOCKED, JobState.WAITING, JobState.RETRYING])
def test_reviving_puts_a_waiting_job_back_at_once(sessions: Sessions, state: JobState) -> None:
    with sessions() as session:
        first = ask(session)
        put(session, first, state, available_at=LATER + timedelta(days=1), attempts=5, published_at=NOON)
    with sessions() as session:
        assert ask(session, now=LATER, revive=True) == first
    with sessions() as session:
        job = session.get_one(Job, first)
    assert (job.state, job.available_at, job.attempts, job.published_at) == ("queued", LATER, 0, None)


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.PUBLISHED, JobState.UNKNOWN])
def test_reviving_leaves_what_is_on_its_way_and_never_hurries_an_unknown_create(sessions: Sessions, state: JobState) -> None:
    with sessions() as session:
        first = ask(session)
        put(session, first, state, available_at=LATER, attempts=1, published_at=NOON)
        assert ask(session, now=LATER, revive=True) == first
    with sessions() as session:
        job = session.get_one(Job, first)
    assert (job.state, job.available_at, job.attempts, job.published_at) == (state, LATER, 1, NOON)


def test_who_asks_for_now_does_not_wait_for_what_was_put_off(sessions: Sessions) -> None:
    later = NOON + timedelta(minutes=2)
    with sessions() as session:
        (job,) = add_jobs(session, 1, [Ask(JobKind.IMAGES_SCAN)], now=NOON, available_at=later)
    with sessions() as session:
        assert session.get_one(Job, job).available_at == later
        assert add_jobs(session, 1, [Ask(JobKind.IMAGES_SCAN)], now=NOON) == [job]
    with sessions() as session:
        assert session.get_one(Job, job).available_at == NOON
        add_jobs(session, 1, [Ask(JobKind.IMAGES_SCAN)], now=NOON, available_at=later)
    with sessions() as session:
        assert session.get_one(Job, job).available_at == NOON, "and the other way round it stays as soon as it was"


def test_only_the_asks_that_say_so_revive(sessions: Sessions) -> None:
    with sessions() as session:
        ids = add_jobs(session, 1, [Ask(ORDER, "one"), Ask(ORDER, "two")], now=NOON)
        for job_id in ids:
            put(session, job_id, JobState.BLOCKED)
    with sessions() as session:
        assert add_jobs(session, 1, [Ask(ORDER, "one", revive=True), Ask(ORDER, "two")], now=LATER) == ids
    with sessions() as session:
        assert [session.get_one(Job, job_id).state for job_id in ids] == ["queued", "blocked"]


def test_saving_a_pair_releases_every_job_of_the_site_that_is_blocked_on_it(sessions: Sessions) -> None:
    net45, net60 = {"kind": "term", "value": "NET45"}, {"kind": "term", "value": "NET60"}
    with sessions() as session:
        ids = {key: ask(session, key) for key in ("alone", "with another", "another", "queued")} | {"abroad": ask(session, "alone", site=2)}
        for key, missing in {"alone": [net45], "with another": [net60, net45], "another": [net60], "abroad": [net45]}.items():
            put(session, ids[key], JobState.BLOCKED, blocked_on=missing, attempts=2, published_at=NOON)
    with sessions() as session:
        assert release_blocked(session, 1, "term", "NET45", now=LATER) == 2
    with sessions() as session:
        jobs = {key: session.get_one(Job, job_id) for key, job_id in ids.items()}
    assert {key: job.state for key, job in jobs.items()} == {
        "alone": "queued",
        "with another": "queued",  # checked again as a whole: it may block on the rest
        "another": "blocked",
        "queued": "queued",
        "abroad": "blocked",
    }
    released = jobs["alone"]
    assert (released.available_at, released.published_at, released.attempts) == (LATER, None, 0)


def test_releasing_a_pair_that_nobody_waits_for_changes_nothing(sessions: Sessions) -> None:
    with sessions() as session:
        job_id = ask(session)
        put(session, job_id, JobState.BLOCKED, blocked_on=[{"kind": "term", "value": "NET45"}])
        assert release_blocked(session, 1, "ship_via", "NET45", now=LATER) == 0
        assert release_blocked(session, 1, "term", "net45", now=LATER) == 0
        assert session.get_one(Job, job_id).state == JobState.BLOCKED


def test_every_kind_belongs_to_a_data_type() -> None:
    assert {kind.data_type for kind in JobKind} <= set(DataType)
