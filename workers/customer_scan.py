"""Read AIMS360's customers, remember them, and ask for an export of each that differs from what its last complete export saw.

1. read, no transaction open      2. refuse a reading that cannot be right      3. store, one transaction per chunk
4. ask for exports, chunk by chunk; the last transaction also moves the cursors

Step 4 compares all stored customers, not only those just read: a changed setting or pair counts, and nothing that a crash or a failure left
behind is forgotten. A customer whose export failed is asked for again once it differs from what failed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlmodel import Session, select

from models.cursors import Cursor
from models.customers import CustomerSource
from models.errors import Outcome, Synced, Unchanged
from models.jobs import JobKind
from models.outbox import Ask, add_jobs
from rules.customers import CustomerFrame
from workers.customer_asking import Compared, differing
from workers.customer_frame import load_frame
from workers.customer_reading import FULL, MODIFIED, STORES_ONE_BY_ONE, Reading, read, read_stores, refuse_suspicious
from workers.customer_sources import ROWS, after, make_source, same, stored
from workers.sync import Context, JobView

CUSTOMERS_PER_CHUNK = 500
#: Differing customers of a dry run that are looked into one by one.
SAMPLES = 5
_SHOWN = 50


@dataclass
class Tally:
    """What a scan has found. `unread`: customers that changed and whose stores could not be read with them."""

    changed: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    new_here: int = 0
    asked: int = 0
    held: int = 0
    compared: int = 0
    new: list[str] = field(default_factory=list)  # JOOR does not know them
    closed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def add(self, found: Compared) -> None:
        self.asked, self.held, self.compared = self.asked + len(found.asks), self.held + found.held, self.compared + found.compared
        self.new += found.new
        self.closed += found.closed


def scan(job: JobView, ctx: Context) -> Outcome:
    """Payload: full: read everything; read_only: ask for nothing, because existing customers are to be paired first; allow_empty: accept a
    suspiciously small reading."""
    payload = job.payload
    reading = read(ctx, full=bool(payload.get("full")))
    ctx.hit("after_http_before_record")
    if not payload.get("allow_empty"):
        with ctx.session() as session:
            cursor = session.get(Cursor, (ctx.site.id, FULL))
            has_customers = bool(after(session, ctx.site.id, "", 1))
        refuse_suspicious(ctx, reading, int((cursor.position or {}).get("rows", 0)) if cursor else 0, has_customers=has_customers)
    if job.dry_run:
        return _preview(job, ctx, reading)
    tally = Tally()
    for accounts in _chunks(sorted(reading.texts), CUSTOMERS_PER_CHUNK):
        _store(ctx, reading, accounts, tally)
        ctx.hit("mid_batch")
        ctx.beat()
    _restore(ctx, reading, tally)
    _ask(job, ctx, reading, tally)
    return _outcome(reading, tally, read_only=bool(payload.get("read_only")))


def _store(ctx: Context, reading: Reading, accounts: Sequence[str], tally: Tally) -> None:
    """Write what differs; what does not is only marked as read."""
    with ctx.session() as session:
        known = stored(session, ctx.site.id, accounts)
    found = {account: reading.source(ctx.site.id, account, known.get(account)) for account in accounts}
    found |= _with_stores(ctx, reading, found, known, tally)
    with ctx.session() as session:
        changed = [row for account, row in found.items() if account not in known or not same(row, known[account])]
        ROWS.write(session, changed)
        ROWS.touch(session, ctx.site.id, found.keys() - {row.account for row in changed}, reading.started)
    tally.changed |= {row.account for row in changed}
    tally.new_here += sum(row.account not in known for row in changed)


def _with_stores(
    ctx: Context, reading: Reading, found: dict[str, CustomerSource], known: dict[str, CustomerSource], tally: Tally
) -> dict[str, CustomerSource]:
    """Where AIMS360 has no list of all stores: those of customers that changed, as long as they are few; an export reads the others'."""
    if reading.all_stores:
        return {}
    changed = [account for account, row in found.items() if account not in known or row.digest != known[account].digest]
    few = changed[: max(0, STORES_ONE_BY_ONE - len(reading.stores))]
    tally.unread |= set(changed) - set(few)
    read_stores(ctx, reading, [found[account].aims_id for account in few])
    return {account: reading.source(ctx.site.id, account, known.get(account)) for account in few}


def _restore(ctx: Context, reading: Reading, tally: Tally) -> None:
    """A reading of what changed says nothing of stores: the list of all is compared with what is stored of the other customers."""
    if reading.whole or not reading.all_stores:
        return
    account = ""
    while True:
        with ctx.session() as session:
            rows = after(session, ctx.site.id, account, CUSTOMERS_PER_CHUNK)
            others = [row for row in rows if row.account not in reading.texts and not row.gone]
            found = [make_source(ctx.site.id, row.row, reading.stores_of(row.aims_id) or [], reading.started) for row in others]
            changed = [new for new, old in zip(found, others, strict=True) if new.digest != old.digest]
            ROWS.write(session, changed)
        tally.changed |= {row.account for row in changed}
        if len(rows) < CUSTOMERS_PER_CHUNK:
            return
        account = rows[-1].account
        ctx.beat()


