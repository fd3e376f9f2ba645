"""What the style rules are given besides AIMS360's rows: settings, field table, price labels, and the site's pairs of styles and sizes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from clients.aims360.types import PriceRow, StyleColor
from clients.joor.types import StyleDraft
from models.errors import NotPossible
from models.settings import StyleSettings
from rules.style_fields import Facts, FieldTable
from rules.style_parts import fingerprint
from rules.style_prices import PriceTable

#: Part of every configuration digest: a change of the rules themselves makes every style differ once.
RULES = 1
#: The settings that shape a draft.
_SHAPING = frozenset(
    {
        "card",
        "identifier_separator",
        "different_prices",
        "division_field",
        "price_source",
        "base_currency",
        "currencies",
        "price_level",
        "retail",
        "include_inactive",
        "details",
    }
)
_NONE = ("", "")


class Code(NamedTuple):
    """A division or season. `joor_code` and `joor_name` are what JOOR calls it: AIMS360's own words where no pair says otherwise."""

    code: str
    joor_code: str
    joor_name: str


class Pair(NamedTuple):
    """A stored pair. `primary`: the one that is meant where several would do."""

    joor_code: str
    aims_code: str
    joor_name: str = ""
    primary: bool = True


@dataclass(frozen=True)
class Goods:
    """One AIMS360 style as it was read: all its colours, price levels, and what only the single style shows (None: not read)."""

    style: str
    colors: tuple[StyleColor, ...]
    prices: tuple[PriceRow, ...] = ()
    details: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class KnownCard:
    """A card of the style that JOOR was told of. `color` "": all colours. `draft` is what JOOR was last told. `off`: what a person took
    off, COLOUR, COLOUR|SIZE or |SIZE as JOOR calls them."""

    identifier: str
    color: str = ""
    draft: StyleDraft | None = None
    off: frozenset[str] = frozenset()


class SizeNames:
    """JOOR's name of an AIMS360 size: the pairs in reverse, else the same name. Case matters (facts 4.1)."""

    def __init__(self, pairs: Iterable[Pair], site_key: str = "") -> None:
        self.pairs = tuple(sorted(pairs))
        self._site = site_key
        self._names: dict[str, list[Pair]] = {}
        for pair in self.pairs:
            self._names.setdefault(pair.aims_code, []).append(pair)

    def joor(self, size: str, known: Collection[str] = ()) -> str:
        """Of several: the primary one, the same name, or the one that the card has already (`known`). Raises NotPossible when that leaves
        more than one."""
        found = self._names.get(size, [])
        names = _narrowed([pair.joor_code for pair in found], [pair.joor_code for pair in found if pair.primary], size, known)
        if len(names) > 1:
            raise NotPossible(
                f"AIMS360 size {size!r} is mapped to JOOR sizes {' and '.join(map(repr, names))}: which one should be sent?",
                fix=[
                    f'Take one out: joorsync map remove size "{names[-1]}" --site {self._site}',
                    "Or mark one as primary in the CSV of pairs",
                ],
                field="size",
            )
        return names[0] if names else size


class StylePairs:
    """Style pairs as exports use them: `IDENTIFIER -> STYLE` or `IDENTIFIER -> STYLE|COLOUR` (a card per colour) says under which
    identifier a style lives on JOOR; `IDENTIFIER|COLOUR -> STYLE|COLOUR` how JOOR calls one of its colours. UPC pairs are the orders'."""

    def __init__(self, pairs: Iterable[Pair], site_key: str = "") -> None:
        self._site = site_key
        self._of: dict[str, list[Pair]] = {}
        for pair in sorted(pairs):
            if pair.aims_code.count("|") <= 1:
                self._of.setdefault(pair.aims_code.partition("|")[0], []).append(pair)

    def of(self, style: str) -> list[Pair]:
        return self._of.get(style, [])

    def own_cards(self, style: str) -> frozenset[str]:
        """Colours that a pair says have a card of their own."""
        return frozenset(pair.aims_code.partition("|")[2] for pair in self.of(style) if "|" in pair.aims_code and "|" not in pair.joor_code)

    def identifier(self, style: str, color: str, otherwise: str, known: Collection[str]) -> str:
        """`color` "": of the card with all colours. Of several paired ones the one that is live (`known`) is taken; raises NotPossible when
        that does not decide."""
        target = f"{style}|{color}" if color else style
        found = [pair for pair in self.of(style) if pair.aims_code == target and "|" not in pair.joor_code]
        names = _narrowed([pair.joor_code for pair in found], [pair.joor_code for pair in found if pair.primary], otherwise, known)
        if len(names) > 1:
            raise NotPossible(
                f"{target} is mapped to several JOOR styles: {', '.join(names)}",
                fix=[f'Take out the wrong ones: joorsync map remove style "{names[-1]}" --site {self._site}'],
                field="style",
            )
        return names[0] if names else otherwise

    def color_code(self, identifier: str, style: str, color: str) -> str:
        """JOOR's code of the colour on that card."""
        start = f"{identifier}|"
        found = [
            pair.joor_code.removeprefix(start)
            for pair in self.of(style)
            if pair.aims_code == f"{style}|{color}" and pair.joor_code.startswith(start) and len(pair.joor_code) > len(start)
        ]
        return color if color in found or not found else found[0]


@dataclass(frozen=True)
class StyleFrame:
    """Everything but the rows. `divisions` and `seasons` are by AIMS360 id, lower case."""

    settings: StyleSettings
    fields: FieldTable
    prices: PriceTable
    sizes: SizeNames = field(default_factory=lambda: SizeNames(()))
    pairs: StylePairs = field(default_factory=lambda: StylePairs(()))
    divisions: Mapping[str, Code] = field(default_factory=dict)
    seasons: Mapping[str, Code] = field(default_factory=dict)
    site_key: str = ""
    common: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "common", fingerprint(self._common()))

    def facts(self, row: StyleColor, details: Mapping[str, Any] | None) -> Facts:
        division = self.divisions.get((row.division_id or "").lower())
        season = self.seasons.get((row.season_id or "").lower())
        return Facts(row, *(division[1:] if division else _NONE), *(season[1:] if season else _NONE), details)

    def expected(self, style: str, source_digest: str, division: str, season: str) -> str:
        """The digest of source and configuration (`StyleSource.exported_digest`). Division and season are AIMS360 codes. A pair of one
        style, or the name of a division, concerns only the styles that have it."""
        codes = [
            next((list(found) for found in table.values() if found.code == code), None)
            for table, code in ((self.divisions, division), (self.seasons, season))
        ]
        return fingerprint([self.common, source_digest, [list(pair) for pair in self.pairs.of(style)], codes])

    def _common(self) -> list[Any]:
        table = self.fields
        return [
            RULES,
            self.settings.model_dump(mode="json", include=set(_SHAPING)),
            sorted([row.target, row.source, row.constant, row.fallback] for row in table.rows),
            [table.division, table.details],
            [[label.label, label.currency, label.level] for label in self.prices.labels],
            self.prices.base,
            [list(pair) for pair in self.sizes.pairs],
        ]


def _narrowed(names: list[str], primary: list[str], same: str, known: Collection[str]) -> list[str]:
    """The one that is meant, or all that it may be."""
    for some in (names, primary):
        if len(some) == 1:
            return some
    if same in names:
        return [same]
    live = [name for name in (primary or names) if name in known]
    return live if len(live) == 1 else (primary or names)
