"""A small AIMS360 with styles and a small JOOR with a catalogue, and a site between them, for the style flows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import structlog
from sqlmodel import SQLModel, col, select

from clients.aims360.types import CodeRow, PriceRow, SizeRow, StyleColor
from clients.joor.types import CardIds, CardWork, OrdersPage, Part, Saved, SkuDraft, StyleDraft
from models import Job, ManualTask, Site
from models.catalogue import Linesheet, StyleCard, StyleField, StyleSource
from models.cursors import Cursor
from models.errors import NotPossible, Outcome, SyncError, WaitUntil
from models.jobs import JobKind, JobState
from models.mappings import Mapping
from models.settings import InventorySettings, LinesheetSettings, OrderSettings, Schedule, StyleSettings
from runtime.clock import FrozenClock
from runtime.db import in_transaction, make_engine, session_factory
from workers.style_export import export
from workers.style_scan import scan
from workers.sync import Context, JobView, SiteView

NOW = datetime(2031, 9, 1, 8, 0, tzinfo=UTC)
Sizes = Sequence[tuple[str, str | None]]


class Killed(BaseException):
    """The process died here."""


class PretendAims:
    """Remembers style-colours with their time of change. `understands_since`: whether it can be asked for changes. `hidden` styles are in
    no answer."""

    tenant = "tenant"

    def __init__(self, clock: FrozenClock) -> None:
        self.clock = clock
        self.rows: dict[tuple[str, str], StyleColor] = {}
        self.price_rows: list[PriceRow] = []
        self.details: dict[str, dict[str, Any]] = {}
        self.understands_since = True
        self.hidden: set[str] = set()
        self.calls: list[str] = []
        self.broken: SyncError | None = None

    def put(self, style: str, color: str = "NVY", *, sizes: Sequence[str] = ("S", "M"), price: str | None = "110.00", **more: Any) -> None:
        """Make or change a colour; it counts as changed now."""
        key = (style, color)
        upcs = more.pop("upcs", {})
        rows = tuple(SizeRow(name, upcs.get(name), place) for place, name in enumerate(sizes, start=1))
        old = self.rows.get(key)
        given = {"description": f"Dress {style}", "color_description": color.title(), "division_id": "d1", "season_id": "s1"} | more
        if old is not None:
            given = {name: getattr(old, name) for name in (*given, "retail_price", "active", "raw", "origin_country")} | more
        self.rows[key] = StyleColor(
            f"{style}/{color}",
            f"id-{style}",
            style,
            color,
            wholesale_price=None if price is None else Decimal(price),
            sizes=rows,
            last_modified=self.clock.now(),
            **given,
        )

    def drop(self, style: str, color: str = "NVY") -> None:
        del self.rows[style, color]

    def style_colors(self, style: str, color: str | None = None) -> list[StyleColor]:
        self._called(f"style {style}")
        return [row for row in self._rows() if row.style == style]

    def all_style_colors(self, since: datetime | None = None) -> Iterator[StyleColor]:
        self._called("all" if since is None else "since")
        if since is not None and not self.understands_since:
            raise NotPossible("AIMS360 does not know style_color.last_modified")
        return iter([row for row in self._rows() if since is None or (row.last_modified and row.last_modified >= since)])

    def style_details(self, style_id: str) -> dict[str, Any]:
        self._called(f"details {style_id}")
        return self.details.get(style_id, {})

    def prices(self, style_color_ids: Sequence[str] | None = None) -> Iterator[PriceRow]:
        self._called("prices" if style_color_ids is None else f"prices of {len(style_color_ids)}")
        return iter([row for row in self.price_rows if style_color_ids is None or row.style_color_id in style_color_ids])

    def codes(self, kind: str) -> list[CodeRow]:
        self._called(f"codes {kind}")
        if kind == "division":
            return [CodeRow("d1", "WOMEN", "Women"), CodeRow("d2", "MEN", "Men")]
        return [CodeRow("s1", "F31", "Fall 31"), CodeRow("s2", "S32", "Spring 32")]

    def _rows(self) -> list[StyleColor]:
        return [row for row in self.rows.values() if row.style not in self.hidden]

    def _called(self, what: str) -> None:
        assert not in_transaction(), f"{what} was called with a transaction open"
        self.calls.append(what)
        if self.broken is not None:
            raise self.broken


class PretendCatalogue:
    """JOOR's side of `clients.joor.catalogue.Catalogue`, with memory: cards by identifier, each with an id. `refuses`: identifier -> (part,
    words). `before_call` may raise before a write takes effect, `after_call` after it (the answer is lost then)."""

    bulk_urls = True

    def __init__(self) -> None:
        self.route = "v4"
        self.switches_single_skus = False
        self.cards: dict[str, StyleDraft] = {}
        self.ids: dict[str, str] = {}
        self.calls: list[tuple[str, list[str]]] = []
        self.works: list[CardWork] = []
        self.refuses: dict[str, tuple[Part, str]] = {}
        self.before_call: list[Callable[[str, list[str]], None]] = []
        self.after_call: list[Callable[[str, list[str]], None]] = []
        self.job: str | None = None  # answers come as a bulk job first
        self.created: list[str] = []

    def save_styles(self, works: Sequence[CardWork], about_to: Callable[[Sequence[str]], None]) -> Iterator[Sequence[Saved]]:
        self.works += works
        alive = {work.draft.identifier: work for work in works}
        ids = {name: work.ids for name, work in alive.items()}
        adopted: set[str] = set()
        for name, work in alive.items():
            if ids[name].joor_id is None and work.doubt and name in self.cards:
                ids[name] = replace(ids[name], joor_id=self.ids[name])
                adopted.add(name)
        if self.job is not None:
            yield from self._as_a_job(works, about_to)
            return
        for part in ("product", "skus", "prices"):
            mine = [name for name, work in alive.items() if part in work.parts]
            if not mine:
                continue
            if part != "prices":
                about_to(mine)
            self._write(part, mine, alive)
            answers = []
            for name in mine:
                refused = self.refuses.get(name)
                if refused is not None and refused[0] == part:
                    answers.append(Saved(name, ids[name], refused={part: refused[1]}))
                    del alive[name]
                    continue
                work = alive[name]
                if part == "product" and name in self.ids and work.ids.joor_id is None:
                    adopted.add(name)
                self._apply(part, work)
                skus = {sku.key: f"{self.ids[name]}/{sku.key}" for sku in work.draft.skus} if part != "product" else ids[name].skus
                ids[name] = CardIds(self.ids[name], skus, ids[name].prices)
                answers.append(Saved(name, ids[name], frozenset([part]), adopted=name in adopted))
            if self.after_call:
                self.after_call.pop(0)(part, mine)
            yield answers

    def _as_a_job(self, works: Sequence[CardWork], about_to: Callable[[Sequence[str]], None]) -> Iterator[Sequence[Saved]]:
        """Like the v2 route: a job is started and asked for later; its end makes everything true at once."""
        names = [work.draft.identifier for work in works]
        if any(work.pending_job != self.job for work in works):
            about_to(names)
            self.calls.append(("job", sorted(names)))
            yield [Saved(work.draft.identifier, work.ids, job=self.job) for work in works]
            raise WaitUntil(NOW + timedelta(days=1), "JOOR is still at it")
        for work in works:
            for part in work.parts:
                self._apply(part, work)
        yield [Saved(work.draft.identifier, CardIds(self.ids[work.draft.identifier]), work.parts) for work in works]

    def _write(self, part: str, names: list[str], works: dict[str, CardWork]) -> None:
        assert not in_transaction(), "JOOR was called with a transaction open"
        if self.before_call:
            self.before_call.pop(0)(part, names)
        self.calls.append((part, sorted(names)))

    def _apply(self, part: str, work: CardWork) -> None:
        name = work.draft.identifier
        if name not in self.ids:
            self.ids[name] = f"p{len(self.ids) + 1}"
            self.created.append(name)
        old = self.cards.get(name, replace(work.draft, skus=()))
        if part == "product":
            self.cards[name] = replace(work.draft, skus=old.skus)
        elif part == "skus":
            prices = {sku.key: sku.prices for sku in old.skus}
            self.cards[name] = replace(old, skus=tuple(replace(sku, prices=prices.get(sku.key, ())) for sku in work.draft.skus))
        else:
            prices = {sku.key: sku.prices for sku in work.draft.skus}
            self.cards[name] = replace(old, skus=tuple(replace(sku, prices=prices.get(sku.key, sku.prices)) for sku in old.skus))

    def sku(self, identifier: str, key: str) -> SkuDraft:
        return next(sku for sku in self.cards[identifier].skus if sku.key == key)

    def prices(self, identifier: str) -> set[str]:
        return {str(price.wholesale) for sku in self.cards[identifier].skus if sku.active for price in sku.prices}


class PretendOrders:
    """JOOR's order list, for the guard: `held` orders are shown for every question."""

    def __init__(self) -> None:
        self.orders: list[Any] = []

    def orders_page(self, **_question: Any) -> OrdersPage:
        return OrdersPage(list(self.orders), [], None)


