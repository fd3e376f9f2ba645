"""Every JOOR path and wire word we rely on, with its evidence (facts: joor-api.md). ASSUMED ones are replaceable by a site's TOML file."""

from collections.abc import Mapping
from typing import Any

from clients.contract import ContractTable, Entry, section


class JoorContract(ContractTable):
    """`JoorContract.load(site.contract_overrides)` reads the `[joor]` table of the site's file."""

    system = "joor"
    entries = (
        Entry("path.orders", "/v2/orders", "ASSUMED", "8.1", "prose says GET /orders; public code uses /v2/order/"),
        Entry("path.order", "/v2/orders/{order_id}", "ASSUMED", "8.1", "public code uses /v2/order/{order_id}"),
        Entry("path.orders_update", "/v4/orders/bulk_update", "DOC", "8.7"),
        Entry("path.connections", "/v2/connection/", "ASSUMED", "3.3", "list with start_from and count"),
        Entry("path.connection", "/v2/connection/customer_code/{customer_code}/", "DOC", "3.3"),
        Entry("path.bulk_inventory", "/v2/bulk-inventory", "DOC", "7.1"),
        Entry("auth.v2_scheme", "OAuth2", "DOC", "1.2", "followed by the Base64 text of the token"),
        Entry("orders.mark_export_status", "5", "ASSUMED", "8.1, 8.2", "export_status of the sync=1 read that marks orders exported"),
        Entry("orders.mark_check", "0", "DOC", "8.1", "with sync=1 the default 1 would turn orders we imported to Failed"),
        Entry("connections.page_size", "50", "UNKNOWN", "2.2"),
        Entry(
            "inventory.immediate",
            "",
            "ASSUMED",
            "7.2",
            "inventory_date of stock on hand; empty leaves the field out, public code sends IMMEDIATE",
        ),
        Entry("inventory.style_identifier", "style_identifier", "CODE", "7.2", "the page spells it style_identifer"),
        Entry(
            "inventory.item_node",
            "",
            "CODE",
            "7.2",
            'empty sends {"inventory_items": [..]}; inventory_item sends the documented second node',
        ),
    )

    @classmethod
    def load(cls, overrides: Mapping[str, Any]) -> "JoorContract":
        """Raises NotPossible for unknown keys."""
        return cls(section(overrides, "joor", default=False))
