"""Reading AIMS360's styles: what changed since the cursor, named ones, or all; a changed colour means that its whole style is read again.

No transaction is open while AIMS360 is asked. Delta reads rest on an ASSUMED field (AIMS360 facts 4.3): where AIMS360 does not understand
the question, and at least every `full_scan_hours`, everything is read.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from clients.aims360.types import StyleColor
from models.catalogue import StyleSource
from models.cursors import Cursor
from models.errors import NotPossible
from models.settings import StyleSettings
from rules.style_frame import StyleFrame
from workers.style_sources import color_json, make_source, price_json
from workers.sync import Context

MODIFIED, FULL = "styles.modified", "styles.full"
#: Up to so many changed or named styles are read one by one; more are picked out of a whole reading.
STYLES_ONE_BY_ONE = 20
_BEAT_ROWS = 1000
#: Under this share of the rows of the whole reading before, a reading counts as partial. Fewer rows than `_FEW` say nothing.
_LEAST, _FEW = 0.5, 20
#: Longer style numbers cannot be told to JOOR at all (joor-api facts 4.3: 100 for the identifier).
LONGEST_STYLE = 100
PriceRows = dict[str, list[dict[str, Any]]]  # by style-colour id, lower case


@dataclass
class Reading:
    """What AIMS360 said. `styles`: those that were asked for, None: all. Rows are kept as JSON text, style by style: a large catalogue
    takes a tenth of the memory. `prices` None: the site does not read price levels."""

    started: datetime
    named: bool = False
    styles: frozenset[str] | None = None
    rows: int = 0  # style-colours, before any filter
    texts: dict[str, list[str]] = field(default_factory=dict)
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)  # division and season code
    ids: dict[str, list[str]] = field(default_factory=dict)
    prices: PriceRows | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    words: list[str] = field(default_factory=list)  # what a person should know

    def rows_of(self, style: str) -> list[dict[str, Any]]:
        """The site's colours of it."""
        return [json.loads(text) for text in self.texts.get(style, ())]

    def source(self, site_id: int, style: str, details: dict[str, Any] | None) -> StyleSource:
        prices = None if self.prices is None else prices_of_ids(self.prices, self.ids.get(style, ()))
        return make_source(site_id, style, self.rows_of(style), prices, details, self.codes.get(style, ("", "")), self.started)


def read(ctx: Context, frame: StyleFrame, named: Collection[str], *, full: bool) -> Reading:
    """`named` empty: what changed, or with `full` everything. Raises what the client raises; nothing has been stored then."""
    reading = Reading(ctx.clock.now(), named=bool(named))
    since = None if named else _since(ctx, full, reading.started)
    if named and len(named) <= STYLES_ONE_BY_ONE:
        reading.styles = frozenset(named)
    elif since is not None:
        reading.styles = _changed(ctx, since, reading)
    if reading.styles is None:
        _take(ctx, frame, reading, ctx.aims.all_style_colors())
    for style in sorted(reading.styles or ()):
        ctx.beat()
        _take(ctx, frame, reading, ctx.aims.style_colors(style))
    if ctx.site.styles.price_source == "price_list":
        reading.prices = _prices(ctx, [i for ids in reading.ids.values() for i in ids] if named and reading.styles else None)
    return reading


def read_style(ctx: Context, frame: StyleFrame, style: str) -> StyleSource:
    """One style with everything the site's settings need of it; `gone` when AIMS360 (or this site's share of it) does not have it."""
    reading = Reading(ctx.clock.now(), named=True, styles=frozenset([style]))
    _take(ctx, frame, reading, ctx.aims.style_colors(style))
    if ctx.site.styles.price_source == "price_list":
        reading.prices = _prices(ctx, reading.ids.get(style, []))
    source = reading.source(ctx.site.id, style, None)
    return with_details(ctx, source)


def with_details(ctx: Context, source: StyleSource) -> StyleSource:
    """The same with AIMS360's answer for the single style, where the site wants it and it was not read yet."""
    if not ctx.site.styles.details or source.details is not None or not source.rows:
        return source
    details = ctx.aims.style_details(str(source.rows[0]["style_id"]))
    read = make_source(source.site_id, source.style, source.rows, source.prices, details, (source.division, source.season), source.read_at)
    read.gone, read.exported_digest = source.gone, source.exported_digest
    return read


