"""JOOR's Order Settings against AIMS360's lists: which codes in use have no counterpart, and which stored pairs lead nowhere.

JOOR's API lists its price types alone (v4). Payment methods, shipping methods and warehouses are seen on orders and connections only
(joor-api facts 3.1), so what is said about them rests on what was seen there and on stored pairs.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlmodel import Session, col, select

from clients.aims360.client import AimsClient
from clients.aims360.types import CodeKind
from clients.joor.types import PriceType
from models.customers import CustomerSource, JoorCode
from models.errors import AccessDenied, SyncError, Unavailable
from models.mappings import Mapping as Pair
from models.mappings import MappingKind
from workers.check_probe import Probe, failed
from workers.sync import Context, SiteView

_READ: tuple[CodeKind, ...] = ("term", "ship_via", "season", "division", "country", "sales_rep", "currency")
#: What JOOR calls the settings page of a kind (facts 3.1).
_PAGES = {MappingKind.TERM: "payment methods", MappingKind.SHIP_VIA: "shipping methods", MappingKind.WAREHOUSE: "warehouses"}
_USED_BY = {MappingKind.TERM: "term_id", MappingKind.SHIP_VIA: "ship_via_id"}
_SHOWN = 12


@dataclass(frozen=True)
class AimsLists:
    """AIMS360's code tables by kind: code -> (id, usable). A table that could not be read is in `failures`."""

    codes: dict[str, dict[str, tuple[str, bool]]] = field(default_factory=dict)
    failures: dict[str, SyncError] = field(default_factory=dict)

    def known(self) -> dict[str, list[str]]:
        """Codes by kind, disabled ones included; of warehouses the active ones, which are those that stock is sent for."""
        return {
            kind: sorted(code for code, (_, usable) in table.items() if usable or kind != MappingKind.WAREHOUSE)
            for kind, table in self.codes.items()
        }


def read_lists(aims: AimsClient) -> AimsLists:
    """One call per table; a table that is absent stops none of the others."""
    found = AimsLists()
    questions: dict[str, Callable[[], dict[str, tuple[str, bool]]]] = {kind: partial(_code_table, aims, kind) for kind in _READ}
    questions["warehouse"] = lambda: {row.name: (row.id, row.active) for row in aims.warehouses()}
    stop: SyncError | None = None
    for kind, question in questions.items():
        try:
            if stop is None:
                found.codes[kind] = question()
            else:
                found.failures[kind] = stop
        except SyncError as error:
            found.failures[kind] = error
            stop = error if isinstance(error, AccessDenied | Unavailable) else None  # the others would fail alike
    return found


def _code_table(aims: AimsClient, kind: CodeKind) -> dict[str, tuple[str, bool]]:
    return {row.code: (row.id, row.enabled) for row in aims.codes(kind)}


def order_settings(ctx: Context, lists: AimsLists) -> list[Probe]:
    """One finding per kind of Order Setting; the last one is price labels."""
    with ctx.session() as session:
        stored = _Stored.load(session, ctx.site.id)
    found = [_kind(kind, ctx.site, lists, stored) for kind in _PAGES]
    try:
        price_types = ctx.catalogue().price_types()
    except SyncError as error:
        return [*found, failed("price labels", error)]
    return [*found, price_labels(ctx.site, price_types, stored.pairs_of(MappingKind.PRICE_LABEL), lists)]


@dataclass(frozen=True)
class _Stored:
    pairs: Sequence[Pair]
    seen: Mapping[str, Sequence[str]]  # kind -> codes of JOOR
    used: Mapping[str, Counter[str]]  # member of the customer row -> AIMS360 id -> customers that may be sent
    customers: int

    @classmethod
    def load(cls, session: Session, site_id: int) -> "_Stored":
        pairs = session.exec(select(Pair).where(Pair.site_id == site_id)).all()
        seen: dict[str, list[str]] = {}
        for row in session.exec(select(JoorCode).where(JoorCode.site_id == site_id).order_by(col(JoorCode.code))):
            seen.setdefault(row.kind, []).append(row.code)
        query = select(CustomerSource.row).where(
            CustomerSource.site_id == site_id, CustomerSource.status == "Active", col(CustomerSource.gone).is_(False)
        )
        rows = session.exec(query).all()
        used = {member: Counter(str(row[member]).lower() for row in rows if row.get(member)) for member in _USED_BY.values()}
        return cls(pairs, seen, used, len(rows))

    def pairs_of(self, kind: MappingKind) -> list[Pair]:
        return [pair for pair in self.pairs if pair.kind == kind.value]


def _kind(kind: MappingKind, site: SiteView, lists: AimsLists, stored: _Stored) -> Probe:
    area = f"JOOR {_PAGES[kind]}"
    table = lists.codes.get(kind.value)
    if table is None:
        return failed(area, lists.failures[kind.value])
    pairs = stored.pairs_of(kind)
    dead = [pair for pair in pairs if pair.aims_code and not pair.ignored and not _among(kind, pair.aims_code, table)]
    wanted, basis = _in_use(kind, table, stored)
    covered = {_folded(kind, pair.aims_code) for pair in pairs} | {_folded(kind, code) for code in stored.seen.get(kind.value, ())}
    absent = [code for code in wanted if _folded(kind, code) not in covered]
    if dead:
        return _dead(area, kind, site, dead, table)
    seen = stored.seen.get(kind.value, ())
    words = f"{basis}; seen on JOOR: {_listed(seen)}. JOOR's API cannot list them: they are seen on orders and connections only (facts 3.1)"
    if not absent:
        return Probe(area, True, f"each has a counterpart: {words}")
    word = kind.value.replace("_", "-")
    steps = [
        f"Enter {_listed(absent)} in JOOR's Order Settings ({_PAGES[kind]}), spelled as in AIMS360.",
        f'Or pair it: joorsync map set {word} JOOR_CODE --aims "{absent[0]}" --site {site.key}',
    ]
    return Probe(area, True, f"no counterpart on JOOR for {_listed(absent)}: {words}", steps, open=True)


