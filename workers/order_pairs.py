"""The pairs a person has stored, as one order needs them, and the list of everything that is missing."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from clients.joor.types import JoorOrder
from models.errors import Missing
from models.mappings import Mapping
from rules.order_references import customer_keys, pair_keys, shipping_code
from workers.sync import Context


class Pairs:
    """Every stored pair whose JOOR code occurs in this order, read in one query. `used` are the ids of those that decided something."""

    def __init__(self, ctx: Context, order: JoorOrder) -> None:
        with ctx.session() as session:
            codes = sorted(_codes_in(order))
            rows = session.exec(select(Mapping).where(Mapping.site_id == ctx.site.id, col(Mapping.joor_code).in_(codes))).all()
        self._rows: dict[tuple[str, str], list[Mapping]] = {}
        for row in rows:
            self._rows.setdefault((row.kind, row.joor_code), []).append(row)
        self.used: set[int] = set()

    def of(self, kind: str, code: str) -> list[Mapping]:
        """Those that orders use: the primary ones, ignored ones included (they say "left out on purpose")."""
        found = [row for row in self._rows.get((kind, code), []) if row.is_primary or row.ignored]
        self.used |= {row.id for row in found if row.id is not None}
        return found


def note_use(session: Session, ids: Iterable[int], now: datetime) -> None:
    statement = update(Mapping).where(col(Mapping.id).in_(sorted(ids))).values(uses=col(Mapping.uses) + 1, last_used_at=now)
    session.execute(statement.execution_options(synchronize_session=False))


def _codes_in(order: JoorOrder) -> set[str]:
    header = [order.payment_method_code, order.payment_method_name, order.shipping_method_code, order.shipping_method_name]
    header += [
        order.warehouse_code,
        order.warehouse_name,
        order.season_code,
        order.shipping.country_iso_two,
        order.shipping.country_iso_three,
    ]
    header += [order.shipping.country, *(text for division in order.divisions for text in division)]
    codes = {text.strip() for text in header}
    codes |= set(customer_keys(order))
    codes |= {f"{key}|{shipping_code(order)}" for key in customer_keys(order)}
    for line in order.lines:
        codes |= {*pair_keys(line), line.size.strip()}
    return codes - {""}


class Gaps:
    """Collects every Missing of one order, each (kind, value) once, with all the places it is wanted in."""

    def __init__(self, ctx: Context, order_id: str) -> None:
        self.site = ctx.site.key
        self.order_id = order_id
        self._found: dict[tuple[str, str], tuple[list[str], str]] = {}

    def add(self, kind: str, value: str, where: str, fix: str) -> None:
        places, _ = self._found.setdefault((kind, value), ([], fix))
        if where not in places:
            places.append(where)

    def pair(self, kind: str, value: str, where: str, target: str = "CODE") -> None:
        """A pair is missing; the fix is the command that stores it."""
        self.add(kind, value, where, map_command(kind, value, self.site, target))

    def missing(self) -> list[Missing]:
        return [
            Missing(kind=kind, value=value, where=f"order {self.order_id}, {', '.join(places)}", fix=fix)
            for (kind, value), (places, fix) in self._found.items()
        ]

    def __bool__(self) -> bool:
        return bool(self._found)


def map_command(kind: str, value: str, site: str, target: str) -> str:
    """For example: joorsync map set term "NET45" --aims "CODE" --site us"""
    return f"joorsync map set {kind} {quoted(value)} --aims {quoted(target)} --site {site}"


def fetch_again_command(order_id: str, site: str) -> str:
    return f"joorsync orders fetch-again {order_id} --site {site}"


def setting_command(site: str, order_id: str, assignment: str) -> str:
    """For example: joorsync sites set us --order "division_rule=style", then: joorsync orders fetch-again 7700123 --site us"""
    return f"joorsync sites set {site} --order {quoted(assignment)}, then: {fetch_again_command(order_id, site)}"


def quoted(text: str) -> str:
    """In double quotes as a POSIX shell reads them."""
    escaped = "".join(f"\\{char}" if char in '"\\$`' else char for char in text)
    return f'"{escaped}"'
