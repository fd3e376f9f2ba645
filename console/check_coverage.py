"""How much of what is in use is mapped, per kind, in percent. Pure counting in our own tables."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from console.mapping import plural
from console.process import Finding
from models.catalogue import CardState, StyleCard, StyleSource
from models.customers import CustomerSource, JoorCode, JoorConnection
from models.mappings import Mapping as Pair
from models.mappings import MappingKind
from models.sites import Site

#: Kinds whose codes in use are those that JOOR was seen to use.
_SEEN_ON_JOOR = (
    MappingKind.TERM,
    MappingKind.SHIP_VIA,
    MappingKind.PRICE_LABEL,
    MappingKind.DIVISION,
    MappingKind.SEASON,
    MappingKind.COUNTRY,
    MappingKind.SALES_REP,
)
_SHOWN = 10
Known = Mapping[str, Collection[str]]


@dataclass(frozen=True)
class Coverage:
    """`used`: how many codes are in use; `missing`: those of them with no pair, no equal code, and not left out on purpose."""

    kind: MappingKind
    used: int
    paired: int = 0
    equal: int = 0
    ignored: int = 0
    missing: list[str] = field(default_factory=list)

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 means all."""
        return 100 if not self.used else 100 * (self.used - len(self.missing)) // self.used

    @property
    def words(self) -> str:
        """For example "terms 83 % (10 of 12): N90, COD are missing"."""
        name = plural(self.kind)
        if not self.used:
            return f"{name}: none in use yet"
        start = f"{name} {self.percent} % ({self.used - len(self.missing)} of {self.used})"
        if not self.missing:
            return f"{start}: {self.paired} paired, {self.equal} equal by code, {self.ignored} left out on purpose"
        more = f" and {len(self.missing) - _SHOWN} more" if len(self.missing) > _SHOWN else ""
        verb = "is" if len(self.missing) == 1 else "are"
        return f"{start}: {', '.join(self.missing[:_SHOWN])}{more} {verb} missing"


def coverage(session: Session, site: Site, known: Known) -> list[Coverage]:
    """`known` are AIMS360's codes by kind, as it was just asked for them; without them nothing counts as equal by code."""
    pairs: dict[str, list[Pair]] = {}
    for pair in session.exec(select(Pair).where(Pair.site_id == site.id)):
        pairs.setdefault(pair.kind, []).append(pair)
    found = [_customers(session, site, pairs.get(MappingKind.CUSTOMER.value, []))]
    found.append(_styles(session, site, pairs.get(MappingKind.STYLE.value, [])))
    found.append(_warehouses(pairs.get(MappingKind.WAREHOUSE.value, []), known.get("warehouse", ())))
    for kind in _SEEN_ON_JOOR:
        query = select(JoorCode.code, JoorCode.origin).where(
            JoorCode.site_id == site.id, JoorCode.kind == kind.value, col(JoorCode.seen) > 0
        )
        rows = session.exec(query.order_by(col(JoorCode.code))).all()
        names = {code for code, origin in rows if origin == "name"}  # never equal by code
        equal = [code for code in known.get(kind.value, ()) if code not in names]
        found.append(_by_joor_code(kind, [code for code, _ in rows], pairs.get(kind.value, []), equal))
    return found


def findings(session: Session, site: Site, area: str, known: Known) -> list[Finding]:
    """One per kind in use; what is missing is open: work that needs it asks for it by name."""
    return [_finding(item, site, area) for item in coverage(session, site, known) if item.used]


def _finding(item: Coverage, site: Site, area: str) -> Finding:
    detail = {
        "kind": item.kind.value,
        "percent": item.percent,
        "used": item.used,
        "paired": item.paired,
        "equal": item.equal,
        "ignored": item.ignored,
        "missing": item.missing,
    }
    return Finding(
        f"{area}, mapped {plural(item.kind)}",
        True,
        item.words,
        _next(item, site) if item.missing else (),
        open=bool(item.missing),
        detail=detail,
    )


