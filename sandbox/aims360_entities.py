"""The entity sets of the pretend AIMS360: their types and their rows. What is ASSUMED is said in `aims360_catalogue`."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from sandbox.aims360_schema import Row, Schema, entity
from sandbox.aims360_table import Table
from sandbox.aims360_world import Order, OrderLine, World, open_to_sell
from sandbox.brand import Code, Customer, POLine, PurchaseOrder, Stock, StyleColor

Price = tuple[StyleColor, str, Decimal, Decimal]  # of whom, currency, wholesale, retail

EMPTY_DATE = date(1899, 12, 30)  # the empty date of the older database (4.3)

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CAD": "$"}
CURRENCIES = entity("Currencies", "currencyID:guid currencyCode currencyName currencySymbol currencyEnabled:flag")
SALES_REPS = entity("SalesReps", "salesRepID:guid salesRepCode name active:flag")
CUSTOMERS = entity(
    "Customers",
    "customerID:guid customerAccount customerName status email phone termID:guid shipviaID:guid lastModifiedOn:moment "
    "salesRepID:guid currencyCode priceLevel customerGroup contact address1 address2 city state zipCode countryID:guid",
)
KNOWN_OF_CUSTOMERS = {"customerid", "customeraccount", "customername", "status"}  # what the switch customer_fields "known" leaves
STORES = entity(
    "Stores",
    "customerStoreID:guid customerID:guid store name address1 address2 address3 city state zipCode "
    "countryID:guid active:flag noShipment:flag",
)
WAREHOUSES = entity("Warehouses", "warehouseID:guid warehouseName state active:flag")
STYLE_COLORS = entity(
    "StyleColors",
    "styleColorID:guid styleID:guid style color description bodyCode bodyDescription brandName originCountryName wholesalePrice:number "
    "colorDescription retailPrice:number divisionID:guid seasonID:guid active:flag lastModifiedOn:moment",
    {"sizes": entity("sizes", "sizeName upc sizePosition:number")},
)
PRICES = entity("Prices", "styleColorID:guid currencyCode priceLevel wholesalePrice:number retailPrice:number")
PO_LINES = entity("stylePOLines", "styleColorID:guid warehouseID:guid inWarehouseDate:date xFactoryDate:date sizes:complex")
PURCHASE_ORDERS = entity("PurchaseOrders", "purchaseOrderNo type status vendor lastModifiedOn:moment", {"stylePOLines": PO_LINES})
CUT_TICKETS = entity("CutTickets", "cutTicketNo status lastModifiedOn:moment", {"styleCutLines": PO_LINES})
INVENTORY = entity("Inventory", "styleColorID:guid warehouseID:guid sizes:complex")
LINE_ITEMS = entity(
    "lineItems",
    "styleColorID:guid warehouseID:guid price:number lineItemDiscountPercentage:number lineNote sizes:complex",
    {"allocations": entity("allocations", "wipReference sizeName allocatedQuantity:number")},
)
ORDERS = entity(
    "Orders",
    "orderID:guid order customerAccount entered:date thirdPartyOrderID customerPurchaseOrder status start:date complete:date "
    "divisionID:guid lastModifiedOn:moment",
    {"lineItems": LINE_ITEMS},
)


def code_schema(name: str, stem: str, *, enabled: bool = False) -> Schema:
    return entity(name, f"{stem}ID:guid {stem}Code {stem}Name" + (f" {stem}Enabled:flag" if enabled else ""))


def code_rows(rows: list[Code], stem: str) -> list[Row]:
    return [
        {f"{stem}ID": row.id, f"{stem}Code": row.code, f"{stem}Name": row.name, f"{stem}Enabled": row.enabled}
        | {f"{stem}Symbol": SYMBOLS.get(row.code, "")}
        for row in rows
    ]


def sales_rep_rows(world: World) -> list[Row]:
    return [{"salesRepID": rep.id, "salesRepCode": rep.code, "name": rep.name, "active": rep.enabled} for rep in world.brand.sales_reps]


def customer_rows(world: World) -> Table[Customer]:
    def with_account(account: str) -> list[Customer]:
        return [customer for customer in world.brand.customers if customer.account == account]

    return Table(world.brand.customers, _customer, {"customerAccount": with_account})


def _customer(customer: Customer) -> Row:
    return {
        "customerID": customer.id,
        "customerAccount": customer.account,
        "customerName": customer.name,
        "status": customer.status,
        "email": customer.email,
        "phone": customer.phone,
        "termID": customer.term_id,
        "shipviaID": customer.ship_via_id,
        "lastModifiedOn": customer.last_modified,
        "salesRepID": customer.sales_rep_id,
        "currencyCode": customer.currency,
        "priceLevel": customer.price_level,
        "customerGroup": customer.group,
        "contact": customer.contact,
        "address1": customer.address1,
        "address2": customer.address2,
        "city": customer.city,
        "state": customer.state,
        "zipCode": customer.zip_code,
        "countryID": customer.country_id,
    }


def store_rows(world: World) -> list[Row]:
    return [
        {
            "customerStoreID": store.id,
            "customerID": customer.id,
            "store": store.code,
            "name": store.name,
            "address1": store.address1,
            "address2": store.address2,
            "address3": "",
            "city": store.city,
            "state": store.state,
            "zipCode": store.zip_code,
            "countryID": store.country_id,
            "active": store.active,
            "noShipment": store.no_shipment,
        }
        for customer, store in world.stores()
    ]


def warehouse_rows(world: World) -> list[Row]:
    return [{"warehouseID": row.id, "warehouseName": row.name, "state": row.state, "active": row.active} for row in world.brand.warehouses]


def style_color_rows(world: World) -> Table[StyleColor]:
    def with_id(guid: str) -> list[StyleColor]:
        return [world.colors[guid]] if guid in world.colors else []

    return Table(world.brand.style_colors, _style_color, {"style": lambda style: world.styles.get(style, []), "styleColorID": with_id})


def _style_color(color: StyleColor) -> Row:
    return {
        "styleColorID": color.id,
        "styleID": color.style_id,
        "style": color.style,
        "color": color.color,
        "description": color.description,
        "bodyCode": color.body_code,
        "bodyDescription": color.body_description,
        "brandName": color.brand_name,
        "originCountryName": color.origin_country,
        "wholesalePrice": color.wholesale,
        "colorDescription": color.color_description,
        "retailPrice": color.retail,
        "divisionID": color.division_id,
        "seasonID": color.season_id,
        "active": color.active,
        "lastModifiedOn": color.last_modified,
        "sizes": lambda: [{"sizeName": size.name, "upc": size.upc, "sizePosition": place} for place, size in enumerate(color.sizes, 1)],
    }


def price_rows(world: World) -> Table[Price]:
    """The price in the own currency first, then those in others; one level (A-13)."""
    own = world.currencies()

    def prices(color: StyleColor) -> list[Price]:
        first = (color, own[color.division_id], color.wholesale, color.retail)
        return [first, *((color, currency, *amounts) for currency, amounts in color.other_prices.items())]

    def of_color(guid: str) -> list[Price]:
        return prices(world.colors[guid]) if guid in world.colors else []

    return Table([price for color in world.brand.style_colors for price in prices(color)], _price, {"styleColorID": of_color})


def _price(price: Price) -> Row:
    color, currency, wholesale, retail = price
    return {
        "styleColorID": color.id,
        "currencyCode": currency,
        "priceLevel": "Wholesale",
        "wholesalePrice": wholesale,
        "retailPrice": retail,
    }


def purchase_order_rows(world: World) -> list[Row]:
    return [purchase_order_row(order) for order in world.brand.purchase_orders]


def purchase_order_row(order: PurchaseOrder) -> Row:
    return {
        "purchaseOrderNo": order.number,
        "type": order.type,
        "status": order.status,
        "vendor": order.vendor,
        "lastModifiedOn": order.last_modified,
        "stylePOLines": lambda: [_po_line(line) for line in order.lines],
    }


def _po_line(line: POLine) -> Row:
    return {
        "styleColorID": line.style_color_id,
        "warehouseID": line.warehouse_id,
        "inWarehouseDate": line.in_warehouse_date or EMPTY_DATE,
        "xFactoryDate": line.x_factory_date or EMPTY_DATE,
        "sizes": [{"sizeName": size, "openQuantity": units} for size, units in line.open_by_size.items()],
    }


def inventory_rows(world: World) -> list[Row]:
    """A-08: a row per style-colour and warehouse that holds stock or has open orders."""
    wanted = world.wanted()
    sizes: dict[tuple[str, str], list[Row]] = {}
    for color_id, size, warehouse_id in {**world.brand.stock, **wanted}:
        key = (color_id, size, warehouse_id)
        stock = world.brand.stock.get(key) or Stock(0)
        row = {"sizeName": size, "onHand": stock.on_hand, "allocated": stock.allocated, "ots": open_to_sell(stock, wanted.get(key, 0))}
        sizes.setdefault((color_id, warehouse_id), []).append(row)
    return [{"styleColorID": color_id, "warehouseID": warehouse_id, "sizes": rows} for (color_id, warehouse_id), rows in sizes.items()]


def order_rows(world: World) -> list[Row]:
    return [_order(order) for order in world.orders.values()]


def _order(order: Order) -> Row:
    return {
        "orderID": order.id,
        "order": order.number,
        "customerAccount": order.customer.account,
        "entered": order.entered,
        "thirdPartyOrderID": order.third_party_order_id,
        "customerPurchaseOrder": order.customer_purchase_order,
        "status": order.status,
        "start": order.start,
        "complete": order.complete,
        "divisionID": order.division_id,
        "lastModifiedOn": order.last_modified,
        "lineItems": lambda: [_line_item(line) for line in order.lines],
    }


def _line_item(line: OrderLine) -> Row:
    return {
        "styleColorID": line.style_color_id,
        "warehouseID": line.warehouse_id,
        "price": line.price,
        "lineItemDiscountPercentage": line.discount_percentage,
        "lineNote": line.note,
        "sizes": [{"sizeName": row.size, "orderQuantity": row.quantity} for row in line.sizes],
        "allocations": [
            {"wipReference": row.wip_reference, "sizeName": row.size, "allocatedQuantity": Decimal(row.allocated)}
            for row in line.sizes
            if row.allocated
        ],
    }


def style_row(color: StyleColor) -> Row:
    """`GET /styles/V1.0/style/{id}`: a plain object; `fabricContent` is the one field seen only here."""
    return {"styleID": color.style_id, "style": color.style, "description": color.description, "fabricContent": color.fabric_content}


EntitySet = tuple[Schema, Callable[[World], Sequence[Row]]]


def _codes(attribute: str, stem: str) -> Callable[[World], list[Row]]:
    return lambda world: code_rows(getattr(world.brand, attribute), stem)


# By lower-case path, without the slash in front.
ENTITY_SETS: dict[str, EntitySet] = {
    "codes/v1.0/currencies": (CURRENCIES, _codes("currencies", "currency")),
    "codes/v1.0/divisions": (code_schema("Divisions", "division", enabled=True), _codes("divisions", "division")),
    "codes/v1.0/seasons": (code_schema("Seasons", "season"), _codes("seasons", "season")),
    "codes/v1.0/terms": (code_schema("Terms", "term"), _codes("terms", "term")),
    "codes/v1.0/shipvias": (code_schema("ShipVias", "shipvia"), _codes("ship_vias", "shipvia")),
    "codes/v1.0/countries": (code_schema("Countries", "country"), _codes("countries", "country")),
    "codes/v1.0/discountreasons": (code_schema("DiscountReasons", "discountReason"), _codes("discount_reasons", "discountReason")),
    "codes/v1.0/orderstatusreasons": (
        code_schema("OrderStatusReasons", "orderStatusReason"),
        _codes("order_status_reasons", "orderStatusReason"),
    ),
    "salesreps/v1.0/salesreps": (SALES_REPS, sales_rep_rows),
    "customers/v1.0/customers": (CUSTOMERS, customer_rows),
    "customers/v1.0/stores": (STORES, store_rows),
    "warehouses/v1.0/warehouses": (WAREHOUSES, warehouse_rows),
    "stylecolors/v1.1/stylecolors": (STYLE_COLORS, style_color_rows),
    "styles/v1.0/prices": (PRICES, price_rows),
    "wip/v1.0/purchaseorders": (PURCHASE_ORDERS, purchase_order_rows),
    "wip/v1.0/cuttickets": (CUT_TICKETS, lambda _: []),
    "inventory/v1.0/inventory": (INVENTORY, inventory_rows),
    "orders/v1.0/orders": (ORDERS, order_rows),
}