def prices_of_ids(prices: PriceRows, ids: Iterable[str]) -> list[dict[str, Any]]:
    return [price for style_color_id in sorted(ids) for price in prices.get(style_color_id.lower(), ())]


def refuse_suspicious(ctx: Context, reading: Reading, rows_before: int, *, has_styles: bool) -> None:
    """Raise NotPossible rather than call half the catalogue gone because of an empty or partial answer."""
    partial = rows_before >= _FEW and reading.rows < rows_before * _LEAST
    if not partial and not (has_styles and reading.rows == 0):
        return
    raise NotPossible(
        f"AIMS360 gave {reading.rows:,} style-colours; the whole reading before had {rows_before:,}. Nothing was changed, so that no style "
        "counts as gone by mistake",
        fix=[
            "Look at the styles in AIMS360: are they complete, and are the site's divisions and seasons the right ones?",
            "The next scheduled scan tries again by itself",
            f"If the reading is right: joorsync enqueue styles --all --allow-empty --site {ctx.site.key}",
        ],
    )


def _since(ctx: Context, full: bool, now: datetime) -> datetime | None:
    """From when on changes are asked for; None: read everything."""
    settings: StyleSettings = ctx.site.styles
    with ctx.session() as session:
        modified, whole = (session.get(Cursor, (ctx.site.id, name)) for name in (MODIFIED, FULL))
    if full or not (modified and modified.at and whole and whole.at):
        return None
    if whole.at + timedelta(hours=settings.full_scan_hours) <= now:
        return None
    return modified.at - timedelta(minutes=settings.overlap_minutes)


def _changed(ctx: Context, since: datetime, reading: Reading) -> frozenset[str] | None:
    """The styles with a colour that changed; None: so many, or the question is not understood, that everything is read."""
    try:
        changed: set[str] = set()
        for row in ctx.aims.all_style_colors(since=since.replace(microsecond=0)):
            changed.add(row.style)
            if len(changed) > STYLES_ONE_BY_ONE:
                return None
    except NotPossible as error:
        ctx.log.info("AIMS360 cannot say what changed; reading everything", reason=error.summary)
        reading.words.append("AIMS360 could not say what changed, so everything was read")
        return None
    return frozenset(changed)


def _take(ctx: Context, frame: StyleFrame, reading: Reading, rows: Iterable[StyleColor]) -> None:
    """Keep the rows of this site's divisions and seasons. Each row once: paging may repeat one (AIMS360 facts 4.2)."""
    seen: set[str] = set()
    for row in rows:
        if reading.rows % _BEAT_ROWS == 0:
            ctx.beat()
        if row.id in seen:
            continue
        seen.add(row.id)
        reading.rows += 1
        codes = (_code(frame, "division", row.division_id), _code(frame, "season", row.season_id))
        why = _left_out(ctx, row, *codes)
        if why:
            reading.left_out[why] += 1
            continue
        kept = color_json(row)
        style = str(kept["style"])
        reading.texts.setdefault(style, []).append(json.dumps(kept, ensure_ascii=False))
        reading.ids.setdefault(style, []).append(row.id)
        reading.codes[style] = min(reading.codes.get(style, codes), codes, key=lambda pair: (not pair[0], pair))


def _left_out(ctx: Context, row: StyleColor, division: str, season: str) -> str:
    """Why a row is not this site's; "" when it is."""
    if len(row.style) > LONGEST_STYLE:
        return "style_too_long"
    if ctx.site.divisions and division not in ctx.site.divisions:
        return "unknown_division" if row.division_id and not division else "other_division"
    if ctx.site.styles.seasons is not None and season not in ctx.site.styles.seasons:
        return "other_season"
    return ""


def _code(frame: StyleFrame, kind: str, aims_id: str | None) -> str:
    table = frame.divisions if kind == "division" else frame.seasons
    found = table.get((aims_id or "").lower())
    return found.code if found else ""


def _prices(ctx: Context, ids: list[str] | None) -> PriceRows:
    """`ids` None: the whole list."""
    prices: PriceRows = {}
    for row in _beating(ctx, ctx.aims.prices(ids) if ids is None or ids else ()):
        prices.setdefault(row.style_color_id.lower(), []).append(price_json(row))
    return prices


def _beating(ctx: Context, rows: Iterable[Any]) -> Iterator[Any]:
    for number, row in enumerate(rows):
        if number % _BEAT_ROWS == 0:
            ctx.beat()
        yield row
