"""Reading AIMS360's customers and their stores: what changed since the cursor, or all; or one customer.

No transaction is open while AIMS360 is asked. Delta reads rest on an ASSUMED field (AIMS360 facts 4.3) and say nothing of stores, so the
whole list of stores (ASSUMED, A-04) is read each time; where AIMS360 has none, the stores of customers that changed.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from clients.aims360.types import Customer
from models.cursors import Cursor
from models.customers import CustomerSource
from models.errors import NotPossible
from workers.customer_sources import LONGEST_ACCOUNT, customer_json, make_source, store_json
from workers.sync import Context

MODIFIED, FULL = "customers.modified", "customers.full"
#: Up to so many customers' stores are read one by one where there is no list of all; an export reads those of others itself.
STORES_ONE_BY_ONE = 200
_BEAT_ROWS = 1000
#: Under this share of the rows of the whole reading before, a reading counts as partial. Fewer rows than `_FEW` say nothing.
_LEAST, _FEW = 0.5, 20


@dataclass
class Reading:
    """What AIMS360 said. Rows are kept as JSON text: many customers take a tenth of the memory. `stores` by customer id in lower case;
    `all_stores`: an id that is not there has none."""

    started: datetime
    whole: bool = True
    rows: int = 0
    texts: dict[str, str] = field(default_factory=dict)  # by account
    stores: dict[str, list[str]] = field(default_factory=dict)
    all_stores: bool = False
    left_out: Counter[str] = field(default_factory=Counter)
    words: list[str] = field(default_factory=list)  # what a person should know

    def stores_of(self, customer_id: str) -> list[dict[str, Any]] | None:
        """None: they were not read."""
        found = self.stores.get(customer_id.lower())
        if found is None:
            return [] if self.all_stores else None
        return [json.loads(text) for text in found]

    def source(self, site_id: int, account: str, old: CustomerSource | None) -> CustomerSource:
        """As read; stores that were not read stay as they were."""
        row = json.loads(self.texts[account])
        stores = self.stores_of(row["id"])
        return make_source(site_id, row, stores if stores is not None else (old.stores if old else []), self.started)


def read(ctx: Context, *, full: bool) -> Reading:
    """What changed, or everything. Raises what the client raises; nothing has been stored then."""
    reading = Reading(ctx.clock.now())
    since = _since(ctx, full, reading.started)
    if since is None or not _changed(ctx, since, reading):
        _take(ctx, reading, ctx.aims.customers())
    _read_stores(ctx, reading)
    return reading


def read_customer(ctx: Context, account: str) -> CustomerSource | None:
    """One customer with its stores as they are now; None when AIMS360 does not have it."""
    started = ctx.clock.now()
    customer = ctx.aims.customer(account)
    if customer is None:
        return None
    stores = [store_json(store) for store in ctx.aims.stores(customer.id)]
    return make_source(ctx.site.id, customer_json(customer) | {"account": account}, stores, started)


def read_stores(ctx: Context, reading: Reading, customer_ids: Iterable[str]) -> None:
    """Those of single customers."""
    for customer_id in customer_ids:
        ctx.beat()
        reading.stores[customer_id.lower()] = [_text(store_json(store)) for store in ctx.aims.stores(customer_id)]


def refuse_suspicious(ctx: Context, reading: Reading, rows_before: int, *, has_customers: bool) -> None:
    """Raise NotPossible rather than call half the customers gone because of an empty or partial answer."""
    partial = rows_before >= _FEW and reading.rows < rows_before * _LEAST
    if not reading.whole or (not partial and not (has_customers and reading.rows == 0)):
        return
    raise NotPossible(
        f"AIMS360 gave {reading.rows:,} customers; the whole reading before had {rows_before:,}. Nothing was changed, so that no customer "
        "counts as gone by mistake",
        fix=[
            "Look at the customers in AIMS360: are they complete, and may the site's API user see all of them?",
            "The next scheduled scan tries again by itself",
            f"If the reading is right: joorsync customers read --allow-empty --site {ctx.site.key}",
        ],
    )


def _since(ctx: Context, full: bool, now: datetime) -> datetime | None:
    """From when on changes are asked for; None: read everything."""
    settings = ctx.site.customers
    with ctx.session() as session:
        modified, whole = (session.get(Cursor, (ctx.site.id, name)) for name in (MODIFIED, FULL))
    if full or not (modified and modified.at and whole and whole.at):
        return None
    if whole.at + timedelta(hours=settings.full_scan_hours) <= now:
        return None
    return modified.at - timedelta(minutes=settings.overlap_minutes)


def _changed(ctx: Context, since: datetime, reading: Reading) -> bool:
    """False when AIMS360 does not understand the question."""
    try:
        _take(ctx, reading, ctx.aims.customers(since=since.replace(microsecond=0)))
    except NotPossible as error:
        ctx.log.info("AIMS360 cannot say what changed; reading everything", reason=error.summary)
        reading.words.append("AIMS360 could not say what changed, so everything was read")
        reading.rows, reading.texts = 0, {}
        reading.left_out.clear()
        return False
    reading.whole = False
    return True


def _take(ctx: Context, reading: Reading, rows: Iterable[Customer]) -> None:
    """Each account once: paging may repeat a row (AIMS360 facts 4.2), and the later one is the newer one."""
    for row in rows:
        if reading.rows % _BEAT_ROWS == 0:
            ctx.beat()
        kept = customer_json(row)
        account = str(kept["account"])
        if not 0 < len(account) <= LONGEST_ACCOUNT:
            reading.left_out["account_too_long" if account else "no_account"] += 1
            continue
        reading.rows += account not in reading.texts
        reading.texts[account] = _text(kept)


def _read_stores(ctx: Context, reading: Reading) -> None:
    try:
        for number, store in enumerate(ctx.aims.all_stores()):
            if number % _BEAT_ROWS == 0:
                ctx.beat()
            found = reading.stores.setdefault(store.customer_id.lower(), [])
            text = _text(store_json(store))
            if text not in found:
                found.append(text)
    except NotPossible as error:
        ctx.log.info("AIMS360 has no list of all stores", reason=error.summary)
        reading.stores = {}
        return
    reading.all_stores = bool(reading.stores)  # an empty list says nothing


def _text(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False)
