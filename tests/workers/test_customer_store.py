"""A new ship-to: offered with every order that went there, added to the AIMS360 customer when a person says so, never made twice."""

from dataclasses import replace

import pytest
from sqlmodel import col, select

from clients.aims360.types import Store
from models.customers import ShipToOffer
from models.errors import AccessDenied, NotPossible, OutcomeUnknown, Rejected, Unavailable
from models.jobs import Job, JobKind, JobState
from models.lookups import Lookup
from models.mappings import Mapping
from models.outbox import Ask, add_jobs
from producers import ship_tos
from tests.workers.orders_cast import NOON, Bench, Died, guid, raw_order

BATH = {"shipping_address_1": "1 New Rd", "shipping_city": "Bath", "shipping_postal_code": "04530"}


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def to_bath(bench, order_id=7700123, code=""):
    bench.joor.put(raw_order(order_id, shipping_code=code, **BATH))
    bench.scan()


def offer(bench):
    with bench.sessions() as session:
        return session.exec(select(ShipToOffer)).one()


def accept(bench, code=""):
    bench.act(ship_tos.accept, 1, "anna", store_code=code)
    bench.work()
    return bench.jobs(JobKind.CUSTOMERS_STORE)[-1]


def store_pairs(bench):
    with bench.sessions() as session:
        return {row.joor_code: row.aims_code for row in session.exec(select(Mapping).where(Mapping.kind == "store"))}


def task(bench):
    (found,) = bench.tasks("ship_to")
    return found


# ---- offering -----------------------------------------------------------------------------------------------------------------------


def test_a_new_ship_to_is_offered_once_with_every_order_and_one_task_names_the_command(bench):
    to_bath(bench)
    to_bath(bench, 7700124)
    made = offer(bench)
    assert (made.account, made.orders, made.state, made.joor_code) == ("HARB", ["7700123", "7700124"], "open", "")
    assert made.address["address1"] == "1 New Rd"
    assert task(bench).summary == "Customer HARB has no store at: Harbor & Pine, 1 New Rd, Bath, ME, 04530"
    assert task(bench).steps == [
        "To add it to the customer: joorsync ship-tos accept 1 --code CODE --site us (without --code it gets the next free number)",
        "If the address was meant for one order only: joorsync ship-tos refuse 1 --site us",
    ]


def test_a_shipping_code_of_joor_is_suggested(bench):
    to_bath(bench, code="DOOR9")
    assert 'accept 1 --code "DOOR9" --site us' in task(bench).steps[0]


def test_a_store_that_a_person_has_added_meanwhile_ends_the_offer(bench):
    to_bath(bench)
    bench.aims.store_rows.append(bath_store("0009"))
    bench.clock.advance(3600)
    to_bath(bench, 7700124)
    assert bench.aims.orders[1]["store"] == {"customerStoreID": guid("0009")}
    assert (offer(bench).state, task(bench).done_by) == ("added", "joorsync (ship-to added: found in AIMS360)")


def test_a_refused_ship_to_is_not_offered_again(bench):
    to_bath(bench)
    bench.act(ship_tos.refuse, 1, "anna")
    to_bath(bench, 7700124)
    assert (offer(bench).state, offer(bench).orders, task(bench).done_by) == ("refused", ["7700123", "7700124"], "anna")


# ---- adding -------------------------------------------------------------------------------------------------------------------------


def bath_store(code, **more):
    return replace(Store(guid(code), guid("HARB"), code, "Bath", "1 New Rd", "", "Bath", "ME", "04530", guid("US")), **more)


def test_an_accepted_ship_to_is_added_and_the_next_order_goes_to_the_store(bench):
    to_bath(bench)
    job = accept(bench, "BATH")
    assert (job.state, job.note) == (JobState.SUCCEEDED, "Store BATH was added to customer HARB in AIMS360")
    assert (offer(bench).state, offer(bench).store_code) == ("added", "BATH")
    assert task(bench).done_at is not None
    made = bench.aims.store_rows[-1]
    assert (made.code, made.address1, made.zip_code, made.country_id) == ("BATH", "1 New Rd", "04530", guid("US"))
    with bench.sessions() as session:
        assert session.exec(select(Lookup).where(Lookup.kind == "store")).all() == []
    to_bath(bench, 7700124)
    assert bench.aims.orders[1]["store"] == {"customerStoreID": made.id}


def test_joors_shipping_code_is_paired_with_a_store_of_another_code(bench):
    to_bath(bench, code="DOOR9")
    accept(bench, "0007")
    assert store_pairs(bench) == {"HARB|DOOR9": "HARB|0007"}
    bench.joor.put(raw_order(7700124, shipping_code="DOOR9", **(BATH | {"shipping_address_1": "One New Road"})))
    bench.scan()
    assert bench.aims.orders[1]["store"] == {"customerStoreID": bench.aims.store_rows[-1].id}


def test_a_store_with_joors_own_code_needs_no_pair(bench):
    to_bath(bench, code="DOOR9")
    accept(bench)
    assert (offer(bench).store_code, store_pairs(bench)) == ("DOOR9", {})


