"""The pretend JOOR keeps to the fact sheet: its reads mark, its numbers are text, its warehouses swallow. Sections are the sheet's."""

import base64
from typing import Any

import httpx
import pytest

from tests.sandbox.joor_remote import Remote, order

UPC = "840000000010"  # D410 navy S


def push(joor: Remote, *items: dict[str, Any], key: str = "us", **params: str) -> dict[str, Any]:
    answer = joor.v2("PUT", "bulk-inventory", key, json={"inventory_items": list(items)}, params=params)
    assert answer.status_code == 200
    body = answer.json()["inventory"]
    assert isinstance(body, dict)
    return body


def item(**fields: Any) -> dict[str, Any]:
    return {"warehouse": "NJ", "upc": UPC, "inventory": 5, **fields}


def log_status(answer: dict[str, Any]) -> list[str]:
    return [row["status"] for row in answer["inventory_log"]]


# --- 1.2 and 1.5: v2 authentication and envelope


@pytest.mark.parametrize(
    "header", ["", "OAuth2 token-us", "OAuth2 " + base64.b64encode(b"wrong").decode(), "Bearer dG9rZW4tdXM=", "OAuth2"]
)
def test_a_wrong_v2_token_gets_401_in_a_v2_envelope(joor: Remote, header: str) -> None:
    answer = joor.v2("GET", "orders", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["orders"]["response"]["code"] == "1"
    assert joor.effects() == []


def test_the_token_selects_the_account(joor: Remote) -> None:
    assert joor.order_ids("us", order_type="8", sync="0") == [1, 2, 3, 4, 5, 6]
    assert joor.order_ids("eu", order_type="8", sync="0") == [101]


def test_a_write_without_content_type_is_not_processed(joor: Remote) -> None:
    answer = joor.v2("POST", "bulk-inventory", content=b'{"inventory_items": []}')
    assert answer.status_code == 415
    assert "Content-Type" in answer.json()["inventory"]["response"]["comment"]


def test_the_response_code_is_text_or_a_number_by_switch(joor: Remote) -> None:
    first = joor.v2("GET", "orders").json()["orders"]["response"]
    assert first["code"] == "0"
    assert len(first["log_id"]) == 36
    joor.set(response_code_type="number")
    assert joor.v2("GET", "orders").json()["orders"]["response"]["code"] == 0


# --- 2.1: credits


def test_reads_cost_one_credit_and_writes_five_from_one_purse_of_300_for_v2_and_v4(joor: Remote) -> None:
    token = joor.token()
    for _ in range(29):
        assert joor.v2("POST", "bulk-inventory", json={"inventory_items": []}).status_code == 200
        assert joor.v4("POST", "orders/bulk_update", token, json=[]).status_code == 200
    for _ in range(7):
        assert joor.v2("GET", "orders", params={"sync": "0"}).status_code == 200
    refused = joor.v2("POST", "bulk-inventory", json={"inventory_items": [item()]})
    assert refused.status_code == 429
    assert refused.json()["inventory"]["response"]["comment"]
    assert [joor.v4("GET", "orders", token).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert joor.effects() == []  # a refused write was not performed
    assert joor.v2("GET", "orders", "eu").status_code == 200  # each account has its own purse


def test_the_window_is_fixed_and_starts_with_the_first_request_after_the_last_one_ended(joor: Remote) -> None:
    joor.set(credit_size=2)
    joor.v2("GET", "connection")
    joor.advance(200)
    assert [joor.v2("GET", "connection").status_code for _ in range(2)] == [200, 429]
    joor.advance(101)  # 301 s after the first request: refilled, whatever came between
    assert joor.v2("GET", "connection").status_code == 200
    joor.advance(1000)
    joor.v2("GET", "connection")  # begins a window of its own, not on a grid
    joor.advance(290)
    assert [joor.v2("GET", "connection").status_code for _ in range(2)] == [200, 429]


def test_the_quota_can_be_switched_off_and_resized(joor: Remote) -> None:
    joor.set(credit_size=1, credit_window=10)
    assert [joor.v2("GET", "connection").status_code for _ in range(2)] == [200, 429]
    joor.advance(11)
    assert joor.v2("GET", "connection").status_code == 200
    joor.set(credit_quota=False, credit_size=0)
    assert [joor.v2("GET", "connection").status_code for _ in range(2)] == [200, 200]


def test_every_answer_names_the_account_and_no_other_throttling_header_unless_switched(joor: Remote) -> None:
    joor.set(credit_size=1)
    for answer in (joor.v2("GET", "orders"), joor.v2("GET", "orders")):
        assert answer.headers["X-Throttling-Account-Id"] == "7001"
        assert not {"retry-after", "x-invented-throttling-remaining"} & set(answer.headers)
    joor.set(throttle_headers=True, retry_after=True)
    refused = joor.v2("GET", "orders")
    assert refused.status_code == 429
    assert 290 <= int(refused.headers["Retry-After"]) <= 300
    assert refused.headers["X-Invented-Throttling-Remaining"] == "0"


def test_the_token_call_costs_nothing(joor: Remote) -> None:
    joor.set(credit_size=1)
    for _ in range(5):
        assert joor.token()
    assert joor.v2("GET", "connection").status_code == 200


# --- 8.1 to 8.4: reading orders


def test_a_bare_read_marks_approved_and_shipped_orders_exported(joor: Remote) -> None:
    assert joor.order_ids() == [3, 4]
    assert joor.order_ids() == []
    assert [row["key"] for row in joor.effects("order_marked_exported")] == ["3", "4"]
    assert joor.export_state(3) == "SUCCESS"


def test_a_plain_read_marks_nothing(joor: Remote) -> None:
    assert joor.order_ids(sync="0") == [3, 4]
    assert joor.order_ids(sync="0") == [3, 4]
    assert joor.effects() == []


@pytest.mark.parametrize("path", ["order", "order/", "orders", "orders/", "order/3", "order/3/", "orders/3", "orders/3/"])
def test_both_order_paths_are_served_with_and_without_a_slash(joor: Remote, path: str) -> None:
    answer = joor.v2("GET", path, params={"sync": "0"})
    assert 3 in [row["order_id"] for row in answer.json()["orders"]["orders"]]


def test_one_order_path_can_be_switched_off(joor: Remote) -> None:
    joor.set(order_paths="order")
    assert [joor.v2("GET", path).status_code for path in ("order", "orders", "orders/3")] == [200, 404, 404]


def test_a_single_read_by_id_marks_too_unless_sync_is_0(joor: Remote) -> None:
    joor.v2("GET", "order/3", params={"sync": "0"})
    assert joor.export_state(3) == "UNDEFINED"
    joor.v2("GET", "order/3")
    assert joor.export_state(3) == "SUCCESS"
    missing = joor.v2("GET", "order/999")
    assert missing.status_code == 404
    assert missing.json()["orders"]["response"]["code"] == "1"


@pytest.mark.parametrize(
    ("order_type", "ids"),
    [("1", [1]), ("2", [3, 4]), ("3", [2]), ("4", [1, 2, 3, 4, 6]), ("5", [5]), ("6", [3]), ("7", [4]), ("8", [1, 2, 3, 4, 5, 6])],
)
def test_the_filter_codes_and_the_codes_inside_an_order_are_two_lists(joor: Remote, order_type: str, ids: list[int]) -> None:
    assert joor.order_ids(order_type=order_type, sync="0") == ids
    body = joor.v2("GET", "orders", params={"order_type": order_type, "sync": "0"}).json()
    inside = {1: "6", 2: "3", 3: "4", 4: "5", 5: "0", 6: "1"}
    assert [row["order_type"] for row in body["orders"]["orders"]] == [inside[number] for number in ids]


def set_up_export_states(joor: Remote) -> None:
    """eu: 101 never exported, 102 exported, 103 failed, 104 exported and modified since."""
    token = joor.token("eu")
    for number in (102, 103, 104):
        joor.control("POST", "_joor/eu/orders", json={"order_id": number})
    states = [
        {"id": "102", "export_status": "SUCCESS"},
        {"id": "103", "export_status": "FAILED"},
        {"id": "104", "export_status": "SUCCESS"},
    ]
    joor.v4("POST", "orders/bulk_update", token, "7002", json=states)
    joor.control("PATCH", "_joor/eu/orders/104", json={"order_comments": "two more, please"})


@pytest.mark.parametrize(
    ("export_status", "ids"),
    [
        ("1", [101, 102, 103, 104]),
        ("2", [101, 103]),
        ("3", [102, 104]),
        ("4", [104]),
        ("5", [101, 103, 104]),
        ("6", [101]),
        ("7", [101, 104]),
    ],
)
def test_each_export_status_filter_gives_exactly_its_orders(joor: Remote, export_status: str, ids: list[int]) -> None:
    set_up_export_states(joor)
    assert joor.order_ids("eu", export_status=export_status, sync="0") == ids


def test_export_status_defaults_to_all_for_plain_reads_and_to_unexported_and_failed_for_synchronising_ones(joor: Remote) -> None:
    set_up_export_states(joor)
    assert joor.order_ids("eu", sync="0") == [101, 102, 103, 104]
    assert joor.order_ids("eu") == [101, 103]


def test_a_modified_order_stays_modified_until_it_is_exported_again(joor: Remote) -> None:
    set_up_export_states(joor)
    assert joor.order_ids("eu", export_status="4", sync="1") == [104]
    assert joor.order_ids("eu", export_status="4", sync="0") == []


def test_modified_dates_filter_by_both_ends_or_not_at_all(joor: Remote) -> None:
    joor.control("PATCH", "_joor/us/orders/4", json={"date_modified": "2031-05-01T00:00:00+00:00"})
    window = {"date_start": "2031-03-03T09:00:00Z", "date_end": "2031-04-01T00:00:00+00:00"}
    assert joor.order_ids(sync="0", **window) == [3]
    half = joor.v2("GET", "orders", params={"date_start": window["date_start"]})
    assert half.status_code == 400
    assert "together" in half.json()["orders"]["response"]["comment"]
    assert joor.effects() == []


def test_customer_code_and_group_filter_exactly(joor: Remote) -> None:
    joor.control("PATCH", "_joor/us/orders/4", json={"customer_code": "C-2", "customer_group_name": "Chains"})
    assert joor.order_ids(sync="0", customer_code="C-2") == [4]
    assert joor.order_ids(sync="0", customer_group_name="Independents") == [3]


@pytest.mark.parametrize("params", [{"order_type": "9"}, {"sync": "2"}, {"export_status": "0"}, {"count": "many"}, {"check": "4"}])
def test_a_parameter_outside_its_list_is_refused_without_effect(joor: Remote, params: dict[str, str]) -> None:
    assert joor.v2("GET", "orders", params=params).status_code == 400
    assert joor.effects() == []


def test_pages_hold_50_orders_by_default_and_tell_where_the_next_begins(joor: Remote) -> None:
    for _ in range(53):
        joor.control("POST", "_joor/eu/orders", json={})
    first = joor.v2("GET", "orders", "eu", params={"sync": "0"}).json()["orders"]
    assert len(first["orders"]) == 50
    assert {name: first["response"][name] for name in ("start_from", "next_start", "count")} == {
        "start_from": 0,
        "next_start": 50,
        "count": 54,
    }
    last = joor.v2("GET", "orders", "eu", params={"sync": "0", "start_from": 50}).json()["orders"]
    assert len(last["orders"]) == 4
    assert last["response"]["next_start"] == ""
    joor.set(last_next_start=0)
    assert joor.v2("GET", "orders", "eu", params={"sync": "0", "start_from": 50}).json()["orders"]["response"]["next_start"] == 0
    ids = [row["order_id"] for row in first["orders"] + last["orders"]]
    assert ids == sorted(set(ids))


def test_a_synchronising_read_that_moves_its_start_skips_orders(joor: Remote) -> None:
    for _ in range(5):
        joor.control("POST", "_joor/eu/orders", json={})
    seen = joor.order_ids("eu", count=2) + joor.order_ids("eu", count=2, start_from=2)
    assert len(seen) == 4
    assert seen != sorted(joor.order_ids("eu", sync="0"))[:4]  # two were passed over


@pytest.mark.parametrize(
    ("nesting", "path"),
    [("orders.orders", ["orders", "orders"]), ("orders.order", ["orders", "order"]), ("orders", ["orders"]), ("order", ["order"])],
)
def test_the_list_sits_where_the_switch_says(joor: Remote, nesting: str, path: list[str]) -> None:
    joor.set(list_nesting=nesting)
    found = joor.v2("GET", "orders", params={"sync": "0"}).json()
    for name in path:
        found = found[name]
    assert [row["order_id"] for row in found] == [3, 4]


def test_a_list_of_one_can_arrive_as_the_object(joor: Remote) -> None:
    joor.set(single_as_object=True)
    assert joor.v2("GET", "order/3", params={"sync": "0"}).json()["orders"]["orders"]["order_id"] == 3


def test_an_empty_list_arrives_as_empty_text_or_by_switch_as_a_list(joor: Remote) -> None:
    read = {"sync": "0", "order_type": "6"}
    shown = joor.v2("GET", "orders", params=read).json()["orders"]["orders"][0]
    assert (shown["order_doors"], shown["line_items"][0]["style_tags"]) == ("", "")
    joor.set(empty_list=[])
    shown = joor.v2("GET", "orders", params=read).json()["orders"]["orders"][0]
    assert (shown["order_doors"], shown["line_items"][0]["style_tags"]) == ([], [])


def test_numbers_arrive_as_text_or_by_switch_as_numbers(joor: Remote) -> None:
    shown = joor.v2("GET", "order/3", params={"sync": "0"}).json()["orders"]["orders"][0]
    assert (shown["order_total"], shown["line_items"][0]["item_quantity"], shown["order_id"]) == ("660.00", "6", 3)
    joor.set(numbers="number")
    shown = joor.v2("GET", "order/3", params={"sync": "0"}).json()["orders"]["orders"][0]
    assert (shown["order_total"], shown["line_items"][0]["item_quantity"], shown["order_type"]) == (660.0, 6, 4)


def test_a_required_field_that_is_missing_withholds_the_order_from_a_synchronising_read(joor: Remote) -> None:
    joor.set(required_fields=["shipping_code", "division_code"])
    joor.control("PATCH", "_joor/us/orders/4", json={"shipping_code": "STORE1"})
    assert joor.order_ids() == [4]
    assert joor.export_state(3) == "FAILED"
    failed = joor.effects("export_state")
    assert [(row["key"], row["state"], row["description"], row["via"]) for row in failed] == [
        ("3", "FAILED", "shipping_code is missing", "check")
    ]
    joor.control("PATCH", "_joor/us/orders/3", json={"shipping_code": "STORE1"})
    assert joor.order_ids() == [3]  # failed orders are tried again


def test_required_fields_raise_nothing_in_a_plain_read_or_with_check_0(joor: Remote) -> None:
    joor.set(required_fields=["shipping_code"])
    assert joor.order_ids(sync="0") == [3, 4]
    assert joor.effects() == []
    assert joor.order_ids(check="0") == [3, 4]


def test_a_deleted_style_raises_failed_only_when_check_asks_for_it(joor: Remote) -> None:
    joor.control("DELETE", "_joor/us/styles/D410-ID")
    assert joor.order_ids(sync="0", check="1") == [3, 4]
    assert joor.order_ids(check="2") == []
    assert joor.export_state(3) == "FAILED"
    assert "D410-ID" in joor.effects("export_state")[0]["description"]


# --- orders made, changed and cancelled by people on JOOR


def test_a_placed_order_is_importable_and_new(joor: Remote) -> None:
    placed = joor.control("POST", "_joor/us/orders", json={"customer_purchase_order": "PO-77", "line_items": order(0)["line_items"] * 2})
    assert placed["order_id"] == 102
    shown = joor.v2("GET", "order/102", params={"sync": "0"}).json()["orders"]["orders"][0]
    assert (shown["customer_purchase_order"], shown["order_type"], len(shown["line_items"])) == ("PO-77", "4", 2)
    assert joor.control("POST", "_joor/eu/orders", json={"order_id": 3}) == {"error": "order 3 exists"}


def test_an_order_changed_after_export_shows_as_modified_even_within_the_same_second(joor: Remote) -> None:
    joor.order_ids()
    joor.control("PATCH", "_joor/us/orders/3", json={"order_total": "770.00"})
    assert joor.order_ids(export_status="4", sync="0") == [3]
    assert (
        joor.control("GET", "_state", params={"what": "export_state", "account": "us"})["export_state"][2]["modified_since_export"] is True
    )


def test_an_order_can_be_cancelled_after_export(joor: Remote) -> None:
    joor.order_ids()
    joor.control("POST", "_joor/us/orders/3/cancel")
    assert joor.order_ids(sync="0", order_type="5") == [3, 5]
    assert joor.order_ids(sync="0", order_type="8", export_status="4") == [3]


def test_cancelled_lines_are_left_out_of_v2_and_flagged_in_v4(joor: Remote) -> None:
    lines = order(0)["line_items"]
    joor.control("PATCH", "_joor/us/orders/3", json={"line_items": [*lines, {**lines[0], "item_size": "M", "_cancelled": True}]})
    shown = joor.v2("GET", "order/3", params={"sync": "0"}).json()["orders"]["orders"][0]
    assert [line["item_size"] for line in shown["line_items"]] == ["S"]
    rows = joor.v4("GET", "orders/sku_line_items", joor.token(), params={"order_ids": "3"}).json()["data"]
    assert [row["cancelled"] for row in rows] == [False, True]


def test_a_control_path_that_does_not_exist_says_so(joor: Remote) -> None:
    assert "no such" in joor.control("POST", "_joor/us/orders/999/cancel")["error"]
    assert "no such" in joor.control("GET", "_joor/fr/orders")["error"]
    assert "no such state" in joor.control("GET", "_state", params={"what": "weather"})["error"]


# --- 3.3: reading customers


def test_customers_are_listed_and_found_by_code_and_by_id(joor: Remote) -> None:
    page = joor.v2("GET", "connection/", params={"count": 2}).json()["connections"]
    assert [row["customer_code"] for row in page["connections"]] == ["C-1", "C-2"]
    assert page["response"]["next_start"] == 2
    assert page["connections"][0]["buyers"] == ""
    by_code = joor.v2("GET", "connection/customer_code/C-3/").json()["connections"]["connections"]
    by_id = joor.v2("GET", "connection/9003/").json()["connections"]["connections"]
    assert by_code == by_id
    assert by_code[0]["customer_name"] == "Shop 3"
    assert joor.v2("GET", "connection/customer_code/NOPE/").status_code == 404


# --- 7: inventory


def test_a_bulk_write_sets_each_bucket_and_notes_each_position(joor: Remote) -> None:
    answer = push(joor, item(), item(inventory_date="2031-09-15", inventory=120), item(warehouse="LA", inventory=0))
    assert (answer["response"]["code"], answer["sku_count"], log_status(answer)) == ("0", 3, ["pass"] * 3)
    assert [joor.position(UPC, "NJ"), joor.position(UPC, "NJ", "2031-09-15"), joor.position(UPC, "LA")] == [5, 120, 0]
    rows = joor.effects("inventory_set")
    assert [(row["key"], row["quantity"]) for row in rows] == [
        (f"us/{UPC}/NJ/IMMEDIATE", 5),
        (f"us/{UPC}/NJ/2031-09-15", 120),
        (f"us/{UPC}/LA/IMMEDIATE", 0),
    ]
    assert {row["call"] for row in rows} == {rows[0]["call"]}
    assert (rows[0]["style_identifier"], rows[0]["color_code"], rows[0]["size"], rows[0]["account"]) == ("D410-ID", "NVY", "S", "us")


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("body", [[item()], {"inventory_item": [item()]}, {"inventory_item": item()}])
def test_both_body_roots_and_both_methods_are_taken(joor: Remote, method: str, body: Any) -> None:
    assert joor.v2(method, "bulk-inventory/", json={"inventory_items": body}).status_code == 200
    assert joor.position(UPC, "NJ") == 5


@pytest.mark.parametrize("body", [b"not json", b"[]", b'{"items": []}', b'{"inventory_items": 3}'])
def test_a_body_that_cannot_be_read_changes_nothing(joor: Remote, body: bytes) -> None:
    answer = joor.v2("POST", "bulk-inventory", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert joor.effects() == []


@pytest.mark.parametrize(
    "keys",
    [
        {"style_number": "D410", "style_identifier": "D410-ID", "color_code": "NVY", "size": "S"},
        {"style_number": "D410", "style_identifer": "D410-ID", "color_code": "NVY", "size_code": "S"},
        {"style_id": 501, "style_color_id": 50101, "size": "S"},
        {"upc": UPC, "color_code": "RED", "size": "M"},  # the UPC wins
    ],
)
def test_every_valid_key_finds_the_sku(joor: Remote, keys: dict[str, Any]) -> None:
    assert log_status(push(joor, {"warehouse": "NJ", "inventory": 9, **keys})) == ["pass"]
    assert joor.position(UPC, "NJ") == 9


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"upc": "000"}, "unknown upc 000"),
        ({"upc": "", "style_number": "D410", "style_identifier": "D410-ID", "color_code": "NVY", "size": "s"}, "unknown sku D410-ID NVY s"),
        ({"upc": "", "style_number": "D410", "color_code": "NVY", "size": "S"}, "style_identifier is needed"),
        ({"upc": "", "style_id": 501, "size": "S"}, "colour key"),
        ({"inventory": "many"}, "inventory must be an integer"),
        ({"inventory": 1.5}, "inventory must be an integer"),
        ({"inventory": True}, "inventory must be an integer"),
        ({"inventory_date": "15/09/2031"}, "is no date"),
        ({"inventory_date": "2031-02-30"}, "is no date"),
    ],
)
def test_a_bad_item_fails_alone_inside_a_200_answer(joor: Remote, fields: dict[str, Any], reason: str) -> None:
    answer = push(joor, item(**fields), item(warehouse="LA"))
    failed, passed = log_status(answer)
    assert failed.startswith("fail: ")
    assert reason in failed
    assert (passed, answer["sku_count"]) == ("pass", 1)
    assert [row["warehouse"] for row in joor.effects("inventory_set")] == ["LA"]


