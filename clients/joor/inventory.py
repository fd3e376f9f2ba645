"""bulk-inventory on the wire (facts 7.2-7.4). The bulk answer's shape is UNKNOWN: read with tolerance, never guessed into a success."""

import re
from collections.abc import Sequence
from typing import Any

from clients.http import Http
from clients.joor.contract import JoorContract
from clients.joor.envelope import number, response_of
from clients.joor.types import InventoryAnswer, InventoryItem
from models.errors import Rejected

#: `status` is "pass/fail text" (7.4); any word not listed counts as a failure and is quoted.
_PASSED = frozenset(
    {"pass", "passed", "success", "succeeded", "successful", "ok", "updated", "created", "done", "complete", "completed", "true", "0"}
)


def body_of(items: Sequence[InventoryItem], contract: JoorContract) -> dict[str, Any]:
    rows = [_row(item, contract) for item in items]
    node = contract["inventory.item_node"]
    return {"inventory_items": {node: rows} if node else rows}


def unsendable(item: InventoryItem) -> str | None:
    """Why JOOR could not tell which SKU is meant: valid keys are upc, or style + colour + size (facts 7.2)."""
    if item.upc or ((item.style_identifier or item.style_number) and item.color_code and item.size):
        return None
    return "not sent: it has neither a UPC nor style, colour and size"


def _row(item: InventoryItem, contract: JoorContract) -> dict[str, Any]:
    row: dict[str, Any] = {"warehouse": item.warehouse}
    if item.upc:
        row["upc"] = item.upc
    else:
        keys = {
            "style_number": item.style_number,
            contract["inventory.style_identifier"]: item.style_identifier,
            "color_code": item.color_code,
            "size": item.size,
        }
        row.update({key: value for key, value in keys.items() if value})
    when = item.bucket.isoformat() if item.bucket else contract["inventory.immediate"]
    if when:
        row["inventory_date"] = when
    return {**row, "inventory": item.quantity}


def read_answer(data: Any, sent: Sequence[InventoryItem], http: Http, what: str) -> InventoryAnswer:
    """Indexes refer to `sent`. Raises Rejected quoting every failure that cannot be matched to an item."""
    response = response_of(data)
    log = _log_rows(data)
    log_id = (
        str(response["log_id"])
        if response.get("log_id")
        else next((str(r["inventory_log_id"]) for r in log if r.get("inventory_log_id")), None)
    )
    failed: dict[int, str] = {}
    strangers: list[str] = []
    for place, row in enumerate(log):
        status = str(row.get("status", "")).strip()
        if status.lower() in _PASSED:
            continue
        words = http.redact(
            ": ".join(part for part in (status or "no status given", str(row.get("comment") or row.get("message") or "")) if part)
        )
        matches = _matches(row, sent)
        if len(matches) > 1 and len(log) == len(sent) and place in matches:
            matches = [place]
        failed.update(dict.fromkeys(matches, words))
        if not matches:
            strangers.append(f"{row.get('sku', '(no sku)')}: {words}")
    if strangers:
        raise _rejected(f"{len(strangers)} refused without saying which position: {'; '.join(strangers[:10])}", log_id, what)
    taken = _sku_count(data)
    if taken == 0 and sent and not failed:
        raise _rejected("the answer counts no SKU at all as taken", log_id, what)
    return InventoryAnswer(failed=failed, log_id=log_id)


def _rejected(words: str, log_id: str | None, what: str) -> Rejected:
    return Rejected(
        f"JOOR, {what}: {words}" + (f" (JOOR's log id {log_id})" if log_id else ""),
        remote_message=words,
        fix=[
            "Check that warehouse names, UPCs, colours and sizes are the same in JOOR and in the mapping.",
            f"Quote log id {log_id} to JOOR support.",
        ],
    )


def _matches(row: dict[str, Any], sent: Sequence[InventoryItem]) -> list[int]:
    """Every item the row can mean. The same SKU goes to several warehouses and dates; the row is not known to say which, so all count."""
    sku = str(row.get("sku") or row.get("upc") or "")
    words = {word.lower() for word in re.split(r"[^0-9A-Za-z._\-/]+", sku) if word}
    parts = words | {part.lower() for part in re.split(r"[^0-9A-Za-z]+", sku) if part}
    found = [index for index, item in enumerate(sent) if _is_meant(item, sku, words | parts)]
    for name in ("warehouse", "inventory_date"):
        if row.get(name) and len(found) > 1:
            found = [index for index in found if _place(sent[index], name) == str(row[name])] or found
    return found


def _place(item: InventoryItem, name: str) -> str | None:
    if name == "warehouse":
        return item.warehouse
    return item.bucket.isoformat() if item.bucket else None


def _is_meant(item: InventoryItem, sku: str, words: set[str]) -> bool:
    if item.upc and (item.upc == sku or item.upc.lower() in words):
        return True
    style = [name for name in (item.style_identifier, item.style_number) if name]
    if item.upc or not style or not item.color_code or not item.size:
        return False
    lower = sku.lower()
    return any(_held(name, lower, words) for name in style) and _held(item.color_code, lower, words) and _held(item.size, lower, words)


def _held(part: str, sku: str, words: set[str]) -> bool:
    """One-letter sizes must be a whole word; longer texts may stand joined."""
    return part.lower() in words or (len(part) > 2 and part.lower() in sku)


def _log_rows(node: Any) -> list[dict[str, Any]]:
    """`inventory_log` wherever it stands; one entry may be an object."""
    if isinstance(node, list):
        return [row for item in node for row in _log_rows(item)]
    if not isinstance(node, dict):
        return []
    if "inventory_log" in node:
        found = node["inventory_log"]
        return [row for row in (found if isinstance(found, list) else [found]) if isinstance(row, dict)]
    return [row for value in node.values() if isinstance(value, dict | list) for row in _log_rows(value)]


def _sku_count(node: Any) -> int | None:
    if not isinstance(node, dict):
        return None
    if "sku_count" in node:
        return number(node["sku_count"], -1)
    return next((count for count in map(_sku_count, node.values()) if count is not None), None)
