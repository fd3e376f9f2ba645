"""One JOOR order into AIMS360: exactly once, whatever dies or lies on the way."""

import copy
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlmodel import select

from clients.aims360.types import Customer, OrderRow, Store
from clients.joor.types import ExportState
from models.errors import AccessDenied, OutcomeUnknown, Rejected, Unavailable, WaitUntil
from models.jobs import JobKind, JobState
from models.mappings import Mapping
from models.outbox import release_blocked
from models.settings import OrderSettings, StyleSettings
from producers import orders
from tests.workers.orders_cast import NOON, Bench, Died, guid, line, raw_order
from workers.order_parts import stored_body, wire_body


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def pair(bench, kind, joor, aims, **more):
    """A person stores a pair, as `joorsync map set` does."""

    def change(session):
        session.add(Mapping(site_id=1, kind=kind, joor_code=joor, aims_code=aims, created_at=NOON, updated_at=NOON, **more))
        release_blocked(session, 1, kind, joor, now=bench.clock.now())

    bench.write(change)
    bench.work()


def only_job(bench):
    (job,) = bench.jobs()
    return job


TWO_DIVISIONS = (line("D410", "NVY", "M", 6), line("T200", "BLK", "S", 2, "50.00"))


# ---- the plain way ------------------------------------------------------------------------------------------------------------------


def test_an_approved_order_is_in_aims360_once_with_every_reference_and_joor_knows(bench):
    bench.joor.put(raw_order())
    bench.scan()
    (made,) = bench.aims.orders
    number = made.pop("number")
    assert made == {
        "customerID": guid("HARB"), "divisionID": guid("01"), "termID": guid("N30"), "shipviaID": guid("UPSG"),
        "thirdPartyOrderID": "JOOR-7700123", "customerPurchaseOrder": "PO-7700123", "status": "Hold",
        "entered": "2031-03-03", "start": "2031-08-01", "complete": "2031-08-31", "store": {"customerStoreID": guid("s1")},
        "notes": "Call first", "shippingInstructions": "Cancel date 2031-08-31",
        "lineItems": [{
            "styleColorID": guid("D410-NVY"), "warehouseID": guid("NJ"), "price": Decimal("110.00"),
            "sizes": [{"sizeName": "M", "orderQuantity": 6}],
        }],
    }  # fmt: skip
    order = bench.order()
    assert (order.state, order.aims_total, order.joor_total) == ("imported", Decimal("660.00"), Decimal("660.00"))
    assert only_job(bench).note == f"JOOR order 7700123 is AIMS360 order {number}"
    assert bench.joor.told == [ExportState("7700123", "SUCCESS", f"AIMS360 order {number}")]
    assert (order.export_state, bench.parts()[0].sends) == ("SUCCESS", 1)


def test_asking_again_for_an_imported_order_sends_nothing(bench):
    bench.joor.put(raw_order())
    bench.scan()
    bench.act(orders.request, keys=["7700123"])
    bench.work()
    assert bench.jobs()[-1].state == JobState.UNCHANGED
    assert len(bench.aims.orders) == 1
    assert len(bench.joor.told) == 1


def test_money_survives_the_json_column_exactly():
    wire = {
        "lineItems": [{"price": Decimal("16.70"), "sizes": [{"orderQuantity": 4}]}],
        "discounts": {"x": Decimal("7.2500")},
        "notes": "110.00",
    }
    stored = stored_body(wire, {"account": "A"})
    assert stored["lineItems"][0]["price"] == "16.70"
    assert wire_body(copy.deepcopy(stored)) == wire
    assert str(wire_body(stored)["discounts"]["x"]) == "7.2500"


def test_two_divisions_become_two_orders_and_each_knows_its_pieces(bench):
    bench.joor.put(raw_order(7700123, *TWO_DIVISIONS))
    bench.scan()
    assert [(made["thirdPartyOrderID"], made["divisionID"]) for made in bench.aims.orders] == [
        ("JOOR-7700123-01", guid("01")),
        ("JOOR-7700123-02", guid("02")),
    ]
    assert bench.joor.told[0].description == "AIMS360 order 100001 and 100002"


# ---- lost answers and dying processes -----------------------------------------------------------------------------------------------


