"""What every v4 catalogue call has in common: an array of items that stand alone, errors inside the 2xx answer, paging that nobody
documented (fact sheet 1.4, 1.5, 4.7)."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.joor_envelope import v4_answer, v4_error
from sandbox.joor_world import World
from sandbox.messages import Request, Response

Item = dict[str, Any]


class Refusal(Exception):
    """One item that is not done; becomes its entry in `errors`. `documented` says that the facts know its details.

    The words are ASSUMED, and so is every `status` but DUPLICATED of products and prices."""

    def __init__(self, message: str, status: str = "ERROR", *, documented: bool = False, **details: Any) -> None:
        super().__init__(message)
        self.status, self.details, self.documented = status, details, documented


class Unreadable(Exception):
    """A body that is no array; nothing of it is done. The status 400 is ASSUMED."""


def items_of(request: Request) -> list[Any]:
    """Raises Unreadable."""
    try:
        items = request.json()
    except ValueError:
        items = None
    if not isinstance(items, list):
        raise Unreadable("The body must be a JSON array of objects")
    return items


def answer_each(world: World, request: Request, apply: Callable[[Item], Item]) -> Response:
    """Do each item by itself, in order; what `apply` raises as Refusal is that item's error."""
    try:
        items = items_of(request)
    except Unreadable as error:
        return v4_answer([], [v4_error(str(error))], 400)
    data, errors = [], []
    for item in items:
        try:
            data.append(apply(checked(world, request, item)))
        except Refusal as refusal:
            errors.append(error_of(world, refusal, item))
    return v4_answer(data, errors)


def checked(world: World, request: Request, item: Any) -> Item:
    """The item, if it is an object and no switch makes it fail. Raises Refusal."""
    if not isinstance(item, dict):
        raise Refusal("An item must be a JSON object")
    if wanted := injected(world, request.path, item):
        raise Refusal(str(wanted.get("message") or "Refused"), str(wanted.get("status") or "ERROR"))
    return item


def injected(world: World, path: str, item: Any) -> dict[str, Any] | None:
    """The entry of the switch `catalogue_errors` that strikes this item, if one does."""
    rules = world.switches["catalogue_errors"]
    if not rules:
        return None
    text = json.dumps(item, ensure_ascii=False)
    return next((rule for rule in rules if str(rule.get("path", "")) in path and str(rule.get("match", "")) in text), None)


def error_of(world: World, refusal: Refusal, item: Any) -> dict[str, Any]:
    """One item of `errors`. Beside a price's DUPLICATED the facts know no details; the keys of the item that failed are ASSUMED."""
    details = dict(refusal.details)
    if world.choice("error_details", "keys", "documented") == "keys" and isinstance(item, dict):
        names = ("id", "product_id", "product_identifier", "sku_id", "external_id")
        details = {**{name: item[name] for name in names if name in item}, **details}
    elif not refusal.documented:
        details = {}
    return v4_error(str(refusal), refusal.status, **details)


def paged(world: World, rows: list[Any], request: Request) -> list[Any]:
    """The rows of a catalogue read: all of them, or by switch the page asked for, 50 a page, pages from 1 (ASSUMED)."""
    if world.choice("catalogue_paging", "none", "pages") == "none":
        return rows
    page, size = request.param("page") or "1", request.param("page_size") or "50"
    number, length = (int(page) if page.isdecimal() else 1), (int(size) if size.isdecimal() else 50)
    start = max(number - 1, 0) * length
    return rows[start : start + length]


def comma_list(request: Request, name: str) -> list[str]:
    """The parts of a comma list, each once, in order. That several ids are parted by commas is ASSUMED (4.7)."""
    return list(dict.fromkeys(part for part in ",".join(request.query.get(name, [])).split(",") if part))


# --- reading the fields of an item; all raise Refusal


def text(item: Item, name: str, *, required: bool = False, longest: int = 0) -> str:
    value = item.get(name)
    found = "" if value is None else str(value)
    if required and not found.strip():
        raise Refusal(f"{name} is required")
    if longest and len(found) > longest:
        raise Refusal(f"{name} may have {longest} characters, not {len(found)}")
    return found


def whole(item: Item, name: str) -> int | None:
    value = item.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value)):
        raise Refusal(f"{name} must be an integer")
    return int(value)


def amount(item: Item, name: str, *, required: bool = False) -> Decimal | None:
    """Money as JOOR wants it: a string (4.7)."""
    value = item.get(name)
    if value is None or value == "":
        if required:
            raise Refusal(f"{name} is required")
        return None
    if not isinstance(value, str):
        raise Refusal(f"{name} must be a string")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise Refusal(f"{name} {value} is no number") from None
    if not number.is_finite() or number < 0:
        raise Refusal(f"{name} {value} is no price")
    return number


def day(item: Item, name: str) -> date | None:
    value = item.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise Refusal(f"{name} must be a date, YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Refusal(f"{name} {value} is no date") from None


def objects(item: Item, name: str) -> Iterator[Item]:
    value = item.get(name)
    if value is None:
        return
    if not isinstance(value, list) or any(not isinstance(row, dict) for row in value):
        raise Refusal(f"{name} must be a list of objects")
    yield from value
