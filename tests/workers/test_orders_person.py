"""What a person may do with a downloaded order, and what is refused in words; each leaves an audit row."""

import pytest
from sqlmodel import select

from models.audit import AuditEntry
from models.errors import NotPossible, OutcomeUnknown
from models.jobs import JobState
from producers import orders
from tests.workers.orders_cast import Bench, raw_order


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def blocked(bench):
    bench.joor.put(raw_order(payment_method_code="NET45"))
    bench.scan()
    return bench


def audit(bench):
    with bench.sessions() as session:
        return [(entry.action, entry.actor) for entry in session.exec(select(AuditEntry)).all()]


def test_a_removed_order_stays_out_until_it_is_fetched_again(blocked):
    blocked.act(orders.remove, "7700123", "anna")
    assert (blocked.order().state, blocked.jobs()[0].state) == ("removed", JobState.CANCELLED)
    blocked.joor.edit("7700123", blocked.clock.now(), payment_method_code="N30")
    blocked.clock.advance(60)
    blocked.scan()
    assert (blocked.order().state, blocked.aims.orders) == ("removed", [])
    blocked.act(orders.fetch_again, "7700123", "ben")
    blocked.work()
    assert blocked.order().state == "imported"
    assert audit(blocked) == [("orders.remove", "anna"), ("orders.fetch_again", "ben")]


def test_asking_for_a_removed_order_by_key_does_not_bring_it_back(blocked):
    blocked.act(orders.remove, "7700123", "anna")
    blocked.act(orders.request, keys=["7700123"])
    blocked.work()
    assert "removed here by a person" in blocked.jobs()[-1].note


def test_an_imported_or_doubtful_order_cannot_be_removed(bench):
    bench.joor.put(raw_order())
    bench.joor.put(raw_order(7700124))
    bench.aims.faults.plan["create_order"] = [("", None), ("before", OutcomeUnknown("timed out"))]
    bench.scan()
    with pytest.raises(NotPossible, match="it is in AIMS360, as order 100001"):
        bench.act(orders.remove, "7700123", "anna")
    with pytest.raises(NotPossible, match="not settled"):
        bench.act(orders.remove, "7700124", "anna")
    with pytest.raises(NotPossible, match="already"):
        bench.act(orders.fetch_again, "7700123", "anna")
    assert audit(bench) == []


def test_unknown_sites_orders_and_parts_are_named(blocked):
    with blocked.sessions() as session, pytest.raises(NotPossible, match="no site 'mars'"):
        orders.request(session, "mars", clock=blocked.clock)
    with pytest.raises(NotPossible, match="not stored") as refused:
        blocked.act(orders.remove, "42", "anna")
    assert refused.value.fix == ["Fetch it: joorsync enqueue orders --site us --key 42"]
    with pytest.raises(NotPossible, match="no part"):
        blocked.act(orders.adopt, "7700123", "JOOR-1", "100001", "anna")
    with pytest.raises(NotPossible, match="does not wait for its total"):
        blocked.act(orders.accept_total, "7700123", "anna")


def test_one_aims360_order_is_not_adopted_twice(bench):
    bench.joor.put(raw_order())
    bench.joor.put(raw_order(7700124))
    bench.aims.faults.plan["create_order"] = [("", None), ("before", OutcomeUnknown("timed out"))]
    bench.scan()
    with pytest.raises(NotPossible, match="belongs to JOOR-7700123"):
        bench.act(orders.adopt, "7700124", "JOOR-7700124", "100001", "anna")
    with pytest.raises(NotPossible, match="is AIMS360 order 100001 already"):
        bench.act(orders.adopt, "7700123", "JOOR-7700123", "100009", "anna")


def test_a_request_names_each_order_once_and_says_who_asked(bench):
    run = bench.act(orders.request, keys=["7", " 7", "8"], reason="customer calls", requested_by="anna")
    assert (run.reason, run.requested_by, run.data_type) == ("customer calls", "anna", "orders")
    assert [(job.key, job.payload, job.run_id) for job in bench.jobs()] == [("7", {"fetch": True}, run.id), ("8", {"fetch": True}, run.id)]