def test_a_create_whose_answer_is_lost_is_found_and_adopted(bench):
    bench.joor.put(raw_order())
    bench.aims.faults.next("create_order", OutcomeUnknown("timed out"), after=True)
    bench.scan()
    assert (only_job(bench).state, bench.order().state, bench.parts()[0].state) == (JobState.UNKNOWN, "unknown", "unknown")
    bench.later(hours=1)
    assert len(bench.aims.orders) == 1
    assert (bench.order().state, bench.parts()[0].state, bench.parts()[0].aims_order) == ("imported", "adopted", "100001")
    assert "found there, not made again" in only_job(bench).note


def test_a_create_that_never_arrived_is_sent_again_after_a_clean_look_up(bench):
    bench.joor.put(raw_order())
    bench.aims.faults.next("create_order", OutcomeUnknown("reset"))
    bench.scan()
    bench.later(hours=1)
    assert len(bench.aims.orders) == 1
    assert (bench.parts()[0].sends, bench.parts()[0].state) == (2, "created")


def test_an_answer_that_breaks_our_own_code_counts_as_unknown_not_as_failed(bench):
    bench.joor.put(raw_order())
    bench.aims.faults.next("create_order", KeyError("order"), after=True)
    bench.scan()
    assert (only_job(bench).state, bench.parts()[0].state) == (JobState.UNKNOWN, "unknown")
    bench.later(hours=1)
    assert len(bench.aims.orders) == 1
    assert bench.order().state == "imported"


@pytest.mark.parametrize("point", ["after_http_before_record", "mid_batch"])
@pytest.mark.parametrize("lines", [(line(),), TWO_DIVISIONS])
def test_dying_anywhere_around_a_create_loses_and_doubles_nothing(bench, point, lines):
    bench.joor.put(raw_order(7700123, *lines))
    bench.crash = point
    with pytest.raises(Died):
        bench.scan()
    bench.later(hours=1)
    references = sorted(made["thirdPartyOrderID"] for made in bench.aims.orders)
    assert references == (["JOOR-7700123"] if len(lines) == 1 else ["JOOR-7700123-01", "JOOR-7700123-02"])
    assert bench.order().state == "imported"


def test_a_busy_aims360_is_tried_again_and_nothing_is_frozen(bench):
    bench.joor.put(raw_order())
    bench.aims.faults.next("create_order", Unavailable("429"))
    bench.scan()
    assert (only_job(bench).state, bench.order().state, bench.order().imported_raw) == (JobState.RETRYING, "checked", None)
    bench.later(hours=1)
    assert len(bench.aims.orders) == 1


@pytest.mark.parametrize("error", [WaitUntil(NOON + timedelta(minutes=5), "no slot"), AccessDenied("401")])
def test_a_create_that_surely_did_not_happen_leaves_no_doubt(bench, error):
    bench.joor.put(raw_order())
    bench.aims.faults.next("create_order", error)
    bench.scan()
    assert bench.parts()[0].state == "planned"
    assert bench.order().imported_raw is None


def test_after_a_first_send_neither_settings_nor_pairs_nor_joor_change_the_body(bench):
    bench.joor.put(raw_order(7700123, *TWO_DIVISIONS))
    bench.aims.faults.next("create_order", OutcomeUnknown("timed out"))
    bench.scan()
    bench.settings = OrderSettings(import_status="Open", several_divisions="refuse")
    bench.joor.edit("7700123", NOON + timedelta(minutes=2), customer_purchase_order="PO-NEW")
    bench.clock.advance(300)
    bench.scan()
    bench.later(hours=1)
    assert [(made["thirdPartyOrderID"], made["status"], made["customerPurchaseOrder"]) for made in bench.aims.orders] == [
        ("JOOR-7700123-01", "Hold", "PO-7700123"),
        ("JOOR-7700123-02", "Hold", "PO-7700123"),
    ]
    assert bench.order().difference == [{"field": "purchase order", "imported": "PO-7700123", "now": "PO-NEW"}]
    assert len(bench.tasks("order_changed")) == 1


