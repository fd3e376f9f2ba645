"""The pretend brand's JOOR accounts: credentials, Order Settings, style cards and connections.

JOOR's names differ from AIMS360's for some warehouses, terms and ship-vias, as in life; `Brand.counterparts` holds the pairs that the
brand's people would enter. A JOOR name without a pair there is one of the awkward cases.
"""

import itertools
from decimal import Decimal
from typing import Any

from sandbox.brand import Brand, Customer, JoorAccount, JoorSku, JoorStyle, Store, StyleColor
from sandbox.joor_catalogue import opaque
from sandbox.joor_records import JoorLinesheet, JoorLinesheetItem, JoorPriceType
from sandbox.stock_customers import customers_of, in_america
from sandbox.stock_draw import Draw

CURRENCIES = {"us": ("USD", "US Dollars"), "eu": ("EUR", "Euro"), "uk": ("GBP", "British Pounds"), "ca": ("CAD", "Canadian Dollars")}
SECOND_CURRENCY = {"us": "eu", "eu": "uk", "uk": "eu", "ca": "us"}  # whose price type an account has beside its own
WAREHOUSES = {
    True: {"NJ": "NJ", "West Coast": "LA", "EU Hub": "ROTTERDAM"},
    False: {"Rotterdam DC": "ROTTERDAM", "NJ": "NJ"},
}
PAYMENT_METHODS = [("N30", "Net 30"), ("N60", "Net 60"), ("PPD", "Prepaid"), ("CREDITCARD", "Credit Card")]
SHIPPING_METHODS = [("UPSG", "UPS Ground"), ("DHL", "DHL Express"), ("FEDEX2", "FedEx 2Day")]
TERMS = {"N30": "N30", "N60": "N60", "PPD": "PPD", "CREDITCARD": "CC"}  # JOOR code -> AIMS360 term code
SHIP_VIAS = {"UPSG": "UPSG", "DHL": "DHL", "FEDEX2": "FEDX"}
SALES_REPS = [("AL", "Ada Lund"), ("MILAN", "Milan Kříž"), ("SO", "Siobhán O'Neill")]
REPS = {"AL": "AL", "MILAN": "MK", "SO": "SO"}  # JOOR code -> AIMS360 sales rep code
UNMAPPED_TERM = ("KLARNA", "Klarna Pay Later")
UNMAPPED_SHIP_VIA = ("COURIER", "City Courier")
UNMAPPED_WAREHOUSE = "Pop-up Tokyo"
SYNCED_ON_LINESHEET = 2
HAND_MADE_STYLES = 2  # per account: made by a person on JOOR, unknown to AIMS360


def add_joor_account(brand: Brand, key: str, number: int, division_codes: list[str]) -> None:
    draw = Draw(brand.seed, f"joor account {key}")
    currency, label = CURRENCIES.get(key, ("USD", "US Dollars"))
    warehouses = WAREHOUSES[in_america(key)]
    brand.accounts[key] = account = JoorAccount(
        account_id=str(9001 + number),
        name=f"{brand.name} {key.upper()}",
        token=draw.token(36),
        client_id=draw.token(20),
        client_secret=draw.token(40),
        username=f"joor-{key}@brand.example",
        password=draw.token(20),
        division_codes=division_codes,
        currency=currency,
        price_label=label,
        warehouses=[*warehouses, UNMAPPED_WAREHOUSE],
        payment_methods=[*PAYMENT_METHODS, UNMAPPED_TERM],
        shipping_methods=[*SHIPPING_METHODS, UNMAPPED_SHIP_VIA],
        sales_reps=[(code, name, f"{code.lower()}@brand.example") for code, name in SALES_REPS],
    )
    account.price_types = _price_types(key, account)
    brand.counterparts |= {f"{key}.warehouses": dict(warehouses), f"{key}.terms": dict(TERMS), f"{key}.ship_vias": dict(SHIP_VIAS)}
    brand.counterparts[f"{key}.sales_reps"] = dict(REPS)
    _add_cards(brand, draw, account, 100_000 * (number + 1))
    account.linesheets = [_hand_made_linesheet(account)]


def _price_types(key: str, account: JoorAccount) -> list[JoorPriceType]:
    """The account's own currency and a second one; settings made by the brand's admin in JOOR (JOOR facts 3.1)."""
    pairs = [(account.currency, account.price_label)]
    if key in SECOND_CURRENCY:
        pairs.append(CURRENCIES[SECOND_CURRENCY[key]])
    return [
        JoorPriceType(opaque(f"PriceType:{account.account_id}{number}"), label, currency, currency)
        for number, (currency, label) in enumerate(pairs, start=1)
    ]


def _hand_made_linesheet(account: JoorAccount) -> JoorLinesheet:
    """What a person put together in JOOR: the styles made there, and two that came from AIMS360."""
    live = [card for card in account.styles.values() if not card.deleted]
    chosen = [card for card in live if card.hand_made] + [card for card in live if not card.hand_made][:SYNCED_ON_LINESHEET]
    linesheet = JoorLinesheet(opaque(f"Collection:hand-made {account.account_id}"), "Showroom Picks", "SHOWROOM", hand_made=True)
    linesheet.items = {card.style_identifier: JoorLinesheetItem(place, by_hand=True) for place, card in enumerate(chosen, start=1)}
    return linesheet


