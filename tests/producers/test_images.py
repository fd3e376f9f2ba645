"""Asking for images from a script."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from models import Job, Site
from models.errors import NotPossible
from models.jobs import JobKind, JobState
from producers.images import request
from runtime.db import Sessions, make_engine, session_factory

NOW = datetime(2031, 9, 1, tzinfo=UTC)


@pytest.fixture
def sessions(sqlite_url: str) -> Iterator[Sessions]:
    engine = make_engine(sqlite_url)
    made = session_factory(engine)
    with made() as session:
        session.add(
            Site(
                key="us",
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
        run = request(session, "us", keys=["D410"], level="style", reason="new photos", requested_by="anna")
    assert (run.reason, run.requested_by, run.data_type) == ("new photos", "anna", "images")
    (job,) = jobs(sessions)
    assert (job.kind, job.key, job.run_id, job.state) == (JobKind.IMAGES_SCAN, "D410", run.id, JobState.QUEUED)
    assert job.payload == {"styles": ["D410"], "level": "style"}


def test_the_whole_site_asks_once_while_one_waits(sessions: Sessions) -> None:
    with sessions() as session:
        request(session, "us")
        request(session, "us", everything=True)
    (job,) = jobs(sessions)
    assert (job.key, job.payload) == ("", {"full": True})


def test_a_dry_run_is_a_job_of_its_own(sessions: Sessions) -> None:
    with sessions() as session:
        request(session, "us")
        request(session, "us", dry_run=True)
    assert sorted(job.dry_run for job in jobs(sessions)) == [False, True]


def test_an_unknown_level_or_site_adds_nothing(sessions: Sessions) -> None:
    with sessions() as session:
        with pytest.raises(NotPossible, match="There is no image level 'colour'"):
            request(session, "us", level="colour")
        with pytest.raises(NotPossible, match="There is no site 'eu'"):
            request(session, "eu")
    assert jobs(sessions) == []
