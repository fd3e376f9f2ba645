"""Every reference of a JOOR order as AIMS360 ids: stored pairs first, then equal codes, never a name alone. ALL gaps are listed."""

from dataclasses import dataclass, field

from clients.aims360.types import NewCustomer, StyleColor
from clients.joor.types import JoorOrder, OrderLine
from models.errors import Missing
from models.lookups import Lookup
from models.mappings import Mapping
from rules.order_lines import LineReference, NumberedLine, wanted_lines
from rules.order_references import SkuMatch, match_sku, pair_keys, sku_by_upc, style_keys
from rules.orders import References
from workers.order_buyer import Buyer, find_buyer
from workers.order_lookups import WAREHOUSE, AimsLookups
from workers.order_pairs import Gaps, Pairs, fetch_again_command, quoted, setting_command
from workers.order_ship_to import ShipTo, find_ship_to
from workers.sync import Context


@dataclass(frozen=True)
class Resolution:
    """`references` is None when something is missing. With `new_customer` their customer_id is "" until it has been created."""

    references: References | None
    missing: list[Missing]
    buyer: Buyer | None = None
    ship_to: ShipTo | None = None
    new_customer: NewCustomer | None = None
    used_pairs: set[int] = field(default_factory=set)
    remarks: tuple[str, ...] = ()


def resolve(ctx: Context, order: JoorOrder) -> Resolution:
    """Reads AIMS360 only for what is not remembered; writes nothing but what it remembers."""
    desk = Desk(ctx, order)
    buyer = find_buyer(ctx, order, desk.lookups, desk.pairs, desk.gaps)
    ship_to = find_ship_to(ctx, order, buyer, desk.lookups, desk.pairs, desk.gaps) if buyer else None
    header = desk.header()
    lines = tuple((numbered, found) for numbered in wanted_lines(order) if (found := desk.line(numbered)) is not None)
    divisions = desk.division_ids({where.division for _, where in lines})
    if desk.gaps or buyer is None or ship_to is None:
        return Resolution(None, desk.gaps.missing())
    references = References(
        customer_id=buyer.customer_id,
        warehouse_id=header["warehouse"] or "",
        division_ids=divisions,
        lines=lines,
        term_id=header["term"],
        ship_via_id=header["ship_via"],
        season_id=header["season"],
        store_id=ship_to.store_id,
        ship_to=ship_to.one_time,
    )
    return Resolution(references, [], buyer, ship_to, buyer.new, desk.pairs.used, (*buyer.remarks(order), *ship_to.remarks))