def test_a_look_up_that_is_not_clean_never_leads_to_a_second_create(bench):
    bench.joor.put(raw_order())
    bench.aims.faults.next("create_order", OutcomeUnknown("timed out"), after=True)
    bench.scan()
    bench.aims.faults.next("find_orders", Unavailable("500"), times=4)
    for _ in range(3):
        bench.later(hours=1)
        assert only_job(bench).state == JobState.UNKNOWN
    bench.later(hours=1)
    job = only_job(bench)
    assert (job.state, job.error_kind, bench.order().state) == (JobState.FAILED, "not_possible", "unknown")
    assert any("joorsync orders adopt 7700123 --part JOOR-7700123" in step for step in job.error_fix)
    assert bench.aims.faults.count("create_order") == 1
    bench.act(orders.fetch_again, "7700123", "anna")
    bench.work()
    assert (bench.order().state, len(bench.aims.orders)) == ("imported", 1)


def test_without_a_readable_reference_a_person_decides_who_the_order_belongs_to(bench):
    bench.joor.put(raw_order())
    bench.aims.shows_reference = False
    bench.aims.faults.next("create_order", OutcomeUnknown("timed out"), after=True)
    bench.scan()
    for _ in range(4):
        bench.later(hours=1)
    assert (only_job(bench).state, bench.order().state) == (JobState.FAILED, "unknown")
    assert "100001" in only_job(bench).error_summary
    bench.act(orders.adopt, "7700123", "JOOR-7700123", "100001", "anna")
    bench.work()
    assert (bench.order().state, bench.parts()[0].aims_order, len(bench.aims.orders)) == ("imported", "100001", 1)


def test_an_order_that_somebody_may_have_typed_in_blocks_until_a_person_has_looked(bench):
    bench.joor.put(raw_order())
    bench.aims.shows_reference = False
    bench.aims.strangers = [OrderRow("555", None, "PO-7700123")]
    bench.scan()
    assert (only_job(bench).state, bench.order().state) == (JobState.BLOCKED, "blocked")
    assert only_job(bench).blocked_on[0]["value"] == "duplicate:JOOR-7700123"
    bench.act(orders.not_ours, "7700123", "JOOR-7700123", "555", "anna")
    bench.work()
    assert (bench.order().state, len(bench.aims.orders)) == ("imported", 1)


def test_the_parts_of_one_order_are_not_taken_for_each_other(bench):
    bench.aims.shows_reference = False
    bench.joor.put(raw_order(7700123, *TWO_DIVISIONS))
    bench.scan()
    assert (bench.order().state, len(bench.aims.orders)) == ("imported", 2)


# ---- refusals -----------------------------------------------------------------------------------------------------------------------


def test_a_refused_order_quotes_aims360_tells_joor_and_is_planned_afresh_when_put_right(bench):
    bench.joor.put(raw_order())
    bench.aims.faults.next("create_order", Rejected("refused", remote_message="Invalid division"))
    bench.scan()
    job = only_job(bench)
    assert (job.state, job.remote_message, bench.order().state) == (JobState.FAILED, "Invalid division", "refused")
    assert bench.joor.told[-1].state == "FAILED"
    assert "Invalid division" in bench.joor.told[-1].description
    bench.settings = OrderSettings(import_status="Open")
    bench.act(orders.fetch_again, "7700123", "anna")
    bench.work()
    assert [made["status"] for made in bench.aims.orders] == ["Open"]
    assert bench.joor.told[-1].state == "SUCCESS"


def test_a_refusal_as_a_double_finds_the_order_that_got_through(bench):
    bench.joor.put(raw_order())
    bench.aims.faults.next("create_order", OutcomeUnknown("timed out"))
    bench.scan()
    bench.aims.faults.next("create_order", Rejected("409", remote_message="exists"), after=True)
    bench.later(hours=1)
    assert (len(bench.aims.orders), bench.parts()[0].state, bench.order().state) == (1, "adopted", "imported")


def test_when_the_second_part_is_refused_the_first_is_not_made_again(bench):
    bench.joor.put(raw_order(7700123, *TWO_DIVISIONS))

    def refuse_second():
        bench.aims.faults.plan["create_order"] = [("", None), ("before", Rejected("no", remote_message="bad size"))]

    refuse_second()
    bench.scan()
    assert only_job(bench).state == JobState.FAILED
    assert bench.order().state == "sending"
    bench.act(orders.fetch_again, "7700123", "anna")
    bench.work()
    assert sorted(made["thirdPartyOrderID"] for made in bench.aims.orders) == ["JOOR-7700123-01", "JOOR-7700123-02"]
    assert bench.order().state == "imported"


