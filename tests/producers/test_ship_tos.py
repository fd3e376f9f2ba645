"""Deciding on ship-tos that came with orders."""

from collections.abc import Iterator

import pytest
from sqlmodel import col, select

from models import AuditEntry, CustomerSource, Job, ManualTask, ShipToOffer, Site
from models.errors import NotPossible
from models.jobs import JobKind, JobState
from producers import ship_tos
from runtime.clock import FrozenClock
from runtime.db import Sessions, make_engine, session_factory
from tests.workers.orders_cast import NOON

CLOCK = FrozenClock(NOON)


@pytest.fixture
def sessions(sqlite_url: str) -> Iterator[Sessions]:
    """HARB has the stores 0001 and BATH; two ship-tos of it are offered, one of OAK on another site."""
    engine = make_engine(sqlite_url)
    made = session_factory(engine)
    with made() as session:
        for key in ("us", "eu"):
            session.add(
                Site(
                    key=key, is_sandbox=True, joor_api_url="https://j.test", aims_api_url="https://a.test", created_at=NOON, updated_at=NOON
                )
            )
        session.flush()
        stores = [{"code": "0001"}, {"code": "BATH"}]
        session.add(CustomerSource(site_id=1, account="HARB", aims_id="h", row={}, stores=stores, digest="d", read_at=NOON))
        session.add_all([offer(1, "HARB", "a"), offer(1, "HARB", "b", joor_code="DOOR9"), offer(2, "OAK", "c")])
        session.add(ManualTask(site_id=1, data_type="orders", kind="ship_to", key="HARB|a", summary="A new ship-to", created_at=NOON))
    yield made
    engine.dispose()


def offer(site_id: int, account: str, digest: str, **more: str) -> ShipToOffer:
    place = {"name": "Bath", "address1": "1 New Rd", "city": "Bath"}
    return ShipToOffer(site_id=site_id, account=account, digest=digest, address=place, orders=["7700123"], created_at=NOON, **more)


def accept(sessions: Sessions, offer_id: int = 1, code: str = "") -> str:
    with sessions() as session:
        ship_tos.accept(session, "us", offer_id, "anna", store_code=code, clock=CLOCK)
        return session.get_one(ShipToOffer, offer_id).store_code


def jobs(sessions: Sessions) -> list[Job]:
    with sessions() as session:
        return list(session.exec(select(Job).order_by(col(Job.id))).all())


def test_accepting_asks_for_one_job_and_leaves_an_audit_row(sessions: Sessions) -> None:
    assert accept(sessions, code="PORT") == "PORT"
    assert accept(sessions, code="PORT") == "PORT"
    (job,) = jobs(sessions)
    assert (job.kind, job.key, job.payload) == ("customers.store", "1", {"account": "HARB", "store": "PORT"})
    with sessions() as session:
        made = session.get_one(ShipToOffer, 1)
        entry = session.exec(select(AuditEntry).order_by(col(AuditEntry.id))).first()
    assert (made.state, made.decided_by, made.decided_at) == ("accepted", "anna", NOON)
    assert entry is not None
    assert (entry.action, entry.actor, entry.subject) == ("ship_tos.accept", "anna", "ship-to 1 of customer HARB")
    assert entry.after == {"state": "accepted", "store_code": "PORT"}


def test_without_a_code_it_is_joors_or_the_next_free_number(sessions: Sessions) -> None:
    assert accept(sessions, 2) == "DOOR9"
    assert accept(sessions, 1) == "0002"
    with sessions() as session:
        third = offer(1, "HARB", "d", joor_code="BATH")
        session.add(third)
        session.flush()
        number = third.id or 0
    assert accept(sessions, number) == "0003"  # JOOR's code is a store's already, 0002 was promised to another ship-to


@pytest.mark.parametrize("code", ["BATH", "0001"])
def test_a_code_that_is_taken_is_refused_with_a_free_one(sessions: Sessions, code: str) -> None:
    with pytest.raises(NotPossible, match=f"has a store {code} already") as refused:
        accept(sessions, code=code)
    assert "joorsync ship-tos accept 1 --code 0002 --site us" in refused.value.fix[0]
    assert jobs(sessions) == []


def test_a_code_promised_to_another_ship_to_is_taken_too(sessions: Sessions) -> None:
    accept(sessions, 2)
    with pytest.raises(NotPossible, match="has a store DOOR9 already"):
        accept(sessions, 1, "DOOR9")


@pytest.mark.parametrize("code", ["x" * 41, "A\tB"])
def test_a_code_that_cannot_be_one_is_refused(sessions: Sessions, code: str) -> None:
    with pytest.raises(NotPossible, match="is not a store code"):
        accept(sessions, code=code)


def test_an_accepted_one_keeps_its_code_when_it_is_looked_up_again(sessions: Sessions) -> None:
    accept(sessions, code="PORT")
    with sessions() as session:
        session.get_one(CustomerSource, (1, "HARB")).stores = [{"code": "PORT"}]
    assert accept(sessions) == "PORT"
    assert accept(sessions, code="PORT") == "PORT"


def test_refusing_ends_the_task_and_the_job_that_has_not_started(sessions: Sessions) -> None:
    accept(sessions)
    with sessions() as session:
        ship_tos.refuse(session, "us", 1, "ben", reason="one order only", clock=CLOCK)
    with sessions() as session:
        task = session.exec(select(ManualTask)).one()
        assert session.get_one(ShipToOffer, 1).state == "refused"
    assert (task.done_by, jobs(sessions)[0].state) == ("ben", JobState.CANCELLED)
    assert accept(sessions) == "0002"  # a person may change his mind


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.UNKNOWN])
def test_one_that_is_being_added_is_neither_refused_nor_given_another_code(sessions: Sessions, state: JobState) -> None:
    accept(sessions)
    with sessions() as session:
        session.exec(select(Job).where(Job.kind == JobKind.CUSTOMERS_STORE.value)).one().state = state
    with sessions() as session, pytest.raises(NotPossible, match="is being added"):
        ship_tos.refuse(session, "us", 1, "ben", clock=CLOCK)
    with pytest.raises(NotPossible, match="is being added"):
        accept(sessions, code="OTHER")


def test_an_added_one_is_decided(sessions: Sessions) -> None:
    with sessions() as session:
        found = session.get_one(ShipToOffer, 1)
        found.state, found.store_code = "added", "0002"
    for decide in (ship_tos.accept, ship_tos.refuse):
        with sessions() as session, pytest.raises(NotPossible, match="is store 0002 of customer HARB already"):
            decide(session, "us", 1, "ben", clock=CLOCK)


def test_ship_tos_of_other_sites_and_unknown_ones_are_named(sessions: Sessions) -> None:
    for number in (3, 99):
        with pytest.raises(NotPossible, match=f"Site us has no ship-to {number}"):
            accept(sessions, number)


def test_the_list_has_what_waits_and_with_all_the_rest(sessions: Sessions) -> None:
    with sessions() as session:
        ship_tos.refuse(session, "us", 1, "ben", clock=CLOCK)
    with sessions() as session:
        assert [row.id for row in ship_tos.listing(session, "us", False)] == [2]
        assert [row.id for row in ship_tos.listing(session, "", False)] == [2, 3]
        assert [row.id for row in ship_tos.listing(session, "us", True)] == [1, 2]