@pytest.mark.parametrize(
    ("sent", "stored"), [("", "IMMEDIATE"), ("IMMEDIATE", "IMMEDIATE"), ("2031-09-15", "2031-09-15"), ("09-15-2031", "2031-09-15")]
)
def test_the_date_has_four_forms(joor: Remote, sent: str, stored: str) -> None:
    push(joor, item(inventory_date=sent))
    assert joor.position(UPC, "NJ", stored) == 5


def test_an_item_without_a_warehouse_goes_to_the_default_one(joor: Remote) -> None:
    push(joor, item(warehouse=""))
    assert joor.position(UPC, "Default") == 5


@pytest.mark.parametrize(
    ("switch", "status", "stored"),
    [("ignore", "pass", None), ("default", "pass", "Default"), ("error", "fail: unknown warehouse Reno", None)],
)
def test_an_unknown_warehouse_behaves_as_switched(joor: Remote, switch: str, status: str, stored: str | None) -> None:
    if switch != "ignore":  # the default: passes without a word, and nothing is stored
        joor.set(unknown_warehouse=switch)
    assert log_status(push(joor, item(warehouse="Reno"))) == [status]
    assert [row["warehouse"] for row in joor.state("inventory")["inventory"]] == ([stored] if stored else [])


def test_without_overwrite_only_what_is_sent_changes(joor: Remote) -> None:
    push(joor, item(), item(warehouse="LA", inventory=7))
    push(joor, item(inventory=6))
    assert (joor.position(UPC, "NJ"), joor.position(UPC, "LA")) == (6, 7)
    assert joor.state("inventory")["made_to_order"] == []