class Desk:
    """One order being resolved."""

    def __init__(self, ctx: Context, order: JoorOrder) -> None:
        self.order = order
        self.site = ctx.site
        self.settings = ctx.site.orders
        self.lookups = AimsLookups(ctx)
        self.pairs = Pairs(ctx, order)
        self.gaps = Gaps(ctx, order.order_id)
        self._order_division = self._division_of_order()

    # ---- header ---------------------------------------------------------------------------------------------------------------------

    def header(self) -> dict[str, str | None]:
        order = self.order
        season = order.season_code if self.settings.season_rule == "order" else ""
        return {
            "term": self._code("term", order.payment_method_code, order.payment_method_name, "payment method"),
            "ship_via": self._code("ship_via", order.shipping_method_code, order.shipping_method_name, "shipping method"),
            "season": self._code("season", season, "", "season"),
            "warehouse": self._warehouse(),
        }

    def _code(self, kind: str, code: str, name: str, where: str) -> str | None:
        """None when JOOR names nothing, or the pair says "left out on purpose", or it is missing. A name without a code needs a pair."""
        key = code.strip() or name.strip()
        if not key:
            return None
        pairs = self.pairs.of(kind, key)
        if any(pair.ignored for pair in pairs):
            return None
        row = self._row(kind, key, pairs, where, equal=bool(code.strip()))
        return row.aims_id if row else None

    def _row(self, kind: str, key: str, pairs: list[Mapping], where: str, *, equal: bool) -> Lookup | None:
        """The AIMS360 row of a stored pair, else (when `equal`) of the same code; a gap when there is none."""
        targets = list(dict.fromkeys(pair.aims_code for pair in pairs if pair.aims_code)) or ([key] if equal else [])
        if len(targets) > 1:
            self.gaps.pair(kind, key, f"{where} (mapped to {' and '.join(targets)}: mark one as primary)")
            return None
        row = self.lookups.code(kind, targets[0]) if targets else None
        if row is None or not (row.extra or {}).get("enabled", True):
            why = "" if not pairs else f" (mapped to {targets[0]}, which AIMS360 does not have)" if targets and row is None else ""
            why = why if row is None else f" (AIMS360 has {row.code} switched off)"
            self.gaps.pair(kind, key, where + why)
            return None
        return row

    def _warehouse(self) -> str | None:
        """AIMS360 knows warehouses by name only, so JOOR's code, or its name where it has no code, may equal that name."""
        key = self.order.warehouse_code.strip() or self.order.warehouse_name.strip()
        if key:
            row = self._row(WAREHOUSE, key, [pair for pair in self.pairs.of(WAREHOUSE, key) if not pair.ignored], "warehouse", equal=True)
            return row.aims_id if row else None
        default = self.settings.default_warehouse
        row = self.lookups.code(WAREHOUSE, default) if default else None
        if row is None or not (row.extra or {}).get("enabled", True):
            why = f"the default warehouse {default!r} is not an active one of AIMS360" if default else "JOOR names no warehouse"
            self.gaps.add("decision", "warehouse:default", why, self._set("default_warehouse=AIMS360 WAREHOUSE"))
            return None
        return row.aims_id

    def _set(self, assignment: str) -> str:
        return setting_command(self.site.key, self.order.order_id, assignment)

    # ---- lines ----------------------------------------------------------------------------------------------------------------------

    def line(self, numbered: NumberedLine) -> LineReference | None:
        where = f"line {numbered.number}"
        match = self._sku(numbered.line)
        if match is None:
            name = numbered.line.style_identifier.strip() or numbered.line.style_number.strip()
            value = f"{name}|{numbered.line.color_code.strip()}"
            self.gaps.pair("style", value, f"{where} ({numbered.line.name or 'unnamed'})", "STYLE|COLOR")
            return None
        found = match.style_color
        if match.conflict and match.about == "upc":
            self.gaps.pair("style", numbered.line.upc.strip(), f"{where}: {match.conflict}", "STYLE|COLOR|SIZE")
            return None
        if match.size is None:
            why = match.conflict or f"{found.style} {found.color} has sizes {', '.join(size.name for size in found.sizes) or 'none'}"
            self.gaps.pair("size", numbered.line.size.strip(), f"{where} ({why})", "SIZE")
            return None
        if not found.active:
            value = f"style:{found.style}|{found.color}"
            again = fetch_again_command(self.order.order_id, self.site.key)
            fix = f"Make {found.style} {found.color} active in AIMS360, then: {again}"
            self.gaps.add("decision", value, f"{where} ({found.style} {found.color} is inactive in AIMS360)", fix)
            return None
        division = self._division(found, where)
        return (division and LineReference(found.id, found.style, found.color, match.size, division, found.wholesale_price)) or None

    def _sku(self, line: OrderLine) -> SkuMatch | None:
        """Twice: what is remembered, then (on a miss, not more than once a minute) what AIMS360 says now."""
        match = self._sku_once(line, again=False)
        if match is None or match.size is None:
            match = self._sku_once(line, again=True) or match
        return match

    def _sku_once(self, line: OrderLine, *, again: bool) -> SkuMatch | None:
        if (paired := self._paired_sku(line, again)) is not None:
            return paired
        siblings: list[StyleColor] = []
        for style, color in self._style_colors(line):
            rows = self.lookups.style_colors(style, again=again)
            siblings += rows
            found = next((row for row in rows if row.color == color), None)
            if found is not None:
                return match_sku(found, self._sizes(line, found), line, rows)
        by_upc = sku_by_upc(line.upc, {row.id: row for row in siblings}.values())
        return SkuMatch(*by_upc) if by_upc else None

    def _paired_sku(self, line: OrderLine, again: bool) -> SkuMatch | None:
        """A pair of the UPC itself, STYLE|COLOR|SIZE: somebody looked at the goods, so nothing speaks against it."""
        for pair in self.pairs.of("style", line.upc.strip()) if line.upc.strip() else []:
            style, _, rest = pair.aims_code.partition("|")
            color, _, size = rest.partition("|")
            for row in self.lookups.style_colors(style, again=again) if size else []:
                if row.color == color and size in {known.name for known in row.sizes}:
                    return SkuMatch(row, size)
        return None

    def _style_colors(self, line: OrderLine) -> list[tuple[str, str]]:
        """(AIMS360 style, colour): a stored pair alone decides; without one, equal codes."""
        for key in pair_keys(line):
            for pair in self.pairs.of("style", key):
                style, _, color = pair.aims_code.partition("|")
                if style and not pair.ignored and key != line.upc.strip():
                    return [(style, color or line.color_code.strip())]
        return style_keys(line, self.site.styles)

    def _sizes(self, line: OrderLine, found: StyleColor) -> list[str]:
        known = {size.name for size in found.sizes}
        mapped = [pair.aims_code for pair in self.pairs.of("size", line.size.strip()) if pair.aims_code in known]
        return mapped or [line.size.strip()]

    # ---- divisions ------------------------------------------------------------------------------------------------------------------

    def _division(self, found: StyleColor, where: str) -> str | None:
        if self.settings.division_rule != "style":
            return self._order_division
        code = self.lookups.code_of("division", found.division_id) if found.division_id else None
        code = code or self._order_division or (self.site.divisions[0] if len(self.site.divisions) == 1 else None)
        if code is None:
            fix = f"Give {found.style} a division in AIMS360, or: {self._set('division_rule=order')}"
            self.gaps.add("decision", f"division:{found.style}", f"{where} ({found.style} has no division in AIMS360)", fix)
            return None
        return code

    def _division_of_order(self) -> str | None:
        """The AIMS360 division code of the whole order by the rule `fixed` or `order`; for `style` only what fills an empty style."""
        if self.settings.division_rule == "fixed":
            fixed = self.settings.fixed_division or ""
            row = self._row("division", fixed, [], "fixed division", equal=True)
            return row.code if row else None
        if self.settings.division_rule == "style":
            return self._only_named_division()
        named = [division for division in self.order.divisions if division[0].strip() or division[1].strip()]
        if len(named) == 1:
            code, name = named[0]
            key = code.strip() or name.strip()
            row = self._row("division", key, self.pairs.of("division", key), "division", equal=bool(code.strip()))
            return row.code if row else None
        count = f"{len(named)} divisions and does not say which line is whose" if named else "no division"
        value = f"division:{self.order.order_id}"
        self.gaps.add("decision", value, f"JOOR's order names {count}", self._set("division_rule=style"))
        return None

    def _only_named_division(self) -> str | None:
        codes = [code.strip() for code, _ in self.order.divisions if code.strip()]
        if len(codes) != 1:
            return None
        pairs = [pair.aims_code for pair in self.pairs.of("division", codes[0]) if pair.aims_code]
        row = self.lookups.code("division", pairs[0] if pairs else codes[0])
        return row.code if row else None

    def division_ids(self, codes: set[str]) -> dict[str, str]:
        """A division of another site (each belongs to exactly one) is not booked from here."""
        for code in sorted(codes):
            if self.site.divisions and code not in self.site.divisions:
                again = fetch_again_command(self.order.order_id, self.site.key)
                fix = f"joorsync sites set {self.site.key} --division {quoted(code)}, then: {again}"
                self.gaps.add("decision", f"division:{code}", f"division {code} is not one of this site's", fix)
        found = {code: self._row("division", code, [], "division", equal=True) for code in sorted(codes)}
        return {code: row.aims_id for code, row in found.items() if row}
