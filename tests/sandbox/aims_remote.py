"""A small brand of the generator, and a test's window on the pretend AIMS360 that serves it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from sandbox.brand import Brand, Customer, StyleColor
from sandbox.stock import generate

STOCK_VIEW = ("Warehouse Inventory Details by Size", "Style/Inventory Items")
OTS_VIEW = ("Warehouse Inventory Details by Size", "Style/Inventory Items With OTS(i)")


def small_brand() -> Brand:
    return generate(21, styles=24, orders=4, customers=12, now=datetime.now(UTC))


@dataclass
class AimsRemote:
    """What a client sees (`get`, `post`), and the sandbox's own controls."""

    url: str
    http: httpx.Client
    brand: Brand
    tokens: dict[str, str] = field(default_factory=dict)

    def form(self, **fields: str) -> dict[str, str]:
        brand = self.brand
        own = {"client_id": brand.client_id, "client_secret": brand.client_secret, "username": brand.username, "password": brand.password}
        return {**own, "grant_type": "password", **fields}

    def sign_in(self, **fields: str) -> httpx.Response:
        return self.http.post(f"{self.url}/authentication/v1/authentication/token", data=self.form(**fields))

    def bearer(self, operator: str = "") -> dict[str, str]:
        if operator not in self.tokens:
            who = {"username": operator, "password": "clerk-password"} if operator else {}
            self.tokens[operator] = self.sign_in(**who).json()["access_token"]
        return {"Authorization": f"Bearer {self.tokens[operator]}"}

    def get(self, path: str, operator: str = "", **params: Any) -> httpx.Response:
        return self.http.get(f"{self.url}/{path}", params=params or None, headers=self.bearer(operator))

    def post(self, path: str, body: Any, operator: str = "") -> httpx.Response:
        return self.http.post(f"{self.url}/{path}", json=body, headers=self.bearer(operator))

    def rows(self, path: str, **params: Any) -> list[dict[str, Any]]:
        response = self.get(path, **params)
        assert response.status_code == 200, response.text
        rows = response.json()["value"]
        assert isinstance(rows, list)
        return rows

    def query(self, path: str, filter_text: str, **params: Any) -> list[dict[str, Any]]:
        return self.rows(path, **{"$filter": filter_text, **params})

    def code(self, path: str, **params: Any) -> str:
        """The error code of a refused read."""
        response = self.get(path, **params)
        assert response.status_code == 400, response.text
        return str(response.json()["error"]["code"])

    def set(self, **switches: Any) -> None:
        self.http.post(f"{self.url}/_switches", json=switches).raise_for_status()

    def fault(self, **fault: Any) -> None:
        self.http.post(f"{self.url}/_faults", json=fault).raise_for_status()

    def advance(self, **fields: float) -> None:
        self.http.post(f"{self.url}/_advance", json=fields).raise_for_status()

    def change(self, what: str, **body: Any) -> Any:
        response = self.http.post(f"{self.url}/_aims/{what}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def effects(self, effect: str) -> list[dict[str, Any]]:
        rows = self.http.get(f"{self.url}/_ledger", params={"effect": effect}).json()["effects"]
        assert isinstance(rows, list)
        return rows

    def state(self, what: str) -> list[dict[str, Any]]:
        rows = self.http.get(f"{self.url}/_state", params={"what": what}).json()[what]
        assert isinstance(rows, list)
        return rows

    def export(self, view: tuple[str, str] = STOCK_VIEW, operator: str = "", **changes: Any) -> httpx.Response:
        body = {
            "exportType": "View",
            "exportDataSettings": {"source": view[0], "viewName": view[1]},
            "exportCriteriaVersion": "v1.0",
            "outputFormat": "JSON",
            "publishLinkAccessScope": "Private",
        }
        return self.post("reports/v1.0/reports/exportdata", {**body, **changes}, operator)

    def job(self, job_id: str) -> dict[str, Any]:
        body = self.get(f"jobsmanagement/v1.0/backgroundjob/{job_id}").json()
        assert isinstance(body, dict)
        return body

    def finish(self, job_id: str) -> str:
        """Poll until the job is finished; its status."""
        for _ in range(10):
            status = str(self.job(job_id)["jobStatus"])
            if status in ("Completed", "Failed"):
                return status
        raise AssertionError("the job never finished")

    def view(self, view: tuple[str, str]) -> list[dict[str, Any]]:
        started = self.export(view).json()
        assert self.finish(started["jobId"]) == "Completed"
        body = self.http.get(started["publishLink"], headers=self.bearer()).json()
        assert body["totalRecordCount"] == len(body["data"])
        rows = body["data"]
        assert isinstance(rows, list)
        return rows

    def customer(self, status: str = "Active") -> Customer:
        return next(customer for customer in self.brand.customers if customer.status == status)

    def color(self) -> StyleColor:
        return next(color for color in self.brand.style_colors if color.active and color.kind == "Inventory")

    def order_body(self, **changes: Any) -> dict[str, Any]:
        customer, color = self.customer(), self.color()
        line = {
            "styleColorID": color.id,
            "warehouseID": self.brand.warehouses[0].id,
            "price": 85.0,
            "sizes": [{"sizeName": color.sizes[0].name, "orderQuantity": 4}],
        }
        body = {
            "customerID": customer.id,
            "divisionID": color.division_id,
            "termID": self.brand.terms[0].id,
            "shipviaID": self.brand.ship_vias[0].id,
            "thirdPartyOrderID": "JOOR-1",
            "customerPurchaseOrder": "PO-1",
            "status": "Hold",
            "entered": "2031-02-03",
            "start": "2031-03-01",
            "complete": "2031-03-31",
            "store": {"customerStoreID": customer.stores[0].id},
            "lineItems": [line],
        }
        return {name: value for name, value in {**body, **changes}.items() if value is not None}

    def order(self, **changes: Any) -> httpx.Response:
        return self.post("orders/v1.0/order", self.order_body(**changes))
