"""How JOOR wraps its answers: the v2 envelope, the v4 envelope, list nesting and the types inside (fact sheet 1.5, 8.4, 8.5)."""

import uuid
from decimal import Decimal
from typing import Any

from sandbox.joor_world import World
from sandbox.messages import Response, json_response

# Order and line fields that are numbers; JOOR sends them as text or as numbers (8.5).
NUMBERS = {
    "order_type",
    "order_discount",
    "order_discount_percent",
    "order_shipping_total",
    "order_total",
    "item_unit_price",
    "item_price",
    "item_price_adjustment",
    "item_quantity",
    "item_multiplier",
    "item_price_extended",
    "item_retail_price",
}


def v2_response(world: World, code: int = 0, comment: str = "", **paging: Any) -> dict[str, Any]:
    """The `response` node. Codes other than 0 are UNKNOWN; the sandbox uses 1."""
    typed: Any = code if world.choice("response_code_type", "string", "number") == "number" else str(code)
    return {"code": typed, "comment": comment, "log_id": str(uuid.uuid4()), **paging}


def v2_error(world: World, root: str, comment: str, status: int = 400) -> Response:
    """A refusal. HTTP statuses on failure are UNKNOWN; 400, 401, 404, 415 and 429 are ASSUMED."""
    return json_response({root: {"response": v2_response(world, 1, comment)}}, status)


def v2_list(world: World, plural: str, singular: str, rows: list[dict[str, Any]], **paging: Any) -> Response:
    """A list answer, nested as the switch `list_nesting` says (its names are those of orders, its meaning holds for any list)."""
    node = v2_response(world, **paging)
    nesting = world.choice("list_nesting", "orders.orders", "orders.order", "orders", "order")
    shown: Any = [render(world, row) for row in rows] or empty_list(world)
    if len(rows) == 1 and world.switches["single_as_object"]:
        shown = shown[0]
    inner = singular if nesting.endswith("order") else plural
    if "." in nesting:
        return json_response({plural: {"response": node, inner: shown}})
    return json_response({"response": node, inner: shown})


def v4_answer(data: list[dict[str, Any]], errors: list[dict[str, Any]] | None = None, status: int = 200) -> Response:
    """The v4 envelope: a 2xx may carry errors (1.5)."""
    return json_response({"data": data, "errors": errors or []}, status)


def v4_error(message: str, status: str = "ERROR", **details: Any) -> dict[str, Any]:
    """One item of `errors`. The only known `status` word is DUPLICATED; every other one here is ASSUMED."""
    return {"status": status, "message": message, "details": details}


def empty_list(world: World) -> Any:
    """An empty list as JOOR sends it: the empty string, or by switch a real list."""
    return [] if world.switches["empty_list"] in ([], "[]") else ""


def render(world: World, value: Any, name: str = "") -> Any:
    """A stored v2 value as JOOR would send it. Keys that begin with `_` are the sandbox's own; cancelled lines are left out (ASSUMED)."""
    if isinstance(value, dict):
        return {key: render(world, inner, key) for key, inner in value.items() if not key.startswith("_")}
    if isinstance(value, list | tuple):
        shown = [render(world, inner) for inner in value if not (isinstance(inner, dict) and inner.get("_cancelled"))]
        return shown or empty_list(world)
    if name in NUMBERS and value not in (None, ""):
        return _number(world, value)
    return str(value) if isinstance(value, Decimal) else value


def _number(world: World, value: Any) -> Any:
    if world.choice("numbers", "string", "number") == "string":
        return str(value)
    number = Decimal(str(value))
    return float(number) if "." in str(value) else int(number)
