"""The HTTP side of one pretend system: requests and responses as plain records, a listener that serves them, and faults at the socket.

A `System` answers requests and knows nothing of sockets. A `Listener` reads the request, asks the memory whether a fault strikes, lets the
system perform under its lock, notes the call and sends (or breaks off) the answer. Paths that begin with `/_` are the sandbox's own
controls: no authentication, no credits, no faults, no call log.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, cast
from urllib.parse import parse_qs, unquote, urlsplit

from sandbox.faults import Fault, Memory

MAX_LOGGED_BODY = 20_000  # characters of a request body kept in the call log
SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"}
SECRET_BODY_WORDS = ("client_secret", "clientsecret", "password", "refresh_token")


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
    """One HTTP request. `path` is percent-decoded and has no query; `query` maps a name to its values in order; `call` numbers the call."""

    method: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    call: int = 0

    def param(self, name: str, default: str = "") -> str:
        """The last value of a query parameter, or `default` when it is absent."""
        values = self.query.get(name)
        return values[-1] if values else default

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
