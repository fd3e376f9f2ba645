"""Creating orders and customers in the pretend AIMS360."""

from typing import Any

import httpx
import pytest

from tests.sandbox.aims_remote import OTS_VIEW, AimsRemote

UNKNOWN = "00000000-0000-0000-0000-000000000000"


def line(aims: AimsRemote, **changes: Any) -> dict[str, Any]:
    return {**aims.order_body()["lineItems"][0], **changes}


def refused(aims: AimsRemote, **changes: Any) -> str:
    """The words of the refusal; nothing was created."""
    answer = aims.order(**changes)
    assert answer.status_code == 400, answer.text
    assert aims.effects("order_created") == []
    return str(answer.json()["error"]["message"])


def test_an_order_answers_its_number_as_text_and_can_be_read_back(aims: AimsRemote) -> None:
    answer = aims.order()
    assert answer.status_code == 200
    assert list(answer.json()) == ["order"]
    number = answer.json()["order"]
    assert isinstance(number, str)
    assert len(number) == 6
    [row] = aims.query("orders/v1.0/orders", "thirdPartyOrderID eq 'JOOR-1'", **{"$expand": "lineItems"})
    assert (row["order"], row["status"], row["entered"], row["complete"]) == (number, "Hold", "2031-02-03", "2031-03-31")
    assert (row["customerAccount"], row["customerPurchaseOrder"]) == (aims.customer().account, "PO-1")
    assert row["lineItems"][0]["sizes"] == [{"sizeName": aims.color().sizes[0].name, "orderQuantity": 4}]


def test_the_ledger_and_the_state_hold_the_whole_order(aims: AimsRemote) -> None:
    number = aims.order(notes="Grüße").json()["order"]
    [effect] = aims.effects("order_created")
    assert (effect["key"], effect["thirdPartyOrderID"], effect["body"]["notes"]) == (number, "JOOR-1", "Grüße")
    [order] = aims.state("orders")
    assert (order["order"], order["lines"][0]["quantity"], order["lines"][0]["price"]) == (number, 4, "85.0")


def test_order_numbers_count_on(aims: AimsRemote) -> None:
    first, second = (int(aims.order(thirdPartyOrderID=reference).json()["order"]) for reference in ("JOOR-1", "JOOR-2"))
    assert second == first + 1 > max(int(row.order) for row in aims.brand.open_orders if row.order != str(second))


def test_a_created_order_counts_as_open_in_the_next_read_of_stock(aims: AimsRemote) -> None:
    color, warehouse = aims.color(), aims.brand.warehouses[0]
    wanted = f"styleColorID eq {color.id} and warehouseID eq {warehouse.id}"
    [before] = aims.query("inventory/v1.0/inventory", wanted)
    aims.order()
    [after] = aims.query("inventory/v1.0/inventory", wanted)
    assert after["sizes"][0]["ots"] == before["sizes"][0]["ots"] - 4
    assert after["sizes"][0]["onHand"] == before["sizes"][0]["onHand"]
    rows = [row for row in aims.view(OTS_VIEW) if (row["StyleColorID"], row["Warehouse"]) == (color.id, warehouse.name)]
    assert rows[0]["OTS"] == after["sizes"][0]["ots"]


@pytest.mark.parametrize("member", ["customerID", "divisionID", "seasonID", "termID", "shipviaID", "orderStatusReasonID", "userCodeID"])
def test_every_reference_of_the_header_is_a_known_guid_never_a_code(aims: AimsRemote, member: str) -> None:
    assert member in refused(aims, **{member: UNKNOWN})
    assert member in refused(aims, **{member: "N30"})


@pytest.mark.parametrize("member", ["styleColorID", "warehouseID"])
def test_every_reference_of_a_line_is_a_known_guid(aims: AimsRemote, member: str) -> None:
    assert f"lineItems[0].{member}" in refused(aims, lineItems=[line(aims, **{member: UNKNOWN})])


@pytest.mark.parametrize("member", ["customerID", "divisionID", "store", "lineItems"])
def test_what_an_order_cannot_do_without_is_required(aims: AimsRemote, member: str) -> None:
    assert member in refused(aims, **{member: None})


def test_an_unknown_size_name_is_refused(aims: AimsRemote) -> None:
    sizes = [{"sizeName": "6XL", "orderQuantity": 1}]
    assert "6XL" in refused(aims, lineItems=[line(aims, sizes=sizes)])
    lower = [{"sizeName": "xs" if aims.color().sizes[0].name == "XS" else "nope", "orderQuantity": 1}]
    assert "not found" in refused(aims, lineItems=[line(aims, sizes=lower)])


@pytest.mark.parametrize("quantity", [0, -1, 1.5, "4", True, None])
def test_a_quantity_is_a_whole_number_above_zero(aims: AimsRemote, quantity: Any) -> None:
    sizes = [{"sizeName": aims.color().sizes[0].name, "orderQuantity": quantity}]
    assert "orderQuantity" in refused(aims, lineItems=[line(aims, sizes=sizes)])


@pytest.mark.parametrize("price", ["85.00", -1, None])
def test_a_price_is_a_number(aims: AimsRemote, price: Any) -> None:
    assert "price" in refused(aims, lineItems=[line(aims, price=price)])


def test_two_lines_of_one_style_colour_are_refused(aims: AimsRemote) -> None:
    twice = [line(aims), line(aims, price=80.0)]
    assert "same styleColorID" in refused(aims, lineItems=twice)
    aims.set(duplicate_style_color="accept")
    assert aims.order(lineItems=twice).status_code == 200