def _in_use(kind: MappingKind, table: Mapping[str, tuple[str, bool]], stored: _Stored) -> tuple[list[str], str]:
    """Codes that need a counterpart, the most used first, and in words what that rests on."""
    usable = [code for code, (_, enabled) in table.items() if enabled]
    member = _USED_BY.get(kind)
    if member is None:
        return usable, f"{len(usable)} active in AIMS360"
    used = stored.used[member]
    if not used:
        why = "no customer names one" if stored.customers else "customers were not read yet"
        return usable, f"all {len(usable)} of AIMS360 ({why})"
    by_id = {aims_id.lower(): code for code, (aims_id, _) in table.items()}
    codes = [by_id[aims_id] for aims_id, _ in used.most_common() if aims_id in by_id]
    return codes, f"{len(codes)} used by {stored.customers} customers"


def _dead(area: str, kind: MappingKind, site: SiteView, dead: Sequence[Pair], table: Mapping[str, tuple[str, bool]]) -> Probe:
    word, first = kind.value.replace("_", "-"), dead[0]
    names = ", ".join(f"{pair.joor_code} -> {pair.aims_code}" for pair in dead[:_SHOWN])
    return Probe(
        area,
        False,
        f"{len(dead)} stored pair(s) lead to codes that AIMS360 does not have: {names} (it has {_listed(list(table))})",
        [
            f'Correct it: joorsync map set {word} "{first.joor_code}" --aims CODE --site {site.key}',
            f'Or take it out: joorsync map remove {word} "{first.joor_code}" --aims "{first.aims_code}" --site {site.key}',
        ],
    )


def _among(kind: MappingKind, code: str, table: Mapping[str, object]) -> bool:
    wanted = _folded(kind, code)
    return any(_folded(kind, known) == wanted for known in table)


def _folded(kind: MappingKind, code: str) -> str:
    """Warehouses are known by names, which are compared without regard to case; codes are compared to the letter."""
    return code.strip().casefold() if kind is MappingKind.WAREHOUSE else code.strip()


def _listed(codes: Sequence[str]) -> str:
    more = f" and {len(codes) - _SHOWN} more" if len(codes) > _SHOWN else ""
    return (", ".join(codes[:_SHOWN]) + more) or "none"


# ---- price labels --------------------------------------------------------------------------------------------------------------------


def price_labels(site: SiteView, price_types: Sequence[PriceType] | None, pairs: Sequence[Pair], lists: AimsLists) -> Probe:
    """Label and currency must equal those on JOOR to the letter (joor-api facts 3.1). `price_types` None: the v2 route cannot ask."""
    usable = [pair for pair in pairs if not pair.ignored and pair.joor_code and pair.aims_code]
    wrong = [words for pair in usable if (words := _wrong_label(pair, price_types, lists))]
    fix = partial('joorsync map set price-label "{label}" --aims {currency} --site {site}'.format, site=site.key)
    if wrong:
        return Probe("price labels", False, "; ".join(wrong), [fix(label="LABEL ON JOOR", currency="CURRENCY")])
    paired = {pair.joor_code for pair in pairs}
    shown = ", ".join(f"{pair.joor_code} = {pair.aims_code}" for pair in usable) or "none"
    if price_types is None:
        words = f"paired: {shown}. JOOR lists its labels by v4 only: compare them with JOOR's Order Settings by eye"
        return Probe("price labels", True, words, [fix(label="LABEL ON JOOR", currency="CURRENCY")], open=not usable)
    free = [kind for kind in price_types if kind.label not in paired]
    if not free:
        return Probe("price labels", True, f"every label of JOOR is paired: {shown}")
    words = f"paired: {shown}; on JOOR without a pair: {', '.join(f'{kind.label} ({kind.currency})' for kind in free)}"
    return Probe("price labels", True, words, [fix(label=kind.label, currency=kind.currency) for kind in free[:3]], open=True)


def _wrong_label(pair: Pair, price_types: Sequence[PriceType] | None, lists: AimsLists) -> str:
    currency = pair.aims_code.partition("/")[0].strip().upper()
    currencies = lists.codes.get("currency")
    if currencies is not None and currency not in {code.upper() for code in currencies}:
        has = _listed(sorted(currencies))
        return f"{pair.joor_code!r} is paired with {pair.aims_code}, but AIMS360 has no currency {currency} (it has {has})"
    if price_types is None:
        return ""
    same = [kind for kind in price_types if kind.label == pair.joor_code]
    if not same:
        known = ", ".join(repr(kind.label) for kind in price_types) or "none"
        return f"JOOR has no price label {pair.joor_code!r} (it has {known}): labels must be equal to the letter"
    if currency not in {kind.currency for kind in same}:
        return f"JOOR's label {pair.joor_code!r} is of {same[0].currency}, but is paired with {pair.aims_code}"
    return ""