def empty_catalogue(brand: Brand) -> None:
    """Take away every card that came from AIMS360, as before the first export: hand-made ones stay, orders keep naming the others."""
    for account in brand.accounts.values():
        account.styles = {identifier: card for identifier, card in account.styles.items() if card.hand_made}
        for linesheet in account.linesheets:
            linesheet.items = {identifier: item for identifier, item in linesheet.items.items() if identifier in account.styles}


def _add_cards(brand: Brand, draw: Draw, account: JoorAccount, first_id: int) -> None:
    ids = itertools.count(first_id)
    divisions = {division.id for division in brand.divisions if division.code in account.division_codes}
    sellable = [color for color in brand.style_colors if color.division_id in divisions and color.active and color.kind == "Inventory"]
    cards = []
    for _, group in itertools.groupby(sellable, key=lambda color: color.style_id):
        colors = list(group)
        split = len({color.wholesale for color in colors}) > 1  # a JOOR price belongs to the whole card
        cards += [_card(next(ids), [color], split) for color in colors] if split else [_card(next(ids), colors, split)]
    for card in draw.some(cards[len(cards) // 2 :], 2 if len(cards) > 8 else len(cards) // 3):
        card.deleted = True
    cards += [_hand_made(draw, next(ids), number) for number in range(HAND_MADE_STYLES)]
    account.styles = {card.style_identifier: card for card in cards}


def _card(style_id: int, colors: list[StyleColor], split: bool) -> JoorStyle:
    first = colors[0]
    return JoorStyle(
        style_id=style_id,
        style_number=first.style,
        style_identifier=f"{first.style}-{first.color}" if split else first.style,
        name=first.description,
        price=first.wholesale,
        retail=first.retail,
        skus=[JoorSku(color.color, color.color_description, size.name, size.upc) for color in colors for size in color.sizes],
    )


def _hand_made(draw: Draw, style_id: int, number: int) -> JoorStyle:
    style = f"HM-{9001 + number}"
    skus = [JoorSku("MLT", "Multi", size, None) for size in ("S", "M", "L")]
    return JoorStyle(style_id, style, style, f"Show Sample {number + 1}", Decimal(draw.number(40, 90)), skus, hand_made=True)


def add_connections(brand: Brand, key: str, accounts: tuple[str, ...]) -> None:
    """A connection per customer of the account, in the field names of v2 GET (facts 3.5); one in ten has no customer code yet, and one
    retailer came by himself and is nobody AIMS360 knows."""
    account, draw = brand.accounts[key], Draw(brand.seed, f"connections {key}")
    first_id = 500_000 * (accounts.index(key) + 1)
    for number, customer in enumerate(customers_of(brand, accounts, key)):
        code = "" if number % 10 == 9 else customer.account
        account.connections.append(_connection(brand, draw, account, customer, code, first_id + number))
    stranger = {"customer_account_id": str(first_id + 99_999), "customer_name": "Lone Retailer", "customer_code": ""}
    account.connections.append({**stranger, "customer_contact_email": "hello@loneretailer.example", "price_types": [_price_type(account)]})


def empty_connections(brand: Brand) -> None:
    """Take away every connection with a customer code, as before the first export of customers: retailers who came by themselves stay."""
    for account in brand.accounts.values():
        account.connections = [row for row in account.connections if not row["customer_code"]]


def _connection(brand: Brand, draw: Draw, account: JoorAccount, customer: Customer, code: str, connection_id: int) -> dict[str, Any]:
    payment_code, payment_name = draw.one(PAYMENT_METHODS)
    shipping_code, shipping_name = draw.one(SHIPPING_METHODS)
    return {
        "customer_account_id": str(connection_id),
        "customer_name": customer.name,
        "customer_code": code,
        "customer_alias": "",
        "customer_contact_email": customer.email,
        "customer_contact_name": "",
        "customer_buyer_name": "",
        "company_number_name": "",
        "company_number_code": "",
        "customer_group_name": "",
        "customer_group_code": "",
        "sales_rep_code": "",
        "warehouses": [],
        "buyers": [],
        "billing": {
            "billing_addresses": [
                {**_address(brand, "billing", customer.stores[0], customer.phone), "billing_address_id": f"{connection_id}1"}
            ],
            "payment_methods": [{"payment_method_name": payment_name, "payment_method_code": payment_code}],
        },
        "shipping": {
            "shipping_addresses": [
                {**_address(brand, "shipping", store, customer.phone), "shipping_email": ""} for store in customer.stores if store.active
            ],
            "shipping_methods": [{"shipping_method_name": shipping_name, "shipping_method_code": shipping_code}],
        },
        "price_types": [_price_type(account)],
        "customer_locations": [],
        "discounts": [],
    }


def _address(brand: Brand, kind: str, store: Store, phone: str) -> dict[str, str]:
    """Customers' addresses say `*_state` where orders say `*_region`."""
    fields = {
        "code": store.code,
        "name": store.name,
        "phone": phone,
        "address_1": store.address1,
        "address_2": store.address2,
        "city": store.city,
        "state": store.state,
        "postal_code": store.zip_code,
        "country": next(country.code for country in brand.countries if country.id == store.country_id),
    }
    return {f"{kind}_{name}": value for name, value in fields.items()}


def _price_type(account: JoorAccount) -> dict[str, str]:
    return {
        "price_type_label": account.price_label,
        "price_type_currency_code": account.currency,
        "price_type_retail_currency_code": account.currency,
    }
