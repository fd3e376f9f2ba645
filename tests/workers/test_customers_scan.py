"""Customers from AIMS360: what a scan reads, remembers and asks for (SQLite and PostgreSQL)."""

from collections.abc import Iterator

import pytest
from sqlmodel import select

from models import Job
from models.errors import NotPossible, Synced, Unavailable, Unchanged
from models.jobs import JobState
from tests.workers.customers_world import World


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    made.aims.put("HARB", name="Harbor & Pine")
    made.aims.put("NOIR", name="Maison Noir")
    made.aims.store("HARB", "S1")
    yield made
    made.close()


@pytest.fixture
def read(world: World) -> World:
    """Both systems were read, JOOR has HARB, and nothing is left to do."""
    world.joor.have("HARB")
    world.shows("HARB")
    world.scan()
    world.pass_time(until=world.clock.now().replace(hour=12))
    assert world.cards() == {"HARB": "active"}
    world.aims.calls.clear()
    return world


def reads(world: World) -> list[str]:
    return [call for call in world.aims.calls if not call.startswith("codes")]


# ---- what is read ------------------------------------------------------------------------------------------------------------------------


def test_the_first_scan_reads_all_customers_and_all_stores(world: World) -> None:
    world.scan()
    assert reads(world) == ["all", "all stores"]
    source = world.source("HARB")
    assert (source.name, source.aims_id, source.postal_code, source.status) == ("Harbor & Pine", "ID-HARB", "04101", "Active")
    assert [store["code"] for store in source.stores] == ["S1"]
    assert world.cursor("customers.modified") == world.cursor("customers.full") == world.clock.now()


def test_the_next_scan_asks_what_changed(read: World) -> None:
    read.aims.put("HARB", email="new@shop.example")
    read.later(minutes=5)
    assert isinstance(read.scan(), Synced)
    assert reads(read) == ["since", "all stores"]
    assert read.jobs() == ["HARB"]


def test_a_store_that_changed_is_found_although_its_customer_did_not_change(read: World) -> None:
    read.later(hours=1)
    read.aims.store("HARB", "S2")
    read.scan()
    assert reads(read) == ["since", "all stores"]
    assert [store["code"] for store in read.source("HARB").stores] == ["S1", "S2"]
    assert read.jobs() == ["HARB"]


def test_where_aims360_cannot_say_what_changed_everything_is_read(read: World) -> None:
    read.aims.understands_since = False
    outcome = read.scan()
    assert isinstance(outcome, Unchanged)
    assert "AIMS360 could not say what changed" in outcome.why
    assert reads(read) == ["since", "all", "all stores"]


def test_everything_is_read_once_a_day_because_delta_reads_rest_on_an_assumption(read: World) -> None:
    read.later(hours=12)
    read.scan()
    assert "all" not in read.aims.calls
    read.later(hours=13)
    read.scan()
    assert "all" in read.aims.calls


def test_without_a_list_of_all_stores_those_of_changed_customers_are_read(read: World) -> None:
    read.aims.lists_stores = False
    read.later(hours=1)
    read.aims.put("HARB", email="new@shop.example")
    read.aims.store("HARB", "S2")
    read.scan()
    assert reads(read) == ["since", "all stores", "stores of ID-HARB"]
    assert [store["code"] for store in read.source("HARB").stores] == ["S1", "S2"]


