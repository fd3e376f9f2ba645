"""Breakers: five failures in a row hold an endpoint, one try decides, and processes at once do not miscount."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from models.limits import Breaker
from models.sites import Site
from runtime import breakers
from runtime.db import Sessions, make_engine, session_factory

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
JOOR, AIMS = "joor.inventory", "aims.orders"


@pytest.fixture
def sessions(database_url: str) -> Sessions:
    sessions = session_factory(make_engine(database_url))
    with sessions() as session:
        for key in ("us", "eu"):
            session.add(Site(key=key, joor_api_url="http://joor", aims_api_url="http://aims", created_at=NOON, updated_at=NOON))
    return sessions


def fail(session: Session, times: int, at: datetime = NOON, endpoint: str = JOOR) -> None:
    for _ in range(times):
        breakers.failed(session, 1, endpoint, at, "HTTP 503")


def test_four_failures_hold_nothing_and_the_fifth_holds_for_a_minute(sessions: Sessions) -> None:
    with sessions() as session:
        fail(session, 4)
        assert breakers.open_until(session, 1, [JOOR], NOON) is None
        fail(session, 1)
        assert breakers.open_until(session, 1, [AIMS, JOOR], NOON) == NOON + MINUTE
        assert breakers.open_until(session, 1, [AIMS], NOON) is None, "another endpoint"
        assert breakers.open_until(session, 2, [JOOR], NOON) is None, "another site"


def test_a_success_in_between_starts_the_count_again(sessions: Sessions) -> None:
    with sessions() as session:
        fail(session, 4)
        breakers.succeeded(session, 1, JOOR, NOON)
        fail(session, 4)
        assert breakers.open_until(session, 1, [JOOR], NOON) is None


def test_the_hold_doubles_with_each_failure_up_to_a_quarter_of_an_hour(sessions: Sessions) -> None:
    with sessions() as session:
        fail(session, 4)
        holds = []
        for _ in range(7):
            fail(session, 1)
            until = breakers.open_until(session, 1, [JOOR], NOON)
            assert until is not None
            holds.append((until - NOON) / MINUTE)
    assert holds == [1, 2, 4, 8, 15, 15, 15]
    assert [breakers.hold(n) / MINUTE for n in (4, 5, 8, 9, 50)] == [0, 1, 8, 15, 15]


def test_after_the_hold_one_try_decides(sessions: Sessions) -> None:
    later = NOON + MINUTE
    with sessions() as session:
        fail(session, 5)
        assert breakers.open_until(session, 1, [JOOR], later) is None, "the one try"
        assert breakers.open_until(session, 1, [JOOR], later) == later + MINUTE, "everybody else waits for its outcome"
        fail(session, 1, later)
        assert breakers.open_until(session, 1, [JOOR], later) == later + 2 * MINUTE
        breakers.succeeded(session, 1, JOOR, later)
        assert breakers.open_until(session, 1, [JOOR], later) is None
        assert breakers.open_until(session, 1, [JOOR], later) is None


def test_a_try_that_never_ends_lets_another_through_a_minute_later(sessions: Sessions) -> None:
    with sessions() as session:
        fail(session, 5)
        assert breakers.open_until(session, 1, [JOOR], NOON + MINUTE) is None
        assert breakers.open_until(session, 1, [JOOR], NOON + 2 * MINUTE) is None


def test_the_try_is_not_used_up_while_another_endpoint_still_holds_the_job(sessions: Sessions) -> None:
    with sessions() as session:
        fail(session, 5)
        fail(session, 6, endpoint=AIMS)
        assert breakers.open_until(session, 1, [JOOR, AIMS], NOON + MINUTE) == NOON + 2 * MINUTE
        assert breakers.open_until(session, 1, [JOOR], NOON + MINUTE) is None, "still to be had by a job that needs only this one"


def test_failures_noted_at_once_are_all_counted_and_one_of_many_gets_the_try(sessions: Sessions) -> None:
    let_through: list[datetime | None] = []

    def note() -> None:
        with sessions() as session:
            breakers.failed(session, 1, JOOR, NOON, "HTTP 503")

    def ask() -> None:
        with sessions() as session:
            let_through.append(breakers.open_until(session, 1, [JOOR], NOON + 15 * MINUTE))

    for work in (note, ask):
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with sessions() as session:
        assert session.get_one(Breaker, (1, JOOR)).failures == 8
    assert let_through.count(None) == 1
