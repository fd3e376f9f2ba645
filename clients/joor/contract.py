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
        Entry("path.connection_by_id", "/v2/connection/{connection_id}/", "DOC", "3.3"),
        Entry("path.connection_update", "/v2/connection/{connection_id}/", "ASSUMED", "3.3", "PUT; empty: codes are typed in by a person"),
        Entry("connection_update.root", "connections.connection", "ASSUMED", "3.3", "nodes around the connection in that body"),
        Entry("path.bulk_connection", "/v2/bulk-connection", "DOC", "3.3"),
        Entry("path.bulk_connection_job", "/v2/bulk-connection/{job}", "DOC", "3.4"),
        Entry("bulk_connection.job_id", "bulk_connections_job_id", "ASSUMED", "3.4", "answer of the POST UNKNOWN; name of the job page"),
        Entry("bulk_connection.ended", "finished|completed|complete|done|failed|error", "ASSUMED", "3.4", "only finished is documented"),
        Entry("bulk_connection.create_doors", "1", "ASSUMED", "3.5", "value of shipping_create_doors, which is known by name alone"),
        Entry("bulk_connection.poll_seconds", "10", "UNKNOWN", "3.4", "before the first look at a job; later pauses grow"),
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
        # ---- v2 catalogue
        Entry("path.bulk_style", "/v2/bulk-style", "DOC", "4.2"),
        Entry("path.bulk_style_job", "/v2/bulk-style/{job}", "DOC", "4.2"),
        Entry("path.v2_styles", "/v2/style", "DOC", "4.2"),
        Entry("path.v2_style", "/v2/style-number/{number}/{identifier}", "DOC", "4.2"),
        Entry("path.v2_style_by_id", "/v2/style/{style_id}", "DOC", "4.2"),
        Entry("path.v2_image", "/v2/style-number/{number}/{identifier}/image/", "DOC", "6.1"),
        Entry("bulk_style.record_node", "style", "CODE", "4.3", 'the list under {"bulk_styles": ..}'),
        Entry(
            "bulk_style.job_id",
            "bulk_styles_job_id",
            "ASSUMED",
            "4.6",
            "the answer of the POST is UNKNOWN; it is the name of the job's page",
        ),
        Entry("bulk_style.ended", "finished|completed|complete|done|failed|error", "ASSUMED", "4.6", "only finished is documented"),
        Entry(
            "bulk_style.poll_first",
            "2",
            "UNKNOWN",
            "2.3",
            "seconds before the first look at a job; every later pause is half as long again",
        ),
        Entry("bulk_style.poll_longest", "10", "UNKNOWN", "2.3", "seconds"),
        Entry("bulk_style.patience", "120", "UNKNOWN", "2.3", "seconds of looking before other work gets its turn"),
        Entry("bulk_style.come_back", "60", "UNKNOWN", "2.3", "seconds until a job that was not finished is looked at again"),
        Entry("v2_styles.page_size", "100", "UNKNOWN", "2.2", "of the sample; default and maximum are not known"),
        Entry("v2_styles.skus_node", "skus", "ASSUMED", "4.3", "name of the list of SKUs in a style"),
        Entry("v2_styles.created", "date_created", "ASSUMED", "4.2", "field of a style that tells cards made before the job from new ones"),
        Entry("v2_styles.window_seconds", "15", "ASSUMED", "4.2", "around the job's own times, for the list of modified styles"),
        Entry("v2_styles.skew_minutes", "30", "ASSUMED", "4.2", "around our own times, where the job tells none: clocks differ"),
        Entry("v2_traits.division", "division|division_code", "ASSUMED", "4.3", "v2 field of the trait, then of its code"),
        Entry("v2_traits.fabrication_name", "fabrication|fabrication_code", "ASSUMED", "4.3"),
        Entry("v2_traits.silhouette", "silhouette|silhouette_code", "ASSUMED", "4.3"),
        Entry("v2_traits.country_of_origin", "style_country_origin", "ASSUMED", "4.3"),
        Entry("v2_traits.measurements", "measurements", "ASSUMED", "4.3"),
        Entry("v2_traits.source_of_materials", "source_of_materials", "ASSUMED", "4.3"),
        Entry("v2_traits.heel_height", "heel_height", "ASSUMED", "4.3"),
        Entry("v2_traits.contains_fur", "contains_fur", "ASSUMED", "4.3"),
        Entry("v2_traits.made_to_order", "made_to_order", "ASSUMED", "4.3"),
        # ---- v4 catalogue
        Entry("path.products", "/v4/products", "DOC", "4.7"),
        Entry("path.products_create", "/v4/products/bulk_create", "DOC", "4.7"),
        Entry("path.products_update", "/v4/products/bulk_update", "DOC", "4.7"),
        Entry("path.skus", "/v4/skus", "DOC", "4.7"),
        Entry("path.skus_create", "/v4/skus/bulk_create", "DOC", "4.7"),
        Entry("path.skus_update", "/v4/skus/bulk_update", "DOC", "4.7"),
        Entry("path.prices", "/v4/prices", "CODE", "4.7"),
        Entry("path.prices_create", "/v4/prices/bulk_create", "DOC", "4.7"),
        Entry("path.prices_update", "/v4/prices/bulk_update", "DOC", "4.7"),
        Entry("path.price_types", "/v4/price_types", "DOC", "4.7"),
        Entry("path.traits", "/v4/traits", "DOC", "4.7"),
        Entry("path.seasons", "/v4/seasons", "DOC", "5.1"),
        Entry("path.seasons_create", "/v4/seasons/bulk_create", "ASSUMED", "5.1", "documented as CREATE /seasons"),
        Entry("path.collections", "/v4/collections", "DOC", "5.2"),
        Entry("path.collections_create", "/v4/collections/bulk_create", "DOC", "5.2"),
        Entry("path.collections_update", "/v4/collections/bulk_update", "DOC", "5.2"),
        Entry("path.product_assets", "/v4/assets/products", "DOC", "6.2"),
        Entry("path.color_assets", "/v4/assets/sku_trait_values/", "CODE", "6.3"),
        Entry("v4.page_param", "page", "ASSUMED", "4.7", "as orders have it (8.6); empty asks once, without pages"),
        Entry("v4.page_size_param", "page_size", "ASSUMED", "4.7", "as orders have it (8.6); empty leaves it out"),
        Entry("v4.first_page", "1", "ASSUMED", "8.6"),
        Entry("v4.page_size", "200", "ASSUMED", "2.2", "what public code caps itself at for orders"),
        Entry("v4.ids_per_read", "100", "ASSUMED", "4.7", "ids in one comma list, so that the address stays below 8 kB"),
        Entry("v4.items_per_call", "10000", "UNKNOWN", "2.2", "SKUs or prices in one bulk call"),
        Entry("traits.by", "name", "DOC", "4.7", "name sends trait_name; id reads /traits and sends trait_id, where JOOR's names differ"),
        Entry("traits.color", "Color", "DOC", "4.7", "name of the colour trait of SKUs"),
        Entry("traits.size", "Size", "DOC", "4.7", "name of the size trait of SKUs"),
        Entry("tags.group_field", "parent_id", "ASSUMED", "4.7", "where a tag's group goes (an id of Style Settings); empty leaves it out"),
        Entry(
            "skus.create_whole_matrix",
            "when_refused",
            "ASSUMED",
            "4.7",
            "of a product that has SKUs: when_refused sends new ones alone and, refused, the whole matrix once; always and never",
        ),
        Entry(
            "skus.status_scope",
            "value",
            "ASSUMED",
            "4.5, 4.7",
            "value: INACTIVE counts for the colour or size of the whole card; sku: for that SKU alone",
        ),
        Entry("collections.action_param", "action", "ASSUMED", "5.2", "query parameter with ADD_ITEMS or REMOVE_ITEMS; its default strips"),
        Entry("collections.no_date", "null", "ASSUMED", "5.2", "a date that an update takes away: null sends null, omit leaves it out"),
        Entry("assets.color_trait", "color", "CODE", "6.3"),
    )

    @classmethod
    def load(cls, overrides: Mapping[str, Any]) -> "JoorContract":
        """Raises NotPossible for unknown keys."""
        return cls(section(overrides, "joor", default=False))
