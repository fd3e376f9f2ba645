"""What a person does in JOOR's web application, for tests: place, edit and cancel orders, delete a style, what
`joor_catalogue_control` and `joor_connection_control` have; and a look at the whole state.

None of it is the client's doing, so none of it enters the ledger.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from sandbox import joor_catalogue_control, joor_catalogue_state, joor_connection_control
from sandbox.joor_data_services import pending_rows
from sandbox.joor_inventory import sku_fields
from sandbox.joor_world import Account, World, iso
from sandbox.messages import Request, Response, json_response


def control(world: World, request: Request) -> Response:
    """Paths under `/_joor/{account}/`."""
    match request.segments():
        case ["_joor", key, *rest] if key in world.accounts:
            account = world.accounts[key]
        case _:
            return json_response({"error": "no such control path"}, 404)
    match request.method, rest:
        case "POST", ["orders"]:
            return _place(world, account, _fields(request))
        case "PATCH", ["orders", order_id] if _known(account, order_id):
            return _edit(world, account, int(order_id), _fields(request))
        case "POST", ["orders", order_id, "cancel"] if _known(account, order_id):
            return _edit(world, account, int(order_id), {"order_type": "0"})
        case "DELETE", ["styles", identifier] if identifier in account.record.styles:
            account.forget_card(account.record.styles[identifier])
            return json_response({"style_identifier": identifier, "deleted": True})
        case method, ["styles" | "linesheets", *_]:
            return joor_catalogue_control.control(account, method, rest, _fields(request), world.now())
        case method, ["connections", *path]:
            return joor_connection_control.control(account, method, path, _fields(request))
        case _:
            return json_response({"error": "no such order, style or control path"}, 404)


def _known(account: Account, order_id: str) -> bool:
    return order_id.isdecimal() and int(order_id) in account.record.orders


def _fields(request: Request) -> dict[str, Any]:
    fields = request.json() if request.body else {}
    if not isinstance(fields, dict):
        raise ValueError("send a JSON object of fields")
    return fields


def _place(world: World, account: Account, fields: dict[str, Any]) -> Response:
    highest = max((order_id for known in world.accounts.values() for order_id in known.record.orders), default=7_700_000)
    order_id = int(fields.get("order_id") or highest + 1)
    if any(order_id in known.record.orders for known in world.accounts.values()):
        return json_response({"error": f"order {order_id} exists"}, 409)
    now = iso(world.now())
    dates = {"date_created": now, "date_approved": now, "date_modified": now}
    own = {"customer_purchase_order": f"PO-{order_id}", **dates, **fields, "order_id": order_id}
    account.record.orders[order_id] = {**_template(world, account), **own}
    return json_response({"order_id": order_id}, 201)


def _template(world: World, account: Account) -> dict[str, Any]:
    """The account's first approved order that shows no awkward case, so that a placed one is importable; else a bare approved order."""
    for order_id, order in sorted(account.record.orders.items()):
        if order_id in world.awkward:
            continue
        if str(order["order_type"]) == "4" and order.get("line_items") and order.get("customer_code"):
            return deepcopy(order)
    return {
        "order_type": "4",
        "order_currency": account.record.currency,
        "order_currency_name": account.record.price_label,
        "line_items": [],
    }


def _edit(world: World, account: Account, order_id: int, fields: dict[str, Any]) -> Response:
    order = account.record.orders[order_id]
    order.update({name: value for name, value in fields.items() if name != "order_id"})
    account.touch(order_id, world.now())
    if fields.get("date_modified"):
        order["date_modified"] = fields["date_modified"]
    return json_response({"order_id": order_id, "date_modified": order["date_modified"]})


def state(world: World, what: str, key: str, identifier: str = "") -> dict[str, Any]:
    """Counts per account, or one part of the state as rows that each name their account; of products one card alone when it is named.
    Raises KeyError for an unknown part or account."""
    accounts = [world.accounts[key]] if key else list(world.accounts.values())
    if not what:
        return {"accounts": {account.key: _counts(world, account) for account in accounts}}
    parts: dict[str, Callable[[Account], list[dict[str, Any]]]] = {
        "orders": lambda account: [{**_export_row(account, order_id), "order": order} for order_id, order in account.record.orders.items()],
        "export_state": lambda account: [_export_row(account, order_id) for order_id in account.record.orders],
        "inventory": _inventory,
        "connections": lambda account: list(account.record.connections),
        "pending_connections": pending_rows,
        "connection_jobs": _connection_jobs,
        "styles": _styles,
        "products": lambda account: joor_catalogue_state.products(account, identifier),
        "linesheets": joor_catalogue_state.linesheets,
        "assets": joor_catalogue_state.assets,
    }
    rows = {account.key: parts[what](account) for account in accounts}
    answer: dict[str, Any] = {what: [{"account": name, **row} for name, listed in rows.items() for row in listed]}
    if what == "inventory":
        answer["made_to_order"] = [{"account": account.key, **row} for account in accounts for row in _made_to_order(account)]
    return answer


def _counts(world: World, account: Account) -> dict[str, Any]:
    window = world.credits.windows.get(account.key)
    return {
        "orders": len(account.record.orders),
        "connections": len(account.record.connections),
        "pending_connections": len(account.pending),
        "styles": len(account.record.styles),
        "skus": len(account.catalogue.skus),
        "prices": len(account.catalogue.prices),
        "linesheets": len(account.record.linesheets),
        "assets": len(account.assets.all()),
        "inventory": len(account.inventory),
        "made_to_order": len(account.made_to_order),
        "credits_spent": window.spent if window and world.now() < window.ends else 0,
    }


def _export_row(account: Account, order_id: int) -> dict[str, Any]:
    exported_at = account.record.exported_at.get(order_id)
    return {
        "order_id": order_id,
        "order_type": account.record.orders[order_id]["order_type"],
        "state": account.export_state(order_id),
        "description": account.export_description.get(order_id, ""),
        "exported_at": exported_at.isoformat() if exported_at else None,
        "modified_since_export": account.modified_since_export(order_id),
        **account.v4_fields.get(order_id, {}),
    }


def _connection_jobs(account: Account) -> list[dict[str, Any]]:
    """`refused` is what JOOR tells nobody."""
    return [
        {
            "id": job.id,
            "status": job.status,
            "records": len(job.records),
            "refused": [{"customer_code": code, "reason": reason} for code, reason in job.refused],
        }
        for job in account.connection_jobs.values()
    ]


def _inventory(account: Account) -> list[dict[str, Any]]:
    return [
        {**_sku(account, key), "warehouse": warehouse, "date": date, "inventory": units}
        for (key, warehouse, date), units in sorted(account.inventory.items())
    ]


def _made_to_order(account: Account) -> list[dict[str, Any]]:
    return [_sku(account, key) for key in sorted(account.made_to_order)]


def _sku(account: Account, key: tuple[str, str, str]) -> dict[str, Any]:
    style = account.record.styles[key[0]]
    sku = next(sku for sku in style.skus if (sku.color_code, sku.size) == key[1:])
    return sku_fields(style, sku)


def _styles(account: Account) -> list[dict[str, Any]]:
    return [
        {
            "style_id": style.style_id,
            "style_number": style.style_number,
            "style_identifier": style.style_identifier,
            "name": style.name,
            "price": str(style.price),
            "hand_made": style.hand_made,
            "deleted": style.deleted,
            "style_color_ids": style.color_ids,
            "skus": [{"color_code": sku.color_code, "color_name": sku.color_name, "size": sku.size, "upc": sku.upc} for sku in style.skus],
        }
        for style in account.record.styles.values()
    ]
