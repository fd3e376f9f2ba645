"""`joorsync check --contract`: every entry nobody has proved, held against what the site's own AIMS360 and JOOR answer. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from clients.aims360.client import AimsClient
from clients.aims360.contract import Contract
from clients.contract import ContractTable, section
from clients.joor.client import JoorClient
from models.errors import AccessDenied, Rejected, SyncError, Unavailable, WaitUntil
from workers.check_contract_joor import joor_verdicts
from workers.check_needs import needed_by
from workers.check_probe import Probe
from workers.check_verdict import Verdict, field_verdict, shown, snippet, verdict_of
from workers.sync import SiteView

Rows = list[dict[str, Any]]

#: The list whose rows carry the fields of an entry family.
_LIST_OF = {
    "currency": "path.currencies",
    "division": "path.divisions",
    "season": "path.seasons",
    "term": "path.terms",
    "ship_via": "path.ship_vias",
    "country": "path.countries",
    "sales_rep": "path.sales_reps",
    "discount_reason": "path.discount_reasons",
    "order_status_reason": "path.order_status_reasons",
    "warehouse": "path.warehouses",
    "customer": "path.customers",
    "store": "path.stores",
    "style_color": "path.style_colors",
    "size": "path.style_colors",
    "price": "path.prices",
    "wip": "path.purchase_orders",
    "allocation": "path.orders",
    "order_row": "path.orders",
    "inventory": "path.inventory",
}
_LISTS = (*dict.fromkeys(_LIST_OF.values()), "path.cut_tickets")
#: Entries whose field lies in a list inside the row, by the entries of those lists.
_LINE, _LINE_SIZE = ("wip.lines",), ("wip.lines", "wip.sizes")
_ORDER_LINE, _ALLOCATION = ("allocation.lines",), ("allocation.lines", "allocation.allocations")
_INSIDE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("size.name", "size.upc", "size.position"), ("style_color.sizes",)),
    **{f"wip.{name}": _LINE for name in ("style_color_id", "warehouse_id", "in_warehouse_date", "x_factory_date", "sizes")},
    **{f"wip.{name}": _LINE_SIZE for name in ("size_name", "open_quantity", "allocated")},
    **{f"allocation.{name}": _ORDER_LINE for name in ("allocations", "style_color_id")},
    **{f"allocation.{name}": _ALLOCATION for name in ("reference", "size_name", "quantity")},
    **{f"inventory.{name}": ("inventory.sizes",) for name in ("size_name", "on_hand", "allocated", "ots")},
}
#: Options that stand beside the fields of a family.
_OPTIONS = frozenset(
    ("wip.filter", "wip.expand", "wip.closed_statuses", "wip.cut_tickets", "wip.cut_expand", "wip.allocations", "inventory.expand")
)
_WRITES = ("order.", "new_customer.", "new_store.", "path.order_create", "path.customer_create", "path.store_create")


def contract_probes(aims: AimsClient, joor: JoorClient, site: SiteView, overrides: Mapping[str, Any]) -> list[Probe]:
    """One line per entry, by system and the failures first; at the end the file to load, when something is to be changed."""
    found = [*aims_verdicts(aims, site), *joor_verdicts(joor)]
    judged = [replace(item, needed_by=needed_by(item.system, item.key, site)) for item in found]
    judged.sort(key=_place)
    own = {name: section(overrides, name, default=name == "aims360") for name in ("aims360", "joor")}
    text = snippet(judged, own)
    return [_probe(item, site.key) for item in judged] + ([_file(text, site.key)] if text else [])


def _place(found: Verdict) -> tuple[str, int]:
    state = 0 if found.wrong and found.needed_by else 1 if found.wrong else 2 if found.verdict == "not probed" else 3
    return found.system, state


def _probe(found: Verdict, site: str) -> Probe:
    detail = {
        "site": site,
        **{name: getattr(found, name) for name in ("system", "key", "value", "grade", "source", "verdict", "words", "toml")},
        "needed_by": list(found.needed_by),
    }
    words = f"{found.verdict}: {found.key} = {found.value!r}: {found.words}"
    fix = []
    if found.wrong:
        words += f" (needed by {', '.join(found.needed_by)})" if found.needed_by else " (work goes on without it)"
        look = "" if found.right else ", once the vendor's API reference tells the value"
        fix = [f"In the contract file of the site{look}: {found.toml.replace(chr(10), ' ')}"]
    ok = not (found.wrong and found.needed_by)
    return Probe(f"contract {found.system} {found.key}", ok, words, fix, open=ok and found.verdict != "holds", detail=detail)


def _file(text: str, site: str) -> Probe:
    steps = [
        "Look at every line, save the text below as a file, and load it (it replaces the site's contract file): "
        f"joorsync sites set {site} --contract FILE",
        f"Prove it: joorsync check --contract --site {site}",
    ]
    return Probe("contract file", True, "what to change, as one TOML file", steps, open=True, detail={"site": site, "toml": text})


# ---- AIMS360 -------------------------------------------------------------------------------------------------------------------------


def aims_verdicts(aims: AimsClient, site: SiteView) -> list[Verdict]:
    """Every assumed entry; of those that have evidence the wrong ones, and the ones that the site has set itself."""
    contract = aims.contract
    lists = _read_all(aims, contract)
    found = [_aims_verdict(contract, entry.key, lists, site.key) for entry in contract.entries]
    return [item for item in found if item.wrong or shown(contract.entry(item.key), item.value)]


def _read_all(aims: AimsClient, contract: Contract) -> dict[str, Rows | SyncError | None]:
    """By path: the rows of the first page; None when there is no such path; the failure when it cannot be asked."""
    found: dict[str, Rows | SyncError | None] = {}
    stop: SyncError | None = None
    for path in _LISTS:
        try:
            found[path] = stop or _asked(aims, path, _expand(contract, path))
        except SyncError as error:
            found[path] = error
            stop = error if isinstance(error, AccessDenied | Unavailable | WaitUntil) else None  # the others would fail alike
    return found


def _asked(aims: AimsClient, path: str, expand: str) -> Rows | None:
    if expand:
        try:
            return aims.probe(path, expand=expand)
        except Rejected:
            pass  # the rows themselves may come all the same; what is inside stays unproved
    return aims.probe(path)


def _expand(contract: Contract, path: str) -> str:
    lines, allocations = (contract.names(f"allocation.{name}")[0] for name in ("lines", "allocations"))
    return {
        "path.style_colors": contract.names("style_color.sizes")[0],
        "path.purchase_orders": contract["wip.expand"],
        "path.cut_tickets": contract["wip.cut_expand"],
        "path.orders": f"{lines}($expand={allocations})",
        "path.inventory": contract["inventory.expand"],
    }.get(path, "")


def _aims_verdict(contract: Contract, key: str, lists: Mapping[str, Rows | SyncError | None], site: str) -> Verdict:
    family = key.partition(".")[0]
    if key.startswith(_WRITES):
        return verdict_of(contract, key, "not probed", "it writes; one order and one customer on a test tenant show it (A-05, A-07)")
    if family == "aqua_stock":
        words = f"reading the view starts an export; it names what is missing: joorsync enqueue inventory --dry-run --wait --site {site}"
        return verdict_of(contract, key, "not probed", words)
    if key in _OPTIONS:
        return verdict_of(contract, key, "not probed", "an option")
    path = key if family == "path" else _LIST_OF.get(family, "")
    if path not in lists:
        words = "not read by this check; work that uses it names it when it is wrong" if family in ("path", "document") else "an option"
        return verdict_of(contract, key, "not probed", words)
    if not contract[path]:
        return verdict_of(contract, key, "not probed", f"`{path}` is empty: the site does without it")
    rows = lists[path]
    if rows is None:
        if key == path:
            return verdict_of(contract, key, "missing", "AIMS360 has no such path (404)")
        return verdict_of(contract, key, "not probed", f"its list `{path}` is missing")
    if isinstance(rows, SyncError):
        return verdict_of(contract, key, "not probed", rows.summary)
    if key == path:
        return verdict_of(contract, key, "holds", f"read {len(rows)} row(s)")
    return _field(contract, key, path, rows)


def _field(contract: Contract, key: str, path: str, rows: Rows) -> Verdict:
    inside = _INSIDE.get(key, ())
    if not rows:
        return verdict_of(contract, key, "not probed", f"the list is empty (`{path}`)")
    inner = rows
    for step in inside:
        inner = _descend(contract, step, inner)
        if not inner:
            return verdict_of(contract, key, "not probed", f"no row has anything in `{step}` ({contract[step]})")
    beside = [
        other.key
        for other in contract.entries
        if _LIST_OF.get(other.key.partition(".")[0]) == path
        and other.key not in _OPTIONS
        and _INSIDE.get(other.key, ()) == inside
        and other.key != key
    ]
    return field_verdict(contract, key, inner, [name for other in beside for name in contract.names(other)])


def _descend(contract: ContractTable, step: str, rows: Sequence[Mapping[str, Any]]) -> Rows:
    names = {name.lower() for name in contract.names(step)}
    lists = [value for row in rows for name, value in row.items() if str(name).lower() in names and isinstance(value, list)]
    return [item for found in lists for item in found if isinstance(item, dict)]
