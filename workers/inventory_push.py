"""Tell JOOR the positions that differ, in full batches: absolute quantities, so that telling one twice does no harm.

Per batch: pick and mark (commit) -> one bulk call, no transaction open -> record (commit). A row that was marked and never recorded is in
doubt and is sent again. Everything that matters is in the ledger, so a run may stop between any two batches and the next one goes on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from clients.joor.types import InventoryItem
from models.errors import Outcome, Rejected, Synced, Unchanged, Waiting
from models.ledgers import IMMEDIATE
from workers import inventory_ledger as ledger
from workers import inventory_marks as marks
from workers.inventory_ledger import Key, Part
from workers.inventory_preview import Preview
from workers.inventory_reading import styles_of, warehouse_map
from workers.sync import Context, JobView

#: RabbitMQ takes an unanswered delivery back after 30 minutes; a run hands its work on well before.
LONGEST_RUN = timedelta(minutes=10)
#: A batch that JOOR refuses as a whole is halved to find the position it means; so many times in a run.
MOST_HALVINGS = 24
_REFUSALS_SHOWN = 50


@dataclass
class Progress:
    sent: int = 0
    refused: int = 0
    batches: int = 0
    halvings: int = 0
    words: list[dict[str, Any]] = field(default_factory=list)  # the first refusals


def push(job: JobView, ctx: Context) -> Outcome:
    part, since, total = _begin(job, ctx)
    if job.dry_run:
        return _preview(ctx, part, since, total)
    progress, started = Progress(), ctx.clock.now()
    after: Key | None = None
    while rows := _take(ctx, part, since, after):
        after = ledger.key_of(rows[-1])
        for batch, failed in _offer(ctx, rows, progress):
            _record(ctx, batch, failed, progress)
            ctx.hit("mid_batch")
        if ctx.clock.now() - started >= LONGEST_RUN:
            return Waiting(ctx.clock.now(), f"{progress.sent:,} positions sent so far; going on")
    if since is not None:
        with ctx.session() as session:
            marks.end_full(session, job.site_id, _full_name(job, part), job.id, ctx.clock.now())
    return _outcome(ctx, part, progress, total)


def _begin(job: JobView, ctx: Context) -> tuple[Part, datetime | None, int]:
    """The part of the ledger, since when everything counts as unsent (a full push), and how many positions there are."""
    now = ctx.clock.now()
    with ctx.session() as session:
        part = Part(job.site_id, warehouse_map(session, job.site_id).joor_names, styles_of(job))
        asked = bool(job.payload.get("full"))
        due = part.styles is None and marks.full_is_due(session, job.site_id, ctx.site.inventory.full_push_days, now)
        if job.dry_run:
            return part, now if asked or due else None, ledger.count_all(session, part)
        since = marks.begin_full(session, job.site_id, _full_name(job, part), job.id, now, asked=asked, due=due)
        return part, since, ledger.count_all(session, part)


def _full_name(job: JobView, part: Part) -> str:
    """The mark that carries a full push across runs: one for the site, one per job for named styles."""
    return marks.FULL if part.styles is None else f"{marks.FULL}.{job.id}"


def _take(ctx: Context, part: Part, since: datetime | None, after: Key | None) -> Sequence[Row[Any]]:
    """The next batch in the order of keys, marked as being sent. Each run passes every key once."""
    now = ctx.clock.now()
    ctx.beat()
    with ctx.session() as session:
        rows = ledger.due_rows(session, part, since, now.date().isoformat(), after=after, limit=ctx.site.inventory.batch_size)
        ledger.mark_sending(session, rows, now)
    return rows


def _offer(ctx: Context, rows: Sequence[Row[Any]], progress: Progress) -> Iterator[tuple[Sequence[Row[Any]], dict[int, str]]]:
    """Send the rows; yield what one call took with what it refused. A call refused as a whole is halved until the culprit stands alone."""
    waiting = [rows]
    while waiting:
        batch = waiting.pop(0)
        ctx.beat()
        try:
            failed = ctx.joor.push_inventory([_item(row) for row in batch]).failed
        except Rejected as error:
            if len(batch) > 1 and progress.halvings < MOST_HALVINGS:
                progress.halvings += 1
                middle = len(batch) // 2
                waiting[:0] = [batch[:middle], batch[middle:]]
                continue
            if len(batch) > 1:
                raise
            failed = {0: error.remote_message or error.summary}
        ctx.hit("after_http_before_record")
        progress.batches += 1
        yield batch, failed


def _record(ctx: Context, batch: Sequence[Row[Any]], failed: dict[int, str], progress: Progress) -> None:
    taken = [row for index, row in enumerate(batch) if index not in failed]
    refused = [(row, failed[index]) for index, row in enumerate(batch) if index in failed]
    with ctx.session() as session:
        overtaken = ledger.record_taken(session, taken)
        ledger.record_refused(session, [row for row, _ in refused], [words for _, words in refused])
    if overtaken:
        ctx.log.warning("positions were sent twice at the same time; they are sent again", positions=overtaken)
    progress.sent += len(taken)
    progress.refused += len(refused)
    room = _REFUSALS_SHOWN - len(progress.words)
    progress.words += [_words(row) | {"quantity": row.wanted, "refused": words} for row, words in refused[:room]]


def _item(row: Row[Any]) -> InventoryItem:
    bucket = None if row.bucket == IMMEDIATE else date.fromisoformat(row.bucket)
    if row.upc:
        return InventoryItem(warehouse=row.warehouse, quantity=row.wanted, bucket=bucket, upc=row.upc)
    return InventoryItem(
        warehouse=row.warehouse,
        quantity=row.wanted,
        bucket=bucket,
        style_number=row.style,
        style_identifier=row.identifier,
        color_code=row.color,
        size=row.size,
    )


def _outcome(ctx: Context, part: Part, progress: Progress, total: int) -> Outcome:
    with ctx.session() as session:
        waiting = ledger.warehouses_waiting(session, part)
    counts = {
        "positions": total,
        "sent": progress.sent,
        "unchanged": max(0, total - progress.sent - progress.refused),
        "refused": progress.refused,
        "batches": progress.batches,
    }
    held = "".join(f". {count:,} wait: JOOR warehouse {name!r} is not in the warehouse map" for name, count in sorted(waiting.items()))
    result = {"refused": progress.words} if progress.words else None
    if progress.refused and not progress.sent:
        raise _all_refused(progress)
    if progress.sent:
        words = f"{progress.sent:,} positions sent" + (f", {progress.refused:,} refused by JOOR" if progress.refused else "")
        return Synced(progress.sent, words + held, counts, result)
    return Unchanged(f"JOOR has all {total:,} positions" + held, counts)


def _all_refused(progress: Progress) -> Rejected:
    first = progress.words[0]
    return Rejected(
        f"JOOR refused all {progress.refused:,} positions, first {first['sku']} in warehouse {first['warehouse']} ({first['bucket']})",
        remote_message=first["refused"],
        fix=[
            "Is the style on JOOR, with this UPC, colour and size? Export it first if it is not",
            "Is the warehouse name in the map spelled exactly as in JOOR's settings? joorsync map list warehouse",
            "They are offered again when their quantity changes, or with: joorsync enqueue inventory --all",
        ],
    )


def _words(row: Row[Any]) -> dict[str, Any]:
    return {"warehouse": row.warehouse, "sku": row.sku_key, "style": row.style, "color": row.color, "size": row.size, "bucket": row.bucket}


def _preview(ctx: Context, part: Part, since: datetime | None, total: int) -> Outcome:
    today = ctx.clock.now().date().isoformat()
    preview = Preview()
    with ctx.session() as session:
        count = ledger.count_due(session, part, since, today)
        for row in ledger.due_rows(session, part, since, today, after=None, limit=50):
            preview.show(row.sent, dict(row._mapping))
    counts = {"positions": total, "differences": count, "sent": 0}
    return Unchanged(f"dry run: {count:,} positions would be sent", counts, {"differences": count, "first": preview.first})
