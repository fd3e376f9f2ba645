"""Reading AIMS360's stock into a book of wanted positions, and refusing a reading that cannot be right. No transaction is open here."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from sqlmodel import Session, select

from clients.aims360.types import CodeKind, StyleColor
from models.errors import NotPossible
from models.mappings import Mapping, MappingKind
from rules.inventory import Book
from rules.inventory_frame import Catalogue, Frame, WarehouseMap, fold
from workers.style_cards import identifiers_by_color
from workers.style_holes import known_holes
from workers.sync import Context, JobView

#: Up to so many named styles are looked up one by one; more are picked out of the whole list.
STYLES_ONE_BY_ONE = 20
_BEAT_ROWS = 2000
#: Under this share of the rows of the reading before, a reading counts as partial. Fewer rows than `_FEW` say nothing.
_LEAST = {"stock": 0.5, "styles": 0.5, "wip": 0.0}
_FEW = 20

Row = TypeVar("Row")


@dataclass(frozen=True)
class Reading:
    """`rows` counts what each source held, before any filter."""

    book: Book
    rows: dict[str, int]
    held: frozenset[str] = frozenset()  # UPCs that several SKUs share: left as they are


def styles_of(job: JobView) -> frozenset[str] | None:
    """The styles that the job names, None for the whole site."""
    named = job.payload.get("styles") or [style for style in job.key.split(",") if style]
    return frozenset(named) or None


def warehouse_map(session: Session, site_id: int) -> WarehouseMap:
    """The site's pairs. The JOOR name is what JOOR knows the warehouse by: `joor_name` when it is kept beside a code, else `joor_code`.

    An AIMS360 warehouse with two JOOR warehouses is left out of the map: its pieces would be offered twice.
    """
    rows = session.exec(select(Mapping).where(Mapping.site_id == site_id, Mapping.kind == MappingKind.WAREHOUSE)).all()
    pairs: dict[str, str | None] = {}
    twice: set[str] = set()
    for row in rows:
        if not row.aims_code:
            continue
        name = fold(row.aims_code)
        target = None if row.ignored else (row.joor_name or row.joor_code or None)
        if name in pairs and pairs[name] != target:
            twice.add(name)
        pairs[name] = target
    return WarehouseMap({name: target for name, target in pairs.items() if name not in twice})


def read(ctx: Context, warehouses: WarehouseMap, styles: frozenset[str] | None) -> Reading:
    """Ask AIMS360 for everything. Raises what the client raises; then nothing has been stored."""
    settings, aims = ctx.site.inventory, ctx.aims
    rows = {"styles": 0, "stock": 0, "wip": 0}
    divisions = frozenset(settings.divisions if settings.divisions is not None else ctx.site.divisions) or None
    seasons = frozenset(settings.seasons) if settings.seasons is not None else None
    catalogue = Catalogue(
        _counted(ctx, rows, "styles", _style_colors(ctx, styles)),
        _codes(ctx, "division") if divisions else {},
        _codes(ctx, "season") if seasons is not None else {},
    )
    with ctx.session() as session:
        identifiers = identifiers_by_color(session, ctx.site.id)
        combinations = known_holes(session, ctx.site.id)
    frame = Frame(
        inventory=settings,
        style=ctx.site.styles,
        catalogue=catalogue,
        warehouses=warehouses,
        warehouse_names={row.id: row.name for row in aims.warehouses()},
        today=ctx.clock.now().date(),
        divisions=divisions,
        seasons=seasons,
        styles=styles,
        identifiers=identifiers,
    )
    book = Book(frame)
    for stock in _counted(ctx, rows, "stock", aims.stock(settings)):
        book.add_stock(stock)
    if settings.future:
        for line in _counted(ctx, rows, "wip", aims.wip()):
            book.add_wip(line)
    for hole in combinations:
        book.add_hole(*hole)
    book.report_held()
    return Reading(book, rows, frozenset(book.held()))


def refuse_suspicious(reading: Reading, before: dict[str, int], *, ledger_has_stock: bool, whole: bool, site_key: str) -> None:
    """Raise NotPossible rather than set the catalogue to zero because of an empty or partial answer. `before` counts the last reading."""
    for source, least in _LEAST.items():
        last, now = before.get(source, 0), reading.rows[source]
        partial = last >= _FEW and (now < last * least or now == 0)
        comparable = source != "styles" or whole
        if comparable and (partial or (source == "stock" and now == 0 and ledger_has_stock)):
            raise _suspicious(f"AIMS360 gave {now:,} {source} rows; the reading before had {last:,}", site_key)
    if whole and ledger_has_stock and len(reading.book.skus) == len(reading.book.holes):
        words = ", ".join(f"{kind} ({count})" for kind, count in sorted(reading.book.problems.counts.items())) or "all were filtered out"
        raise _suspicious(f"None of AIMS360's {reading.rows['stock']:,} stock rows can be used: {words}", site_key)


def _suspicious(what: str, site_key: str) -> NotPossible:
    return NotPossible(
        f"{what}. Nothing was changed, so that JOOR is not set to zero by mistake",
        fix=[
            "Look at the stock view in AIMS360: is it complete, and do the inventory settings name the right view, divisions and seasons?",
            "The next scheduled scan tries again by itself",
            f"If the reading is right: joorsync enqueue inventory --site {site_key} --allow-empty",
        ],
    )


def _style_colors(ctx: Context, styles: frozenset[str] | None) -> Iterator[StyleColor]:
    if styles is None or len(styles) > STYLES_ONE_BY_ONE:
        yield from ctx.aims.all_style_colors()
        return
    for style in sorted(styles):
        yield from ctx.aims.style_colors(style)


def _codes(ctx: Context, kind: CodeKind) -> dict[str, str]:
    return {row.id: row.code for row in ctx.aims.codes(kind)}


def _counted(ctx: Context, rows: dict[str, int], source: str, given: Iterable[Row]) -> Iterator[Row]:
    for row in given:
        if rows[source] % _BEAT_ROWS == 0:
            ctx.beat()
        rows[source] += 1
        yield row
