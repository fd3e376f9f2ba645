"""The cast of customer and code matching: a JOOR with connections, an AIMS360 with code tables, and a bench with the real runner."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import structlog
from sqlmodel import select

from clients.aims360.types import CodeRow, Warehouse
from clients.joor.parse import parse_connection
from clients.joor.types import Connection, PriceType
from models.customers import CustomerSource
from models.jobs import Job, JobKind, JobState
from models.ledgers import OrderImport, OrderState
from models.mappings import Mapping, Proposal
from models.outbox import Ask, add_jobs
from models.settings import InventorySettings, OrderSettings, Schedule, StyleSettings
from models.sites import Site
from runtime.clock import FrozenClock
from runtime.db import make_engine, session_factory
from tests.workers.orders_cast import NOON, Died, Faults
from workers.code_lists import LISTS
from workers.customer_match import MATCH
from workers.runner import Runner, Surroundings
from workers.sync import Context, SiteView

TENANT = "tenant"


class Joor:
    """Connections in JOOR's own JSON."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.rows: list[dict[str, Any]] = []
        self.labels: list[PriceType] | None = []

    def show(self, code: str = "", name: str = "", email: str = "", phone: str = "", postal: str = "", **more: Any) -> None:
        raw = {
            "customer_account_id": 900 + len(self.rows),
            "customer_code": code,
            "customer_name": name,
            "customer_contact_email": email,
            "billing": {"billing_addresses": [{"billing_phone": phone, "billing_postal_code": postal}]},
        }
        self.rows.append(raw | more)

    def connections(self) -> Iterator[Connection]:
        for raw in self.faults.around("connections", lambda: list(self.rows)):
            yield parse_connection(raw)

    def price_types(self) -> list[PriceType] | None:
        found: list[PriceType] | None = self.faults.around("price_types", lambda: self.labels)
        return found


class Aims:
    """Code tables: kind -> code -> name. `off`: codes that are switched off."""

    tenant = TENANT

    def __init__(self) -> None:
        self.faults = Faults()
        self.tables: dict[str, dict[str, str]] = {
            "term": {"N30": "Net 30"},
            "ship_via": {"UPSG": "UPS Ground"},
            "division": {"01": "Main"},
            "season": {"F31": "Fall 31"},
            "country": {"US": "United States"},
            "sales_rep": {"ANN": "Ann Lee"},
            "currency": {"USD": "US Dollar"},
        }
        self.warehouse_names = ["NJ"]
        self.off: set[str] = set()

    def codes(self, kind: str) -> list[CodeRow]:
        rows = self.tables[kind].items()
        found = [CodeRow(f"guid-{kind}-{code}", code, name, code not in self.off) for code, name in rows]
        answer: list[CodeRow] = self.faults.around(kind, lambda: found)
        return answer

    def warehouses(self) -> list[Warehouse]:
        found: list[Warehouse] = self.faults.around("warehouse", lambda: [Warehouse(f"guid-{name}", name) for name in self.warehouse_names])
        return found


@dataclass
class Bench:
    """One site with both flows and the real runner."""

    url: str
    crash: str | None = None

    def __post_init__(self) -> None:
        self.clock = FrozenClock(NOON)
        self.joor, self.aims = Joor(), Aims()
        self.sessions = session_factory(make_engine(self.url))
        with self.sessions() as session:
            session.add(
                Site(key="us", joor_api_url="https://j", aims_api_url="https://a", created_at=NOON, updated_at=NOON, is_sandbox=True)
            )
        specs = {spec.kind: spec for spec in (MATCH, LISTS)}
        self.runner = Runner(self.sessions, self.clock, lambda *_: self._around(), specs, worker="test", hit=self._hit)

    def _around(self) -> Surroundings:
        site = SiteView(1, "us", "US", TENANT, ("01",), OrderSettings(), InventorySettings(), StyleSettings(), Schedule())
        fakes: Any = (self.joor, self.aims, structlog.get_logger())
        catalogue: Any = lambda: self.joor  # noqa: E731  # a fake
        return Surroundings(Context(site, self.clock, self.sessions, *fakes, catalogue=catalogue), lambda: 0, lambda: 0, list)

    def _hit(self, name: str) -> None:
        if name == self.crash:
            self.crash = None
            raise Died(name)

    # ---- setting the scene -----------------------------------------------------------------------------------------------------------

    def write(self, *rows: Any) -> None:
        with self.sessions() as session:
            session.add_all(rows)

    def customer(self, account: str, name: str = "", email: str = "", phone: str = "", postal: str = "", **more: Any) -> None:
        values = {"aims_id": f"guid-{account}", "name": name, "email": email, "phone": phone, "postal_code": postal}
        values |= {"row": {}, "digest": "d", "read_at": NOON}
        self.write(CustomerSource(site_id=1, account=account, **(values | more)))

    def pair(self, kind: str, joor: str, aims: str = "", **more: Any) -> None:
        self.write(
            Mapping(site_id=1, kind=kind, joor_code=joor, aims_code=aims, created_by="anna", created_at=NOON, updated_at=NOON, **more)
        )

    def order(self, order_id: str, **raw: Any) -> None:
        header = {"order_id": order_id, "line_items": [{"item_quantity": "not read"}]} | raw
        values = {"state": OrderState.DOWNLOADED, "raw_digest": "d", "downloaded_at": NOON}
        self.write(OrderImport(site_id=1, joor_order_id=order_id, raw=header, **values))

    def blocked(self, kind: JobKind, key: str, on: str, value: str) -> int:
        with self.sessions() as session:
            (job_id,) = add_jobs(session, 1, [Ask(kind, key)], now=self.clock.now())
            job = session.get_one(Job, job_id)
            job.state, job.blocked_on = JobState.BLOCKED, [{"kind": on, "value": value, "where": "", "fix": ""}]
            session.add(job)
        return job_id

    # ---- working and seeing ----------------------------------------------------------------------------------------------------------

    def ask(self, kind: JobKind, payload: dict[str, Any] | None = None, *, dry_run: bool = False) -> Job:
        with self.sessions() as session:
            (job_id,) = add_jobs(session, 1, [Ask(kind, "", payload, revive=True)], now=self.clock.now(), dry_run=dry_run)
        self.runner.run(job_id)
        return self.job(job_id)

    def again(self, kind: JobKind) -> Job:
        """As after a lost lease."""
        with self.sessions() as session:
            job = session.exec(select(Job).where(Job.kind == kind.value)).one()
            job.state = JobState.QUEUED
            session.add(job)
        self.runner.run(job.id or 0)
        return self.job(job.id or 0)

    def job(self, job_id: int) -> Job:
        with self.sessions() as session:
            return session.get_one(Job, job_id)

    def all(self, table: type[Any], *conditions: Any) -> list[Any]:
        with self.sessions() as session:
            return list(session.exec(select(table).where(*conditions)).all())

    def pairs(self, kind: str = "customer") -> dict[str, tuple[str, str]]:
        return {row.joor_code: (row.aims_code, row.created_by) for row in self.all(Mapping, Mapping.kind == kind)}

    def proposals(self, kind: str = "customer") -> list[tuple[str, str, str]]:
        return sorted((row.joor_code, row.aims_code, row.state) for row in self.all(Proposal, Proposal.kind == kind))
