"""The cast of the order flows: a JOOR and an AIMS360 with state and failures, and a bench with the real runner and SQLite."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import Session, SQLModel, col, select

import models
from clients.aims360.contract import Contract
from clients.aims360.orders import order_body
from clients.aims360.types import CodeRow, Customer, NewCustomer, NewStore, OrderRow, SizeRow, Store, StyleColor, Warehouse
from clients.joor.parse import parse_order
from clients.joor.types import Connection, ConnectionAddress, ConnectionDraft, ExportState, JoorOrder, OrdersPage
from models.jobs import Job, JobKind, JobState
from models.ledgers import ManualTask, OrderImport, OrderPart
from models.settings import CustomerSettings, InventorySettings, OrderSettings, Schedule, StyleSettings
from models.sites import Site
from producers import orders
from runtime.clock import FrozenClock
from runtime.db import in_transaction, make_engine, session_factory
from workers.customer_code import CODE
from workers.customer_store import STORE
from workers.order_confirm import CONFIRM
from workers.order_import import IMPORT
from workers.order_scan import SCAN
from workers.runner import Runner, Surroundings
from workers.sync import Context, SiteView

NOON = datetime(2031, 3, 3, 12, 0, tzinfo=UTC)
D = Decimal
INSIDE = {"approved": "4", "shipped": "5", "cancelled": "0", "pending": "3", "notes": "6"}
REQUESTED = {2: {"4", "5"}, 6: {"4"}, 7: {"5"}, 8: {"0", "1", "3", "4", "5", "6"}}


def line(style: str = "D410", color: str = "NVY", size: str = "M", quantity: int = 6, price: str = "110.00", **more: str) -> dict[str, Any]:
    upc = {("NVY", "S"): "012345678905", ("NVY", "M"): "012345678912"}.get((color, size), "") if style == "D410" else ""
    return {
        "item_number": style, "item_style_identifier": style, "item_name": "Dress", "item_color_code": color, "item_size": size,
        "item_upc": upc, "item_unit_price": price, "item_price": price, "item_price_adjustment": "0", "item_quantity": str(quantity),
        "item_multiplier": "1", "item_price_extended": str(D(price) * quantity), "style_tags": "",
    } | more  # fmt: skip


def raw_order(order_id: int = 7700123, *lines: dict[str, Any], status: str = "approved", **more: Any) -> dict[str, Any]:
    items = list(lines) or [line()]
    return {
        "order_id": order_id, "order_type": INSIDE[status], "order_currency": "USD", "order_discount": "0.00",
        "order_discount_percent": "0",
        "order_total": str(sum(D(item["item_price_extended"]) for item in items)), "date_created": "2031-03-02T15:04:05+00:00",
        "date_approved": "2031-03-03T09:00:00+00:00", "date_modified": "2031-03-03T09:00:00+00:00", "date_ship_start": "2031-08-01",
        "date_ship_end": "2031-08-31", "customer_code": "HARB", "customer_name": "Harbor & Pine",
        "customer_purchase_order": f"PO-{order_id}",
        "shipping_code": "STORE1", "shipping_address_1": "9 Quay St", "shipping_city": "Portland", "shipping_region": "ME",
        "shipping_postal_code": "04101", "shipping_country_iso_two": "US", "payment_method_code": "N30", "shipping_method_code": "UPSG",
        "warehouse_code": "NJ", "order_divisions": [{"division_code": "01", "division_name": "Main"}], "order_doors": "",
        "order_comments": "Call first", "line_items": items,
    } | more  # fmt: skip


class Faults:
    """`plan` maps a method name to what happens at its next calls: an exception to raise, before or after doing the work."""

    def __init__(self) -> None:
        self.plan: dict[str, list[tuple[str, Exception]]] = {}
        self.calls: list[str] = []

    def next(self, method: str, error: Exception, *, after: bool = False, times: int = 1) -> None:
        self.plan.setdefault(method, []).extend([("after" if after else "before", error)] * times)

    def around(self, method: str, work: Callable[[], Any]) -> Any:
        assert not in_transaction(), f"{method} was called with a transaction open"
        self.calls.append(method)
        when, error = self.plan[method].pop(0) if self.plan.get(method) else ("", None)
        if error is not None and when == "before":
            raise error
        done = work()
        if error is not None:
            raise error
        return done

    def count(self, method: str) -> int:
        return self.calls.count(method)


def connection(connection_id: str, name: str, code: str = "", *, bill: str = "", ship: str = "", ship_code: str = "") -> Connection:
    """A retailer of the brand, as JOOR shows it. `bill` and `ship` are postal codes."""
    billing = (ConnectionAddress(name=name, postal_code=bill),) if bill else ()
    shipping = (ConnectionAddress(code=ship_code, name=name, postal_code=ship),) if ship or ship_code else ()
    raw = {
        "customer_account_id": connection_id, "customer_code": code, "customer_name": name,
        "billing": {"billing_addresses": [{"billing_name": name, "billing_postal_code": bill}] if bill else []},
        "shipping": {"shipping_addresses": [{"shipping_code": ship_code, "shipping_postal_code": ship}] if shipping else []},
    }  # fmt: skip
    codes = (ship_code,) if ship_code else ()
    return Connection(connection_id, code, name, "", codes, ConnectionDraft(code, name, billing=billing, shipping=shipping), raw)


class Joor:
    """Orders by id in JOOR's own JSON, with export states; retailers in `retailers`. `v4` False: a site with the v2 token only.
    `hides`: a code that was written is not shown."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.orders: dict[str, dict[str, Any]] = {}
        self.broken: list[dict[str, Any]] = []
        self.exported: dict[str, str] = {}
        self.told: list[ExportState] = []
        self.refuses: dict[str, str] = {}
        self.v4 = True
        self.pages: list[dict[str, Any]] = []
        self.marked_windows: list[tuple[datetime, datetime]] = []
        self.retailers: dict[str, Connection] = {}
        self.can_update_connections = True
        self.hides = False

    def connects(self, *retailers: Connection) -> None:
        self.retailers |= {retailer.connection_id: retailer for retailer in retailers}

    def connections(self) -> Iterator[Connection]:
        yield from self.faults.around("connections", lambda: list(self.retailers.values()))

    def connection(self, code: str) -> Connection | None:
        found = (retailer for retailer in self.retailers.values() if retailer.customer_code == code)
        return self.faults.around("connection", lambda: next(found, None))

    def connection_by_id(self, connection_id: str) -> Connection | None:
        return self.faults.around("connection_by_id", lambda: self.retailers.get(connection_id))

    def write_customer_code(self, retailer: Connection, code: str) -> None:
        def work() -> None:
            shown = "" if self.hides else code
            raw = {**retailer.raw, "customer_code": shown}
            self.retailers[retailer.connection_id] = replace(retailer, customer_code=shown, raw=raw)

        self.faults.around("write_customer_code", work)

    def put(self, raw: dict[str, Any], at: datetime | None = None) -> str:
        """A new or edited order; an edit after an export counts as modified since."""
        order_id = str(raw["order_id"])
        if order_id in self.orders and self.exported.get(order_id) == "SUCCESS":
            self.exported[order_id] = "MODIFIED"
        self.orders[order_id] = copy.deepcopy(raw) | ({"date_modified": at.isoformat()} if at else {})
        return order_id

    def edit(self, order_id: str, at: datetime, **changes: Any) -> None:
        self.put(self.orders[order_id] | changes, at)

    def _listed(self, order_type: int, export_status: int, since: datetime | None, until: datetime | None) -> list[dict[str, Any]]:
        found = [raw for raw in self.orders.values() if raw["order_type"] in REQUESTED[order_type]]
        if export_status == 5:
            found = [raw for raw in found if self.exported.get(str(raw["order_id"])) != "SUCCESS"]
        if since and until:
            found = [raw for raw in found if since <= datetime.fromisoformat(raw["date_modified"]) <= until]
        return copy.deepcopy(sorted(found, key=lambda raw: raw["order_id"]))

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
        def work() -> OrdersPage:
            self.pages.append({"order_type": order_type, "export_status": export_status, "start": start_from, "from": modified_from})
            found = self._listed(order_type, export_status, modified_from, modified_to)
            page = found[start_from : start_from + count]
            broken = (
                tuple((copy.deepcopy(raw), "item_quantity is empty") for raw in self.broken)
                if start_from == 0 and export_status == 5
                else ()
            )
            more = start_from + count if len(found) > start_from + count else None
            return OrdersPage(tuple(parse_order(raw) for raw in page), broken, more)

        return self.faults.around("orders_page", work)

    def order(self, order_id: str) -> JoorOrder | None:
        found = self.orders.get(order_id)
        return self.faults.around("order", lambda: parse_order(copy.deepcopy(found)) if found else None)

    @property
    def can_set_export_states(self) -> bool:
        return self.v4

    def set_export_states(self, wanted: list[ExportState]) -> dict[str, str | None]:
        assert self.v4
        assert len(wanted) <= 100

        def work() -> dict[str, str | None]:
            self.told += [state for state in wanted if state.order_id not in self.refuses]
            self.exported |= {state.order_id: state.state for state in wanted if state.order_id not in self.refuses}
            return {state.order_id: self.refuses.get(state.order_id) for state in wanted}

        return self.faults.around("set_export_states", work)

    def mark_exported(self, modified_from: datetime, modified_to: datetime, order_type: int) -> list[JoorOrder]:
        def work() -> list[JoorOrder]:
            self.marked_windows.append((modified_from, modified_to))
            found = self._listed(order_type, 5, modified_from, modified_to)
            self.exported |= {str(raw["order_id"]): "SUCCESS" for raw in found}
            return [parse_order(raw) for raw in found]

        return self.faults.around("mark_exported", work)


