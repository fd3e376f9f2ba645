"""Which style cards belong on a linesheet, in which order and without which colours. Pure.

A card belongs while it lives on JOOR: a style that AIMS360 no longer has leaves its linesheets when its card is removed, which a person
allows, not by itself. Field conditions are met by colours, not by styles (AIMS360 keeps deliveries and user codes on the style-colour row):
of a card with several colours those that do not meet them are left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import ValidationError

from clients.aims360.types import StyleColor
from clients.joor.types import LinesheetDraft
from models.catalogue import Linesheet
from models.errors import NotPossible
from models.settings import LinesheetRule
from models.ship_window import ShipWindow
from rules.style_parts import fingerprint


@dataclass(frozen=True)
class StyleFacts:
    """One AIMS360 style as last read; codes. `rows` (its style-colours) are needed for field conditions only. `current`: neither gone nor
    inactive."""

    style: str
    division: str = ""
    season: str = ""
    current: bool = True
    rows: tuple[StyleColor, ...] = ()


@dataclass(frozen=True)
class CardFacts:
    """One JOOR style card. `joor_id` None: not on JOOR yet. `removed`: taken off JOOR. `colors` (code, name) and `skus` (COLOUR|SIZE to
    JOOR's id) are needed only where colours matter, see `colours_matter`."""

    identifier: str
    style: str
    joor_id: str | None
    color: str = ""
    removed: bool = False
    colors: tuple[tuple[str, str], ...] = ()
    skus: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Member:
    """A card that belongs on the linesheet. `excluded`: colours left out, (code, name); then `sku_ids` are all SKUs of the others whose
    JOOR id is known (facts 5.2: dropping a colour is listing every other SKU)."""

    identifier: str
    joor_id: str
    style: str
    order_number: int | None = None
    excluded: tuple[tuple[str, str], ...] = ()
    sku_ids: tuple[str, ...] = ()

    @property
    def excluded_codes(self) -> tuple[str, ...]:
        return tuple(code for code, _ in self.excluded)


@dataclass(frozen=True)
class Members:
    """`waiting`: styles that belong and whose card is not on JOOR yet. `unknown`: named styles that AIMS360 does not have."""

    cards: tuple[Member, ...] = ()
    waiting: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def colours_matter(rule: LinesheetRule, dropped: Iterable[str]) -> frozenset[str] | None:
    """The styles of which `members` needs to know the colours; None: of all."""
    listed = [entry for entry in (*rule.exclude, *dropped) if "|" in entry]
    if rule.fields or any(entry.startswith("|") for entry in listed):
        return None
    return frozenset(entry.partition("|")[0] for entry in listed)


def members(rule: LinesheetRule, sources: Iterable[StyleFacts], cards: Iterable[CardFacts], dropped: Iterable[str] = ()) -> Members:
    """The cards of the styles that meet every condition of the rule, and of the named styles, in display order, numbered from 1.

    `dropped` (STYLE or STYLE|COLOUR) wins over the rule. A rule with neither conditions nor styles has no members.
    """
    known = {source.style: source for source in sources}
    off = frozenset(dropped)
    named = [style for style in dict.fromkeys(rule.styles) if style not in off]
    offered: dict[str, frozenset[str] | None] = {
        style: _colors_offered(rule, source) for style, source in known.items() if style not in off
    }
    offered |= dict.fromkeys(named)
    found: list[Member] = []
    seen: set[str] = set()
    waiting: set[str] = set()
    for card in cards:
        colors = offered.get(card.style, frozenset())
        if colors is not None and not colors:
            continue
        seen.add(card.style)
        member = None if card.removed else _member(card, colors, off.union(rule.exclude))
        if member is not None and card.joor_id is not None:
            found.append(member)
        elif member is not None:
            waiting.add(card.style)
    waiting |= {style for style, colors in offered.items() if colors != frozenset() and style in known and known[style].current} - seen
    unknown = tuple(style for style in named if style not in known and style not in seen)
    ordered = sorted(found, key=_listed(rule) if rule.order == "listed" else _by_style)
    numbered = tuple(_with_number(member, number) for number, member in enumerate(ordered, 1))
    return Members(numbered, tuple(sorted(waiting)), unknown)


def _colors_offered(rule: LinesheetRule, source: StyleFacts) -> frozenset[str] | None:
    """Colours that meet the conditions; None: all of the style, whichever it has."""
    meets = rule.by_condition
    meets = meets and (rule.seasons is None or source.season in rule.seasons)
    meets = meets and (rule.divisions is None or source.division in rule.divisions)
    if not meets:
        return frozenset()
    if not rule.fields:
        return None
    return frozenset(row.color for row in source.rows if all(field_value(row, name) in values for name, values in rule.fields.items()))


def field_value(row: StyleColor, name: str) -> str:
    """An AIMS360 field of the style-colour row by its AIMS360 name, upper or lower case; "a.b" is field b inside of a. Without one: ""."""
    value: Any = row.raw
    for part in name.split("."):
        found = value if isinstance(value, Mapping) else {}
        value = found.get(part, next((inner for key, inner in found.items() if str(key).lower() == part.lower()), None))
    if value is None or isinstance(value, Mapping | list):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _member(card: CardFacts, offered: frozenset[str] | None, out: frozenset[str]) -> Member | None:
    """None when the card has no colour left to show."""

    def left_out(color: str) -> bool:
        return (offered is not None and color not in offered) or f"{card.style}|{color}" in out or f"|{color}" in out

    plain = Member(card.identifier, card.joor_id or "", card.style)
    if card.color:
        return None if left_out(card.color) else plain
    excluded = tuple((code, name) for code, name in card.colors if left_out(code))
    if not excluded:
        return plain
    if len(excluded) == len(card.colors):
        return None
    codes = {code for code, _ in excluded}
    kept = tuple(sku_id for key, sku_id in sorted(card.skus.items()) if key.partition("|")[0] not in codes)
    return Member(card.identifier, card.joor_id or "", card.style, excluded=excluded, sku_ids=kept)


def _by_style(member: Member) -> tuple[Any, ...]:
    return (member.style, member.identifier)


def _listed(rule: LinesheetRule) -> Any:
    place = {style: number for number, style in enumerate(dict.fromkeys(rule.styles))}
    return lambda member: (place.get(member.style, len(place)), member.style, member.identifier)


def _with_number(member: Member, number: int) -> Member:
    return Member(member.identifier, member.joor_id, member.style, number, member.excluded, member.sku_ids)


def members_digest(cards: Sequence[Member]) -> str:
    """Equal means that JOOR has these cards in this order with these colours, if a sync has been through since."""
    return fingerprint([[card.identifier, card.joor_id, list(card.excluded_codes), list(card.sku_ids)] for card in cards])


def head(linesheet: Linesheet, *, public: bool = True) -> LinesheetDraft:
    """Name, season and ship window as JOOR should have them. Raises NotPossible for dates that cannot be."""
    given = {"start": linesheet.ship_start, "complete": linesheet.ship_complete, "cancel": linesheet.cancel_date}
    try:
        window = ShipWindow.model_validate({**given, "minimum_window": linesheet.minimum_window})
    except ValidationError as error:
        words = "; ".join(item["msg"].removeprefix("Value error, ") for item in error.errors(include_url=False, include_context=False))
        raise NotPossible(
            f"Linesheet {linesheet.code}: {words}",
            fix=[f"joorsync linesheets define {linesheet.code} --start YYYY-MM-DD --complete YYYY-MM-DD --cancel YYYY-MM-DD"],
            field="ship window",
        ) from None
    return LinesheetDraft(
        code=linesheet.code,
        name=linesheet.name,
        season_code=linesheet.season_code,
        season_name=linesheet.season_name or linesheet.season_code,
        season_year=linesheet.season_year,
        **window.model_dump(),
        public=public,
    )


def head_json(draft: LinesheetDraft) -> dict[str, Any]:
    return {name: value if value is None or isinstance(value, int) else str(value) for name, value in asdict(draft).items()}


def head_digest(draft: LinesheetDraft) -> str:
    return fingerprint(head_json(draft))