def test_cancelled_on_joor_with_one_part_made_stops_and_says_what_to_cancel(bench):
    bench.joor.put(raw_order(7700123, *TWO_DIVISIONS))
    bench.aims.faults.plan["create_order"] = [("", None), ("before", Unavailable("503"))]
    bench.scan()
    bench.joor.edit("7700123", NOON + timedelta(minutes=1), order_type="0")
    bench.clock.advance(120)
    bench.scan()
    bench.later(hours=1)
    assert (len(bench.aims.orders), only_job(bench).state) == (1, JobState.FAILED)
    assert "100001" in only_job(bench).error_summary
    assert len(bench.tasks("order_cancelled")) == 1


# ---- references ---------------------------------------------------------------------------------------------------------------------


def test_everything_that_is_missing_is_listed_once_with_places_and_commands(bench):
    lines = [line("X9", "NVY"), line("D410", "NVY", "XXL"), line("D410", "RED", "XXL"), line("D410", "NVY", "S", item_upc="012345678912")]
    bench.joor.put(
        raw_order(7700123, *lines, payment_method_code="NET45", warehouse_code="QQ", shipping_method_code="DHL", customer_code="NEW")
    )
    bench.scan()
    job = only_job(bench)
    found = {(row["kind"], row["value"]): row for row in job.blocked_on}
    assert set(found) == {
        ("term", "NET45"), ("warehouse", "QQ"), ("ship_via", "DHL"), ("customer", "NEW"), ("style", "X9|NVY"), ("size", "XXL"),
        ("style", "012345678912"),
    }  # fmt: skip
    assert found["term", "NET45"] == {
        "kind": "term", "value": "NET45", "where": "order 7700123, payment method",
        "fix": 'joorsync map set term "NET45" --aims "CODE" --site us',
    }  # fmt: skip
    assert "line 2" in found["size", "XXL"]["where"]
    assert "line 3" in found["size", "XXL"]["where"]
    assert "belongs to D410 NVY M" in found["style", "012345678912"]["where"]
    order = bench.order()
    assert (order.state, order.problems, order.export_wanted) == ("blocked", job.blocked_on, "FAILED")
    assert bench.joor.told[0].description.startswith("Not in AIMS360: JOOR order 7700123 waits: customer 'NEW' is not mapped")
    assert bench.aims.orders == []


def test_saving_the_pairs_one_after_the_other_lets_the_order_go(bench):
    bench.joor.put(raw_order(7700123, line("X9", "MIDNIGHT", "Med"), payment_method_code="NET45", warehouse_code="QQ"))
    bench.scan()
    pair(bench, "term", "NET45", "N30")
    assert bench.order().state == "blocked"
    pair(bench, "warehouse", "QQ", "LA")
    pair(bench, "style", "X9|MIDNIGHT", "D410|NVY")
    pair(bench, "size", "Med", "M")
    (made,) = bench.aims.orders
    assert (made["termID"], made["lineItems"][0]["warehouseID"]) == (guid("N30"), guid("LA"))
    assert made["lineItems"][0]["styleColorID"] == guid("D410-NVY")
    assert made["lineItems"][0]["sizes"] == [{"sizeName": "M", "orderQuantity": 6}]
    with bench.sessions() as session:
        uses = {row.joor_code: row.uses for row in session.exec(select(Mapping))}
    assert uses == {"NET45": 1, "QQ": 1, "X9|MIDNIGHT": 1, "Med": 1}


def test_a_pair_of_the_upc_settles_a_conflict(bench):
    bench.joor.put(raw_order(7700123, line(size="S", item_upc="012345678912")))
    bench.scan()
    pair(bench, "style", "012345678912", "D410|NVY|M")
    assert bench.aims.orders[0]["lineItems"][0]["sizes"] == [{"sizeName": "M", "orderQuantity": 6}]


def test_a_upc_names_the_sku_when_colour_and_size_codes_do_not(bench):
    bench.joor.put(raw_order(7700123, line("D410", "NAVY BLUE", "Medium", item_upc="0012345678912")))
    bench.scan()
    assert bench.aims.orders[0]["lineItems"][0]["styleColorID"] == guid("D410-NVY")