def guid(word: str) -> str:
    return f"guid-{word}"


class Aims:
    """An AIMS360 tenant. `shows_reference` False: its read model has no thirdPartyOrderID, so rows come by customer and purchase order."""

    tenant = "tenant"

    def __init__(self) -> None:
        self.faults = Faults()
        self.contract = Contract()
        self.tables: dict[str, list[str]] = {
            "division": ["01", "02"], "season": ["F31"], "term": ["N30"], "ship_via": ["UPSG"], "country": ["US", "FR"],
        }  # fmt: skip
        self.disabled: set[str] = set()
        self.warehouse_names = ["NJ", "LA"]
        self.customers = {"HARB": Customer(guid("HARB"), "HARB", "Harbor & Pine")}
        self.store_rows = [
            Store(guid("s1"), guid("HARB"), "STORE1", "Harbor", "9 Quay St", "", "Portland", "ME", "04101", guid("US")),
        ]
        upcs = {"S": "012345678905", "M": "012345678912"}
        self.styles = [
            self.style("D410", "NVY", "01", tuple(SizeRow(size, upc) for size, upc in upcs.items())),
            self.style("D410", "RED", "01", (SizeRow("S"), SizeRow("M"))),
            self.style("T200", "BLK", "02", (SizeRow("S"), SizeRow("M"))),
        ]
        self.orders: list[dict[str, Any]] = []
        self.strangers: list[OrderRow] = []
        self.shows_reference = True
        self.number = 100_000
        self.can_add_stores = True

    @staticmethod
    def style(style: str, color: str, division: str, sizes: tuple[SizeRow, ...]) -> StyleColor:
        return StyleColor(
            guid(f"{style}-{color}"), guid(style), style, color, wholesale_price=D("110.00"), division_id=guid(division), sizes=sizes
        )

    def codes(self, kind: str) -> list[CodeRow]:
        return self.faults.around("codes", lambda: [CodeRow(guid(c), c, f"{c} name", c not in self.disabled) for c in self.tables[kind]])

    def warehouses(self) -> list[Warehouse]:
        return self.faults.around("warehouses", lambda: [Warehouse(guid(name), name) for name in self.warehouse_names])

    def customer(self, account: str) -> Customer | None:
        return self.faults.around("customer", lambda: self.customers.get(account))

    def stores(self, customer_id: str) -> list[Store]:
        return self.faults.around("stores", lambda: [row for row in self.store_rows if row.customer_id == customer_id])

    def style_colors(self, style: str, color: str | None = None) -> list[StyleColor]:
        return self.faults.around("style_colors", lambda: [row for row in self.styles if row.style == style])

    def order_body(self, draft: Any) -> dict[str, Any]:
        return order_body(draft, self.contract)

    def find_orders(
        self, reference: str, *, customer_account: str | None = None, purchase_order: str | None = None, entered: date | None = None
    ) -> list[OrderRow]:
        def work() -> list[OrderRow]:
            rows = [
                OrderRow(str(body["number"]), body["thirdPartyOrderID"], body.get("customerPurchaseOrder"))
                for body in self.orders
                if not self.shows_reference or body["thirdPartyOrderID"] == reference
            ]
            if self.shows_reference:
                return rows
            rows = [replace(row, third_party_order_id=None) for row in [*rows, *self.strangers]]
            return [row for row in rows if not purchase_order or row.customer_purchase_order == purchase_order]

        return self.faults.around("find_orders", work)

    def create_order(self, body: dict[str, Any]) -> str:
        def work() -> str:
            self.number += 1
            self.orders.append(copy.deepcopy(body) | {"number": self.number})
            return str(self.number)

        return self.faults.around("create_order", work)

    def create_customer(self, new: NewCustomer) -> Customer:
        def work() -> Customer:
            self.customers[new.account] = Customer(guid(new.account), new.account, new.name)
            return self.customers[new.account]

        return self.faults.around("create_customer", work)

    def create_store(self, new: NewStore) -> str:
        def work() -> str:
            at, made = new.address, guid(f"{new.customer_id}-{new.code}")
            place = (at.name, at.address1, at.address2, at.city, at.state, at.zip_code, at.country_id or "")
            self.store_rows.append(Store(made, new.customer_id, new.code, *place))
            return made

        return self.faults.around("create_store", work)


