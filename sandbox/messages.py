"""Requests and responses as plain records, and what a pretend system must offer to be served. Nothing here knows a socket."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable
from urllib.parse import unquote


class Headers(Mapping[str, str]):
    """Header fields by case-insensitive name; a repeated field keeps its last value."""

    def __init__(self, fields: Mapping[str, str] | None = None) -> None:
        self._fields = {name.lower(): (name, value) for name, value in (fields or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)


@dataclass
class Request:
    """One HTTP request. `path` is percent-decoded and has no query, `raw_path` is as sent; `query` maps a name to its values in order;
    `call` is the number of the call in the call log, for effects that say which call made them."""

    method: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    call: int = 0
    raw_path: str = ""

    def param(self, name: str, default: str = "") -> str:
        """The last value of a query parameter, or `default` when it is absent."""
        values = self.query.get(name)
        return values[-1] if values else default

    def segments(self) -> list[str]:
        """The path's parts, each percent-decoded after splitting (a style number may hold a slash)."""
        return [unquote(part) for part in (self.raw_path or self.path).split("/") if part]

    def json(self) -> Any:
        """The body as JSON. Raises ValueError when it is not."""
        return json.loads(self.body.decode("utf-8"))


@dataclass
class Response:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`value` as a UTF-8 JSON answer."""
    body = json.dumps(value, ensure_ascii=False).encode("utf-8")
    return Response(status, {"Content-Type": "application/json; charset=utf-8", **(headers or {})}, body)


class System(Protocol):
    """What a pretend system gives its listener. Every method is called with the system's lock held."""

    name: str  # joor | aims360
    switches: dict[str, Any]

    def handle(self, request: Request) -> Response:
        """Perform one call of the vendor's API."""

    def control(self, request: Request) -> Response:
        """Serve the system's own control paths, `/_<system>/...`."""

    def account_of(self, request: Request) -> str:
        """The account key a request is for ("us"), or "" when the system has none or it cannot be told."""

    def expire_token(self, request: Request) -> Response:
        """Revoke the bearer token this request carries and give the vendor's 401 answer."""

    def state(self, what: str, request: Request) -> dict[str, Any]:
        """Counts when `what` is empty, else that part of the remote state. Raises KeyError for a part it does not have."""


@runtime_checkable
class Preparing(Protocol):
    """A pretend system that has slow work to do for some calls, such as fetching a picture."""

    def prepare(self, request: Request) -> None:
        """Do it. Called before `handle`, without the system's lock, for calls that will be performed."""
