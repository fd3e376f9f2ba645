"""A small AIMS360 with customers, a small JOOR with connections and people who match new ones, and a site between them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import structlog
from sqlmodel import SQLModel, col, select

from clients.aims360.types import CodeRow, Customer, Store
from clients.joor.types.customers import BulkConnectionJob, Connection, ConnectionDraft
from models import Job, ManualTask, Site
from models.cursors import Cursor
from models.customers import CustomerCard, CustomerSource, JoorCode, JoorConnection
from models.errors import NotPossible, Outcome, Synced, SyncError, Unavailable, Waiting
from models.golive import CUSTOMERS_REVIEWED, Confirmation
from models.jobs import JobKind, JobState
from models.mappings import Mapping
from models.settings import CustomerSettings, InventorySettings, OrderSettings, Schedule, StyleSettings
from runtime.clock import FrozenClock
from runtime.db import in_transaction, make_engine, session_factory
from workers.customers import EXPORT, export, scan
from workers.sync import Context, JobView, SiteView

#: Monday, 4 o'clock in the morning in New York.
NOW = datetime(2031, 9, 8, 8, 0, tzinfo=UTC)
TERMS = [CodeRow("t30", "NET30", "Net 30"), CodeRow("t60", "NET60", "Net 60")]
VIAS = [CodeRow("v1", "UPS", "UPS Ground")]
REPS = [CodeRow("r1", "AL", "Ada Lund")]
COUNTRIES = [CodeRow("c1", "US", "United States"), CodeRow("c2", "SWE", "Sweden")]


class Killed(BaseException):
    """The process died here."""


class PretendAims:
    """Remembers customers with their time of change, and stores. `understands_since`: whether it can be asked for changes; `lists_stores`:
    whether it has a list of all."""

    tenant = "tenant"

    def __init__(self, clock: FrozenClock) -> None:
        self.clock = clock
        self.people: dict[str, Customer] = {}
        self.shops: dict[str, Store] = {}
        self.understands_since = True
        self.lists_stores = True
        self.hidden: set[str] = set()
        self.calls: list[str] = []
        self.broken: SyncError | None = None

    def put(self, account: str, **more: Any) -> None:
        """Make or change a customer; it counts as changed now."""
        given = {"name": f"Shop {account}", "email": f"{account.lower()}@shop.example", "currency": "USD", "term_id": "t30"}
        given |= {"address1": "9 Quay St", "city": "Portland", "state": "ME", "zip_code": "04101", "country_id": "c1"}
        old = self.people.get(account) or Customer(f"ID-{account}", account, **given)
        self.people[account] = replace(old, last_modified=self.clock.now(), **more)

    def store(self, account: str, code: str, **more: Any) -> None:
        """Make or change a store: the customer does not count as changed."""
        key = f"{account}/{code}"
        old = self.shops.get(key) or Store(
            key, f"id-{account}", code, f"Store {code}", "1 Main St", city="Bath", zip_code="04530", country_id="C1"
        )
        self.shops[key] = replace(old, **more)

    def customers(self, since: datetime | None = None) -> Iterator[Customer]:
        self._called("all" if since is None else "since")
        if since is not None and not self.understands_since:
            raise NotPossible("AIMS360 does not know customer.last_modified")
        return iter([row for row in self._people() if since is None or (row.last_modified and row.last_modified >= since)])

    def customer(self, account: str) -> Customer | None:
        self._called(f"customer {account}")
        return next((row for row in self._people() if row.account == account), None)

    def all_stores(self) -> Iterator[Store]:
        self._called("all stores")
        if not self.lists_stores:
            raise NotPossible("AIMS360 has no list of all stores")
        return iter(self.shops.values())

    def stores(self, customer_id: str) -> list[Store]:
        self._called(f"stores of {customer_id}")
        return [row for row in self.shops.values() if row.customer_id.lower() == customer_id.lower()]

    def codes(self, kind: str) -> list[CodeRow]:
        self._called(f"codes {kind}")
        return {"term": TERMS, "ship_via": VIAS, "sales_rep": REPS, "country": COUNTRIES}[kind]

    def _people(self) -> list[Customer]:
        return [row for row in self.people.values() if row.account not in self.hidden]

    def _called(self, what: str) -> None:
        assert not in_transaction(), f"{what} was called with a transaction open"
        self.calls.append(what)
        if self.broken is not None:
            raise self.broken


class PretendJoor:
    """Connections by customer code; new ones wait in `unmatched` until `match`. A job is finished after `polls` looks. `changes` alters
    what is shown of a draft; `refuses` are codes that make a whole call refused. `before_call` may raise before a write takes effect."""

    def __init__(self) -> None:
        self.there: dict[str, ConnectionDraft] = {}
        self.unmatched: dict[str, ConnectionDraft] = {}
        self.sent: list[list[str]] = []
        self.polls = 1
        self.end = "finished"
        self.jobs: dict[str, int] = {}
        self.calls: list[str] = []
        self.changes: dict[str, Callable[[ConnectionDraft], ConnectionDraft]] = {}
        self.ignores: set[str] = set()
        self.refuses: dict[str, SyncError] = {}
        self.before_call: list[SyncError] = []
        self.broken: SyncError | None = None
        self.contract = {"bulk_connection.poll_seconds": "60"}

    def have(self, code: str, **more: Any) -> None:
        self.there[code] = ConnectionDraft(code, f"Shop {code}", **more)

    def match(self, *codes: str) -> None:
        for code in codes or tuple(self.unmatched):
            self.there[code] = self.unmatched.pop(code)

    def send_connections(self, drafts: Sequence[ConnectionDraft]) -> str:
        self._called("send")
        if self.before_call:
            raise self.before_call.pop(0)
        for draft in drafts:
            if draft.customer_code in self.refuses:
                raise self.refuses[draft.customer_code]
        self.sent.append([draft.customer_code for draft in drafts])
        for draft in drafts:
            if draft.customer_code not in self.ignores:
                (self.there if draft.customer_code in self.there else self.unmatched)[draft.customer_code] = draft
        job = f"{70 + len(self.sent)}"
        self.jobs[job] = self.polls
        return job

    def connections_job(self, job_id: str) -> BulkConnectionJob:
        self._called(f"job {job_id}")
        self.jobs[job_id] -= 1
        done = self.jobs[job_id] <= 0
        return BulkConnectionJob(job_id, done, self.end if done else "started", 10, 10 if done else 3)

    def connection(self, code: str) -> Connection | None:
        self._called(f"connection {code}")
        return self._connection(code) if code in self.there else None

    def connections(self) -> Iterator[Connection]:
        for place, code in enumerate(self.there):
            if place % 50 == 0:
                self._called("page")
            yield self._connection(code)
        if not self.there:
            self._called("page")

    def _connection(self, code: str) -> Connection:
        shown = self.there[code]
        shown = self.changes[code](shown) if code in self.changes else shown
        return Connection(f"j-{code}", code, shown.customer_name, shown.email, (), shown, {"customer_code": code})

    def _called(self, what: str) -> None:
        assert not in_transaction(), f"{what} was called with a transaction open"
        self.calls.append(what)
        if self.broken is not None:
            raise self.broken


class World:
    """One site, its database and both remote systems. Flows run as the runner would run them."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.engine = make_engine(url)
        SQLModel.metadata.create_all(self.engine)
        self.session = session_factory(self.engine)
        self.clock = FrozenClock(NOW)
        self.aims, self.joor = PretendAims(self.clock), PretendJoor()
        self.settings = CustomerSettings(**settings)
        self.is_sandbox = False
        self.die_at: str | None = None
        with self.session() as session:
            site = Site(
                key="us",
                is_sandbox=True,
                joor_api_url="https://joor.test",
                aims_api_url="https://aims.test",
                created_at=NOW,
                updated_at=NOW,
            )
            session.add(site)
        self.map("price_label", "US Dollars", "USD")
        self.map("term", "N30", "NET30")

    def close(self) -> None:
        self.engine.dispose()

    def set(self, **settings: Any) -> None:
        self.settings = self.settings.model_copy(update=settings)

    def map(self, kind: str, joor: str, aims: str, **more: Any) -> None:
        with self.session() as session:
            session.add(Mapping(site_id=1, kind=kind, joor_code=joor, aims_code=aims, created_at=NOW, updated_at=NOW, **more))

    def unmap(self, kind: str, joor: str) -> None:
        with self.session() as session:
            session.delete(session.exec(select(Mapping).where(Mapping.kind == kind, Mapping.joor_code == joor)).one())

    def seen(self, kind: str, code: str, name: str = "") -> None:
        with self.session() as session:
            session.add(JoorCode(site_id=1, kind=kind, code=code, name=name, origin="order", seen=1, last_seen_at=NOW))

    def review(self) -> None:
        with self.session() as session:
            session.add(Confirmation(site_id=1, name=CUSTOMERS_REVIEWED, at=NOW))

    def shows(self, code: str) -> None:
        """JOOR was read a while ago, and had this customer."""
        with self.session() as session:
            session.add(JoorConnection(site_id=1, connection_id=f"j-{code}", customer_code=code, raw={}, read_at=NOW - timedelta(days=1)))

    # ---- running --------------------------------------------------------------------------------------------------------------------

    def scan(self, *, dry_run: bool = False, **payload: Any) -> Outcome:
        self.clock.advance(1)
        return scan(JobView(9000, 1, JobKind.CUSTOMERS_SCAN, "", payload, dry_run, None, 0), self.context())

    def export(self, *accounts: str, dry_run: bool = False, **payload: Any) -> list[Outcome | SyncError]:
        """Jobs of these customers in one batch, answers in that order."""
        self.clock.advance(1)
        jobs = [JobView(8000 + at, 1, JobKind.CUSTOMERS_EXPORT, account, payload, dry_run, None, 0) for at, account in enumerate(accounts)]
        answers = export(jobs, self.context())
        assert answers.keys() == {job.id for job in jobs}
        return [answers[job.id] for job in jobs]

    def named(self, *accounts: str, **more: Any) -> list[Outcome | SyncError]:
        return self.export(*accounts, named=True, **more)

    def work(self) -> dict[str, Outcome | SyncError]:
        """One claim of all export jobs that are due; each gets the state that its answer means."""
        states = (JobState.QUEUED, JobState.WAITING, JobState.RETRYING)
        due = select(Job).where(
            Job.kind == JobKind.CUSTOMERS_EXPORT,
            col(Job.state).in_(states),
            col(Job.dry_run).is_(False),
            col(Job.available_at) <= self.clock.now(),
        )
        with self.session() as session:
            jobs = list(session.exec(due.order_by(col(Job.id)).limit(EXPORT.batch_size)))
        if not jobs:
            return {}
        answers = export([view(job) for job in jobs], self.context())
        with self.session() as session:
            for job in jobs:
                answer, row = answers[job.id or 0], session.get_one(Job, job.id)
                row.state = state_of(answer)
                row.available_at = answer.until if isinstance(answer, Waiting) else self.clock.now() + timedelta(seconds=60)
                session.add(row)
        return {job.key: answers[job.id or 0] for job in jobs}

    def pass_time(self, *, until: datetime) -> None:
        """Work off whatever comes due until then, each at its time."""
        while True:
            with self.session() as session:
                states = [JobState.QUEUED, JobState.WAITING, JobState.RETRYING]
                times = session.exec(select(Job.available_at).where(col(Job.state).in_(states), col(Job.dry_run).is_(False))).all()
            due = [at for at in times if at <= until]
            if not due:
                break
            self.clock.at = max(self.clock.at, min(due))
            self.work()
        self.clock.at = max(self.clock.at, until)

    def context(self) -> Context:
        site = SiteView(
            1,
            "us",
            "US",
            "tenant",
            (),
            OrderSettings(),
            InventorySettings(),
            StyleSettings(),
            Schedule(),
            customers=self.settings,
            is_sandbox=self.is_sandbox,
        )
        return Context(
            site=site,
            clock=self.clock,
            session=self.session,
            joor=cast(Any, self.joor),
            aims=cast(Any, self.aims),
            log=structlog.get_logger(),
            hit=self._hit,
        )

    def dying(self, where: str, run: Callable[[], Any]) -> None:
        self.die_at = where
        with suppress(Killed):
            run()
        assert self.die_at is None, f"{where} was not reached"

    def _hit(self, name: str) -> None:
        if name == self.die_at:
            self.die_at = None
            raise Killed(name)

    # ---- looking --------------------------------------------------------------------------------------------------------------------

    def jobs(self, state: JobState = JobState.QUEUED, *, dry_run: bool = False) -> list[str]:
        query = select(Job.key).where(Job.kind == JobKind.CUSTOMERS_EXPORT, Job.state == state, col(Job.dry_run).is_(dry_run))
        with self.session() as session:
            return sorted(session.exec(query))

    def source(self, account: str) -> CustomerSource:
        with self.session() as session:
            return session.get_one(CustomerSource, (1, account))

    def card(self, code: str) -> CustomerCard:
        with self.session() as session:
            return session.get_one(CustomerCard, (1, code))

    def cards(self) -> dict[str, str]:
        with self.session() as session:
            return {row.code: row.state for row in session.exec(select(CustomerCard))}

    def tasks(self, kind: str, *, done: bool = False) -> list[ManualTask]:
        with self.session() as session:
            rows = session.exec(select(ManualTask).where(ManualTask.kind == kind).order_by(col(ManualTask.id)))
            return [row for row in rows if (row.done_at is not None) == done]

    def cursor(self, name: str) -> datetime | None:
        with self.session() as session:
            row = session.get(Cursor, (1, name))
            return row.at if row else None

    def later(self, **span: float) -> None:
        self.clock.advance(timedelta(**span).total_seconds())


def state_of(answer: Outcome | SyncError) -> JobState:
    if isinstance(answer, Waiting):
        return JobState.WAITING
    if isinstance(answer, Synced):
        return JobState.SUCCEEDED
    if isinstance(answer, Unavailable):
        return JobState.RETRYING
    if isinstance(answer, SyncError):
        return JobState.BLOCKED if answer.kind == "needs_mapping" else JobState.FAILED
    return JobState.UNCHANGED


def view(job: Job) -> JobView:
    return JobView(job.id or 0, job.site_id, JobKind(job.kind), job.key, job.payload or {}, job.dry_run, job.run_id, job.attempts)