def test_overwrite_turns_what_is_left_out_of_the_account_into_made_to_order(joor: Remote) -> None:
    push(joor, item(upc="840000000011"), item(warehouse="LA", inventory=7))
    push(joor, item(), overwrite="1")
    assert joor.position(UPC, "LA") is None
    assert joor.position("840000000011", "NJ") is None
    left_out = {row["upc"] for row in joor.state("inventory")["made_to_order"]}
    assert left_out == {"840000000011", "840000000020", "840000000021", "840000000110", "840000000111"}
    assert {row["why"] for row in joor.effects("made_to_order")} == {"left out under overwrite=1"}
    push(joor, item(upc="840000000011", inventory=1))
    assert "840000000011" not in {row["upc"] for row in joor.state("inventory")["made_to_order"]}


def test_overwrite_can_be_switched_to_touch_only_the_warehouses_sent(joor: Remote) -> None:
    joor.set(overwrite_scope="warehouses")
    push(joor, item(upc="840000000011"), item(upc="840000000020"), item(upc="840000000020", warehouse="LA", inventory=7))
    push(joor, item(), overwrite="1")
    assert joor.position("840000000020", "LA") == 7
    assert joor.position("840000000020", "NJ") is None
    assert [row["upc"] for row in joor.state("inventory")["made_to_order"]] == ["840000000011"]