def test_a_split_card_is_found_by_style_and_colour(bench):
    bench.styles = StyleSettings(card="style_color")
    bench.joor.put(raw_order(7700123, line(item_style_identifier="D410-NVY", item_number="D410 NAVY")))
    bench.scan()
    assert bench.aims.orders[0]["lineItems"][0]["styleColorID"] == guid("D410-NVY")


def test_a_name_alone_maps_nothing_but_a_stored_pair_for_it_does(bench):
    bench.joor.put(raw_order(7700123, payment_method_code="", payment_method_name="N30"))
    bench.scan()
    assert bench.order().problems[0]["value"] == "N30"
    pair(bench, "term", "N30", "N30")
    assert bench.order().state == "imported"


def test_a_term_left_out_on_purpose_is_left_out(bench):
    pair(bench, "term", "N30", "", ignored=True)
    bench.joor.put(raw_order())
    bench.scan()
    assert "termID" not in bench.aims.orders[0]


def test_a_code_switched_off_in_aims360_or_mapped_to_nothing_is_missing(bench):
    bench.aims.disabled.add("N30")
    pair(bench, "ship_via", "UPSG", "GONE")
    bench.joor.put(raw_order())
    bench.scan()
    where = {row["kind"]: row["where"] for row in bench.order().problems}
    assert "switched off" in where["term"]
    assert "mapped to GONE, which AIMS360 does not have" in where["ship_via"]


def test_a_warehouse_with_two_primary_pairs_is_ambiguous_and_one_primary_decides(bench):
    pair(bench, "warehouse", "NJ", "NJ")
    pair(bench, "warehouse", "NJ", "LA")
    bench.joor.put(raw_order())
    bench.scan()
    assert "mark one as primary" in bench.order().problems[0]["where"]
    other = raw_order(7700124, warehouse_code="EAST")
    pair(bench, "warehouse", "EAST", "LA")
    pair(bench, "warehouse", "EAST", "NJ", is_primary=False)
    bench.joor.put(other)
    bench.scan()
    assert bench.aims.orders[0]["lineItems"][0]["warehouseID"] == guid("LA")


def test_no_warehouse_needs_a_default_and_gets_it(bench):
    bench.joor.put(raw_order(warehouse_code=""))
    bench.scan()
    assert bench.order().problems[0]["value"] == "warehouse:default"
    bench.settings = OrderSettings(default_warehouse="LA")
    bench.act(orders.fetch_again, "7700123", "anna")
    bench.work()
    assert bench.aims.orders[0]["lineItems"][0]["warehouseID"] == guid("LA")


def test_a_term_added_in_aims360_a_moment_ago_is_found_without_a_restart(bench):
    bench.joor.put(raw_order())
    bench.scan()
    bench.aims.tables["term"].append("NET45")
    bench.joor.put(raw_order(7700124, payment_method_code="NET45"))
    bench.clock.advance(120)
    bench.scan()
    assert bench.aims.orders[1]["termID"] == guid("NET45")
    assert bench.aims.faults.calls.count("codes") < 8


def test_a_hundred_orders_ask_for_each_table_customer_and_style_once(bench):
    for number in range(100):
        bench.joor.put(raw_order(7700000 + number))
    bench.scan()
    counts = {name: bench.aims.faults.count(name) for name in ("codes", "warehouses", "customer", "stores", "style_colors")}
    assert len(bench.aims.orders) == 100
    assert counts == {"codes": 4, "warehouses": 1, "customer": 1, "stores": 1, "style_colors": 1}
    assert bench.joor.faults.count("set_export_states") == 1


def test_a_style_that_is_not_there_is_remembered_too_and_found_soon_after_it_is_made(bench):
    split = line(item_style_identifier="D410-NVY")
    for number in range(3):
        bench.joor.put(raw_order(7700000 + number, split))
    bench.scan()
    assert (len(bench.aims.orders), bench.aims.faults.count("style_colors")) == (3, 2)
    bench.joor.put(raw_order(7700123, line("NEW1", "NVY")))
    bench.scan()
    assert bench.order().state == "blocked"
    bench.aims.styles.append(bench.aims.style("NEW1", "NVY", "01", bench.aims.styles[0].sizes))
    bench.clock.advance(120)
    bench.act(orders.fetch_again, "7700123", "anna")
    bench.work()
    assert bench.order().state == "imported"


