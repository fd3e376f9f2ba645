"""The pretend AIMS360: sign-in, routes and refusals. Written from the AIMS360 fact sheet alone; code names the section it rests on."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from sandbox import aims360_aqua as aqua
from sandbox import aims360_documents as documents
from sandbox.aims360_catalogue import Entry, catalogue, find_route
from sandbox.aims360_control import serve_change
from sandbox.aims360_customers import create_customer, create_store
from sandbox.aims360_entities import CUSTOMERS, ENTITY_SETS, KNOWN_OF_CUSTOMERS, PURCHASE_ORDERS, purchase_order_row, style_row
from sandbox.aims360_odata import Expansion, answer, parse_query
from sandbox.aims360_orders import Refusal, create_order
from sandbox.aims360_schema import BadQuery, Row, Schema
from sandbox.aims360_state import state
from sandbox.aims360_world import DEFAULT_SWITCHES, World
from sandbox.brand import Brand
from sandbox.faults import Memory
from sandbox.messages import Request, Response, json_response

SIGN_IN = "POST /authentication/v1/authentication/token"
FORM = "application/x-www-form-urlencoded"
STORE_CREATE = Entry("POST (switch store_create_path)", "A", True, "9.2")


@dataclass(frozen=True)
class Call:
    """A signed-in call of one route."""

    request: Request
    values: dict[str, str]  # of the path
    operator: str


Answer = Callable[["Aims360", Call], Response]


class Aims360:
    """One AIMS360 tenant. `handle` performs a call; the listener holds the lock."""

    name = "aims360"

    def __init__(self, brand: Brand, memory: Memory, switches: dict[str, Any] | None = None) -> None:
        self.world = World(brand, memory, {**DEFAULT_SWITCHES, **(switches or {})})
        self.switches = self.world.switches

    def account_of(self, request: Request) -> str:
        return ""

    def handle(self, request: Request) -> Response:
        try:
            return self._route(request)
        except Refusal as refusal:
            return self._error(refusal.status, refusal.code, str(refusal))
        except BadQuery as bad:
            return self._error(400, bad.code, str(bad))

    def expire_token(self, request: Request) -> Response:
        self.world.tokens.pop(_bearer(request), None)
        return self._not_signed_in()

    def control(self, request: Request) -> Response:
        if (request.method, request.path.rstrip("/")) == ("GET", "/_catalogue"):
            return json_response({"catalogue": catalogue(self.switches["absent_routes"])})
        return serve_change(self.world, request)

    def state(self, what: str, request: Request) -> dict[str, Any]:
        return state(self.world, what)

    def _route(self, request: Request) -> Response:
        entry, values, other_method = find_route(request.method, request.segments())
        if entry is None and self._adds_store(request):
            entry = STORE_CREATE
        absent = {str(route).lower() for route in self.switches["absent_routes"]}
        if entry is None or entry.route.lower() in absent:
            if other_method:
                raise Refusal(f"{request.method} is not supported here.", 405, "UnsupportedHttpVerb")
            raise Refusal("The requested resource was not found.", 404, "ResourceNotFound")
        if entry.route == SIGN_IN:
            return self._token(request)
        operator = self._operator(request)
        if entry.route.startswith(f"GET /{documents.PATH}/"):
            token = values.get("anonymousToken", "")
            if operator is None and not token:
                return self._not_signed_in()
            return documents.download(self.world, values["documentId"], token, operator)
        if operator is None:
            return self._not_signed_in()
        if operator in self.switches["operators_without_permission"]:
            raise Refusal("The operator has no API permission.", 403, "InsufficientAccountPermissions")
        if entry.route in ANSWERS:
            return ANSWERS[entry.route](self, Call(request, values, operator))
        return self._entity_set(request, entry)

    def _adds_store(self, request: Request) -> bool:
        wanted = [part.lower() for part in str(self.switches["store_create_path"]).split("/") if part]
        return bool(wanted) and request.method == "POST" and [part.lower() for part in request.segments()] == wanted

    def _token(self, request: Request) -> Response:
        if not request.headers.get("Content-Type", "").lower().startswith(FORM):
            raise Refusal(f"The token request must be sent as {FORM}.", 400, "InvalidHeaderValue")
        form = {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True).items()}
        missing = [name for name in ("client_id", "client_secret", "username", "password", "grant_type") if not form.get(name)]
        if missing:
            raise Refusal(f"{missing[0]} is required.", 400, "InvalidAuthenticationInfo")
        brand = self.world.brand
        passwords = {brand.username: brand.password, **self.switches["extra_operators"]}
        client = (form["client_id"], form["client_secret"], form["grant_type"])
        if client != (brand.client_id, brand.client_secret, "password") or passwords.get(form["username"]) != form["password"]:
            return self._not_signed_in()
        # token_type, expires_in and refresh_token are UNKNOWN (3.1) and therefore not sent.
        return json_response({"access_token": self.world.issue_token(form["username"])})

    def _operator(self, request: Request) -> str | None:
        token = self.world.tokens.get(_bearer(request))
        return token.operator if token and not token.revoked else None

    def _not_signed_in(self) -> Response:
        status = int(self.switches["auth_failure_status"])
        code = "AuthenticationFailed" if status == 403 else "InvalidAuthenticationInfo"
        return self._error(status, code, "The authentication information is missing or not valid.")

    def _error(self, status: int, code: str, message: str) -> Response:
        body: Row = {"requestId": str(uuid.uuid4())} if self.switches["error_request_id"] else {}
        return json_response({**body, "error": {"code": code, "message": message}}, status)

    def _entity_set(self, request: Request, entry: Entry) -> Response:
        schema, rows = ENTITY_SETS[entry.route.partition(" /")[2].lower()]
        return self.collection(request, self._tenant_schema(schema), rows(self.world))

    def _tenant_schema(self, schema: Schema) -> Schema:
        absent = [str(field).lower().partition(".") for field in self.switches["absent_fields"]]
        names = {name for owner, _, name in absent if owner == schema.name.lower()}
        if schema is CUSTOMERS and self.switches["customer_fields"] == "known":
            names |= {name.lower() for name in schema.properties} - KNOWN_OF_CUSTOMERS
        return schema.without(names)

    def collection(self, request: Request, schema: Schema, rows: Sequence[Row], *, bare: bool = False) -> Response:
        """One page of the rows in the OData envelope, or as a `bare` array."""
        switches = self.switches
        query = parse_query(
            schema, request.query, default_size=switches["page_size"], cap=switches["page_cap"], extra=bool(switches["odata_extra"])
        )
        host = str(switches["next_link_host"]) or own_host(request)
        kept = {name: values[-1] for name, values in request.query.items() if name.lower() != "$skip"}
        link = f"{host}{quote(request.path)}" + (f"?{urlencode(kept, safe='$', quote_via=quote)}" if kept else "")
        # The context names no service, as in the one seen (4.2).
        context = f"{host}/v1.0/$metadata#{schema.name}"
        page = answer(query, rows, context, link, always_next=bool(switches["next_link_on_last_page"]))
        return json_response(page["value"] if bare else page)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def own_host(request: Request) -> str:
    return f"http://{request.headers.get('Host', '127.0.0.1')}"


def _posted(request: Request) -> Any:
    if "json" not in request.headers.get("Content-Type", "").lower():
        raise Refusal("Content-Type must be application/json.", 400, "InvalidHeaderValue")
    try:
        return request.json()
    except ValueError:
        raise Refusal("The request body is not valid JSON.") from None


def _create_order(system: Aims360, call: Call) -> Response:
    order = create_order(system.world, _posted(call.request), call.request.call)
    return json_response({"order": order.number}, int(system.switches["create_status"]))


def _create_customer(system: Aims360, call: Call) -> Response:
    customer = create_customer(system.world, _posted(call.request), call.request.call)
    return json_response({"customerID": customer.id, "customerAccount": customer.account}, int(system.switches["create_status"]))


def _create_store(system: Aims360, call: Call) -> Response:
    store = create_store(system.world, _posted(call.request), call.request.call)
    return json_response({"customerStoreID": store.id}, int(system.switches["create_status"]))


def _style(system: Aims360, call: Call) -> Response:
    wanted = call.values["styleID"].lower()
    color = next((colors[0] for colors in system.world.styles.values() if colors[0].style_id == wanted), None)
    if color is None:
        raise Refusal(f"Style {call.values['styleID']} not found.", 404, "ResourceNotFound")
    return json_response(style_row(color))


def _purchase_order(system: Aims360, call: Call) -> Response:
    order = next((order for order in system.world.brand.purchase_orders if order.number == call.values["number"]), None)
    if order is None:
        raise Refusal(f"Purchase order {call.values['number']} not found.", 404, "ResourceNotFound")
    lines = Expansion(PURCHASE_ORDERS.collections["stylePOLines"])
    return json_response(Expansion(PURCHASE_ORDERS, expand={"stylePOLines": lines}).render(purchase_order_row(order)))


def _export(system: Aims360, call: Call) -> Response:
    return json_response(aqua.request_export(system.world, _posted(call.request), call.operator, own_host(call.request), call.request.call))


def _rerun(system: Aims360, call: Call) -> Response:
    return json_response(aqua.rerun(system.world, call.values["id"], call.request.call))


def _job(system: Aims360, call: Call) -> Response:
    job = aqua.find_job(system.world, call.values["id"])
    aqua.poll(system.world, job)
    return json_response(Expansion(aqua.SINGLE_JOB).render(aqua.single_job(aqua.job_row(system.world, job))))


def _jobs(system: Aims360, call: Call) -> Response:
    """The list form. Only the jobs a filter names by id count as polled."""
    world = system.world
    aqua.purge(world)
    for job in world.jobs.values():
        if job.id in call.request.param("$filter"):
            aqua.poll(world, job)
    rows = [aqua.job_row(world, job) for job in world.jobs.values()]
    return system.collection(call.request, aqua.JOBS, rows)


def _documents(system: Aims360, call: Call) -> Response:
    rows = documents.document_rows(system.world, call.operator, own_host(call.request))
    return system.collection(call.request, documents.DOCUMENTS, rows, bare=system.switches["document_list"] == "array")


ANSWERS: dict[str, Answer] = {
    "POST /orders/v1.0/order": _create_order,
    "POST /customers/v1.0/customer": _create_customer,
    STORE_CREATE.route: _create_store,
    "GET /styles/V1.0/style/{styleID}": _style,
    "GET /wip/v1.0/purchaseorder/{number}": _purchase_order,
    "POST /reports/v1.0/reports/exportdata": _export,
    "POST /reports/v1.0/exportdata": _export,
    "GET /documentmanagement/odata/v1.0/aimsdocument": _documents,
    "GET /jobsmanagement/odata/v1.0/backgroundjob": _jobs,
    "GET /jobsmanagement/v1.0/backgroundjob/{id}": _job,
    "POST /jobsmanagement/v1.0/backgroundjob/{id}/rerun": _rerun,
}
