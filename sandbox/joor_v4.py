"""JOOR v4: the password grant, and reading and updating orders (fact sheet 1.3, 1.4, 8.6, 8.7)."""

import secrets
import uuid
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qs

from sandbox.joor_envelope import v4_answer, v4_error
from sandbox.joor_world import Account, Grant, World
from sandbox.messages import Request, Response, json_response

STATUS_OF_TYPE = {"0": "CANCELLED", "1": "IN_PROGRESS", "6": "NOTES", "3": "PENDING", "4": "APPROVED", "5": "SHIPPED"}
TYPE_OF_STATUS = {status: code for code, status in STATUS_OF_TYPE.items()}
EXPORT_STATES = ("SUCCESS", "FAILED", "UNDEFINED")
REFRESH_SECONDS = 7776000
# v4 name -> the v2 field that shows it. That po_number is v2's customer_purchase_order is ASSUMED.
V2_FIELDS = {"comments": "order_comments", "internal_comments": "order_internal_comments", "po_number": "customer_purchase_order"}
UPDATE_FIELDS = {"id", "export_status", "export_description", "status", "tracking_number", *V2_FIELDS}


def token(world: World, request: Request) -> Response:
    """POST /auth/ as a form or as multipart. Costs no credits (ASSUMED). The refusals are those of the identity system (ASSUMED)."""
    form = form_fields(request)
    if form.get("grant_type") != "password":
        return json_response({"error": "unsupported_grant_type", "error_description": "Unsupported grant_type"}, 400)
    keys = {account.key for account in world.accounts.values() if _credentials_match(account, form)}
    if not keys:
        return json_response({"error": "invalid_grant", "error_description": "Invalid user credentials"}, 401)
    seconds = int(world.switches["token_seconds"])
    access_token = secrets.token_urlsafe(48)
    world.grants[access_token] = Grant(keys, world.now() + timedelta(seconds=seconds))
    return json_response(
        {
            "access_token": access_token,
            "expires_in": seconds,
            "refresh_expires_in": REFRESH_SECONDS,
            "refresh_token": secrets.token_urlsafe(48),
            "token_type": "Bearer",
            "not-before-policy": 0,
            "session_state": str(uuid.uuid4()),
            "scope": "email profile",
        }
    )


def form_fields(request: Request) -> dict[str, str]:
    """The fields of a form body, urlencoded or multipart (1.3)."""
    content_type = request.headers.get("Content-Type", "")
    if content_type.startswith("multipart/form-data"):
        parts = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + request.body)
        found = {}
        for part in parts.get_payload() if parts.is_multipart() else []:
            payload = part.get_payload(decode=True) if not isinstance(part, str) else None
            name = part.get_param("name", header="content-disposition") if not isinstance(part, str) else None
            if isinstance(payload, bytes) and isinstance(name, str):
                found[name] = payload.decode("utf-8", "replace")
        return found
    return {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True).items()}


def _credentials_match(account: Account, form: dict[str, str]) -> bool:
    return all(form.get(name) == getattr(account.record, name) for name in ("client_id", "client_secret", "username", "password"))


def bulk_update(world: World, account: Account, request: Request) -> Response:
    """POST /v4/orders/bulk_update: each item stands alone; its error sits inside the 2xx answer (1.5)."""
    try:
        items = request.json()
    except ValueError:
        items = None
    if not isinstance(items, list):
        return v4_answer([], [v4_error("The body must be a JSON array of orders")], 400)
    data, errors = [], []
    for item in items:
        problem = _problem(account, item)
        if problem:
            errors.append(v4_error(problem, order_id=item.get("id") if isinstance(item, dict) else None))
        else:
            data.append(_update(world, account, item, request.call))
    return v4_answer(data, errors)


