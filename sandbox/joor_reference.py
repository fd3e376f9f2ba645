"""The lists JOOR keeps for everybody: traits and categories (fact sheet 4.7). Which traits and categories there are beyond those the facts
name is invented."""

from typing import Any

from sandbox.joor_catalogue import opaque

COLOR, SIZE = "Color", "Size"
_TRAIT_CODES = {
    "sku": {COLOR: "StyleColor", SIZE: "Size"},
    "product": {
        "Contains Fur": "FUR",
        "Country of Origin": "COO",
        "Division": "DIV",
        "Fabrication Name": "FAB",
        "Heel Height": "HEEL",
        "Materials": "MAT",
        "Measurements": "MEAS",
        "Silhouette": "SIL",
        "Source of Materials": "SRC",
        "Made to Order": "MTO",
    },
}
_KINDS = {"sku": "SKUTrait", "product": "ProductTrait"}
TRAITS: list[dict[str, str]] = [
    {"type": kind, "id": opaque(f"{_KINDS[kind]}:{code}"), "name": name}
    for kind, traits in _TRAIT_CODES.items()
    for name, code in traits.items()
]
_NAMES = {(row["type"], word): row["name"] for row in TRAITS for word in (row["id"], row["name"].lower())}
TRAIT_IDS = {(row["type"], row["name"]): row["id"] for row in TRAITS}

# v2's field of a style -> the trait v4 shows it as, and v2's field of its code. The pairing is ASSUMED from the names.
V2_TRAITS: dict[str, tuple[str, str]] = {
    "division": ("Division", "division_code"),
    "fabrication": ("Fabrication Name", "fabrication_code"),
    "silhouette": ("Silhouette", "silhouette_code"),
    "style_country_origin": ("Country of Origin", ""),
    "measurements": ("Measurements", ""),
    "source_of_materials": ("Source of Materials", ""),
    "heel_height": ("Heel Height", ""),
    "contains_fur": ("Contains Fur", ""),
    "made_to_order": ("Made to Order", ""),
}
MATERIALS = "Materials"

CATEGORIES: list[dict[str, Any]] = [
    {"id": "101", "name": "Dresses", "parent_name": "Apparel", "department": "WOMEN"},
    {"id": "102", "name": "Blouses", "parent_name": "Apparel", "department": "WOMEN"},
    {"id": "103", "name": "Pants", "parent_name": "Apparel", "department": "WOMEN"},
    {"id": "104", "name": "Sweaters", "parent_name": "Apparel", "department": "WOMEN"},
    {"id": "105", "name": "Coats", "parent_name": "Outerwear", "department": "WOMEN"},
    {"id": "201", "name": "Loafers", "parent_name": "Shoes", "department": "WOMEN"},
    {"id": "202", "name": "Boots", "parent_name": "Shoes", "department": "WOMEN"},
    {"id": "301", "name": "Scarves", "parent_name": "Accessories", "department": "WOMEN"},
    {"id": "302", "name": "Bags", "parent_name": "Accessories", "department": "WOMEN"},
    {"id": "401", "name": "Dresses", "parent_name": "Apparel", "department": "BABY_GIRLS"},
    {"id": "501", "name": "Throws", "parent_name": "Bedroom", "department": "HOME"},
]
CATEGORY_IDS = {row["id"] for row in CATEGORIES}


def trait_name(kind: str, trait_id: str, name: str) -> str:
    """The trait of that id or else of that name (in any case: ASSUMED); "" for none."""
    return _NAMES.get((kind, trait_id)) or _NAMES.get((kind, name.lower())) or ""
