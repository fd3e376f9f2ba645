"""What JOOR's catalogue should be, worked out from the sandbox's raw state in the plainest way, sharing nothing with our rules."""

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from tests.journeys.town import Town

Sku = tuple[str, str, str]  # identifier, colour, size
Shown = dict[str, Any]


def expected_skus(town: Town, site: str) -> dict[Sku, Shown]:
    """Every SKU of the site's divisions that should be orderable: its UPC and its prices by JOOR label. A card per style; a card per colour
    where the colours' prices differ."""
    account = town.brand["accounts"][site]
    divisions = {row["id"] for row in town.brand["brand"]["divisions"] if row["code"] in account["division_codes"]}
    labels = {row["currency"]: row["label"] for row in account["price_types"]}
    styles: dict[str, list[Any]] = defaultdict(list)
    for row in town.state("style_colors", system="aims360"):
        if row["division_id"] in divisions and row["active"]:
            styles[row["style"]].append(row)
    found: dict[Sku, Shown] = {}
    for style, colors in styles.items():
        split = len({_prices(color, account["currency"]) for color in colors}) > 1
        for color in colors:
            prices = {labels[currency]: amounts for currency, amounts in _prices(color, account["currency"]) if currency in labels}
            for size in color["sizes"]:
                identifier = f"{style}-{color['color']}" if split else style
                found[identifier, color["color"], size["name"]] = {"upc": size["upc"] or None, "prices": prices}
    return found


def _prices(color: Any, currency: str) -> tuple[tuple[str, tuple[Decimal, Decimal]], ...]:
    others = {name: (Decimal(str(two[0])), Decimal(str(two[1]))) for name, two in (color["other_prices"] or {}).items()}
    own = (Decimal(str(color["wholesale"])), Decimal(str(color["retail"])))
    return tuple(sorted({**others, currency: own}.items()))


def shown_skus(town: Town, site: str) -> dict[Sku, Shown]:
    """The active SKUs of the cards that no person made on JOOR."""
    found: dict[Sku, Shown] = {}
    for card in town.state("products", account=site):
        if card["deleted"] or card["hand_made"]:
            continue
        for sku in card["skus"]:
            if sku["status"] == "ACTIVE":
                prices = {
                    label: (Decimal(row["wholesale"]), Decimal(row["retail"])) for label, row in sku["prices"].items() if row["retail"]
                }
                found[card["identifier"], sku["color_code"], sku["size"]] = {"upc": sku["upc"] or None, "prices": prices}
    return found


def check_styles(town: Town, *sites: str) -> int:
    """JOOR shows what AIMS360's raw rows say, SKU by SKU. Returns how many were compared."""
    compared = 0
    for site in sites:
        expected, shown = expected_skus(town, site), shown_skus(town, site)
        wrong = {sku: (expected.get(sku), shown.get(sku)) for sku in expected.keys() | shown.keys() if expected.get(sku) != shown.get(sku)}
        assert not wrong, f"{site}: {len(wrong)} SKUs differ, for example {dict(list(wrong.items())[:4])}"
        compared += len(expected)
    return compared


def check_linesheets(town: Town, site: str, members: dict[str, set[str]]) -> None:
    """Each linesheet (by code) holds the cards of exactly these styles, and those that a person put there."""
    style_of = {card["identifier"]: card["number"] for card in town.state("products", account=site)}
    by_code = {row["code"]: row for row in town.state("linesheets", account=site)}
    for code, styles in members.items():
        ours = {style_of[item["identifier"]] for item in by_code[code]["items"] if not item["by_hand"]}
        assert ours == styles, f"{code}: {sorted(ours ^ styles)[:6]} differ"


def picture_counts(town: Town, site: str) -> Counter[tuple[str, str, str, str]]:
    """How often JOOR holds each picture, by (card, level, colour, content)."""
    return Counter((row["product"], row["type"], row["color"] or "", row["sha256"]) for row in town.state("assets", account=site))
