"""Read AIMS360, apply the rules, store the wanted positions, ask for a push where something differs.

1. take a ticket: the reading's version        2. read everything, no transaction open     3. refuse a reading that cannot be right
4. store, one short transaction per chunk      5. zero what AIMS360 no longer has          6. tasks for people, and the push job

A crash anywhere leaves a ledger that is true as far as it goes: step 6 looks at the ledger, not at what this scan changed.
Positions of JOOR warehouses that are not in the map (any more) are left alone. Immediate or future switched off means zero, not untouched.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Row

from models.errors import NeedsMapping, Outcome, Synced, Unchanged, Waiting
from models.jobs import JobKind
from models.outbox import Ask, add_jobs
from rules.inventory import Sku, Wanted, changed_key
from workers import inventory_ledger as ledger
from workers import inventory_marks as marks
from workers.inventory_ledger import Key, Part
from workers.inventory_preview import Preview
from workers.inventory_reading import Reading, read, refuse_suspicious, styles_of, warehouse_map
from workers.inventory_tasks import sync_date_tasks, sync_warehouse_tasks
from workers.sync import Context, JobView

SKUS_PER_CHUNK = 500
_GONE = {"steps": ["AIMS360 no longer has it: 0"]}


Item = TypeVar("Item")


class Overtaken(Exception):
    """A newer reading has begun to be written."""


@dataclass
class Tally:
    positions: int = 0
    changed: int = 0
    vanished: int = 0
    written: int = 0
    analyze_at: int = 4000  # rows written; doubles
    preview: Preview = field(default_factory=Preview)


@dataclass(frozen=True)
class Changes:
    """One chunk's rows to write (`sent` side untouched), and old rows whose SKU goes by another key now."""

    rows: list[dict[str, Any]]
    moved: list[tuple[Row[Any], Sku]]


def scan(job: JobView, ctx: Context) -> Outcome:
    styles = styles_of(job)
    with ctx.session() as session:
        ticket = ctx.clock.now() if job.dry_run else marks.take_ticket(session, job.site_id, ctx.clock.now())
        warehouses = warehouse_map(session, job.site_id)
        part = Part(job.site_id, warehouses.joor_names, styles)
        before = marks.rows_before(session, job.site_id)
        has_stock = ledger.has_stock(session, part)
    reading = read(ctx, warehouses, styles)
    ctx.hit("after_http_before_record")
    if not job.payload.get("allow_empty"):
        refuse_suspicious(reading, before, ledger_has_stock=has_stock, whole=styles is None, site_key=ctx.site.key)
    missing = reading.book.missing(ctx.site.key)
    if missing and not warehouses.joor_names:
        raise NeedsMapping(missing, "No AIMS360 warehouse is mapped to a JOOR warehouse yet")
    try:
        return _store(job, ctx, reading, part, ticket)
    except Overtaken:
        return Waiting(ctx.clock.now(), "a newer reading of AIMS360 has been stored meanwhile; reading again")


def _store(job: JobView, ctx: Context, reading: Reading, part: Part, ticket: datetime) -> Outcome:
    tally = Tally()
    if not job.dry_run:
        with ctx.session() as session:
            _fence(marks.may_write(session, part.site_id, ticket))
    book = reading.book
    for skus in _chunks(book.sendable(), SKUS_PER_CHUNK):
        _chunk(job, ctx, reading, part, ticket, tally, {sku.key for sku in skus}, book.positions(skus))
    for keys in _chunks(_gone(ctx, reading, part), SKUS_PER_CHUNK):
        _chunk(job, ctx, reading, part, ticket, tally, set(keys), ())
    if job.dry_run:
        return _previewed(ctx, reading, tally)
    return _finish(job, ctx, reading, part, ticket, tally)


def _chunk(
    job: JobView, ctx: Context, reading: Reading, part: Part, ticket: datetime, tally: Tally, keys: set[str], wanted: Iterable[Wanted]
) -> None:
    """Compare first, without a lock; then write what differs, if no newer reading has begun to be written."""
    with ctx.session() as session:
        found = ledger.stored(session, part, keys)
    changes = _compare(reading, part, ticket, tally, found, wanted)
    if not job.dry_run and (changes.rows or changes.moved):
        with ctx.session() as session:
            _fence(marks.may_write(session, part.site_id, ticket))
            ledger.write_wanted(session, changes.rows)
            for old, sku in sorted(changes.moved, key=lambda one: ledger.key_of(one[0])):
                ledger.move(session, old, sku.key, sku.upc, _gone_values(ticket))
        tally.written += len(changes.rows) + len(changes.moved)
        if tally.written >= tally.analyze_at:
            tally.analyze_at = tally.written * 2
            with ctx.session() as session:
                ledger.refresh_statistics(session)
        ctx.hit("mid_batch")
    ctx.beat()


