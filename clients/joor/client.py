"""JOOR as the flows know it: one method per remote question. Paths and wire words that are ASSUMED stand in `clients.joor.contract`."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from clients.failures import Intent
from clients.http import Answer, Http
from clients.joor import inventory, orders, states
from clients.joor.auth import V2Token, V4Credentials, V4Token
from clients.joor.catalogue import Catalogue, RouteOptions
from clients.joor.connections import Connections
from clients.joor.contract import JoorContract
from clients.joor.envelope import next_start, refuse_code, response_of, rows_of
from clients.joor.parse import parse_order
from clients.joor.types import (
    BulkConnectionJob,
    Connection,
    ConnectionDraft,
    ExportState,
    InventoryAnswer,
    InventoryItem,
    JoorOrder,
    OrdersPage,
)
from clients.joor.v2_calls import V2Calls
from clients.joor.v2_catalogue import V2Catalogue
from clients.joor.v4_catalogue import V4Catalogue
from models.errors import NotPossible, Rejected
from runtime.clock import Clock, SystemClock

__all__ = ["JoorClient", "JoorContract", "V4Credentials"]

_MARK_PAGE = 50
_EXPORT_STATES = "JOOR's export state can only be written with v4 credentials, and this site has none"


class JoorClient:
    """One JOOR account. Thread-safe. `http` has the base URL without /v2 or /v4; `token` is the v2 token, `v4` the password grant, which
    needs `account_id` and `auth_url` as well. Failures are those of `clients.failures`, and NotPossible for a missing v4 credential."""

    def __init__(
        self,
        http: Http,
        *,
        token: str,
        v4: V4Credentials | None = None,
        account_id: str | None = None,
        auth_url: str | None = None,
        clock: Clock | None = None,
        contract: JoorContract | None = None,
    ) -> None:
        self.http = http
        self.contract = contract or JoorContract()
        self._clock: Clock = clock or SystemClock()
        self._v2 = V2Token(token, self.contract["auth.v2_scheme"], http)
        self._connections = Connections(V2Calls(http, self._v2), self.contract)
        self._account_id = account_id
        self._v4 = V4Token(http, auth_url, v4, self._clock) if v4 and auth_url and account_id else None
        self._route: tuple[RouteOptions, Catalogue] | None = None

    def close(self) -> None:
        self.http.close()

    def clock_offset(self) -> timedelta | None:
        """JOOR's clock minus ours by its last answer, zero where whole seconds and travel explain it; None before the first. No call."""
        return self.http.clock_offset(self._clock.now())

    # ---- orders ---------------------------------------------------------------------------------------------------------------------

    def orders_page(
        self,
        *,
        order_type: int,
        export_status: int,
        start_from: int,
        count: int,
        modified_from: datetime | None = None,
        modified_to: datetime | None = None,
    ) -> OrdersPage:
        """One page, read with `sync=0`: reading must not be what marks orders exported (facts 8.1, 8.2).

        `order_type` and `export_status` are the request filters of facts 8.1; the dates (aware UTC) bound the modification time, an open
        end means now.
        """
        what = "reading orders"
        params: dict[str, str | int] = {
            "sync": 0,
            "order_type": order_type,
            "export_status": export_status,
            "start_from": start_from,
            "count": count,
        }
        params.update(orders.window(modified_from, modified_to, self._clock.now()))
        data, answer = self._read(self.contract["path.orders"], params, what)
        found = rows_of(data, orders.NAMES, "order_id", self.http, answer, what, asked=count)
        read, broken = orders.parsed(found)
        return OrdersPage(tuple(read), tuple(broken), next_start(response_of(data), start_from, count, len(found)))

    def order(self, order_id: str) -> JoorOrder | None:
        """The order as it stands now, whatever its status, read with `sync=0`. None when JOOR has no such order."""
        what = f"reading order {order_id}"
        path = self.contract["path.order"].format(order_id=quote(order_id, safe=""))
        data, answer = self._read(path, {"sync": 0, "order_type": 8, "export_status": 1}, what, wanted=(404,))
        if answer.status == 404:
            return None
        for row in rows_of(data, orders.NAMES, "order_id", self.http, answer, what):
            if isinstance(row, dict) and str(row.get("order_id")) == order_id:
                try:
                    return parse_order(row)
                except ValueError as exc:
                    raise Rejected(f"JOOR, {what}: it came but cannot be read: {exc}", remote_message=str(exc)) from None
        return None

    @property
    def can_set_export_states(self) -> bool:
        return self._v4 is not None

    def check_v4(self) -> str:
        """Ask for a v4 token if none is held: a sentence when it works, AccessDenied or NotPossible when it does not. Costs no credits."""
        self._needs_v4().header()
        return "the v4 credentials give a token"

    def set_export_states(self, wanted: Sequence[ExportState]) -> dict[str, str | None]:
        """v4 `orders/bulk_update`, 5 credits whatever the number. Per order None (done) or JOOR's words. Repeatable."""
        v4 = self._needs_v4()
        if not wanted:
            return {}
        what = f"setting the export state of {len(wanted)} order(s)"
        data, answer = self.http.json(
            "POST",
            self.contract["path.orders_update"],
            intent="write",
            what=what,
            params={"account": self._account_id or ""},
            json=states.body_of(wanted),
            auth=v4,
        )
        if not isinstance(data, dict) or not ("data" in data or "errors" in data):
            raise self.http.unreadable(answer, "write", what, "JSON without data and errors came")
        found = states.read_answer(data, wanted)
        return {order_id: None if words is None else self.http.redact(words) for order_id, words in found.items()}

    def mark_exported(self, modified_from: datetime, modified_to: datetime, order_type: int) -> list[JoorOrder]:
        """The v2-only way (facts 8.2 step 3): a `sync=1` read, which marks everything it returns as exported.

        Only after durable storage; keep whatever it returns. An order that cannot be parsed comes back with status `unknown`, no lines
        and its `raw`. The set shrinks as it is read, so the first page is asked for until it brings nothing new.
        """
        what = "marking orders exported"
        params: dict[str, str | int] = {
            "sync": 1,
            "check": self.contract["orders.mark_check"],
            "order_type": order_type,
            "export_status": self.contract["orders.mark_export_status"],
            "start_from": 0,
            "count": _MARK_PAGE,
            **orders.window(modified_from, modified_to, self._clock.now()),
        }
        seen: dict[str, JoorOrder] = {}
        while True:
            # not a repeatable read: orders of a lost answer are marked and will not come again
            data, answer = self._read(self.contract["path.orders"], params, what, intent="write")
            found = rows_of(data, orders.NAMES, "order_id", self.http, answer, what, asked=_MARK_PAGE, intent="write")
            read, broken = orders.parsed(found)
            page = {order.order_id: order for order in [*read, *(orders.unreadable(raw) for raw, _ in broken)]}
            new = {order_id: order for order_id, order in page.items() if order_id not in seen}
            seen.update(new)
            if not new or len(found) < _MARK_PAGE:
                return list(seen.values())

    # ---- catalogue ------------------------------------------------------------------------------------------------------------------

    def catalogue(self, site: RouteOptions) -> Catalogue:
        """The site's route to styles, linesheets and images (`styles.route`): auto is v4 where the client has v4 credentials, else v2. The
        same for the same `site` object, so that price types are asked for once. Raises NotPossible for v4 without credentials."""
        kept = self._route
        if kept is None or kept[0] is not site:
            self._route = kept = (site, self._catalogue(site))
        return kept[1]

    def _catalogue(self, site: RouteOptions) -> Catalogue:
        if site.styles.route == "v2" or (site.styles.route == "auto" and self._v4 is None):
            return V2Catalogue(self.http, self._v2, self.contract, self._clock, site)
        v4 = self._needs_v4("The catalogue's v4 route (`styles.route`) needs v4 credentials, and this site has none")
        account_id = self._account_id or ""
        return V4Catalogue(self.http, v4, self.contract, self._clock, site, account_id=account_id, image_auth=self._v2)

    # ---- customers ------------------------------------------------------------------------------------------------------------------

    def connections(self) -> Iterator[Connection]:
        """Every retailer of the brand, page by page; 1 credit per page. A row that cannot be read raises Rejected naming it."""
        return self._connections.every()

    def connection(self, customer_code: str) -> Connection | None:
        """The retailer with the brand's own customer code; None when JOOR knows no such code (yet: facts 3.2)."""
        return self._connections.of_code(customer_code)

    def connection_by_id(self, connection_id: str) -> Connection | None:
        """The retailer by JOOR's own id, whether he has a code or not; None when JOOR has no such connection."""
        return self._connections.of_id(connection_id)

    def send_connections(self, drafts: Sequence[ConnectionDraft]) -> str:
        """POST bulk-connection, 5 credits whatever the number; the id of the job. An upsert by customer code: repeatable. Empty parts are
        not sent. Raises ValueError for no drafts, and for one that `connections.unsendable` names: ask it first."""
        return self._connections.send(drafts)

    def connections_job(self, job_id: str) -> BulkConnectionJob:
        """Progress of a bulk job, 1 credit; it tells nothing of its records (facts 3.4). A job JOOR no longer knows is finished, with the
        status "not known any more"."""
        return self._connections.job(job_id)

    @property
    def can_update_connections(self) -> bool:
        """Whether a call to update one connection is known (contract `path.connection_update`)."""
        return self._connections.can_update

    def write_customer_code(self, connection: Connection, code: str) -> None:
        """PUT the connection as it is shown, with the code in place (body ASSUMED, facts 3.3); 5 credits, repeatable. Read it back: what
        JOOR does with the code is not known. Raises NotPossible with the clicks for a person when JOOR has no such call (404, 405)."""
        self._connections.write_code(connection, code)

    # ---- inventory ------------------------------------------------------------------------------------------------------------------

    def push_inventory(self, items: Sequence[InventoryItem]) -> InventoryAnswer:
        """POST bulk-inventory WITHOUT overwrite (facts 7.3: what an overwrite leaves out becomes made to order); absolute, repeatable.

        `dec_pending=0`: the numbers are what may be sold. 5 credits whatever the number of items. `failed` is by index of `items`; an item
        without a usable key is not sent and is in `failed`. Raises Rejected for a `code` other than 0 and for failures that name no item.
        """
        failed = {index: why for index, item in enumerate(items) if (why := inventory.unsendable(item))}
        places = [index for index in range(len(items)) if index not in failed]
        sent = [items[index] for index in places]
        if not sent:
            return InventoryAnswer(failed=failed, log_id=None)
        what = f"setting {len(sent)} inventory position(s)"
        data, answer = self.http.json(
            "POST",
            self.contract["path.bulk_inventory"],
            intent="write",
            what=what,
            params={"dec_pending": 0},
            json=inventory.body_of(sent, self.contract),
            auth=self._v2,
        )
        refuse_code(data, self.http, what)
        if not isinstance(data, dict):
            raise self.http.unreadable(answer, "write", what, f"a JSON {type(data).__name__} came instead of an object")
        said = inventory.read_answer(data, sent, self.http, what)
        return InventoryAnswer({**failed, **{places[index]: words for index, words in said.failed.items()}}, said.log_id)

    # ---- shared ---------------------------------------------------------------------------------------------------------------------

    def _read(
        self,
        path: str,
        params: dict[str, str | int],
        what: str,
        *,
        intent: Intent = "read",
        wanted: tuple[int, ...] = (),
    ) -> tuple[Any, Answer]:
        headers = {"Content-Type": "application/json"}  # a call without it is not processed (facts 1.2)
        data, answer = self.http.json("GET", path, intent=intent, what=what, params=params, headers=headers, auth=self._v2, wanted=wanted)
        if answer.status == 404:
            return data, answer
        refuse_code(data, self.http, what)
        return data, answer

    def _needs_v4(self, why: str = _EXPORT_STATES) -> V4Token:
        if self._v4 is None:
            raise NotPossible(
                why,
                fix=[
                    "Ask the JOOR Integrations Manager for v4 credentials and the account id.",
                    f"`joorsync sites set {self.http.site} --joor-auth URL --joor-account ID`",
                    f"`joorsync sites set {self.http.site} --secret joor.client_id`; then client_secret, username and password alike",
                ],
            )
        return self._v4
