"""Which pictures of a style belong on JOOR, at which level, and under which names. Pure.

Levels are JOOR's: style, colour, swatch (facts 6.4).
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from models.catalogue import ImageLevel

LONGEST_NAME = 69  # characters; v2's limit, v4's is 100 (facts 2.2)


@dataclass(frozen=True)
class Picture:
    """One picture as a source lists it. `color` "": of the whole style. `n` orders pictures of one colour: a number, or the word that names
    the swatch; "" comes last. `url` is where JOOR itself could fetch it."""

    source: str  # document id, path or URL
    version: str  # differs when the content may differ
    color: str = ""
    n: str = ""
    name: str = ""
    url: str = ""
    size: int = 0  # bytes, 0 when not known


@dataclass(frozen=True)
class Card:
    """A style card on JOOR. `color` is "" for a card with all colours; `colors` are its active ones in their order."""

    identifier: str
    color: str
    colors: tuple[str, ...]
    by_hand: bool = False


@dataclass(frozen=True)
class Wanted:
    """`place` is 1.. within (level, colour)."""

    level: ImageLevel
    color: str
    place: int
    picture: Picture


def wanted(card: Card, pictures: Iterable[Picture], *, level: Literal["style", "color"], swatch: str, most: int) -> list[Wanted]:
    """What should be on the card. `most` counts per style, or per colour at level "color".

    Level "style": all pictures as style images, the style's own first. Level "color": of each colour the swatch (the one that `swatch`
    names by its n; "": the first, facts of the module 7.4), then the colour's own image (the swatch again when there is no other); further
    ones become style images after the style's own.
    """
    by_color: dict[str, list[Picture]] = {}
    for picture in sorted(pictures, key=_order):
        by_color.setdefault(picture.color, []).append(picture)
    colors = [color for color in ([card.color] if card.color else card.colors) if color in by_color]
    own = _without(by_color.get("", []), swatch)
    if level == "style":
        shown = [*own, *(picture for color in colors for picture in _without(by_color[color], swatch))][:most]
        return _numbered(shown)
    found, further = [], []
    for color in colors:
        patch, rest = _swatch_and_rest(by_color[color][: None if swatch else most], swatch)
        image = rest[0] if rest else patch
        found += [Wanted(ImageLevel.SWATCH, color, 1, patch)] if patch else []
        found += [Wanted(ImageLevel.COLOR, color, 1, image)] if image else []
        further += rest[1 : most - (1 if patch else 0)]
    return found + _numbered([*own[:most], *further])


def _order(picture: Picture) -> tuple[int, int, str, str, str]:
    number = int(picture.n) if picture.n.isascii() and picture.n.isdecimal() else 0
    sort = 2 if not picture.n else 0 if picture.n.isascii() and picture.n.isdecimal() else 1
    return (sort, number, picture.n, picture.name, picture.source)


def _without(pictures: Sequence[Picture], swatch: str) -> list[Picture]:
    return [picture for picture in pictures if not swatch or picture.n.casefold() != swatch.casefold()]


def _swatch_and_rest(pictures: Sequence[Picture], swatch: str) -> tuple[Picture | None, list[Picture]]:
    if not swatch:
        return pictures[0], list(pictures[1:])
    named = [picture for picture in pictures if picture.n.casefold() == swatch.casefold()]
    return (named[0] if named else None), _without(pictures, swatch)


def _numbered(pictures: Sequence[Picture]) -> list[Wanted]:
    return [Wanted(ImageLevel.STYLE, "", place, picture) for place, picture in enumerate(pictures, 1)]


def filename(card: str, wish: Wanted, digest: str, extension: str) -> str:
    """Unique in the account, at most LONGEST_NAME characters, the same for the same picture in the same place, another one for another
    content: v4 refuses a name that is in use (facts 6.2)."""
    told = "\0".join((card, wish.level, wish.color, wish.picture.n, wish.picture.source, digest))
    tail = f"_{hashlib.sha256(told.encode()).hexdigest()[:12]}.{extension}"
    last = "swatch" if wish.level == ImageLevel.SWATCH else wish.picture.n or str(wish.place)
    stem = "_".join(_safe(part) for part in (card, wish.color or wish.picture.color, last) if part)
    return stem[: LONGEST_NAME - len(tail)] + tail


def _safe(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "-", text).strip("-") or "x"
