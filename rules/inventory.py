"""Which inventory positions JOOR should hold: (JOOR warehouse, SKU, bucket) -> pieces. Pure; the arithmetic is in `inventory_quantity`.

Feed a `Book` with everything AIMS360 says, then ask for `positions()`.

Decisions that the facts leave open:

* WIP due today or earlier is left out and reported. It is not in stock, and moving it to "tomorrow" would make a new JOOR date every day:
  JOOR keeps each date until a person deletes it (joor-api 7.3).
* One UPC on two SKUs: neither is sent nor zeroed (`held`), because no number would be right for both; both are reported.
* The same SKU twice in one AIMS360 warehouse: the lower number counts, and it is reported.
* A UPC of the catalogue wins over the one in the stock view: it is the one that styles are exported with.
* A style that the catalogue does not know counts as active; where its division or season cannot be told and matters, it is left out.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from clients.aims360.types import StockRow, WipRow
from models.errors import Missing, NotPossible
from models.ledgers import IMMEDIATE
from rules.inventory_frame import Frame, Problems, StyleFacts, fold
from rules.inventory_quantity import Arrival, Stock, buckets, counted

Identity = tuple[str, str, str]  # AIMS360 style, colour, size
_LONGEST = {"style": 45, "identifier": 100, "color": 60, "size": 40, "upc": 20}  # style and identifier: joor-api 4.1; the rest: our columns


class Sku:
    """One SKU with what was read for it, per JOOR warehouse. `key` is the UPC, else style|identifier|colour|size."""

    __slots__ = ("arrivals", "color", "identifier", "size", "stocks", "style", "upc")

    def __init__(self, identity: Identity, identifier: str, upc: str | None) -> None:
        self.style, self.color, self.size = identity
        self.identifier, self.upc = identifier, upc
        self.stocks: dict[str, list[Stock]] = {}
        self.arrivals: dict[str, list[Arrival]] = {}

    @property
    def key(self) -> str:
        return self.upc or "|".join((self.style, self.identifier, self.color, self.size))

    def __str__(self) -> str:
        return f"{self.style} {self.color} {self.size}"


class Wanted(NamedTuple):
    warehouse: str  # JOOR's name
    sku: Sku
    bucket: str  # IMMEDIATE or YYYY-MM-DD
    quantity: int
    explain: dict[str, Any]


class Book:
    """Collects rows, then yields the wanted positions. First the stock rows, then the WIP rows; each in any order gives the same answer."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.skus: dict[Identity, Sku] = {}
        self.problems = Problems()
        self.unmapped: set[str] = set()
        self.left_out = 0  # rows outside the style filter
        self.holes: set[Identity] = set()

    def add_stock(self, row: StockRow) -> None:
        """Raises NotPossible when the settings take OTS as given and the source has none."""
        if self.frame.inventory.arithmetic == "given" and row.ots is None:
            raise _no_ots()
        facts = self.frame.catalogue.by_id.get(row.style_color_id or "") or self.frame.catalogue.by_name.get(
            (row.style.strip(), row.color.strip())
        )
        sku = self._sku((row.style.strip(), row.color.strip(), row.size.strip()), facts, row)
        place = self._place(row.warehouse) if sku else None
        if sku is None or place is None:
            return
        stock = Stock(row.warehouse.strip(), row.on_hand, row.allocated, row.pick_tickets, row.open_orders, row.ots)
        self._keep(sku, sku.stocks.setdefault(place, []), stock)

    def add_wip(self, row: WipRow) -> None:
        on = self._arrival_date(row)
        if on is None:
            return
        facts = self.frame.catalogue.by_id.get(row.style_color_id)
        if facts is None:
            if self.frame.styles is None:
                self.problems.add("unknown_style", f"{row.reference}: AIMS360 lists no style-colour {row.style_color_id}")
            return
        sku = self._sku((facts.style, facts.color, row.size.strip()), facts, None)
        if sku is None:
            return
        if not isinstance(on, date):
            self.problems.add(on, f"{row.reference}: {sku}, {row.open_quantity} pieces")
            return
        name = self._warehouse_of(row)
        if name is None:
            self.problems.add("wip_without_warehouse", f"{row.reference}: {sku}, {row.open_quantity} pieces")
        elif (place := self._place(name)) is not None:
            sku.arrivals.setdefault(place, []).append(Arrival(on, row.reference, row.open_quantity, row.allocated))

    def add_hole(self, style: str, identifier: str, color: str, size: str) -> None:
        """After the rows: a combination that JOOR offers, knowing whole colours and sizes only, and that AIMS360 does not have. It is
        zero: a SKU that JOOR has no number for might be sold without limit."""
        identity = (style, color, size)
        if identity in self.skus or (self.frame.styles is not None and style not in self.frame.styles):
            return
        sku = Sku(identity, identifier, None)
        if self._usable(sku):
            sku.stocks = {place: [Stock("", 0, 0, 0, 0, 0)] for place in self.frame.warehouses.joor_names}
            self.skus[identity] = sku
            self.holes.add(identity)

    def held(self) -> dict[str, list[Sku]]:
        """UPCs that several SKUs share."""
        by_upc: dict[str, list[Sku]] = {}
        for sku in self.skus.values():
            if sku.upc:
                by_upc.setdefault(sku.upc, []).append(sku)
        return {upc: skus for upc, skus in by_upc.items() if len(skus) > 1}

    def positions(self, skus: Iterable[Sku] | None = None) -> Iterator[Wanted]:
        """Every wanted position, SKU by SKU in the order of their keys. UPCs in `held()` are not among them."""
        for sku in self.sendable() if skus is None else skus:
            for warehouse in sorted(sku.stocks.keys() | sku.arrivals.keys()):
                for bucket in buckets(sku.stocks.get(warehouse, ()), sku.arrivals.get(warehouse, ()), self.frame.inventory):
                    on = bucket.on.isoformat() if bucket.on else IMMEDIATE
                    yield Wanted(warehouse, sku, on, bucket.quantity, bucket.explain)

    def sendable(self) -> list[Sku]:
        held = self.held()
        return sorted((sku for sku in self.skus.values() if sku.key not in held), key=lambda sku: sku.key)

    def missing(self, site_key: str) -> list[Missing]:
        """One row per AIMS360 warehouse with stock or WIP in it that is not in the map."""
        return [_missing_warehouse(name, site_key) for name in sorted(self.unmapped)]

    def report_held(self) -> None:
        for upc, skus in sorted(self.held().items()):
            self.problems.add("shared_upc", f"UPC {upc} is on {', '.join(sorted(str(sku) for sku in skus))}")

    # ---- one row's place -------------------------------------------------------------------------------------------------------------

    def _sku(self, identity: Identity, facts: StyleFacts | None, row: StockRow | None) -> Sku | None:
        known = self.skus.get(identity)
        if known is not None and row is None:
            return known
        if not self._wanted_style(identity, facts, row):
            self.left_out += 1
            return None
        upc = (facts.upcs.get(identity[2]) if facts else None) or ((row.upc or "").strip() if row else "") or None
        if known is None:
            known = Sku(identity, self.frame.identifier(identity[0], identity[1]), upc)
            if not self._usable(known):
                return None
            self.skus[identity] = known
        elif upc and (known.upc is None or upc < known.upc):
            known.upc = upc  # the stock view disagrees with itself: the same answer in any order of rows
        return known

    def _usable(self, sku: Sku) -> bool:
        too_long = [name for name, most in _LONGEST.items() if len(getattr(sku, name) or "") > most]
        if too_long:
            self.problems.add("unusable_sku", f"{sku}: {', '.join(too_long)} longer than JOOR takes")
        elif not (sku.style and sku.color and sku.size):
            self.problems.add("unusable_sku", f"{sku}: style, colour or size is empty")
            return False
        return not too_long

    def _wanted_style(self, identity: Identity, facts: StyleFacts | None, row: StockRow | None) -> bool:
        frame = self.frame
        if frame.styles is not None and identity[0] not in frame.styles:
            return False
        if facts is not None and not facts.active and not frame.inventory.include_inactive:
            return False
        division = (facts.division if facts else None) or (row.division if row else None)
        season = (facts.season if facts else None) or (row.season if row else None)
        return self._within("division", division, frame.divisions, identity) and self._within("season", season, frame.seasons, identity)

    def _within(self, what: str, code: str | None, wanted: frozenset[str] | None, identity: Identity) -> bool:
        if wanted is None:
            return True
        if code is None:
            self.problems.add(f"unknown_{what}", f"{' '.join(identity)}: its {what} cannot be told")
        return code in wanted

    def _place(self, aims_name: str) -> str | None:
        name = aims_name.strip()
        if not self.frame.warehouses.knows(name):
            self.unmapped.add(name)
        return self.frame.warehouses.joor_name(name)

    def _keep(self, sku: Sku, stocks: list[Stock], stock: Stock) -> None:
        for index, other in enumerate(stocks):
            if fold(other.warehouse) == fold(stock.warehouse):
                self.problems.add("listed_twice", f"{sku} in {stock.warehouse}: the lower number counts")
                stocks[index] = min(other, stock, key=lambda each: (counted(each, self.frame.inventory), each[1:5]))
                return
        stocks.append(stock)

    def _warehouse_of(self, row: WipRow) -> str | None:
        names = self.frame.warehouse_names
        if row.warehouse_id is None and len(names) == 1:
            return next(iter(names.values()))
        return names.get(row.warehouse_id or "")

    def _arrival_date(self, row: WipRow) -> date | str | None:
        """The date for JOOR; or the kind of problem; or None for a row that is simply of no interest."""
        settings = self.frame.inventory
        if row.open_quantity <= 0:
            return None
        on = row.in_warehouse_date if settings.wip_date == "in_warehouse" else row.x_factory_date
        if on is None or on.year < 1900:
            return "wip_without_date"
        on += timedelta(days=settings.lead_days)
        if on <= self.frame.today:
            return "wip_overdue"
        if settings.horizon_days is not None and on > self.frame.today + timedelta(days=settings.horizon_days):
            return None
        return on


