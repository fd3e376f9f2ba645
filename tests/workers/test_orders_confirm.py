"""Telling JOOR: every order its own answer, once, in the words that hold now."""

from datetime import timedelta

import pytest

from models.errors import Unavailable
from models.jobs import JobKind, JobState
from models.settings import OrderSettings
from tests.workers.orders_cast import NOON, Bench, Died, line, raw_order


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def confirm_jobs(bench):
    return bench.jobs(JobKind.ORDERS_CONFIRM)


def test_orders_are_told_in_batches_of_a_hundred(bench):
    for number in range(130):
        bench.joor.put(raw_order(7700000 + number))
    bench.scan()
    assert bench.joor.faults.count("set_export_states") == 2
    assert {row.export_state for row in bench.rows()} == {"SUCCESS"}
    assert len(bench.joor.told) == 130


def test_an_order_joor_refuses_is_reported_and_the_others_are_recorded(bench):
    bench.joor.refuses["7700124"] = "order is deleted"
    for number in (7700123, 7700124):
        bench.joor.put(raw_order(number))
    bench.scan()
    job = confirm_jobs(bench)[0]
    assert (job.state, bench.order("7700123").export_state, bench.order("7700124").export_state) == (
        JobState.FAILED,
        "SUCCESS",
        "UNDEFINED",
    )
    assert "order 7700124: order is deleted" in job.error_summary
    bench.joor.refuses = {}
    bench.clock.advance(1200)
    bench.joor.put(raw_order(7700125))
    bench.scan()
    assert {row.export_state for row in bench.rows()} == {"SUCCESS"}


def test_words_are_told_again_only_when_they_change(bench):
    bench.joor.put(raw_order(payment_method_code="NET45"))
    bench.scan()
    first = bench.joor.told[0]
    bench.clock.advance(60)
    bench.joor.edit("7700123", bench.clock.now(), customer_purchase_order="PO-9")
    bench.clock.advance(60)
    bench.scan()
    assert bench.joor.told == [first]
    bench.joor.edit("7700123", bench.clock.now(), payment_method_code="NET60")
    bench.clock.advance(60)
    bench.scan()
    assert "NET60" in bench.joor.told[1].description


def test_dying_after_joor_was_told_tells_it_once_more_and_no_harm_is_done(bench):
    bench.joor.put(raw_order())
    bench.aims.faults.next("create_order", Unavailable("busy"))
    bench.scan()
    bench.clock.advance(3600)
    bench.crash = None
    bench.later(hours=1)
    assert bench.order().export_state == "SUCCESS"
    bench.joor.put(raw_order(7700124))
    original = bench._hit

    def die_in_confirm(name):
        if name == "after_http_before_record" and bench.joor.faults.calls[-1] == "set_export_states":
            bench.runner._hit = original
            raise Died(name)

    bench.runner._hit = die_in_confirm
    with pytest.raises(Died):
        bench.scan()
    assert bench.order("7700124").export_state == "UNDEFINED"
    bench.later(hours=1)
    assert bench.order("7700124").export_state == "SUCCESS"


def test_a_site_that_does_not_write_back_tells_nothing(bench):
    bench.settings = OrderSettings(confirm_export=False)
    bench.joor.put(raw_order())
    bench.scan()
    assert (bench.order().state, bench.joor.told, confirm_jobs(bench)) == ("imported", [], [])


def test_the_v2_token_alone_marks_a_window_of_one_second_after_storing_what_is_in_it(bench):
    bench.joor.v4 = False
    bench.joor.put(raw_order())
    bench.scan()
    approved = NOON - timedelta(hours=3)
    assert bench.joor.marked_windows == [(approved, approved + timedelta(seconds=1))]
    assert (bench.joor.exported, bench.order().export_state) == ({"7700123": "SUCCESS"}, "SUCCESS")


def test_an_order_that_shares_the_second_is_stored_before_it_is_marked(bench):
    bench.joor.v4 = False
    bench.joor.put(raw_order())
    bench.joor.faults.next("mark_exported", Unavailable("no answer"), after=True)

    def newcomer(name):
        if name == "after_http_before_record":
            bench.joor.orders.setdefault("7700124", raw_order(7700124))

    bench.runner._hit = newcomer  # it appears while the first order is being created
    bench.scan()
    assert bench.joor.exported["7700124"] == "SUCCESS"
    bench.later(hours=1)
    assert {row.joor_order_id: row.state for row in bench.rows()} == {"7700123": "imported", "7700124": "imported"}
    assert {row.export_state for row in bench.rows()} == {"SUCCESS"}


def test_a_failure_cannot_be_told_with_the_v2_token_and_is_recorded_as_such(bench):
    bench.joor.v4 = False
    bench.joor.put(raw_order(7700123, line(quantity=-1)))
    bench.scan()
    order = bench.order()
    assert (order.export_wanted, order.export_state, bench.joor.marked_windows) == ("FAILED", "UNDEFINED", [])
    assert "1 cannot be told" in confirm_jobs(bench)[0].note


def test_a_fresh_modification_is_confirmed_only_when_its_second_lies_back(bench):
    bench.joor.v4 = False
    bench.joor.put(raw_order(), NOON - timedelta(seconds=5))
    bench.scan()
    assert (confirm_jobs(bench)[0].state, bench.joor.marked_windows) == (JobState.WAITING, [])
    bench.later(seconds=90)
    assert bench.order().export_state == "SUCCESS"


def test_an_order_exported_by_somebody_else_meanwhile_is_not_marked_for_ever(bench):
    bench.joor.v4 = False
    bench.joor.put(raw_order())
    bench.joor.put(raw_order(7700124, payment_method_code="NET45"))
    bench.scan()
    bench.joor.put(raw_order(7700125), NOON - timedelta(hours=1))
    bench.runner._hit = lambda name: bench.joor.exported.update({"7700125": "SUCCESS"}) if name == "after_http_before_record" else None
    bench.clock.advance(60)
    bench.scan()
    assert bench.order("7700125").export_state == "SUCCESS"
    assert bench.joor.faults.count("order") == 1
