"""What people do to customers and their stores inside AIMS360. Each act moves `lastModifiedOn`."""

import uuid

from sandbox.aims360_acts import Body, Nonsense, allow
from sandbox.aims360_world import World
from sandbox.brand import Code, Customer, Store

TEXTS = ("name", "email", "phone", "status", "currency", "price_level", "group", "contact")
BILL_TO = ("address1", "address2", "city", "state", "zip_code")
CODES = {"term": "term_id", "ship_via": "ship_via_id", "sales_rep": "sales_rep_id", "country": "country_id"}


def change_customer(world: World, body: Body, _: str) -> Body:
    """Add a customer (by `account`) or change one: `name`, `email`, `phone`, `status`, `currency` (code), `price_level`, `group`,
    `contact`; `term`, `ship_via` and `sales_rep` by their codes, "" for none; the bill-to as `address1`, `address2`, `city`, `state`,
    `zip_code` and `country` (code). `stores` adds or replaces stores by `code`, in the field names of `brand.Store`, `country` a code."""
    allow(body, "account", "stores", *TEXTS, *BILL_TO, *CODES)
    if body.get("status", "Active") not in ("Active", "Inactive", "No Shipment"):
        raise Nonsense("status is Active, Inactive or No Shipment")
    ids = {CODES[name]: _id_of(world, name, str(body[name] or "")) for name in CODES if name in body}
    customer = world.customer(body["account"])
    if customer is None:
        customer = Customer(str(uuid.uuid4()), str(body["account"]), str(body["account"]), "", "")
        world.brand.customers.append(customer)
    for name in (*TEXTS, *BILL_TO):
        setattr(customer, name, str(body.get(name, getattr(customer, name)) or ""))
    for attribute, identifier in ids.items():
        setattr(customer, attribute, identifier)
    for fields in body.get("stores", []):
        _set_store(world, customer, dict(fields))
    customer.last_modified = world.now()
    return {"customer_id": customer.id, "stores": {store.code: store.id for store in customer.stores}}


def _id_of(world: World, name: str, code: str) -> str | None:
    brand = world.brand
    tables: dict[str, list[Code]] = {
        "term": brand.terms,
        "ship_via": brand.ship_vias,
        "sales_rep": brand.sales_reps,
        "country": brand.countries,
    }
    if not code:
        return None
    found = next((row.id for row in tables[name] if row.code == code), None)
    if found is None:
        raise Nonsense(f"no {name} {code}; there are {', '.join(row.code for row in tables[name])}", 404)
    return found


def _set_store(world: World, customer: Customer, fields: Body) -> None:
    code = fields.pop("country", "")
    country = next((row.id for row in world.brand.countries if row.code == code), "")
    store = next((store for store in customer.stores if store.code == fields["code"]), None)
    if store is None:
        if not country:
            raise Nonsense("a new store needs the code of a known country")
        store = Store(str(uuid.uuid4()), fields["code"], customer.name, "", "", "", "", country)
        customer.stores.append(store)
    store.country_id = country or store.country_id
    for name, value in fields.items():
        if name == "id" or not hasattr(store, name):
            raise Nonsense(f"a store has no {name} to set")
        setattr(store, name, value)
