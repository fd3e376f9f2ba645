"""The JOOR client against the sandbox over real HTTP, with each switch for what nobody could read, and each fault."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest

from clients.joor.types import ExportState, InventoryItem
from models.errors import AccessDenied, NotPossible, Rejected, SyncError, Unavailable


def read_all(client, *, count=50, order_type=8, export_status=1):
    orders, broken, start = [], [], 0
    while start is not None:
        page = client.orders_page(order_type=order_type, export_status=export_status, start_from=start, count=count)
        orders += page.orders
        broken += page.broken
        start = page.next_start
    assert broken == []
    return orders


@pytest.fixture
def stored(sandbox):
    return sandbox.get("joor", "/_state", what="orders", account="us")["orders"]


FORMS = itertools.product(["orders.orders", "orders.order", "orders", "order"], ["string", "number"])
LAST = ["", 0, 60, None, 10, "", 0, 60]


@pytest.mark.parametrize(("form", "last"), list(zip(FORMS, LAST, strict=True)))
def test_every_order_is_read_once_in_every_form_of_answer(sandbox, joor, form, last):
    nesting, numbers = form
    empty = [] if last == 60 else ""
    sandbox.switch("joor", list_nesting=nesting, empty_list=empty, numbers=numbers, last_next_start=last, single_as_object=True)
    client = joor()
    whole = read_all(client, count=200)
    assert len(whole) == 60
    for count in (7, 20, 60):
        assert [order.order_id for order in read_all(client, count=count)] == [order.order_id for order in whole]
    assert client.orders_page(order_type=8, export_status=1, start_from=1000, count=50).orders == ()


def test_the_same_order_comes_whatever_way_numbers_and_empty_lists_are_written(sandbox, joor):
    plain = read_all(joor())
    sandbox.switch("joor", numbers="number", empty_list=[], response_code_type="number")
    assert read_all(joor()) == plain


def test_reading_marks_nothing_and_either_path_can_be_set(sandbox, joor):
    before = len(sandbox.effects("exported"))
    sandbox.switch("joor", order_paths="order")
    with pytest.raises(Rejected):
        read_all(joor())
    client = joor(contract={"path.orders": "/v2/order", "path.order": "/v2/order/{order_id}"})
    orders = read_all(client)
    assert client.order(orders[0].order_id) == orders[0]
    assert client.order("1") is None
    assert len(sandbox.effects("exported")) == before
    reads = [call["query"] for call in sandbox.get("joor", "/_calls", path="/v2/order")["calls"]]
    assert reads
    assert all("sync" in query for query in reads)


def test_export_states_are_written_and_an_unknown_order_is_told_apart(sandbox, joor):
    client = joor()
    good, bad = read_all(client)[:2]
    failed = ExportState(bad.order_id, "FAILED", "term is not mapped")
    answer = client.set_export_states([ExportState(good.order_id, "SUCCESS"), ExportState("99999999", "SUCCESS"), failed])
    assert (answer[good.order_id], answer[bad.order_id]) == (None, None)
    assert answer["99999999"]
    remaining = {order.order_id for order in read_all(client, export_status=2)}
    assert good.order_id not in remaining
    assert bad.order_id in remaining
    assert client.set_export_states([ExportState(good.order_id, "SUCCESS")]) == {good.order_id: None}  # repeatable


def test_v2_only_marks_by_a_narrow_read_and_gives_back_what_it_marked(sandbox, joor):
    client = joor(with_v4=False)
    assert not client.can_set_export_states
    with pytest.raises(NotPossible):
        client.set_export_states([ExportState("1", "SUCCESS")])
    pending = {order.order_id for order in read_all(client, order_type=2, export_status=5)}
    marked = client.mark_exported(datetime(2000, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=3650), 2)
    assert {order.order_id for order in marked} == pending
    assert read_all(client, order_type=2, export_status=5) == []


def test_inventory_is_set_position_by_position_and_refusals_are_named(sandbox, joor):
    client = joor()
    sku = next(line for order in read_all(client) for line in order.lines if line.upc)
    warehouse = next(iter(sandbox.described["brand"]["joor"]["us"]["warehouses"]))
    sandbox.switch("joor", unknown_warehouse="error")
    items = [
        InventoryItem(warehouse, 5, upc=sku.upc),
        InventoryItem(warehouse, 9, bucket=date(2031, 9, 15), upc=sku.upc),
        InventoryItem("NOWHERE", 5, upc=sku.upc),
        InventoryItem(warehouse, 5, upc="999999999999"),
        InventoryItem(warehouse, 7),
    ]
    found = client.push_inventory(items)
    assert set(found.failed) == {2, 3, 4}
    assert "NOWHERE" in found.failed[2]
    assert found.log_id
    sets = [row for row in sandbox.effects("inventory_set") if row["upc"] == sku.upc]
    assert {(row["warehouse"], row["date"], row["quantity"], row["overwrite"]) for row in sets} == {
        (warehouse, "IMMEDIATE", 5, False),
        (warehouse, "2031-09-15", 9, False),
    }


@pytest.mark.parametrize(("immediate", "node"), [("", ""), ("IMMEDIATE", "inventory_item")])
def test_both_bodies_of_an_inventory_call_mean_the_same(sandbox, joor, immediate, node):
    client = joor(contract={"inventory.immediate": immediate, "inventory.item_node": node})
    line = next(line for order in read_all(client) for line in order.lines if line.upc)
    warehouse = next(iter(sandbox.described["brand"]["joor"]["us"]["warehouses"]))
    before = len(sandbox.effects("inventory_set"))
    assert client.push_inventory([InventoryItem(warehouse, 3, upc=line.upc)]).failed == {}
    (row,) = sandbox.effects("inventory_set")[before:]
    assert (row["date"], row["quantity"]) == ("IMMEDIATE", 3)


def test_an_exhausted_quota_is_unavailable_and_a_write_was_not_made(sandbox, joor):
    sandbox.switch("joor", credit_quota=True, credit_size=2, retry_after=True)
    client = joor()
    with pytest.raises(Unavailable) as caught:
        read_all(client, count=10)
    assert caught.value.retry_after is not None
    before = len(sandbox.effects("inventory_set"))
    with pytest.raises(Unavailable):
        client.push_inventory([InventoryItem("NJ", 1, upc="1")])
    assert len(sandbox.effects("inventory_set")) == before


def test_a_wrong_token_and_an_expired_one(sandbox, joor):
    with pytest.raises(AccessDenied) as caught:
        read_all(joor(token="not-the-token"))
    assert any("joor.token" in step for step in caught.value.fix)
    client = joor()
    order = read_all(client)[0].order_id
    client.set_export_states([ExportState(order, "SUCCESS")])
    sandbox.fault("joor", "token_expired", path="/v4/")
    assert client.set_export_states([ExportState(order, "SUCCESS")]) == {order: None}


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500, "body": "boom"},
        {"kind": "status_after_commit", "status": 502},
        {"kind": "html"},
        {"kind": "malformed_json"},
        {"kind": "half_body"},
        {"kind": "drop_before"},
        {"kind": "drop_after_commit"},
        {"kind": "timeout_after_commit", "seconds": 3},
        {"kind": "huge_body", "bytes": 10_000_000},
    ],
)
def test_no_fault_loses_an_order_or_looks_like_an_empty_page(sandbox, joor, fault):
    client = joor(timeout=1.0)
    sandbox.fault("joor", path="/v2/order", times=-1, **fault)
    with pytest.raises(Unavailable) as caught:
        read_all(client)
    assert caught.value.summary.startswith("JOOR, reading orders: ")
    assert sandbox.account["token"] not in caught.value.summary
    sandbox.reset({"joor": {}})
    assert len(read_all(client)) == 60


def test_a_passing_fault_is_overcome_in_process(sandbox, joor):
    sandbox.fault("joor", kind="drop_before", path="/v2/order", times=2)
    assert len(read_all(joor(), count=200)) == 60


def test_a_refused_connection_is_unavailable(sandbox, joor):
    client = joor()
    client.http.base_url = "http://127.0.0.1:1"
    client.http.allow("http://127.0.0.1:1")
    with pytest.raises(SyncError) as caught:
        client.orders_page(order_type=2, export_status=5, start_from=0, count=1)
    assert isinstance(caught.value, Unavailable)
    assert "nothing was sent" in caught.value.summary