def test_no_overwrite_removes_a_dated_bucket_unless_switched(joor: Remote) -> None:
    push(joor, item(inventory_date="2031-09-15"))
    push(joor, item(), overwrite="1")
    assert joor.position(UPC, "NJ", "2031-09-15") == 5
    joor.set(overwrite_clears_dates=True)
    push(joor, item(), overwrite="1")
    assert joor.position(UPC, "NJ", "2031-09-15") is None
    assert [(row["date"], row["warehouse"]) for row in joor.effects("inventory_cleared")] == [("2031-09-15", "NJ")]


def test_dec_pending_takes_pending_units_off_and_the_default_does_not(joor: Remote) -> None:
    push(joor, item(inventory=50))  # order 2 is Pending: 6 units from NJ
    assert joor.position(UPC, "NJ") == 50
    push(joor, item(inventory=50), item(warehouse="LA", inventory=50), dec_pending="1")
    assert (joor.position(UPC, "NJ"), joor.position(UPC, "LA")) == (44, 50)
    assert [(row["sent"], row["quantity"]) for row in joor.effects("inventory_set")] == [(50, 50), (50, 44), (50, 50)]


def test_made_to_order_clears_the_stock_of_that_sku(joor: Remote) -> None:
    push(joor, item(), item(warehouse="LA"), item(upc="840000000011"))
    push(joor, {"upc": UPC, "made_to_order": True})
    assert [row["upc"] for row in joor.state("inventory")["inventory"]] == ["840000000011"]
    assert [row["upc"] for row in joor.state("inventory")["made_to_order"]] == [UPC]
    assert joor.effects("made_to_order")[0]["why"] == "asked for"


