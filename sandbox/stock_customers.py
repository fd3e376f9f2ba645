"""The pretend brand's customers and their stores."""

import unicodedata
from datetime import datetime

from sandbox.brand import Brand, Customer, Store
from sandbox.stock_draw import Draw

AMERICA = {
    "US": [("Portland", "ME", "04101"), ("Austin", "TX", "78701"), ("Chicago", "IL", "60601"), ("Seattle", "WA", "98101")],
    "CA": [("Montréal", "QC", "H2Y 1C6"), ("Toronto", "ON", "M5H 2N2")],
}
EUROPE = {
    "GB": [("London", "", "W1D 3AF"), ("Leeds", "", "LS1 4DY")],
    "FR": [("Paris", "", "75003"), ("Saint-Étienne", "", "42000")],
    "DE": [("München", "BY", "80331"), ("Köln", "NW", "50667")],
    "CZ": [("Praha 3", "", "130 00"), ("Brno", "", "602 00")],
    "ES": [("A Coruña", "", "15001")],
    "NL": [("Utrecht", "", "3511 LX")],
}
# The second and third customer of an account; an apostrophe breaks careless filters, the rest careless encodings.
NAMES = {
    True: [("O'Hara's", "O'HAR", "US"), ("Café Lumière", "CAFEL", "CA")],
    False: [("Maison Noël", "MAISN", "FR"), ("Žižkov Móda", "ZIZKM", "CZ")],
}
FIRST = ["Harbor", "Marlow", "Juniper", "Alder", "Saffron", "Copper", "Wren", "Linden", "Quarry", "Meadow", "Atlas", "Birch"]
SECOND = ["Pine", "House", "Lane", "Thread", "Supply", "Row", "Atelier", "Market", "Mercantile", "Loft", "Goods", "Collective"]
STREETS = ["Main St", "Quay St", "Rue des Lilas", "Hauptstraße", "Mill Lane", "Old Bank Rd"]


def in_america(account: str) -> bool:
    return account != "eu"


def add_customers(brand: Brand, count: int, accounts: tuple[str, ...], now: datetime) -> None:
    """`count` customers, the accounts in turn. In every account's share the first is plain, the second and
    third have awkward names, the fourth is inactive, the fifth takes no shipments; then about one in twelve is either."""
    draw = Draw(brand.seed, "customers")
    taken: set[str] = set()
    for number in range(count):
        american, place = in_america(accounts[number % len(accounts)]), number // len(accounts)
        special = next((entry for entry in NAMES[american][place - 1 : place] if entry[1] not in taken), None)
        name = special[0] if special else _name(number)
        account = special[1] if special else _account(name, taken)
        taken.add(account)
        country = special[2] if special else draw.one(list(AMERICA if american else EUROPE))
        status = {3: "Inactive", 4: "No Shipment"}.get(place, "Active")
        if place > 4 and draw.chance(0.08):
            status = draw.one(["Inactive", "No Shipment"])
        brand.customers.append(_customer(brand, draw, account, name, country, status, now))


def _name(number: int) -> str:
    chain = f" {number // 144 + 1}" if number >= 144 else ""
    return f"{FIRST[number % 12]} & {SECOND[(number + number // 12) % 12]}{chain}"


def _account(name: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem = "".join(letter for letter in plain.upper() if letter.isalnum())[:5]
    account, number = stem, 1
    while account in taken:
        number += 1
        account = f"{stem[: 5 - len(str(number))]}{number}"
    return account


def _customer(brand: Brand, draw: Draw, account: str, name: str, country: str, status: str, now: datetime) -> Customer:
    return Customer(
        id=draw.guid(),
        account=account,
        name=name,
        email=f"orders@{account.lower().replace(chr(39), '')}.example",
        phone=f"+1 555 {draw.digits(3)} {draw.digits(4)}",
        status=status,
        term_id=draw.one(brand.terms).id,
        ship_via_id=draw.one(brand.ship_vias).id,
        stores=[_store(brand, draw, name, country, number) for number in range(1, draw.number(1, 4) + 1)],
        last_modified=draw.past(now, 200),
    )


def _store(brand: Brand, draw: Draw, name: str, country: str, number: int) -> Store:
    city, state, zip_code = draw.one((AMERICA | EUROPE)[country])
    closed = number > 1 and draw.chance(0.1)
    return Store(
        id=draw.guid(),
        code=f"{number:04d}",
        name=f"{name} {city}",
        address1=f"{draw.number(1, 240)} {draw.one(STREETS)}",
        address2=draw.one(["", "", "Floor 2"]),
        city=city,
        state=state,
        zip_code=zip_code,
        country_id=next(row.id for row in brand.countries if row.code == country),
        active=not closed,
        no_shipment=not closed and number > 1 and draw.chance(0.08),
    )


def customers_of(brand: Brand, accounts: tuple[str, ...], key: str) -> list[Customer]:
    """The seeded customers who buy through one JOOR account."""
    return brand.customers[accounts.index(key) :: len(accounts)]
