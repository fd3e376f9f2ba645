"""Telling JOOR: export states, inventory; and what its customers look like."""

import base64
import json
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from clients.joor.client import JoorClient, JoorContract, V4Credentials
from clients.joor.types import ExportState, InventoryItem
from models.errors import AccessDenied, NotPossible, Rejected, Unavailable
from runtime.clock import FrozenClock
from tests.clients.conftest import Remote, answer

V4 = V4Credentials("cid", "c-secret-1", "user", "pass-word-1")
NOW = datetime(2031, 3, 4, 12, tzinfo=UTC)
DONE = ExportState("7", "SUCCESS")
FAILED = ExportState("8", "FAILED", "term NET45 is not mapped")


class Desk:
    """Hands out v4 tokens and answers the rest from a script."""

    def __init__(self, *script: Any, tokens: Any = None) -> None:
        self.remote = Remote(*script)
        self.tokens = tokens or Remote(lambda _: answer({"access_token": f"tok-{len(self.tokens.requests)}", "expires_in": 1000}))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        return self.tokens(request) if request.url.host == "atlas.example" else self.remote(request)


@pytest.fixture
def joor(make_http):
    def build(*script: Any, desk: Desk | None = None, clock: FrozenClock | None = None, **contract: str) -> tuple[JoorClient, Desk]:
        desk = desk or Desk(*script)
        client = JoorClient(
            make_http(desk, system="JOOR"),
            token="v2-token-text",
            v4=V4,
            account_id="9001",
            auth_url="https://atlas.example/auth/",
            clock=clock or FrozenClock(NOW),
            contract=JoorContract(contract),
        )
        return client, desk

    return build


# ---- v4 token ------------------------------------------------------------------------------------------------------------------------


def test_the_v4_token_comes_by_password_grant_and_the_v2_token_never_leaves_for_its_host(joor):
    client, desk = joor(answer({"data": [{"id": "7"}], "errors": []}))
    assert client.set_export_states([DONE]) == {"7": None}
    form = parse_qs(desk.tokens.requests[0].content.decode())
    assert form == {
        "grant_type": ["password"],
        "client_id": ["cid"],
        "client_secret": ["c-secret-1"],
        "username": ["user"],
        "password": ["pass-word-1"],
    }
    assert "authorization" not in desk.tokens.requests[0].headers
    assert client.http.meter.credits == 5  # the token request costs none


def test_the_token_is_kept_until_90_percent_of_its_life(joor):
    clock = FrozenClock(NOW)
    client, desk = joor(answer({"data": [], "errors": []}), clock=clock)
    for wait, tokens in ((0, 1), (899, 1), (2, 2)):
        clock.advance(wait)
        client.set_export_states([DONE])
        assert len(desk.tokens.requests) == tokens
    assert desk.remote.requests[-1].headers["authorization"] == "Bearer tok-2"


def test_a_token_refused_before_its_time_is_renewed_once(joor):
    client, desk = joor(answer({}, 401), answer({"data": [], "errors": []}))
    assert client.set_export_states([DONE]) == {"7": None}
    assert [request.headers["authorization"] for request in desk.remote.requests] == ["Bearer tok-1", "Bearer tok-2"]
    client, desk = joor(answer({}, 401))
    with pytest.raises(AccessDenied, match="HTTP 401") as caught:
        client.set_export_states([DONE])
    assert len(desk.remote.requests) == 2
    assert "`joorsync sites set us --secret joor.client_secret`" in caught.value.fix


@pytest.mark.parametrize("status", [400, 401])
def test_a_refused_grant_denies_access(joor, status):
    tokens = Remote(answer({"error": "invalid_grant", "error_description": "Invalid user credentials"}, status))
    client, desk = joor(desk=Desk(answer({}), tokens=tokens))
    with pytest.raises(AccessDenied, match="Invalid user credentials"):
        client.set_export_states([DONE])
    assert desk.remote.requests == []


@pytest.mark.parametrize("body", [{}, {"access_token": ""}, {"access_token": "a\nb"}, [], {"access_token": 5}])
def test_a_grant_without_a_usable_token_is_unavailable(joor, body):
    client, _ = joor(desk=Desk(answer({}), tokens=Remote(answer(body))))
    with pytest.raises(Unavailable, match="no access_token"):
        client.set_export_states([DONE])


# ---- export states -------------------------------------------------------------------------------------------------------------------


