"""Which customers are asked for: those that JOOR knows, or may be told of, and whose last complete export saw something else."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from models.customers import CustomerCard, CustomerSource, JoorConnection
from models.jobs import PENDING, Job, JobKind, JobState
from models.outbox import Ask
from rules.customer_codes import CustomerCode
from rules.customers import CustomerFrame, expected, is_open, meets
from workers.customer_sources import customer_from, stores_from
from workers.sync import Context

_SEEN = 16  # characters of an expectation that a job remembers
_EARLIER = (*PENDING, JobState.FAILED)


@dataclass
class Compared:
    """What a look at stored customers found. `held`: asked for already, or failed, and as they were then."""

    asks: list[Ask] = field(default_factory=list)
    compared: int = 0
    held: int = 0
    new: list[str] = field(default_factory=list)  # accounts that JOOR does not know
    closed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Before:
    """An export that has not ended, or failed: its state and what it was to see."""

    state: str
    seen: str


def differing(
    session: Session, ctx: Context, frame: CustomerFrame, rows: Sequence[CustomerSource], unread: Collection[str] = ()
) -> Compared:
    """`unread`: customers whose stores are not known any more; their export reads AIMS360 first."""
    found = Compared()
    codes = {row.account: frame.customers.of(row.account) for row in rows}
    known = known_codes(session, ctx.site.id, {code.code for code in codes.values()})
    before = _before(session, ctx.site.id, [row.account for row in rows])
    for row in rows:
        code = codes[row.account]
        there = code.paired or bool(code.several) or code.code in known
        if not _meant(ctx, row, code, there):
            continue
        found.compared += 1
        digest = expected(customer_from(row.row), stores_from(row.stores), frame, row.digest, gone=row.gone)
        if digest == row.exported_digest and row.account not in unread:
            continue
        earlier = before.get(row.account)
        if earlier is not None and earlier.seen == digest[:_SEEN]:
            found.held += 1
            continue
        if not there:
            found.new.append(row.account)
        if row.gone or not is_open(customer_from(row.row)):
            found.closed.append(row.account)
        payload = {"seen": digest[:_SEEN]} | ({"fresh": True} if row.account in unread else {})
        found.asks.append(Ask(JobKind.CUSTOMERS_EXPORT, row.account, payload, revive=_waits_for_a_person(earlier)))
    return found


def known_codes(session: Session, site_id: int, codes: Collection[str]) -> set[str]:
    """Those that JOOR was told of, or was seen to use."""
    cards = select(CustomerCard.code).where(CustomerCard.site_id == site_id, col(CustomerCard.code).in_(codes))
    seen = select(JoorConnection.customer_code).where(
        JoorConnection.site_id == site_id, ~col(JoorConnection.gone), col(JoorConnection.customer_code).in_(codes)
    )
    return {*session.exec(cards), *session.exec(seen)}


def _meant(ctx: Context, row: CustomerSource, code: CustomerCode, there: bool) -> bool:
    if code.left_out or code.problem:
        return False
    if there:
        return True
    customer = customer_from(row.row)
    wanted = ctx.site.customers.new == "all" and not code.retailer
    return wanted and not row.gone and is_open(customer) and meets(customer, ctx.site.customers)


def _before(session: Session, site_id: int, accounts: Sequence[str]) -> dict[str, _Before]:
    query = select(Job).where(
        Job.site_id == site_id,
        Job.kind == JobKind.CUSTOMERS_EXPORT.value,
        col(Job.state).in_([state.value for state in _EARLIER]),
        col(Job.dismissed_at).is_(None),
        col(Job.dry_run).is_(False),
        col(Job.key).in_(accounts),
    )
    return {job.key: _Before(job.state, str((job.payload or {}).get("seen", ""))) for job in session.exec(query.order_by(col(Job.id)))}


def _waits_for_a_person(before: _Before | None) -> bool:
    """What a blocked export waited for may be answered by what changed. One that waits for JOOR goes on waiting."""
    return before is not None and before.state == JobState.BLOCKED
