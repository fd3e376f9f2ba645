"""Checking one order: everything resolved and decided, totals compared, a new customer made. And the dry run, which does all but write."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from clients.aims360.types import Customer, NewCustomer
from clients.joor.parse import parse_order
from clients.joor.types import JoorOrder
from clients.jsontext import storable
from models.accounts import account_rule_words
from models.errors import Missing, NeedsMapping, NotPossible, Outcome, Unchanged
from models.ledgers import OrderImport, OrderState
from models.mappings import Mapping
from rules.order_totals import Totals
from rules.orders import OrderPlan, plan, why_not
from workers.customer_code_asking import ask_for_code
from workers.order_lookups import AimsLookups
from workers.order_pairs import map_command, note_use
from workers.order_records import find_task, put_task
from workers.order_resolve import Resolution, resolve
from workers.ship_to_offers import offer_ship_to
from workers.sync import Context

TOTAL = "order_total"
_NAMED = 3


@dataclass(frozen=True)
class Prepared:
    order: JoorOrder
    resolution: Resolution
    plan: OrderPlan

    @property
    def account(self) -> str:
        return self.resolution.buyer.account if self.resolution.buyer else ""

    @property
    def remarks(self) -> list[str]:
        totals = [] if self.plan.totals.agree else [self.plan.totals.words]
        return [*totals, *self.plan.remarks, *self.resolution.remarks]

    def remember(self, session: Session, ctx: Context, now: datetime) -> None:
        """Which pairs were used; a retailer's code that JOOR does not have; a new ship-to, which never changes the profile by itself."""
        note_use(session, self.resolution.used_pairs, now)
        held = find_task(session, ctx.site.id, TOTAL, self.order.order_id)
        if held is not None and held.done_at is None:
            held.done_at, held.done_by = now, "joorsync (the totals agree, or differences are only shown)"
            session.add(held)
        buyer, ship_to = self.resolution.buyer, self.resolution.ship_to
        if buyer is not None and buyer.is_retailer:
            name, new = self.order.customer_name.strip(), buyer.new is not None
            ask_for_code(session, ctx, buyer.key, name, buyer.account, self.order.order_id, new=new)
        if ship_to is not None:
            offer_ship_to(session, ctx, self.order, self.account, ship_to, now)


def prepare(ctx: Context, kept: OrderImport, order: JoorOrder, resolution: Resolution) -> Prepared:
    """Raises NeedsMapping with every gap (a held total is one), or NotPossible with every reason."""
    if resolution.references is None:
        raise NeedsMapping(resolution.missing, _waits(order.order_id, resolution.missing))
    prepared = Prepared(order, resolution, plan(order, resolution.references, ctx.site.orders))
    if ctx.site.orders.total_difference == "hold" and not prepared.plan.totals.agree:
        _hold_total(ctx, kept, prepared)
    return prepared


def _waits(order_id: str, missing: list[Missing]) -> str:
    named = [
        f"{item.kind} {item.value!r} is not mapped" if item.kind != "decision" else item.where.split(", ", 1)[-1]
        for item in missing[:_NAMED]
    ]
    more = f"; and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    return f"JOOR order {order_id} waits: {'; '.join(named)}{more}"


def _hold_total(ctx: Context, kept: OrderImport, prepared: Prepared) -> None:
    """A person may accept exactly this difference; another one is held again. Holding means here: no Hold order is made in AIMS360 for it,
    because a wrong price in the ERP is found later than a waiting job."""
    order_id, totals = prepared.order.order_id, prepared.plan.totals
    detail = {"joor_total": _text(totals.joor), "aims_total": str(totals.aims)}
    command = f"joorsync orders accept-total {order_id} --site {ctx.site.key}"
    with ctx.session() as session:
        task = find_task(session, ctx.site.id, TOTAL, order_id)
        if task is not None and task.done_at is not None and task.detail == detail:
            return
        row = session.get_one(OrderImport, kept.id)
        row.joor_total, row.aims_total = totals.joor, totals.aims
        session.add(row)
        steps = [f"Compare JOOR order {order_id} with its dry run.", f"If the AIMS360 total is right: {command}"]
        put_task(session, ctx.site.id, TOTAL, order_id, f"JOOR order {order_id}: {totals.words}", steps, detail, ctx.clock.now())
    gap = Missing("decision", f"total:{order_id}", f"order {order_id}, {totals.words}", command)
    raise NeedsMapping([gap], f"JOOR order {order_id} waits: {totals.words}")


