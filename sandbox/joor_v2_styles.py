"""v2 styles one by one: reading, writing and deleting them (fact sheet 4.2, 4.5). Deleting reaches into orders."""

from typing import Any

from sandbox.brand import JoorSku, JoorStyle
from sandbox.joor_envelope import v2_error, v2_list, v2_response
from sandbox.joor_lines import cancel_deleted
from sandbox.joor_v2_fields import Unfit
from sandbox.joor_v2_record import read_record
from sandbox.joor_v2_style_view import style_shown
from sandbox.joor_v2_upsert import upsert
from sandbox.joor_v4_items import injected
from sandbox.joor_world import Account, World, parse_time
from sandbox.messages import Request, Response, json_response

ROOT, DELETED_ROOT = "styles", "styles_deleted"
PAGE = "100"  # the sample's; the default and the largest are UNKNOWN (2.2)


def read_styles(world: World, account: Account, request: Request) -> Response:
    """GET /v2/style, in the order the cards were made (ASSUMED); date ranges hold both their ends (ASSUMED)."""
    start, count = request.param("start_from") or "0", request.param("count") or PAGE
    if not (start.isdecimal() and count.isdecimal()):
        return v2_error(world, ROOT, "start_from and count must be whole numbers")
    styles = account.catalogue.styles()
    for names, attribute in ((("date_start", "date_end"), "modified"), (("date_created_start", "date_created_end"), "created")):
        given = [request.param(name) for name in names]
        if not any(given):
            continue
        first, last = parse_time(given[0]), parse_time(given[1])
        if first is None or last is None:
            return v2_error(world, ROOT, f"{' and '.join(names)} must be given together, as ISO 8601 times")
        styles = [style for style in styles if first <= getattr(style, attribute).replace(microsecond=0) <= last]
    begin, size = int(start), int(count)
    next_start: Any = begin + size if begin + size < len(styles) else world.switches["last_next_start"]
    page = [style_shown(account, style) for style in styles[begin : begin + size]]
    return v2_list(world, ROOT, "style", page, start_from=begin, next_start=next_start, count=len(styles))


def by_number(account: Account, number: str, identifier: str) -> JoorStyle | None:
    style = account.catalogue.style(identifier)
    return style if style is not None and style.style_number == number else None


def read_style(world: World, account: Account, style: JoorStyle | None) -> Response:
    """GET of either item path. That one style comes as a list of one, and the 404, are ASSUMED."""
    if style is None:
        return v2_error(world, ROOT, "style not found", 404)
    return v2_list(world, ROOT, "style", [style_shown(account, style)])


def create(world: World, account: Account, request: Request) -> Response:
    """POST /v2/style-number. v2 writes are upserts by their key (10, pitfall 10); done when it answers (ASSUMED)."""
    return _write(world, account, request, {})


def update(world: World, account: Account, request: Request, number: str, identifier: str) -> Response:
    """PUT /v2/style-number/{style_number}/{style_identifier} (path and body ASSUMED, 4.2)."""
    if by_number(account, number, identifier) is None:
        return v2_error(world, ROOT, "style not found", 404)
    return _write(world, account, request, {"style_number": number, "style_identifier": identifier})


def _write(world: World, account: Account, request: Request, named: dict[str, str]) -> Response:
    try:
        record = _record(request.json())
        if wanted := injected(world, request.path, record):
            return v2_error(world, ROOT, str(wanted.get("message") or "refused"))
        style = upsert(world, account, read_record(account, {**record, **named}), via="v2", call=request.call)
    except (ValueError, Unfit) as error:
        return v2_error(world, ROOT, str(error))
    return v2_list(world, ROOT, "style", [style_shown(account, style)])


def _record(body: Any) -> dict[str, Any]:
    root = body.get(ROOT) if isinstance(body, dict) else None
    record = root.get("style") if isinstance(root, dict) else None
    record = record[0] if isinstance(record, list) and len(record) == 1 else record
    if not isinstance(record, dict):
        raise ValueError("styles.style is missing or not one style")
    return record


def delete(world: World, account: Account, request: Request, style: JoorStyle | None) -> Response:
    """DELETE of either item path; `?color_code=` or `?size=` removes that colour or size alone. What was removed is named as in the
    facts' one example, `size_deleted`; its fields are ASSUMED."""
    if style is None:
        return v2_error(world, DELETED_ROOT, "style not found", 404)
    color, size = request.param("color_code"), request.param("size")
    if color and size:
        return v2_error(world, DELETED_ROOT, "give color_code or size, not both")
    gone = [sku for sku in style.skus if color in ("", sku.color_code) and size in ("", sku.size)]
    if (color or size) and not gone:
        return v2_error(world, DELETED_ROOT, f"{color or size} not found on this style", 404)
    named = {"style_number": style.style_number, "style_identifier": style.style_identifier}
    if color:
        part, extra, effect = "color_deleted", {"color_code": color}, "style_color_deleted"
    elif size:
        part, extra, effect = "size_deleted", {"size": size}, "style_size_deleted"
    else:
        part, extra, effect = "style_deleted", {}, "style_deleted"
    world.effect(effect, account, "|".join((style.style_identifier, *extra.values())), call=request.call)
    _take_away(world, account, style, gone, whole=not extra, call=request.call)
    return json_response({DELETED_ROOT: {"response": v2_response(world), part: {**named, **extra}}})


def _take_away(world: World, account: Account, style: JoorStyle, gone: list[JoorSku], *, whole: bool, call: int) -> None:
    keys = {(style.style_identifier, sku.color_code, sku.size) for sku in gone}
    cancel_deleted(world, account, keys, call)
    if whole:
        account.forget_card(style)
        return
    account.forget_stock(keys)
    account.catalogue.remove_skus(style, gone)
    style.modified = world.now()
    colors = {sku.color_code for sku in style.skus} | {""}
    for asset in account.assets.of(style.style_identifier):
        if asset.color_code not in colors:
            account.assets.remove(asset)
