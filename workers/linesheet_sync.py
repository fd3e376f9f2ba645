"""Bring one linesheet up to date on JOOR: season, ship window, members. What a person put there is never touched.

Our own rows -> nothing differs: no call -> look at JOOR once -> head -> off -> on, each chunk marked, sent and recorded before the next.
Everything that is sent may be sent twice without harm, except a create, which is marked before and looked up after a crash.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from clients.joor.catalogue import Catalogue
from clients.joor.types import JoorLinesheet, LinesheetEntry
from models.errors import NotPossible, Outcome, Rejected, Unchanged
from rules.linesheet_difference import Difference, Placed, difference
from rules.linesheets import Member
from workers import linesheet_ledger as ledger
from workers import linesheet_words as words
from workers.linesheet_reading import Sheet, cards_by_identifier, identifiers_of, read_sheet
from workers.style_cards import draft_of
from workers.sync import Context, JobView

#: Cards per call; JOOR's maximum is UNKNOWN.
ITEMS_PER_CALL = 500
#: A call that JOOR refuses as a whole is halved to find the card it means; so many times in a run.
MOST_HALVINGS = 24


@dataclass
class Work:
    """One run. `found` is JOOR's linesheet with our id or code, None when JOOR has none; `gone`: JOOR had ours and has not any more."""

    ctx: Context
    catalogue: Catalogue
    sheet: Sheet
    found: JoorLinesheet | None
    gone: bool
    diff: Difference
    strangers: dict[str, str]  # what a person put there and neither rule nor ledger knows: JOOR id -> identifier, "" for no card of ours
    unready: tuple[Member, ...]  # colours are to be left out and JOOR's SKU ids are not known yet
    head: words.Head = "same"
    done: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("added", "changed", "removed"), 0))
    refused: dict[str, str] = field(default_factory=dict)  # identifier -> JOOR's words
    halvings: int = 0

    @property
    def heads_travel(self) -> bool:
        """v2 has no call for the head: it is sent along with every item."""
        return self.catalogue.route == "v2"


def sync(job: JobView, ctx: Context) -> Outcome:
    with ctx.session() as session:
        sheet = read_sheet(session, ctx.site, job.key)
    again = bool(job.payload.get("full"))
    if sheet.settled and not again and not job.dry_run:
        return Unchanged(words.settled(sheet), words.counts(sheet))
    work = _look(ctx, sheet, again)
    if job.dry_run:
        return words.preview(sheet, work.diff, work.head, work.strangers, len(work.unready))
    if sheet.active:
        joor_id = _head(work)
    elif work.found is not None:
        joor_id = work.found.joor_id
    else:
        _note_what_is_there(work)
        _end(work)
        return Unchanged(words.retired_and_not_there(sheet), words.counts(sheet))
    _note_what_is_there(work)
    _take_off(work, joor_id)
    _put_on(work, joor_id)
    _end(work)
    return words.outcome(sheet, work.diff, work.head, work.done, work.refused, len(work.strangers), len(work.unready))


# ---- looking -----------------------------------------------------------------------------------------------------------------------------


def _look(ctx: Context, sheet: Sheet, again: bool) -> Work:
    catalogue = ctx.catalogue()
    ctx.beat()
    found = _find(catalogue.linesheets(), sheet)
    by_items_only = catalogue.route == "v2"  # an empty linesheet is not to be seen there
    gone = found is None and sheet.joor_id is not None and not by_items_only
    there = found.items if found is not None else {}
    unready = tuple(card for card in sheet.members.cards if catalogue.route == "v4" and card.excluded and not card.sku_ids)
    aside = {card.identifier for card in unready}
    wanted = [card for card in sheet.members.cards if card.identifier not in aside]
    known = {identifier: placed for identifier, placed in sheet.ledger.items() if identifier not in aside}
    resend = sheet.active and (again or (by_items_only and sheet.head_differs))
    diff = difference(wanted, there, known, again=resend, shows_skus=not by_items_only)
    ours = {card.joor_id for card in sheet.members.cards} | {placed.joor_id for placed in sheet.ledger.values()}
    strangers = dict.fromkeys(sorted(set(there) - ours), "")
    with ctx.session() as session:
        strangers |= identifiers_of(session, ctx.site.id, strangers)
    return Work(ctx, catalogue, sheet, found, gone, diff, strangers, unready, _head_needs(sheet, found, gone, again))


