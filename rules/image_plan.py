"""What differs between the pictures a card should have and those JOOR was given. Pure.

JOOR has no call that reorders pictures, and none that deletes a colour's picture or a swatch (facts 6.1): those are only overwritten, and
what is not wanted any more stays there. Style images add up: one is taken away or exchanged only by clearing all of the card's and sending
them again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from models.catalogue import ImageLevel, ImageSent
from rules.images import Card, Wanted

STAYS = "not in the source any more, but still on JOOR: only a person can delete it there"
STAYS_BY_HAND = "not in the source any more, but still on JOOR: the style was made by hand there, so its pictures are not cleared"
DOUBTFUL = "nobody saw whether JOOR took it, and the style was made by hand there: look, then send all of its pictures again (--all)"


class Step(StrEnum):
    KEPT = "unchanged"
    TOUCHED = "same content"  # only its version or source changed
    NEW = "new"
    CHANGED = "changed"
    DOUBT = "in doubt"  # a call went out for it and nobody saw the end
    REFUSED = "refused before"  # and not changed since


@dataclass(frozen=True)
class Item:
    """`row` is what the ledger has in its place."""

    wanted: Wanted
    step: Step
    row: ImageSent | None = None


@dataclass(frozen=True)
class Plan:
    """One card. `stale` are rows that no wanted picture belongs to."""

    card: Card
    items: tuple[Item, ...]
    stale: tuple[ImageSent, ...]

    @property
    def differs(self) -> bool:
        to_do = any(item.step in (Step.NEW, Step.CHANGED, Step.DOUBT) for item in self.items)
        return to_do or bool(self.left or self.gone or self.forgotten)

    @property
    def left(self) -> list[ImageSent]:
        """Not wanted any more, cannot be taken away, and not noted yet."""
        stays = [row for row in self.stale if row.refused is None and row.level != ImageLevel.STYLE]
        return stays + [row for row in self._stale_style if row.refused is None and not self._may_clear]

    @property
    def gone(self) -> list[ImageSent]:
        """Style images to be taken away, by clearing."""
        return [row for row in self._stale_style if self._may_clear]

    @property
    def forgotten(self) -> list[ImageSent]:
        """Rows of style images that JOOR never took."""
        return [row for row in self.stale if row.level == ImageLevel.STYLE and not _may_be_there(row)]

    @property
    def _stale_style(self) -> list[ImageSent]:
        return [row for row in self.stale if row.level == ImageLevel.STYLE and _may_be_there(row)]

    @property
    def _may_clear(self) -> bool:
        """A person's own pictures on a card made by hand stay; and nothing is cleared when nothing would come in its place."""
        return not self.card.by_hand and any(item.wanted.level == ImageLevel.STYLE and item.step != Step.REFUSED for item in self.items)


def _may_be_there(row: ImageSent) -> bool:
    """Whether JOOR has, or may have, a picture of this row."""
    return row.digest is not None or row.refused in (None, STAYS, STAYS_BY_HAND, DOUBTFUL)


def compare(card: Card, wishes: Sequence[Wanted], rows: Sequence[ImageSent], *, full: bool = False) -> Plan:
    """`rows` are the card's. A style image is recognised by its source, whatever its place: other order alone is no difference. `full`: as
    if nothing were known to be equal; pictures refused before are offered again too, and a card made by hand is cleared like any other."""
    card = replace(card, by_hand=card.by_hand and not full)
    left = list(rows)
    exact = {wish: row for wish in wishes if (row := _row_of(wish, left, exact=True, taken=())) is not None}
    items = []
    taken: list[ImageSent] = list(exact.values())
    for wish in wishes:
        row = exact.get(wish)
        if row is None and (row := _row_of(wish, left, exact=False, taken=taken)) is not None:
            taken.append(row)
        items.append(Item(wish, _step(wish, row, full), row))
    held = {id(row) for row in taken}
    return Plan(card, tuple(items), tuple(row for row in rows if id(row) not in held))