@pytest.mark.parametrize("status", ["Completed", "Cancelled", "Approved", ""])
def test_only_open_and_hold_are_taken(aims: AimsRemote, status: str) -> None:
    assert "Open or Hold" in refused(aims, status=status)


@pytest.mark.parametrize("day", ["03/31/2031", "2031-02-30", "20310331"])
def test_dates_are_year_month_day(aims: AimsRemote, day: str) -> None:
    assert "complete" in refused(aims, complete=day)


def test_a_style_of_another_division_does_not_fit_into_the_order(aims: AimsRemote) -> None:
    other = next(division.id for division in aims.brand.divisions if division.id != aims.color().division_id)
    assert "division" in refused(aims, divisionID=other)


@pytest.mark.parametrize("status", ["Inactive", "No Shipment"])
def test_an_inactive_or_no_shipment_customer_cannot_be_ordered_for(aims: AimsRemote, status: str) -> None:
    customer = aims.customer(status)
    changes = {"customerID": customer.id, "store": {"customerStoreID": customer.stores[0].id}}
    assert status in refused(aims, **changes)
    aims.set(refuse_unorderable=False)
    assert aims.order(**changes).status_code == 200


def test_a_store_must_be_the_customers_own(aims: AimsRemote) -> None:
    other = next(customer for customer in aims.brand.customers if customer is not aims.customer())
    assert "customerStoreID" in refused(aims, store={"customerStoreID": other.stores[0].id})


def test_the_member_that_names_the_store_can_be_the_other_one(aims: AimsRemote) -> None:
    aims.set(store_id_member="storeStoreID")
    assert "address" in refused(aims)
    assert aims.order(store={"storeStoreID": aims.customer().stores[0].id}).status_code == 200


def test_a_one_time_address_makes_no_store(aims: AimsRemote) -> None:
    address = {"name": "Corner Shop", "address1": "1 Main St", "city": "Austin", "state": "TX", "zipCode": "78701"}
    address["countryID"] = aims.brand.countries[0].id
    stores = len(aims.rows("customers/v1.0/stores"))
    assert aims.order(store={"address": address}).status_code == 200
    assert len(aims.rows("customers/v1.0/stores")) == stores
    aims.set(absent_routes=[])
    assert aims.order(store={"address": {**address, "countryID": "US"}}).status_code == 400


def test_discounts_are_checked(aims: AimsRemote) -> None:
    reason = aims.brand.discount_reasons[0].id
    bad = {"lineItemDiscount": {"discountType": "GROSS", "netDiscountPercentage": 10}}
    assert "discountType" in refused(aims, discounts=bad)
    assert "discountReasonID" in refused(aims, discounts={"discretionaryDiscount": {"discountPercentage": 5, "discountReasonID": UNKNOWN}})
    good = {"discretionaryDiscount": {"discountPercentage": 5, "discountReasonID": reason}}
    assert aims.order(discounts=good).status_code == 200


def test_a_body_that_is_no_json_object_is_refused(aims: AimsRemote) -> None:
    url, headers = f"{aims.url}/orders/v1.0/order", aims.bearer()
    assert aims.http.post(url, content=b"{", headers={**headers, "Content-Type": "application/json"}).status_code == 400
    assert aims.http.post(url, content=b"{}", headers={**headers, "Content-Type": "text/plain"}).status_code == 400
    assert aims.post("orders/v1.0/order", []).status_code == 400


def test_the_same_third_party_order_id_makes_two_orders_unless_the_switch_says_otherwise(aims: AimsRemote) -> None:
    assert aims.order().json()["order"] != aims.order().json()["order"]
    assert len(aims.query("orders/v1.0/orders", "thirdPartyOrderID eq 'JOOR-1'")) == 2
    aims.set(duplicate_third_party_order="reject")
    answer = aims.order()
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "ResourceAlreadyExists")
    assert len(aims.effects("order_created")) == 2


@pytest.mark.parametrize("kind", ["drop_after_commit", "status_after_commit"])
def test_an_order_can_be_created_and_its_answer_lost(aims: AimsRemote, kind: str) -> None:
    aims.bearer()
    aims.fault(kind=kind, method="POST", path="orders/v1.0/order")
    if kind == "drop_after_commit":
        with pytest.raises(httpx.TransportError):
            aims.order()
    else:
        assert aims.order().status_code == 500
    assert len(aims.query("orders/v1.0/orders", "thirdPartyOrderID eq 'JOOR-1'")) == 1


def test_a_customer_is_created_once(aims: AimsRemote) -> None:
    store = {"store": "0001", "name": "Fresh", "address1": "77 New Road", "city": "Halifax", "state": "NS", "zipCode": "B3H"}
    body = {"customerAccount": "FRESH", "customerName": "Fresh Corner Shop", "stores": [{**store, "countryID": aims.brand.countries[1].id}]}
    answer = aims.post("customers/v1.0/customer", body)
    assert set(answer.json()) == {"customerID", "customerAccount"}
    assert len(aims.query("customers/v1.0/stores", f"customerID eq {answer.json()['customerID']}")) == 1
    assert aims.post("customers/v1.0/customer", body).status_code == 409
    assert [effect["key"] for effect in aims.effects("customer_created")] == ["FRESH"]
    assert aims.order(customerID=answer.json()["customerID"], store={"address": {"name": "Fresh"}}).status_code == 200


def test_customers_may_not_be_creatable_at_all(aims: AimsRemote) -> None:
    aims.set(absent_routes=["POST /customers/v1.0/customer"])
    assert aims.post("customers/v1.0/customer", {"customerAccount": "FRESH"}).status_code == 404
    assert aims.effects("customer_created") == []