def _find(rows: Sequence[JoorLinesheet], sheet: Sheet) -> JoorLinesheet | None:
    """By JOOR's id, else by code; never by name. Raises NotPossible when several have the code and none is known to be ours."""
    for row in rows:
        if row.joor_id == sheet.joor_id:
            return row
    same = [row for row in rows if row.code == sheet.code]
    if len(same) > 1:
        names = ", ".join(repr(row.name) for row in same)
        raise NotPossible(
            f"JOOR has {len(same)} linesheets with code {sheet.code}: {names}",
            fix=[
                f"Keep the one that {sheet.name} should be; give the others another code or delete them in JOOR",
                f"Then: joorsync enqueue linesheets --key {sheet.code}",
            ],
        )
    return same[0] if same else None


def _head_needs(sheet: Sheet, found: JoorLinesheet | None, gone: bool, again: bool) -> words.Head:
    if not sheet.active:
        return "same"
    if gone:
        return "made anew"
    if sheet.joor_id is None:
        return "made" if found is None or sheet.sending else "adopted"
    return "changed" if sheet.head_differs or again else "same"


# ---- the head ----------------------------------------------------------------------------------------------------------------------------


def _head(work: Work) -> str:
    """Make the linesheet or bring its head up to date. Returns its JOOR id, stored."""
    sheet, ctx = work.sheet, work.ctx
    joor_id = None if work.gone else work.found.joor_id if work.found is not None else sheet.joor_id
    if joor_id is not None and joor_id != sheet.joor_id:
        with ctx.session() as session:
            ledger.adopt(session, sheet.id, joor_id)
    if work.head == "same" and joor_id is not None:
        return joor_id
    with ctx.session() as session:
        (ledger.about_to_create if joor_id is None else ledger.about_to_change)(session, sheet.id)
    ctx.beat()
    try:
        saved, season = work.catalogue.save_linesheet(sheet.draft, joor_id, sheet.season_id, doubt=sheet.sending)
    except Rejected:
        with ctx.session() as session:
            ledger.not_created(session, sheet.id)
        raise
    ctx.hit("after_http_before_record")
    with ctx.session() as session:
        ledger.head_saved(session, sheet.id, saved, season, None if work.heads_travel else sheet.head_digest)
    ctx.hit("mid_batch")
    return saved


# ---- items -------------------------------------------------------------------------------------------------------------------------------


def _note_what_is_there(work: Work) -> None:
    """Who put what there, before anything is sent: after that it could not be told any more."""
    found = {member.identifier: member.joor_id for member in work.diff.by_hand}
    found |= {identifier: joor_id for joor_id, identifier in work.strangers.items() if identifier}
    with work.ctx.session() as session:
        if work.diff.to_send:
            ledger.unsettle(session, work.sheet.id)
        ledger.put_by_hand(session, work.sheet.id, found, work.ctx.clock.now())
        ledger.arrived(session, work.sheet.id, work.diff.arrived)
        ledger.forget(session, work.sheet.id, [placed.identifier for placed in work.diff.forget])


def _take_off(work: Work, joor_id: str) -> None:
    """What is not wanted, and what is to be put on afresh."""
    going = [_as_member(placed) for placed in work.diff.remove] + list(work.diff.renew)
    renewed = {member.identifier for member in work.diff.renew}
    for chunk in _chunks(going):
        for part, answers in _offer(work, chunk, lambda entries: work.catalogue.remove_items(work.sheet.draft, joor_id, entries)):
            off = [member.identifier for member in part if answers.get(member.identifier) is None]
            with work.ctx.session() as session:
                ledger.forget(session, work.sheet.id, off)
            work.done["removed"] += len(set(off) - renewed)
            work.ctx.hit("mid_batch")