@pytest.mark.parametrize(
    ("rule", "order_divisions", "made", "value"),
    [
        ({"division_rule": "fixed", "fixed_division": "02"}, [], ["JOOR-7700123 02"], None),
        ({"division_rule": "order"}, [{"division_code": "02"}], ["JOOR-7700123 02"], None),
        ({"division_rule": "order"}, [], [], "division:7700123"),
        ({"division_rule": "order"}, [{"division_code": "01"}, {"division_code": "02"}], [], "division:7700123"),
        ({"division_rule": "order"}, [{"division_code": "77"}], [], "77"),
        ({"division_rule": "style"}, [{"division_code": "02"}], ["JOOR-7700123 01"], None),
    ],
)
def test_the_division_rule_decides_whose_division(bench, rule, order_divisions, made, value):
    bench.settings = OrderSettings(**rule)
    bench.joor.put(raw_order(order_divisions=order_divisions or ""))
    bench.scan()
    assert [f"{body['thirdPartyOrderID']} {body['divisionID'][-2:]}" for body in bench.aims.orders] == made
    assert value is None or [row["value"] for row in bench.order().problems] == [value]


def test_a_style_of_another_sites_division_is_not_booked_from_here(bench):
    bench.divisions = ("01",)
    bench.joor.put(raw_order(7700123, *TWO_DIVISIONS))
    bench.scan()
    assert [row["value"] for row in bench.order().problems] == ["division:02"]


def test_an_inactive_style_waits_for_a_decision(bench):
    bench.aims.styles[0] = replace(bench.aims.styles[0], active=False)
    bench.joor.put(raw_order())
    bench.scan()
    assert [row["value"] for row in bench.order().problems] == ["style:D410|NVY"]


# ---- customers and addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["Inactive", "No Shipment"])
def test_a_customer_who_may_not_be_shipped_to_waits_for_a_decision(bench, status):
    bench.aims.customers["HARB"] = replace(bench.aims.customers["HARB"], status=status)
    bench.joor.put(raw_order())
    bench.scan()
    (problem,) = bench.order().problems
    assert (problem["kind"], problem["value"]) == ("decision", "customer:HARB")
    assert status in problem["where"]


def test_a_customer_pair_wins_and_a_shipping_code_pair_serves_an_order_without_code(bench):
    pair(bench, "customer", "C-1", "HARB")
    pair(bench, "customer", "shipping:STORE1", "HARB")
    bench.joor.put(raw_order(7700123, customer_code="C-1"))
    bench.joor.put(raw_order(7700124, customer_code=""))
    bench.scan()
    assert [made["customerID"] for made in bench.aims.orders] == [guid("HARB")] * 2


def test_an_order_without_customer_code_waits_under_the_retailers_name_and_postal_code(bench):
    bench.joor.put(raw_order(customer_code=""))
    bench.scan()
    assert bench.order().problems[0]["value"] == "retailer:Harbor & Pine/04101"
    pair(bench, "customer", "retailer:Harbor & Pine/04101", "HARB")
    assert bench.order().state == "imported"


def new_retailer(order_id=7700123, **more):
    return raw_order(order_id, customer_code="", customer_name="Zest Corner", billing_postal_code="73301", shipping_code="", **more)


def test_a_new_customer_is_made_once_paired_and_offered_to_joor(bench):
    bench.settings = OrderSettings(new_customer="create")
    bench.joor.put(new_retailer())
    bench.joor.put(new_retailer(7700124))
    bench.scan()
    assert bench.aims.faults.count("create_customer") == 1
    (account,) = set(bench.aims.customers) - {"HARB"}
    assert {made["customerID"] for made in bench.aims.orders} == {guid(account)}
    with bench.sessions() as session:
        stored = session.exec(select(Mapping)).one()
    assert (stored.joor_code, stored.aims_code) == ("retailer:Zest Corner/73301", account)
    (task,) = bench.tasks("customer_code")
    assert account in task.summary


@pytest.mark.parametrize("after", [True, False])
def test_a_customer_whose_creation_is_in_doubt_is_looked_up_not_made_twice(bench, after):
    bench.settings = OrderSettings(new_customer="create")
    bench.joor.put(new_retailer())
    bench.aims.faults.next("create_customer", OutcomeUnknown("timed out"), after=after)
    bench.scan()
    assert only_job(bench).state == JobState.UNKNOWN
    bench.later(hours=1)
    assert (bench.order().state, len(bench.aims.customers), len(bench.aims.orders)) == ("imported", 2, 1)
    assert bench.aims.faults.count("create_customer") == (1 if after else 2)