def _problem(account: Account, item: Any) -> str:
    """Why one item cannot be applied, or "". The words are ASSUMED; fields the sandbox does not model are refused, not swallowed."""
    if not isinstance(item, dict) or not item.get("id"):
        return "id is required"
    order = _find(account, str(item["id"]))
    if order is None:
        return f"Order {item['id']} not found"
    if unknown := sorted(set(item) - UPDATE_FIELDS):
        return f"Not supported here: {', '.join(unknown)}"
    if item.get("export_status", "SUCCESS") not in EXPORT_STATES:
        return f"export_status must be one of {', '.join(EXPORT_STATES)}"
    status = item.get("status")
    if status is not None and status not in TYPE_OF_STATUS:
        return f"status must be one of {', '.join(TYPE_OF_STATUS)}"
    if status == "IN_PROGRESS" and str(order["order_type"]) != TYPE_OF_STATUS["IN_PROGRESS"]:
        return "An order cannot go back to IN_PROGRESS"
    return ""


def _find(account: Account, order_id: str) -> dict[str, Any] | None:
    return account.record.orders.get(int(order_id)) if order_id.isdecimal() else None


def _update(world: World, account: Account, item: dict[str, Any], call: int) -> dict[str, Any]:
    order_id = int(item["id"])
    order = account.record.orders[order_id]
    changes = {V2_FIELDS[name]: item[name] for name in V2_FIELDS if name in item}
    if "status" in item:
        changes["order_type"] = TYPE_OF_STATUS[item["status"]]
    order.update(changes)
    extra = {"tracking_number": item["tracking_number"]} if "tracking_number" in item else {}
    account.v4_fields.setdefault(order_id, {}).update(extra)
    if changes or extra:
        if world.switches["v4_update_modifies"]:
            account.touch(order_id, world.now())
        shown = {name: value for name, value in item.items() if name not in ("id", "export_status", "export_description")}
        world.effect("order_updated", account, str(order_id), fields=shown, via="v4", call=call)
    if "export_status" in item or "export_description" in item:
        state, description = item.get("export_status") or account.export_state(order_id), str(item.get("export_description") or "")
        account.set_export_state(order_id, state, description, world.now())
        world.effect("export_state", account, str(order_id), state=state, description=description, via="v4", call=call)
    return _shown(account, order)


def list_orders(account: Account, request: Request) -> Response:
    """GET /v4/orders. Filters and paging as public programs use them (8.6); pages from 1, 50 a page, both ends inclusive: ASSUMED."""
    ids, states, statuses = _comma(request, "order_ids"), _comma(request, "export_status"), _comma(request, "status")
    start, end, since = request.param("date_approved_start"), request.param("date_approved_end"), request.param("last_modified")
    tests: list[tuple[bool, Callable[[dict[str, Any]], bool]]] = [
        (bool(ids), lambda order: str(order["order_id"]) in ids),
        (bool(states), lambda order: account.export_state(order["order_id"]) in states),
        (bool(statuses), lambda order: STATUS_OF_TYPE[str(order["order_type"])] in statuses),
        (bool(start), lambda order: str(order.get("date_approved") or "")[:10] >= start[:10]),
        (bool(end), lambda order: bool(order.get("date_approved")) and str(order["date_approved"])[:10] <= end[:10]),
        (bool(since), lambda order: str(order.get("date_modified") or "") >= since),
    ]
    rows = [order for _, order in sorted(account.record.orders.items()) if all(test(order) for on, test in tests if on)]
    sort_by = request.param("sort_by")
    if sort_by:
        rows.sort(key=lambda order: str(order.get(sort_by) or ""))
    if request.param("sort_order") == "DESCENDING":
        rows.reverse()
    return v4_answer([_shown(account, order) for order in _page(rows, request)])


