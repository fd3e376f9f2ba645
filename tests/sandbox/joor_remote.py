"""A hand-made brand of two JOOR accounts, and a test's window on the pretend JOOR that serves it."""

import base64
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

from sandbox.brand import Brand, JoorAccount, JoorSku, JoorStyle
from sandbox.joor_records import JoorPriceType


def style(number: str, colours: list[str], first_upc: int, style_id: int) -> JoorStyle:
    sizes = ["S", "M"]
    skus = [
        JoorSku(colour, colour.title(), size, str(first_upc + 10 * i + j))
        for i, colour in enumerate(colours)
        for j, size in enumerate(sizes)
    ]
    return JoorStyle(style_id, number, f"{number}-ID", f"Style {number}", Decimal("110.00"), skus)


def order(order_id: int, order_type: str = "4", **fields: Any) -> dict[str, Any]:
    line = {
        "item_name": "Style D410",
        "item_number": "D410",
        "item_style_id": 501,
        "item_style_identifier": "D410-ID",
        "item_color": "Navy",
        "item_color_code": "NVY",
        "item_size": "S",
        "item_upc": "840000000010",
        "item_unit_price": "110.00",
        "item_price": "110.00",
        "item_quantity": "6",
        "item_multiplier": "1",
        "item_price_extended": "660.00",
        "style_tags": [],
    }
    return {
        "order_id": order_id,
        "order_type": order_type,
        "order_currency": "USD",
        "order_total": "660.00",
        "date_created": "2031-03-01T09:00:00+00:00",
        "date_approved": "2031-03-03T09:00:00+00:00",
        "date_modified": "2031-03-03T09:00:00+00:00",
        "customer_code": "C-1",
        "customer_name": "Łódź & Pine",
        "customer_group_name": "Independents",
        "payment_method_code": "N30",
        "warehouse_name": "NJ",
        "order_divisions": [{"division_code": "01", "division_name": "Main"}],
        "order_doors": [],
        "line_items": [line],
        **fields,
    }


def account(key: str, account_id: str, orders: list[dict[str, Any]]) -> JoorAccount:
    return JoorAccount(
        account_id=account_id,
        name=f"Brand {key}",
        token=f"token-{key}",
        client_id=f"client-{key}",
        client_secret=f"client-secret-{key}",
        username=f"user-{key}",
        password=f"pass-{key}",
        division_codes=["01"],
        currency="USD",
        price_label="US Dollars",
        warehouses=["NJ", "LA"],
        payment_methods=[("N30", "Net 30")],
        shipping_methods=[("UPSG", "UPS Ground")],
        sales_reps=[("AL", "Ada Lund", "al@brand.example")],
        price_types=[JoorPriceType("pt-usd", "US Dollars", "USD", "USD"), JoorPriceType("pt-eur", "Euro", "EUR", "EUR")],
        styles={"D410-ID": style("D410", ["NVY", "RED"], 840000000010, 501), "T200-ID": style("T200", ["BLK"], 840000000110, 502)},
        connections=[
            {"customer_account_id": 9000 + number, "customer_code": f"C-{number}", "customer_name": f"Shop {number}", "buyers": []}
            for number in range(1, 4)
        ],
        orders={row["order_id"]: row for row in orders},
    )


def brand() -> Brand:
    us = [order(number, order_type) for number, order_type in zip(range(1, 7), ["6", "3", "4", "5", "0", "1"], strict=True)]
    eu = [order(101)]
    accounts = {"us": account("us", "7001", us), "eu": account("eu", "7002", eu)}
    return Brand(1, "Tiny", "c", "s", "u", "p", accounts=accounts)


ACCOUNT_IDS = {"us": "7001", "eu": "7002"}


@dataclass
class Remote:
    """One test's window on the pretend JOOR: what a client sees, and the sandbox's own controls."""

    url: str
    http: httpx.Client

    def v2(self, method: str, path: str, key: str = "us", **more: Any) -> httpx.Response:
        headers = {"Authorization": "OAuth2 " + base64.b64encode(f"token-{key}".encode()).decode(), **more.pop("headers", {})}
        return self.http.request(method, f"{self.url}/v2/{path}", headers=headers, **more)

    def token(self, key: str = "us") -> str:
        form = {"client_id": f"client-{key}", "client_secret": f"client-secret-{key}", "username": f"user-{key}", "password": f"pass-{key}"}
        answer = self.http.post(f"{self.url}/auth/", data={"grant_type": "password", **form})
        return str(answer.json()["access_token"])

    def v4(self, method: str, path: str, token: str, account: str = "7001", **more: Any) -> httpx.Response:
        params = {"account": account, **more.pop("params", {})}
        return self.http.request(method, f"{self.url}/v4/{path}", params=params, headers={"Authorization": f"Bearer {token}"}, **more)

    def read(self, path: str, key: str = "us", **params: str) -> list[dict[str, Any]]:
        """The data of a v4 read."""
        answer = self.v4("GET", path, self.token(key), ACCOUNT_IDS[key], params=params)
        assert answer.status_code == 200, answer.text
        rows = answer.json()["data"]
        assert isinstance(rows, list)
        return rows

    def write(self, path: str, *items: dict[str, Any], key: str = "us", **params: str) -> dict[str, Any]:
        """The envelope of a v4 write: a 200 whatever became of the items."""
        answer = self.v4("POST", path, self.token(key), ACCOUNT_IDS[key], params=params, json=list(items))
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert isinstance(body, dict)
        return body

    def order_ids(self, key: str = "us", **params: Any) -> list[int]:
        body = self.v2("GET", "orders", key, params=params).json()
        return [row["order_id"] for row in body["orders"]["orders"] or []]

    def set(self, **switches: Any) -> None:
        self.http.post(f"{self.url}/_switches", json=switches).raise_for_status()

    def fault(self, **fault: Any) -> None:
        self.http.post(f"{self.url}/_faults", json=fault).raise_for_status()

    def advance(self, seconds: float) -> None:
        self.http.post(f"{self.url}/_advance", json={"seconds": seconds}).raise_for_status()

    def control(self, method: str, path: str, **more: Any) -> Any:
        return self.http.request(method, f"{self.url}/{path}", **more).json()

    def effects(self, effect: str = "") -> list[dict[str, Any]]:
        rows = self.control("GET", "_ledger", params={"effect": effect})["effects"]
        assert isinstance(rows, list)
        return rows

    def state(self, what: str, key: str = "us") -> Any:
        return self.control("GET", "_state", params={"what": what, "account": key})

    def card(self, identifier: str, key: str = "us") -> dict[str, Any]:
        """One card of the state."""
        rows = self.control("GET", "_state", params={"what": "products", "account": key, "identifier": identifier})["products"]
        assert len(rows) == 1
        row = rows[0]
        assert isinstance(row, dict)
        return row

    def linesheet(self, code: str, key: str = "us") -> dict[str, Any]:
        """One linesheet of the state, by its code."""
        return next(dict(row) for row in self.state("linesheets", key)["linesheets"] if row["code"] == code)

    def keys(self, effect: str) -> list[str]:
        return [str(row["key"]) for row in self.effects(effect)]

    def export_state(self, order_id: int, key: str = "us") -> str:
        return next(str(row["state"]) for row in self.state("export_state", key)["export_state"] if row["order_id"] == order_id)

    def position(self, upc: str, warehouse: str, date: str = "IMMEDIATE") -> int | None:
        rows = self.state("inventory")["inventory"]
        return next((row["inventory"] for row in rows if (row["upc"], row["warehouse"], row["date"]) == (upc, warehouse, date)), None)