@pytest.mark.parametrize(("name", "state"), [("Zest Corner", "imported"), ("Somebody Else", "blocked")])
def test_a_customer_made_by_somebody_at_the_last_moment_is_taken_only_when_it_is_the_same(bench, monkeypatch, name, state):
    bench.settings = OrderSettings(new_customer="create")
    bench.joor.put(new_retailer() | {"customer_code": "ZEST1"})
    read = bench.aims.style_colors

    def meanwhile(style, color=None):
        bench.aims.customers["ZEST1"] = Customer(guid("ZEST1"), "ZEST1", name)
        return read(style, color)

    monkeypatch.setattr(bench.aims, "style_colors", meanwhile)
    bench.scan()
    assert bench.aims.faults.count("create_customer") == 0
    assert bench.order().state == state


def test_no_customer_is_made_for_an_order_that_still_misses_something(bench):
    bench.settings = OrderSettings(new_customer="create")
    bench.joor.put(new_retailer(payment_method_code="NET45"))
    bench.scan()
    assert bench.aims.faults.count("create_customer") == 0
    assert bench.order().state == "blocked"


def test_a_new_address_travels_with_the_order_and_is_offered_once(bench):
    for number in (7700123, 7700124):
        bench.joor.put(raw_order(number, shipping_code="", shipping_address_1="1 New Rd", shipping_city="Bath"))
    bench.scan()
    place = {"address1": "1 New Rd", "city": "Bath", "state": "ME", "zipCode": "04101", "countryID": guid("US")}
    assert [made["store"] for made in bench.aims.orders] == [{"address": {"name": "Harbor & Pine"} | place}] * 2
    (task,) = bench.tasks("ship_to")
    assert "1 New Rd" in task.summary
    assert "HARB" in task.summary


def test_an_unknown_code_at_a_known_address_goes_to_that_store(bench):
    bench.joor.put(raw_order(shipping_code="OTHER", shipping_address_1="9 QUAY ST."))
    bench.scan()
    assert bench.aims.orders[0]["store"] == {"customerStoreID": guid("s1")}
    assert bench.tasks("ship_to") == []


def test_a_store_added_in_aims360_since_is_found(bench):
    bench.joor.put(raw_order())
    bench.scan()
    bench.clock.advance(120)
    bench.aims.store_rows.append(Store(guid("s2"), guid("HARB"), "STORE2", "New", "2 Hill", "", "Bath", "ME", "04530", guid("US")))
    bench.joor.put(raw_order(7700124, shipping_code="STORE2", shipping_address_1="2 Hill"))
    bench.scan()
    assert bench.aims.orders[1]["store"] == {"customerStoreID": guid("s2")}


def test_a_closed_store_and_a_missing_address_wait_for_decisions(bench):
    bench.aims.store_rows[0] = replace(bench.aims.store_rows[0], no_shipment=True)
    bench.joor.put(raw_order())
    nowhere = dict.fromkeys(("shipping_address_1", "shipping_city", "shipping_postal_code", "shipping_code"), "")
    bench.joor.put(raw_order(7700124, **nowhere))
    bench.scan()
    assert [bench.order(key).problems[0]["value"] for key in ("7700123", "7700124")] == ["store:HARB|STORE1", "ship_to:7700124"]


def test_a_country_aims360_does_not_have_is_missing_only_where_it_matters(bench):
    bench.joor.put(raw_order(shipping_code="", shipping_address_1="Rua 1", shipping_country_iso_two="PT"))
    bench.scan()
    assert [(row["kind"], row["value"]) for row in bench.order().problems] == [("country", "PT")]


# ---- totals -------------------------------------------------------------------------------------------------------------------------


