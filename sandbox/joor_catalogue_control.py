"""What people do to the catalogue in JOOR's web application, for tests: make a style or a linesheet by hand, put a card on a linesheet or
take it off. None of it enters the ledger."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.brand import JoorSku, JoorStyle
from sandbox.joor_linesheets import new_linesheet
from sandbox.joor_records import JoorLinesheet, JoorLinesheetItem
from sandbox.joor_world import Account
from sandbox.messages import Response, json_response

Fields = dict[str, Any]


def control(account: Account, method: str, path: list[str], fields: Fields, now: datetime) -> Response:
    """Paths under `/_joor/{account}/styles` and `/_joor/{account}/linesheets`. A linesheet is named by its code, its name or its id."""
    match method, path:
        case "POST", ["styles"]:
            return _make_style(account, fields, now)
        case "POST", ["linesheets"]:
            return _make_linesheet(account, fields)
        case "POST", ["linesheets", name, "items"] if (linesheet := _named(account, name)) is not None:
            _put(account, linesheet, fields)
            return json_response({"id": linesheet.id, "items": list(linesheet.items)}, 201)
        case "DELETE", ["linesheets", name, "items", identifier] if (linesheet := _named(account, name)) is not None:
            found = linesheet.items.pop(identifier, None) is not None
            return json_response({"id": linesheet.id, "items": list(linesheet.items)}, 200 if found else 404)
        case _:
            return json_response({"error": "no such style, linesheet or control path"}, 404)


def _named(account: Account, name: str) -> JoorLinesheet | None:
    return next((row for row in account.record.linesheets if name in (row.code, row.name, row.id)), None)


def _make_style(account: Account, fields: Fields, now: datetime) -> Response:
    """`identifier`, and as wanted `number`, `name`, `price` (text), `colors` (codes, or {code: name}), `sizes`, `upcs` by "CODE|size"."""
    identifier = str(fields["identifier"]) if fields.get("identifier") else ""
    if not identifier or account.catalogue.style(identifier) is not None:
        raise ValueError("give an identifier that no style has")
    colors, sizes, upcs = fields.get("colors") or ["MLT"], fields.get("sizes") or ["OS"], fields.get("upcs") or {}
    names = colors if isinstance(colors, dict) else {code: str(code).title() for code in colors}
    price, number = Decimal(str(fields.get("price") or "50.00")), str(fields.get("number") or identifier)
    style = JoorStyle(account.catalogue.new_style_id(), number, identifier, str(fields.get("name") or number), price, [], hand_made=True)
    skus = [JoorSku(str(code), str(name), str(size), upcs.get(f"{code}|{size}")) for code, name in names.items() for size in sizes]
    style.created = style.modified = now
    account.catalogue.add_style(style)
    account.catalogue.stock_up(style, skus)
    return json_response({"style_id": style.style_id, "style_identifier": identifier}, 201)


def _make_linesheet(account: Account, fields: Fields) -> Response:
    """`name`, and as wanted `code`, `start` and `complete` (dates), `items`: identifiers, or objects as for one item."""
    if not fields.get("name"):
        raise ValueError("give the linesheet a name")
    items = [item if isinstance(item, dict) else {"identifier": item} for item in fields.get("items") or []]
    for item in items:
        _card(account, item)
    linesheet = new_linesheet(account, str(fields["name"]), str(fields.get("code") or ""), hand_made=True)
    if fields.get("start") and fields.get("complete"):
        linesheet.start, linesheet.complete = date.fromisoformat(fields["start"]), date.fromisoformat(fields["complete"])
    for item in items:
        _put(account, linesheet, item)
    return json_response({"id": linesheet.id, "name": linesheet.name, "code": linesheet.code}, 201)


def _card(account: Account, item: Fields) -> JoorStyle:
    style = account.catalogue.style(str(item.get("identifier")))
    if style is None:
        raise ValueError(f"no style {item.get('identifier')}")
    return style


def _put(account: Account, linesheet: JoorLinesheet, item: Fields) -> None:
    """`identifier`, and as wanted `order_number` and `skus` (["CODE|size"]; all of them when left out)."""
    style = _card(account, item)
    chosen = item.get("skus")
    sku_ids = None if chosen is None else [sku.sku_id for sku in style.skus if f"{sku.color_code}|{sku.size}" in chosen]
    linesheet.items[style.style_identifier] = JoorLinesheetItem(item.get("order_number"), sku_ids, by_hand=True)
