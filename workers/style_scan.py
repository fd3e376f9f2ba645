"""Read AIMS360's styles, remember them, and ask for an export of each that differs from what its last complete export saw.

1. read, no transaction open      2. refuse a reading that cannot be right      3. store, one transaction per chunk
4. ask for exports, chunk by chunk; the last transaction also settles what is gone and moves the cursors

Step 4 compares all stored styles, not only those just read: a changed setting, pair or field table counts, and nothing that a crash or a
failure left behind is forgotten. A style whose export failed is asked for again once it differs from what failed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlmodel import Session, col, select

from models.catalogue import StyleSource
from models.cursors import Cursor
from models.errors import Outcome, Synced, Unchanged
from models.jobs import JobKind
from models.outbox import Ask, add_jobs
from rules.style_frame import StyleFrame
from rules.style_skus import shared_upcs
from workers.style_asking import differing, meant
from workers.style_frame import load_frame
from workers.style_gone import gone_cards, revive, settle_gone
from workers.style_reading import FULL, MODIFIED, Reading, prices_of_ids, read, refuse_suspicious
from workers.style_sources import ROWS, Light, color_from, light, make_source, source_digest, stored
from workers.sync import Context, JobView

STYLES_PER_CHUNK = 500
_COMPARED_AT_ONCE = 1000
#: Differing styles of a dry run that are looked into one by one.
SAMPLES = 5
_SHOWN = 50


@dataclass
class Tally:
    """What a scan has found. `changed`: styles whose rows, prices or details are not what was stored."""

    changed: set[str] = field(default_factory=set)
    new: int = 0
    asked: int = 0
    held: int = 0  # failed before, or blocked, and as they were then
    compared: int = 0
    gone: list[str] = field(default_factory=list)
    first: list[dict[str, Any]] = field(default_factory=list)


def scan(job: JobView, ctx: Context) -> Outcome:
    """Payload: styles (numbers; else the whole site); divisions, seasons, status (active | inactive | all): which of the differing ones are
    asked for; full: read everything and send all again; fresh: read everything; allow_empty: accept a suspiciously small reading;
    read_only: ask for nothing, because cards that people made are to be paired first."""
    payload, named = job.payload, frozenset(job.payload.get("styles") or ())
    frame = load_frame(ctx, again=True, prices=not payload.get("read_only"))
    reading = read(ctx, frame, named, full=bool(payload.get("full") or payload.get("fresh")))
    ctx.hit("after_http_before_record")
    if reading.styles is None and not payload.get("allow_empty"):
        with ctx.session() as session:
            cursor = session.get(Cursor, (ctx.site.id, FULL))
            has_styles = bool(light(session, ctx.site.id, limit=1))
        refuse_suspicious(ctx, reading, int((cursor.position or {}).get("rows", 0)) if cursor else 0, has_styles=has_styles)
    if job.dry_run:
        return _preview(job, ctx, frame, reading)
    tally = Tally()
    for styles in _chunks(sorted(reading.texts), STYLES_PER_CHUNK):
        _store(ctx, reading, styles, tally)
        ctx.hit("mid_batch")
        ctx.beat()
    _reprice(ctx, reading, tally)
    _ask(job, ctx, frame, reading, named, tally)
    return _outcome(reading, tally)


def _store(ctx: Context, reading: Reading, styles: Sequence[str], tally: Tally) -> None:
    """Write what differs; what does not is only marked as read."""
    with ctx.session() as session:
        known = stored(session, ctx.site.id, styles)
        changed, same, back = [], [], []
        for style in styles:
            old = known.get(style)
            source = reading.source(ctx.site.id, style, old.details if old else None)
            if old is not None and old.digest == source.digest and not old.gone and (old.division, old.season) == reading.codes[style]:
                same.append(style)
                continue
            if old is not None and old.digest != source.digest:
                source = reading.source(ctx.site.id, style, None)  # details are read again by the export
            if old is not None and source.active and (old.gone or not old.active):
                back.append(style)
            tally.new += old is None
            tally.changed.add(style)
            changed.append(source)
        ROWS.write(session, changed)
        ROWS.touch(session, ctx.site.id, same, reading.started)
        if back and ctx.site.styles.gone == "remove":
            revive(session, ctx.site.id, back)


def _reprice(ctx: Context, reading: Reading, tally: Tally) -> None:
    """Price levels have no time of change that we know of: after a reading of what changed, the list is compared with all stored styles."""
    if reading.prices is None or reading.styles is None:
        return
    after = ""
    while True:
        with ctx.session() as session:
            query = select(StyleSource).where(StyleSource.site_id == ctx.site.id, col(StyleSource.style) > after, ~col(StyleSource.gone))
            rows = session.exec(query.order_by(col(StyleSource.style)).limit(STYLES_PER_CHUNK)).all()
            changed = []
            for row in rows:
                if row.style in reading.texts:
                    continue
                prices = prices_of_ids(reading.prices, [str(color["id"]) for color in row.rows])
                if source_digest(row.rows, prices, row.details) != row.digest:
                    codes = (row.division, row.season)
                    changed.append(make_source(row.site_id, row.style, row.rows, prices, row.details, codes, reading.started))
            ROWS.write(session, changed)
            tally.changed |= {row.style for row in changed}
        if len(rows) < STYLES_PER_CHUNK:
            return
        after = rows[-1].style
        ctx.beat()


def _ask(job: JobView, ctx: Context, frame: StyleFrame, reading: Reading, named: frozenset[str], tally: Tally) -> None:
    after, last = "", False
    while not last:
        now = ctx.clock.now()
        with ctx.session() as session:
            if not after:
                _mark_gone(session, ctx, reading, tally)
            rows = light(session, ctx.site.id, after=after, styles=named or None, limit=_COMPARED_AT_ONCE)
            last = len(rows) < _COMPARED_AT_ONCE
            asks, compared, held = differing(session, job, ctx, frame, rows)
            tally.asked, tally.compared, tally.held = tally.asked + len(asks), tally.compared + compared, tally.held + held
            if last:
                asks += settle_gone(session, ctx, now)
                _move_cursors(session, ctx, reading)
            add_jobs(session, ctx.site.id, [] if job.payload.get("read_only") else asks, now=now, run_id=job.run_id)
        ctx.hit("mid_batch")
        ctx.beat()
        after = rows[-1].style if rows else after


def _mark_gone(session: Session, ctx: Context, reading: Reading, tally: Tally) -> None:
    """Of a whole reading everything that it did not have; else the styles that were asked for in vain."""
    missing = None if reading.styles is None else reading.styles - reading.texts.keys()
    tally.gone = ROWS.mark_gone(session, ctx.site.id, reading.started, missing)


def _move_cursors(session: Session, ctx: Context, reading: Reading) -> None:
    """A reading of named styles says nothing about the others."""
    if reading.named:
        return
    session.merge(Cursor(site_id=ctx.site.id, name=MODIFIED, at=reading.started))
    if reading.styles is None:
        session.merge(Cursor(site_id=ctx.site.id, name=FULL, at=reading.started, position={"rows": reading.rows}))


def _preview(job: JobView, ctx: Context, frame: StyleFrame, reading: Reading) -> Outcome:
    """Counts and the first differences; nothing is stored. The first few get a dry run of their own, which shows their cards."""
    tally = Tally()
    for styles in _chunks(sorted(reading.texts), STYLES_PER_CHUNK):
        with ctx.session() as session:
            known = stored(session, ctx.site.id, styles)
        for style in styles:
            _compare(job, ctx, frame, reading.source(ctx.site.id, style, _details(known.get(style))), known.get(style), tally)
        ctx.beat()
    with ctx.session() as session:
        samples = [Ask(JobKind.STYLES_EXPORT, row["style"]) for row in tally.first[:SAMPLES]]
        add_jobs(session, ctx.site.id, samples, now=ctx.clock.now(), run_id=job.run_id, dry_run=True)
        gone = sorted(gone_cards(session, ctx))
        if reading.styles is None:
            every = session.exec(select(StyleSource.style).where(StyleSource.site_id == ctx.site.id, ~col(StyleSource.gone))).all()
            gone = sorted({*gone, *(style for style in every if style not in reading.texts)})
    result: dict[str, Any] = {"differences": tally.asked, "first": tally.first, "gone": gone[:_SHOWN]} | _problems(reading)
    words = f"dry run: {tally.asked:,} of {tally.compared:,} styles differ from JOOR"
    return Unchanged(words + (f", {len(gone):,} are gone or inactive" if gone else ""), _counts(reading, tally), result)


def _compare(job: JobView, ctx: Context, frame: StyleFrame, source: StyleSource, old: StyleSource | None, tally: Tally) -> None:
    row = Light(source.style, source.digest, old.exported_digest if old else None, source.division, source.season, source.active, False)
    if not meant(job, ctx, row):
        return
    tally.compared += 1
    same = frame.expected(row.style, row.digest, row.division, row.season) == row.exported_digest
    if same and not job.payload.get("full"):
        return
    tally.asked += 1
    if old is None or not row.exported_digest:
        why = "not exported yet"
    else:
        why = "changed in AIMS360" if old.digest != source.digest else "settings, pairs or fields changed"
    if len(tally.first) < _SHOWN:
        tally.first.append({"style": row.style, "colors": len(source.rows), "why": "all is sent again" if same else why})


def _details(old: StyleSource | None) -> dict[str, Any] | None:
    return old.details if old else None


def _outcome(reading: Reading, tally: Tally) -> Outcome:
    counts, problems = _counts(reading, tally), _problems(reading)
    words = [f"{tally.asked:,} of {tally.compared:,} styles differ" if tally.asked else f"nothing differs in {tally.compared:,} styles"]
    words += [f"{len(tally.gone):,} are gone from AIMS360: {', '.join(tally.gone[:5])}"] if tally.gone else []
    words += [f"{tally.held:,} failed or wait for a person, unchanged since"] if tally.held else []
    note = ". ".join(words + reading.words)
    if tally.asked or tally.gone:
        return Synced(sent=0, note=note, counts=counts, result=problems or None)
    return Unchanged(note, counts=counts, result=problems or None)


def _counts(reading: Reading, tally: Tally) -> dict[str, int]:
    return {
        "style_colors": reading.rows,
        "styles": len(reading.texts),
        "new": tally.new,
        "changed": len(tally.changed),
        "asked": tally.asked,
        "held": tally.held,
        "gone": len(tally.gone),
        "left_out": sum(reading.left_out.values()),
    }


def _problems(reading: Reading) -> dict[str, Any]:
    """UPCs that several SKUs of a whole reading share, and rows whose division is not in AIMS360's list."""
    found: dict[str, Any] = {why: reading.left_out[why] for why in ("unknown_division", "style_too_long") if reading.left_out[why]}
    shared = shared_upcs(row for style in sorted(reading.texts) for row in map(color_from, reading.rows_of(style)))
    if shared:
        found["shared_upcs"] = {"count": len(shared), "examples": dict(islice(sorted(shared.items()), 10))}
    return {"problems": found} if found else {}


def _chunks(items: Iterable[str], size: int) -> Iterator[list[str]]:
    source = iter(items)
    while chunk := list(islice(source, size)):
        yield chunk