def _compare(reading: Reading, part: Part, ticket: datetime, tally: Tally, found: dict[Key, Row[Any]], wanted: Iterable[Wanted]) -> Changes:
    changes = Changes([], [])
    version = ledger.version_of(ticket)
    for position in wanted:
        old = found.pop((position.warehouse, position.sku.key, position.bucket), None)
        row = _row(part.site_id, position)
        tally.positions += 1
        tally.preview.add(old, row)
        if old is None or any(getattr(old, name) != value for name, value in row.items()):
            tally.changed += 1
            changes.rows.append({**row, "wanted_version": version, "wanted_at": ticket})
    for old in found.values():
        new_key = changed_key(old.sku_key, old.upc, (old.style, old.color, old.size), reading.book)
        if new_key in reading.held:
            continue
        if new_key is not None:
            changes.moved.append((old, reading.book.skus[old.style, old.color, old.size]))
        elif not old.vanished:
            tally.vanished += 1
            row = {name: getattr(old, name) for name in _IDENTITY} | _gone_values(ticket)
            tally.preview.add(old, row)
            changes.rows.append(row)
    return changes


_IDENTITY = ("site_id", "warehouse", "sku_key", "bucket", "upc", "style", "identifier", "color", "size")


def _gone_values(ticket: datetime) -> dict[str, Any]:
    return {"wanted": 0, "vanished": True, "explain": _GONE, "wanted_version": ledger.version_of(ticket), "wanted_at": ticket}


def _row(site_id: int, position: Wanted) -> dict[str, Any]:
    sku = position.sku
    return {
        "site_id": site_id,
        "warehouse": position.warehouse,
        "sku_key": sku.key,
        "bucket": position.bucket,
        "upc": sku.upc,
        "style": sku.style,
        "identifier": sku.identifier,
        "color": sku.color,
        "size": sku.size,
        "wanted": position.quantity,
        "vanished": False,
        "explain": position.explain,
    }


def _gone(ctx: Context, reading: Reading, part: Part) -> list[str]:
    """Keys that the ledger has and the reading has not. A UPC that several SKUs share is left as it is."""
    with ctx.session() as session:
        known = ledger.live_sku_keys(session, part)
    return sorted(known - {sku.key for sku in reading.book.skus.values()})


def _finish(job: JobView, ctx: Context, reading: Reading, part: Part, ticket: datetime, tally: Tally) -> Outcome:
    now, missing = ctx.clock.now(), reading.book.missing(ctx.site.key)
    with ctx.session() as session:
        _fence(marks.may_write(session, part.site_id, ticket))
        due = ledger.count_due(session, part, None, now.date().isoformat())
        full = asked = bool(job.payload.get("full"))
        if part.styles is None:
            marks.keep_rows(session, part.site_id, reading.rows)
            sync_warehouse_tasks(session, part.site_id, missing, now)
            full = full or marks.full_is_due(session, part.site_id, ctx.site.inventory.full_push_days, now)
        sync_date_tasks(session, part.site_id, now)
        if due or (full and tally.positions):
            payload = {name: value for name, value in (("styles", job.payload.get("styles")), ("full", asked)) if value}
            add_jobs(session, part.site_id, [Ask(JobKind.INVENTORY_PUSH, job.key, payload or None)], now=now, run_id=job.run_id)
    counts, result = _counts(reading, tally), _result(reading, ctx)
    if due or full:
        words = f"{due:,} positions differ" if due else "nothing differs"
        return Synced(
            sent=0,
            note=_note(f"{words} of {tally.positions:,}{'; all are sent again' if full else ''}", missing),
            counts=counts,
            result=result,
        )
    return Unchanged(_note(f"JOOR has all {tally.positions:,} positions as AIMS360 has them", missing), counts=counts, result=result)


def _previewed(ctx: Context, reading: Reading, tally: Tally) -> Outcome:
    counts = _counts(reading, tally) | {"differences": tally.preview.differences}
    result = tally.preview.as_json() | (_result(reading, ctx) or {})
    missing = reading.book.missing(ctx.site.key)
    return Unchanged(_note(f"dry run: {tally.preview.differences:,} positions would be sent", missing), counts=counts, result=result)


def _counts(reading: Reading, tally: Tally) -> dict[str, int]:
    return {
        "positions": tally.positions,
        "changed": tally.changed,
        "vanished": tally.vanished,
        "left_out": reading.book.left_out,
        "problems": sum(reading.book.problems.counts.values()),
        "unmapped_warehouses": len(reading.book.unmapped),
    }


def _result(reading: Reading, ctx: Context) -> dict[str, Any] | None:
    """What a person should know: warehouses to map, rows that were left out."""
    missing = [vars(item) for item in reading.book.missing(ctx.site.key)]
    found = {"missing": missing, "problems": reading.book.problems.as_json()}
    return {name: value for name, value in found.items() if value} or None


def _note(words: str, missing: Iterable[Any]) -> str:
    names = [item.value for item in missing]
    return f"{words}. Not mapped, so not sent: {', '.join(names)}" if names else words


def _fence(held: bool) -> None:
    if not held:
        raise Overtaken


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    source = iter(items)
    while chunk := list(islice(source, size)):
        yield chunk