def test_without_a_list_of_all_stores_many_changed_customers_are_read_by_their_exports(
    read: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.customer_scan.STORES_ONE_BY_ONE", 0)
    read.aims.lists_stores = False
    read.later(hours=1)
    read.aims.put("HARB", email="new@shop.example")
    read.aims.store("HARB", "S2")
    read.scan()
    assert reads(read) == ["since", "all stores"]
    assert [store["code"] for store in read.source("HARB").stores] == ["S1"]
    read.work()
    assert reads(read)[2:] == ["customer HARB", "stores of ID-HARB"]
    assert [address.code for address in read.joor.there["HARB"].shipping] == ["S1", "S2"]


def test_an_empty_list_of_all_stores_takes_no_store_away(read: World) -> None:
    read.aims.shops.clear()
    read.scan()
    assert [store["code"] for store in read.source("HARB").stores] == ["S1"]


def test_an_older_reading_never_overwrites_a_newer_one(read: World) -> None:
    read.aims.put("HARB", name="Newer")
    read.export("HARB", fresh=True)
    read.aims.put("HARB", name="Older")
    read.clock.advance(-3600)
    read.scan(full=True)
    assert read.source("HARB").name == "Newer"


def test_what_postgresql_cannot_keep_does_not_stop_a_scan(world: World) -> None:
    world.aims.put("HARB", name="Harbor\x00 \ud800", raw={"note\x00": "a\x00b", "list": [1]})
    world.aims.put("X" * 61)
    outcome = world.scan()
    assert world.source("HARB").name == "Harbor ?"
    assert outcome.result == {"problems": {"account_too_long": 1}}  # type: ignore[union-attr]


def test_a_failure_of_aims360_stores_nothing_and_moves_no_cursor(world: World) -> None:
    world.aims.broken = Unavailable("AIMS360 is away")
    with pytest.raises(Unavailable):
        world.scan()
    assert world.cursor("customers.modified") is None


# ---- gone --------------------------------------------------------------------------------------------------------------------------------


def test_customers_that_a_whole_reading_does_not_have_are_gone(read: World) -> None:
    read.aims.hidden = {"HARB"}
    outcome = read.scan(full=True)
    assert isinstance(outcome, Synced)
    assert "1 are gone from AIMS360: HARB" in outcome.note
    assert read.source("HARB").gone
    read.work()
    (task,) = read.tasks("customer_closed")
    assert task.key == "HARB"
    read.aims.hidden = set()
    read.scan(full=True)
    assert not read.source("HARB").gone
    read.work()
    assert read.tasks("customer_closed") == []


def test_a_reading_of_what_changed_marks_nobody_as_gone(read: World) -> None:
    read.aims.hidden = {"HARB"}
    read.scan()
    assert not read.source("HARB").gone


def test_a_suspiciously_small_reading_is_refused_and_changes_nothing(world: World) -> None:
    for number in range(25):
        world.aims.put(f"C{number}")
    world.scan()
    world.aims.hidden = {f"C{number}" for number in range(20)}
    with pytest.raises(NotPossible, match="Nothing was changed"):
        world.scan(full=True)
    assert not world.source("C1").gone
    world.scan(full=True, allow_empty=True)
    assert world.source("C1").gone


# ---- what is asked for -------------------------------------------------------------------------------------------------------------------


def test_only_customers_that_joor_knows_are_asked_for_unless_all_may_be_new(world: World) -> None:
    world.map("customer", "H-1", "HARB")
    assert world.scan().counts["asked"] == 1  # type: ignore[union-attr]
    assert world.jobs() == ["HARB"]
    world.set(new="all")
    assert "1 are new on JOOR" in world.scan().note  # type: ignore[union-attr]
    assert world.jobs() == ["HARB", "NOIR"]


def test_of_all_new_ones_only_the_orderable_ones_of_the_site_are_asked_for(world: World) -> None:
    world.set(new="all", fields={"division": ["WOMEN"]})
    world.aims.put("HARB", raw={"division": "WOMEN"})
    world.aims.put("NOIR", raw={"division": "MEN"})
    world.aims.put("SHUT", raw={"division": "WOMEN"}, status="No Shipment")
    world.scan()
    assert world.jobs() == ["HARB"]


def test_a_customer_paired_with_a_retailer_without_a_code_is_no_new_one(world: World) -> None:
    world.set(new="all")
    world.map("customer", "retailer:Harbor & Pine/04101", "HARB")
    world.map("customer", "shipping:S9", "NOIR")
    world.scan()
    assert world.jobs() == ["NOIR"]


def test_an_account_whose_name_is_another_ones_code_is_not_asked_for(world: World) -> None:
    world.set(new="all")
    world.map("customer", "HARB", "NOIR")
    world.map("customer", "OTHER", "", ignored=True)
    world.aims.put("OTHER")
    world.scan()
    assert world.jobs() == ["NOIR"]


def test_nothing_is_asked_for_twice_and_nothing_for_what_has_not_changed(read: World) -> None:
    outcome = read.scan(full=True)
    assert isinstance(outcome, Unchanged)
    assert outcome.why == "nothing differs in 1 customers"
    read.aims.put("HARB", raw={"balance": "12.50"})
    assert isinstance(read.scan(), Unchanged), "a field that nothing is made of"
    assert read.source("HARB").row["raw"] == {"balance": "12.50"}


def test_a_changed_pair_asks_for_those_who_use_it(read: World) -> None:
    read.shows("NOIR")
    read.aims.put("NOIR", term_id="t60")
    read.map("term", "N60", "NET60")
    read.joor.have("NOIR")
    read.scan()
    read.pass_time(until=read.clock.now().replace(hour=20))
    assert read.cards() == {"HARB": "active", "NOIR": "active"}
    read.unmap("term", "N60")
    read.map("term", "SIXTY", "NET60")
    read.scan()
    assert read.jobs() == ["NOIR"]


def test_a_blocked_customer_is_asked_for_again_only_when_something_changed(read: World) -> None:
    read.unmap("term", "N30")
    read.aims.put("HARB", email="new@shop.example")
    read.scan()
    read.work()
    assert read.jobs(JobState.BLOCKED) == ["HARB"]
    outcome = read.scan()
    assert isinstance(outcome, Unchanged)
    assert "1 are asked for already, or failed, unchanged since" in outcome.why
    assert read.jobs(JobState.BLOCKED) == ["HARB"]
    read.set(missing_pair="leave_out")
    read.scan()
    assert read.jobs() == ["HARB"]


def test_one_that_joor_still_matches_goes_on_waiting_whatever_scans_find(read: World) -> None:
    read.set(new="all")
    read.review()
    read.scan()
    read.work()
    read.pass_time(until=read.clock.now().replace(hour=15))
    assert read.cards()["NOIR"] == "awaiting"
    with read.session() as session:
        before = session.exec(select(Job.available_at).where(Job.key == "NOIR")).one()
    read.aims.put("NOIR", email="changed@shop.example")
    read.scan()
    with read.session() as session:
        job = session.exec(select(Job).where(Job.key == "NOIR")).one()
    assert (job.state, job.available_at) == (JobState.WAITING, before)


def test_read_only_reads_everything_and_asks_for_nothing(world: World) -> None:
    world.map("customer", "H-1", "HARB")
    outcome = world.scan(read_only=True, full=True)
    assert isinstance(outcome, Unchanged)
    assert outcome.why == "2 customers read, 2 of them new or changed; nothing was asked for"
    assert world.jobs() == []
    assert not [call for call in world.aims.calls if call.startswith("codes")]
    world.scan()
    assert world.jobs() == ["HARB"]


def test_a_dry_run_counts_shows_the_first_and_stores_nothing(world: World) -> None:
    world.map("customer", "H-1", "HARB")
    world.set(new="all")
    outcome = world.scan(dry_run=True)
    assert isinstance(outcome, Unchanged)
    assert outcome.why == "dry run: 2 of 2 customers would be looked at, 1 of them new on JOOR"
    assert outcome.result is not None
    assert outcome.result["first"] == [{"account": "HARB", "why": "differs"}, {"account": "NOIR", "why": "new on JOOR"}]
    assert world.jobs() == []
    assert world.jobs(dry_run=True) == ["HARB", "NOIR"]
    assert world.cursor("customers.modified") is None


def test_a_crash_in_the_middle_is_made_good_by_the_next_scan(world: World) -> None:
    world.map("customer", "H-1", "HARB")
    for where in ("after_http_before_record", "mid_batch"):
        world.dying(where, world.scan)
        assert world.cursor("customers.modified") is None
    world.scan()
    assert world.jobs() == ["HARB"]
