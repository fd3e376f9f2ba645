"""Which AIMS360 field of a style becomes which JOOR field: a table of the site over defaults that work without one. Pure.

Targets: `name`, `number`, `description`, `order_minimum` (units), `color_name`, `category` (comma list of JOOR category ids), `case_pack`
(units), `trait:NAME`, `trait_code:NAME`, `tag:GROUP/NAME`. Sources: any property of AIMS360's style-colour row (facts 9.3), without regard
to case, any property of the single style where the site reads details, or the words `style`, `color`, `division`, `division_name`,
`season`, `season_name`, `fabric_content`. A table row without source, constant and fallback switches a default off.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from clients.aims360.types import StyleColor
from clients.joor.types import TagDraft, TraitDraft
from models.catalogue import STYLE_TARGET_PREFIXES, STYLE_TARGETS
from models.errors import NotPossible

#: JOOR's limits (facts 4.3).
LONGEST = {"identifier": 100, "number": 45, "name": 100, "description": 500}
_KEYS = {"name": "style", "number": "style", "color_name": "color"}  # never empty: what stands in


@dataclass(frozen=True)
class FieldRow:
    """One row of the table (`models.catalogue.StyleField`)."""

    target: str
    source: str = ""
    constant: str = ""
    fallback: str = ""


@dataclass(frozen=True)
class Facts:
    """One style-colour and what else a source may name. Division and season are JOOR's where a pair says so. `details`: AIMS360's answer
    for the single style, None when the site does not read it."""

    row: StyleColor
    division: str = ""
    division_name: str = ""
    season: str = ""
    season_name: str = ""
    details: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ProductFields:
    name: str
    number: str
    description: str = ""
    order_minimum: int | None = None
    categories: tuple[str, ...] = ()
    traits: tuple[TraitDraft, ...] = ()
    tags: tuple[TagDraft, ...] = ()
    notes: tuple[str, ...] = ()  # what was cut


@dataclass(frozen=True)
class FieldTable:
    """`rows` of the site over the defaults. `division`: AIMS360's division goes into JOOR's division field by default. `details`: the site
    reads each style by itself, too. Raises NotPossible for a target there is not."""

    rows: tuple[FieldRow, ...] = ()
    division: bool = True
    details: bool = False
    site_key: str = ""
    _by_target: dict[str, FieldRow] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for row in self.rows:
            if row.target not in STYLE_TARGETS and not _is_named(row.target):
                raise self._unknown_target(row)
        defaults = {row.target: row for row in self._defaults()}
        object.__setattr__(self, "_by_target", defaults | {row.target: row for row in self.rows})

    def product(self, facts: Facts) -> ProductFields:
        """The fields of a card, from its first colour. Raises NotPossible naming the style for a source or number that cannot be used."""
        notes: list[str] = []
        return ProductFields(
            name=self._cut("name", facts, notes),
            number=self.value("number", facts),
            description=self._cut("description", facts, notes),
            order_minimum=self._units("order_minimum", facts),
            categories=tuple(part.strip() for part in self.value("category", facts).split(",") if part.strip()),
            traits=tuple(self._traits(facts)),
            tags=tuple(self._tags(facts)),
            notes=tuple(notes),
        )

    def color_name(self, facts: Facts) -> str:
        return self.value("color_name", facts)

    def case_pack(self, facts: Facts) -> int:
        """Units per case pack, at least 1."""
        return self._units("case_pack", facts) or 1

    def value(self, target: str, facts: Facts) -> str:
        row = self._by_target.get(target, FieldRow(target))
        found = (self._sourced(row, facts) if row.source else "") or row.constant or row.fallback
        return found.strip() or _source_values(facts).get(_KEYS.get(target, ""), "")

    def _defaults(self) -> Iterable[FieldRow]:
        yield FieldRow("name", "description")
        yield FieldRow("description", "bodyDescription")
        yield FieldRow("color_name", "colorDescription")
        yield FieldRow("trait:Country of Origin", "originCountryName")
        if self.division:
            yield FieldRow("trait:Division", "division_name")
            yield FieldRow("trait_code:Division", "division")
        if self.details:
            yield FieldRow("trait:Fabrication Name", "fabric_content")

    def _sourced(self, row: FieldRow, facts: Facts) -> str:
        values = _source_values(facts)
        key = _folded(row.source)
        if key in values:
            return values[key].strip()
        style = facts.row.style
        if row not in self.rows:
            return ""  # a default: AIMS360 need not have the property
        if key == "fabriccontent" and facts.details is None:
            raise NotPossible(
                f"Style {style}: JOOR field {row.target!r} is taken from {row.source!r}, which only the reading of single styles shows",
                fix=[f'Read it: joorsync sites set {self.site_key} --style "details=true"'],
                field=row.target,
            )
        there = ", ".join(sorted(str(name) for name in facts.row.raw)) or "none"
        raise NotPossible(
            f"Style {style}: JOOR field {row.target!r} is taken from {row.source!r}, but AIMS360's style-colours have no such property",
            fix=[f"They have: {there}", f'Correct it: joorsync styles fields set "{row.target}" --aims FIELD --site {self.site_key}'],
            field=row.target,
        )

    def _traits(self, facts: Facts) -> Iterable[TraitDraft]:
        for target in sorted(self._by_target):
            if target.startswith("trait:") and (value := self.value(target, facts)):
                name = target.removeprefix("trait:")
                yield TraitDraft(name, value, self.value(f"trait_code:{name}", facts))

    def _tags(self, facts: Facts) -> Iterable[TagDraft]:
        for target in sorted(self._by_target):
            if target.startswith("tag:") and (value := self.value(target, facts)):
                group, _, name = target.removeprefix("tag:").partition("/")
                yield TagDraft(group, name, value)

    def _cut(self, target: str, facts: Facts, notes: list[str]) -> str:
        text, most = self.value(target, facts), LONGEST[target]
        if len(text) <= most:
            return text
        notes.append(f"{target} cut to {most} characters")
        return text[: most - 1].rstrip() + "…"

    def _units(self, target: str, facts: Facts) -> int | None:
        text = self.value(target, facts)
        whole = text.partition(".")[0] if not text.partition(".")[2].strip("0") else text
        if not text or whole == "0":
            return None
        if not (whole.isascii() and whole.isdecimal()):
            raise NotPossible(
                f"Style {facts.row.style}: JOOR field {target!r} takes a whole number of units, not {text!r}",
                fix=[
                    "Correct it in AIMS360",
                    f"Or take another source: joorsync styles fields set {target} --aims FIELD --site {self.site_key}",
                ],
                field=target,
            )
        return int(whole)

    def _unknown_target(self, row: FieldRow) -> NotPossible:
        return NotPossible(
            f"There is no JOOR field {row.target!r}",
            fix=[
                f"The fields are {', '.join(STYLE_TARGETS)}, trait:NAME, trait_code:NAME and tag:GROUP/NAME",
                f'Take it out: joorsync styles fields unset "{row.target}" --site {self.site_key}',
            ],
            field=row.target,
        )


def _is_named(target: str) -> bool:
    kind = next((kind for kind in STYLE_TARGET_PREFIXES if target.startswith(kind)), None)
    if kind is None:
        return False
    group, slash, name = target.removeprefix(kind).partition("/")
    return bool(group.strip() and name.strip()) if kind == "tag:" else bool((group + slash + name).strip())


def _source_values(facts: Facts) -> dict[str, str]:
    """Every source by its folded name. What the contract has found out wins over a property of the same name."""
    row = facts.row
    values = {_folded(str(name)): _text(value) for name, value in {**(facts.details or {}), **row.raw}.items() if _is_plain(value)}
    words = {
        "style": row.style,
        "color": row.color,
        "division": facts.division,
        "divisionname": facts.division_name,
        "season": facts.season,
        "seasonname": facts.season_name,
        "description": row.description,
        "colordescription": row.color_description,
        "bodycode": row.body_code,
        "bodydescription": row.body_description,
        "brandname": row.brand_name,
        "origincountryname": row.origin_country,
    }
    return values | words


def _folded(name: str) -> str:
    return name.strip().replace("_", "").casefold()


def _is_plain(value: Any) -> bool:
    return not isinstance(value, dict | list | tuple)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
