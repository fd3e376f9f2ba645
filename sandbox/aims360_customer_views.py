"""The Aqua system views of customers, their stores and sales reps (facts 9.10). Every column name is ASSUMED, as in `aims360_views`."""

from collections.abc import Callable
from typing import Any

from sandbox.aims360_world import World
from sandbox.brand import Code, Customer, Store

Row = dict[str, Any]
View = Callable[[World], list[Row]]


def codes_of(table: list[Code]) -> dict[str | None, str]:
    return {row.id: row.code for row in table}


def _customers(*statuses: str) -> View:
    def rows(world: World) -> list[Row]:
        terms, ship_vias = codes_of(world.brand.terms), codes_of(world.brand.ship_vias)
        reps, countries = codes_of(world.brand.sales_reps), codes_of(world.brand.countries)
        return [
            {
                "CustomerID": customer.id,
                "CustomerAccount": customer.account,
                "CustomerName": customer.name,
                "Status": customer.status,
                "Email": customer.email,
                "Phone": customer.phone,
                "Term": terms.get(customer.term_id, ""),
                "ShipVia": ship_vias.get(customer.ship_via_id, ""),
                "LastModifiedOn": customer.last_modified,
                "SalesRep": reps.get(customer.sales_rep_id, ""),
                "Currency": customer.currency,
                "PriceLevel": customer.price_level,
                "CustomerGroup": customer.group,
                "Contact": customer.contact,
                "Address1": customer.address1,
                "Address2": customer.address2,
                "City": customer.city,
                "State": customer.state,
                "ZipCode": customer.zip_code,
                "Country": countries.get(customer.country_id, ""),
            }
            for customer in world.brand.customers
            if not statuses or customer.status in statuses
        ]

    return rows


def _store_status(store: Store) -> str:
    if not store.active:
        return "Inactive"
    return "No Shipment" if store.no_shipment else "Active"


def _stores(*statuses: str) -> View:
    def rows(world: World) -> list[Row]:
        countries = codes_of(world.brand.countries)
        return [
            _store(customer, store, countries) for customer, store in world.stores() if not statuses or _store_status(store) in statuses
        ]

    return rows


def _store(customer: Customer, store: Store, countries: dict[str | None, str]) -> Row:
    return {
        "CustomerStoreID": store.id,
        "CustomerID": customer.id,
        "CustomerAccount": customer.account,
        "Store": store.code,
        "StoreName": store.name,
        "Address1": store.address1,
        "Address2": store.address2,
        "Address3": "",
        "City": store.city,
        "State": store.state,
        "ZipCode": store.zip_code,
        "Country": countries[store.country_id],
        "CountryID": store.country_id,
        "Status": _store_status(store),
    }


def _sales_reps(*wanted: bool) -> View:
    return lambda world: [
        {"SalesRepID": rep.id, "SalesRep": rep.code, "SalesRepName": rep.name, "Status": "Active" if rep.enabled else "Inactive"}
        for rep in world.brand.sales_reps
        if not wanted or rep.enabled in wanted
    ]


CUSTOMER_VIEWS: dict[str, dict[str, View]] = {
    "Customers": {
        "Active Customers": _customers("Active"),
        "Inactive Customers": _customers("Inactive"),
        "No Shipment Customers": _customers("No Shipment"),
        "All Customers": _customers(),
    },
    "Stores": {
        "Active Stores": _stores("Active"),
        "Inactive Stores": _stores("Inactive"),
        "No Shipment Stores": _stores("No Shipment"),
        "All Stores": _stores(),
    },
    "SalesReps": {"Active SalesRep": _sales_reps(True), "Inactive SalesRep": _sales_reps(False), "All Status": _sales_reps()},
}
