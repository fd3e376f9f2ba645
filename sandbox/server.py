"""The HTTP side of one pretend system: a listener that serves it, and faults at the socket.

A `System` answers requests and knows nothing of sockets. A `Listener` reads the request, asks the memory whether a fault strikes, lets the
system perform under its lock, notes the call and sends (or breaks off) the answer. Paths that begin with `/_` are the sandbox's own
controls: no authentication, no credits, no faults, no call log.
"""

import contextlib
import ipaddress
import socket
import sys
import threading
import traceback
from datetime import datetime
from email.utils import format_datetime
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

from sandbox.control import serve_control
from sandbox.faults import Fault, Memory
from sandbox.messages import Headers, Preparing, Request, Response, System, json_response

__all__ = ["Headers", "Listener", "Request", "Response", "System", "json_response"]

MAX_LOGGED_BODY = 20_000  # characters of a request body kept in the call log
SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"}
SECRET_BODY_WORDS = ("client_secret", "clientsecret", "password", "refresh_token")
PERFORMED_NEVER = {"status", "html", "drop_before", "huge_body"}
HTML_PAGE = b"<!DOCTYPE html><html><head><title>Service</title></head><body><h1>Please try again later</h1></body></html>"
DROPPED = {"drop_before", "drop_after_commit", "timeout_after_commit"}


class Listener:
    """Serves one system. Port 0 takes any free port; `host` is an IPv4 address. `start()` returns at once; `stop()` also cuts open
    connections."""

    def __init__(self, system: System, memory: Memory, port: int = 0, host: str = "127.0.0.1") -> None:
        self.system = system
        self.memory = memory
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.host = host
        self._server = _Server((host, port), _Handler)
        self._server.listener = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name=f"sandbox-{system.name}", daemon=True)

    @property
    def url(self) -> str:
        """Where others find it; for a listener on every address that is this machine's (or container's) name."""
        name = socket.gethostname() if ipaddress.ip_address(self.host).is_unspecified else self.host
        return f"http://{name}:{self._server.server_address[1]}"

    def start(self) -> "Listener":
        self._thread.start()
        return self

    def stop(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.cut_connections()

    def control(self, request: Request) -> Response:
        with self.lock:
            return serve_control(self.system, self.memory, request)

    def answer(self, request: Request) -> tuple[Response | None, Fault | None]:
        """The answer as the fault leaves it (None: no answer at all) and the fault that struck. The call is in the log by then."""
        with self.lock:
            account = self.system.account_of(request)
        fault = self.memory.strike(self.system.name, request.method, request.path, account)
        if fault is not None and fault.kind == "slow":
            self.stopping.wait(fault.seconds)
        if isinstance(self.system, Preparing) and (fault is None or fault.kind not in {*PERFORMED_NEVER, "token_expired"}):
            self.system.prepare(request)
        with self.lock:
            response = self._perform(request, fault)
        outcome = response if fault is None else _spoil(response, fault)
        self._note(request, outcome, fault, account)
        return outcome, fault

    def _perform(self, request: Request, fault: Fault | None) -> Response:
        if fault is not None and fault.kind in PERFORMED_NEVER:
            return Response()
        try:
            if fault is not None and fault.kind == "token_expired":
                return self.system.expire_token(request)
            return self.system.handle(request)
        except Exception:  # a bug of the sandbox must show as one, not as a vendor's behaviour
            traceback.print_exc()
            return Response(500, {"Content-Type": "text/plain", "X-Sandbox-Bug": "1"}, traceback.format_exc().encode())

    def _note(self, request: Request, outcome: Response | None, fault: Fault | None, account: str) -> None:
        text = request.body.decode("utf-8", "replace")
        if any(word in text.lower() for word in SECRET_BODY_WORDS):
            text = "(withheld: it holds a secret)"
        self.memory.call(
            call=request.call,
            system=self.system.name,
            account=account,
            method=request.method,
            path=request.path,
            query=request.query,
            headers={name: value for name, value in request.headers.items() if name.lower() not in SECRET_HEADERS},
            body=text[:MAX_LOGGED_BODY],
            body_bytes=len(request.body),
            status=outcome.status if outcome else None,
            fault=fault.kind if fault else None,
        )


def _spoil(response: Response, fault: Fault) -> Response | None:
    """The answer as the fault leaves it; half and huge bodies are made at the socket."""
    if fault.kind in DROPPED:
        return None
    if fault.kind in ("status", "status_after_commit"):
        return Response(fault.status, {"Content-Type": "application/json", **fault.headers}, fault.body.encode("utf-8"))
    if fault.kind == "html":
        # The record's default status is 500; a page with that status is asked for with `status`, a body and a Content-Type.
        status = 200 if fault.status == 500 else fault.status
        return Response(status, {"Content-Type": "text/html; charset=utf-8", **fault.headers}, fault.body.encode("utf-8") or HTML_PAGE)
    if fault.kind == "malformed_json":
        return Response(response.status, response.headers, (response.body or b"{}")[:-1])
    if fault.kind == "huge_body":
        return Response(200, {"Content-Type": "application/json", **fault.headers})
    return response


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    listener: Listener

    def __init__(self, *args: Any) -> None:
        self._connections: set[socket.socket] = set()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # a client that hung up is no news
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        listener = cast(_Server, self.server).listener
        request = self._read()
        if request is None:
            return
        if request.path.startswith("/_"):
            self._send(listener.control(request))
            return
        request.call = listener.memory.next_call()
        response, fault = listener.answer(request)
        self._deliver(listener, response, fault)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - http.server fixes these names

    def _read(self) -> Request | None:
        length = self.headers.get("Content-Length") or "0"
        if self.headers.get("Transfer-Encoding") or not length.isdecimal():
            self.close_connection = True
            self._send(json_response({"message": "Length Required"}, 411))
            return None
        parts = urlsplit(self.path)
        return Request(
            method=self.command,
            path=unquote(parts.path),
            query=parse_qs(parts.query, keep_blank_values=True),
            headers=Headers(dict(self.headers.items())),
            body=self.rfile.read(int(length)),
            raw_path=parts.path,
        )

    def _deliver(self, listener: Listener, response: Response | None, fault: Fault | None) -> None:
        if response is None:
            if fault is not None and fault.kind == "timeout_after_commit":
                listener.stopping.wait(fault.seconds)
            self.close_connection = True
        elif fault is not None and fault.kind == "half_body":
            self.close_connection = True
            length = max(len(response.body), 2)
            self._send(response, length, response.body[: length // 2])
        elif fault is not None and fault.kind == "huge_body":
            self._send(response, fault.bytes, b"")
            self._pour(fault.bytes)
        else:
            self._send(response)

    def _send(self, response: Response, length: int | None = None, body: bytes | None = None) -> None:
        fields = {"Date": format_datetime(self._now(), usegmt=True), **response.headers}
        fields["Content-Length"] = str(len(response.body) if length is None else length)
        if self.close_connection:
            fields["Connection"] = "close"
        head = f"HTTP/1.1 {response.status} {responses.get(response.status, 'Unknown')}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.wfile.write(head.encode("latin-1") + b"\r\n" + (response.body if body is None else body))

    def _pour(self, length: int) -> None:
        filler = b'{"filler":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},' * 1024
        self.wfile.write(b"["[:length])
        left = length - 1
        while left > 0:
            self.wfile.write(filler[:left])
            left -= len(filler)

    def _now(self) -> datetime:
        return cast(_Server, self.server).listener.memory.clock.now()

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: the call log is `/_calls`."""
