"""The pretend JOOR: who is asking, what it costs, and which function answers. The answers are in the `joor_*` modules."""

import base64
import binascii
import math
import sys
from typing import Any

from sandbox import (
    joor_connection_bulk,
    joor_connections,
    joor_control,
    joor_data_services,
    joor_fetch,
    joor_inventory,
    joor_orders,
    joor_v2_routes,
    joor_v4,
    joor_v4_routes,
)
from sandbox.brand import Brand
from sandbox.faults import Memory
from sandbox.joor_envelope import v2_error, v4_answer, v4_error
from sandbox.joor_quota import Window, cost_of
from sandbox.joor_world import Account, World
from sandbox.messages import Request, Response

WRITES = ("POST", "PUT", "DELETE", "PATCH")
ROOTS = {
    "order": "orders",
    "connection": "connections",
    "bulk-connection": "bulk_connections",
    "bulk-inventory": "inventory",
    "bulk-style": "bulk_styles",
    "style": "styles",
}
STYLE_ROOTS = {"inventory": "inventory", "image": "style_image"}  # below /style-number, by the path's last part


class Joor:
    """A `System` of `sandbox.messages`; see there for the methods' meaning."""

    name = "joor"

    def __init__(self, brand: Brand, memory: Memory, switches: dict[str, Any] | None = None) -> None:
        self.world = World(brand, memory, switches)
        self.switches = self.world.switches

    def prepare(self, request: Request) -> None:
        """What takes long and needs no lock: fetching the pictures a call names (6.1, 6.2)."""
        joor_fetch.prepare(self.world, request)

    def handle(self, request: Request) -> Response:
        joor_data_services.match_due(self.world)
        try:
            return self._handle(request)
        finally:
            self.world.fetched.pop(request.call, None)

    def _handle(self, request: Request) -> Response:
        match request.segments():
            case ["auth"] if request.method == "POST":
                return joor_v4.token(self.world, request)
            case ["v2", *path] if path:
                return self._v2(request, path)
            case ["v4", *path] if path:
                return self._v4(request, path)
            case _:
                return v4_answer([], [v4_error("Not found")], 404)

    def control(self, request: Request) -> Response:
        joor_data_services.match_due(self.world)
        return joor_control.control(self.world, request)

    def state(self, what: str, request: Request) -> dict[str, Any]:
        joor_data_services.match_due(self.world)
        return joor_control.state(self.world, what, request.param("account"), request.param("identifier"))

    def account_of(self, request: Request) -> str:
        account: Account | None = None
        segments = request.segments()
        if segments[:1] == ["v2"]:
            account = self._v2_account(request)
        elif segments[:1] == ["v4"]:
            account = self.world.by_account_id(request.param("account"))
        elif segments == ["auth"]:
            form = joor_v4.form_fields(request)
            names = ("client_id", "username")
            records = self.world.accounts.values()
            account = next((known for known in records if all(form.get(name) == getattr(known.record, name) for name in names)), None)
        return account.key if account else ""

    def expire_token(self, request: Request) -> Response:
        """A v4 token is gone for good; the v2 token is static, so that call alone is refused."""
        self.world.grants.pop(_credential(request, "Bearer"), None)
        segments = request.segments()
        if segments[:1] == ["v2"]:
            return v2_error(self.world, _root(segments[1:]), "unauthorized", 401)
        return _v4_unauthorized()

    def _v2_account(self, request: Request) -> Account | None:
        try:
            token = base64.b64decode(_credential(request, "OAuth2"), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return self.world.by_v2_token(token) if token else None

    def _v2(self, request: Request, path: list[str]) -> Response:
        root = _root(path)
        account = self._v2_account(request)
        if account is None:
            return v2_error(self.world, root, "unauthorized", 401)
        window = self._spend(account, request)
        if window is None:
            return self._throttled(account, v2_error(self.world, root, "Too Many Requests", 429))
        media_type = request.headers.get("Content-Type", "").split(";")[0].strip().lower()
        image = request.method == "POST" and path[-1] == "image" and media_type.startswith("image/")
        if request.method in WRITES and media_type != "application/json" and not image:
            # JOOR takes XML as well (1.2); the sandbox reads JSON only. Status ASSUMED.
            return self._monitored(account, v2_error(self.world, root, "Content-Type is missing or not served", 415))
        return self._monitored(account, self._v2_route(account, request, path))

    def _v2_route(self, account: Account, request: Request, path: list[str]) -> Response:
        match request.method, path:
            case "GET", [("order" | "orders") as word] if self._path_served(word):
                return joor_orders.read_orders(self.world, account, request)
            case "GET", [("order" | "orders") as word, order_id] if self._path_served(word):
                return joor_orders.read_order(self.world, account, request, order_id)
            case "GET", ["connection", *rest]:
                return joor_connections.read(self.world, account, request, rest)
            case "PUT", ["connection", *rest]:
                return joor_connections.change(self.world, account, request, rest)
            case (("POST" | "PUT"), ["bulk-connection"]):
                return joor_connection_bulk.submit(self.world, account, request)
            case "GET", ["bulk-connection", job_id]:
                return joor_connection_bulk.job_state(self.world, account, job_id)
            case (("POST" | "PUT"), ["bulk-inventory"]):
                return joor_inventory.bulk_inventory(self.world, account, request)
            case "PUT", ["style-number", number, identifier, "inventory"]:
                return joor_inventory.single_inventory(self.world, account, request, number, identifier)
        response = joor_v2_routes.catalogue(self.world, account, request, path)
        return response or v2_error(self.world, _root(path), "not found", 404)

    def _path_served(self, word: str) -> bool:
        return self.world.choice("order_paths", "both", "order", "orders") in ("both", word)

    def _v4(self, request: Request, path: list[str]) -> Response:
        grant = self.world.grants.get(_credential(request, "Bearer"))
        if grant is None or self.world.now() >= grant.expires_at:
            return _v4_unauthorized()
        if not request.param("account"):
            return v4_answer([], [v4_error("account is required")], 400)
        account = self.world.by_account_id(request.param("account"))
        if account is None or account.key not in grant.accounts:
            return v4_answer([], [v4_error("account is not yours")], 403)
        window = self._spend(account, request)
        if window is None:
            return self._throttled(account, v4_answer([], [v4_error("Too Many Requests")], 429))
        return self._monitored(account, self._v4_route(account, request, path))

    def _v4_route(self, account: Account, request: Request, path: list[str]) -> Response:
        match request.method, path:
            case "GET", ["orders"]:
                return joor_v4.list_orders(account, request)
            case "GET", ["orders", "sku_line_items"]:
                return joor_v4.list_sku_line_items(account, request)
            case "POST", ["orders", "bulk_update"]:
                return joor_v4.bulk_update(self.world, account, request)
        handler = joor_v4_routes.CATALOGUE.get((request.method, "/".join(path)))
        return handler(self.world, account, request) if handler else v4_answer([], [v4_error("Not found")], 404)

    def _spend(self, account: Account, request: Request) -> Window | None:
        limited = bool(self.switches["credit_quota"])
        size, cost = (int(self.switches["credit_size"]), cost_of(request.method)) if limited else (sys.maxsize, 0)
        return self.world.credits.spend(account.key, cost, size, float(self.switches["credit_window"]), self.world.now())

    def _throttled(self, account: Account, response: Response) -> Response:
        if self.switches["retry_after"]:
            left = (self.world.credits.windows[account.key].ends - self.world.now()).total_seconds()
            response.headers["Retry-After"] = str(math.ceil(left))
        return self._monitored(account, response)

    def _monitored(self, account: Account, response: Response) -> Response:
        """Every response names the account throttled; no other monitoring header is known (2.1), so others are invented on request only."""
        response.headers["X-Throttling-Account-Id"] = account.record.account_id
        if self.switches["throttle_headers"]:
            window = self.world.credits.windows[account.key]
            response.headers["X-Invented-Throttling-Remaining"] = str(int(self.switches["credit_size"]) - window.spent)
            response.headers["X-Invented-Throttling-Reset"] = str(math.ceil((window.ends - self.world.now()).total_seconds()))
        return response


def _credential(request: Request, scheme: str) -> str:
    word, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if word.lower() == scheme.lower() else ""


def _root(path: list[str]) -> str:
    """The root node of an answer: the resource's name (1.5)."""
    word = path[0] if path else ""
    if word == "style-number":
        return STYLE_ROOTS.get(path[-1], "styles")
    return ROOTS.get(word, word or "response")


def _v4_unauthorized() -> Response:
    return v4_answer([], [v4_error("Unauthorized")], 401)