@dataclass
class Bench:
    """One site, both systems, the real runner. `crash` names a failpoint that raises once."""

    folder: Path
    settings: OrderSettings = field(default_factory=OrderSettings)
    styles: StyleSettings = field(default_factory=StyleSettings)
    customers: CustomerSettings = field(default_factory=CustomerSettings)
    schedule: Schedule = field(default_factory=Schedule)
    divisions: tuple[str, ...] = ("01", "02")
    crash: str | None = None

    def __post_init__(self) -> None:
        assert models  # registers every table
        self.clock = FrozenClock(NOON)
        self.engine = make_engine(f"sqlite:///{self.folder / 'bench.db'}")
        SQLModel.metadata.create_all(self.engine)
        self.sessions = session_factory(self.engine)
        self.joor, self.aims = Joor(), Aims()
        with self.sessions() as session:
            session.add(
                Site(key="us", is_sandbox=True, joor_api_url="https://j", aims_api_url="https://a", created_at=NOON, updated_at=NOON)
            )
        specs = {spec.kind: spec for spec in (SCAN, IMPORT, CONFIRM, CODE, STORE)}
        self.runner = Runner(self.sessions, self.clock, self._connect, specs, worker="test", hit=self._hit)

    def _connect(self, site_id: int, _kind: JobKind) -> Surroundings:
        site = SiteView(
            site_id, "us", "US", self.aims.tenant, self.divisions, self.settings, InventorySettings(), self.styles, self.schedule,
            customers=self.customers,
        )  # fmt: skip
        context = Context(site, self.clock, self.sessions, self.joor, self.aims, structlog.get_logger())  # type: ignore[arg-type]  # fakes
        return Surroundings(context, lambda: 0, lambda: 0, list)

    def _hit(self, name: str) -> None:
        if name == self.crash:
            self.crash = None
            raise Died(name)

    # ---- doing ----------------------------------------------------------------------------------------------------------------------

    def scan(self) -> Job:
        with self.sessions() as session:
            run = orders.request(session, "us", clock=self.clock)
        self.work()
        return self.jobs(JobKind.ORDERS_SCAN, run_id=run.id)[-1]

    def work(self, rounds: int = 60) -> None:
        """Run whatever is queued until nothing is; what waits stays waiting."""
        for _ in range(rounds):
            with self.sessions() as session:
                queued = select(Job.id).where(Job.state == JobState.QUEUED, col(Job.available_at) <= self.clock.now()).order_by(col(Job.id))
                ids = session.exec(queued).all()
            if not ids:
                return
            for job_id in ids:
                self.runner.run(job_id or 0)
        raise AssertionError("the queue never empties")

    def later(self, **time: float) -> None:
        """Time passes; what is due again is queued, as the rescue loop does, a lost lease included."""
        self.clock.advance(timedelta(**time).total_seconds())
        with self.sessions() as session:
            due = [JobState.RETRYING, JobState.WAITING, JobState.UNKNOWN, JobState.RUNNING]
            for job in session.exec(select(Job).where(col(Job.state).in_(due))).all():
                if job.state == JobState.RUNNING or job.available_at <= self.clock.now():
                    job.state, job.available_at = JobState.QUEUED, self.clock.now()
                    session.add(job)
        self.work()

    def act(self, action: Callable[..., Any], *given: Any, **named: Any) -> Any:
        with self.sessions() as session:
            return action(session, "us", *given, clock=self.clock, **named)

    # ---- seeing ---------------------------------------------------------------------------------------------------------------------

    def order(self, order_id: str = "7700123") -> OrderImport:
        with self.sessions() as session:
            return session.exec(select(OrderImport).where(OrderImport.joor_order_id == order_id)).one()

    def rows(self) -> list[OrderImport]:
        with self.sessions() as session:
            return list(session.exec(select(OrderImport).order_by(col(OrderImport.id))).all())

    def parts(self) -> list[OrderPart]:
        with self.sessions() as session:
            return list(session.exec(select(OrderPart).order_by(col(OrderPart.id))).all())

    def tasks(self, kind: str) -> list[ManualTask]:
        with self.sessions() as session:
            return list(session.exec(select(ManualTask).where(ManualTask.kind == kind)).all())

    def jobs(self, kind: JobKind = JobKind.ORDERS_IMPORT, run_id: int | None = None) -> list[Job]:
        with self.sessions() as session:
            query = select(Job).where(Job.kind == kind.value).order_by(col(Job.id))
            return list(session.exec(query.where(Job.run_id == run_id) if run_id else query).all())

    def write(self, change: Callable[[Session], Any]) -> None:
        with self.sessions() as session:
            change(session)


class Died(BaseException):
    """The process is gone: nothing after this point ran, the job is still RUNNING."""