def test_a_deleted_style_takes_no_inventory(joor: Remote) -> None:
    joor.control("DELETE", "_joor/us/styles/D410-ID")
    assert log_status(push(joor, item())) == [f"fail: unknown upc {UPC}"]


def test_one_sku_can_be_set_by_its_own_path_with_everything_in_the_query(joor: Remote) -> None:
    params = {"color_code": "NVY", "size": "S", "warehouse": "LA", "inventory": "3", "inventory_date": "2031-09-15"}
    answer = joor.v2("PUT", "style-number/D410/D410-ID/inventory/", params=params, headers={"Content-Type": "application/json"})
    assert answer.json()["inventory"]["sku_count"] == 1
    assert len(answer.json()["inventory"]["inventory_log"][0]["inventory_log_id"]) == 36
    assert joor.position(UPC, "LA", "2031-09-15") == 3


def test_inventory_of_one_account_is_not_seen_in_the_other(joor: Remote) -> None:
    push(joor, item(), key="eu")
    assert joor.state("inventory", "us")["inventory"] == []
    assert len(joor.state("inventory", "eu")["inventory"]) == 1


# --- 1.3, 1.4: v4 tokens


def credentials(**changes: str) -> dict[str, str]:
    good = {
        "grant_type": "password",
        "client_id": "client-us",
        "client_secret": "client-secret-us",
        "username": "user-us",
        "password": "pass-us",
    }
    return {**good, **changes}


