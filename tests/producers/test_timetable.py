"""The timetable asks for what is due, once whoever looks, and takes up a changed schedule with its next round."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from models import Job, Site
from models.cursors import Cursor
from models.errors import NotPossible
from models.jobs import DataType, JobKind
from producers import inventory, timetable
from producers.requests import resolve_site
from runtime.clock import FrozenClock
from runtime.db import Sessions, make_engine, session_factory

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NEVER = {f"{name}_minutes": None for name in DataType}


class Hall:
    """Sites with a timetable, and a clock."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self.sessions: Sessions = session_factory(self.engine)
        self.clock = FrozenClock(NOON)

    def site(self, key: str = "us", **schedule: Any) -> None:
        with self.sessions() as session:
            site = Site(
                key=key,
                is_sandbox=True,
                joor_api_url="https://joor.test",
                aims_api_url="https://aims.test",
                created_at=NOON,
                updated_at=NOON,
            )
            site.schedule = NEVER | schedule
            session.add(site)

    def schedule(self, key: str = "us", **schedule: Any) -> None:
        with self.sessions() as session:
            site = resolve_site(session, key)
            site.schedule = NEVER | schedule
            session.add(site)

    def round(self, minutes: float = 0) -> int:
        self.clock.advance(minutes * 60)
        return timetable.tick(self.sessions, self.clock)

    def kinds(self) -> list[str]:
        with self.sessions() as session:
            return sorted(session.exec(select(Job.kind)).all())

    def next(self, data_type: DataType, key: str = "us") -> datetime | None:
        with self.sessions() as session:
            return timetable.next_times(session, resolve_site(session, key), self.clock.now())[data_type]


@pytest.fixture
def hall(sqlite_url: str) -> Iterator[Hall]:
    made = Hall(sqlite_url)
    yield made
    made.engine.dispose()


def test_minutes_are_due_at_once_and_then_each_time_they_have_passed(hall: Hall) -> None:
    hall.site(inventory_minutes=15)
    assert hall.round() == 1
    assert [hall.round(5), hall.round(5), hall.round(5)] == [0, 0, 1]
    assert hall.kinds() == [JobKind.INVENTORY_SCAN], "asked for twice while the first waits is one job"
    assert hall.next(DataType.INVENTORY) == hall.clock.now() + timedelta(minutes=15)


def test_a_cron_line_is_not_due_before_its_time(hall: Hall) -> None:
    hall.site(styles_cron="30 12 * * *")
    assert hall.round() == 0
    assert hall.next(DataType.STYLES) == NOON + timedelta(minutes=30)
    assert hall.round(30) == 1
    assert hall.next(DataType.STYLES) == NOON + timedelta(days=1, minutes=30)


def test_every_data_type_that_can_be_asked_for_has_a_time(hall: Hall) -> None:
    hall.site()
    hall.schedule(**{f"{name}_minutes": 60 for name in DataType})
    assert hall.round() == len(timetable.REQUESTS)


def test_a_changed_schedule_takes_effect_with_the_next_round(hall: Hall) -> None:
    hall.site(inventory_minutes=600)
    hall.round()
    hall.schedule(inventory_minutes=20)
    assert hall.next(DataType.INVENTORY) == NOON + timedelta(minutes=20), "counted from the last tick"
    assert [hall.round(10), hall.round(10)] == [0, 1]
    hall.schedule(inventory_cron="0 13 * * *", inventory_minutes=20)
    assert hall.round(1) == 0
    assert hall.next(DataType.INVENTORY) == NOON + timedelta(hours=1)
    hall.schedule()
    assert (hall.round(600), hall.next(DataType.INVENTORY)) == (0, None)


def test_what_is_switched_off_is_not_asked_for_until_it_is_on_again(hall: Hall) -> None:
    hall.site(inventory_minutes=10, off=["inventory"])
    assert hall.round() == 0
    hall.schedule(inventory_minutes=10)
    assert hall.round(1) == 1


def test_quiet_hours_hold_back_even_the_first_time(hall: Hall) -> None:
    hall.site(inventory_minutes=10, orders_minutes=10, quiet_hours="11:00-12:20")
    assert hall.round() == 1
    assert hall.kinds() == [JobKind.ORDERS_SCAN]
    assert hall.next(DataType.INVENTORY) == NOON + timedelta(minutes=20)
    hall.round(20)
    assert JobKind.INVENTORY_SCAN in hall.kinds()


def test_a_paused_site_keeps_one_tick_for_later(hall: Hall) -> None:
    hall.site(inventory_minutes=10)
    hall.round()
    with hall.sessions() as session:
        resolve_site(session, "us").paused_at = NOON
    assert hall.round(60) == 0
    with hall.sessions() as session:
        resolve_site(session, "us").paused_at = None
    assert [hall.round(), hall.round()] == [1, 0]


def test_a_time_kept_by_an_earlier_version_is_not_lost(hall: Hall) -> None:
    hall.site(inventory_minutes=15)
    with hall.sessions() as session:
        session.add(Cursor(site_id=resolve_site(session, "us").id or 0, name="timetable.inventory", at=NOON + timedelta(minutes=4)))
    assert [hall.round(), hall.round(4)] == [0, 1]


def test_what_one_site_refuses_keeps_no_other_from_being_asked(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    hall.site("eu", inventory_minutes=10)
    hall.site("us", inventory_minutes=10)

    def request(session: Any, site: Site, **about: Any) -> Any:
        run = inventory.request(session, site, **about)
        if site.key == "eu":
            raise NotPossible("not today")
        return run

    monkeypatch.setitem(timetable.REQUESTS, DataType.INVENTORY, request)
    assert hall.round() == 1
    with hall.sessions() as session:
        assert session.exec(select(Site.key).join(Job, Job.site_id == Site.id)).all() == ["us"], "nothing of the refused one is left"


def test_a_schedule_of_another_version_keeps_no_other_site_from_being_asked(hall: Hall) -> None:
    hall.site("eu", of_tomorrow=1)
    hall.site("us", inventory_minutes=10)
    assert hall.round() == 1


def test_of_several_processes_one_wins_each_tick(database_url: str) -> None:
    hall = Hall(database_url)
    try:
        hall.site(inventory_minutes=10, orders_minutes=10)
        for _ in range(2):  # the first round makes the rows, the second moves them
            gate, taken = threading.Barrier(4), []

            def look(gate: threading.Barrier = gate, taken: list[int] = taken) -> None:
                gate.wait()
                with hall.sessions() as session:
                    taken.append(len(timetable.due(session, hall.clock)))

            threads = [threading.Thread(target=look) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sum(taken) == 2
            hall.clock.advance(600)
    finally:
        hall.engine.dispose()


# ---- switched off --------------------------------------------------------------------------------------------------------------------


def test_nobody_can_ask_for_what_is_switched_off_but_a_dry_run_may_look(hall: Hall) -> None:
    hall.site(off=["inventory", "styles"])
    with hall.sessions() as session:
        with pytest.raises(NotPossible, match="Inventory is switched off for site us") as caught:
            inventory.request(session, "us")
        assert caught.value.fix[0] == 'Switch it on: joorsync sites set us --schedule "off=styles"'
        inventory.request(session, "us", dry_run=True)
    with hall.sessions() as session:
        assert [job.dry_run for job in session.exec(select(Job))] == [True]