def _put_on(work: Work, joor_id: str) -> None:
    diff, ctx, sheet = work.diff, work.ctx, work.sheet
    fresh = [member for member in (*diff.add, *diff.renew) if member.identifier not in work.refused]
    new = {member.identifier for member in diff.add}
    marked = {member.identifier for member in fresh}
    for chunk in _chunks(sorted([*fresh, *diff.change], key=lambda member: member.order_number or 0)):
        with ctx.session() as session:
            ledger.mark(session, sheet.id, [member for member in chunk if member.identifier in marked], ctx.clock.now())
        for part, answers in _offer(work, chunk, lambda entries: work.catalogue.add_items(sheet.draft, joor_id, entries)):
            taken = [member for member in part if answers.get(member.identifier) is None]
            with ctx.session() as session:
                ledger.put(session, sheet.id, taken, ctx.clock.now())
                ledger.forget(session, sheet.id, [name for name, answer in answers.items() if answer is not None and name in marked])
            added = sum(1 for member in taken if member.identifier in new)
            work.done["added"] += added
            work.done["changed"] += len(taken) - added
            ctx.hit("mid_batch")


Answers = dict[str, str | None]


def _offer(
    work: Work, members: Sequence[Member], send: Callable[[list[LinesheetEntry]], Answers]
) -> Iterator[tuple[Sequence[Member], Answers]]:
    """Send; yield what one call answered, per identifier None or JOOR's words. A call that is refused as a whole is halved until the card
    it means stands alone."""
    waiting = [members]
    while waiting:
        batch = waiting.pop(0)
        with work.ctx.session() as session:
            cards = cards_by_identifier(session, work.ctx.site.id, [member.identifier for member in batch])
        drafts = {identifier: draft_of(card) for identifier, card in cards.items()}
        work.ctx.beat()
        try:
            answers = send([_entry(member, drafts) for member in batch])
        except Rejected as error:
            answers = {member.identifier: error.remote_message or error.summary for member in batch}
            if len(batch) > 1 and work.halvings >= MOST_HALVINGS:
                raise
        if len(batch) > 1 and _all_for_one_reason(batch, answers) and work.halvings < MOST_HALVINGS:
            work.halvings += 1
            middle = len(batch) // 2
            waiting[:0] = [batch[:middle], batch[middle:]]
            continue
        work.ctx.hit("after_http_before_record")
        work.refused |= {identifier: answer for identifier, answer in answers.items() if answer is not None}
        yield batch, answers


def _all_for_one_reason(batch: Sequence[Member], answers: Answers) -> bool:
    """JOOR refuses a linesheet with one bad card in it as a whole."""
    reasons = {answers.get(member.identifier) for member in batch}
    return len(reasons) == 1 and None not in reasons


def _entry(member: Member, drafts: dict[str, Any]) -> LinesheetEntry:
    return LinesheetEntry(
        identifier=member.identifier,
        joor_id=member.joor_id,
        order_number=member.order_number,
        sku_ids=member.sku_ids,
        excluded=member.excluded,
        draft=drafts.get(member.identifier),
    )


def _as_member(placed: Placed) -> Member:
    return Member(placed.identifier, placed.joor_id or "", "")


def _chunks(members: Sequence[Member]) -> Iterator[Sequence[Member]]:
    for start in range(0, len(members), ITEMS_PER_CALL):
        yield members[start : start + ITEMS_PER_CALL]


def _end(work: Work) -> None:
    with work.ctx.session() as session:
        ledger.settle(
            session,
            work.sheet.id,
            items=None if work.refused else work.sheet.digest,
            head=work.sheet.head_digest if work.heads_travel and work.sheet.active and not work.refused else None,
            now=work.ctx.clock.now(),
        )
