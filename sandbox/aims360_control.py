"""What people do inside AIMS360 while nobody calls its API, as control paths: POST /_aims/<act> with a JSON body, members as each act's
docstring says. GET /_aims/counterparts gives the name pairs the brand's people know.

    stock, purchase_orders/{number}, revoke_tokens   here
    customers                                        aims360_customer_acts
    style_colors, add_color, remove_sku              aims360_acts
    images, images/{documentGUID}                    aims360_acts
"""

from collections.abc import Callable
from datetime import date, timedelta

from sandbox.aims360_acts import (
    Body,
    Nonsense,
    add_color,
    add_image,
    allow,
    change_image,
    change_style_color,
    one_color,
    remove_sku,
)
from sandbox.aims360_customer_acts import change_customer
from sandbox.aims360_world import World
from sandbox.brand import Stock
from sandbox.messages import Request, Response, json_response


def serve_change(world: World, request: Request) -> Response:
    parts = [part for part in request.path.split("/") if part]
    if request.method == "GET" and parts == ["_aims", "counterparts"]:
        return json_response(world.brand.counterparts)
    change = CHANGES.get(parts[1]) if request.method == "POST" and len(parts) > 1 and parts[0] == "_aims" else None
    if change is None or len(parts) > 3:
        return json_response({"error": f"no control {request.method} {request.path}"}, 404)
    try:
        body = request.json() if request.body else {}
        if not isinstance(body, dict):
            raise Nonsense("send a JSON object")
        return json_response(change(world, body, parts[2] if len(parts) == 3 else ""))
    except Nonsense as nonsense:
        return json_response({"error": str(nonsense)}, nonsense.status)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        return json_response({"error": f"{type(error).__name__}: {error}"}, 400)


def change_stock(world: World, body: Body, _: str) -> Body:
    """Set on_hand, allocated or pick_tickets of one SKU in one warehouse (by name); what is not named stays."""
    allow(body, "style", "color", "size", "warehouse", "on_hand", "allocated", "pick_tickets")
    color = one_color(world, body)
    warehouse = next((row for row in world.brand.warehouses if row.name == body["warehouse"]), None)
    if warehouse is None or body["size"] not in {size.name for size in color.sizes}:
        raise Nonsense("no such warehouse or size", 404)
    stock = world.brand.stock.setdefault((color.id, body["size"], warehouse.id), Stock(0))
    for name in ("on_hand", "allocated", "pick_tickets"):
        setattr(stock, name, int(body.get(name, getattr(stock, name))))
    return {"on_hand": stock.on_hand, "allocated": stock.allocated, "pick_tickets": stock.pick_tickets}


def change_purchase_order(world: World, body: Body, number: str) -> Body:
    """Close it (nothing is open any more), or move its dates by `move_days` or to `in_warehouse_date` and `x_factory_date` (ISO or null);
    a line without a date stays without one unless it is given one."""
    allow(body, "close", "move_days", "in_warehouse_date", "x_factory_date")
    order = next((order for order in world.brand.purchase_orders if order.number == number), None)
    if order is None:
        raise Nonsense(f"no purchase order {number}", 404)
    if body.get("close"):
        order.status = "Completed"
    for line in order.lines:
        if body.get("close"):
            line.open_by_size = dict.fromkeys(line.open_by_size, 0)
        for name in ("in_warehouse_date", "x_factory_date"):
            day: date | None = getattr(line, name)
            if name in body:
                day = date.fromisoformat(body[name]) if body[name] else None
            setattr(line, name, day + timedelta(days=int(body.get("move_days", 0))) if day else None)
    order.last_modified = world.now()
    return {"number": number, "status": order.status, "in_warehouse_dates": [str(line.in_warehouse_date) for line in order.lines]}


def revoke_tokens(world: World, body: Body, _: str) -> Body:
    allow(body)
    count = len(world.tokens)
    world.tokens.clear()
    return {"revoked": count}


def images(world: World, body: Body, document_id: str) -> Body:
    return change_image(world, body, document_id) if document_id else add_image(world, body)


CHANGES: dict[str, Callable[[World, Body, str], Body]] = {
    "stock": change_stock,
    "purchase_orders": change_purchase_order,
    "style_colors": change_style_color,
    "add_color": add_color,
    "images": images,
    "customers": change_customer,
    "remove_sku": remove_sku,
    "revoke_tokens": revoke_tokens,
}
