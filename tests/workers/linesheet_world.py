"""A JOOR with linesheets and memory on either route, and a site with styles and cards, for the linesheet flow."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, cast

import structlog
from sqlmodel import select

from clients.aims360.types import StyleColor
from clients.joor.types import JoorLinesheet, LinesheetDraft, LinesheetEntry, SkuDraft, StyleDraft
from models import Site
from models.catalogue import CardState, Linesheet, LinesheetItem, StyleCard, StyleSource
from models.errors import Outcome, Rejected
from models.jobs import JobKind
from models.settings import InventorySettings, LinesheetRule, OrderSettings, Schedule, StyleSettings
from rules.style_parts import parts_of
from runtime.clock import FrozenClock
from runtime.db import in_transaction, make_engine, session_factory
from workers.linesheets import SYNC
from workers.style_sources import color_json
from workers.sync import Context, JobView, SiteView

NOW = datetime(2031, 9, 1, 8, 0, tzinfo=UTC)


class Killed(BaseException):
    """The process died here."""


@dataclass
class Item:
    """`skus` None: all of the card. `excluded` is v2's way of leaving colours out."""

    order: int | None = None
    skus: tuple[str, ...] | None = None
    excluded: tuple[str, ...] = ()
    by_hand: bool = False


@dataclass
class Sheet:
    code: str
    name: str
    season_id: str = ""
    head: LinesheetDraft | None = None
    items: dict[str, Item] = field(default_factory=dict)  # by JOOR id of the card


class PretendCatalogue:
    """As facts 4.4 and 5.2 say: adding lists or updates, removing removes what is listed, others stay; a create cannot be repeated, so a
    second one with the same code makes a second linesheet. `v2` has no list of linesheets, no call for heads and no SKU ids.

    `refuses`: JOOR's words by identifier; with `whole` a call with such a card in it is refused as a whole. `answers` may raise once the
    call has taken effect (an answer that got lost).
    """

    def __init__(self, route: Literal["v4", "v2"] = "v4") -> None:
        self.route = route
        self.sheets: dict[str, Sheet] = {}
        self.seasons: dict[str, str] = {}
        self.calls: list[tuple[str, Any]] = []
        self.refuses: dict[str, str] = {}
        self.whole = False
        self.lose: Callable[[str], None] = lambda _name: None
        self._ids = itertools.count(1)

    def by_hand(self, code: str, name: str, *joor_ids: str) -> str:
        """A person makes a linesheet in JOOR. Returns its id."""
        made = f"c{next(self._ids)}"
        self.sheets[made] = Sheet(code, name, items={joor_id: Item(by_hand=True) for joor_id in joor_ids})
        return made

    def put_by_hand(self, code: str, *joor_ids: str) -> None:
        self.coded(code).items |= {joor_id: Item(by_hand=True) for joor_id in joor_ids}

    def coded(self, code: str) -> Sheet:
        (sheet,) = [sheet for sheet in self.sheets.values() if sheet.code == code]
        return sheet

    def on(self, code: str) -> dict[str, int | None]:
        """JOOR id of each card on it -> its place, in display order."""
        items = self.coded(code).items
        return {joor_id: items[joor_id].order for joor_id in sorted(items, key=lambda joor_id: (items[joor_id].order or 0, joor_id))}

    @property
    def writes(self) -> list[str]:
        return [name for name, _ in self.calls if name != "linesheets"]

    # ---- clients.joor.catalogue.Catalogue

    def linesheets(self) -> list[JoorLinesheet]:
        self._called("linesheets", None)
        return [
            JoorLinesheet(
                joor_id if self.route == "v4" else sheet.code,
                sheet.code,
                sheet.name,
                sheet.season_id,
                {card: item.skus or () for card, item in sheet.items.items()},
            )
            for joor_id, sheet in self.sheets.items()
            if self.route == "v4" or sheet.items
        ]

    def save_linesheet(self, draft: LinesheetDraft, joor_id: str | None, season_id: str | None, *, doubt: bool) -> tuple[str, str]:
        if self.route == "v2":
            return draft.code, draft.season_code
        self._called("save_linesheet", (joor_id, season_id, doubt))
        if draft.name in self.refuses:
            raise Rejected("JOOR refused the linesheet", remote_message=self.refuses[draft.name])
        if joor_id is None and doubt:
            joor_id = next((known for known, sheet in self.sheets.items() if sheet.code == draft.code), None)
        if joor_id is None:
            joor_id = f"c{next(self._ids)}"
            self.sheets[joor_id] = Sheet(draft.code, draft.name)
        season = season_id or (self.seasons.setdefault(draft.season_code, f"season-{next(self._ids)}") if draft.season_code else "")
        sheet = self.sheets[joor_id]
        sheet.code, sheet.name, sheet.season_id, sheet.head = draft.code, draft.name, season, draft
        self.lose("save_linesheet")
        return joor_id, season

    def add_items(self, draft: LinesheetDraft, joor_id: str, entries: Sequence[LinesheetEntry]) -> dict[str, str | None]:
        self._called("add_items", [entry.identifier for entry in entries])
        answers = self._answers(entries)
        for entry in entries:
            if answers[entry.identifier] is not None:
                continue
            sheet = self._sheet(draft, joor_id)
            old = sheet.items.get(entry.joor_id)
            by_hand = old is not None and old.by_hand
            if self.route == "v4":
                sheet.items[entry.joor_id] = Item(entry.order_number, tuple(entry.sku_ids) or None, by_hand=by_hand)
            else:
                assert entry.draft is not None, "v2 sends the style along"
                excluded = tuple(code for code, _ in entry.excluded)
                sheet.items[entry.joor_id] = Item(entry.order_number, None, excluded, by_hand)
        self.lose("add_items")
        return answers

    def remove_items(self, draft: LinesheetDraft, joor_id: str, entries: Sequence[LinesheetEntry]) -> dict[str, str | None]:
        self._called("remove_items", [entry.identifier for entry in entries])
        answers = self._answers(entries)
        for entry in entries:
            if answers[entry.identifier] is None:
                self._sheet(draft, joor_id).items.pop(entry.joor_id, None)
        self.lose("remove_items")
        return answers

    def _sheet(self, draft: LinesheetDraft, joor_id: str) -> Sheet:
        if self.route == "v4":
            return self.sheets[joor_id]
        known = next((sheet for sheet in self.sheets.values() if sheet.code == draft.code), None)
        if known is None:
            known = self.sheets[f"d{next(self._ids)}"] = Sheet(draft.code, draft.name)
        known.name, known.head = draft.name, draft
        return known

    def _answers(self, entries: Sequence[LinesheetEntry]) -> dict[str, str | None]:
        bad = [self.refuses[entry.identifier] for entry in entries if entry.identifier in self.refuses]
        if bad and self.whole:
            return {entry.identifier: bad[0] for entry in entries}
        return {entry.identifier: self.refuses.get(entry.identifier) for entry in entries}

    def _called(self, name: str, what: Any) -> None:
        assert not in_transaction(), f"{name} was called with a transaction open"
        self.calls.append((name, what))