def _shown(account: Account, order: dict[str, Any]) -> dict[str, Any]:
    """One order as v4 shows it: the documented keys, then those public code reads. A price type or linesheet the account has not got
    is shown by the name in the order."""

    def text(name: str) -> str:
        return str(order.get(name) or "")

    order_id = int(order["order_id"])
    price_type = account.catalogue.price_type(text("order_currency_name"), text("order_currency"))
    code = text("order_delivery_code")
    linesheet = next((row for row in account.record.linesheets if code and row.code == code), None)
    return {
        "id": str(order_id),
        "retailer_id": _retailer_id(account, text("customer_code")),
        "price_type_id": price_type.id if price_type else text("order_currency_name") or None,
        "collection_id": linesheet.id if linesheet else code or None,
        "status": STATUS_OF_TYPE[str(order["order_type"])],
        "export_status": account.export_state(order_id),
        "export_description": account.export_description.get(order_id, ""),
        "customer": {"code": text("customer_code"), "name": text("customer_name")},
        "buyer": {"name": text("customer_buyer_name"), "email": text("shipping_email")},
        "shipping_address": {
            "name": text("shipping_name"),
            "line1": text("shipping_address_1"),
            "line2": text("shipping_address_2"),
            "city": text("shipping_city"),
            "state": text("shipping_region"),
            "zip": text("shipping_postal_code"),
            "country": text("shipping_country"),
            "phone": text("shipping_phone"),
            "email": text("shipping_email"),
        },
        "total": text("order_total"),
        "tracking_number": account.v4_fields.get(order_id, {}).get("tracking_number"),
        "po_number": text("customer_purchase_order"),
        "comments": text("order_comments"),
        "internal_comments": text("order_internal_comments"),
        "last_modified": text("date_modified"),
    }


def _retailer_id(account: Account, customer_code: str) -> str | None:
    """The connection's id; None for a retailer who has no customer code or no connection."""
    rows = (row for row in account.record.connections if customer_code and row.get("customer_code") == customer_code)
    return next((str(row.get("customer_account_id")) for row in rows), None)


def list_sku_line_items(account: Account, request: Request) -> Response:
    """GET /v4/orders/sku_line_items: one row per line, cancelled lines too (8.6)."""
    order_ids, line_ids = _comma(request, "order_ids"), _comma(request, "line_item_ids")
    rows = []
    for order_id, order in sorted(account.record.orders.items()):
        if order_ids and str(order_id) not in order_ids:
            continue
        for number, line in enumerate(order.get("line_items") or [], start=1):
            row = _line(order_id, number, line)
            if not line_ids or row["id"] in line_ids:
                rows.append(row)
    return v4_answer(_page(rows, request))


def _line(order_id: int, number: int, line: dict[str, Any]) -> dict[str, Any]:
    identifier = str(line.get("item_style_identifier") or "")
    style_id = str(line.get("item_style_id") or "")
    return {
        "id": str(order_id * 1000 + number),
        "order_id": str(order_id),
        "quantity": int(line.get("item_quantity") or 0),
        "cancelled": bool(line.get("_cancelled")),
        "line_item_sku": {
            "original_id": f"0|{style_id}|{number}",
            "sku_identifier": str(line.get("item_upc") or ""),
            "product": {
                "id": style_id,
                "name": str(line.get("item_name") or ""),
                "external_id": str(line.get("item_number") or ""),
                "identifier": identifier,
            },
            "wholesale_price": str(line.get("item_unit_price") or ""),
            "suggested_retail_price": str(line.get("item_retail_price") or ""),
            "item_price": str(line.get("item_price") or ""),
            "trait_values": [
                {
                    "trait": {"name": "Color"},
                    "value": str(line.get("item_color") or ""),
                    "external_id": str(line.get("item_color_code") or ""),
                },
                {"trait": {"name": "Size"}, "value": str(line.get("item_size") or "")},
            ],
        },
    }


def _comma(request: Request, name: str) -> set[str]:
    return {part for part in request.param(name).split(",") if part}


def _page(rows: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    page, size = request.param("page") or "1", request.param("page_size") or "50"
    number, length = (int(page) if page.isdecimal() else 1), (int(size) if size.isdecimal() else 50)
    start = max(number - 1, 0) * length
    return rows[start : start + length]