class World:
    """One site, its database and both remote systems. Flows run as the runner would run them."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.engine = make_engine(url)
        SQLModel.metadata.create_all(self.engine)
        self.session = session_factory(self.engine)
        self.clock = FrozenClock(NOW)
        self.aims, self.joor, self.orders = PretendAims(self.clock), PretendCatalogue(), PretendOrders()
        self.settings = StyleSettings(**settings)
        self.schedule = Schedule()
        self.linesheets = LinesheetSettings()
        self.divisions: tuple[str, ...] = ()
        self.alone = True
        self.die_at: str | None = None
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
        self.map("price_label", "US Dollars", "USD")

    def close(self) -> None:
        self.engine.dispose()

    def set(self, **settings: Any) -> None:
        self.settings = self.settings.model_copy(update=settings)

    def map(self, kind: str, joor: str, aims: str, **more: Any) -> None:
        with self.session() as session:
            session.add(Mapping(site_id=1, kind=kind, joor_code=joor, aims_code=aims, created_at=NOW, updated_at=NOW, **more))

    def unmap(self, kind: str) -> None:
        with self.session() as session:
            for row in session.exec(select(Mapping).where(Mapping.kind == kind)):
                session.delete(row)

    def field(self, joor: str, aims: str = "", constant: str = "", fallback: str = "") -> None:
        with self.session() as session:
            session.add(StyleField(site_id=1, joor_field=joor, aims_field=aims, constant=constant, fallback=fallback, updated_at=NOW))

    def linesheet(self, code: str) -> None:
        with self.session() as session:
            session.add(Linesheet(site_id=1, code=code, name=code, created_at=NOW))

    # ---- running --------------------------------------------------------------------------------------------------------------------

    def scan(self, *, dry_run: bool = False, **payload: Any) -> Outcome:
        self.clock.advance(1)
        return scan(JobView(9000, 1, JobKind.STYLES_SCAN, "", payload, dry_run, None, 0), self.context())

    def export(self, *styles: str, dry_run: bool = False, **payload: Any) -> list[Outcome | SyncError]:
        """Jobs of these styles in one batch, answers in that order."""
        self.clock.advance(1)
        jobs = [JobView(8000 + at, 1, JobKind.STYLES_EXPORT, style, payload, dry_run, None, 0) for at, style in enumerate(styles)]
        answers = export(jobs, self.context())
        assert answers.keys() == {job.id for job in jobs}
        return [answers[job.id] for job in jobs]

    def work(self) -> dict[str, Outcome | SyncError]:
        """One batch of all export jobs that wait; each gets the state that its answer means."""
        with self.session() as session:
            jobs = list(
                session.exec(select(Job).where(Job.kind == JobKind.STYLES_EXPORT, Job.state == JobState.QUEUED).order_by(col(Job.id)))
            )
        if not jobs:
            return {}
        self.clock.advance(1)
        answers = export([view(job) for job in jobs], self.context())
        with self.session() as session:
            for job in jobs:
                row = session.get_one(Job, job.id)
                row.state = JobState.FAILED if isinstance(answers[job.id or 0], SyncError) else JobState.SUCCEEDED
                session.add(row)
        return {job.key: answers[job.id or 0] for job in jobs}

    def sync(self, **payload: Any) -> dict[str, Outcome | SyncError]:
        self.scan(**payload)
        return self.work()

    def context(self) -> Context:
        given = (OrderSettings(), InventorySettings(), self.settings, self.schedule, self.linesheets)
        site = SiteView(1, "us", "US", "tenant", self.divisions, *given, alone=self.alone)
        return Context(
            site=site,
            clock=self.clock,
            session=self.session,
            joor=cast(Any, self.orders),
            aims=cast(Any, self.aims),
            log=structlog.get_logger(),
            catalogue=lambda: cast(Any, self.joor),
            hit=self._hit,
        )

    def _hit(self, name: str) -> None:
        if name == self.die_at:
            self.die_at = None
            raise Killed(name)

    # ---- looking --------------------------------------------------------------------------------------------------------------------

    def jobs(self, kind: JobKind = JobKind.STYLES_EXPORT, state: JobState = JobState.QUEUED) -> list[str]:
        with self.session() as session:
            return sorted(session.exec(select(Job.key).where(Job.kind == kind, Job.state == state)))

    def source(self, style: str) -> StyleSource:
        with self.session() as session:
            return session.get_one(StyleSource, (1, style))

    def card(self, identifier: str) -> StyleCard:
        with self.session() as session:
            return session.get_one(StyleCard, (1, identifier))

    def cards(self) -> dict[str, str]:
        with self.session() as session:
            return {row.identifier: row.state for row in session.exec(select(StyleCard))}

    def tasks(self, kind: str) -> list[ManualTask]:
        with self.session() as session:
            return list(session.exec(select(ManualTask).where(ManualTask.kind == kind)))

    def cursor(self, name: str) -> datetime | None:
        with self.session() as session:
            row = session.get(Cursor, (1, name))
            return row.at if row else None

    def later(self, **span: float) -> None:
        self.clock.advance(timedelta(**span).total_seconds())


def view(job: Job) -> JobView:
    return JobView(job.id or 0, job.site_id, JobKind(job.kind), job.key, job.payload or {}, job.dry_run, job.run_id, job.attempts)
