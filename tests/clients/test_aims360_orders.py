"""Creating AIMS360 orders: the body to the digit, the search before every create, and what an unclear answer means."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from clients.aims360.client import AimsClient, AimsCredentials, Contract
from clients.aims360.types import NewCustomer, OneTimeAddress, OrderDraft, OrderDraftLine
from clients.jsontext import storable
from models.errors import NotPossible, OutcomeUnknown, Rejected
from tests.clients.conftest import Remote, answer

DRAFT = OrderDraft(
    reference="JOOR-7700123",
    customer_id="c1",
    division_id="d1",
    status="Hold",
    purchase_order="PO-88",
    lines=(OrderDraftLine("sc1", "w1", Decimal("110.10"), (("S", 4), ("M", 6))),),
    term_id="t1",
    entered=date(2031, 3, 4),
    start=date(2031, 8, 1),
    ship_to=OneTimeAddress("Corner Shop", "1 Main St", city="Austin", country_id="us"),
    header={"notes": "From JOOR"},
)


@pytest.fixture
def aims(make_http):
    def build(*script: Any, **contract: str) -> tuple[AimsClient, Remote]:
        remote = Remote(*script)
        return AimsClient(make_http(remote), credentials=AimsCredentials(token="tok-long-1"), contract=Contract(contract)), remote

    return build


def rows(*found: dict[str, Any]) -> httpx.Response:
    return answer({"value": list(found)})


def test_the_body_is_the_documented_shape_without_empty_members(aims):
    assert aims(rows())[0].order_body(DRAFT) == {
        "customerID": "c1",
        "divisionID": "d1",
        "termID": "t1",
        "thirdPartyOrderID": "JOOR-7700123",
        "customerPurchaseOrder": "PO-88",
        "status": "Hold",
        "entered": "2031-03-04",
        "start": "2031-08-01",
        "store": {"address": {"name": "Corner Shop", "address1": "1 Main St", "city": "Austin", "countryID": "us"}},
        "lineItems": [
            {
                "styleColorID": "sc1",
                "warehouseID": "w1",
                "price": Decimal("110.10"),
                "sizes": [{"sizeName": "S", "orderQuantity": 4}, {"sizeName": "M", "orderQuantity": 6}],
            }
        ],
        "notes": "From JOOR",
    }


def test_prices_travel_digit_by_digit_and_a_free_line_keeps_its_zero(aims):
    client, remote = aims(answer({"order": "100234"}))
    lines = (DRAFT.lines[0], replace(DRAFT.lines[0], style_color_id="sc2", price=Decimal("0.00")))
    assert client.create_order(client.order_body(replace(DRAFT, lines=lines))) == "100234"
    assert b'"price":110.10' in remote.requests[0].content
    assert b'"price":0.00' in remote.requests[0].content
    assert json.dumps(storable(client.order_body(DRAFT)))


def test_a_store_id_travels_under_the_name_of_the_contract_and_never_beside_an_address(aims):
    client, _ = aims(rows())
    assert client.order_body(replace(DRAFT, ship_to=None, store_id="s1"))["store"] == {"customerStoreID": "s1"}
    other, _ = aims(rows(), **{"order.store_id": "storeStoreID"})
    assert other.order_body(replace(DRAFT, ship_to=None, store_id="s1"))["store"] == {"storeStoreID": "s1"}
    with pytest.raises(ValueError, match="not to both"):
        client.order_body(replace(DRAFT, store_id="s1"))
    assert "store" not in client.order_body(replace(DRAFT, ship_to=None))


def test_discounts_are_net_or_by_line(aims):
    client, _ = aims(rows())
    net = client.order_body(replace(DRAFT, net_discount_percentage=Decimal("12.5")))
    assert net["discounts"] == {"lineItemDiscount": {"discountType": "NET", "netDiscountPercentage": Decimal("12.5")}}
    line = replace(DRAFT.lines[0], discount_percentage=Decimal(10), note="sample")
    body = client.order_body(replace(DRAFT, lines=(line,)))
    assert body["discounts"] == {"lineItemDiscount": {"discountType": "LINEITEMDISCOUNT"}}
    assert (body["lineItems"][0]["lineItemDiscountPercentage"], body["lineItems"][0]["lineNote"]) == (Decimal(10), "sample")
    with pytest.raises(ValueError, match="not both"):
        client.order_body(replace(DRAFT, lines=(line,), net_discount_percentage=Decimal(1)))


def test_a_note_cannot_overwrite_a_field_of_the_draft(aims):
    with pytest.raises(ValueError, match="thirdPartyOrderID"):
        aims(rows())[0].order_body(replace(DRAFT, header={"thirdPartyOrderID": "x"}))


@pytest.mark.parametrize(
    ("reply", "number"), [({"order": "100234"}, "100234"), ({"Order": 100234}, "100234"), ({"requestId": "r", "ORDER": " 7 "}, "7")]
)
def test_the_order_number_is_read_in_any_case(aims, reply, number):
    assert aims(answer(reply, 201))[0].create_order({"thirdPartyOrderID": "r"}) == number


@pytest.mark.parametrize(
    "reply", [{}, {"order": ""}, {"order": None}, {"order": True}, [], {"error": {"message": "odd"}}, {"orderID": "guid"}]
)
def test_a_success_without_a_number_leaves_the_outcome_unknown(aims, reply):
    with pytest.raises(OutcomeUnknown, match="creating order JOOR-1: the answer names no order number"):
        aims(answer(reply))[0].create_order({"thirdPartyOrderID": "JOOR-1"})


def test_a_create_is_sent_once_whatever_happens(aims):
    for step in (answer({}, 500), answer({}, 503), httpx.ReadTimeout("slow"), answer({"error": {"message": "bad"}}, 400)):
        client, remote = aims(step)
        with pytest.raises((OutcomeUnknown, Rejected)):
            client.create_order({"a": 1})
        assert len(remote.requests) == 1


# ---- the search ----------------------------------------------------------------------------------------------------------------------

OURS = {"order": "100", "thirdPartyOrderID": "JOOR-1", "customerAccount": "ACME1", "customerPurchaseOrder": "PO-1", "entered": "2031-03-04"}
UNMARKED = {key: value for key, value in OURS.items() if key != "thirdPartyOrderID"}
BAD = answer({"error": {"message": "Could not find a property named 'thirdPartyOrderID'"}}, 400)


def find(client: AimsClient, **options: Any):
    given = {"customer_account": "ACME1", "purchase_order": "PO-1", "entered": date(2031, 3, 4), **options}
    return client.find_orders("JOOR-1", **given)


def test_an_order_is_found_by_our_reference(aims):
    client, remote = aims(rows(OURS))
    (found,) = find(client)
    assert (found.order, found.third_party_order_id, found.entered) == ("100", "JOOR-1", date(2031, 3, 4))
    assert remote.requests[0].url.params["$filter"] == "thirdPartyOrderID eq 'JOOR-1'"
    assert find(aims(rows())[0]) == []


def test_a_filter_that_is_refused_is_replaced_by_customer_and_purchase_order(aims):
    client, remote = aims(BAD, rows(UNMARKED, {**OURS, "order": "101"}, {**OURS, "order": "102", "thirdPartyOrderID": "other"}))
    assert [(row.order, row.third_party_order_id) for row in find(client)] == [("100", None), ("101", "JOOR-1")]
    assert remote.requests[1].url.params["$filter"] == "customerAccount eq 'ACME1' and customerPurchaseOrder eq 'PO-1'"


def test_a_filter_that_is_ignored_is_noticed(aims):
    everything = rows({**OURS, "order": "1", "thirdPartyOrderID": "web-5"}, {**OURS, "order": "2", "thirdPartyOrderID": "web-6"})
    client, remote = aims(everything, rows(OURS))
    assert [row.order for row in find(client)] == ["100"]
    assert len(remote.requests) == 2


def test_when_only_the_customer_can_be_asked_purchase_order_and_day_are_compared_here(aims):
    other_po = {**UNMARKED, "order": "103", "customerPurchaseOrder": "PO-2"}
    long_ago = {**UNMARKED, "order": "104", "entered": "2030-01-01"}
    next_day = {**UNMARKED, "order": "105", "entered": "2031-03-05"}
    bare = {"order": "106"}
    client, remote = aims(BAD, BAD, rows(UNMARKED, other_po, long_ago, next_day, bare))
    assert [row.order for row in find(client)] == ["100", "105", "106"]
    assert remote.requests[2].url.params["$filter"] == "customerAccount eq 'ACME1'"


def test_a_search_that_cannot_be_made_is_never_an_empty_answer(aims):
    with pytest.raises(NotPossible, match="cannot be searched by our reference"):
        find(aims(BAD)[0], customer_account=None)
    with pytest.raises(Rejected):
        find(aims(BAD)[0])  # every filter refused, the customer's too


# ---- customers -----------------------------------------------------------------------------------------------------------------------

NEW = NewCustomer("ACME1", "Acme", email="a@b.example", address=OneTimeAddress("Acme", "1 Main St"), term_id="t1")


def test_a_customer_is_created_or_a_person_is_told_how(aims):
    client, remote = aims(answer({"customerID": "c9", "customerAccount": "ACME1"}))
    assert client.create_customer(NEW).id == "c9"
    assert json.loads(remote.requests[0].content) == {
        "customerAccount": "ACME1",
        "customerName": "Acme",
        "email": "a@b.example",
        "termID": "t1",
        "address": {"name": "Acme", "address1": "1 Main St"},
    }
    with pytest.raises(NotPossible, match="has no call for it") as caught:
        aims(answer({}, 404))[0].create_customer(NEW)
    assert caught.value.fix[0] == "Create customer ACME1 (Acme) in AIMS360 by hand, then retry."
    with pytest.raises(Rejected, match="exists"):
        aims(answer({"error": {"code": "ResourceAlreadyExists", "message": "exists"}}, 409))[0].create_customer(NEW)
    with pytest.raises(OutcomeUnknown):
        aims(answer({}))[0].create_customer(NEW)


def test_the_contract_is_a_toml_file_that_loads_back_and_refuses_what_it_does_not_know():
    import tomllib

    changed = Contract.load({"path": {"divisions": "/codes/v2.0/divisions"}})
    again = Contract.load(tomllib.loads(changed.to_toml()))
    assert again.rows() == changed.rows()
    assert again["path.divisions"] == "/codes/v2.0/divisions"
    assert "# A, A-01" in changed.to_toml()
    with pytest.raises(NotPossible, match=r"path\.devisions"):
        Contract.load({"aims360": {"path": {"devisions": "/x"}}})
    with pytest.raises(NotPossible, match=r"must give a text for paging\.size"):
        Contract.load({"paging": {"size": 250}})
    assert Contract.load({"joor": {"path": {"orders": "/v2/order"}}}).rows() == Contract().rows()