def test_a_token_is_given_for_a_form_and_for_multipart(joor: Remote) -> None:
    for body in ({"data": credentials()}, {"files": {name: (None, value) for name, value in credentials().items()}}):
        answer = joor.http.post(f"{joor.url}/auth/", **body)  # type: ignore[arg-type]  # httpx types each keyword by itself
        granted = answer.json()
        assert {"access_token", "expires_in", "refresh_expires_in", "refresh_token"} < set(granted)
        assert {"token_type", "not-before-policy", "session_state", "scope"} < set(granted)
        assert (granted["expires_in"], granted["refresh_expires_in"], granted["token_type"]) == (36000, 7776000, "Bearer")
        assert joor.v4("GET", "orders", granted["access_token"]).status_code == 200


@pytest.mark.parametrize("name", ["client_id", "client_secret", "username", "password", "grant_type"])
def test_any_wrong_credential_gets_no_token(joor: Remote, name: str) -> None:
    answer = joor.http.post(f"{joor.url}/auth/", data=credentials(**{name: "wrong"}))
    assert answer.status_code in (400, 401)
    assert "access_token" not in answer.json()


def test_several_tokens_are_valid_at_once_and_each_expires_by_the_clock(joor: Remote) -> None:
    first = joor.token()
    joor.advance(20_000)
    second = joor.token()
    assert [joor.v4("GET", "orders", token).status_code for token in (first, second)] == [200, 200]
    joor.advance(16_001)
    assert [joor.v4("GET", "orders", token).status_code for token in (first, second)] == [401, 200]


