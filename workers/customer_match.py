"""Pair JOOR's connections with AIMS360's customers. Equal codes are stored; what is only alike waits for a person. Nothing is sent to JOOR.

Read every connection -> match those without a pair with the customers last read -> store in short transactions.
"""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy
from sqlalchemy import text
from sqlmodel import Session, col, or_, select

from models.customers import CustomerSource
from models.errors import NotPossible, Outcome, Synced, Unchanged, Waiting
from models.jobs import PENDING_SQL, Job, JobKind, JobState
from models.mappings import Mapping, MappingKind
from rules.customer_matching import Account, CustomerMatcher, Matched, Retailer, traits_of
from workers.auto_pairs import Doubt, Kept, Sure, keep
from workers.customer_pairs import NO_CUSTOMER_CODE
from workers.joor_connections import read_connections, retailer_of
from workers.sync import Context, FlowSpec, JobView

_LONGEST = 200  # of a key
_LOOK_AGAIN = timedelta(seconds=15)


@dataclass(frozen=True)
class _Read:
    """`retailers`: those without a pair. `unusable`: neither a code nor a name that a pair could be stored under."""

    retailers: list[Retailer]
    count: int
    settled: int
    unusable: int


def match(job: JobView, ctx: Context) -> Outcome:
    """Repeatable: what is paired or left out on purpose is passed over. With `fresh` a reading of AIMS360 that was asked for comes first.
    Raises NotPossible as long as AIMS360's customers were not read."""
    with ctx.session() as session:
        if job.payload.get("fresh") and not job.dry_run and _is_being_read(session, ctx.site.id):
            return Waiting(ctx.clock.now() + _LOOK_AGAIN, "AIMS360's customers are read first")
        accounts = _accounts(session, ctx.site.id)
        query = select(Mapping.joor_code, Mapping.aims_code).where(Mapping.site_id == ctx.site.id)
        pairs = {joor: aims for joor, aims in session.exec(query.where(Mapping.kind == MappingKind.CUSTOMER.value)) if joor}
    if not accounts:
        raise NotPossible(
            f"AIMS360's customers were not read yet for site {ctx.site.key}",
            fix=[f"Read and pair them, without sending anything: joorsync map auto customers --wait --site {ctx.site.key}"],
        )
    read = _read(ctx, set(pairs), store=not job.dry_run)
    taken = {aims: joor for joor, aims in pairs.items() if aims and not joor.startswith(NO_CUSTOMER_CODE)}
    found = CustomerMatcher(accounts, taken).match(read.retailers)
    ctx.beat()
    if job.dry_run:
        return _preview(found, read)
    sure, doubts = _sure(found), _doubts(found)
    return _outcome(ctx, found, read, keep(ctx, MappingKind.CUSTOMER, sure, doubts))


def _is_being_read(session: Session, site_id: int) -> bool:
    scans = select(Job.id).where(Job.site_id == site_id, Job.kind == JobKind.CUSTOMERS_SCAN.value, col(Job.dry_run).is_(False))
    return session.exec(scans.where(or_(text(PENDING_SQL), col(Job.state) == JobState.RUNNING.value)).limit(1)).first() is not None


def _accounts(session: Session, site_id: int) -> list[Account]:
    names = ("account", "name", "status", "email", "phone", "postal_code", "stores")
    columns = sqlalchemy.select(*(getattr(CustomerSource, name) for name in names))
    query = columns.where(col(CustomerSource.site_id) == site_id, col(CustomerSource.gone).is_(False))
    found = []
    for account, name, status, email, phone, postal_code, stores in session.execute(query.order_by(col(CustomerSource.account))):
        postal_codes = [postal_code, *(str(store.get("zip_code") or "") for store in stores)]
        found.append(Account(account, name, status, traits_of(name, [email], [phone], postal_codes)))
    return found


def _read(ctx: Context, paired: set[str], *, store: bool) -> _Read:
    retailers, count, settled, unusable = [], 0, 0, 0
    for connection in read_connections(ctx, store=store):
        count += 1
        retailer = retailer_of(connection)
        if retailer.key in paired:
            settled += 1
        elif not (retailer.code or retailer.name) or len(retailer.key) > _LONGEST:
            unusable += 1
        else:
            retailers.append(retailer)
    return _Read(retailers, count, settled, unusable)


def _sure(found: Matched) -> list[Sure]:
    return [Sure(pair.retailer.key, pair.account, pair.retailer.name, "customer code") for pair in found.paired]


def _doubts(found: Matched) -> list[Doubt]:
    return [Doubt(item.retailer.key, item.account, item.score, item.why, item.retailer.name, item.name) for item in found.proposed]


def _outcome(ctx: Context, found: Matched, read: _Read, kept: Kept) -> Outcome:
    counts = {
        "read": read.count,
        "paired": kept.paired,
        "to_decide": kept.waiting,
        "released": kept.released,
        "unusable": read.unusable,
    }
    words = "every connection has its customer"
    if kept.waiting:
        alike = len({item.retailer.key for item in found.proposed if item.account})
        words = f"{kept.waiting} wait for a person ({alike} with a proposal): joorsync map proposals customers --site {ctx.site.key}"
    if read.unusable:
        words += f"; {read.unusable} have neither a code nor a name and are passed over"
    if not read.count:
        return Unchanged("JOOR shows no connection", counts=counts)
    if not kept.paired:
        return Unchanged(f"no JOOR connection was paired; {words}", counts=counts)
    return Synced(0, f"{kept.paired} JOOR connection(s) paired by customer code; {words}", counts=counts)


def _preview(found: Matched, read: _Read) -> Outcome:
    pairs = [{"joor": pair.joor, "name": pair.name, "aims360": pair.aims, "by": pair.by} for pair in _sure(found)]
    doubts = [
        {"joor": item.joor, "name": item.name, "aims360": item.aims or None, "score": item.score, "why": item.why}
        for item in _doubts(found)
    ]
    waiting = len({item.retailer.key for item in found.proposed})
    words = f"dry run: of {read.count} JOOR connections {read.settled} are paired, {len(pairs)} would be, {waiting} would wait for a person"
    return Unchanged(words, counts={"read": read.count}, result={"pairs": pairs, "proposals": doubts})


MATCH = FlowSpec(kind=JobKind.CUSTOMERS_MATCH, run=match, lease_seconds=300, endpoints=("joor.customers",), writes=False)
