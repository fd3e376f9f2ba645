"""A SKU as v4 shows it (fact sheet 4.7)."""

from typing import Any

from sandbox.brand import JoorSku, JoorStyle
from sandbox.joor_reference import COLOR, SIZE, TRAIT_IDS
from sandbox.joor_world import Account


def sku_shown(account: Account, style: JoorStyle, sku: JoorSku) -> dict[str, Any]:
    upc = [{"type": "upc", "value": sku.upc}] if sku.upc else []
    return {
        "id": sku.sku_id,
        "product_id": str(style.style_id),
        "external_id": sku.external_id,
        "sku_identifier": sku.sku_identifier,
        "trait_values": [
            {
                "trait": {"id": TRAIT_IDS["sku", COLOR], "name": COLOR},
                "value": sku.color_name,
                "external_id": sku.color_code,
                "order_minimum": sku.color_minimum,
                "order_nbr": sku.color_order,
                "status": "ACTIVE" if sku.color_active else "INACTIVE",
                "hexColor": None,
                **_pictures(account, style, sku),
            },
            {
                "trait": {"id": TRAIT_IDS["sku", SIZE], "name": SIZE},
                "value": sku.size,
                "external_id": sku.size_code,
                "order_minimum": sku.size_minimum,
                "order_nbr": sku.size_order,
                "status": "ACTIVE" if sku.size_active else "INACTIVE",
                "hexColor": None,
                "swatch": None,
                "images": [],
            },
        ],
        "identifiers": [*upc, *({**row} for row in sku.identifiers)],
    }


def _pictures(account: Account, style: JoorStyle, sku: JoorSku) -> dict[str, Any]:
    """That pictures are shown by their names is ASSUMED."""
    mine = account.assets.of(style.style_identifier, sku.color_code)
    swatch = next((asset.stored_as for asset in mine if asset.kind == "swatch"), None)
    return {"swatch": swatch, "images": [asset.stored_as for asset in mine if asset.kind == "image"]}