def read_book(frame: Frame, stock: Iterable[StockRow], wip: Iterable[WipRow] = ()) -> Book:
    """A book of these rows, with shared UPCs reported."""
    book = Book(frame)
    for stock_row in stock:
        book.add_stock(stock_row)
    for wip_row in wip:
        book.add_wip(wip_row)
    book.report_held()
    return book


def changed_key(old_key: str, old_upc: str | None, identity: Sequence[str], book: Book) -> str | None:
    """The key under which the SKU of an old position is found now, when it went from UPC to style key or back: the same JOOR SKU, which
    must not be zeroed under its old name. None for a new UPC instead of another: there the old one is zeroed."""
    sku = book.skus.get((identity[0], identity[1], identity[2]))
    if sku is None or sku.key == old_key or bool(sku.upc) == bool(old_upc):
        return None
    return sku.key


def _missing_warehouse(name: str, site_key: str) -> Missing:
    return Missing(
        kind="warehouse",
        value=name,
        where=f"AIMS360 warehouse {name!r} holds stock or WIP of this site",
        fix=f'joorsync map set warehouse "NAME ON JOOR" --aims "{name}" --site {site_key}   (or map it as ignored)',
    )


def _no_ots() -> NotPossible:
    return NotPossible(
        "The stock source has no open-to-sell column, and the settings take open-to-sell as given",
        fix=[
            "Use an AIMS360 view with an open-to-sell column and name it in the inventory settings (columns: ots)",
            "or set arithmetic to computed, so that it is computed from on hand, allocations, pick tickets and open orders",
        ],
        field="arithmetic",
    )
