"""Which codes of JOOR and AIMS360 mean the same: equal codes are pairs; equal names, the one label of a currency are proposals. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from models.mappings import MappingKind

EQUAL_NAMES, CASE_ALONE, ONE_CURRENCY = 100, 95, 90
#: Paired by equal codes. A country's code is its ISO code on both sides; sizes and styles have matches of their own.
BY_CODE = (
    MappingKind.TERM,
    MappingKind.SHIP_VIA,
    MappingKind.DIVISION,
    MappingKind.SEASON,
    MappingKind.WAREHOUSE,
    MappingKind.SALES_REP,
    MappingKind.COUNTRY,
)


@dataclass(frozen=True)
class JoorSide:
    """`nameless_code`: JOOR has a name but no code there, so `code` is the name and equals nothing by code. Of a price label, `name` is its
    currency."""

    code: str
    name: str = ""
    nameless_code: bool = False


@dataclass(frozen=True)
class AimsSide:
    """AIMS360 knows warehouses by name alone: `code` and `name` are the same then."""

    code: str
    name: str = ""
    enabled: bool = True


@dataclass(frozen=True)
class CodePair:
    joor: JoorSide
    aims: AimsSide
    score: int = 0  # of a proposal
    why: str = ""


@dataclass(frozen=True)
class CodesMatched:
    pairs: tuple[CodePair, ...]
    proposals: tuple[CodePair, ...]


def match_codes(
    kind: MappingKind, joor: Sequence[JoorSide], aims: Sequence[AimsSide], paired_joor: Collection[str], paired_aims: Collection[str]
) -> CodesMatched:
    """`paired_*`: codes that have a pair, or are left out on purpose. What AIMS360 has switched off is not paired."""
    open_joor = [side for side in joor if side.code not in paired_joor]
    if kind is MappingKind.PRICE_LABEL:
        return CodesMatched((), tuple(_by_currency(joor, open_joor, aims)))
    enabled = {side.code: side for side in aims if side.enabled}
    pairs = [CodePair(side, enabled[side.code]) for side in open_joor if _equal(kind, side) and side.code in enabled]
    if kind is MappingKind.WAREHOUSE:  # an AIMS360 warehouse belongs to one JOOR warehouse
        taken = {_fold(code) for code in paired_aims}
        pairs = [pair for pair in pairs if _fold(pair.aims.code) not in taken]
        paired_aims = {*paired_aims, *(pair.aims.code for pair in pairs)}
    sure = {pair.joor.code for pair in pairs}
    left = [side for side in open_joor if side.code not in sure]
    targets = [side for side in enabled.values() if not (kind is MappingKind.WAREHOUSE and side.code in paired_aims)]
    return CodesMatched(tuple(pairs), tuple(_proposals(joor, left, list(enabled.values()), targets)))


def _equal(kind: MappingKind, side: JoorSide) -> bool:
    return kind in BY_CODE and (not side.nameless_code or kind is MappingKind.WAREHOUSE)


def _proposals(
    joor: Sequence[JoorSide], left: Iterable[JoorSide], aims: Sequence[AimsSide], targets: Sequence[AimsSide]
) -> Iterable[CodePair]:
    """Equal names that are unique on both sides, else codes that differ in case alone."""
    ours, theirs = Counter(_name(side) for side in joor), Counter(_fold(side.name) for side in aims)
    by_name = {_fold(side.name): side for side in targets if side.name.strip() and theirs[_fold(side.name)] == 1}
    folded = Counter(_fold(side.code) for side in aims)
    by_code = {_fold(side.code): side for side in targets if folded[_fold(side.code)] == 1}
    for side in left:
        name = _name(side)
        if name and ours[name] == 1 and name in by_name:
            yield CodePair(side, by_name[name], EQUAL_NAMES, f"equal names: {by_name[name].name.strip()!r}")
        elif _fold(side.code) in by_code:
            why = "JOOR has no code there, and its name is AIMS360's code" if side.nameless_code else "the codes differ in case alone"
            yield CodePair(side, by_code[_fold(side.code)], CASE_ALONE, why)


def _by_currency(joor: Sequence[JoorSide], left: Iterable[JoorSide], aims: Sequence[AimsSide]) -> Iterable[CodePair]:
    """AIMS360 allows one price label per currency (joor-api facts 3.6)."""
    labels = Counter(side.name.strip().upper() for side in joor)
    currencies = {side.code.strip().upper(): side for side in aims if side.enabled}
    for side in left:
        currency = side.name.strip().upper()
        if currency in currencies and labels[currency] == 1:
            yield CodePair(side, currencies[currency], ONE_CURRENCY, f"the one price label in {currency} on JOOR")


def _name(side: JoorSide) -> str:
    return _fold(side.name or (side.code if side.nameless_code else ""))


def _fold(text: str) -> str:
    return " ".join(text.split()).casefold()
