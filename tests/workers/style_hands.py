"""The cast of what people decide about styles: a JOOR with orders and cards that forgets nothing, and a bench with the real runner."""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import col, select

from clients.aims360.types import SizeRow, StyleColor
from clients.joor.parse import parse_order
from clients.joor.types import CardIds, CardWork, JoorSku, JoorStyleCard, OrdersPage, Saved, SkuDraft, StyleDraft
from models.catalogue import CardState, StyleCard, StyleSource
from models.jobs import Job, JobKind, JobState
from models.ledgers import ManualTask
from models.outbox import Ask, add_jobs
from models.settings import InventorySettings, OrderSettings, Schedule, StyleSettings
from models.sites import Site
from rules.style_parts import fingerprints, parts_of
from runtime.clock import FrozenClock
from runtime.db import in_transaction, make_engine, session_factory
from tests.workers.orders_cast import INSIDE, NOON, Died, Faults, line, raw_order
from workers.runner import Runner, Surroundings
from workers.style_guard import OPEN_ORDERS
from workers.style_match import MATCH
from workers.style_remove import REMOVE
from workers.style_sources import color_json
from workers.sync import Context, SiteView

__all__ = ["NOON", "Died", "line", "raw_order"]
#: REQUEST filter -> code inside the order (facts 8.3).
ASKED = {1: INSIDE["notes"], 3: INSIDE["pending"], 6: INSIDE["approved"], 7: INSIDE["shipped"]}
UPCS = {("NVY", "S"): "012345678905", ("NVY", "M"): "012345678912"}


class Joor:
    """Orders by status, as `orders_page` filters them."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.orders: dict[str, dict[str, Any]] = {}
        self.broken: list[tuple[dict[str, Any], str]] = []
        self.exported: set[str] = set()
        self.asked: list[tuple[int, int, int]] = []

    def put(self, raw: dict[str, Any], *, exported: bool = False) -> str:
        order_id = str(raw["order_id"])
        self.orders[order_id] = raw
        self.exported |= {order_id} if exported else set()
        return order_id

    def orders_page(self, *, order_type: int, export_status: int, start_from: int, count: int) -> OrdersPage:
        def work() -> OrdersPage:
            self.asked.append((order_type, export_status, start_from))
            assert (order_type, export_status) in OPEN_ORDERS
            found = [raw for raw in self.orders.values() if raw["order_type"] == ASKED[order_type]]
            if export_status == 2:
                found = [raw for raw in found if str(raw["order_id"]) not in self.exported]
            page = found[start_from : start_from + count]
            broken = tuple(self.broken) if (order_type, start_from) == (6, 0) else ()
            more = start_from + count if len(found) > start_from + count else None
            return OrdersPage(tuple(parse_order(copy.deepcopy(raw)) for raw in page), broken, more)

        found: OrdersPage = self.faults.around("orders_page", work)
        return found


class Catalogue:
    """Cards by JOOR id. `refuses`: identifier -> JOOR's words."""

    def __init__(self, route: str = "v4") -> None:
        self.route = route
        self.faults = Faults()
        self.shown: list[JoorStyleCard] = []
        self.listed_skus: dict[str, tuple[JoorSku, ...]] = {}
        self.off: list[tuple[str, str | None, str | None]] = []
        self.refuses: dict[str, str] = {}

    def cards(self) -> Iterator[JoorStyleCard]:
        for card in self.shown:
            assert not in_transaction()
            yield card

    def skus_of(self, cards: Sequence[JoorStyleCard]) -> dict[str, tuple[JoorSku, ...]]:
        return self.faults.around("skus_of", lambda: {card.joor_id: self.listed_skus.get(card.joor_id, card.skus) for card in cards})

    def set_active(self, work: CardWork, color: str | None, size: str | None, active: bool) -> Saved:
        identifier = work.draft.identifier
        words = self.refuses.get(identifier)

        def done() -> Saved:
            assert active is False
            if words is None:
                self.off.append((identifier, color, size))
            gone = self.route == "v2" and color is None and size is None
            return Saved(identifier, CardIds() if gone else work.ids, refused={"skus": words} if words else {})

        return self.faults.around("set_active", done)

    def show(self, identifier: str, number: str = "", name: str = "Dress", *skus: tuple[str, str, str], joor_id: str = "") -> str:
        """A card that a person made: SKUs are (colour code, size, UPC)."""
        known = joor_id or f"j-{identifier or number}"
        self.shown.append(JoorStyleCard(known, identifier, number, name))
        self.listed_skus[known] = tuple(JoorSku(color, color, size, upc, f"{known}-{color}-{size}") for color, size, upc in skus)
        return known


def colors(style: str, *codes: str, name: str = "Dress", sizes: Sequence[str] = ("S", "M")) -> list[StyleColor]:
    """AIMS360's rows. D410 in NVY has the UPCs of the cast's orders; others have none."""
    known = UPCS if style == "D410" else {}
    return [
        StyleColor(
            f"guid-{style}-{code}",
            f"guid-{style}",
            style,
            code,
            description=name,
            sizes=tuple(SizeRow(size, known.get((code, size))) for size in sizes),
        )
        for code in codes or ("NVY",)
    ]


