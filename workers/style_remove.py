"""One card, one colour or one size off JOOR. Never silently from an open order, never a card that a person made and we never sent.

Per batch: load -> ask for open orders once -> per card one call, no transaction open -> record (commit). Taking off twice does no harm.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from clients.joor.types import CardWork, JoorStyleCard, Saved, SkuDraft, StyleDraft
from models.catalogue import CardState, ImageSent, Linesheet, LinesheetItem, StyleCard, StyleSource
from models.errors import NeedsMapping, NotPossible, Outcome, Rejected, Synced, SyncError, Unchanged, Waiting
from models.jobs import JobKind
from rules.style_guard import Removal, removal_of
from rules.style_parts import fingerprint, parts_of
from workers.order_pairs import quoted
from workers.style_cards import draft_of, ids_json, ids_of
from workers.style_guard import open_orders, undecided
from workers.style_sources import style_colors_of
from workers.sync import Context, FlowSpec, JobView

#: Until the cards that take an old card's place are looked at again.
REPLACEMENT_PAUSE = timedelta(minutes=1)
Answers = dict[int, Outcome | SyncError]


@dataclass
class _Wanted:
    """One job with the card it is about. `draft`: the card as JOOR was last told it, None when we never sent it."""

    job: JobView
    removal: Removal
    card: StyleCard
    draft: StyleDraft | None

    @property
    def skus(self) -> list[SkuDraft]:
        """Those that would be taken off."""
        return [sku for sku in (self.draft.skus if self.draft else ()) if self.removal.means(sku.color_code, sku.size)]


def remove(jobs: Sequence[JobView], ctx: Context) -> Answers:
    """Keys as `rules.style_guard.Removal.key`. Payload: {"replaced_by": [identifiers]} waits until those are on JOOR; {"by_hand": true}
    allows a card that was made by hand. An error that is not about one card ends the batch: what was done is kept, the rest gets it."""
    answers: Answers = {}
    wanted: list[_Wanted] = []
    for job in jobs:
        try:
            found = _load(job, ctx)
        except SyncError as error:
            answers[job.id] = error
            continue
        if isinstance(found, _Wanted):
            wanted.append(found)
        else:
            answers[job.id] = found
    if not wanted:
        return answers
    try:
        answers |= _previews(ctx, wanted) if jobs[0].dry_run else _take_off(ctx, wanted, answers)
    except SyncError as error:
        answers |= {item.job.id: error for item in wanted if item.job.id not in answers}
    return answers


def _load(job: JobView, ctx: Context) -> _Wanted | Outcome:
    """Raises NotPossible for what a person has to put right."""
    try:
        removal = removal_of(job.key)
    except ValueError as error:
        raise NotPossible(f"This cannot be taken off JOOR: {error}", fix=["Give the card's identifier: joorsync styles"]) from None
    with ctx.session() as session:
        card = session.get(StyleCard, (ctx.site.id, removal.identifier))
        if card is None:
            raise NotPossible(
                f"There is no card {removal.identifier} that we know of", fix=[f"List the cards: joorsync styles --site {ctx.site.key}"]
            )
        late = _not_on_joor(session, ctx.site.id, job.payload.get("replaced_by") or [], removal.identifier)
        found = _Wanted(job, removal._replace(upcs=_upcs(session, card, removal)), card, draft_of(card))
    _refuse_by_hand(job, ctx, card)
    if late:
        return Waiting(ctx.clock.now() + REPLACEMENT_PAUSE, f"{card.identifier} stays until its new cards are on JOOR: {', '.join(late)}")
    if card.state == CardState.REMOVED or (found.draft and found.skus and not any(sku.active for sku in found.skus)):
        return Unchanged(f"{removal.words} is off JOOR already")
    if found.draft and not found.skus and not removal.whole:
        _refuse_unknown(found.draft, removal)
    if card.joor_id is None and card.state != CardState.WANTED:
        again = f"joorsync enqueue styles --key {quoted(card.style)} --site {ctx.site.key}"
        raise NotPossible(
            f"Whether {card.identifier} is on JOOR is not settled: its last export did not end",
            fix=[f"Export it again: {again}", f"Then: joorsync jobs retry {job.id}"],
        )
    return found


def _refuse_by_hand(job: JobView, ctx: Context, card: StyleCard) -> None:
    if card.by_hand and card.sent_at is None and not job.payload.get("by_hand"):
        raise NotPossible(
            f"{card.identifier} was made on JOOR by hand and never sent by joorsync: it is not taken off",
            fix=[f"If it is to go all the same: joorsync styles remove {quoted(job.key)} --by-hand --site {ctx.site.key}"],
        )


def _refuse_unknown(draft: StyleDraft, removal: Removal) -> None:
    sizes = dict.fromkeys(sku.size for sku in draft.skus if removal.color in (None, sku.color_code))
    colors = dict.fromkeys(sku.color_code for sku in draft.skus)
    there = f"its sizes are {', '.join(sizes)}" if sizes else f"its colours are {', '.join(colors)}"
    raise NotPossible(f"{removal.words} is not on JOOR", fix=[f"Codes are taken to the letter: {there}."])


def _not_on_joor(session: Session, site_id: int, identifiers: Sequence[str], but: str) -> list[str]:
    there = select(StyleCard.identifier).where(
        StyleCard.site_id == site_id,
        StyleCard.state == CardState.ON_JOOR,
        col(StyleCard.joor_id).is_not(None),
        col(StyleCard.identifier).in_(identifiers),
    )
    return sorted(set(identifiers) - {but} - set(session.exec(there).all()))


def _upcs(session: Session, card: StyleCard, removal: Removal) -> frozenset[str]:
    """As JOOR was told them and as AIMS360 has them now."""
    draft, source = draft_of(card), session.get(StyleSource, (card.site_id, card.style))
    found = {sku.upc for sku in (draft.skus if draft else ()) if removal.means(sku.color_code, sku.size)}
    for row in style_colors_of(source) if source else ():
        if card.color in ("", row.color):
            found |= {size.upc for size in row.sizes if removal.means(row.color, size.name)}
    return frozenset(upc for upc in found if upc)


def _previews(ctx: Context, wanted: Sequence[_Wanted]) -> Answers:
    held = open_orders(ctx, [item.removal for item in wanted])
    answers: Answers = {}
    for item in wanted:
        holders = held[item.removal.key]
        words = f"{len(holders)} open order(s) hold it" if holders else "no open order holds it"
        result: dict[str, Any] = {
            "remove": item.removal.key,
            "skus": [sku.key for sku in item.skus if sku.active],
            "orders": [{"order": holder.order_id, "status": holder.status, "cannot_be_read": holder.broken} for holder in holders],
        }
        answers[item.job.id] = Unchanged(f"dry run: {item.removal.words} would be taken off JOOR; {words}", result=result)
    return answers


def _take_off(ctx: Context, wanted: Sequence[_Wanted], answers: Answers) -> Answers:
    """Fills `answers` as it goes, so that an error in the middle does not lose what was done."""
    missing = undecided(ctx, [item.removal for item in wanted if item.card.state != CardState.WANTED])
    for item in wanted:
        ask = missing.get(item.removal.key)
        if ask is not None:
            answers[item.job.id] = NeedsMapping([ask], summary=ask.where)
            continue
        ctx.beat()
        try:
            answers[item.job.id] = _one(ctx, item)
        except (Rejected, NotPossible) as error:
            answers[item.job.id] = error
    return answers


def _one(ctx: Context, item: _Wanted) -> Outcome:
    card, removal = item.card, item.removal
    if card.state == CardState.WANTED and card.joor_id is None:
        with ctx.session() as session:
            _record(session, ctx, item, Saved(card.identifier, ids_of(card)), route="v4")
        return Unchanged(f"{removal.words} was not on JOOR yet and will not be sent")
    catalogue = ctx.catalogue()
    item.draft = item.draft or _as_on_joor(ctx, card)
    work = CardWork(item.draft, ids_of(card), frozenset(), doubt=card.state == CardState.SENDING, before=item.draft)
    saved = catalogue.set_active(work, removal.color, removal.size, False)
    ctx.hit("after_http_before_record")
    if saved.refused:
        words = "; ".join(dict.fromkeys(saved.refused.values()))
        raise Rejected(f"JOOR did not take {removal.words} off: {words}", remote_message=words)
    with ctx.session() as session:
        _record(session, ctx, item, saved, catalogue.route)
    ctx.hit("mid_batch")
    return Synced(1, f"{removal.words} was taken off JOOR")


def _as_on_joor(ctx: Context, card: StyleCard) -> StyleDraft:
    """Of a card that we never sent: its SKUs as JOOR shows them."""
    shown = ctx.catalogue().skus_of([JoorStyleCard(card.joor_id or "", card.identifier, card.number, card.name)])
    skus = tuple(
        SkuDraft(sku.color_code, sku.color_name, sku.size, sku.upc or None, active=sku.active) for sku in shown.get(card.joor_id or "", ())
    )
    return StyleDraft(card.identifier, card.number, card.name, skus=skus)


def _record(session: Session, ctx: Context, item: _Wanted, saved: Saved, route: str) -> None:
    card = session.get(StyleCard, (ctx.site.id, item.card.identifier), with_for_update=True, populate_existing=True)
    if card is None:
        return
    card.joor_id, card.ids = saved.ids.joor_id, ids_json(saved.ids)
    sent, removal = dict(card.sent or {}), item.removal
    draft = item.draft and replace(
        item.draft, skus=tuple(replace(sku, active=sku.active and sku not in item.skus) for sku in item.draft.skus)
    )
    if draft is not None and sent:
        sent["skus"] = parts_of(draft)["skus"]
    if removal.whole:
        card.state = CardState.REMOVED
        card.product_digest = card.skus_digest = card.prices_digest = None  # all of it is sent if the card ever comes back
        _look_again_at_linesheets(session, ctx.site.id, card.identifier)
    else:
        card.skus_digest = fingerprint(sent["skus"]) if sent.get("skus") else None
        off = [part for part in (sent.get("off") or []) if part != removal.key]
        sent["off"] = [*off, removal.key]
    if route == "v2":
        _forget_images(session, ctx.site.id, removal)
    card.sent = sent or None
    session.add(card)


def _look_again_at_linesheets(session: Session, site_id: int, identifier: str) -> None:
    """Their next sync takes the card off; until then it is known that the place on them is ours."""
    ours = select(Linesheet.id).where(Linesheet.site_id == site_id)
    items = col(LinesheetItem.identifier) == identifier, col(LinesheetItem.linesheet_id).in_(ours)
    touched = session.exec(select(LinesheetItem.linesheet_id).where(*items)).all()
    session.execute(update(Linesheet).where(col(Linesheet.id).in_(touched)).values(items_digest=None))


def _forget_images(session: Session, site_id: int, removal: Removal) -> None:
    """v2 deletes the card or colour, and (ASSUMED) its images with it: they are sent again if it ever comes back."""
    if removal.size is not None:
        return
    mine = col(ImageSent.site_id) == site_id, col(ImageSent.identifier) == removal.identifier
    of_color = () if removal.color is None else (col(ImageSent.color) == removal.color,)
    session.execute(delete(ImageSent).where(*mine, *of_color))


REMOVE = FlowSpec(kind=JobKind.STYLES_REMOVE, run_batch=remove, batch_size=50, lease_seconds=300, endpoints=("joor.styles",))
