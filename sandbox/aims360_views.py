"""The Aqua system views: names exactly as AIMS360 lists them (facts 9.10). Their columns are UNKNOWN: every column name here is ASSUMED,
and the switch `aqua_columns` renames or drops columns as a tenant's own view would."""

from collections.abc import Callable
from typing import Any

from sandbox.aims360_customer_views import CUSTOMER_VIEWS, codes_of
from sandbox.aims360_entities import EMPTY_DATE
from sandbox.aims360_schema import wire
from sandbox.aims360_world import Order, World, open_to_sell
from sandbox.brand import Code, Stock, StyleColor

Row = dict[str, Any]
View = Callable[[World], list[Row]]


def _codes(attribute: str, stem: str) -> View:
    def rows(world: World) -> list[Row]:
        table: list[Code] = getattr(world.brand, attribute)
        return [{f"{stem}ID": row.id, f"{stem}Code": row.code, f"{stem}Name": row.name, "Enabled": row.enabled} for row in table]

    return rows


def _warehouses(*wanted: bool) -> View:
    return lambda world: [
        {"WarehouseID": row.id, "Warehouse": row.name, "State": row.state, "Status": "Active" if row.active else "InActive"}
        for row in world.brand.warehouses
        if not wanted or row.active in wanted
    ]


def _style(color: StyleColor) -> Row:
    return {
        "StyleColorID": color.id,
        "Style": color.style,
        "StyleDescription": color.description,
        "Color": color.color,
        "ColorDescription": color.color_description,
    }


def _styles(*, active_only: bool, inventory_only: bool) -> View:
    def rows(world: World) -> list[Row]:
        divisions, seasons = codes_of(world.brand.divisions), codes_of(world.brand.seasons)
        return [
            {"StyleID": color.style_id}
            | _style(color)
            | {"Division": divisions[color.division_id], "Season": seasons[color.season_id]}
            | {"WholesalePrice": color.wholesale, "RetailPrice": color.retail, "StyleType": color.kind}
            | {"Status": "Active" if color.active else "InActive", "LastModifiedOn": color.last_modified}
            for color in world.brand.style_colors
            if (color.active or not active_only) and (color.kind == "Inventory" or not inventory_only)
        ]

    return rows


def _upcs(*with_upc: bool) -> View:
    return lambda world: [
        _style(color) | {"Size": size.name, "UPC": size.upc or ""}
        for color in world.brand.style_colors
        for size in color.sizes
        if not with_upc or bool(size.upc) in with_upc
    ]


def _inventory(*, with_ots: bool) -> View:
    """A row per (style, colour, size, warehouse) that holds stock or has open orders. `OpenOrders` counts what open orders want and nothing
    is allocated to; `OTS` is by A-09."""

    def rows(world: World) -> list[Row]:
        wanted, brand = world.wanted(), world.brand
        divisions, seasons = codes_of(brand.divisions), codes_of(brand.seasons)
        warehouses = {row.id: row.name for row in brand.warehouses}
        upcs = {(color.id, size.name): size.upc or "" for color in brand.style_colors for size in color.sizes}
        found = []
        for key in {**brand.stock, **wanted}:
            color, (_, size, warehouse_id), stock = world.colors[key[0]], key, brand.stock.get(key) or Stock(0)
            row = _style(color)
            row |= {"Division": divisions[color.division_id], "Season": seasons[color.season_id], "Size": size}
            row |= {"UPC": upcs.get((color.id, size), ""), "Warehouse": warehouses[warehouse_id], "WarehouseID": warehouse_id}
            row |= {"OnHand": stock.on_hand, "Allocated": stock.allocated, "PickTickets": stock.pick_tickets}
            row["OpenOrders"] = wanted.get(key, 0)
            if with_ots:
                row["OTS"] = open_to_sell(stock, wanted.get(key, 0))
            found.append(row)
        return found

    return rows


def _purchase_orders(*statuses: str) -> View:
    """A row per line and size. The names known from a tenant's report (9.6) are used; the rest, in-warehouse date first, is ASSUMED."""

    def rows(world: World) -> list[Row]:
        warehouses = {row.id: row.name for row in world.brand.warehouses}
        allocated: dict[tuple[str, str, str, str], int] = {}
        for row in world.brand.open_orders:
            key = (row.wip_reference or "", row.style_color_id, row.warehouse_id, row.size)
            allocated[key] = allocated.get(key, 0) + row.allocated
        return [
            {"PurchaseOrderNo": order.number, "Vendor": order.vendor, "Status": order.status}
            | _style(world.colors[line.style_color_id])
            | {"Warehouse": warehouses[line.warehouse_id], "WarehouseID": line.warehouse_id}
            | {"InWarehouse": line.in_warehouse_date or EMPTY_DATE, "XFactory": line.x_factory_date or EMPTY_DATE}
            | {"Size": size, "OpenQty": units}
            | {"AllocatedQty": allocated.get((order.number, line.style_color_id, line.warehouse_id, size), 0)}
            for order in world.brand.purchase_orders
            if not statuses or order.status in statuses
            for line in order.lines
            for size, units in line.open_by_size.items()
        ]

    return rows


