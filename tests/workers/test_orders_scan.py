"""Finding orders: nothing lost, nothing asked twice, edits and cancellations seen."""

from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlmodel import select

from clients.joor.types import OrdersPage
from models.cursors import Cursor
from models.errors import Unavailable
from models.jobs import Job, JobKind, JobState
from models.settings import OrderSettings
from producers import orders
from tests.workers.orders_cast import NOON, Bench, line, raw_order
from workers.order_scan import CURSOR


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def edit(bench, order_id="7700123", **changes):
    """An edit on JOOR a minute after the last thing that happened, seen by a scan a minute later."""
    bench.clock.advance(60)
    bench.joor.edit(order_id, bench.clock.now(), **changes)
    bench.clock.advance(60)
    return bench.scan()


@pytest.mark.parametrize(("statuses", "code"), [("approved", 6), ("shipped", 7), ("both", 2)])
def test_the_request_filter_is_joors_request_code_not_the_one_inside_orders(bench, statuses, code):
    bench.settings = OrderSettings(statuses=statuses)
    bench.scan()
    assert bench.joor.pages == [{"order_type": code, "export_status": 5, "start": 0, "from": None}]


def test_every_page_is_read_and_each_order_asked_for_once(bench):
    bench.settings = OrderSettings(page_size=3)
    for number in range(8):
        bench.joor.put(raw_order(7700000 + number))
    job = bench.scan()
    assert [page["start"] for page in bench.joor.pages if page["order_type"] == 2] == [0, 3, 6]
    assert job.counts["new"] == 8
    assert len({body["thirdPartyOrderID"] for body in bench.aims.orders}) == len(bench.aims.orders) == 8


def test_a_second_scan_of_the_same_orders_writes_nothing_but_its_cursor(bench):
    bench.joor.put(raw_order())
    bench.joor.put(raw_order(7700124, payment_method_code="NET45"))
    bench.scan()
    bench.clock.advance(60)
    written = []

    def note(_connection, _cursor, statement, *_rest):
        words = statement.split()
        if words[0] in ("INSERT", "UPDATE", "DELETE") and not {"job", "attempt", "run", "cursor", "breaker"} & set(words[:4]):
            written.append(statement)

    event.listen(bench.engine, "before_cursor_execute", note)
    job = bench.scan()
    assert (job.state, job.note) == (JobState.UNCHANGED, "no new or changed orders")
    assert written == []
    assert len(bench.jobs()) == 2


def test_a_crash_between_reading_and_storing_loses_no_order(bench):
    bench.settings = OrderSettings(page_size=2)
    for number in range(4):
        bench.joor.put(raw_order(7700000 + number))
    bench.joor.faults.plan["orders_page"] = [("", None), ("after", Unavailable("the line broke"))]
    assert bench.scan().state == JobState.RETRYING
    assert len(bench.rows()) == 2
    with bench.sessions() as session:
        assert session.get(Cursor, (1, CURSOR)) is None
    bench.later(hours=1)
    assert {row.state for row in bench.rows()} == {"imported"}
    assert len(bench.aims.orders) == 4


def test_modified_orders_are_looked_for_from_the_cursor_less_the_overlap(bench):
    bench.joor.put(raw_order())
    bench.scan()
    bench.clock.advance(600)
    bench.joor.pages.clear()
    bench.scan()
    assert [(page["order_type"], page["export_status"], page["from"]) for page in bench.joor.pages] == [
        (2, 5, None),
        (8, 1, NOON - timedelta(minutes=10)),
    ]


def test_everything_looks_again_since_the_oldest_order(bench):
    bench.joor.put(raw_order())
    bench.scan()
    bench.clock.advance(86400)
    bench.scan()
    bench.joor.pages.clear()
    bench.act(orders.request, everything=True)
    bench.work()
    assert bench.joor.pages[1]["from"] == NOON - timedelta(minutes=10)


def test_other_peoples_orders_seen_while_looking_for_edits_are_not_taken(bench):
    bench.joor.put(raw_order())
    bench.scan()
    bench.joor.exported["7700200"] = "SUCCESS"  # by the system that ran before us
    bench.joor.orders["7700200"] = raw_order(7700200) | {"date_modified": (NOON + timedelta(seconds=30)).isoformat()}
    bench.clock.advance(60)
    bench.scan()
    assert len(bench.rows()) == 1


def test_a_blocked_order_corrected_on_joor_is_checked_again(bench):
    bench.joor.put(raw_order(payment_method_code="NET45"))
    bench.scan()
    assert bench.jobs()[0].state == JobState.BLOCKED
    edit(bench, payment_method_code="N30")
    assert bench.order().state == "imported"
    assert len(bench.jobs()) == 1


def test_a_refused_order_corrected_on_joor_is_checked_again_and_its_failure_closed(bench):
    bench.joor.put(raw_order(7700123, line(quantity=-1)))
    bench.scan()
    assert (bench.order().state, bench.jobs()[0].state) == ("refused", JobState.FAILED)
    edit(bench, line_items=[line()], order_total="660.00")
    assert bench.order().state == "imported"
    assert bench.jobs()[0].dismissed_at is not None


