"""Plain JOOR orders of the pretend brand, in the v2 field names of the JOOR fact sheet (8.5), values as JOOR sends them (text).

Empty lists are stored as lists; the server renders them by its switches. ASSUMED, because the facts call it UNKNOWN: `item_quantity` counts
packs when `item_multiplier` is above 1, and `item_price_extended` is then the price of all units; `order_total` is what the lines
come to, less the discount.
"""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.brand import Brand, Code, Customer, JoorAccount, JoorSku, JoorStyle, Store
from sandbox.stock_customers import customers_of
from sandbox.stock_draw import Draw, days_after, iso
from sandbox.stock_joor import PAYMENT_METHODS, SHIPPING_METHODS

ISO_THREE = {"US": "USA", "CA": "CAN", "GB": "GBR", "FR": "FRA", "DE": "DEU", "CZ": "CZE", "ES": "ESP", "NL": "NLD", "JP": "JPN"}

Order = dict[str, Any]


class Desk:
    """One account's order desk: who buys there, what is on sale, and the drawing of plain orders."""

    def __init__(self, brand: Brand, key: str, accounts: tuple[str, ...], now: datetime) -> None:
        self.brand, self.key, self.now = brand, key, now
        self.account: JoorAccount = brand.accounts[key]
        self.draw = Draw(brand.seed, f"orders {key}")
        self.customers = customers_of(brand, accounts, key)
        self.cards = [card for card in self.account.styles.values() if not card.deleted and not card.hand_made]
        self.colors = {(color.style, color.color): color for color in brand.style_colors}
        self.countries = {country.id: country for country in brand.countries}
        self.divisions = {division.id: division for division in brand.divisions}
        self.by_division: dict[str, list[JoorStyle]] = {}
        for card in self.cards:
            self.by_division.setdefault(self.division_of(card).code, []).append(card)

    def division_of(self, card: JoorStyle) -> Code:
        return self.divisions[self.colors[card.style_number, card.skus[0].color_code].division_id]

    def with_status(self, status: str) -> list[Customer]:
        return [customer for customer in self.customers if customer.status == status]

    def plain(self, order_id: int) -> Order:
        """An order nothing is wrong with: an active customer, one of the stores, one division, prices as in AIMS360."""
        customer = self.draw.one(self.with_status("Active"))
        order = self._header(order_id)
        self.set_customer(order, customer)
        division = self.draw.one(list(self.by_division))
        self.set_lines(order, self.draw.some(self.by_division[division], self.draw.number(1, 5)))
        return order

    def _header(self, order_id: int) -> Order:
        created = self.draw.past(self.now, 20)
        approved = min(self.now, created + timedelta(minutes=self.draw.number(5, 2000)))
        start = days_after(self.now, self.draw.number(15, 120))
        payment, shipping = self.draw.one(PAYMENT_METHODS), self.draw.one(SHIPPING_METHODS)
        warehouse = self.draw.one(list(self.brand.counterparts[f"{self.key}.warehouses"]))
        season = self.draw.one(self.brand.seasons)
        return BLANK | {
            "order_id": order_id,
            "order_type": self.draw.weighted(["4", "5", "6", "3", "0"], [72, 14, 5, 6, 3]),
            "order_type_name": self.draw.one(["Initial", "Re-order"]),
            "order_season_code": season.code,
            "order_delivery_name": f"{season.name} 1",
            "order_delivery_code": f"{season.code}-1",
            "order_currency": self.account.currency,
            "order_currency_retail": self.account.currency,
            "order_currency_name": self.account.price_label,
            "date_created": iso(created),
            "date_approved": iso(approved),
            "date_modified": iso(approved),
            "date_ship_start": start.isoformat(),
            "date_ship_end": (start + timedelta(days=30)).isoformat(),
            "customer_purchase_order": f"PO-{self.draw.digits(5)}",
            "order_comments": self.draw.one(["", "", "Please call before delivery"]),
            "payment_method_code": payment[0],
            "payment_method_name": payment[1],
            "shipping_method_code": shipping[0],
            "shipping_method_name": shipping[1],
            "warehouse_name": warehouse,
            "warehouse_code": warehouse,
        }

    def set_customer(self, order: Order, customer: Customer) -> None:
        stores = [store for store in customer.stores if store.active and not store.no_shipment]
        store = self.draw.one(stores)
        order |= {"customer_code": customer.account, "customer_name": customer.name, "customer_buyer_name": "Ada Lund"}
        order |= {"company_name": customer.name, "created_by_email": customer.email, "shipping_email": customer.email}
        order |= self.address("shipping", store, customer) | self.address("billing", customer.stores[0], customer)
        order["order_doors"] = []
        if self.draw.chance(0.3):
            order["order_doors"] = [
                {"door_id": self.draw.number(10**5, 10**6), "door_name": store.name, "door_code": store.code, "door_deleted": False}
            ]

    def address(self, kind: str, store: Store, customer: Customer) -> dict[str, str]:
        country = self.countries[store.country_id]
        fields = {
            "code": store.code,
            "name": store.name,
            "phone": customer.phone,
            "address_1": store.address1,
            "address_2": store.address2,
            "city": store.city,
            "region": store.state,
            "postal_code": store.zip_code,
            "country": country.name,
            "country_iso_two": country.code,
            "country_iso_three": ISO_THREE[country.code],
        }
        return {f"{kind}_{name}": value for name, value in fields.items()}

    def set_lines(self, order: Order, cards: list[JoorStyle]) -> None:
        order["line_items"] = [line for card in cards for line in self._card_lines(card)]
        divisions = {division.code: division.name for division in (self.division_of(card) for card in cards)}
        order["order_divisions"] = [{"division_code": code, "division_name": name} for code, name in divisions.items()]
        total_up(order)

    def _card_lines(self, card: JoorStyle) -> list[dict[str, Any]]:
        lines = []
        for color in self.draw.some(sorted({sku.color_code for sku in card.skus}), self.draw.number(1, 2)):
            skus = [sku for sku in card.skus if sku.color_code == color]
            lines += [self.line(card, sku, self.draw.number(1, 12)) for sku in self.draw.some(skus, self.draw.number(1, 6))]
        return lines

    def line(self, card: JoorStyle, sku: JoorSku, quantity: int) -> dict[str, Any]:
        color = self.colors.get((card.style_number, sku.color_code))
        return {
            "item_name": card.name,
            "item_number": card.style_number,
            "item_style_id": str(card.style_id),
            "item_style_identifier": card.style_identifier,
            "item_color": sku.color_name,
            "item_color_code": sku.color_code,
            "item_size": sku.size,
            "item_size_code": "",
            "item_upc": sku.upc or "",
            "item_unit_price": money(card.price),
            "item_price": money(card.price),
            "item_price_adjustment": "0.00",
            "item_quantity": str(quantity),
            "item_multiplier": "1",
            "item_price_extended": money(card.price * quantity),
            "item_retail_price": money(color.retail if color else card.price * 2),
            "item_comment": "",
            "item_color_comment": "",
            "item_door_id": "",
            "style_tags": [],
        }


