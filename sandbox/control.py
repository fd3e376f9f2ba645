"""The control paths both listeners serve: the ledger, the call log, faults, the clock, switches and the remote state.

No authentication and no credits: these paths are the test's window into the pretend systems and are no part of any vendor's API.
"""

import json
from collections import Counter
from dataclasses import fields
from typing import Any, get_args

from sandbox.faults import Fault, FaultKind, Memory
from sandbox.messages import Request, Response, System, json_response


class Refused(ValueError):
    """A control request that makes no sense; answered 400 with the reason."""


def serve_control(system: System, memory: Memory, request: Request) -> Response:
    """Answer a path that begins with `/_`. Called with the system's lock held."""
    try:
        match request.method, request.path.rstrip("/"):
            case "GET", "/_ledger":
                return json_response(_ledger(memory, request))
            case "GET", "/_calls":
                return json_response({"calls": _select(memory.calls(), request, ("system", "path", "method", "account"))})
            case "POST", "/_advance":
                return json_response({"now": memory.clock.advance(_seconds(_body(request))).isoformat()})
            case (("GET" | "POST" | "DELETE"), "/_faults"):
                return _faults(system, memory, request)
            case (("GET" | "POST"), "/_switches"):
                return json_response(_switches(system, request))
            case "GET", "/_state":
                return json_response(_state(system, request))
            case _:
                return system.control(request)
    except ValueError as error:
        return json_response({"error": str(error)}, 400)


def set_switches(switches: dict[str, Any], changes: dict[str, Any]) -> None:
    """Change switches in place. Raises Refused, changing nothing, when one of them does not exist."""
    unknown = sorted(set(changes) - set(switches))
    if unknown:
        raise Refused(f"no such switch: {', '.join(unknown)}; there are {', '.join(sorted(switches))}")
    switches.update(changes)


def _body(request: Request) -> Any:
    try:
        return request.json()
    except ValueError as error:
        raise Refused(f"the body is not JSON: {error}") from error


def _seconds(body: Any) -> float:
    if not isinstance(body, dict) or not isinstance(body.get("seconds"), int | float):
        raise Refused('send {"seconds": number}')
    return float(body["seconds"])


def _select(rows: list[dict[str, Any]], request: Request, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """The rows whose fields equal the query's values, after `since_seq`; `path` matches as a part of the path, as faults do."""
    wanted = {name: request.param(name) for name in names if request.param(name)}
    since = request.param("since_seq", "0")
    if not since.isdecimal():
        raise Refused("since_seq is a whole number")
    return [
        row
        for row in rows
        if row["seq"] > int(since)
        and all(value in row["path"] if name == "path" else str(row.get(name)) == value for name, value in wanted.items())
    ]


def _ledger(memory: Memory, request: Request) -> dict[str, Any]:
    rows = _select(memory.effects(), request, ("system", "effect", "key", "account"))
    return {"effects": rows, "counts": dict(Counter(f"{row['system']}.{row['effect']}" for row in rows))}


def _faults(system: System, memory: Memory, request: Request) -> Response:
    if request.method == "POST":
        body = _body(request)
        added = [_fault(system.name, entry) for entry in (body if isinstance(body, list) else [body])]
        for fault in added:
            memory.add_fault(fault)
    elif request.method == "DELETE":
        memory.clear_faults()
    return json_response({"faults": memory.faults()}, 201 if request.method == "POST" else 200)


def _fault(system: str, entry: Any) -> Fault:
    if not isinstance(entry, dict):
        raise Refused("a fault is a JSON object")
    known = {field.name for field in fields(Fault)}
    if unknown := sorted(set(entry) - known):
        raise Refused(f"a fault has no {', '.join(unknown)}; it has {', '.join(sorted(known))}")
    if entry.get("kind") not in get_args(FaultKind):
        raise Refused(f"kind is one of {', '.join(get_args(FaultKind))}")
    if isinstance(entry.get("body"), dict | list):
        entry = {**entry, "body": json.dumps(entry["body"])}
    fault = Fault(**{"system": system, **entry})
    if fault.system not in ("joor", "aims360"):
        raise Refused("system is joor or aims360")
    return fault


def _switches(system: System, request: Request) -> dict[str, Any]:
    if request.method == "POST":
        body = _body(request)
        if not isinstance(body, dict):
            raise Refused("send a JSON object of switches")
        set_switches(system.switches, body)
    return system.switches


def _state(system: System, request: Request) -> dict[str, Any]:
    try:
        return system.state(request.param("what"), request)
    except KeyError as error:
        raise Refused(f"no such state: {error}") from error
