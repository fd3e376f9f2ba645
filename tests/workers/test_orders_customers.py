"""An order without a customer code: by stored pairs, by a shipping code that is one customer's alone, never by name; and what it says."""

import pytest

from clients.aims360.types import Customer, Store
from models.customers import CustomerSource, JoorConnection
from models.jobs import JobKind
from models.mappings import Mapping
from models.settings import OrderSettings
from producers import orders
from tests.workers.orders_cast import NOON, Bench, connection, guid, raw_order


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    made.aims.customers["OAK"] = Customer(guid("OAK"), "OAK", "Oak & Co")
    made.write(lambda session: session.add_all([source("HARB", store("STORE1")), source("OAK", store("OAK1", "10001"))]))
    return made


def store(code, postal="04101", **more):
    return {"code": code, "zip_code": postal, "active": True, "no_shipment": False, **more}


def source(account, *stores, **more):
    return CustomerSource(site_id=1, account=account, aims_id=guid(account), row={}, stores=list(stores), digest="d", read_at=NOON, **more)


def on_joor(bench, *retailers):
    for one in retailers:
        row = JoorConnection(
            site_id=1, connection_id=one.connection_id, customer_code=one.customer_code, name=one.customer_name, raw=one.raw, read_at=NOON
        )
        bench.write(lambda session, row=row: session.add(row))


def without_code(bench, **more):
    bench.joor.put(raw_order(**{"customer_code": "", "customer_name": "The Harbour Shop"} | more))
    bench.scan()
    return bench.jobs()[-1]


def test_a_shipping_code_that_one_customer_alone_has_names_the_customer_and_the_order_says_so(bench):
    job = without_code(bench)
    assert bench.aims.orders[0]["customerID"] == guid("HARB")
    assert bench.aims.orders[0]["store"] == {"customerStoreID": guid("s1")}
    assert "customer HARB by shipping code STORE1, which no other customer has" in job.note
    assert bench.jobs(JobKind.CUSTOMERS_CODE) == []


@pytest.mark.parametrize(
    "against",
    [
        "another postal code",
        "another customer has it too",
        "another retailer has it on JOOR",
        "a retailer without code and another name has it",
        "the store is closed as last read",
        "the store is closed now",
        "the customer is gone",
        "the site matches by pairs alone",
        "no code at all",
    ],
)
def test_whatever_speaks_against_a_shipping_code_leaves_the_order_to_a_person(bench, against):
    more = {}
    if against == "another postal code":
        more = {"shipping_postal_code": "04102"}
    elif against == "another customer has it too":
        bench.write(lambda session: session.merge(source("OAK", store("STORE1", "99999"))))
    elif against == "another retailer has it on JOOR":
        on_joor(bench, connection("c-2", "Oak & Co", "OAK", ship="99999", ship_code="STORE1"))
    elif against == "a retailer without code and another name has it":
        on_joor(bench, connection("c-3", "Third Party", ship="99999", ship_code="STORE1"))
    elif against == "the store is closed as last read":
        bench.write(lambda session: session.merge(source("HARB", store("STORE1", no_shipment=True))))
    elif against == "the store is closed now":
        bench.aims.store_rows = [Store(guid("s1"), guid("HARB"), "STORE1", zip_code="04101", active=False)]
    elif against == "the customer is gone":
        bench.write(lambda session: session.merge(source("HARB", store("STORE1"), gone=True)))
    elif against == "the site matches by pairs alone":
        bench.settings = OrderSettings(shipping_code="pairs")
    else:
        more = {"shipping_code": "0"}
    without_code(bench, **more)
    assert (bench.order().state, bench.aims.orders) == ("blocked", [])
    assert bench.order().problems[0]["value"].startswith("retailer:The Harbour Shop/")


def test_retailers_on_joor_that_are_the_customer_or_this_retailer_do_not_speak_against_it(bench):
    bench.write(lambda session: session.add(pair("C-1", "HARB")))
    on_joor(
        bench,
        connection("c-1", "Harbor & Pine", "C-1", ship="04101", ship_code="STORE1"),
        connection("c-4", "THE HARBOUR SHOP", ship="04101", ship_code="STORE1"),
        connection("c-2", "Oak & Co", "OAK", ship="10001", ship_code="OAK1"),
    )
    without_code(bench)
    assert bench.order().state == "imported"


def pair(joor, aims):
    return Mapping(site_id=1, kind="customer", joor_code=joor, aims_code=aims, created_at=NOON, updated_at=NOON)


def test_a_stored_pair_of_the_retailer_wins_over_his_shipping_code(bench):
    bench.write(lambda session: session.add(pair("retailer:The Harbour Shop/04101", "OAK")))
    without_code(bench)
    assert bench.aims.orders[0]["customerID"] == guid("OAK")


def test_a_customer_code_that_aims360_does_not_have_is_not_replaced_by_a_shipping_code(bench):
    without_code(bench, customer_code="NOBODY")
    assert bench.order().problems[0]["value"] == "NOBODY"


def test_a_customer_of_the_same_name_is_not_taken(bench):
    without_code(bench, customer_name="Harbor & Pine", shipping_code="")
    assert bench.order().state == "blocked"


def test_an_order_found_by_its_customer_code_says_nothing_of_it_and_the_dry_run_does(bench):
    bench.joor.put(raw_order())
    bench.act(orders.request, keys=["7700123"], dry_run=True)
    bench.work()
    assert bench.jobs()[0].result["matched"] == "customer HARB by its customer code"
    bench.scan()
    assert bench.jobs()[-1].note == "JOOR order 7700123 is AIMS360 order 100001"


def test_a_waiting_order_tells_the_account_its_customer_would_get_and_by_which_rule(bench):
    bench.settings = OrderSettings(account_prefix="W-", account_letters=3)
    job = without_code(bench, shipping_code="")
    fix = job.error_fix[0]
    assert fix.startswith('joorsync map set customer "retailer:The Harbour Shop/04101" --aims "ACCOUNT" --site us; or let it be made: ')
    assert 'joorsync sites set us --order "new_customer=create", then: joorsync orders fetch-again 7700123 --site us' in fix
    account = fix.partition("(its account is then ")[2].partition(":")[0]
    assert account.startswith("W-THE")
    assert "'W-', then the first 3 letters" in fix
    bench.settings = OrderSettings(new_customer="create", account_prefix="W-", account_letters=3)
    bench.act(orders.fetch_again, "7700123", "anna")
    bench.work()
    assert bench.aims.orders[0]["customerID"] == guid(account)
