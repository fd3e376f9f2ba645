"""A site's settings as a whole: what they name must be stored. A change may not make this worse; what is amiss already can be put right
step by step."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, select

from console.process import Process
from console.site_listing import codes
from models.catalogue import Linesheet
from models.errors import NotPossible
from models.mappings import Mapping as Stored
from models.mappings import MappingKind
from models.settings import CustomerSettings, InventorySettings, LinesheetRule, OrderSettings, StyleSettings
from models.sites import Site


@dataclass(frozen=True)
class Misfit:
    """A setting that names what is not there. `fix` is one step with its command."""

    setting: str
    value: str
    why: str
    fix: str

    @property
    def key(self) -> tuple[str, str]:
        return self.setting, self.value

    def __str__(self) -> str:
        return f"{self.setting} = {self.value}: {self.why}. {self.fix}"


@dataclass
class _Known:
    """What settings may name. `divisions` empty: all of AIMS360's."""

    key: str
    divisions: set[str]
    pairs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # kind -> (JOOR, AIMS360), without ignored ones

    def of(self, kind: MappingKind) -> list[tuple[str, str]]:
        return self.pairs.get(kind.value, [])


def misfits(session: Session, process: Process, site: Site) -> list[Misfit]:
    """Everything that does not fit together, by setting."""
    return [*_found(session, site, _known(session, site)), *_columns(process, site)]


def worse(session: Session, process: Process, site: Site, before: Sequence[Misfit]) -> list[Misfit]:
    """What did not fit before the change does not count."""
    old = {misfit.key for misfit in before}
    return [misfit for misfit in misfits(session, process, site) if misfit.key not in old]


def refuse_worse(session: Session, process: Process, site: Site, before: Sequence[Misfit]) -> None:
    """Raises NotPossible with a line per misfit that a change has made."""
    new = worse(session, process, site, before)
    if new:
        count = "a setting does" if len(new) == 1 else f"{len(new)} settings do"
        raise NotPossible(
            f"Site {site.key} was not changed: {count} not fit what is stored", fix=[str(misfit) for misfit in new], field=new[0].setting
        )


def users_of_pair(session: Session, site: Site, kind: MappingKind, joor: str, aims: str) -> list[str]:
    """Settings ("order.default_warehouse = MAIN") that would name nothing without this pair; for who wants to remove it."""
    known = _known(session, site)
    before = {misfit.key for misfit in _found(session, site, known)}
    left = [pair for pair in known.of(kind) if pair != (joor, aims)]
    known.pairs[kind.value] = left
    found = [misfit for misfit in _found(session, site, known, last=kind) if misfit.key not in before]
    return [f"{misfit.setting} = {misfit.value}" for misfit in found]


def _known(session: Session, site: Site) -> _Known:
    known = _Known(site.key, set(codes(session, site)))
    for row in session.exec(select(Stored).where(Stored.site_id == site.id)):
        if not row.ignored:
            known.pairs.setdefault(row.kind, []).append((row.joor_code, row.aims_code))
    return known


def _found(session: Session, site: Site, known: _Known, *, last: MappingKind | None = None) -> list[Misfit]:
    """`last`: pairs of this kind count as stored even when there is none left."""
    order, customer = OrderSettings.model_validate(site.order_settings), CustomerSettings.model_validate(site.customer_settings)
    inventory, style = InventorySettings.model_validate(site.inventory_settings), StyleSettings.model_validate(site.style_settings)
    rules = {
        row.code: LinesheetRule.model_validate(row.rule).divisions or []
        for row in session.exec(select(Linesheet).where(Linesheet.site_id == site.id, Linesheet.active))
    }
    return [
        *_warehouse(order, known),
        *_divisions(order, inventory, rules, known),
        *_labels(customer, known),
        *_currencies(style, known, strict=last is MappingKind.PRICE_LABEL),
    ]


def _warehouse(order: OrderSettings, known: _Known) -> Iterable[Misfit]:
    name = order.default_warehouse
    if name and name.strip().casefold() not in {aims.strip().casefold() for _, aims in known.of(MappingKind.WAREHOUSE)}:
        yield Misfit(
            "order.default_warehouse",
            name,
            "no stored warehouse pair has it on the side of AIMS360",
            f'Map it first: joorsync map set warehouse "NAME ON JOOR" --aims "{name}" --site {known.key}',
        )


def _divisions(order: OrderSettings, inventory: InventorySettings, rules: Mapping[str, Sequence[str]], known: _Known) -> Iterable[Misfit]:
    if not known.divisions:
        return
    named = [("order.fixed_division", order.fixed_division or "", f"joorsync sites set {known.key} --order fixed_division=CODE")]
    named += [
        ("inventory.divisions", code, f"joorsync sites set {known.key} --inventory divisions=CODE,CODE")
        for code in inventory.divisions or []
    ]
    named += [
        (f"rule of linesheet {sheet}, divisions", code, f"joorsync linesheets define {sheet} --rule-division CODE --site {known.key}")
        for sheet, wanted in rules.items()
        for code in wanted
    ]
    have = ", ".join(sorted(known.divisions))
    for setting, code, change in named:
        if code and code not in known.divisions:
            fix = f'Give the site the division: joorsync sites set {known.key} --division "{code}"; or change what names it: {change}'
            yield Misfit(setting, code, f"it is none of the site's divisions ({have})", fix)


def _labels(customer: CustomerSettings, known: _Known) -> Iterable[Misfit]:
    stored = {joor for joor, _ in known.of(MappingKind.PRICE_LABEL)}
    for label in customer.fixed_price_labels:
        if label not in stored:
            yield Misfit(
                "customer.fixed_price_labels",
                label,
                "no stored price label pair has it on the side of JOOR",
                f'Map it first: joorsync map set price-label "{label}" --aims CURRENCY --site {known.key}',
            )


def _currencies(style: StyleSettings, known: _Known, *, strict: bool) -> Iterable[Misfit]:
    """While no label is mapped at all nothing can be said; of wholesalePrice only where prices come from it."""
    pairs = known.of(MappingKind.PRICE_LABEL)
    if not pairs and not strict:
        return
    stored = {aims.partition("/")[0].strip().upper() for _, aims in pairs}
    base = style.base_currency if style.price_source == "style_color" else None
    for setting, named in (("style.currencies", style.currencies or []), ("style.base_currency", [base] if base else [])):
        for currency in named:
            if currency.strip().upper() not in stored:
                yield Misfit(
                    setting,
                    currency,
                    f"no price label is mapped to it (there are {', '.join(sorted(stored)) or 'none'})",
                    f'Map one first: joorsync map set price-label "LABEL ON JOOR" --aims {currency} --site {known.key}',
                )


def _columns(process: Process, site: Site) -> Iterable[Misfit]:
    columns = InventorySettings.model_validate(site.inventory_settings).columns
    for name, column in columns.items():
        try:
            process.work.contract({"aims360": {"aqua_stock": {name: column}}})
        except NotPossible:
            fix = f"Take it out: joorsync sites set {site.key} --inventory columns.{name}=none"
            yield Misfit("inventory.columns", name, "there is no such field of stock (style, color, size, warehouse, on_hand, ...)", fix)
