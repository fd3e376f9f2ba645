"""Which function answers which catalogue call of v4 (fact sheet 4.7, 5, 6.2, 6.3)."""

from collections.abc import Callable

from sandbox import joor_v4_assets, joor_v4_collections, joor_v4_prices, joor_v4_products, joor_v4_skus
from sandbox.joor_world import Account, World
from sandbox.messages import Request, Response

Handler = Callable[[World, Account, Request], Response]

CATALOGUE: dict[tuple[str, str], Handler] = {
    ("GET", "traits"): joor_v4_products.traits,
    ("GET", "categories"): joor_v4_products.categories,
    ("GET", "price_types"): joor_v4_products.price_types,
    ("GET", "products"): joor_v4_products.products,
    ("POST", "products/bulk_create"): joor_v4_products.create,
    ("POST", "products/bulk_update"): joor_v4_products.update,
    ("GET", "skus"): joor_v4_skus.skus,
    ("POST", "skus/bulk_create"): joor_v4_skus.create,
    ("POST", "skus/bulk_update"): joor_v4_skus.update,
    ("POST", "skus/bulk_update_by_external_id"): joor_v4_skus.update_by_external_id,
    ("GET", "prices"): joor_v4_prices.prices,
    ("POST", "prices/bulk_create"): joor_v4_prices.create,
    ("POST", "prices/bulk_update"): joor_v4_prices.update,
    ("GET", "seasons"): joor_v4_collections.seasons,
    ("POST", "seasons/bulk_create"): joor_v4_collections.create_seasons,
    ("POST", "seasons/bulk_update"): joor_v4_collections.update_seasons,
    ("GET", "collections"): joor_v4_collections.collections,
    ("POST", "collections/bulk_create"): joor_v4_collections.create,
    ("POST", "collections/bulk_update"): joor_v4_collections.update,
    ("POST", "collections/bulk_update_by_external_id"): joor_v4_collections.update_by_external_id,
    ("POST", "assets/products"): joor_v4_assets.add_product_assets,
    ("POST", "assets/sku_trait_values"): joor_v4_assets.add_color_assets,
}
