"""The tenant as it is, for tests to compute from: raw records by name and code, no rule applied. GET /_state?what=..."""

from dataclasses import asdict
from typing import Any

from sandbox.aims360_schema import wire
from sandbox.aims360_world import Order, World
from sandbox.brand import OpenOrderLine, StyleColor


def state(world: World, what: str) -> dict[str, Any]:
    """Counts for an empty `what`, else `{what: rows}`. Raises KeyError for a part there is not."""
    if not what:
        return {name: len(part(world)) for name, part in PARTS.items()}
    return {what: wire(PARTS[what](world))}


def created_orders(world: World) -> list[dict[str, Any]]:
    """The orders clients created, in the order of creation."""
    return [_order(world, order) for order in world.orders.values() if order.body is not None]


def _order(world: World, order: Order) -> dict[str, Any]:
    divisions = {row.id: row.code for row in world.brand.divisions}
    return {
        "order": order.number,
        "orderID": order.id,
        "thirdPartyOrderID": order.third_party_order_id,
        "customerAccount": order.customer.account,
        "customerPurchaseOrder": order.customer_purchase_order,
        "division": divisions[order.division_id],
        "status": order.status,
        "entered": order.entered,
        "start": order.start,
        "complete": order.complete,
        "lines": [
            _sku(world, world.colors[line.style_color_id], row.size, row.warehouse_id)
            | {"price": str(line.price), "discount_percentage": str(line.discount_percentage), "quantity": row.quantity}
            for line in order.lines
            for row in line.sizes
        ],
        "body": order.body,
    }


def _sku(world: World, color: StyleColor, size: str, warehouse_id: str) -> dict[str, Any]:
    warehouse = next(row.name for row in world.brand.warehouses if row.id == warehouse_id)
    return {"style_color_id": color.id, "style": color.style, "color": color.color, "size": size, "warehouse": warehouse}


def customers(world: World) -> list[dict[str, Any]]:
    return [asdict(customer) for customer in world.brand.customers]


def stock(world: World) -> list[dict[str, Any]]:
    """Every stock row with its SKU; `upc` is null when missing or when the SKU is gone."""
    upcs = {(color.id, size.name): size.upc for color in world.brand.style_colors for size in color.sizes}
    divisions = {row.id: row.code for row in world.brand.divisions}
    rows = []
    for (color_id, size, warehouse_id), units in world.brand.stock.items():
        color = world.colors[color_id]
        row = _sku(world, color, size, warehouse_id) | asdict(units)
        row |= {"upc": upcs.get((color_id, size)), "division": divisions[color.division_id]}
        rows.append(row | {"active": color.active, "kind": color.kind})
    return rows


def open_orders(world: World) -> list[dict[str, Any]]:
    """Every open order line, seeded and created."""
    return [_open(world, row) for row in world.brand.open_orders]


def _open(world: World, row: OpenOrderLine) -> dict[str, Any]:
    sku = _sku(world, world.colors[row.style_color_id], row.size, row.warehouse_id)
    return (
        {"order": row.order}
        | sku
        | {
            "quantity": row.quantity,
            "allocated": row.allocated,
            "wip_reference": row.wip_reference,
            "complete": row.complete,
        }
    )


def wip(world: World) -> list[dict[str, Any]]:
    """Every purchase-order line and size, dates null when empty."""
    return [
        {"number": order.number, "status": order.status}
        | _sku(world, world.colors[line.style_color_id], size, line.warehouse_id)
        | {"in_warehouse_date": line.in_warehouse_date, "x_factory_date": line.x_factory_date, "open": units}
        for order in world.brand.purchase_orders
        for line in order.lines
        for size, units in line.open_by_size.items()
    ]


def style_colors(world: World) -> list[dict[str, Any]]:
    return [asdict(color) for color in world.brand.style_colors]


def jobs(world: World) -> list[dict[str, Any]]:
    return [{"id": job.id, "source": job.source, "view": job.view, "status": job.status} for job in world.jobs.values()]


def images(world: World) -> list[dict[str, Any]]:
    """Every picture that is listed; `case` says why an awkward one is awkward."""
    names = ("id", "name", "style", "color", "scope", "size", "uploaded", "case")
    return [{name: getattr(picture, name) for name in names} for picture in world.pictures()]


PARTS = {
    "orders": created_orders,
    "customers": customers,
    "stock": stock,
    "open_orders": open_orders,
    "wip": wip,
    "style_colors": style_colors,
    "images": images,
    "jobs": jobs,
}
