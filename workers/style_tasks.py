"""One style on its way to JOOR, within one run: what is wanted of each card, and what JOOR has confirmed so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from clients.joor.types import PARTS, CardIds, CardWork, Part, Saved, StyleDraft
from models.catalogue import CardState, StyleCard, StyleSource
from rules.style_parts import Parts, fingerprints, parts_of
from rules.styles import CardPlan, StylePlan
from workers.style_cards import digests_of, draft_of, ids_of, known_card
from workers.sync import JobView


@dataclass
class CardTask:
    """`needed`: parts that JOOR does not have yet. `before`: what JOOR was last told, if that was everything. `shown`: the SKUs that JOOR
    may be offering, as far as we know. `confirmed`, `refused` and `ids` grow with JOOR's answers."""

    style: str
    color: str
    draft: StyleDraft
    parts: Parts
    digests: dict[Part, str]
    needed: frozenset[Part]
    ids: CardIds
    before: StyleDraft | None
    shown: StyleDraft | None
    was: str  # the card's state before this run
    pending_job: str | None = None
    whole: bool = False  # everything is sent again
    confirmed: set[Part] = field(default_factory=set)
    refused: dict[Part, str] = field(default_factory=dict)
    adopted: bool = False
    by_hand: bool = False  # a person had made the card on JOOR

    @property
    def identifier(self) -> str:
        return self.draft.identifier

    @property
    def is_new(self) -> bool:
        """JOOR had no card of it that we know of."""
        return self.was in ("", CardState.WANTED)

    @property
    def left(self) -> frozenset[Part]:
        return self.needed - self.confirmed

    @property
    def answered(self) -> bool:
        return bool(self.refused) or not self.left

    def work(self) -> CardWork:
        """What is still to be done."""
        doubt = self.was == CardState.SENDING
        before = None if self.whole else self.before
        return CardWork(self.draft, self.ids, self.left, doubt=doubt, before=before, pending_job=self.pending_job)

    def take(self, saved: Saved) -> None:
        self.ids = saved.ids
        self.confirmed |= saved.parts
        self.refused |= saved.refused
        self.adopted = self.adopted or saved.adopted
        self.pending_job = saved.job


@dataclass
class StyleTask:
    """`old`: live cards that the new ones replace. `never_sent`: cards that nothing was sent of and that are not wanted any more.
    `expected`: the digest of source and configuration that a complete export has seen."""

    job: JobView
    source: StyleSource
    plan: StylePlan
    expected: str
    cards: list[CardTask]
    old: tuple[str, ...] = ()
    never_sent: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def works(self) -> list[CardTask]:
        return [card for card in self.cards if not card.answered]

    @property
    def complete(self) -> bool:
        return not any(card.left or card.refused for card in self.cards)


def _shown(card: StyleCard, draft: StyleDraft) -> StyleDraft | None:
    """What JOOR was told of the SKUs; of a card that a person made, those that it has by its ids."""
    told = known_card(card).draft
    if told is not None and told.skus:
        return told
    there = ids_of(card).skus
    return replace(draft, skus=tuple(replace(sku, active=True) for sku in draft.skus if sku.key in there))


def card_task(style: str, plan: CardPlan, card: StyleCard | None, *, full: bool) -> CardTask:
    """`card` is what we know of it. A bulk job is gone on with only when it was started for exactly this."""
    parts = parts_of(plan.draft)
    digests = fingerprints(parts)
    known: Mapping[str, str | None] = digests_of(card) if card else {}
    needed = frozenset(part for part in PARTS if full or known.get(part) != digests[part])
    pending: dict[str, Any] = (card.pending if card else None) or {}
    goes_on = pending.get("digests") == digests and set(pending.get("parts") or ()) == needed
    return CardTask(
        style=style,
        color=plan.color,
        draft=plan.draft,
        parts=parts,
        digests=digests,
        needed=needed,
        ids=ids_of(card) if card else CardIds(),
        before=draft_of(card) if card else None,
        shown=_shown(card, plan.draft) if card else None,
        was=card.state if card else "",
        pending_job=str(pending["job"]) if goes_on and pending.get("job") else None,
        whole=full,
        by_hand=bool(card and card.by_hand),
    )
