"""The catalogue's part of the demo: price labels, linesheets, and the small changes that a brand makes on a Tuesday."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from console import linesheets, mapping
from console.demo_sandbox import Controls
from console.mapping import Pair
from console.process import Process
from models.catalogue import Linesheet, LinesheetItem, StyleCard
from models.mappings import MappingKind
from models.settings import LinesheetRule
from models.sites import Site
from producers import linesheets as asking

#: Of the sites in turn: (code, name, season's beginning). Three in all where there are two sites.
_SHEETS = (("F1", "Fall 1", "FA"), ("SP1", "Spring 1", "SP"))
PRICE_CHANGES = 12


def settings() -> dict[str, list[str]]:
    """Several currencies from AIMS360's price levels; pictures whose addresses JOOR can reach."""
    return {"style": ["price_source=price_list"], "image": ["urls_public=true"]}


def prepare(session: Session, process: Process, site: Site, about: dict[str, Any], account: str, *, sheets: int) -> list[str]:
    """Pair the account's price types with AIMS360's currencies, and define linesheets by season. Returns the linesheets' codes."""
    for price_type in about["accounts"][account]["price_types"]:
        pair = Pair(price_type["label"], f"{price_type['currency']}/Wholesale")
        mapping.put(session, process, site, MappingKind.PRICE_LABEL, pair)
    seasons = {row["code"]: row["name"] for row in about["brand"]["seasons"]}
    codes = []
    for code, name, begins in _SHEETS[:sheets]:
        own = {season: words for season, words in seasons.items() if season.startswith(begins)}
        first = sorted(own)[0]
        linesheets.define(
            session,
            process,
            site,
            code,
            {
                "name": name,
                "season_code": first,
                "season_name": own[first].rsplit(" ", 1)[0],
                "season_year": int(own[first].rsplit(" ", 1)[1]),
                "rule": LinesheetRule(seasons=sorted(own)),
            },
        )
        codes.append(code)
    return codes


def change(process: Process, sandbox: Controls, keys: dict[str, str]) -> str:
    """12 prices and one more colour in AIMS360, one style off a linesheet. Returns what was done, in words."""
    plain = _plain_styles(sandbox.styles())
    for style, colors in plain[:PRICE_CHANGES]:
        sandbox.in_aims("style_colors", style=style, wholesale=str(Decimal(colors[0]["wholesale"]) + 3))
    done = [f"{len(plain[:PRICE_CHANGES])} styles have a new price"]
    for style, colors in plain[-1:]:
        sizes = [size["name"] for size in colors[0]["sizes"]]
        sandbox.in_aims("add_color", style=style, color="TRQ", color_description="Turquoise", sizes=sizes)
        done.append(f"{style} has a new colour")
    with process.sessions() as session:
        site = session.exec(select(Site).where(Site.key == next(iter(keys.values())))).one()
        for code, style in _on_a_linesheet(session, site):
            asking.drop(session, site, code, style, process.actor, clock=process.clock)
            done.append(f"{style} left linesheet {code}")
    return ", ".join(done)


def _on_a_linesheet(session: Session, site: Site) -> Sequence[tuple[str, str]]:
    """A linesheet of the site and a style that is on it, if any."""
    return session.exec(
        select(Linesheet.code, StyleCard.style)
        .join(LinesheetItem, col(LinesheetItem.linesheet_id) == col(Linesheet.id))
        .join(StyleCard, (col(StyleCard.site_id) == col(Linesheet.site_id)) & (col(StyleCard.identifier) == col(LinesheetItem.identifier)))
        .where(Linesheet.site_id == site.id)
        .order_by(col(Linesheet.code), col(StyleCard.style))
        .limit(1)
    ).all()


def _plain_styles(rows: Iterable[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Active inventory styles with one price in all colours."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["style"], []).append(row)
    return [
        (style, colors)
        for style, colors in groups.items()
        if all(row["active"] and row["kind"] == "Inventory" for row in colors) and len({row["wholesale"] for row in colors}) == 1
    ]