def _ask(job: JobView, ctx: Context, reading: Reading, tally: Tally) -> None:
    silent = bool(job.payload.get("read_only"))
    frame = None if silent else load_frame(ctx, again=True)
    account, last = "", False
    while not last:
        now = ctx.clock.now()
        with ctx.session() as session:
            if not account and reading.whole:
                tally.gone = ROWS.mark_gone(session, ctx.site.id, reading.started)
            rows = after(session, ctx.site.id, account, CUSTOMERS_PER_CHUNK) if frame else []
            last = len(rows) < CUSTOMERS_PER_CHUNK
            found = differing(session, ctx, frame, rows, tally.unread) if frame else Compared()
            tally.add(found)
            if last:
                _move_cursors(session, ctx, reading)
            add_jobs(session, ctx.site.id, found.asks, now=now, run_id=job.run_id)
        ctx.hit("mid_batch")
        ctx.beat()
        account = rows[-1].account if rows else account


def _move_cursors(session: Session, ctx: Context, reading: Reading) -> None:
    session.merge(Cursor(site_id=ctx.site.id, name=MODIFIED, at=reading.started))
    if reading.whole:
        session.merge(Cursor(site_id=ctx.site.id, name=FULL, at=reading.started, position={"rows": reading.rows}))


def _preview(job: JobView, ctx: Context, reading: Reading) -> Outcome:
    """Counts and the first differences; nothing is stored. The first few get a dry run of their own, which shows their drafts."""
    frame, tally, first = load_frame(ctx), Tally(), list[str]()
    with ctx.session() as session:
        every = set(session.exec(select(CustomerSource.account).where(CustomerSource.site_id == ctx.site.id)))
    for accounts in _chunks(sorted(every | reading.texts.keys()), CUSTOMERS_PER_CHUNK):
        found = _compare(ctx, frame, reading, accounts)
        tally.add(found)
        first += [ask.key for ask in found.asks[: _SHOWN - len(first)]]
        ctx.beat()
    with ctx.session() as session:
        samples = [Ask(JobKind.CUSTOMERS_EXPORT, account) for account in first[:SAMPLES]]
        add_jobs(session, ctx.site.id, samples, now=ctx.clock.now(), run_id=job.run_id, dry_run=True)
    gone = sorted(every - reading.texts.keys()) if reading.whole else []
    words_of = dict.fromkeys(tally.closed, "closed") | dict.fromkeys(tally.new, "new on JOOR")
    why = [{"account": account, "why": words_of.get(account, "differs")} for account in first]
    result: dict[str, Any] = {
        "differences": tally.asked,
        "new": len(tally.new),
        "closed": len(tally.closed),
        "first": why,
        "gone": gone[:_SHOWN],
    }
    words = f"dry run: {tally.asked:,} of {tally.compared:,} customers would be looked at, {len(tally.new):,} of them new on JOOR"
    return Unchanged(words, _counts(reading, tally), result | _problems(reading))


def _compare(ctx: Context, frame: CustomerFrame, reading: Reading, accounts: Sequence[str]) -> Compared:
    with ctx.session() as session:
        known = stored(session, ctx.site.id, accounts)
    rows = []
    for account in accounts:
        row = reading.source(ctx.site.id, account, known.get(account)) if account in reading.texts else known[account]
        old = known.get(account)
        row.exported_digest = old.exported_digest if old else None
        row.gone = account not in reading.texts and reading.whole
        rows.append(row)
    with ctx.session() as session:
        return differing(session, ctx, frame, rows)


def _outcome(reading: Reading, tally: Tally, *, read_only: bool) -> Outcome:
    if read_only:
        words = [f"{reading.rows:,} customers read, {len(tally.changed):,} of them new or changed; nothing was asked for"]
    elif tally.asked:
        words = [f"{tally.asked:,} of {tally.compared:,} customers differ"]
    else:
        words = [f"nothing differs in {tally.compared:,} customers"]
    words += [f"{len(tally.new):,} are new on JOOR"] if tally.new else []
    words += [f"{len(tally.gone):,} are gone from AIMS360: {', '.join(tally.gone[:5])}"] if tally.gone else []
    words += [f"{tally.held:,} are asked for already, or failed, unchanged since"] if tally.held else []
    note, counts, problems = ". ".join(words + reading.words), _counts(reading, tally), _problems(reading)
    if tally.asked or tally.gone:
        return Synced(sent=0, note=note, counts=counts, result=problems or None)
    return Unchanged(note, counts=counts, result=problems or None)


def _counts(reading: Reading, tally: Tally) -> dict[str, int]:
    return {
        "customers": reading.rows,
        "changed": len(tally.changed),
        "new": len(tally.new),
        "asked": tally.asked,
        "held": tally.held,
        "gone": len(tally.gone),
        "left_out": sum(reading.left_out.values()),
    }


def _problems(reading: Reading) -> dict[str, Any]:
    return {"problems": dict(reading.left_out)} if reading.left_out else {}


def _chunks(items: Iterable[str], size: int) -> Iterator[list[str]]:
    source = iter(items)
    while chunk := list(islice(source, size)):
        yield chunk