TEXT_FIELDS = """
    order_id order_type order_type_name order_type_code order_source order_season_code order_event order_event_code order_delivery_name
    order_delivery_code order_comments order_internal_comments is_personal_order order_currency order_currency_retail order_currency_name
    order_discount order_discount_percent order_shipping_total order_total tax_id_label tax_id_number date_created date_approved
    date_modified date_ship_start date_ship_end sales_representative sales_representative_code created_by_username created_by_email
    customer_buyer_name customer_name customer_code company_name company_code customer_group_name customer_group_code
    customer_purchase_order integration_purchase_order
"""
BLANK: Order = dict.fromkeys(TEXT_FIELDS.split(), "") | {
    "order_source": "web",
    "is_personal_order": "0",
    "order_discount": "0.00",
    "order_discount_percent": "0",
    "order_shipping_total": "0.00",
}


def money(amount: Decimal) -> str:
    return str(amount.quantize(Decimal("0.01"), ROUND_HALF_UP))


def total_up(order: Order) -> None:
    """Set every line's extended price and the order's total from prices, quantities and discounts."""
    total = Decimal(0)
    for line in order["line_items"]:
        units = int(line["item_quantity"]) * int(line["item_multiplier"])
        extended = (Decimal(line["item_price"]) + Decimal(line["item_price_adjustment"])) * units
        line["item_price_extended"] = money(extended)
        total += extended
    total -= total * Decimal(order["order_discount_percent"]) / 100 + Decimal(order["order_discount"])
    order["order_total"] = money(total)
