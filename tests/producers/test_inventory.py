"""Asking for inventory from a script."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from models import Job, Run, Site
from models.errors import NotPossible
from models.jobs import JobKind, JobState
from producers.inventory import job_key, request
from producers.requests import resolve_site
from runtime.clock import FrozenClock
from runtime.db import Sessions, make_engine, session_factory

NOW = datetime(2031, 9, 1, tzinfo=UTC)
CLOCK = FrozenClock(NOW)


@pytest.fixture
def sessions(sqlite_url: str) -> Iterator[Sessions]:
    engine = make_engine(sqlite_url)
    made = session_factory(engine)
    with made() as session:
        for key in ("us", "eu"):
            session.add(
                Site(
                    key=key,
                    is_sandbox=True,
                    joor_api_url="https://joor.test",
                    aims_api_url="https://aims.test",
                    created_at=NOW,
                    updated_at=NOW,
                )
            )
    yield made
    engine.dispose()


def jobs(sessions: Sessions) -> list[Job]:
    with sessions() as session:
        return list(session.exec(select(Job)))


def test_the_example_of_the_docstring(sessions: Sessions) -> None:
    with sessions() as session:
        run = request(session, "us", keys=["D410", "D411"], reason="new delivery", requested_by="anna")
    assert (run.reason, run.requested_by, run.data_type) == ("new delivery", "anna", "inventory")
    (job,) = jobs(sessions)
    assert (job.kind, job.key, job.run_id, job.state) == (JobKind.INVENTORY_SCAN, "D410,D411", run.id, JobState.QUEUED)


def test_asking_twice_while_one_waits_is_one_job(sessions: Sessions) -> None:
    with sessions() as session:
        request(session, "us", clock=CLOCK)
        request(session, "us", everything=True, clock=CLOCK)
        request(session, "us", clock=CLOCK)
    (job,) = jobs(sessions)
    assert job.payload == {"full": True}


def test_the_same_styles_in_another_order_are_the_same_request(sessions: Sessions) -> None:
    with sessions() as session:
        request(session, "us", keys=["D411", "D410 ", "D411"], clock=CLOCK)
        request(session, "us", keys=["D410", "D411"], clock=CLOCK)
    assert [job.key for job in jobs(sessions)] == ["D410,D411"]


def test_styles_that_do_not_fit_into_a_key_are_in_the_payload(sessions: Sessions) -> None:
    styles = [f"STYLE-{number:05}" for number in range(300)]
    with sessions() as session:
        request(session, "us", keys=styles, clock=CLOCK)
        request(session, "us", keys=["A,B"], clock=CLOCK)
    many, odd = jobs(sessions)
    assert many.key.startswith("300 styles ")
    assert many.payload == {"styles": styles}
    assert odd.payload == {"styles": ["A,B"]}
    assert job_key(styles) != job_key(styles[1:])


def test_an_unknown_site_is_refused_and_the_known_ones_are_named(sessions: Sessions) -> None:
    with pytest.raises(NotPossible, match="no site 'uk'") as caught, sessions() as session:
        request(session, "uk", clock=CLOCK)
    assert caught.value.fix[0] == "Known sites: eu, us"
    with sessions() as session:
        assert session.exec(select(Run)).all() == []


def test_a_site_may_be_given_as_itself(sessions: Sessions) -> None:
    with sessions() as session:
        assert resolve_site(session, resolve_site(session, " eu ")).key == "eu"


def test_blank_and_overlong_keys_are_refused(sessions: Sessions) -> None:
    for bad in ("  ", "x" * 101):
        with pytest.raises(NotPossible), sessions() as session:
            request(session, "us", keys=[bad], clock=CLOCK)
    assert jobs(sessions) == []


def test_one_string_for_keys_is_a_mistake_of_the_caller(sessions: Sessions) -> None:
    with pytest.raises(TypeError), sessions() as session:
        request(session, "us", keys="D410", clock=CLOCK)


def test_a_dry_run_is_a_job_of_its_own(sessions: Sessions) -> None:
    with sessions() as session:
        request(session, "us", clock=CLOCK)
        request(session, "us", dry_run=True, clock=CLOCK)
    assert sorted(job.dry_run for job in jobs(sessions)) == [False, True]
