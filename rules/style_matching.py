"""Pairing JOOR cards that people made with AIMS360's styles. Sure: by identifier, by a style number that is unique on both sides, by UPC.
All else is a proposal with a score that a person accepts; a name alone never makes a pair. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from rapidfuzz import fuzz, process, utils

from clients.aims360.types import StyleColor
from clients.joor.types import JoorStyleCard
from models.settings import StyleSettings

MOST = 3  # proposals per card
#: Scores. A code that says so but is contradicted or not unique stands above every likeness of names.
BY_CODE, BY_UPC, BEST_NAME, WORST_NAME = 95, 92, 89, 50
_CANDIDATES = 10


@dataclass(frozen=True, order=True)
class Target:
    """An AIMS360 style, or (for a card of one colour) one colour of it."""

    style: str
    color: str = ""

    @property
    def code(self) -> str:
        """STYLE or STYLE|COLOUR, as pairs are stored."""
        return f"{self.style}|{self.color}" if self.color else self.style

    def clashes(self, other: "Target") -> bool:
        """Both cannot have a card of their own."""
        return self.style == other.style and (self.color == other.color or not (self.color and other.color))


@dataclass(frozen=True)
class AimsStyle:
    """One style with its colours."""

    style: str
    rows: tuple[StyleColor, ...]

    @property
    def name(self) -> str:
        return next((row.description for row in self.rows if row.description), "")

    @cached_property
    def colors(self) -> dict[str, str]:
        """Folded code or name -> code."""
        named = {_fold(row.color_description): row.color for row in self.rows if row.color_description}
        return named | {_fold(row.color): row.color for row in self.rows}

    @cached_property
    def sizes(self) -> set[str]:
        return {_fold(size.name) for row in self.rows for size in row.sizes}


@dataclass(frozen=True)
class Paired:
    """`by`: what made it sure, for example "identifier"."""

    card: JoorStyleCard
    target: Target
    by: str


@dataclass(frozen=True)
class Proposed:
    """`target` None: nothing similar was found. `name`: what AIMS360 calls it."""

    card: JoorStyleCard
    target: Target | None
    score: int
    why: str
    name: str = ""


@dataclass(frozen=True)
class Matched:
    paired: tuple[Paired, ...]
    proposed: tuple[Proposed, ...]


class Matcher:
    """`numbers`: how often each style number occurs among ALL cards of the account; `taken`: targets that have a card already, with its
    identifier."""

    def __init__(
        self, styles: Iterable[AimsStyle], settings: StyleSettings, numbers: Mapping[str, int], taken: Mapping[Target, str]
    ) -> None:
        self._styles = {style.style: style for style in styles}
        self._settings = settings
        self._numbers = numbers
        self._taken: dict[str, list[tuple[Target, str]]] = {}
        for target, identifier in taken.items():
            self._taken.setdefault(target.style, []).append((target, identifier))
        self._upcs: dict[str, set[Target]] = {}
        self._by_identifier: dict[str, set[Target]] = {}
        for style in self._styles.values():
            self._by_identifier.setdefault(style.style, set()).add(Target(style.style))
            for row in style.rows:
                target = Target(style.style, row.color)
                self._by_identifier.setdefault(f"{style.style}{settings.identifier_separator}{row.color}", set()).add(target)
                for size in row.sizes:
                    if _upc(size.upc):
                        self._upcs.setdefault(_upc(size.upc), set()).add(target)
        self._names = {style.style: utils.default_process(style.name) for style in self._styles.values() if style.name}
        self._codes = {style: style.casefold() for style in self._styles}

    def match(self, cards: Sequence[JoorStyleCard]) -> Matched:
        sure, doubtful = [], []
        for card in cards:
            claims = self._claims(card)
            target = _agreed(claims)
            if target is not None:
                sure.append(Paired(card, target, ", ".join(by for by, found in claims.items() if found)))
            else:
                doubtful.append((card, claims))
        paired, beaten = self._one_card_each(sure)
        proposed = [proposal for card, claims in doubtful for proposal in self._doubts(card, claims)]
        return Matched(tuple(paired), tuple(self._named(proposal) for proposal in (*proposed, *beaten)))

    def _named(self, proposal: Proposed) -> Proposed:
        return replace(proposal, name=self._styles[proposal.target.style].name) if proposal.target else proposal

    # ---- what the codes say ---------------------------------------------------------------------------------------------------------

    def _claims(self, card: JoorStyleCard) -> dict[str, set[Target]]:
        """By what -> the targets it may mean; empty when it says nothing. Two targets are no answer."""
        number = card.number.strip()
        unique = self._numbers.get(number, 0) <= 1
        by_number = {Target(number)} if number in self._styles and (unique or self._one_color(card, number)) else set()
        found = {
            "identifier": self._by_identifier.get(card.identifier.strip(), set()),
            "style number": by_number,
            "UPC": self._by_upc(card),
        }
        return {by: {self._narrowed(card, target, unique) for target in targets} for by, targets in found.items()}

    def _narrowed(self, card: JoorStyleCard, target: Target, unique: bool) -> Target:
        """A card of one colour is that colour's where cards are per colour, or where several cards share the style's number."""
        color = self._one_color(card, target.style)
        per_color = self._settings.card == "style_color" or not unique
        return Target(target.style, color) if color and per_color and not target.color else target

    def _one_color(self, card: JoorStyleCard, style: str) -> str:
        """The AIMS360 code of the card's only colour; "" when it has several or another."""
        codes = {self._styles[style].colors.get(_fold(sku.color_code or sku.color_name), "") for sku in card.skus}
        return codes.pop() if len(codes) == 1 else ""

    def _by_upc(self, card: JoorStyleCard) -> set[Target]:
        """Every UPC that AIMS360 knows lies in one style, and at least half of the card's are known."""
        upcs = {_upc(sku.upc) for sku in card.skus if _upc(sku.upc)}
        known = [self._upcs[upc] for upc in upcs if upc in self._upcs]
        if not known or len(known) * 2 < len(upcs):
            return set()
        styles = set.intersection(*({target.style for target in targets} for targets in known))
        if len(styles) != 1:
            return {target for targets in known for target in targets}
        inside = {target for targets in known for target in targets if target.style in styles}
        return inside if len(inside) == 1 and self._settings.card == "style_color" else {Target(styles.pop())}

    # ---- one card per target ---------------------------------------------------------------------------------------------------------

    def _one_card_each(self, sure: Sequence[Paired]) -> tuple[list[Paired], list[Proposed]]:
        """Of two cards for one style the one with the style's own identifier is it, else neither; a target that has a card keeps it."""
        paired, beaten = [], []
        rivals: dict[str, list[Paired]] = {}
        for pair in sure:
            rivals.setdefault(pair.target.style, []).append(pair)
        for pair in sure:
            others = [other for other in rivals[pair.target.style] if other is not pair and other.target.clashes(pair.target)]
            holders = self._taken.get(pair.target.style, [])
            holder = next((identifier for target, identifier in holders if target.clashes(pair.target)), None)
            own = "identifier" in pair.by
            if holder is not None and holder != pair.card.identifier:
                why = f"{pair.by}: {pair.target.code}, which is on JOOR as {holder} already"
                beaten.append(Proposed(pair.card, pair.target, BY_UPC, why))
            elif others and not (own and not any("identifier" in other.by for other in others)):
                names = ", ".join(sorted(other.card.identifier or other.card.number for other in others))
                beaten.append(Proposed(pair.card, pair.target, BY_CODE, f"{pair.target.code} by {pair.by}, but so is {names}"))
            else:
                paired.append(pair)
        return paired, beaten

    # ---- proposals -------------------------------------------------------------------------------------------------------------------

    def _doubts(self, card: JoorStyleCard, claims: Mapping[str, set[Target]]) -> list[Proposed]:
        said = {by: targets for by, targets in claims.items() if targets}
        if said:
            words = ", ".join(f"{by} says {' or '.join(sorted(target.code for target in targets))}" for by, targets in said.items())
            scores = {target: BY_UPC if by == "UPC" else BY_CODE for by, targets in reversed(said.items()) for target in targets}
            best = sorted(scores, key=lambda target: (-scores[target], target))[:MOST]
            return [Proposed(card, target, scores[target], words) for target in best]
        alike = sorted(self._alike(card), key=lambda item: (-item.score, item.target or Target("")))[:MOST]
        return alike or [Proposed(card, None, 0, "nothing similar was found in AIMS360")]

    def _alike(self, card: JoorStyleCard) -> Iterable[Proposed]:
        """By likeness of names and numbers, raised by shared colours and sizes."""
        name, number = utils.default_process(card.name), card.number.strip().casefold()
        likeness: dict[str, tuple[float, str]] = {}
        for _, score, style in process.extract(name, self._names, scorer=fuzz.token_sort_ratio, limit=_CANDIDATES, score_cutoff=WORST_NAME):
            likeness[style] = (score, f"the names are {score:.0f} % alike ({self._styles[style].name!r})")
        for _, score, style in (
            process.extract(number, self._codes, scorer=fuzz.ratio, limit=_CANDIDATES, score_cutoff=70) if number else ()
        ):
            if score > likeness.get(style, (0.0, ""))[0]:
                likeness[style] = (score, f"the style numbers are {score:.0f} % alike")
        for style, (score, words) in likeness.items():
            colors, sizes = self._shared(card, self._styles[style])
            total = score * (0.7 + 0.2 * colors + 0.1 * sizes) if card.skus else score * 0.85
            more = f"; {colors:.0%} of its colours and {sizes:.0%} of its sizes are there" if card.skus else ""
            if total >= WORST_NAME:
                target = self._narrowed(card, Target(style), self._numbers.get(card.number.strip(), 0) <= 1)
                yield Proposed(card, target, min(round(total), BEST_NAME), words + more)

    @staticmethod
    def _shared(card: JoorStyleCard, style: AimsStyle) -> tuple[float, float]:
        colors = {_fold(sku.color_code or sku.color_name) for sku in card.skus}
        sizes = {_fold(sku.size) for sku in card.skus}
        shared = (sum(1 for color in colors if color in style.colors), sum(1 for size in sizes if size in style.sizes))
        return shared[0] / max(len(colors), 1), shared[1] / max(len(sizes), 1)


def count_numbers(cards: Iterable[JoorStyleCard]) -> Counter[str]:
    return Counter(card.number.strip() for card in cards)


def _agreed(claims: Mapping[str, set[Target]]) -> Target | None:
    """The one target that everything which says something means; None for nothing and for a conflict."""
    said = [targets for targets in claims.values() if targets]
    if not said or any(len(targets) != 1 for targets in said):
        return None
    targets = {target for single in said for target in single}
    colored = {target for target in targets if target.color} or targets
    return colored.pop() if len({target.style for target in targets}) == 1 and len(colored) == 1 else None


def _fold(text: str) -> str:
    return text.strip().casefold()


def _upc(text: str | None) -> str:
    """UPC-A and its EAN-13 spelling are the same number; "" for none."""
    return (text or "").strip().lstrip("0")