def test_a_v4_call_needs_its_own_account(joor: Remote) -> None:
    token = joor.token("us")
    assert joor.v4("GET", "orders", token, account="").status_code == 400
    assert joor.v4("GET", "orders", token, account="7002").status_code == 403
    refused = joor.v4("GET", "orders", "made-up")
    assert (refused.status_code, refused.json()["data"], len(refused.json()["errors"])) == (401, [], 1)


# --- 8.6, 8.7: v4 orders


def test_bulk_update_sets_export_states_and_answers_errors_item_by_item(joor: Remote) -> None:
    items = [
        {"id": "3", "export_status": "SUCCESS"},
        {"id": "999", "export_status": "SUCCESS"},
        {"id": "4", "export_status": "FAILED", "export_description": "Terms N30 are not mapped"},
        {"id": "1", "export_status": "DONE"},
        {"export_status": "SUCCESS"},
        {"id": "2", "shipping_price": "4.00"},
    ]
    answer = joor.v4("POST", "orders/bulk_update", joor.token(), json=items)
    assert answer.status_code == 200
    assert [row["id"] for row in answer.json()["data"]] == ["3", "4"]
    assert [error["details"]["order_id"] for error in answer.json()["errors"]] == ["999", "1", None, "2"]
    assert "999 not found" in answer.json()["errors"][0]["message"]
    noted = [(row["key"], row["state"], row["description"], row["via"]) for row in joor.effects("export_state")]
    assert noted == [("3", "SUCCESS", "", "v4"), ("4", "FAILED", "Terms N30 are not mapped", "v4")]
    assert joor.order_ids(sync="0", export_status="2") == [4]
    assert joor.effects("order_marked_exported") == []