def _orders(*statuses: str) -> View:
    def rows(world: World) -> list[Row]:
        divisions = codes_of(world.brand.divisions)
        return [
            _order(order)
            | {"Division": divisions[order.division_id], "Quantity": sum(row.quantity for line in order.lines for row in line.sizes)}
            for order in world.orders.values()
            if not statuses or order.status in statuses
        ]

    return rows


def _order(order: Order) -> Row:
    return {
        "Order": order.number,
        "CustomerAccount": order.customer.account,
        "CustomerName": order.customer.name,
        "CustomerPurchaseOrder": order.customer_purchase_order or "",
        "ThirdPartyOrderID": order.third_party_order_id or "",
        "Status": order.status,
        "EnteredDate": order.entered,
        "StartDate": order.start,
        "Complete": order.complete,
    }


def _allocations(world: World) -> list[Row]:
    """Modelled on the allocation report of 9.6: a row per order line and size, with what it is allocated to."""
    warehouses = {row.id: row.name for row in world.brand.warehouses}
    return [
        _order(order)
        | _style(world.colors[row.style_color_id])
        | {"Size": row.size, "Warehouse": warehouses[row.warehouse_id], "Quantity": row.quantity}
        | {"Allocatedqty": row.allocated, "WIPReference": row.wip_reference or ""}
        for order in world.orders.values()
        if order.status in ("Open", "Hold")
        for line in order.lines
        for row in line.sizes
    ]


STOCK_VIEWS = {
    "Style/Inventory Items": _inventory(with_ots=False),
    "Style/Inventory Items With OTS(i)": _inventory(with_ots=True),
}
VIEWS: dict[str, dict[str, View]] = {
    "Divisions": {"All Divisions": _codes("divisions", "Division")},
    "Seasons": {"All Seasons": _codes("seasons", "Season")},
    "Terms": {"All Terms": _codes("terms", "Term")},
    "Ship Via": {"All Ship Via": _codes("ship_vias", "ShipVia")},
    **CUSTOMER_VIEWS,
    "Warehouses": {
        "Active WareHouses": _warehouses(True),
        "InActive WareHouses": _warehouses(False),
        "All WareHouses": _warehouses(),
    },
    "Styles": {
        "Active Styles": _styles(active_only=True, inventory_only=False),
        "All Styles": _styles(active_only=False, inventory_only=False),
        "Active Inventory Styles": _styles(active_only=True, inventory_only=True),
    },
    "Styles UPC": {"All Styles": _upcs(), "With UPC Numbers": _upcs(True), "Without UPC Numbers": _upcs(False)},
    "Warehouse Inventory Details by Size": STOCK_VIEWS,
    "Purchase Orders": {
        "Open PO Line Details by Size": _purchase_orders("Open"),
        "Completed PO Line Details by Size": _purchase_orders("Completed"),
        "Canceled PO Line Details by Size": _purchase_orders("Cancelled"),
        "All PO Line Details by Size": _purchase_orders(),
    },
    "Orders": {
        "Open/Hold Orders": _orders("Open", "Hold"),
        "Open/Hold Orders with Allocation": _allocations,
        "All Orders": _orders(),
    },
}


def find_view(source: str, name: str) -> View | None:
    return VIEWS.get(source, {}).get(name)


def rows_of(world: World, source: str, name: str) -> list[Row]:
    """The rows as JSON values, columns renamed as the switch `aqua_columns` says. Raises KeyError for a view that does not exist."""
    names = _renamed(world.switches["aqua_columns"], source)
    return [
        {names.get(column, column): wire(value) for column, value in row.items() if names.get(column, column)}
        for row in VIEWS[source][name](world)
    ]


def _renamed(columns: dict[str, Any], source: str) -> dict[str, Any]:
    general = {column: name for column, name in columns.items() if not isinstance(name, dict)}
    own = columns.get(source)
    return general | own if isinstance(own, dict) else general
