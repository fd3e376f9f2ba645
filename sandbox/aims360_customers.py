"""Creating customers and their stores (AIMS360 facts A-07, 9.2), all of it ASSUMED."""

import uuid
from typing import Any

from sandbox.aims360_orders import Body, Refusal
from sandbox.aims360_world import World
from sandbox.brand import Customer, Store

#: Text members of a customer -> attribute of `brand.Customer`.
TEXTS = {
    "customerName": "name",
    "email": "email",
    "phone": "phone",
    "currencyCode": "currency",
    "priceLevel": "price_level",
    "customerGroup": "group",
    "contact": "contact",
    "address1": "address1",
    "address2": "address2",
    "city": "city",
    "state": "state",
    "zipCode": "zip_code",
}


def create_customer(world: World, posted: Any, call: int) -> Customer:
    """A-07: the names of the customer's row, and `stores` in the order body's address names with `store` as their code. Raises Refusal, 409
    when the account exists."""
    body, brand = Body.of(posted), world.brand
    account = body.text("customerAccount").strip()
    if not account:
        raise Refusal("customerAccount is required.")
    if world.customer(account) is not None:
        raise Refusal(f"Customer {account} already exists.", 409, "ResourceAlreadyExists")
    customer = Customer(
        id=str(uuid.uuid4()),
        account=account,
        term_id=body.reference("termID", (row.id for row in brand.terms)),
        ship_via_id=body.reference("shipviaID", (row.id for row in brand.ship_vias)),
        sales_rep_id=body.reference("salesRepID", (row.id for row in brand.sales_reps)),
        country_id=body.reference("countryID", (row.id for row in brand.countries)),
        stores=[_store(world, store, place) for place, store in enumerate(body.children("stores"), 1)],
        last_modified=world.now(),
        **{attribute: body.text(name) for name, attribute in TEXTS.items()},
    )
    brand.customers.append(customer)
    world.effect("customer_created", account, customerID=customer.id, body=posted, call=call)
    return customer


def create_store(world: World, posted: Any, call: int) -> Store:
    """Nothing is known of such a call: `customerID`, and the names of the stores' rows. Raises Refusal, 409 when the customer has a store
    of that code."""
    body = Body.of(posted)
    customer_id = body.reference("customerID", (row.id for row in world.brand.customers), required=True)
    customer = next(row for row in world.brand.customers if row.id == customer_id)
    code = body.text("store").strip()
    if not code:
        raise Refusal("store is required.")
    if any(store.code == code for store in customer.stores):
        raise Refusal(f"Store {code} of customer {customer.account} already exists.", 409, "ResourceAlreadyExists")
    store = _store(world, body, 0)
    customer.stores.append(store)
    customer.last_modified = world.now()
    world.effect("store_created", f"{customer.account}|{code}", customerStoreID=store.id, body=posted, call=call)
    return store


def _store(world: World, body: Body, place: int) -> Store:
    country = body.reference("countryID", (row.id for row in world.brand.countries), required=True)
    return Store(
        id=str(uuid.uuid4()),
        code=body.text("store", f"{place:04d}").strip(),
        name=body.text("name"),
        address1=body.text("address1"),
        address2=body.text("address2"),
        city=body.text("city"),
        state=body.text("state"),
        zip_code=body.text("zipCode"),
        country_id=str(country),
    )
