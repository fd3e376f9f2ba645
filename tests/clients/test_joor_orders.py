"""Reading JOOR orders: every nesting, every way to write a number or an empty list, and never a lost row."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from clients.joor.client import JoorClient
from clients.joor.parse import parse_order
from models.errors import OutcomeUnknown, Rejected, SyncError, Unavailable
from runtime.clock import FrozenClock
from tests.clients.conftest import Remote, answer

NOW = datetime(2031, 3, 4, 12, tzinfo=UTC)
LINE = {
    "item_number": "D410",
    "item_style_identifier": "D410-NVY",
    "item_color_code": "NVY",
    "item_size": "M",
    "item_upc": "840000000017",
    "item_price": "110.00",
    "item_unit_price": "110.00",
    "item_price_adjustment": "0",
    "item_quantity": "6",
    "item_multiplier": "1",
    "item_price_extended": "660.00",
    "style_tags": "",
}
ORDER: dict[str, Any] = {
    "order_id": 7700123,
    "order_type": "4",
    "order_currency": "USD",
    "order_currency_name": "US Dollars",
    "order_discount": "",
    "order_total": "660.00",
    "date_created": "2031-03-02T15:04:05+00:00",
    "date_approved": "2031-03-03T09:00:00+02:00",
    "date_modified": "2031-03-03T09:00:00",
    "date_ship_start": "2031-08-01",
    "date_ship_end": "",
    "customer_code": "C-20417",
    "shipping_code": "STORE1",
    "shipping_region": "ME",
    "shipping_country_iso_two": "US",
    "order_divisions": [{"division_code": "01", "division_name": "Main"}],
    "order_doors": "",
    "line_items": [LINE],
}
OK = {"code": "0", "comment": "", "log_id": "u-1"}


@pytest.fixture
def joor(make_http):
    def build(*script: Any, **options: Any) -> tuple[JoorClient, Remote]:
        remote = Remote(*script)
        return JoorClient(make_http(remote, system="JOOR"), token="v2-token-text", clock=FrozenClock(NOW), **options), remote

    return build


def page(client: JoorClient, start_from: int = 0, count: int = 2, **dates: Any):
    return client.orders_page(order_type=2, export_status=5, start_from=start_from, count=count, **dates)


@pytest.mark.parametrize(
    "envelope",
    [
        {"orders": {"response": OK, "orders": [ORDER]}},
        {"orders": {"response": OK, "order": [ORDER]}},
        {"orders": {"response": OK, "order": ORDER}},
        {"orders": {"response": OK, "orders": {"order": [ORDER]}}},
        {"orders": {"response": OK, "orders": [{"order": ORDER}]}},
        {"response": OK, "orders": [ORDER]},
        {"response": OK, "order": [ORDER]},
        {"response": OK, "order": ORDER},
        {"orders": [ORDER]},
        {"order": ORDER},
        [ORDER],
    ],
)
def test_an_order_is_found_in_every_nesting(joor, envelope):
    found = page(joor(answer(envelope))[0])
    assert [order.order_id for order in found.orders] == ["7700123"]
    assert found.broken == ()


@pytest.mark.parametrize(
    "envelope",
    [
        {"orders": {"response": OK, "orders": ""}},
        {"orders": {"response": OK, "orders": []}},
        {"orders": {"response": OK, "orders": None}},
        {"orders": {"response": {**OK, "code": 0, "count": 0}}},
        {"orders": {"response": {**OK, "count": "2"}}},  # may echo the page size
        {"response": OK, "orders": ""},
        {"orders": ""},
        {"orders": []},
    ],
)
def test_an_empty_page_is_empty_in_every_form(joor, envelope):
    found = page(joor(answer(envelope))[0])
    assert (found.orders, found.broken, found.next_start) == ((), (), None)


@pytest.mark.parametrize(
    "envelope",
    [
        {},
        {"purchase_orders": [ORDER]},
        {"orders": {"response": OK, "order_list": [ORDER]}},
        {"orders": {"response": {**OK, "count": 17}}},
        {"orders": 5},
        "orders",
        None,
    ],
)
def test_a_strange_answer_is_never_taken_for_an_empty_page(joor, envelope):
    with pytest.raises(Unavailable, match="JSON without a list of orders came"):
        page(joor(answer(envelope))[0])


def test_sync_0_is_always_said_and_the_v2_token_sent_in_base64(joor):
    client, remote = joor(answer({"orders": ""}))
    page(client, 50, 50)
    request = remote.requests[0]
    assert request.url.path == "/v2/orders"
    assert dict(request.url.params) == {"sync": "0", "order_type": "2", "export_status": "5", "start_from": "50", "count": "50"}
    assert request.headers["authorization"] == "OAuth2 djItdG9rZW4tdGV4dA=="
    assert request.headers["content-type"] == "application/json"


def test_the_modified_range_has_both_ends_or_none(joor):
    client, remote = joor(answer({"orders": ""}))
    page(client, modified_from=datetime(2031, 3, 1, tzinfo=UTC))
    params = remote.requests[0].url.params
    assert (params["date_start"], params["date_end"]) == ("2031-03-01T00:00:00+00:00", "2031-03-04T12:00:00+00:00")
    with pytest.raises(ValueError, match="both or none"):
        page(client, modified_to=NOW)
    with pytest.raises(ValueError, match="aware"):
        page(client, modified_from=datetime(2031, 3, 1))  # noqa: DTZ001 - the naive datetime is the trap


def test_a_row_that_cannot_be_parsed_is_kept_with_its_reason_beside_the_good_ones(joor):
    bad_quantity = {**ORDER, "order_id": 2, "line_items": [LINE, {**LINE, "item_quantity": "six"}]}
    half_pack = {**ORDER, "order_id": 3, "line_items": [{**LINE, "item_quantity": "1.5"}]}
    rows = [
        ORDER,
        bad_quantity,
        half_pack,
        {**ORDER, "order_id": ""},
        "text",
        {"order_id": 9},
        {**ORDER, "date_created": "yesterday, noon"},
    ]
    found = page(joor(answer({"orders": {"response": OK, "orders": rows}}))[0], count=50)
    assert [order.order_id for order in found.orders] == ["7700123"]
    assert [why for _, why in found.broken] == [
        "line 2: item_quantity is not a number: 'six'",
        "line 1: item_quantity is not a whole number: 1.5",
        "order_id is empty",
        "an order must be an object, not str",
        "line_items is missing",
        "date_created is not a date: 'yesterday, noon'",
    ]
    assert found.broken[0][0]["order_id"] == 2
    assert found.broken[3][0] == {"value": "text"}


def test_an_order_is_read_with_exact_money_and_utc_times():
    order = parse_order(ORDER)
    assert (order.status, order.total, order.discount) == ("approved", Decimal("660.00"), Decimal(0))
    assert order.date_approved == datetime(2031, 3, 3, 7, tzinfo=UTC)
    assert order.date_modified == datetime(2031, 3, 3, 9, tzinfo=UTC)
    assert (order.ship_start, order.ship_end) == (date(2031, 8, 1), None)
    assert order.shipping.region == "ME"
    assert order.divisions == (("01", "Main"),)
    assert (order.lines[0].quantity, order.lines[0].multiplier, order.lines[0].price) == (6, 1, Decimal("110.00"))


def test_numbers_as_text_or_number_and_empty_lists_in_any_form_give_the_same_order():
    as_numbers = json.dumps({**ORDER, "order_type": 4, "order_total": 660, "line_items": [{**LINE, "item_price": 110, "item_quantity": 6}]})
    order = parse_order(json.loads(as_numbers, parse_float=Decimal))
    plain = parse_order(ORDER)
    assert order == plain
    assert parse_order({**ORDER, "order_divisions": ""}).divisions == ()
    assert parse_order({**ORDER, "order_divisions": []}) == parse_order({**ORDER, "order_divisions": None})
    assert parse_order({**ORDER, "line_items": LINE}) == plain
    assert parse_order({**ORDER, "line_items": {"line_item": [LINE]}}) == plain
    assert parse_order({**ORDER, "line_items": ""}).lines == ()


def test_the_raw_order_fits_a_json_column_and_parses_to_the_same_order(joor):
    order = page(joor(answer({"orders": [{**ORDER, "order_total": 660.1, "order_discount": 0.05}]}))[0]).orders[0]
    assert order.total == Decimal("660.1")
    again = parse_order(json.loads(json.dumps(order.raw)))
    assert again == order
    assert order.raw["order_total"] == "660.1"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("0", "cancelled"),
        (1, "in_progress"),
        ("6", "notes"),
        (3, "pending"),
        ("4", "approved"),
        (5, "shipped"),
        ("9", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_order_type_inside_an_order_has_its_own_list(code, status):
    assert parse_order({**ORDER, "order_type": code}).status == status


@pytest.mark.parametrize("value", ["", "0000-00-00", "0000-00-00 00:00:00", "n/a", None])
def test_short_or_zero_dates_mean_none(value):
    order = parse_order({**ORDER, "date_approved": value, "date_ship_start": value})
    assert order.date_approved is None
    assert order.ship_start is None


@pytest.mark.parametrize(
    ("response", "start", "rows", "following"),
    [
        ({"next_start": 2, "count": 5}, 0, 2, 2),
        ({"next_start": "4", "count": "5"}, 2, 2, 4),
        ({"next_start": 6, "count": 5}, 4, 1, None),
        ({"next_start": "", "count": 4}, 2, 2, None),
        ({"next_start": 0, "count": 4}, 2, 2, None),
        ({"next_start": 2, "count": 4}, 2, 2, None),
        ({"next_start": 2}, 0, 2, 2),
        ({"next_start": 2}, 0, 1, None),
        ({}, 0, 2, 2),  # no word about paging and a full page: asking once more costs one credit, not asking may lose orders
        ({}, 0, 1, None),
        ({"next_start": "", "count": 9}, 0, 1, 1),  # a server that caps its pages
        ({"next_start": 2, "count": 9}, 0, 0, None),
    ],
)
def test_paging_stops_at_the_end_and_never_before(joor, response, start, rows, following):
    listed = [{**ORDER, "order_id": n + 1} for n in range(rows)]
    client, _ = joor(answer({"orders": {"response": {**OK, **response}, "orders": listed}}))
    assert page(client, start, 2).next_start == following


def test_a_code_other_than_0_is_a_refusal_with_its_comment_and_log_id(joor):
    client, _ = joor(answer({"orders": {"response": {"code": 3, "comment": "bad range", "log_id": "u-9"}, "orders": ""}}))
    with pytest.raises(Rejected, match="code 3: bad range") as caught:
        page(client)
    assert caught.value.remote_message == "bad range"
    assert "u-9" in caught.value.fix[0]


def test_one_order_is_read_without_marking_it_and_must_be_the_one_asked_for(joor):
    client, remote = joor(answer({"orders": {"response": OK, "orders": [{**ORDER, "order_id": 1}, ORDER]}}))
    assert client.order("7700123").order_id == "7700123"
    assert remote.requests[0].url.path == "/v2/orders/7700123"
    assert remote.requests[0].url.params["sync"] == "0"
    assert client.order("4711") is None
    assert joor(answer({"orders": {"response": {"code": 1, "comment": "none"}}}, 404))[0].order("4711") is None
    assert joor(answer({"orders": {"response": OK, "orders": ""}}))[0].order("4711") is None
    with pytest.raises(Rejected, match="cannot be read: line_items is missing"):
        joor(answer({"orders": [{"order_id": "5"}]}))[0].order("5")


def test_marking_reads_the_first_page_until_nothing_new_comes_and_keeps_what_it_got(joor):
    first = [{**ORDER, "order_id": n} for n in range(50)]
    client, remote = joor(answer({"orders": first}), answer({"orders": [{**ORDER, "order_id": 77}, {"order_id": 78, "line_items": 5}]}))
    found = client.mark_exported(datetime(2031, 3, 1, tzinfo=UTC), NOW, 2)
    assert len(found) == 52
    assert found[-1].order_id == "78"
    assert (found[-1].status, found[-1].lines, found[-1].raw) == ("unknown", (), {"order_id": 78, "line_items": 5})
    assert [request.url.params["start_from"] for request in remote.requests] == ["0", "0"]
    assert {request.url.params["sync"] for request in remote.requests} == {"1"}


def test_marking_is_not_repeated_in_process_when_its_answer_is_lost(joor):
    client, remote = joor(answer({}, 503))
    with pytest.raises(Unavailable):
        client.mark_exported(datetime(2031, 3, 1, tzinfo=UTC), NOW, 2)
    assert len(remote.requests) == 1


def test_marking_ends_when_joor_keeps_showing_the_same_page(joor):
    client, remote = joor(answer({"orders": [{**ORDER, "order_id": n} for n in range(50)]}))
    assert len(client.mark_exported(datetime(2031, 3, 1, tzinfo=UTC), NOW, 2)) == 50
    assert len(remote.requests) == 2


def test_a_missing_token_is_named_before_anything_is_sent(make_http):
    remote = Remote(answer({}))
    client = JoorClient(make_http(remote, system="JOOR"), token=" ")
    with pytest.raises(SyncError, match="no JOOR API token"):
        page(client)
    assert remote.requests == []
    assert not issubclass(OutcomeUnknown, Unavailable)
    assert replace(parse_order(ORDER), raw={}) == parse_order(ORDER)
