"""JOOR's v2 answers, whatever way they are nested (facts 1.5, 5.4, 8.4, 8.5)."""

from collections.abc import Sequence
from typing import Any

from clients.failures import Intent
from clients.http import Answer, Http
from models.errors import Rejected

_NOT_FOUND = ("not found", "does not exist", "no such", "unknown")


def response_of(data: Any) -> dict[str, Any]:
    """The `response` node with code, comment, log_id and paging; empty when there is none (it may be a log-id text)."""
    if not isinstance(data, dict):
        return {}
    for node in (data, *(value for value in data.values() if isinstance(value, dict))):
        found = node.get("response")
        if isinstance(found, dict):
            return found
        if isinstance(found, str) and found:
            return {"log_id": found}
    return {}


def refuse_code(data: Any, http: Http, what: str) -> None:
    """A `code` other than 0 means refused; other values are UNKNOWN (facts 1.5). Raises Rejected with comment and log_id."""
    response = response_of(data)
    code = str(response.get("code", "0")).strip()
    if code in ("", "0", "None"):
        return
    words = http.redact(str(response.get("comment") or "no comment given"))
    log_id = response.get("log_id")
    raise Rejected(
        f"JOOR, {what}: refused with code {code}: {words}" + (f" (JOOR's log id {log_id})" if log_id else ""),
        remote_message=words,
        fix=[f"Quote log id {log_id} to JOOR support if the words do not explain it."] if log_id else [],
    )


def says_not_found(data: Any) -> bool:
    """What JOOR answers for something it does not have is UNKNOWN; ASSUMED 404, or a code other than 0 with words like these."""
    response = response_of(data)
    comment = str(response.get("comment") or "").lower().replace("unknown error", "")
    return str(response.get("code", "0")).strip() not in ("0", "", "None") and any(words in comment for words in _NOT_FOUND)


def rows_of(
    data: Any, names: Sequence[str], id_key: str, http: Http, answer: Answer, what: str, *, asked: int = 0, intent: Intent = "read"
) -> list[Any]:
    """The list under any of `names`, however deep it is nested; a single object counts as one row, "" and null as none.

    Raises Unavailable when the answer has the shape of something else: an empty page must never be guessed from a strange answer.
    `asked` is the page size asked for, which `count` may echo (whether it is a total is not certain).
    """
    found = _find(data, names, id_key) if isinstance(data, dict | list) else None
    if found is None:
        if not _is_bare_envelope(data, asked):
            raise http.unreadable(answer, intent, what, f"JSON without a list of {names[0]} came")
        return []
    return found


def _is_bare_envelope(data: Any, asked: int) -> bool:
    """A response node, nothing else that could be the list under another name, and no count of rows that should be there."""
    response = response_of(data)
    if not response:
        return False
    nodes = [data, *(value for value in data.values() if isinstance(value, dict) and "response" in value)]
    others = [value for node in nodes for key, value in node.items() if key != "response" and value not in nodes]
    count = number(response.get("count"), 0)
    return not any(isinstance(value, list | dict) and value for value in others) and count in (
        0,
        asked,
        number(response.get("start_from"), 0),
    )


def _find(node: Any, names: Sequence[str], id_key: str) -> list[Any] | None:
    if isinstance(node, list):
        return _unwrapped(node, names, id_key)
    if node is None or (isinstance(node, str) and not node.strip()):
        return []
    if not isinstance(node, dict):
        return None
    if id_key in node:
        return [node]
    for name in names:
        if name in node:
            return _find(node[name], names, id_key)
    return None


def _unwrapped(rows: list[Any], names: Sequence[str], id_key: str) -> list[Any]:
    """`[{"order": {..}}, ..]` is a way of writing a list, too."""
    plain: list[Any] = []
    for row in rows:
        inner = next((row[name] for name in names if isinstance(row, dict) and id_key not in row and isinstance(row.get(name), dict)), row)
        plain.append(inner)
    return plain


def next_start(response: dict[str, Any], start: int, asked: int, rows: int) -> int | None:
    """Where the next page begins, or None (facts 5.4: what `next_start` holds on the last page is UNKNOWN).

    Stops when the page is empty; when `next_start` is empty, zero or not ahead; when the page is short. A total (`count`) that says
    there is more overrules the last two: a server may cap its pages, and an order left on an unread page would be lost.
    """
    if rows == 0:
        return None
    more = number(response.get("count"), 0) > start + rows
    following = number(response.get("next_start"), 0)
    if following > start:
        return max(following, start + rows) if more or rows >= asked else None
    silent = response.get("next_start") in (None, "") and response.get("count") in (None, "")
    if more or (rows >= asked and silent):
        return start + rows
    return None


def number(value: Any, default: int) -> int:
    """An int from text or number; `default` for anything else."""
    try:
        return int(str(value).strip())
    except ValueError:
        return default
