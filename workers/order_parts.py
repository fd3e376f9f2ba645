"""The AIMS360 orders of one JOOR order: planned, sent, looked up, adopted. No POST leaves before its row says so, nor blindly twice.

From the first send on, the plan stands: references, split and bodies stay as they were, whatever settings, pairs or JOOR say later.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from clients.jsontext import storable
from models.errors import AccessDenied, Missing, NeedsMapping, NotPossible, OutcomeUnknown, Rejected, SyncError, Unavailable, WaitUntil
from models.ledgers import ManualTask, OrderImport, OrderPart, OrderState, PartState
from rules.order_duplicates import Lookup, judge
from rules.orders import OrderPlan
from workers.sync import Context, JobView

DONE = (PartState.CREATED, PartState.ADOPTED)
IN_DOUBT = (PartState.SENDING, PartState.UNKNOWN)
#: After so many tries a doubt is a person's to settle.
TRIES_IN_DOUBT = 5
DUPLICATE = "order_duplicate"
_NUMBERS, _LOOK_UP = "$numbers", "$look_up"


# ---- bodies in a JSON column --------------------------------------------------------------------------------------------------------


def stored_body(wire: dict[str, Any], look_up: dict[str, Any]) -> dict[str, Any]:
    """Readable JSON; `$numbers` lists where exact numbers stand as text, `$look_up` is what else the order can be found by."""
    return {**storable(wire), _NUMBERS: _numbers(wire, []), _LOOK_UP: look_up}


def wire_body(stored: dict[str, Any]) -> dict[str, Any]:
    """What `stored_body` was given."""
    body: dict[str, Any] = json.loads(json.dumps({key: value for key, value in stored.items() if not key.startswith("$")}))
    for path in stored.get(_NUMBERS, []):
        place: Any = body
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = Decimal(place[path[-1]])
    return body


def _numbers(value: Any, path: list[Any]) -> list[list[Any]]:
    if isinstance(value, Decimal):
        return [path]
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    return [found for key, member in members for found in _numbers(member, [*path, key])]


# ---- the plan -----------------------------------------------------------------------------------------------------------------------


def parts_of(session: Session, order_import_id: int) -> list[OrderPart]:
    return list(session.exec(select(OrderPart).where(OrderPart.order_import_id == order_import_id).order_by(col(OrderPart.id))).all())


def write_plan(session: Session, ctx: Context, kept: OrderImport, plan: OrderPlan, account: str) -> list[OrderPart]:
    """PLANNED rows for the plan; earlier ones that were never sent give way. Only for an order nothing of which was ever sent."""
    known = {part.reference: part for part in parts_of(session, kept.id or 0)}
    names = [part.draft.reference for part in plan.parts]
    session.execute(delete(OrderPart).where(col(OrderPart.order_import_id) == kept.id, col(OrderPart.reference).not_in(names)))
    rows = []
    for planned in plan.parts:
        draft = planned.draft
        wire = ctx.aims.order_body(draft)
        look_up = {
            "account": account,
            "purchase_order": draft.purchase_order,
            "entered": draft.entered.isoformat() if draft.entered else None,
        }
        body = stored_body(wire, look_up)
        row = known.get(draft.reference) or OrderPart(
            order_import_id=kept.id or 0, site_id=kept.site_id, reference=draft.reference, body=body, body_digest=""
        )
        row.state, row.division, row.body, row.total = PartState.PLANNED, planned.division, body, planned.total
        row.body_digest = hashlib.sha256(json.dumps(storable(wire), sort_keys=True).encode()).hexdigest()
        session.add(row)
        rows.append(row)
    session.flush()
    return rows


# ---- looking up ---------------------------------------------------------------------------------------------------------------------


def settle_doubts(job: JobView, ctx: Context, kept: OrderImport, parts: Sequence[OrderPart]) -> set[int]:
    """Look up every part that an earlier life left SENDING or UNKNOWN. Found: adopted. Cleanly none: may be sent again, its id is
    returned. Anything less than clean raises OutcomeUnknown, and after some tries NotPossible with the steps for a person."""
    cleared = set()
    for part in parts:
        if part.state not in IN_DOUBT:
            continue
        try:
            answer = look_up(ctx, part, was_sent=True)
        except (WaitUntil, AccessDenied):
            raise
        except SyncError as error:
            raise _still_in_doubt(job, ctx, kept, part, (), error) from error
        if answer.candidates:
            raise _still_in_doubt(job, ctx, kept, part, answer.candidates, None)
        if answer.found is not None:
            _settle(ctx, part, PartState.ADOPTED, answer.found)
        else:
            cleared.add(part.id or 0)
    return cleared


def look_up(ctx: Context, part: OrderPart, *, was_sent: bool) -> Lookup:
    known = part.body.get(_LOOK_UP, {})
    entered = date.fromisoformat(known["entered"]) if known.get("entered") else None
    rows = ctx.aims.find_orders(
        part.reference,
        customer_account=known.get("account") or None,
        purchase_order=known.get("purchase_order") or None,
        entered=entered,
    )
    numbers = [row.order for row in rows]
    with ctx.session() as session:
        others = select(OrderPart.aims_order).where(
            OrderPart.site_id == ctx.site.id, col(OrderPart.aims_order).in_(numbers), OrderPart.id != part.id
        )
        spoken_for = {number for number in session.exec(others).all() if number}
        ruled_out = select(ManualTask.key).where(
            ManualTask.site_id == ctx.site.id, ManualTask.kind == DUPLICATE, col(ManualTask.done_at).is_not(None)
        )
        not_ours = {key.removeprefix(f"{part.reference}|") for key in session.exec(ruled_out).all() if key.startswith(f"{part.reference}|")}
    return judge(rows, part.reference, known.get("purchase_order") or "", was_sent=was_sent, spoken_for=spoken_for, not_ours=not_ours)


def _still_in_doubt(
    job: JobView, ctx: Context, kept: OrderImport, part: OrderPart, candidates: Sequence[str], error: SyncError | None
) -> SyncError:
    _mark_unknown(ctx, kept, part)
    about = f"whether AIMS360 has order {part.reference} (JOOR order {kept.joor_order_id}) is not known"
    if candidates:
        about += f": it may be AIMS360 order {' or '.join(candidates)}, whose reference AIMS360 does not show"
    elif error is not None:
        about += f", and it cannot be looked up now: {error.summary}"
    if job.attempts + 1 < TRIES_IN_DOUBT:
        return OutcomeUnknown(about, remote_message=error.remote_message if error else None)
    return NotPossible(f"After {job.attempts + 1} tries: {about}", fix=doubt_steps(ctx, kept, part, candidates))


def doubt_steps(ctx: Context, kept: OrderImport, part: OrderPart, candidates: Sequence[str]) -> list[str]:
    command, tail = f"{kept.joor_order_id} --part {part.reference}", f"--site {ctx.site.key}"
    number = candidates[0] if candidates else "NUMBER"
    return [
        f"Look in AIMS360 for an order with third-party order id {part.reference}, or of that customer, purchase order and day.",
        f"If one of them is this order: joorsync orders adopt {command} --aims {number} {tail}",
        *(f"If {found} is another order: joorsync orders not-ours {command} --aims {found} {tail}" for found in candidates),
        *(
            []
            if candidates
            else [f"If there is none: joorsync orders fetch-again {kept.joor_order_id} {tail} (it looks again before sending)"]
        ),
    ]


# ---- sending ------------------------------------------------------------------------------------------------------------------------


def send(ctx: Context, kept: OrderImport, part: OrderPart, *, looked_up: bool) -> bool:
    """True: created now. False: found in AIMS360 and adopted. `looked_up`: its doubt was cleared a moment ago."""
    if not looked_up:
        answer = look_up(ctx, part, was_sent=part.sends > 0)
        if answer.found is not None:
            _settle(ctx, part, PartState.ADOPTED, answer.found)
            return False
        if answer.candidates:
            raise _maybe_there(ctx, kept, part, answer.candidates)
    ctx.beat()
    before = _claim(ctx, kept, part)
    try:
        number = ctx.aims.create_order(wire_body(part.body))
    except (WaitUntil, AccessDenied, Unavailable):
        _put_back(ctx, part, before)  # clients raise these only when nothing was created
        raise
    except Rejected as refusal:
        return _refused(ctx, kept, part, refusal)
    except OutcomeUnknown:
        _mark_unknown(ctx, kept, part)
        raise
    except Exception as error:
        _mark_unknown(ctx, kept, part)
        raise OutcomeUnknown(
            f"creating {part.reference} ended with {type(error).__name__}: {error}; it is looked up before anything else"
        ) from error
    ctx.hit("after_http_before_record")
    _settle(ctx, part, PartState.CREATED, number)
    ctx.hit("mid_batch")
    return True


def _refused(ctx: Context, kept: OrderImport, part: OrderPart, refusal: Rejected) -> bool:
    """AIMS360 said no: cleanly not created, unless an earlier POST of this part had got through and this one is refused as its double.
    Raises the refusal when the part is not found."""
    if part.sends > 1:
        try:
            answer = look_up(ctx, part, was_sent=True)
        except SyncError:
            _mark_unknown(ctx, kept, part)
            raise
        if answer.found is not None:
            _settle(ctx, part, PartState.ADOPTED, answer.found)
            return False
        if answer.candidates:
            _mark_unknown(ctx, kept, part)
            raise refusal
    _put_back(ctx, part, PartState.PLANNED)
    raise refusal


def _claim(ctx: Context, kept: OrderImport, part: OrderPart) -> PartState:
    """SENDING, committed before the POST. Whoever finds the row otherwise than he read it does not send."""
    before = PartState(part.state)
    now = ctx.clock.now()
    with ctx.session() as session:
        row = session.get_one(OrderImport, kept.id)
        if row.state in (OrderState.REMOVED, OrderState.IMPORTED) or (row.imported_raw is None and row.raw_digest != kept.raw_digest):
            raise Unavailable(f"JOOR order {kept.joor_order_id} changed while it was being checked; it is checked again")
        claimed = session.execute(
            update(OrderPart)
            .where(col(OrderPart.id) == part.id, col(OrderPart.state) == part.state, col(OrderPart.sends) == part.sends)
            .values(state=PartState.SENDING, sends=part.sends + 1, sent_at=now)
            .execution_options(synchronize_session=False)
        )
        if getattr(claimed, "rowcount", 0) != 1:
            raise Unavailable(f"{part.reference} is being sent by another worker; it is looked up again")
        row.state, row.imported_raw = OrderState.SENDING, row.imported_raw or row.raw
        session.add(row)
    part.state, part.sends = PartState.SENDING, part.sends + 1
    return before


def _settle(ctx: Context, part: OrderPart, state: PartState, number: str) -> None:
    """The number is written the moment we have it, in a transaction of its own."""
    with ctx.session() as session:
        row = session.get_one(OrderPart, part.id)
        row.state, row.aims_order, row.created_at = state, number, ctx.clock.now()
        order = session.get_one(OrderImport, row.order_import_id)
        order.imported_raw = order.imported_raw or order.raw
        session.add_all([row, order])
    part.state, part.aims_order = state, number


def _mark_unknown(ctx: Context, kept: OrderImport, part: OrderPart) -> None:
    with ctx.session() as session:
        row, order = session.get_one(OrderPart, part.id), session.get_one(OrderImport, kept.id)
        row.state, order.state = PartState.UNKNOWN, OrderState.UNKNOWN
        session.add_all([row, order])
    part.state = PartState.UNKNOWN


def _put_back(ctx: Context, part: OrderPart, state: PartState) -> None:
    """Nothing was created. When no part of the order was sent any more, its plan is free again."""
    with ctx.session() as session:
        row = session.get_one(OrderPart, part.id)
        row.state = state
        session.add(row)
        session.flush()
        order = session.get_one(OrderImport, row.order_import_id)
        if all(other.state == PartState.PLANNED for other in parts_of(session, row.order_import_id)):
            order.imported_raw, order.state = None, OrderState.CHECKED
            session.add(order)
    part.state = state


def _maybe_there(ctx: Context, kept: OrderImport, part: OrderPart, candidates: Sequence[str]) -> NeedsMapping:
    steps = doubt_steps(ctx, kept, part, candidates)
    missing = Missing(
        kind="decision",
        value=f"duplicate:{part.reference}",
        where=f"order {kept.joor_order_id}: AIMS360 order {' or '.join(candidates)} has the same customer and purchase order",
        fix="; ".join(steps[1:]),
    )
    return NeedsMapping([missing], f"JOOR order {kept.joor_order_id} may be in AIMS360 already, as order {' or '.join(candidates)}")
