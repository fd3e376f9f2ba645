"""The pretend brand's styles, colours, size runs and UPCs."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from sandbox.brand import Brand, Size, StyleColor
from sandbox.stock_draw import Draw, upc

ALPHA = ["XS", "S", "M", "L", "XL"]
NUMERIC = ["0", "2", "4", "6", "8", "10", "12", "14"]
SHOE = ["36", "37", "38", "39", "40", "41", "42"]
ONE_SIZE = ["OS"]
COLORS = [
    ("BLK", "Black"),
    ("NVY", "Navy"),
    ("IVR", "Ivory"),
    ("RST", "Rust"),
    ("OLV", "Olive"),
    ("SKY", "Sky Blue"),
    ("RSE", "Dusty Rose"),
    ("CHR", "Charcoal"),
    ("CML", "Camel"),
    ("EML", "Emerald"),
    ("BRD", "Bordeaux"),
    ("ECR", "Écru"),
]
GARMENTS = [
    ("DR", "DRS", "Dresses", "Wrap Dress", NUMERIC, "100% Viscose", 110),
    ("BL", "BLS", "Blouses", "Silk Blouse", ALPHA, "100% Silk", 78),
    ("PT", "PNT", "Trousers", "Wide Trouser", NUMERIC, "98% Cotton, 2% Elastane", 84),
    ("SW", "SWT", "Sweaters", "Rib Sweater", ALPHA, "70% Merino Wool, 30% Cashmere", 96),
    ("CO", "COT", "Coats", "Belted Coat", ALPHA, "100% Wool", 190),
]
SHOES = [("SH", "SHO", "Shoes", "Loafer", SHOE, "Calf Leather", 125), ("BT", "BTS", "Boots", "Ankle Boot", SHOE, "Suede", 165)]
ACCESSORIES = [("SC", "SCF", "Scarves", "Scarf", ONE_SIZE, "100% Wool", 32), ("BG", "BAG", "Bags", "Tote", ONE_SIZE, "Canvas", 58)]
FAMILIES = {"SHO": SHOES, "ACC": ACCESSORIES}
GIVEN_NAMES = ["Orla", "Maren", "Linde", "Iris", "Noor", "Freya", "Tove", "Élise", "Anouk", "Runa", "Sanne", "Vera"]
COUNTRIES_OF_ORIGIN = ["Portugal", "Italy", "India", "Peru", "Turkey"]
SECOND_CURRENCY = {"USD": ("EUR", Decimal("0.92")), "EUR": ("GBP", Decimal("0.86"))}
SPLIT_SHARE = 0.15  # styles whose colours have prices of their own, hence one JOOR card per colour


def add_styles(brand: Brand, count: int, homes: dict[str, str], now: datetime) -> None:
    """`count` style numbers with about four colours each. `homes` says which JOOR account a division (id) belongs to: a brand has its
    divisions in turn, so that every account gets styles first."""
    draw = Draw(brand.seed, "styles")
    serial = 100_000_000 + brand.seed % 1000 * 100_000
    for number in range(count):
        for color in _style(brand, draw, number, list(homes), now):
            for size in color.sizes:
                serial += 1
                size.upc = None if draw.chance(0.02) else upc(serial)
            brand.style_colors.append(color)


def add_other_prices(brand: Brand) -> None:
    """A second currency for every style-colour of an account, at a rate of its own, in steps of 0.50."""
    for account in brand.accounts.values():
        currency, rate = SECOND_CURRENCY.get(account.currency, ("USD", Decimal("1.1")))
        divisions = {division.id for division in brand.divisions if division.code in account.division_codes}
        for color in brand.style_colors:
            if color.division_id in divisions:
                color.other_prices[currency] = (_half(color.wholesale * rate), _half(color.retail * rate))


def _half(amount: Decimal) -> Decimal:
    return (amount * 2).quantize(Decimal(1), ROUND_HALF_UP) / 2


def _style(brand: Brand, draw: Draw, number: int, division_ids: list[str], now: datetime) -> list[StyleColor]:
    division = next(division for division in brand.divisions if division.id == division_ids[number % len(division_ids)])
    prefix, body_code, body, noun, sizes, fabric, price = draw.one(FAMILIES.get(division.code, GARMENTS))
    style, style_id = f"{prefix}-{1001 + number}", draw.guid()
    if number % 97 == 96:
        style += "/B"  # a slash inside a style number is legal and breaks careless paths
    wholesale = Decimal(price + draw.number(-6, 12)) + Decimal(draw.one(["0", "0.50"]))
    kind = "Inventory" if number % 60 != 59 else draw.one(["Non-Inventory", "Service"])
    split = draw.chance(SPLIT_SHARE)
    description = f"{draw.one(GIVEN_NAMES)} {noun}"
    season, origin = draw.one(brand.seasons).id, draw.one(COUNTRIES_OF_ORIGIN)
    colors = []
    for position, (code, name) in enumerate(draw.some(COLORS, draw.number(2, 6))):
        own_price = wholesale + (4 * position if split else 0)
        colors.append(
            StyleColor(
                id=draw.guid(),
                style_id=style_id,
                style=style,
                color=code,
                color_description=name,
                description=description,
                body_code=body_code,
                body_description=body,
                brand_name=brand.name,
                origin_country=origin,
                fabric_content=fabric,
                wholesale=own_price,
                retail=own_price * Decimal("2.5"),
                division_id=division.id,
                season_id=season,
                sizes=[Size(size, None) for size in sizes],
                active=position == 0 or not draw.chance(0.04),
                kind=kind,
                last_modified=draw.past(now, 120),
            )
        )
    return colors