def draft(identifier: str = "D410", number: str = "D410", *codes: str) -> StyleDraft:
    skus = tuple(SkuDraft(code, code, size, UPCS.get((code, size))) for code in codes or ("NVY", "RED") for size in ("S", "M"))
    return StyleDraft(identifier, number, "Dress", skus=skus)


@dataclass
class Bench:
    """One site with both flows and the real runner."""

    folder: Path
    styles: StyleSettings = field(default_factory=StyleSettings)
    route: str = "v4"
    crash: str | None = None

    def __post_init__(self) -> None:
        self.clock = FrozenClock(NOON)
        self.joor, self.catalogue = Joor(), Catalogue(self.route)
        self.sessions: Any = None
        self.runner: Any = None

    def open(self, url: str) -> "Bench":
        self.sessions = session_factory(make_engine(url))
        with self.sessions() as session:
            session.add(
                Site(key="us", is_sandbox=True, joor_api_url="https://j", aims_api_url="https://a", created_at=NOON, updated_at=NOON)
            )
        specs = {spec.kind: spec for spec in (REMOVE, MATCH)}
        self.runner = Runner(self.sessions, self.clock, lambda site_id, _: self._around(site_id), specs, worker="test", hit=self._hit)
        return self

    def _around(self, site_id: int) -> Surroundings:
        return Surroundings(self.context(site_id), lambda: 0, lambda: 0, list)

    def context(self, site_id: int = 1) -> Context:
        orders = OrderSettings(page_size=2)
        site = SiteView(site_id, "us", "US", "tenant", ("01",), orders, InventorySettings(), self.styles, Schedule())
        log = structlog.get_logger()
        return Context(site, self.clock, self.sessions, self.joor, None, log, catalogue=lambda: self.catalogue)  # type: ignore[arg-type, return-value]  # fakes

    def _hit(self, name: str) -> None:
        if name == self.crash:
            self.crash = None
            raise Died(name)

    # ---- setting the scene -----------------------------------------------------------------------------------------------------------

    def write(self, *rows: Any) -> None:
        with self.sessions() as session:
            session.add_all(rows)

    def card(self, made: StyleDraft | None = None, **changes: Any) -> StyleCard:
        """On JOOR as we sent it; `made` None with `identifier` for one that we never sent."""
        values: dict[str, Any] = {"site_id": 1, "style": "D410", "state": CardState.ON_JOOR, "joor_id": "9", "created_at": NOON}
        if made is not None:
            parts, digests = parts_of(made), fingerprints(parts_of(made))
            skus = {sku.key: f"s-{sku.key}" for sku in made.skus}
            values |= {"identifier": made.identifier, "number": made.number, "sent": parts, "ids": {"skus": skus, "prices": {}}}
            values |= {"sent_at": NOON, **{f"{part}_digest": digest for part, digest in digests.items()}}
        card = StyleCard(**(values | changes))
        self.write(card)
        return card

    def source(self, style: str, rows: Sequence[StyleColor] | None = None, **changes: Any) -> None:
        values: dict[str, Any] = {"rows": [color_json(row) for row in rows or colors(style)], "digest": f"digest-{style}", "read_at": NOON}
        self.write(StyleSource(site_id=1, style=style, **(values | changes)))

    def ask(self, kind: JobKind, key: str = "", payload: dict[str, Any] | None = None, *, dry_run: bool = False) -> Job:
        """Ask, work, and look at what became of it."""
        with self.sessions() as session:
            (job_id,) = add_jobs(session, 1, [Ask(kind, key, payload, revive=True)], now=self.clock.now(), dry_run=dry_run)
        self.work()
        return self.job(job_id)

    def work(self) -> None:
        for _ in range(20):
            with self.sessions() as session:
                mine = [JobKind.STYLES_REMOVE.value, JobKind.STYLES_MATCH.value]
                ids = session.exec(select(Job.id).where(Job.state == JobState.QUEUED, col(Job.kind).in_(mine)).order_by(col(Job.id))).all()
            if not ids:
                return
            for job_id in ids:
                self.runner.run(job_id or 0)
        raise AssertionError("the queue never empties")

    def again(self, job: Job) -> Job:
        """As after a lost lease, or when its time has come."""
        with self.sessions() as session:
            row = session.get_one(Job, job.id)
            row.state, row.available_at = JobState.QUEUED, self.clock.now()
            session.add(row)
        self.work()
        return self.job(job.id)

    # ---- seeing ----------------------------------------------------------------------------------------------------------------------

    def job(self, job_id: int | None) -> Job:
        with self.sessions() as session:
            return session.get_one(Job, job_id)

    def all(self, table: type[Any], *conditions: Any) -> list[Any]:
        with self.sessions() as session:
            return list(session.exec(select(table).where(*conditions)).all())

    def stored(self, identifier: str = "D410") -> StyleCard:
        with self.sessions() as session:
            return session.get_one(StyleCard, (1, identifier))

    def task(self, kind: str, key: str) -> ManualTask:
        with self.sessions() as session:
            return session.exec(select(ManualTask).where(ManualTask.kind == kind, ManualTask.key == key)).one()

    def act(self, action: Callable[..., Any], *given: Any, **named: Any) -> Any:
        with self.sessions() as session:
            return action(session, "us", *given, clock=self.clock, **named)
