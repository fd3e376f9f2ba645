"""The v2 route to JOOR's catalogue, for sites that hold only the API token: `bulk-style` and its jobs, which are seen to their end and then
checked at the styles themselves, because a job tells nothing about its records (facts 4.2-4.6)."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

from clients.http import Auth, Http
from clients.joor.catalogue import RouteOptions
from clients.joor.contract import JoorContract
from clients.joor.types import (
    PARTS,
    CardIds,
    CardWork,
    ImageDraft,
    JoorLinesheet,
    JoorSku,
    JoorStyleCard,
    LinesheetDraft,
    LinesheetEntry,
    Part,
    PriceType,
    Saved,
)
from clients.joor.v2_images import send_image
from clients.joor.v2_linesheets import Deliveries
from clients.joor.v2_shown import card_of, created_of, differences, linesheets_of, lingering
from clients.joor.v2_styles import active, record_of, unsendable
from clients.joor.v2_wire import Job, Wire
from models.errors import Rejected, WaitUntil
from runtime.clock import Clock


class V2Catalogue:
    """`clients.joor.catalogue.Catalogue` over v2. Not known here: price types, SKU ids, price ids, linesheets without cards.

    `options` change nothing: `linesheets.delivery_overwrite` is not heeded (see `Deliveries`), `linesheets.public` is in the drafts.
    """

    route: Literal["v4", "v2"] = "v2"
    bulk_urls = False

    def __init__(self, http: Http, auth: Auth, contract: JoorContract, clock: Clock, options: RouteOptions) -> None:
        self._wire = Wire(http, auth, contract, clock)
        self._deliveries = Deliveries(self._wire, clock)
        self._http = http
        self._auth = auth
        self._contract = contract
        self._clock = clock

    @property
    def switches_single_skus(self) -> bool:
        return False

    def price_types(self) -> list[PriceType] | None:
        return None

    # ---- styles ---------------------------------------------------------------------------------------------------------------------

    def save_styles(self, works: Sequence[CardWork], about_to: Callable[[Sequence[str]], None]) -> Iterator[Sequence[Saved]]:
        """One bulk job for all works, each record whole whatever part changed; then the job is waited for and every card looked at.

        Yields refusals before sending, then every card with its `job`, then what is confirmed or refused as it is seen. A confirmed card
        has all three parts. `pending_job`: that job is looked at instead of sending. Raises WaitUntil while a job is unfinished.
        SKUs that are inactive in the draft are left out of the record, which takes nothing away: whole colours and sizes that `before` had
        active are then deleted (`set_active`); others that JOOR shows are never, and are refused in words.
        """
        waits: dict[str, list[CardWork]] = {}
        unsent: list[Saved] = []
        sent: list[CardWork] = []
        for work in works:
            if work.parts and work.pending_job:
                waits.setdefault(work.pending_job, []).append(work)
            elif work.parts and (words := unsendable(work.draft, self._contract)):
                unsent.append(Saved(work.draft.identifier, work.ids, refused=words))
            elif work.parts:
                sent.append(work)
        if unsent:
            yield unsent
        began = self._clock.now()
        posted = ""
        if sent:
            about_to([work.draft.identifier for work in sent])
            records = [record_of(work.draft, self._contract, work.before) for work in sent]
            posted = self._wire.post(records, f"sending {len(records)} style(s)")
            waits[posted] = [*sent, *waits.get(posted, [])]
            yield [Saved(work.draft.identifier, work.ids, job=posted) for work in sent]
        yield from self._finished(waits, posted, began)

    def _finished(self, waits: dict[str, list[CardWork]], posted: str, began: datetime) -> Iterator[Sequence[Saved]]:
        """Earlier jobs first: JOOR works them off in their order (facts 2.3)."""
        late: WaitUntil | None = None
        for job_id, works in waits.items():
            try:
                job = self._wire.wait(job_id, fresh=job_id == posted, patient=late is None)
            except WaitUntil as wait:
                late = wait
                continue
            by_identifier = {work.draft.identifier: work for work in works}
            for seen in self._wire.looked_at([work.draft for work in works], job, began):
                yield [self._judged(by_identifier[one.identifier], one.row, job) for one in seen]
        if late is not None:
            raise late

    def _judged(self, work: CardWork, row: Any, job: Job) -> Saved:
        name = work.draft.identifier
        done = f"JOOR finished the job (bulk job {job.id})"
        if row is None:
            cause = "most often a price label, category, tag or case pack that this JOOR account does not have"
            return Saved(name, work.ids, refused={"product": f"{done} but does not show the style: {cause}"})
        try:
            card = card_of(row, self._contract)
            wrong = differences(work.draft, card)
            if "skus" not in wrong and (left := self._take_off(work, card)):
                wrong["skus"] = "; ".join(left)
        except ValueError as exc:
            return Saved(name, work.ids, refused={"product": f"{done}, but what it shows of the style cannot be read: {exc}"})
        ids = CardIds(card.joor_id or work.ids.joor_id, work.ids.skus, work.ids.prices)
        created, begun = created_of(row, self._contract), job.created
        adopted = work.ids.joor_id is None and created is not None and begun is not None and created < begun
        refused: dict[Part, str] = {part: f"{done} but does not show the style as sent: {words}" for part, words in wrong.items()}
        return Saved(name, ids, frozenset(part for part in PARTS if part not in wrong), refused, adopted)

    def _take_off(self, work: CardWork, card: JoorStyleCard) -> list[str]:
        """Whole colours and sizes that JOOR was told and that are inactive now: off. Returns words for what stays, of what should not.
        Before the card is confirmed, so that a crash in between finds them again."""
        told = {sku.key for sku in active(work.before)} if work.before else set()
        words: list[str] = []
        for color, size in lingering(work.draft, card):
            meant = {sku.key for sku in work.draft.skus if color in (None, sku.color_code) and size in (None, sku.size)}
            name = "|".join(part for part in (color, size) if part is not None)
            if color is not None and size is not None:
                if meant & told:  # others are no more than what JOOR makes of colours and sizes by itself
                    words.append(f"{name} is still there: v2 cannot take one size off one colour; take it off in JOOR by hand")
            elif meant & told:
                words += self.set_active(work, color, size, False).refused.values()
            else:
                words.append(
                    f"{name} is still there, and joorsync is not known to have put it there: joorsync styles remove, or in JOOR by hand"
                )
        return words

    def cards(self) -> Iterator[JoorStyleCard]:
        for page in self._wire.pages():
            for row in page:
                yield self._wire.card(row)

    def skus_of(self, cards: Sequence[JoorStyleCard]) -> dict[str, tuple[JoorSku, ...]]:
        """The list carries them; a card without any is looked at by itself, 1 credit each."""
        return {card.joor_id: card.skus or self._skus_of(card) for card in cards}

    def _skus_of(self, card: JoorStyleCard) -> tuple[JoorSku, ...]:
        row = self._shown(card.number, card.identifier, card.joor_id)
        return () if row is None else self._wire.card(row).skus

    def _shown(self, number: str, identifier: str, joor_id: str | None) -> Any:
        """The style's row, by number and identifier or else by JOOR id."""
        row = self._wire.style(number, identifier) if number else None
        return self._wire.style_by_id(joor_id, identifier) if row is None and joor_id else row

    def set_active(self, work: CardWork, color: str | None, size: str | None, active: bool) -> Saved:
        """DELETE of the card, of a colour or of a size: it cancels lines on live orders (facts 4.5). Done when nothing is `refused`;
        no part is confirmed by it. v2 has no call for one size of one colour."""
        name = work.draft.identifier
        if active:
            return Saved(name, work.ids)
        if color is not None and size is not None:
            why = f"Not sent: JOOR's v2 API cannot take size {size} off colour {color} alone, only a whole colour or a whole size"
            return Saved(name, work.ids, refused={"skus": why})
        params = {key: value for key, value in (("color_code", color), ("size", size)) if value is not None}
        part: Part = "skus" if params else "product"
        try:
            removed = self._wire.delete(work.draft, params)
        except Rejected as exc:
            return Saved(name, work.ids, refused={part: exc.remote_message or exc.summary})
        if not removed and (words := self._still_there(work, color, size)):
            return Saved(name, work.ids, refused={part: words})
        return Saved(name, work.ids if params else CardIds())

    def _still_there(self, work: CardWork, color: str | None, size: str | None) -> str | None:
        """JOOR said "not found": gone already, or known under another number? Words for the latter."""
        draft = work.draft
        row = self._shown(draft.number, draft.identifier, work.ids.joor_id)
        if row is None:
            return None
        card = self._wire.card(row)
        if color is None and size is None:
            return f"JOOR does not find style {draft.number} / {draft.identifier}, but shows it as {card.number} / {card.identifier}"
        shown = [sku for sku in card.skus if color in (None, sku.color_code) and size in (None, sku.size)]
        return f"JOOR does not find {color or size} of {draft.identifier}, but shows it" if shown else None

    # ---- linesheets -----------------------------------------------------------------------------------------------------------------

    def linesheets(self) -> list[JoorLinesheet]:
        """From the deliveries of every card, so a linesheet without cards is not there. Raises Rejected for a card that cannot be read."""
        cards = list(self.cards())
        try:
            return linesheets_of(cards)
        except ValueError as exc:
            raise Rejected(f"JOOR, reading linesheets: {exc}", remote_message=str(exc)) from None

    def save_linesheet(self, draft: LinesheetDraft, joor_id: str | None, season_id: str | None, *, doubt: bool) -> tuple[str, str]:
        """Nothing is sent: v2 has no call for it. Name, season and dates reach JOOR with the next card that `add_items` puts on it."""
        return draft.code, draft.season_code

    def add_items(self, draft: LinesheetDraft, joor_id: str, entries: Sequence[LinesheetEntry]) -> dict[str, str | None]:
        """`delivery_overwrite` is 3 whatever the site's setting says: see `Deliveries`."""
        return self._deliveries.add(draft, entries)

    def remove_items(self, draft: LinesheetDraft, joor_id: str, entries: Sequence[LinesheetEntry]) -> dict[str, str | None]:
        return self._deliveries.remove(draft, entries)

    # ---- images ---------------------------------------------------------------------------------------------------------------------

    def send_images(self, images: Sequence[ImageDraft], *, replace: bool) -> dict[int, str | None]:
        """One call each, in the order given. A failure that is no refusal ends it, and what was sent by then is not told: give few."""
        cleared: set[str] = set()
        words: dict[int, str | None] = {}
        for index, image in enumerate(images):
            first = image.level == "style" and image.identifier not in cleared
            words[index] = send_image(self._http, self._auth, self._contract, image, replace and first)
            if first and words[index] is None:
                cleared.add(image.identifier)
        return words
