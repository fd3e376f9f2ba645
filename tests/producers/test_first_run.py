"""A production site's first run of each data type is a dry run, whoever asks; the timetable does not ask at all."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import select

from models.golive import Confirmation
from models.jobs import Job, JobKind, Run
from models.settings import Schedule
from models.sites import Site
from producers import customers, orders, styles, timetable
from producers.requests import FIRST_RUN_IS_DRY
from runtime.clock import FrozenClock
from runtime.db import Sessions, make_engine, session_factory

NOW = datetime(2031, 9, 1, tzinfo=UTC)
CLOCK = FrozenClock(NOW)


@pytest.fixture
def sessions(sqlite_url: str) -> Iterator[Sessions]:
    engine = make_engine(sqlite_url)
    made = session_factory(engine)
    with made() as session:
        schedule = Schedule(orders_minutes=15, styles_minutes=60, inventory_minutes=None).model_dump(mode="json")
        for key, more in (("us", {"production_open": True}), ("eu", {}), ("test", {"is_sandbox": True})):
            row: dict[str, Any] = {"key": key, "joor_api_url": f"https://{key}.test", "aims_api_url": "https://aims.test", **more}
            session.add(Site(**row, schedule=schedule, created_at=NOW, updated_at=NOW))
    yield made
    engine.dispose()


def confirm(sessions: Sessions, name: str) -> None:
    with sessions() as session:
        site_id = session.exec(select(Site.id).where(Site.key == "us")).one() or 0
        session.add(Confirmation(site_id=site_id, name=name, at=NOW))


def asked(sessions: Sessions, request: Any, site: str, **options: Any) -> tuple[Run, set[bool]]:
    with sessions() as session:
        run = request(session, site, clock=CLOCK, **options)
        return run, {job.dry_run for job in session.exec(select(Job).where(Job.run_id == run.id))}


def test_what_is_asked_for_becomes_a_dry_run_and_its_reason_says_so(sessions: Sessions) -> None:
    run, dry = asked(sessions, styles.request, "us", reason="new season" * 40)
    assert (run.dry_run, dry) == (True, {True})
    assert run.reason.startswith("new season")
    assert run.reason.endswith(FIRST_RUN_IS_DRY)
    assert len(run.reason) <= 200


def test_once_confirmed_it_is_real_for_that_data_type_only(sessions: Sessions) -> None:
    confirm(sessions, "first_run.styles")
    assert asked(sessions, styles.request, "us", keys=["D410"])[1] == {False}
    assert asked(sessions, orders.request, "us")[1] == {True}


def test_a_sandbox_account_needs_no_confirmation(sessions: Sessions) -> None:
    run, dry = asked(sessions, styles.request, "test", reason="try")
    assert (run.dry_run, dry, run.reason) == (False, {False}, "try")


def test_reading_and_pairing_are_no_first_run(sessions: Sessions) -> None:
    """Mapping comes before anything is sent, so it may not wait for the confirmation."""
    for request, options in (
        (styles.request_match, {}),
        (styles.request, {"read_only": True}),
        (customers.request_match, {}),
        (customers.request_lists, {}),
        (customers.request, {"read_only": True}),
    ):
        assert asked(sessions, request, "us", **options)[1] == {False}


def test_the_timetable_asks_for_nothing_before_the_confirmation_and_then_at_once(sessions: Sessions) -> None:
    timetable.tick(sessions, CLOCK)
    with sessions() as session:
        keys = {session.get_one(Site, job.site_id).key for job in session.exec(select(Job))}
        assert keys == {"test"}
    confirm(sessions, "first_run.orders")
    timetable.tick(sessions, FrozenClock(datetime(2031, 9, 2, tzinfo=UTC)))
    with sessions() as session:
        mine = [job for job in session.exec(select(Job)) if session.get_one(Site, job.site_id).key == "us"]
        assert [(job.kind, job.dry_run) for job in mine] == [(JobKind.ORDERS_SCAN, False)], "styles are not confirmed, eu is closed"