def new_customer(ctx: Context, order: JoorOrder, prepared: Prepared) -> Prepared:
    """Everything else is known, so the customer is worth making. Looked up first: an earlier try may have made it."""
    buyer, new = prepared.resolution.buyer, prepared.resolution.new_customer
    references = prepared.resolution.references
    if buyer is None or new is None or references is None:
        return prepared
    ctx.beat()
    customer = ctx.aims.customer(new.account)
    if customer is None:
        customer = ctx.aims.create_customer(new)
        ctx.hit("after_http_before_record")
    elif customer.name.strip().casefold() != new.name.strip().casefold():
        gap = Missing(
            "customer",
            buyer.key,
            f"order {order.order_id}, customer {new.name} (AIMS360's {new.account} is {customer.name})",
            map_command("customer", buyer.key, ctx.site.key, "ACCOUNT"),
        )
        raise NeedsMapping([gap])
    _remember_customer(ctx, order, buyer.key, customer, new)
    references = replace(references, customer_id=customer.id)
    return replace(prepared, plan=plan(order, references, ctx.site.orders))


def _remember_customer(ctx: Context, order: JoorOrder, key: str, customer: Customer, new: NewCustomer) -> None:
    now = ctx.clock.now()
    with ctx.session() as session:
        known = select(Mapping).where(Mapping.site_id == ctx.site.id, Mapping.kind == "customer", Mapping.joor_code == key)
        if session.exec(known.where(Mapping.aims_code == new.account)).first() is None:
            session.add(
                Mapping(
                    site_id=ctx.site.id,
                    kind="customer",
                    joor_code=key,
                    joor_name=order.customer_name[:200],
                    aims_code=new.account,
                    aims_id=customer.id,
                    created_by="orders.import",
                    created_at=now,
                    updated_at=now,
                )
            )
    AimsLookups(ctx).remember_customer(customer, new.account)


# ---- dry run ------------------------------------------------------------------------------------------------------------------------


def preview(ctx: Context, order_id: str, kept: OrderImport | None) -> Outcome:
    """The AIMS360 order or orders that would be made, or everything that stands in the way. Nothing is sent and no order row changes."""
    order = parse_order(kept.raw) if kept is not None and kept.joor_status != "unreadable" else ctx.joor.order(order_id)
    if order is None:
        raise NotPossible(f"JOOR has no order {order_id}", fix=["Check the order number on JOOR."])
    if kept is not None and kept.state == OrderState.IMPORTED:
        return Unchanged("dry run: it is in AIMS360 already", result={"difference": kept.difference or []})
    why = why_not(order, ctx.site.orders)
    if why is not None:
        return Unchanged(f"dry run: it would be left aside: {why}", result={"ignored": why})
    resolution = resolve(ctx, order)
    if resolution.references is None:
        missing = [vars(item) for item in resolution.missing]
        return Unchanged(f"dry run: {_waits(order_id, resolution.missing)}", result={"missing": missing})
    try:
        made = Prepared(order, resolution, plan(order, resolution.references, ctx.site.orders))
    except NotPossible as error:
        return Unchanged(f"dry run: {error.summary}", result={"not_possible": error.summary, "fix": error.fix})
    return Unchanged(f"dry run: {len(made.plan.parts)} AIMS360 order(s) would be made", result=_shown(ctx, made))


def _shown(ctx: Context, made: Prepared) -> dict[str, Any]:
    new = made.resolution.new_customer
    shown: dict[str, Any] = {
        "orders": [storable(ctx.aims.order_body(part.draft)) for part in made.plan.parts],
        "totals": _totals(made.plan.totals),
        "remarks": made.remarks,
        "customer": made.account,
        "matched": made.resolution.buyer.how if made.resolution.buyer else "",
        "missing": [],
    }
    if new is not None:
        shown["new_customer"] = {"account": new.account, "name": new.name, "rule": account_rule_words(ctx.site.orders)}
    if not made.plan.totals.agree:
        shown["held_for_total"] = made.plan.totals.words
    return shown


def _totals(totals: Totals) -> dict[str, str]:
    names = ("lines", "discount", "carried", "shipping", "aims", "joor", "reading", "words", "difference")
    return {name: _text(getattr(totals, name)) for name in names}


def _text(value: object) -> str:
    return "" if value is None else str(value)
