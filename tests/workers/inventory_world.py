"""A small AIMS360 and a small JOOR with memory, and a site between them, for the inventory flows."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy import event
from sqlmodel import Session, SQLModel, select

import models
from clients.aims360.types import CodeRow, SizeRow, StockRow, StyleColor, Warehouse, WipRow
from clients.joor.types import InventoryAnswer, InventoryItem
from models import InventoryPosition, Job, ManualTask, Mapping, Site
from models.errors import Outcome
from models.jobs import JobKind, JobState
from models.settings import InventorySettings, OrderSettings, Schedule, StyleSettings
from producers import inventory as producer
from runtime.clock import FrozenClock
from runtime.db import in_transaction, make_engine, session_factory
from workers.inventory import PUSH, SCAN
from workers.sync import Context, JobView, SiteView

NOW = datetime(2031, 9, 1, 8, 0, tzinfo=UTC)
SEP_15, OCT_1 = date(2031, 9, 15), date(2031, 10, 1)
FLOWS = {JobKind.INVENTORY_SCAN: SCAN.run, JobKind.INVENTORY_PUSH: PUSH.run}
Position = tuple[str, str, str]


class Killed(BaseException):
    """The process died here."""


class PretendAims:
    """Remembers stock and WIP. `during` runs once, in the middle of the next reading."""

    tenant = "tenant"

    def __init__(self) -> None:
        self.styles: dict[tuple[str, str], dict[str, str | None]] = {}
        self.numbers: dict[tuple[str, str, str, str], int] = {}
        self.coming: list[WipRow] = []
        self.during: Callable[[], None] | None = None
        self.calls: list[str] = []

    def put(self, style: str, size: str, pieces: int, *, color: str = "NVY", warehouse: str = "NEW JERSEY", upc: str | None = None) -> None:
        sizes = self.styles.setdefault((style, color), {})
        sizes[size] = upc or sizes.get(size)
        self.numbers[style, color, size, warehouse] = pieces

    def arrive(self, style: str, size: str, pieces: int, on: date, *, warehouse: str = "w1", reference: str = "PO1") -> None:
        self.coming.append(WipRow(reference, f"{style}/NVY", warehouse, size, on, None, pieces))

    def stock(self, settings: InventorySettings) -> Iterator[StockRow]:
        self._called("stock")
        rows = [StockRow(*key, ots=pieces, on_hand=pieces) for key, pieces in self.numbers.items()]
        if self.during is not None:
            during, self.during = self.during, None
            during()
        yield from rows

    def wip(self) -> Iterator[WipRow]:
        self._called("wip")
        yield from list(self.coming)

    def style_colors(self, style: str, color: str | None = None) -> list[StyleColor]:
        self._called("style_colors")
        return [each for each in self._all() if each.style == style]

    def all_style_colors(self) -> Iterator[StyleColor]:
        self._called("all_style_colors")
        yield from self._all()

    def warehouses(self) -> list[Warehouse]:
        self._called("warehouses")
        return [Warehouse("w1", "NEW JERSEY"), Warehouse("w2", "LOS ANGELES"), Warehouse("w3", "TEXAS")]

    def codes(self, kind: str) -> list[CodeRow]:
        self._called(f"codes {kind}")
        return [CodeRow("d1", "WOMEN", "Women")]

    def _all(self) -> list[StyleColor]:
        return [
            StyleColor(f"{style}/{color}", style, style, color, sizes=tuple(SizeRow(name, upc) for name, upc in sizes.items()))
            for (style, color), sizes in self.styles.items()
        ]

    def _called(self, what: str) -> None:
        assert not in_transaction(), f"{what} was called with a transaction open"
        self.calls.append(what)


class PretendJoor:
    """Remembers every bucket it was told. `unknown` SKU keys are refused item by item; `answers` are called, in turn, before a call is
    taken, and may raise; `during` runs once, before the next call takes effect."""

    def __init__(self) -> None:
        self.buckets: dict[Position, int] = {}
        self.calls: list[list[InventoryItem]] = []
        self.unknown: set[str] = set()
        self.answers: list[Callable[[Sequence[InventoryItem]], None]] = []
        self.during: Callable[[], None] | None = None

    def push_inventory(self, items: Sequence[InventoryItem]) -> InventoryAnswer:
        assert not in_transaction(), "JOOR was called with a transaction open"
        if self.answers:
            self.answers.pop(0)(items)
        if self.during is not None:
            during, self.during = self.during, None
            during()
        self.calls.append(list(items))
        failed = {}
        for index, item in enumerate(items):
            key = item.upc or "|".join((item.style_number or "", item.style_identifier or "", item.color_code or "", item.size or ""))
            if key in self.unknown:
                failed[index] = f"fail: unknown SKU {key}"
            else:
                self.buckets[item.warehouse, key, item.bucket.isoformat() if item.bucket else "IMMEDIATE"] = item.quantity
        return InventoryAnswer(failed, None)

    @property
    def told(self) -> list[tuple[str | None, int]]:
        """(UPC or style, quantity) of everything told so far."""
        return [(item.upc or item.style_number, item.quantity) for call in self.calls for item in call]


class World:
    """One site, its database and both remote systems. `scan` and `push` run a flow as the runner would and return its answer."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.engine = make_engine(url)
        SQLModel.metadata.create_all(self.engine)
        self.session = session_factory(self.engine)
        self.clock = FrozenClock(NOW)
        self.aims, self.joor = PretendAims(), PretendJoor()
        self.settings = InventorySettings(**settings)
        self.divisions: tuple[str, ...] = ()
        self.hits: list[str] = []
        self.die_at: str | None = None
        self.at_hit: Callable[[], None] | None = None  # runs once, at the next failpoint
        self.writes = 0
        with self.session() as session:
            session.add(
                Site(
                    key="us",
                    is_sandbox=True,
                    joor_api_url="https://joor.test",
                    aims_api_url="https://aims.test",
                    created_at=NOW,
                    updated_at=NOW,
                )
            )
        self.map("NEW JERSEY", "NJ")
        self.map("LOS ANGELES", "LA")
        event.listen(self.engine, "before_cursor_execute", self._note)

    def close(self) -> None:
        self.engine.dispose()

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.split(" ", 1)[0] in ("INSERT", "UPDATE", "DELETE") and "inventory_position" in statement:
            self.writes += 1

    def map(self, aims: str, joor: str, **more: Any) -> None:
        with self.session() as session:
            session.add(Mapping(site_id=1, kind="warehouse", joor_code=joor, aims_code=aims, created_at=NOW, updated_at=NOW, **more))

    def unmap(self, aims: str) -> None:
        with self.session() as session:
            for row in session.exec(select(Mapping).where(Mapping.aims_code == aims)):
                session.delete(row)

    def ask(self, **more: Any) -> JobView:
        """A scan job, made as a script makes it."""
        with self.session() as session:
            run = producer.request(session, "us", clock=self.clock, **more)
            job = session.exec(select(Job).where(Job.run_id == run.id)).one()
            return view(job)

    def scan(self, **more: Any) -> Outcome:
        return self.run(self.ask(**more))

    def push(self, **payload: Any) -> Outcome:
        return self.run(JobView(9000, 1, JobKind.INVENTORY_PUSH, "", payload, False, None, 0))

    def work(self) -> list[Outcome]:
        """Run every job that waits, scans and the pushes they ask for, until none is left."""
        done = []
        while True:
            with self.session() as session:
                job = session.exec(select(Job).where(Job.state == JobState.QUEUED).order_by(Job.id)).first()  # type: ignore[arg-type]
            if job is None:
                return done
            done.append(self.run(view(job)))

    def run(self, job: JobView) -> Outcome:
        """Moves the clock on first: no two things happen in the same microsecond."""
        self.clock.advance(1)
        context = Context(
            site=SiteView(1, "us", "US", "tenant", self.divisions, OrderSettings(), self.settings, StyleSettings(), Schedule()),
            clock=self.clock,
            session=self.session,
            joor=cast(Any, self.joor),
            aims=cast(Any, self.aims),
            log=structlog.get_logger(),
            hit=self._hit,
        )
        flow = FLOWS[job.kind]
        assert flow is not None
        with self.session() as session:
            row = session.get(Job, job.id)
            if row is not None:
                row.state = JobState.RUNNING
        outcome = flow(job, context)
        with self.session() as session:
            row = session.get(Job, job.id)
            if row is not None:
                row.state = JobState.SUCCEEDED
        return outcome

    def sync(self, **more: Any) -> list[Outcome]:
        """A scan and all that follows from it."""
        self.ask(**more)
        return self.work()

    def _hit(self, name: str) -> None:
        self.hits.append(name)
        if self.at_hit is not None:
            at_hit, self.at_hit = self.at_hit, None
            at_hit()
        if name == self.die_at:
            self.die_at = None
            raise Killed(name)

    def queued(self, kind: JobKind = JobKind.INVENTORY_PUSH) -> list[Job]:
        with self.session() as session:
            return list(session.exec(select(Job).where(Job.kind == kind, Job.state == JobState.QUEUED)))

    def ledger(self) -> dict[Position, InventoryPosition]:
        with self.session() as session:
            return {(row.warehouse, row.sku_key, row.bucket): row for row in session.exec(select(InventoryPosition))}

    def wanted(self) -> dict[Position, int]:
        return {key: row.wanted for key, row in self.ledger().items()}

    def tasks(self, kind: str) -> list[ManualTask]:
        with self.session() as session:
            return list(session.exec(select(ManualTask).where(ManualTask.kind == kind)))

    def tomorrow(self, days: int = 1) -> None:
        self.clock.advance(timedelta(days=days).total_seconds())


def view(job: Job) -> JobView:
    return JobView(job.id or 0, job.site_id, JobKind(job.kind), job.key, job.payload or {}, job.dry_run, job.run_id, job.attempts)


__all__ = ["NOW", "OCT_1", "SEP_15", "Killed", "PretendAims", "PretendJoor", "Session", "World", "models", "view"]