def test_export_states_are_one_repeatable_v4_call_with_the_account(joor):
    client, desk = joor(answer({"data": [{"id": "7"}, {"id": "8"}], "errors": []}))
    client.set_export_states([DONE, FAILED])
    request = desk.remote.requests[0]
    assert (request.method, request.url.path, dict(request.url.params)) == ("POST", "/v4/orders/bulk_update", {"account": "9001"})
    assert json.loads(request.content) == [
        {"id": "7", "export_status": "SUCCESS"},
        {"id": "8", "export_status": "FAILED", "export_description": "term NET45 is not mapped"},
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"data": [{"id": "7"}], "errors": [{"status": "NOT_FOUND", "message": "no", "details": {"id": "8"}}]},
            {"7": None, "8": "NOT_FOUND: no"},
        ),
        ({"data": [{"id": "7"}], "errors": [{"message": "order 8 is locked", "details": {}}]}, {"7": None, "8": "order 8 is locked"}),
        ({"data": [{"id": 7}], "errors": [{"message": "locked"}]}, {"7": None, "8": "locked"}),
        ({"data": [], "errors": [{"message": "down"}]}, {"7": "down", "8": "down"}),
        ({"data": [{"id": "7"}, {"id": "8"}], "errors": [{"message": "odd"}]}, {"7": "odd", "8": "odd"}),
        ({"errors": ["plain text"]}, {"7": "plain text", "8": "plain text"}),
        ({"data": []}, {"7": None, "8": None}),
        ({"data": [], "errors": None}, {"7": None, "8": None}),
    ],
)
def test_errors_inside_a_2xx_are_judged_per_order_and_doubt_counts_as_failure(joor, body, expected):
    assert joor(answer(body))[0].set_export_states([DONE, FAILED]) == expected


def test_a_v4_answer_of_another_shape_is_unavailable(joor):
    with pytest.raises(Unavailable, match="without data and errors"):
        joor(answer({"result": "ok"}))[0].set_export_states([DONE])


def test_without_v4_credentials_a_person_is_told_what_to_ask_for(make_http):
    for missing in ({"v4": None}, {"account_id": None}, {"auth_url": None}):
        options = {"v4": V4, "account_id": "9001", "auth_url": "https://atlas.example/auth/", **missing}
        client = JoorClient(make_http(Remote(answer({})), system="JOOR"), token="t", **options)
        assert not client.can_set_export_states
        with pytest.raises(NotPossible, match="v4 credentials"):
            client.set_export_states([DONE])


# ---- inventory -----------------------------------------------------------------------------------------------------------------------

BY_UPC = InventoryItem("NJ", 42, upc="840000000017", style_number="D410", style_identifier="D410-NVY", color_code="NVY", size="M")
DATED = InventoryItem("NJ", 120, bucket=date(2031, 9, 15), upc="840000000017")
BY_KEYS = InventoryItem("LA", 0, style_number="D410", style_identifier="D410-NVY", color_code="NVY", size="S")


def taken(*log: dict[str, Any], **more: Any) -> httpx.Response:
    return answer({"inventory": {"response": {"code": 0, "log_id": "u-5"}, "inventory_log": list(log), **more}})


def test_inventory_is_sent_without_overwrite_and_with_dec_pending_said(joor):
    client, desk = joor(taken())
    found = client.push_inventory([BY_UPC, DATED, BY_KEYS])
    assert (found.failed, found.log_id) == ({}, "u-5")
    request = desk.remote.requests[0]
    assert (request.method, request.url.path, dict(request.url.params)) == ("POST", "/v2/bulk-inventory", {"dec_pending": "0"})
    assert json.loads(request.content) == {
        "inventory_items": [
            {"warehouse": "NJ", "upc": "840000000017", "inventory": 42},
            {"warehouse": "NJ", "upc": "840000000017", "inventory_date": "2031-09-15", "inventory": 120},
            {"warehouse": "LA", "style_number": "D410", "style_identifier": "D410-NVY", "color_code": "NVY", "size": "S", "inventory": 0},
        ]
    }
    assert request.headers["authorization"] == f"OAuth2 {base64.b64encode(b'v2-token-text').decode()}"


def test_assumed_wire_words_can_be_changed_by_contract(joor):
    words = {"inventory.immediate": "IMMEDIATE", "inventory.item_node": "inventory_item", "inventory.style_identifier": "style_identifer"}
    client, desk = joor(taken(), **words)
    client.push_inventory([BY_KEYS])
    (row,) = json.loads(desk.remote.requests[0].content)["inventory_items"]["inventory_item"]
    assert (row["inventory_date"], row["style_identifer"]) == ("IMMEDIATE", "D410-NVY")


def test_refused_items_are_named_by_their_place_among_what_was_given(joor):
    no_key = InventoryItem("NJ", 1, style_number="D410")
    log = [{"sku": "840000000017", "status": "Pass"}, {"sku": "D410|D410-NVY|NVY|S", "status": "fail: unknown sku"}]
    found = joor(taken(*log))[0].push_inventory([no_key, BY_UPC, BY_KEYS])
    assert found.failed == {0: "not sent: it has neither a UPC nor style, colour and size", 2: "fail: unknown sku"}


def test_a_refused_sku_in_several_places_counts_for_all_of_them_unless_the_log_runs_in_step(joor):
    fail = {"sku": "840000000017", "status": "fail"}
    good = {"sku": "840000000017", "status": "pass"}
    assert joor(taken(fail))[0].push_inventory([BY_UPC, DATED, BY_KEYS]).failed == {0: "fail", 1: "fail"}
    assert joor(taken(good, fail))[0].push_inventory([BY_UPC, DATED]).failed == {1: "fail"}
    located = {**fail, "inventory_date": "2031-09-15"}
    assert joor(taken(located))[0].push_inventory([BY_UPC, DATED]).failed == {1: "fail"}


