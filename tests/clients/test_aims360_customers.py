"""Customers and stores of AIMS360: names nobody knows for sure, lists that may not exist, and creates that a person may have to do."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from clients.aims360.client import AimsClient, AimsCredentials, Contract
from clients.aims360.types import Customer, NewStore, OneTimeAddress, Store
from models.errors import AccessDenied, NotPossible, OutcomeUnknown, Rejected, SyncError, Unavailable
from runtime.clock import FrozenClock
from tests.clients.conftest import Remote, answer

NOW = datetime(2031, 3, 4, 12, tzinfo=UTC)
ACME = {
    "customerID": "c1",
    "customerAccount": "ACME1",
    "customerName": "Acme",
    "email": "a@acme.example",
    "phone": "+1 207 555 0100",
    "status": "Active",
    "contact": "Ada Lund",
    "termID": "t1",
    "shipviaID": "v1",
    "salesRepID": "r1",
    "currencyCode": "USD",
    "priceLevel": "Wholesale",
    "customerGroup": "Independents",
    "address1": "9 Quay St",
    "address2": "2nd floor",
    "city": "Portland",
    "state": "ME",
    "zipCode": "04101",
    "countryID": "us",
    "lastModifiedOn": "2031-03-01T10:00:00+02:00",
}
STORE = {"customerStoreID": "s1", "customerID": "c1", "store": "0001", "name": "Acme Portland", "address1": "9 Quay St"}
NEW = NewStore("c1", "0002", OneTimeAddress("Acme Bangor", "5 Main St", city="Bangor", state="ME", zip_code="04401", country_id="us"))
KNOWN = {"path.store_create": "/customers/v1.0/store"}


@pytest.fixture
def aims(make_http):
    def build(*script: Any, **contract: str) -> tuple[AimsClient, Remote]:
        remote = Remote(*script)
        client = AimsClient(
            make_http(remote), credentials=AimsCredentials(token="eyJ-token"), contract=Contract(contract), clock=FrozenClock(NOW)
        )
        return client, remote

    return build


def value(*rows: dict[str, Any], **more: Any) -> httpx.Response:
    return answer({"value": list(rows), **more})


HTML = httpx.Response(200, content=b"<html>gateway</html>", headers={"content-type": "text/html"})
HALF = httpx.Response(200, content=b'{"value": [{"customerID": "c1"')
FAILURES = [
    (answer({"error": {"code": "InvalidAuthenticationInfo", "message": "no"}}, 401), AccessDenied),
    (answer({"error": {"code": "AuthenticationFailed", "message": "no"}}, 403), AccessDenied),
    (answer({}, 429), Unavailable),
    (answer({"error": {"code": "OperationTimedOut", "message": "later"}}, 500), Unavailable),
    (HTML, Unavailable),
    (HALF, Unavailable),
    (answer({"rows": []}), Unavailable),
]


# ---- customers -----------------------------------------------------------------------------------------------------------------------


def test_a_customer_has_all_that_this_tenant_shows_of_it(aims):
    assert aims(value(ACME))[0].customer("ACME1") == Customer(
        id="c1",
        account="ACME1",
        name="Acme",
        email="a@acme.example",
        phone="+1 207 555 0100",
        status="Active",
        contact="Ada Lund",
        term_id="t1",
        ship_via_id="v1",
        sales_rep_id="r1",
        currency="USD",
        price_level="Wholesale",
        group="Independents",
        address1="9 Quay St",
        address2="2nd floor",
        city="Portland",
        state="ME",
        zip_code="04101",
        country_id="us",
        last_modified=datetime(2031, 3, 1, 8, tzinfo=UTC),
    )


def test_what_a_tenant_does_not_show_is_empty_and_other_names_can_be_set(aims):
    bare = {"customerID": "c1", "customerAccount": "ACME1", "lastModifiedOn": "1899-12-30T00:00:00Z", "termID": None, "PAYTERM": "t9"}
    assert aims(value(bare))[0].customer("ACME1") == Customer("c1", "ACME1")
    found = aims(value(bare), **{"customer.term_id": "payTerm"})[0].customer("ACME1")
    assert found.term_id == "t9"


def test_what_changed_is_asked_for_in_utc_and_whole_seconds(aims):
    client, remote = aims(value(ACME))
    since = datetime(2031, 3, 1, 10, 0, 0, 900_000, tzinfo=UTC)
    assert [row.account for row in client.customers(since=since)] == ["ACME1"]
    assert remote.requests[0].url.params["$filter"] == "lastModifiedOn ge 2031-03-01T10:00:00Z"
    with pytest.raises(ValueError, match="without a zone"):
        client.customers(since=datetime(2031, 3, 1))  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize("status", [400, 422, 501])
def test_a_tenant_that_cannot_say_what_changed_is_named_before_any_row_is_read(aims, status):
    with pytest.raises(NotPossible, match=r"a filter on lastModifiedOn .*`customer.last_modified`, evidence A, 4.3") as caught:
        aims(answer({"error": {"message": "not supported"}}, status))[0].customers(since=NOW)
    assert caught.value.field == "customer.last_modified"


def test_without_a_time_every_customer_comes_whatever_its_status(aims):
    client, remote = aims(value(ACME, {**ACME, "customerID": "c2", "customerAccount": "LUNE", "status": "No Shipment"}))
    assert [(row.account, row.status) for row in client.customers()] == [("ACME1", "Active"), ("LUNE", "No Shipment")]
    assert "$filter" not in remote.requests[0].url.params


def test_a_bare_list_of_customers_is_a_list(aims):
    assert [row.account for row in aims(answer([ACME]))[0].customers()] == ["ACME1"]


@pytest.mark.parametrize(("reply", "failure"), FAILURES)
def test_a_failed_reading_never_looks_like_no_customers(aims, reply, failure):
    for ask in (lambda c: list(c.customers()), lambda c: c.customers(since=NOW), lambda c: c.all_stores(), lambda c: c.customer("ACME1")):
        with pytest.raises(SyncError) as caught:
            ask(aims(reply)[0])
        assert type(caught.value) is failure


# ---- stores --------------------------------------------------------------------------------------------------------------------------


def test_the_stores_of_all_customers_are_read_without_a_filter(aims):
    client, remote = aims(value(STORE, {**STORE, "customerStoreID": "s2", "customerID": "c2", "active": False}))
    assert [(row.id, row.customer_id, row.active) for row in client.all_stores()] == [("s1", "c1", True), ("s2", "c2", False)]
    assert remote.requests[0].url.path == "/customers/v1.0/stores"
    assert "$filter" not in remote.requests[0].url.params
    assert list(aims(value())[0].all_stores()) == []


@pytest.mark.parametrize("status", [404, 405, 400, 422])
def test_a_tenant_without_a_list_of_all_stores_is_told_by_the_call_itself(aims, status):
    with pytest.raises(NotPossible) as caught:
        aims(answer({"error": {"message": "customerID is required"}}, status))[0].all_stores()
    assert any("`path.stores`" in step for step in caught.value.fix)


def test_stores_that_do_not_say_whose_they_are_are_nobodys_and_refused(aims):
    nameless = {key: item for key, item in STORE.items() if key != "customerID"}
    with pytest.raises(NotPossible, match=r"no field 'customerID' \(contract entry `store.customer_id`"):
        aims(value(nameless))[0].all_stores()
    assert aims(value(nameless))[0].stores("c1") == [Store("s1", "", "0001", "Acme Portland", "9 Quay St")]


def test_without_a_known_call_a_store_is_for_a_person(aims):
    client, remote = aims(value())
    assert not client.can_add_stores
    with pytest.raises(NotPossible, match=r"creating store 0002 of customer c1: no call for it is known") as caught:
        client.create_store(NEW)
    where = "Acme Bangor, 5 Main St, 04401 Bangor, ME"
    assert caught.value.fix[0] == f"Add store 0002 ({where}) to the customer in AIMS360 by hand, then retry."
    assert remote.requests == []


def test_a_store_is_created_where_the_site_knows_a_call(aims):
    client, remote = aims(answer({"CustomerStoreID": "s9"}), **KNOWN)
    assert client.can_add_stores
    assert client.create_store(NEW) == "s9"
    assert (remote.requests[0].method, remote.requests[0].url.path) == ("POST", "/customers/v1.0/store")
    address = {"name": "Acme Bangor", "address1": "5 Main St", "city": "Bangor", "state": "ME", "zipCode": "04401", "countryID": "us"}
    assert json.loads(remote.requests[0].content) == {"customerID": "c1", "store": "0002", **address}
    client, remote = aims(answer({"customerStoreID": 9}), **KNOWN, **{"new_store.address": "address", "new_store.code": "storeCode"})
    assert client.create_store(NEW) == "9"
    assert json.loads(remote.requests[0].content) == {"customerID": "c1", "storeCode": "0002", "address": address}


@pytest.mark.parametrize(
    ("reply", "failure", "words"),
    [
        (answer({}, 404), NotPossible, r"its API has no call for it \(HTTP 404\)"),
        (answer({}, 405), NotPossible, r"its API has no call for it \(HTTP 405\)"),
        (answer({"error": {"code": "ResourceAlreadyExists", "message": "Store 0002 exists"}}, 409), Rejected, "Store 0002 exists"),
        (answer({"error": {"message": "no right"}}, 401), AccessDenied, "no right"),
        (answer({"error": {"message": "boom"}}, 500), OutcomeUnknown, "boom"),
        (httpx.ReadTimeout("slow"), OutcomeUnknown, "no answer"),
        (answer({}), OutcomeUnknown, "names no store id"),
        (answer({"customerStoreID": ""}), OutcomeUnknown, "names no store id"),
        (answer({"customerStoreID": True}), OutcomeUnknown, "names no store id"),
        (answer([]), OutcomeUnknown, "names no store id"),
        (HTML, OutcomeUnknown, "a web page came"),
    ],
)
def test_a_store_that_may_exist_is_never_called_refused(aims, reply, failure, words):
    with pytest.raises(SyncError, match=words) as caught:
        aims(reply, **KNOWN)[0].create_store(NEW)
    assert type(caught.value) is failure


# ---- probing -------------------------------------------------------------------------------------------------------------------------


def test_a_probe_gives_the_raw_rows_of_the_first_page_alone(aims):
    many = [{**STORE, "customerStoreID": f"s{number}", "Odd Name": 1.10} for number in range(250)]
    client, remote = aims(value(*many, **{"@odata.count": 600}))
    found = client.probe("path.stores")
    assert found is not None
    assert (len(found), found[0]["Odd Name"], len(remote.requests)) == (250, "1.1", 1)
    client, remote = aims(value(STORE))
    assert client.probe("path.stores", expand="sizes") == [STORE]
    assert remote.requests[0].url.params["$expand"] == "sizes"


def test_a_list_that_is_absent_or_unnamed_is_none_and_a_failure_is_a_failure(aims):
    for status in (404, 405):
        assert aims(answer({}, status))[0].probe("path.stores") is None
    client, remote = aims(value(STORE))
    assert client.probe("path.store_create") is None
    assert remote.requests == []
    with pytest.raises(Rejected):
        aims(answer({"error": {"message": "bad expand"}}, 400))[0].probe("path.stores", expand="nothing")
    for reply, failure in FAILURES:
        with pytest.raises(failure):
            aims(reply)[0].probe("path.stores")


# ---- clock ---------------------------------------------------------------------------------------------------------------------------


def dated(text: str, **more: str) -> httpx.Response:
    return answer({"value": []}, date=text, **more)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Tue, 04 Mar 2031 12:00:00 GMT", 0),
        ("Tue, 04 Mar 2031 12:05:00 GMT", 300),
        ("Tue, 04 Mar 2031 11:59:59 GMT", 0),  # whole seconds: it may have been 11:59:59.999
        ("Tue, 04 Mar 2031 11:55:00 GMT", -299),
    ],
)
def test_the_difference_of_the_clocks_is_the_least_that_explains_the_last_answer(aims, text, seconds):
    client, _ = aims(dated(text))
    assert client.clock_offset() is None
    client.warehouses()
    assert abs(client.clock_offset() - timedelta(seconds=seconds)) < timedelta(seconds=0.5)


def test_an_answer_without_a_usable_date_leaves_the_earlier_one(aims):
    ahead = "Tue, 04 Mar 2031 12:05:00 GMT"
    client, _ = aims(dated(ahead), dated("yesterday"), dated("Tue, 04 Mar 2031 13:00:00 GMT", age="3600"), value())
    for _ in range(4):
        client.warehouses()
        assert abs(client.clock_offset() - timedelta(minutes=5)) < timedelta(seconds=0.5)


def test_a_refusal_tells_the_time_as_well_and_another_host_does_not(make_http):
    def remote(request: httpx.Request) -> httpx.Response:
        at = "Tue, 04 Mar 2031 12:05:00 GMT" if request.url.host == "remote.example" else "Tue, 04 Mar 2031 09:00:00 GMT"
        return answer({}, 401, date=at)

    http = make_http(remote, allowed_hosts=["files.example"])
    for url in ("/x", "https://files.example/x"):
        with pytest.raises(AccessDenied):
            http.call("GET", url, intent="read", what="asking")
    assert abs(http.clock_offset(NOW) - timedelta(minutes=5)) < timedelta(seconds=0.5)