def test_a_refused_order_that_stays_as_it_is_is_not_tried_every_minute(bench):
    bench.joor.put(raw_order(7700123, line(quantity=-1)))
    bench.scan()
    bench.clock.advance(60)
    bench.scan()
    assert len(bench.jobs()) == 1
    assert len(bench.joor.told) == 1


def test_an_edit_after_import_is_shown_field_by_field_and_never_sent(bench):
    bench.joor.put(raw_order())
    bench.scan()
    edit(bench, line_items=[line(quantity=8)], order_total="880.00")
    order = bench.order()
    assert order.difference == [
        {"field": "order total", "imported": "660", "now": "880"},
        {"field": "line D410 / NVY / M: quantity", "imported": "6", "now": "8"},
    ]
    assert (order.state, order.changed_at is not None, len(bench.aims.orders), len(bench.jobs())) == ("imported", True, 1, 1)
    (task,) = bench.tasks("order_changed")
    assert task.steps[0] == "Open order 100001 in AIMS360 (JOOR order 7700123)."
    assert "Change line D410 / NVY / M: quantity from 6 to 8." in task.steps


def test_an_edit_that_is_taken_back_closes_its_task(bench):
    bench.joor.put(raw_order())
    bench.scan()
    edit(bench, customer_purchase_order="PO-9")
    edit(bench, customer_purchase_order="PO-7700123")
    assert (bench.order().difference, bench.order().changed_at) == (None, None)
    assert bench.tasks("order_changed")[0].done_at is not None


def test_a_shipped_or_touched_order_is_no_edit(bench):
    bench.joor.put(raw_order())
    bench.scan()
    edit(bench, order_type="5")
    order = bench.order()
    assert (order.difference, order.joor_status, bench.tasks("order_changed")) == (None, "shipped", [])


def test_a_cancellation_after_import_is_shown_with_the_order_to_cancel(bench):
    bench.joor.put(raw_order())
    bench.scan()
    edit(bench, order_type="0")
    (task,) = bench.tasks("order_cancelled")
    assert "100001" in task.steps[1]
    assert bench.order().cancelled_at is not None
    assert bench.tasks("order_changed") == []


def test_a_cancellation_before_import_leaves_nothing_to_do(bench):
    bench.joor.put(raw_order(payment_method_code="NET45"))
    bench.scan()
    edit(bench, order_type="0", payment_method_code="N30")
    assert (bench.order().state, bench.jobs()[0].state, bench.aims.orders) == ("ignored", JobState.UNCHANGED, [])
    edit(bench, order_type="4")
    assert bench.order().state == "imported"


def test_a_row_that_cannot_be_read_is_kept_and_reported_and_imported_once_it_can(bench):
    broken = raw_order(7700123, line() | {"item_quantity": ""})
    bench.joor.broken = [broken, {"value": "half a row"}]
    bench.joor.put(raw_order(7700124))
    job = bench.scan()
    assert job.counts["broken"] == 2
    assert bench.order("7700124").state == "imported"
    failed = [row for row in bench.jobs() if row.state == JobState.FAILED]
    nameless = next(row.joor_order_id for row in bench.rows() if row.joor_order_id.startswith("broken-"))
    assert {row.key for row in failed} == {"7700123", nameless}
    assert "line 1: item_quantity is empty" in next(row for row in failed if row.key == "7700123").error_summary
    assert [state.order_id for state in bench.joor.told if state.state == "FAILED"] == ["7700123"]
    bench.joor.broken = []
    bench.joor.put(raw_order(7700123))
    bench.clock.advance(60)
    bench.scan()
    assert bench.order("7700123").state == "imported"


def test_a_nul_character_does_not_stop_the_scan_of_everybody(bench):
    bench.joor.put(raw_order(order_comments="a\x00b"))
    bench.scan()
    assert bench.order().raw["order_comments"] == "ab"
    assert bench.order().state == "imported"


def test_paging_that_does_not_move_on_ends_in_a_failure_not_in_a_loop(bench, monkeypatch):
    monkeypatch.setattr(bench.joor, "orders_page", lambda **_: OrdersPage((), (), 0))
    assert "does not move on" in bench.scan().error_summary


def test_a_stored_order_without_any_job_gets_one(bench):
    bench.joor.put(raw_order(payment_method_code="NET45"))
    bench.scan()
    bench.write(lambda session: [session.delete(job) for job in session.exec(select(Job)).all()])
    bench.clock.advance(60)
    bench.scan()
    assert [job.key for job in bench.jobs()] == ["7700123"]


def test_a_dry_scan_lists_and_stores_nothing(bench):
    bench.joor.put(raw_order())
    bench.act(orders.request, dry_run=True)
    bench.work()
    (job,) = bench.jobs(JobKind.ORDERS_SCAN)
    assert (job.result["orders"], job.result["new"]) == (["7700123"], ["7700123"])
    assert job.result["first"][0]["customer"] == "Harbor & Pine"
    (sample,) = bench.jobs(JobKind.ORDERS_IMPORT)
    assert (sample.dry_run, sample.key) == (True, "7700123"), "the first ones show what they would make"
    assert bench.rows() == []