def _row_of(wish: Wanted, rows: Sequence[ImageSent], *, exact: bool, taken: Sequence[ImageSent]) -> ImageSent | None:
    for row in rows:
        if row.level != wish.level or any(row is other for other in taken):
            continue
        same = row.source == wish.picture.source and (not exact or row.source_version == wish.picture.version)
        if wish.level == ImageLevel.STYLE and same and (exact or not row.refused or row.refused not in (STAYS, STAYS_BY_HAND)):
            return row
        if wish.level != ImageLevel.STYLE and row.color == wish.color:
            return row
    return None


def _step(wish: Wanted, row: ImageSent | None, full: bool) -> Step:
    if row is None:
        return Step.NEW
    same = row.source == wish.picture.source and row.source_version == wish.picture.version
    if full:
        return Step.CHANGED if row.route else Step.NEW
    if row.refused and row.refused not in (STAYS, STAYS_BY_HAND):
        return Step.REFUSED if same else Step.CHANGED if row.route else Step.NEW
    if row.digest is None:
        return Step.DOUBT
    return Step.KEPT if same and not row.refused else Step.CHANGED  # wanted again: its words are taken back once it is looked at


def settle(plan: Plan, digests: Mapping[str, str], *, full: bool = False) -> Plan:
    """After looking into the pictures (`digests` by source): the same content needs no sending, also under another source (a document that
    was stored again); a style card made by hand is never cleared, so nothing on it is exchanged."""
    stale = list(plan.stale)
    items = []
    for item in plan.items:
        digest = digests.get(item.wanted.picture.source)
        if full or digest is None:
            items.append(item)
        elif item.step == Step.CHANGED and item.row is not None and item.row.digest == digest:
            items.append(replace(item, step=Step.TOUCHED))
        elif item.step == Step.NEW and item.wanted.level == ImageLevel.STYLE and (twin := _twin(stale, digest)) is not None:
            stale = [row for row in stale if row is not twin]
            items.append(replace(item, step=Step.TOUCHED, row=twin))
        else:
            items.append(item)
    return _by_hand(replace(plan, items=tuple(items), stale=tuple(stale)))


def _twin(stale: Sequence[ImageSent], digest: str) -> ImageSent | None:
    return next((row for row in stale if row.level == ImageLevel.STYLE and row.digest == digest), None)


def _by_hand(plan: Plan) -> Plan:
    if not plan.card.by_hand:
        return plan
    items, stale = [], list(plan.stale)
    for item in plan.items:
        if item.wanted.level == ImageLevel.STYLE and item.step == Step.CHANGED and item.row is not None:
            stale.append(item.row)
            items.append(replace(item, step=Step.NEW, row=None))
        elif item.wanted.level == ImageLevel.STYLE and item.step == Step.DOUBT:
            items.append(replace(item, step=Step.REFUSED))
        else:
            items.append(item)
    return replace(plan, items=tuple(items), stale=tuple(stale))


def words_for(plan: Plan, row: ImageSent) -> str:
    """Why a row of `Plan.left` is left."""
    return STAYS_BY_HAND if row.level == ImageLevel.STYLE and plan.card.by_hand else STAYS


def must_clear(plan: Plan) -> bool:
    """Whether the card's style images are cleared and all sent again."""
    exchanged = (Step.CHANGED, Step.DOUBT)
    return bool(plan.gone) or any(item.wanted.level == ImageLevel.STYLE and item.step in exchanged for item in plan.items)


def out_of_order(plan: Plan) -> bool:
    """JOOR shows the style images in another order than the source has them, and cannot be told without sending all of them again."""
    behind_all = 1_000_000  # where a new one goes
    shown = [item for item in plan.items if item.wanted.level == ImageLevel.STYLE and item.step != Step.REFUSED]
    places = [behind_all if item.row is None else item.row.place for item in shown]
    return places != sorted(places)