def test_a_store_at_that_address_is_taken_whatever_its_code(bench):
    to_bath(bench, code="DOOR9")
    bench.aims.store_rows.append(bath_store("0009", address1="1 NEW RD."))
    job = accept(bench)
    assert (job.state, bench.aims.faults.count("create_store")) == (JobState.UNCHANGED, 0)
    assert (offer(bench).state, offer(bench).store_code, store_pairs(bench)) == ("added", "0009", {"HARB|DOOR9": "HARB|0009"})


def test_a_code_of_another_address_is_not_taken_for_it_and_goes_back_to_the_person(bench):
    to_bath(bench)
    bench.aims.store_rows.append(bath_store("0009", address1="77 Far St", city="Rome"))
    job = accept(bench, "0009")
    assert (job.state, offer(bench).state) == (JobState.FAILED, "open")
    assert "Store 0009 of customer HARB is another address: 77 Far St, Rome" in job.error_summary
    assert task(bench).done_at is None
    assert accept(bench, "0010").state == JobState.SUCCEEDED


def test_a_closed_store_at_that_address_has_to_be_opened(bench):
    to_bath(bench)
    bench.aims.store_rows.append(bath_store("0009", active=False))
    job = accept(bench)
    assert (job.state, offer(bench).state) == (JobState.FAILED, "accepted")
    assert job.error_fix[0] == "Open store 0009 of customer HARB in AIMS360."
    bench.aims.store_rows[-1] = bath_store("0009")
    assert accept(bench).state == JobState.UNCHANGED
    assert offer(bench).state == "added"


@pytest.mark.parametrize(
    "error", [None, NotPossible("AIMS360 has no such call (HTTP 404)"), Rejected("no", remote_message="name too long")]
)
def test_where_aims360_adds_no_stores_a_person_has_the_clicks_and_says_when_it_is_done(bench, error):
    to_bath(bench)
    if error is None:
        bench.aims.can_add_stores = False
    else:
        bench.aims.faults.next("create_store", error)
    job = accept(bench, "BATH")
    clicks = [
        "Open customer HARB in AIMS360 and add store BATH: Harbor & Pine, 1 New Rd, Bath, ME, 04530.",
        'Then: joorsync ship-tos accept 1 --code "BATH" --site us (it is looked up and noted)',
    ]
    assert (job.state, job.error_kind, job.error_fix, task(bench).steps) == (JobState.FAILED, "not_possible", clicks, clicks)
    assert (offer(bench).state, offer(bench).words) == ("accepted", job.error_summary)
    bench.aims.store_rows.append(bath_store("BATH"))
    assert accept(bench, "BATH").state == JobState.UNCHANGED
    assert (offer(bench).state, task(bench).done_at is None) == ("added", False)


# ---- lost answers and dying processes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", ["1 New Rd", "somewhere else"])
@pytest.mark.parametrize("after", [True, False])
def test_a_create_whose_answer_is_lost_is_looked_up(bench, after, shown):
    to_bath(bench)
    bench.aims.faults.next("create_store", OutcomeUnknown("timed out"), after=after)
    assert accept(bench, "BATH").state == JobState.UNKNOWN
    bench.aims.store_rows = [replace(row, address1=shown) if row.code == "BATH" else row for row in bench.aims.store_rows]
    bench.later(hours=1)
    assert [row.code for row in bench.aims.store_rows] == ["STORE1", "BATH"]
    assert (offer(bench).state, bench.aims.faults.count("create_store")) == ("added", 1 if after else 2)


def test_dying_after_the_create_makes_no_second_store(bench):
    to_bath(bench)
    bench.crash = "after_http_before_record"
    with pytest.raises(Died):
        accept(bench, "BATH")
    bench.later(hours=1)
    assert ([row.code for row in bench.aims.store_rows], offer(bench).state) == (["STORE1", "BATH"], "added")


@pytest.mark.parametrize("error", [Unavailable("503"), AccessDenied("401")])
def test_a_create_that_surely_did_not_happen_leaves_no_doubt(bench, error):
    to_bath(bench)
    bench.aims.faults.next("create_store", error)
    accept(bench, "BATH")
    assert (offer(bench).state, offer(bench).words) == ("accepted", "")


def test_stores_that_cannot_be_looked_up_are_never_created(bench):
    to_bath(bench)
    bench.aims.faults.next("stores", NotPossible("AIMS360 has no list of stores"))
    assert accept(bench, "BATH").state == JobState.FAILED
    assert bench.aims.faults.count("create_store") == 0


def test_a_dry_run_adds_nothing(bench):
    to_bath(bench)
    bench.act(ship_tos.accept, 1, "anna", store_code="BATH")
    with bench.sessions() as session:
        add_jobs(session, 1, [Ask(JobKind.CUSTOMERS_STORE, "1")], now=NOON, dry_run=True)
        session.delete(session.exec(select(Job).where(Job.kind == JobKind.CUSTOMERS_STORE.value, col(Job.dry_run).is_(False))).one())
    bench.work()
    assert bench.jobs(JobKind.CUSTOMERS_STORE)[0].note == "dry run: store BATH of customer HARB would be added"
    assert (offer(bench).state, bench.aims.faults.count("create_store")) == ("accepted", 0)


def test_a_customer_that_is_gone_is_named(bench):
    to_bath(bench)
    del bench.aims.customers["HARB"]
    job = accept(bench)
    assert (job.state, job.error_summary) == (JobState.FAILED, "AIMS360 has no customer HARB")
