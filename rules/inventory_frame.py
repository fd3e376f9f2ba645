"""What the inventory rules are given besides rows: warehouse map, catalogue, settings; and the list of problems they fill."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from clients.aims360.types import StyleColor
from models.settings import InventorySettings, StyleSettings

_EXAMPLES = 10


class Problems:
    """What had to be left out, by kind: how often, and the first few in words."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.examples: dict[str, list[str]] = {}

    def add(self, kind: str, words: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if len(self.examples.setdefault(kind, [])) < _EXAMPLES:
            self.examples[kind].append(words)

    def as_json(self) -> dict[str, Any]:
        return {kind: {"count": count, "examples": self.examples[kind]} for kind, count in sorted(self.counts.items())}


@dataclass(frozen=True)
class WarehouseMap:
    """AIMS360 warehouse name -> JOOR warehouse name, or None when it is deliberately left out. AIMS360 names match without regard to case;
    JOOR names are sent to the letter, and only names in this map are ever sent."""

    pairs: Mapping[str, str | None]
    _folded: dict[str, str | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_folded", {fold(name): target for name, target in self.pairs.items()})

    @property
    def joor_names(self) -> frozenset[str]:
        return frozenset(name for name in self.pairs.values() if name)

    def knows(self, aims_name: str) -> bool:
        return fold(aims_name) in self._folded

    def joor_name(self, aims_name: str) -> str | None:
        return self._folded.get(fold(aims_name))


class StyleFacts(NamedTuple):
    """One style-colour; `division` and `season` are codes."""

    style: str
    color: str
    division: str | None
    season: str | None
    active: bool
    upcs: dict[str, str]  # size -> UPC


class Catalogue:
    """What the rules need of AIMS360's style-colours. `divisions` and `seasons` map AIMS360 ids to codes."""

    def __init__(self, rows: Iterable[StyleColor], divisions: Mapping[str, str] | None = None, seasons: Mapping[str, str] | None = None):
        self.by_id: dict[str, StyleFacts] = {}
        self.by_name: dict[tuple[str, str], StyleFacts] = {}
        for row in rows:
            facts = StyleFacts(
                row.style.strip(),
                row.color.strip(),
                (divisions or {}).get(row.division_id or ""),
                (seasons or {}).get(row.season_id or ""),
                row.active,
                {size.name.strip(): size.upc.strip() for size in row.sizes if size.upc and size.upc.strip()},
            )
            self.by_id[row.id] = self.by_name[facts.style, facts.color] = facts

    def __len__(self) -> int:
        return len(self.by_id)


@dataclass(frozen=True)
class Frame:
    """Everything but the rows. `divisions` and `seasons` are AIMS360 codes, None: any. `styles`: only these, None: all.
    `warehouse_names` maps AIMS360 warehouse ids to names. `today` is a day in UTC. `identifiers`: of the cards that are on JOOR, by
    (style, colour), colour "" for a card with all colours: paired and split styles have others than the settings say."""

    inventory: InventorySettings
    style: StyleSettings
    catalogue: Catalogue
    warehouses: WarehouseMap
    warehouse_names: Mapping[str, str]
    today: date
    divisions: frozenset[str] | None = None
    seasons: frozenset[str] | None = None
    styles: frozenset[str] | None = None
    identifiers: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def identifier(self, style: str, color: str) -> str:
        """The key of the JOOR style card that the SKU is on, or will be on."""
        live = self.identifiers.get((style, color)) or self.identifiers.get((style, ""))
        if live:
            return live
        return style if self.style.card == "style" else f"{style}{self.style.identifier_separator}{color}"


def fold(name: str) -> str:
    """A warehouse name as it is compared."""
    return name.strip().casefold()
