"""Reading orders through v2, with the side effects such a read has (fact sheet 8.1 to 8.4)."""

from datetime import datetime
from typing import Any

from sandbox.joor_envelope import v2_error, v2_list
from sandbox.joor_world import Account, World, parse_time
from sandbox.messages import Request, Response

# Request filter `order_type` -> the values of `order_type` inside an order. The two code lists differ (8.3).
TYPES: dict[str, set[str]] = {
    "1": {"6"},
    "2": {"4", "5"},
    "3": {"3"},
    "4": {"1", "3", "4", "5", "6"},
    "5": {"0"},
    "6": {"4"},
    "7": {"5"},
    "8": {"0", "1", "3", "4", "5", "6"},
}


class BadParameter(Exception):
    """A query parameter outside what the fact sheet lists; answered with an error envelope (its wording and status are ASSUMED)."""


def read_orders(world: World, account: Account, request: Request) -> Response:
    """GET /v2/order and /v2/orders: a page of orders in `order_id` order (the order is ASSUMED; that it is stable is not)."""
    try:
        sync, check = _switch(request, "sync", "1"), request.param("check")
        check = _one_of("check", check or sync, "0", "1", "2", "3")
        export_status = _one_of("export_status", request.param("export_status") or ("2" if sync == "1" else "1"), *"1234567")
        start, count = _whole(request, "start_from", 0), _whole(request, "count", 50)
        chosen = [order for order in _filtered(account, request) if _export_matches(account, order["order_id"], export_status)]
    except BadParameter as error:
        return v2_error(world, "orders", str(error))
    chosen = _checked(world, account, chosen, check, withhold=sync == "1")
    page = chosen[start : start + count]
    total, more = len(chosen), start + count < len(chosen)
    if sync == "1":
        _mark_exported(world, account, page, request)
    # `count` as the total of the whole list: ASSUMED from "answers carry the total" (5.4).
    next_start: Any = start + len(page) if more else world.switches["last_next_start"]
    return v2_list(world, "orders", "order", page, start_from=start, next_start=next_start, count=total)


def read_order(world: World, account: Account, request: Request, order_id: str) -> Response:
    """GET /v2/order/{id}. That `sync` defaults to 1 and marks here too is ASSUMED, as the safe reading of 8.2; so is the 404."""
    order = account.record.orders.get(int(order_id)) if order_id.isdecimal() else None
    if order is None:
        return v2_error(world, "orders", f"order {order_id} not found", 404)
    try:
        sync = _switch(request, "sync", "1")
        check = _one_of("check", request.param("check") or sync, "0", "1", "2", "3")
    except BadParameter as error:
        return v2_error(world, "orders", str(error))
    page = _checked(world, account, [order], check, withhold=sync == "1")
    if sync == "1":
        _mark_exported(world, account, page, request)
    return v2_list(world, "orders", "order", page)


def _one_of(name: str, value: str, *values: str) -> str:
    if value not in values:
        raise BadParameter(f"{name} must be one of {', '.join(values)}")
    return value


def _switch(request: Request, name: str, default: str) -> str:
    return _one_of(name, request.param(name) or default, "0", "1")


def _whole(request: Request, name: str, default: int) -> int:
    text = request.param(name) or str(default)
    if not text.isdecimal():
        raise BadParameter(f"{name} must be a whole number")
    return int(text)


def _range(request: Request) -> tuple[datetime, datetime] | None:
    """The modified-date range: both ends or none (8.1); both ends inclusive (ASSUMED)."""
    start, end = request.param("date_start"), request.param("date_end")
    if not start and not end:
        return None
    if not start or not end:
        raise BadParameter("date_start and date_end must be given together")
    first, last = parse_time(start), parse_time(end)
    if first is None or last is None:
        raise BadParameter("date_start and date_end must be ISO 8601 times")
    return first, last


def _filtered(account: Account, request: Request) -> list[dict[str, Any]]:
    types = TYPES[_one_of("order_type", request.param("order_type") or "2", *TYPES)]
    period = _range(request)
    code, group = request.param("customer_code"), request.param("customer_group_name")
    chosen = []
    for _, order in sorted(account.record.orders.items()):
        modified = parse_time(str(order.get("date_modified") or ""))
        if (
            str(order["order_type"]) in types
            and (period is None or (modified is not None and period[0] <= modified <= period[1]))
            and (not code or order.get("customer_code") == code)
            and (not group or order.get("customer_group_name") == group)
        ):
            chosen.append(order)
    return chosen


def _export_matches(account: Account, order_id: int, export_status: str) -> bool:
    """The seven filters of 8.1. An order changed since its export counts as exported too (3), ASSUMED."""
    state = account.export_state(order_id)
    modified = account.modified_since_export(order_id)
    return {
        "1": True,
        "2": state != "SUCCESS",
        "3": state == "SUCCESS",
        "4": modified,
        "5": state != "SUCCESS" or modified,
        "6": state == "UNDEFINED",
        "7": state == "UNDEFINED" or modified,
    }[export_status]


def _checked(world: World, account: Account, orders: list[dict[str, Any]], check: str, *, withhold: bool) -> list[dict[str, Any]]:
    """Raise Failed on the orders a check refuses; a synchronising read leaves them out (8.2), a plain one shows them (ASSUMED)."""
    passed = []
    for order in orders:
        problems = _problems(world, account, order, check)
        if problems:
            description = "; ".join(problems)
            account.set_export_state(order["order_id"], "FAILED", description, world.now())
            world.effect("export_state", account, str(order["order_id"]), state="FAILED", description=description, via="check")
        if not problems or not withhold:
            passed.append(order)
    return passed


def _problems(world: World, account: Account, order: dict[str, Any], check: str) -> list[str]:
    problems = []
    if check in "13":
        wanted = world.switches["required_fields"]
        names = wanted.split(",") if isinstance(wanted, str) else wanted
        problems += [f"{name} is missing" for name in names if name and not _has(order, name)]
    if check in "23":
        for line in order.get("line_items") or []:
            if line.get("_cancelled"):
                continue
            style = account.record.styles.get(str(line.get("item_style_identifier")))
            colour = line.get("item_color_code")
            if style and (style.deleted or colour not in {sku.color_code for sku in style.skus}):
                problems.append(f"style {style.style_identifier} colour {colour} is deleted")
    return list(dict.fromkeys(problems))


def _has(order: dict[str, Any], name: str) -> bool:
    """Whether a demanded export field has a value; three of them are gathered from lists (8.2)."""
    lists = {
        "division_code": ("order_divisions", "division_code"),
        "door_codes": ("order_doors", "door_code"),
        "door_names": ("order_doors", "door_name"),
    }
    if name not in lists:
        return bool(order.get(name))
    container, field = lists[name]
    return any(row.get(field) for row in order.get(container) or [])


def _mark_exported(world: World, account: Account, orders: list[dict[str, Any]], request: Request) -> None:
    for order in orders:
        account.set_export_state(order["order_id"], "SUCCESS", "", world.now())
        world.effect("order_marked_exported", account, str(order["order_id"]), via=f"sync=1 read of {request.path}", call=request.call)