def test_a_short_code_matches_only_as_a_whole_word(joor):
    log = {"sku": "D410|D410-NVY|NVY|XS", "status": "fail"}
    extra_small = InventoryItem("LA", 1, style_number="D410", style_identifier="D410-NVY", color_code="NVY", size="XS")
    assert joor(taken(log))[0].push_inventory([BY_KEYS, extra_small]).failed == {1: "fail"}


def test_an_unknown_status_word_counts_as_refused(joor):
    assert joor(taken({"sku": "840000000017", "status": "deferred"}))[0].push_inventory([BY_UPC]).failed == {0: "deferred"}
    assert joor(taken({"sku": "840000000017"}))[0].push_inventory([BY_UPC]).failed == {0: "no status given"}


def test_a_failure_that_names_no_item_is_a_rejection_quoting_it(joor):
    with pytest.raises(Rejected, match="999: fail: unknown upc") as caught:
        joor(taken({"sku": "999", "status": "fail: unknown upc"}))[0].push_inventory([BY_UPC])
    assert "u-5" in caught.value.summary


@pytest.mark.parametrize(
    "body",
    [
        {"inventory": {"response": {"code": 2, "comment": "bad", "log_id": "u"}}},
        {"response": {"code": "2", "comment": "bad", "log_id": "u"}},
        {"inventory": {"response": {"code": 0}, "sku_count": 0}},
    ],
)
def test_a_bulk_call_that_took_nothing_is_a_rejection(joor, body):
    with pytest.raises(Rejected):
        joor(answer(body))[0].push_inventory([BY_UPC])


@pytest.mark.parametrize(
    "body", [{}, {"anything": {"response": "a-log-id"}}, {"inventory": {"response": {"code": "0"}, "inventory_log": ""}}]
)
def test_a_silent_bulk_answer_counts_as_taken(joor, body):
    assert joor(answer(body))[0].push_inventory([BY_UPC]).failed == {}


def test_an_answer_that_is_no_object_is_unavailable_and_nothing_is_sent_for_no_items(joor):
    with pytest.raises(Unavailable, match="a JSON list came"):
        joor(answer([]))[0].push_inventory([BY_UPC])
    client, desk = joor(taken())
    assert client.push_inventory([]).failed == {}
    assert desk.remote.requests == []


# ---- connections ---------------------------------------------------------------------------------------------------------------------

SHOP = {
    "customer_account_id": 55,
    "customer_code": "C/1",
    "customer_name": "Häuser & Söhne",
    "customer_contact_email": "a@b.example",
    "shipping": {"shipping_addresses": [{"shipping_code": "S1"}, {"shipping_code": ""}, {"shipping_code": "S2"}]},
}


def test_connections_are_read_page_by_page(joor):
    first = {"connections": {"response": {"code": 0, "next_start": 50, "count": 51}, "connections": [SHOP] * 50}}
    last = {"connections": {"response": {"code": 0, "next_start": 0, "count": 51}, "connection": {**SHOP, "shipping": ""}}}
    client, desk = joor(answer(first), answer(last))
    found = list(client.connections())
    assert len(found) == 51
    assert (found[0].connection_id, found[0].customer_name, found[0].shipping_codes) == ("55", "Häuser & Söhne", ("S1", "S2"))
    assert found[-1].shipping_codes == ()
    assert [request.url.params["start_from"] for request in desk.remote.requests] == ["0", "50"]


@pytest.mark.parametrize(
    "reply",
    [
        answer({"connections": {"response": {"code": 1, "comment": "x"}}}, 404),
        answer({"connection": {"response": {"code": 4, "comment": "Customer not found"}}}),
        answer({"connections": {"response": {"code": 0}, "connections": ""}}),
        answer({"connection": {**SHOP, "customer_code": "C/2"}}),
    ],
)
def test_an_unknown_customer_code_is_none(joor, reply):
    assert joor(reply)[0].connection("C/1") is None


def test_a_connection_is_found_by_its_code_escaped_in_the_path(joor):
    client, desk = joor(answer({"connection": {"response": {"code": "0"}, **SHOP}}))
    assert client.connection("C/1").connection_id == "55"
    assert desk.remote.requests[0].url.raw_path == b"/v2/connection/customer_code/C%2F1/"


def test_unknown_contract_entries_are_refused_with_the_valid_ones():
    with pytest.raises(NotPossible, match=r"path\.ordres. Did you mean path\.orders\?") as caught:
        JoorContract.load({"joor": {"path": {"ordres": "/v2/order"}}})
    assert "path.bulk_inventory" in caught.value.fix[0]
    assert JoorContract.load({"joor": {"path": {"orders": "/v2/order"}}, "aims360": {"nonsense": "x"}})["path.orders"] == "/v2/order"
