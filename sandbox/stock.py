"""One believable fashion brand from a seed number, at any size: the record both pretend systems serve.

The brand is invented. What may exist in it (states of customers and stores, missing UPCs, negative stock, purchase-order lines without a
date, three kinds of style) is from the two fact sheets.
"""

from datetime import UTC, datetime

from sandbox.brand import Brand, Code, Warehouse
from sandbox.stock_customer_terms import add_customer_terms, add_late_sales_reps
from sandbox.stock_customers import add_customers
from sandbox.stock_draw import Draw
from sandbox.stock_goods import add_other_prices, add_styles
from sandbox.stock_joor import add_joor_account
from sandbox.stock_movements import add_movements
from sandbox.stock_orders import add_joor_orders
from sandbox.stock_pictures import add_pictures

TERMS = [("N30", "Net 30"), ("N60", "Net 60"), ("PPD", "Prepaid"), ("COD", "Cash on Delivery"), ("CC", "Credit Card")]
SHIP_VIAS = [("UPSG", "UPS Ground"), ("FEDX", "FedEx 2Day"), ("DHL", "DHL Express"), ("WCALL", "Will Call")]
COUNTRIES = [
    ("US", "United States"),
    ("CA", "Canada"),
    ("GB", "United Kingdom"),
    ("FR", "France"),
    ("DE", "Germany"),
    ("CZ", "Czech Republic"),
    ("ES", "Spain"),
    ("NL", "Netherlands"),
    ("JP", "Japan"),
]
CURRENCIES = [("USD", "US dollar"), ("EUR", "Euro"), ("GBP", "Pound sterling"), ("CAD", "Canadian dollar")]
DIVISIONS = [("WOM", "Womenswear"), ("SHO", "Shoes"), ("ACC", "Accessories"), ("KNT", "Knitwear")]
SALES_REPS = [("AL", "Ada Lund"), ("MK", "Milan Kříž"), ("SO", "Siobhán O'Neill")]
DISCOUNT_REASONS = [("VOL", "Volume"), ("SHOW", "Trade show"), ("GOOD", "Goodwill")]
STATUS_REASONS = [("CRED", "Credit check"), ("REVW", "To be reviewed")]


def generate(
    seed: int,
    styles: int = 300,
    orders: int = 200,
    customers: int = 40,
    accounts: tuple[str, ...] = ("us", "eu"),
    now: datetime | None = None,
) -> Brand:
    """A whole brand, the same for the same arguments; dates lie around `now` (aware UTC; the present when left out).

    `orders` counts the JOOR orders of all accounts together. About 15 % of them are awkward (never more than half, and each case at least
    once when there are 44 orders or more); `brand.cases` names them. Every account gets at least one active customer and, when `styles`
    allows, one style. Raises ValueError for no account or a negative size.
    """
    if not accounts or len(set(accounts)) != len(accounts) or min(styles, orders, customers) < 0:
        raise ValueError("give at least one account, each once, and no negative size")
    now = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    brand = _tenant(seed)
    _add_codes(brand, now, divisions=max(min(4, 2 * len(accounts)), len(accounts) + 1))
    _add_warehouses(brand)
    homes = {division.id: accounts[index % len(accounts)] for index, division in enumerate(brand.divisions)}
    add_styles(brand, styles, homes, now)
    add_pictures(brand, now)
    add_customers(brand, max(customers, len(accounts)), accounts, now)
    add_movements(brand, now)
    for number, key in enumerate(accounts):
        codes = [division.code for division in brand.divisions if homes[division.id] == key]
        add_joor_account(brand, key, number, codes)
    add_late_sales_reps(brand)
    add_customer_terms(brand, accounts)
    add_other_prices(brand)
    add_joor_orders(brand, orders, accounts, now)
    return brand


def _tenant(seed: int) -> Brand:
    draw = Draw(seed, "tenant")
    name = draw.one(["Orla Vane", "Harbor & Pine", "Maren Holt", "Ostra Studio", "Linde Atelier"])
    return Brand(
        seed=seed,
        name=name,
        client_id=draw.guid(),
        client_secret=draw.token(40),
        username="api@brand.example",
        password=draw.token(20),
    )


def _add_codes(brand: Brand, now: datetime, divisions: int) -> None:
    draw = Draw(brand.seed, "codes")

    def codes(rows: list[tuple[str, str]]) -> list[Code]:
        return [Code(draw.guid(), code, name) for code, name in rows]

    names = DIVISIONS + [(f"D{number:02d}", f"Division {number}") for number in range(5, divisions + 1)]
    brand.divisions = codes(names[:divisions])
    year = now.year
    brand.seasons = codes(
        [(f"{code}{y % 100:02d}", f"{name} {y}") for y in (year, year + 1) for code, name in (("SP", "Spring"), ("FA", "Fall"))]
    )
    brand.terms, brand.ship_vias = codes(TERMS), codes(SHIP_VIAS)
    brand.countries, brand.currencies = codes(COUNTRIES), codes(CURRENCIES)
    brand.sales_reps = codes(SALES_REPS)
    brand.discount_reasons, brand.order_status_reasons = codes(DISCOUNT_REASONS), codes(STATUS_REASONS)
    # The currency table of a tenant lists disabled currencies too (AIMS360 facts 8.1).
    brand.currencies.append(Code(draw.guid(), "FRF", "French franc", enabled=False))


def _add_warehouses(brand: Brand) -> None:
    draw = Draw(brand.seed, "warehouses")
    places = [("NJ", "NJ", True), ("LA", "CA", True), ("ROTTERDAM", "ZH", True), ("OLD DALLAS", "TX", False)]
    brand.warehouses = [Warehouse(draw.guid(), name, state, active) for name, state, active in places]