def test_a_total_that_differs_is_held_until_a_person_accepts_exactly_that(bench):
    bench.joor.put(raw_order(order_total="600.00"))
    bench.scan()
    order = bench.order()
    assert (order.state, order.problems[0]["value"], order.joor_total, order.aims_total) == (
        "blocked", "total:7700123", Decimal("600.00"), Decimal("660.00"),
    )  # fmt: skip
    bench.joor.edit("7700123", NOON + timedelta(minutes=1), order_total="500.00")
    bench.clock.advance(120)
    bench.scan()
    assert bench.order().state == "blocked"
    assert bench.act(orders.accept_total, "7700123", "anna") == 1
    bench.work()
    assert (bench.order().state, len(bench.aims.orders)) == ("imported", 1)


def test_an_accepted_total_does_not_cover_another_difference(bench):
    bench.joor.put(raw_order(order_total="600.00"))
    bench.scan()
    bench.act(orders.accept_total, "7700123", "anna")
    bench.joor.edit("7700123", NOON + timedelta(minutes=1), order_total="500.00")
    bench.clock.advance(120)
    with bench.sessions() as session:
        orders.request(session, "us", keys=["7700123"], clock=bench.clock)
    bench.work()
    assert (bench.order().state, bench.aims.orders) == ("blocked", [])


def test_a_total_that_differs_may_be_imported_and_shown(bench):
    bench.settings = OrderSettings(total_difference="show")
    bench.joor.put(raw_order(order_total="600.00"))
    bench.scan()
    assert bench.order().state == "imported"
    assert "a difference of 60.00" in only_job(bench).note


# ---- reading and dry runs -----------------------------------------------------------------------------------------------------------


def test_a_dry_run_shows_the_order_and_writes_nothing(bench):
    bench.settings = OrderSettings(new_customer="create")
    bench.joor.put(new_retailer())
    bench.act(orders.request, keys=["7700123"], dry_run=True)
    bench.work()
    job = only_job(bench)
    assert job.state == JobState.UNCHANGED
    assert job.result["orders"][0]["thirdPartyOrderID"] == "JOOR-7700123"
    assert job.result["orders"][0]["lineItems"][0]["price"] == "110.00"
    assert job.result["totals"]["reading"] == "lines"
    assert job.result["new_customer"]["name"] == "Zest Corner"
    assert (bench.aims.orders, bench.rows(), bench.parts(), len(bench.aims.customers)) == ([], [], [], 1)


def test_a_dry_run_lists_what_is_missing_and_what_cannot_be(bench):
    bench.joor.put(raw_order(7700123, payment_method_code="NET45"))
    bench.joor.put(raw_order(7700124, line(quantity=-2)))
    bench.act(orders.request, keys=["7700123", "7700124"], dry_run=True)
    bench.work()
    missing, impossible = bench.jobs()
    assert missing.result["missing"][0]["value"] == "NET45"
    assert "return" in impossible.result["not_possible"]


def test_an_order_is_read_again_when_no_scan_has_looked_for_a_while(bench):
    bench.joor.put(raw_order(payment_method_code="NET45"))
    bench.scan()
    bench.joor.edit("7700123", NOON + timedelta(minutes=1), order_type="0")
    bench.clock.advance(3600)
    pair(bench, "term", "NET45", "N30")
    assert (bench.order().state, bench.aims.orders) == ("ignored", [])
    assert only_job(bench).note == "its JOOR status is cancelled; this site imports approved and shipped orders"


def test_an_order_joor_does_not_have_says_so(bench):
    bench.act(orders.request, keys=["42"])
    bench.work()
    assert (only_job(bench).state, only_job(bench).error_summary) == (JobState.FAILED, "JOOR has no order 42")


def test_a_status_nobody_knows_fails_aloud(bench):
    bench.joor.put(raw_order() | {"order_type": "4"})
    bench.joor.orders["7700123"]["order_type"] = "9"
    bench.act(orders.request, keys=["7700123"])
    bench.work()
    assert (only_job(bench).state, bench.order().state) == (JobState.FAILED, "refused")
    assert "order_type '9'" in only_job(bench).error_summary


def test_go_live_is_the_first_day_that_counts(bench):
    bench.settings = OrderSettings(go_live=date(2031, 3, 4))
    bench.joor.put(raw_order())
    bench.scan()
    assert (bench.order().state, bench.jobs(), bench.aims.orders) == ("ignored", [], [])
    bench.settings = OrderSettings(go_live=date(2031, 3, 3))
    bench.scan()
    assert bench.order().state == "imported"
    assert bench.jobs(JobKind.ORDERS_IMPORT)[0].state == JobState.SUCCEEDED
