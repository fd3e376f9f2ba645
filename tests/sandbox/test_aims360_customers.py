"""Customers of the pretend AIMS360: on what terms they buy (names ASSUMED), the stores, and how both change."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.aims_remote import AimsRemote

CUSTOMERS, STORES = "customers/v1.0/customers", "customers/v1.0/stores"
CREATE = "customers/v1.0/store"


def row_of(aims: AimsRemote, account: str) -> dict[str, Any]:
    [row] = aims.query(CUSTOMERS, f"customerAccount eq '{account}'")
    return row


def new_store(aims: AimsRemote, **changes: Any) -> dict[str, Any]:
    country = aims.brand.countries[0].id
    body = {"customerID": aims.customer().id, "store": "0099", "name": "Pier", "address1": "1 Pier", "city": "Bath", "countryID": country}
    return {name: value for name, value in {**body, **changes}.items() if value is not None}


# Reading


def test_a_customer_has_terms_sales_rep_currency_level_group_contact_and_bill_to(aims: AimsRemote) -> None:
    customer = aims.customer()
    row = row_of(aims, customer.account)
    assert (row["currencyCode"], row["priceLevel"], row["customerGroup"]) == ("USD", "Wholesale", "US")
    assert (row["salesRepID"], row["termID"], row["shipviaID"]) == (customer.sales_rep_id, customer.term_id, customer.ship_via_id)
    assert row["contact"] == customer.contact
    home = customer.stores[0]
    bill_to = [row[name] for name in ("address1", "address2", "city", "state", "zipCode", "countryID")]
    assert bill_to == [home.address1, home.address2, home.city, home.state, home.zip_code, home.country_id]


def test_a_tenant_may_show_less_of_a_customer(aims: AimsRemote) -> None:
    aims.set(customer_fields="known")
    assert row_of(aims, aims.customer().account).keys() == {"customerID", "customerAccount", "customerName", "status"}
    now = datetime.now(UTC).isoformat()
    assert aims.code(CUSTOMERS, **{"$filter": f"lastModifiedOn ge {now}"}) == "InvalidQueryParameterValue"


def test_one_field_can_be_absent_and_with_it_the_search_for_changes(aims: AimsRemote) -> None:
    aims.set(absent_fields=["Customers.lastModifiedOn", "Customers.priceLevel"])
    assert not {"lastModifiedOn", "priceLevel"} & row_of(aims, aims.customer().account).keys()
    moment = datetime.now(UTC).isoformat()
    assert aims.code(CUSTOMERS, **{"$filter": f"lastModifiedOn ge {moment}"}) == "InvalidQueryParameterValue"


def test_all_stores_are_read_without_a_filter(aims: AimsRemote) -> None:
    rows = aims.rows(STORES, pagesize=250)
    assert {row["customerStoreID"] for row in rows} == {store.id for customer in aims.brand.customers for store in customer.stores}


def test_sales_reps_are_read_active_or_not(aims: AimsRemote) -> None:
    rows = aims.rows("salesreps/v1.0/salesreps")
    assert {row["salesRepCode"]: row["active"] for row in rows} == {"AL": True, "MK": True, "SO": True, "RV": True, "OLD": False}
    assert [row["SalesRep"] for row in aims.view(("SalesReps", "Inactive SalesRep"))] == ["OLD"]


def test_the_view_of_customers_says_the_same_in_codes(aims: AimsRemote) -> None:
    rows = {row["CustomerAccount"]: row for row in aims.view(("Customers", "All Customers"))}
    customer = aims.customer()
    row = rows[customer.account]
    assert (row["Currency"], row["PriceLevel"], row["CustomerGroup"], row["City"]) == ("USD", "Wholesale", "US", customer.city)
    assert row["SalesRep"] in {"AL", "MK", "SO", ""}


# What people do


def test_people_change_everything_of_a_customer_and_the_change_time_follows(aims: AimsRemote) -> None:
    account = aims.customer().account
    aims.advance(seconds=3600)
    moment = (datetime.now(UTC) + timedelta(minutes=30)).isoformat()
    assert aims.query(CUSTOMERS, f"lastModifiedOn ge {moment}") == []
    aims.change(
        "customers",
        account=account,
        term="N60",
        ship_via="DHL",
        sales_rep="RV",
        currency="CAD",
        price_level="Distributor",
        group="EU",
        email="new@shop.example",
        contact="Ada",
        address1="1 New Road",
        city="Halifax",
        zip_code="B3H 1A1",
        country="CA",
    )
    [row] = aims.query(CUSTOMERS, f"lastModifiedOn ge {moment}")
    codes = {code.id: code.code for table in (aims.brand.terms, aims.brand.ship_vias, aims.brand.sales_reps) for code in table}
    assert [codes[row[name]] for name in ("termID", "shipviaID", "salesRepID")] == ["N60", "DHL", "RV"]
    assert (row["currencyCode"], row["priceLevel"], row["customerGroup"]) == ("CAD", "Distributor", "EU")
    assert (row["email"], row["contact"], row["address1"]) == ("new@shop.example", "Ada", "1 New Road")
    assert (row["city"], row["zipCode"]) == ("Halifax", "B3H 1A1")
    aims.change("customers", account=account, sales_rep="")
    assert row_of(aims, account)["salesRepID"] is None
    assert row_of(aims, account)["currencyCode"] == "CAD"


@pytest.mark.parametrize(("field", "code"), [("term", "N99"), ("sales_rep", "??"), ("country", "XX"), ("ship_via", "PIGEON")])
def test_a_code_that_does_not_exist_is_refused_and_changes_nothing(aims: AimsRemote, field: str, code: str) -> None:
    account = aims.customer().account
    before = row_of(aims, account)
    answer = aims.http.post(f"{aims.url}/_aims/customers", json={"account": account, "currency": "EUR", field: code})
    assert answer.status_code == 404
    assert f"no {field} {code}" in answer.json()["error"]
    assert row_of(aims, account) == before


# Creating


def test_a_customer_is_created_with_the_names_it_is_read_by(aims: AimsRemote) -> None:
    body = {"customerAccount": "FRESH", "customerName": "Fresh Corner", "currencyCode": "USD", "customerGroup": "US", "city": "Halifax"}
    assert aims.post("customers/v1.0/customer", {**body, "salesRepID": aims.brand.sales_reps[0].id}).status_code == 200
    row = row_of(aims, "FRESH")
    assert {name: row[name] for name in body} == body
    assert row["salesRepID"] == aims.brand.sales_reps[0].id


def test_no_store_can_be_added_unless_a_switch_names_the_path(aims: AimsRemote) -> None:
    assert aims.post(CREATE, new_store(aims)).status_code == 404
    assert aims.effects("store_created") == []


def test_a_store_is_added_and_can_be_shipped_to(aims: AimsRemote) -> None:
    aims.set(store_create_path="/customers/v1.0/store")
    account = aims.customer().account
    answer = aims.post("Customers/v1.0/Store", new_store(aims, zipCode="04101"))
    assert answer.status_code == 200
    store_id = answer.json()["customerStoreID"]
    [row] = [row for row in aims.rows(STORES, pagesize=250) if row["customerStoreID"] == store_id]
    assert (row["customerID"], row["store"], row["city"], row["zipCode"]) == (aims.customer().id, "0099", "Bath", "04101")
    assert (row["active"], row["noShipment"]) == (True, False)
    assert [(effect["key"], effect["customerStoreID"]) for effect in aims.effects("store_created")] == [(f"{account}|0099", store_id)]
    assert aims.order(store={"customerStoreID": store_id}).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"store": "0001"}, 409),
        ({"store": None}, 400),
        ({"store": " "}, 400),
        ({"customerID": None}, 400),
        ({"customerID": "00000000-0000-4000-8000-000000000000"}, 400),
        ({"countryID": None}, 400),
    ],
)
def test_a_store_that_exists_or_lacks_something_is_refused(aims: AimsRemote, changes: dict[str, Any], status: int) -> None:
    aims.set(store_create_path="/customers/v1.0/store")
    before = aims.rows(STORES, pagesize=250)
    answer = aims.post(CREATE, new_store(aims, **changes))
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
    assert aims.rows(STORES, pagesize=250) == before
    assert aims.effects("store_created") == []


def test_adding_a_store_asks_for_a_token(aims: AimsRemote) -> None:
    aims.set(store_create_path="/customers/v1.0/store")
    assert aims.http.post(f"{aims.url}/{CREATE}", json=new_store(aims)).status_code == 401
