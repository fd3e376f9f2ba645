"""The AIMS360 account of a retailer without a customer code, written into his connection on JOOR, so that his later orders name it.

1. whose code is it on JOOR already?   2. find the one connection that can be meant   3. write (ASSUMED, joor-api facts 3.3)
4. read it back   5. remember. Where one of these does not work out, a person types the code in: the task has the clicks.

A try always begins with reading, so one whose answer was lost is seen and not sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from clients.joor.types import Connection
from models.accounts import retailer_of
from models.cursors import Cursor
from models.customers import CustomerCard, CustomerState, JoorConnection
from models.errors import NotPossible, Outcome, Rejected, Synced, Unchanged
from models.jobs import JobKind
from models.ledgers import ManualTask
from models.mappings import Mapping, MappingKind
from models.outbox import release_blocked
from rules.order_references import is_retailer, same_text
from workers.customer_code_asking import TASK, put_code_task
from workers.customer_pairs import joor_code_of
from workers.joor_connections import READ, read_connections, write_connections
from workers.order_pairs import map_command
from workers.order_records import find_task
from workers.sync import Context, FlowSpec, JobView

#: The connections as last read are good enough to find somebody in, but not to say that he is not there.
RECENT = timedelta(minutes=15)
_LONGEST_CODE = 50


@dataclass(frozen=True)
class _Wish:
    """`code` is what JOOR shall know the account by: the account itself, unless a pair says otherwise."""

    key: str
    name: str
    postal_code: str
    account: str
    code: str
    order_id: str

    def is_of(self, connection: Connection) -> bool:
        return is_retailer(connection, self.name, self.postal_code)


# ---- the flow -----------------------------------------------------------------------------------------------------------------------


def write_code(job: JobView, ctx: Context) -> Outcome:
    """`job.key` is the retailer's key (`retailer:NAME/POSTAL CODE`); payload {"account": AIMS360 account, "order_id": JOOR order}."""
    wish = _wish(job, ctx)
    holder = ctx.joor.connection(wish.code)
    if holder is not None and wish.is_of(holder):
        return _there_already(job, ctx, wish, holder)
    if holder is not None:
        return _by_hand(job, ctx, wish, f"the code is {holder.customer_name}'s there already", _taken(ctx, wish, holder))
    if (other := _paired_elsewhere(ctx, wish)) is not None:
        return _by_hand(job, ctx, wish, f"that code is paired with AIMS360 customer {other}", _paired(ctx, wish, other))
    found = _candidates(ctx, wish)
    ours = [connection for connection in found if not connection.customer_code.strip()]
    if len(ours) != 1:
        return _by_hand(job, ctx, wish, *_not_one(ctx, wish, ours, found))
    if len(wish.code) > _LONGEST_CODE:
        return _by_hand(job, ctx, wish, f"a customer code has at most {_LONGEST_CODE} characters")
    if not ctx.joor.can_update_connections:
        return _by_hand(job, ctx, wish, "JOOR has no call for it that is known")
    if job.dry_run:
        return Unchanged(f"dry run: {wish.name} would get customer code {wish.code} on JOOR")
    return _write(job, ctx, wish, ours[0])


def _wish(job: JobView, ctx: Context) -> _Wish:
    try:
        name, postal_code = retailer_of(job.key)
        account = str(job.payload["account"])
    except (ValueError, KeyError) as error:
        raise NotPossible(
            f"It is not known whose customer code to write: {error}",
            fix=["Nothing has to be done: the retailer's next order asks again."],
        ) from None
    with ctx.session() as session:
        code = joor_code_of(session, ctx.site.id, account)
    return _Wish(job.key, name, postal_code, account, code, str(job.payload.get("order_id") or ""))


def _there_already(job: JobView, ctx: Context, wish: _Wish, holder: Connection) -> Outcome:
    if not job.dry_run:
        _remember(ctx, wish, holder)
    return Unchanged(f"{wish.name} has customer code {wish.code} on JOOR already")


def _write(job: JobView, ctx: Context, wish: _Wish, connection: Connection) -> Outcome:
    ctx.beat()
    try:
        ctx.joor.write_customer_code(connection, wish.code)
    except NotPossible as error:
        return _by_hand(job, ctx, wish, error.summary)
    except Rejected as refusal:
        _by_hand(job, ctx, wish, f"JOOR refuses it: {refusal.remote_message or refusal.summary}")
        raise
    ctx.hit("after_http_before_record")
    now_there = ctx.joor.connection(wish.code)
    if now_there is None or now_there.connection_id != connection.connection_id:
        return _by_hand(job, ctx, wish, "JOOR took the code and does not show it")
    _remember(ctx, wish, now_there)
    return Synced(note=f"{wish.name} has customer code {wish.code} on JOOR now")


# ---- which connection ---------------------------------------------------------------------------------------------------------------


def _candidates(ctx: Context, wish: _Wish) -> list[Connection]:
    """Connections of that name and postal code as JOOR shows them now, with a code or without."""
    found = _as_shown(ctx, wish, _recently_read(ctx, wish))
    if any(not connection.customer_code.strip() for connection in found):
        return found
    listed = [connection.connection_id for connection in read_connections(ctx, store=True) if wish.is_of(connection)]
    return _as_shown(ctx, wish, listed)


