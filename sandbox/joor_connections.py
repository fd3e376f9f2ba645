"""Customers one by one in v2: reading them and changing one (fact sheet 3.3). DELETE is listed there with semantics UNKNOWN: not served."""

from typing import Any

from sandbox.joor_connection_record import GROUPS, NODES, TEXTS, Fields, lay_over, read_connection
from sandbox.joor_data_services import by_code, by_id
from sandbox.joor_envelope import v2_error, v2_list
from sandbox.joor_v2_fields import Unfit
from sandbox.joor_world import Account, World
from sandbox.messages import Request, Response

ROOT = "connections"


def read(world: World, account: Account, request: Request, path: list[str]) -> Response:
    """Root, nesting and the 404 are ASSUMED like those of orders; the list itself is ASSUMED to exist."""
    if not path:
        return _page(world, account.record.connections, request)
    found = _found(account, path)
    if found is None:
        return _not_found(world)
    return v2_list(world, ROOT, "connection", [found])


def _page(world: World, rows: list[Fields], request: Request) -> Response:
    start, count = request.param("start_from") or "0", request.param("count") or "50"
    if not (start.isdecimal() and count.isdecimal()):
        return v2_error(world, ROOT, "start_from and count must be whole numbers")
    first, size = int(start), int(count)
    next_start: Any = first + size if first + size < len(rows) else world.switches["last_next_start"]
    page = rows[first : first + size]
    return v2_list(world, ROOT, "connection", page, start_from=first, next_start=next_start, count=len(rows))


def _found(account: Account, path: list[str]) -> Fields | None:
    match path:
        case ["customer_code", code]:
            return by_code(account, code)
        case [connection_id]:
            return by_id(account, connection_id)
    return None


def _not_found(world: World) -> Response:
    return v2_error(world, ROOT, "connection not found", 404)


def change(world: World, account: Account, request: Request, path: list[str]) -> Response:
    """PUT of either item path. The path is listed; body, answer and that a code may be given to a connection without one are ASSUMED, and
    the switch `connection_put` takes the call away."""
    found = _found(account, path)
    if found is None or world.choice("connection_put", "allow", "absent") == "absent":
        return _not_found(world)
    try:
        fields = read_connection(world, account, _record(request.json()))
        _check_code(account, found, fields)
    except (ValueError, Unfit) as error:
        return v2_error(world, ROOT, str(error))
    if fields.get("customer_code") and not found.get("customer_code"):
        found["customer_code"] = fields["customer_code"]
        connection_id = str(found["customer_account_id"])
        world.effect("connection_code_set", account, fields["customer_code"], connection_id=connection_id, call=request.call)
    update(world, account, found, fields, via="v2", call=request.call)
    return v2_list(world, ROOT, "connection", [found])


def _record(body: Any) -> Fields:
    """`{"connections": {"connection": {..}}}`, `{"connection": {..}}` or the bare object. Raises ValueError for one that says nothing of a
    connection."""
    record = body
    for node in (ROOT, "connection"):
        if isinstance(record, dict) and node in record:
            record = record[node]
    record = record[0] if isinstance(record, list) and len(record) == 1 else record
    if not isinstance(record, dict) or not record.keys() & {*TEXTS, *GROUPS, *NODES}:
        raise ValueError("the body holds no connection")
    return record


def _check_code(account: Account, connection: Fields, fields: Fields) -> None:
    """A code is given once; to change or empty one is refused (ASSUMED: it is the brand's key). Raises Unfit."""
    wanted, own = fields.get("customer_code"), connection.get("customer_code") or ""
    if wanted is None or wanted == own:
        return
    if own:
        raise Unfit(f"customer_code {own} cannot be changed")
    if by_code(account, wanted) is not None:
        raise Unfit(f"customer_code {wanted} is in use by another connection")


def update(world: World, account: Account, connection: Fields, fields: Fields, *, via: str, call: int) -> None:
    """All data at once (3.2)."""
    changed = lay_over(account, connection, fields)
    if changed:
        connection_id = str(connection["customer_account_id"])
        key = connection.get("customer_code") or connection_id
        world.effect("connection_updated", account, key, connection_id=connection_id, changed=changed, via=via, call=call)