def _next(item: Coverage, site: Site) -> list[str]:
    word, first = item.kind.value.replace("_", "-"), item.missing[0]
    automatic = f"Pair what is equal, and see proposals: joorsync map auto {plural(item.kind)} --wait --site {site.key}"
    match item.kind:
        case MappingKind.CUSTOMER:
            return [automatic, f"Those that JOOR does not have yet are sent: joorsync enqueue customers --site {site.key}"]
        case MappingKind.STYLE:
            return [automatic, f"Those that JOOR does not have yet are sent: joorsync enqueue styles --site {site.key}"]
        case MappingKind.WAREHOUSE:
            return [
                f'joorsync map set warehouse "NAME ON JOOR" --aims "{first}" --site {site.key}',
                f'Or leave it out on purpose: joorsync map set warehouse --aims "{first}" --ignore --site {site.key}',
            ]
        case _:
            return [automatic, f'joorsync map set {word} "{first}" --aims CODE --site {site.key}']


def _by_joor_code(kind: MappingKind, used: Iterable[str], pairs: Iterable[Pair], known: Collection[str]) -> Coverage:
    stored = {pair.joor_code: pair for pair in pairs if pair.joor_code}
    by_name = {pair.joor_name: pair for pair in stored.values() if pair.joor_name}
    tally = _Tally(kind)
    for code in used:
        pair = stored.get(code) or by_name.get(code)
        tally.add(code, pair=pair, equal=code in known)
    return tally.done()


def _warehouses(pairs: Iterable[Pair], active: Collection[str]) -> Coverage:
    """AIMS360's warehouses: stock in one without a pair cannot be sent. Equal names do not count: pairs alone decide."""
    stored = {pair.aims_code.strip().casefold(): pair for pair in pairs if pair.aims_code}
    tally = _Tally(MappingKind.WAREHOUSE)
    for name in active:
        tally.add(name, pair=stored.get(name.strip().casefold()), equal=False)
    return tally.done()


def _customers(session: Session, site: Site, pairs: Iterable[Pair]) -> Coverage:
    """AIMS360 customers that may be sent; equal means that JOOR has a connection with that code."""
    orderable = select(CustomerSource.account).where(
        CustomerSource.site_id == site.id, CustomerSource.status == "Active", col(CustomerSource.gone).is_(False)
    )
    shown = select(JoorConnection.customer_code).where(JoorConnection.site_id == site.id, col(JoorConnection.gone).is_(False))
    codes = set(session.exec(shown).all())
    stored = {pair.aims_code: pair for pair in pairs if pair.aims_code and not pair.joor_code.startswith("shipping:")}
    tally = _Tally(MappingKind.CUSTOMER)
    for account in session.exec(orderable.order_by(col(CustomerSource.account))):
        tally.add(account, pair=stored.get(account), equal=account in codes)
    return tally.done()


def _styles(session: Session, site: Site, pairs: Iterable[Pair]) -> Coverage:
    """AIMS360's active styles; equal means that a card of the style is on JOOR."""
    active = select(StyleSource.style).where(
        StyleSource.site_id == site.id, col(StyleSource.active).is_(True), col(StyleSource.gone).is_(False)
    )
    cards = set(session.exec(select(StyleCard.style).where(StyleCard.site_id == site.id, StyleCard.state == CardState.ON_JOOR)).all())
    stored = {pair.aims_code.partition("|")[0]: pair for pair in pairs if pair.aims_code}
    tally = _Tally(MappingKind.STYLE)
    for style in session.exec(active.order_by(col(StyleSource.style))):
        tally.add(style, pair=stored.get(style), equal=style in cards)
    return tally.done()


class _Tally:
    def __init__(self, kind: MappingKind) -> None:
        self._kind = kind
        self._counts = {"paired": 0, "equal": 0, "ignored": 0}
        self._missing: list[str] = []

    def add(self, code: str, *, pair: Pair | None, equal: bool) -> None:
        if pair is not None:
            self._counts["ignored" if pair.ignored else "paired"] += 1
        elif equal:
            self._counts["equal"] += 1
        else:
            self._missing.append(code)

    def done(self) -> Coverage:
        return Coverage(self._kind, sum(self._counts.values()) + len(self._missing), missing=self._missing, **self._counts)