def test_bulk_update_changes_the_order_and_its_status(joor: Remote) -> None:
    change = {
        "id": "3",
        "status": "SHIPPED",
        "internal_comments": "AIMS 10042",
        "comments": "thanks",
        "tracking_number": "1Z",
        "po_number": "P9",
    }
    answer = joor.v4("POST", "orders/bulk_update", joor.token(), json=[change])
    assert {name: answer.json()["data"][0][name] for name in change} == change
    shown = joor.v2("GET", "order/3", params={"sync": "0"}).json()["orders"]["orders"][0]
    assert (shown["order_type"], shown["order_internal_comments"], shown["order_comments"]) == ("5", "AIMS 10042", "thanks")
    assert "tracking_number" not in shown  # v2 has no such field
    assert joor.effects("order_updated")[0]["fields"]["tracking_number"] == "1Z"


def test_nothing_goes_back_to_in_progress(joor: Remote) -> None:
    answer = joor.v4("POST", "orders/bulk_update", joor.token(), json=[{"id": "3", "status": "IN_PROGRESS"}]).json()
    assert (answer["data"], len(answer["errors"])) == ([], 1)
    assert joor.effects() == []


def test_writing_the_export_state_with_a_comment_does_not_leave_the_order_modified(joor: Remote) -> None:
    token = joor.token()
    joor.v4("POST", "orders/bulk_update", token, json=[{"id": "3", "export_status": "SUCCESS", "internal_comments": "AIMS 1"}])
    assert joor.order_ids(sync="0", export_status="4") == []
    joor.v4("POST", "orders/bulk_update", token, json=[{"id": "3", "tracking_number": "1Z"}])  # a change by itself does
    assert joor.order_ids(sync="0", export_status="4") == [3]


def test_a_change_through_v4_can_be_switched_not_to_modify(joor: Remote) -> None:
    joor.set(v4_update_modifies=False)
    token = joor.token()
    joor.v4("POST", "orders/bulk_update", token, json=[{"id": "3", "export_status": "SUCCESS"}])
    joor.v4("POST", "orders/bulk_update", token, json=[{"id": "3", "tracking_number": "1Z"}])
    assert joor.order_ids(sync="0", export_status="4") == []


def test_a_v4_body_must_be_an_array(joor: Remote) -> None:
    answer = joor.v4("POST", "orders/bulk_update", joor.token(), json={"id": "3", "export_status": "SUCCESS"})
    assert answer.status_code == 400
    assert joor.effects() == []


def v4_ids(answer: httpx.Response) -> list[str]:
    return [row["id"] for row in answer.json()["data"]]


def test_v4_orders_are_filtered_sorted_and_paged(joor: Remote) -> None:
    token = joor.token()
    joor.v4("POST", "orders/bulk_update", token, json=[{"id": "4", "export_status": "FAILED"}])
    assert v4_ids(joor.v4("GET", "orders", token, params={"order_ids": "3,4,77"})) == ["3", "4"]
    assert v4_ids(joor.v4("GET", "orders", token, params={"export_status": "FAILED"})) == ["4"]
    assert v4_ids(joor.v4("GET", "orders", token, params={"status": "APPROVED,PENDING"})) == ["2", "3"]
    assert v4_ids(joor.v4("GET", "orders", token, params={"page": "2", "page_size": "4"})) == ["5", "6"]
    assert v4_ids(joor.v4("GET", "orders", token, params={"page_size": "2", "sort_order": "DESCENDING"})) == ["6", "5"]
    shown = joor.v4("GET", "orders", token, params={"order_ids": "3"}).json()["data"][0]
    assert (shown["status"], shown["export_status"], shown["retailer_id"]) == ("APPROVED", "UNDEFINED", "9001")
    assert shown["customer"]["name"] == "Łódź & Pine"


def test_v4_line_items_name_order_sku_and_product(joor: Remote) -> None:
    token = joor.token()
    rows = joor.v4("GET", "orders/sku_line_items", token, params={"order_ids": "3,4"}).json()["data"]
    assert [(row["order_id"], row["quantity"], row["cancelled"]) for row in rows] == [("3", 6, False), ("4", 6, False)]
    sku = rows[0]["line_item_sku"]
    assert sku["product"] == {"id": "501", "name": "Style D410", "external_id": "D410", "identifier": "D410-ID"}
    assert [trait["value"] for trait in sku["trait_values"]] == ["Navy", "S"]
    assert len(joor.v4("GET", "orders/sku_line_items", token, params={"line_item_ids": rows[1]["id"]}).json()["data"]) == 1


def test_an_unknown_path_is_not_found_in_the_words_of_its_version(joor: Remote) -> None:
    assert joor.v2("GET", "nothing-here").json()["nothing-here"]["response"]["comment"] == "not found"
    assert joor.v4("GET", "nothing-here", joor.token()).json()["errors"][0]["message"] == "Not found"
    assert joor.http.get(f"{joor.url}/v3/orders").status_code == 404