def _as_shown(ctx: Context, wish: _Wish, ids: Sequence[str]) -> list[Connection]:
    """Each read alone: it is sent back as it is shown, with the code in place."""
    shown = (ctx.joor.connection_by_id(connection_id) for connection_id in ids if connection_id)
    return [connection for connection in shown if connection is not None and wish.is_of(connection)]


def _recently_read(ctx: Context, wish: _Wish) -> list[str]:
    """Ids of those of the same name, while the last whole reading is recent."""
    with ctx.session() as session:
        read = session.get(Cursor, (ctx.site.id, READ))
        if read is None or read.at is None or ctx.clock.now() - read.at > RECENT:
            return []
        rows = session.exec(
            select(JoorConnection.connection_id, JoorConnection.name).where(
                JoorConnection.site_id == ctx.site.id, col(JoorConnection.gone).is_(False)
            )
        )
        return [connection_id for connection_id, name in rows if same_text(name, wish.name)]


def _paired_elsewhere(ctx: Context, wish: _Wish) -> str | None:
    """Another AIMS360 customer that orders with this code would go to."""
    with ctx.session() as session:
        pairs = select(Mapping.aims_code).where(
            Mapping.site_id == ctx.site.id,
            Mapping.kind == MappingKind.CUSTOMER.value,
            Mapping.joor_code == wish.code,
            Mapping.aims_code != wish.account,
            Mapping.aims_code != "",
        )
        return session.exec(pairs).first()


# ---- what a person does ---------------------------------------------------------------------------------------------------------------


def _by_hand(job: JobView, ctx: Context, wish: _Wish, why: str, steps: Sequence[str] = ()) -> Outcome:
    if job.dry_run:
        return Unchanged(f"dry run: a person would type customer code {wish.code} into JOOR for {wish.name}: {why}")
    with ctx.session() as session:
        put_code_task(session, ctx.site.id, wish.key, wish.name, wish.code, wish.order_id, why=why, steps=steps, now=ctx.clock.now())
    return Unchanged(f"A person types customer code {wish.code} into JOOR for {wish.name} (joorsync tasks): {why}")


def _not_one(ctx: Context, wish: _Wish, ours: Sequence[Connection], found: Sequence[Connection]) -> tuple[str, Sequence[str]]:
    if len(ours) > 1:
        return f"JOOR shows {len(ours)} connections of that name and postal code without a code", ()
    if found:
        other = found[0].customer_code.strip()
        pair = map_command("customer", other, ctx.site.key, wish.account)
        return f"it has customer code {other} there", [
            f"If it is AIMS360 customer {wish.account}: {pair}",
            "Otherwise correct the code on JOOR.",
        ]
    return f"JOOR shows no connection of that name and postal code {wish.postal_code or '(the order gives none)'}", ()


def _taken(ctx: Context, wish: _Wish, holder: Connection) -> list[str]:
    return [
        f"On JOOR, look at {holder.customer_name} (customer code {wish.code}) and {wish.name}, which ordered {wish.order_id}.",
        f"If they are one retailer, ask JOOR to merge the two connections: the code is AIMS360 customer {wish.account}.",
        f"If not, give one of them another code, and: {map_command('customer', 'THAT CODE', ctx.site.key, wish.account)}",
    ]


def _paired(ctx: Context, wish: _Wish, other: str) -> list[str]:
    return [
        f"On JOOR, give {wish.name} (it ordered {wish.order_id}) a customer code that nobody has.",
        f"Then: {map_command('customer', 'THAT CODE', ctx.site.key, wish.account)} ({wish.code} means AIMS360 customer {other}).",
    ]


# ---- remembering ----------------------------------------------------------------------------------------------------------------------


def _remember(ctx: Context, wish: _Wish, connection: Connection) -> None:
    """The pair under the new code beside the retailer's key, the connection as it is now, and a card: the next scan updates it."""
    now = ctx.clock.now()
    with ctx.session() as session:
        _pair(session, ctx.site.id, wish, now)
        write_connections(session, ctx.site.id, [connection], now)
        card = session.get(CustomerCard, (ctx.site.id, wish.code))
        if card is None:
            card = CustomerCard(
                site_id=ctx.site.id, code=wish.code, account=wish.account, state=CustomerState.ACTIVE, is_new=False, active_at=now
            )
        card.connection_id = connection.connection_id
        session.add(card)
        task = find_task(session, ctx.site.id, TASK, wish.key[:250])
        if task is not None and task.done_at is None:
            _close(session, task, now)
        for value in dict.fromkeys((wish.code, wish.account)):
            release_blocked(session, ctx.site.id, MappingKind.CUSTOMER.value, value, now=now)


def _pair(session: Session, site_id: int, wish: _Wish, now: datetime) -> None:
    same: dict[str, Any] = {"site_id": site_id, "kind": MappingKind.CUSTOMER.value, "joor_code": wish.code, "aims_code": wish.account}
    if session.exec(select(Mapping.id).filter_by(**same)).first() is None:
        name = wish.name[:200]
        session.add(Mapping(**same, joor_name=name, created_by=JobKind.CUSTOMERS_CODE.value, created_at=now, updated_at=now))


def _close(session: Session, task: ManualTask, now: datetime) -> None:
    task.done_at, task.done_by = now, "joorsync (JOOR shows the code)"
    session.add(task)


CODE = FlowSpec(kind=JobKind.CUSTOMERS_CODE, run=write_code, lease_seconds=180, endpoints=("joor.customers",))