class World:
    """One site "us". `style` puts a style into AIMS360 and its card on JOOR; `sync` runs the flow as the runner would."""

    def __init__(self, url: str, route: Literal["v4", "v2"] = "v4") -> None:
        self.engine = make_engine(url)
        self.session = session_factory(self.engine)
        self.clock = FrozenClock(NOW)
        self.joor = PretendCatalogue(route)
        self.hits: list[str] = []
        self.die_at: int | None = None  # the nth failpoint of all, from 0
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

    def close(self) -> None:
        self.engine.dispose()

    def style(
        self, number: str, colors: Sequence[str] = ("NVY", "RED"), *, season: str = "FA31", division: str = "WOM", **raw: Any
    ) -> None:
        rows = [color_json(StyleColor(f"{number}/{color}", number, number, color, raw=raw)) for color in colors]
        with self.session() as session:
            source = StyleSource(site_id=1, style=number, division=division, season=season, rows=rows, digest="", read_at=NOW)
            session.merge(source)
        self.card(number, colors)

    def card(self, identifier: str, colors: Sequence[str], *, style: str = "", color: str = "", **more: Any) -> None:
        """On JOOR with two sizes; its JOOR id is "p-" and the identifier, its SKUs' "COLOUR|SIZE" in lower case."""
        skus = tuple(SkuDraft(code, code.title(), size) for code in colors for size in ("S", "M"))
        values: dict[str, Any] = {
            "state": CardState.ON_JOOR.value,
            "joor_id": f"p-{identifier}",
            "ids": {"skus": {sku.key: sku.key.lower() for sku in skus}},
            "sent": parts_of(StyleDraft(identifier, identifier, identifier, skus=skus)),
            **more,
        }
        with self.session() as session:
            session.merge(StyleCard(site_id=1, identifier=identifier, style=style or identifier, color=color, created_at=NOW, **values))

    def uncard(self, identifier: str) -> None:
        with self.session() as session:
            session.get_one(StyleCard, (1, identifier)).state = CardState.REMOVED

    def define(self, code: str = "F1", name: str = "Fall 1", *, dropped: Sequence[str] = (), **values: Any) -> None:
        """Make it or change it; what is not a column is of the rule."""
        columns = {key: values.pop(key) for key in list(values) if key in Linesheet.model_fields}
        with self.session() as session:
            row = session.exec(select(Linesheet).where(Linesheet.code == code)).first()
            row = row or Linesheet(site_id=1, code=code, name=name, created_at=NOW)
            row.name, row.dropped = name, list(dropped)
            row.rule = LinesheetRule(**values).model_dump(mode="json")
            for key, value in columns.items():
                setattr(row, key, value)
            session.add(row)

    def row(self, code: str = "F1") -> Linesheet:
        with self.session() as session:
            return session.exec(select(Linesheet).where(Linesheet.code == code)).one()

    def ledger(self, code: str = "F1") -> dict[str, LinesheetItem]:
        with self.session() as session:
            query = select(LinesheetItem).join(Linesheet).where(Linesheet.code == code)
            return {row.identifier: row for row in session.exec(query)}

    def sync(self, code: str = "F1", *, full: bool = False, dry_run: bool = False) -> Outcome:
        self.clock.advance(1)
        job = JobView(1, 1, JobKind.LINESHEETS_SYNC, code, {"full": True} if full else {}, dry_run, None, 0)
        flow = SYNC.run
        assert flow is not None
        return flow(job, self._context())

    def _context(self) -> Context:
        return Context(
            site=SiteView(1, "us", "US", "tenant", (), OrderSettings(), InventorySettings(), StyleSettings(), Schedule()),
            clock=self.clock,
            session=self.session,
            joor=cast(Any, None),
            aims=cast(Any, None),
            log=structlog.get_logger(),
            catalogue=lambda: cast(Any, self.joor),
            hit=self._hit,
        )

    def _hit(self, name: str) -> None:
        self.hits.append(name)
        if self.die_at == len(self.hits) - 1:
            self.die_at = None
            raise Killed(name)

    def quiet(self) -> None:
        """Nobody looks at what was called so far."""
        self.joor.calls.clear()
        self.hits.clear()


def deaths() -> Iterator[int]:
    """Every place to die at, from the first failpoint on."""
    return iter(itertools.count())
