"""v4 pictures of products and of their colours (fact sheet 2.2, 6.2, 6.3). JOOR fetches each from its address."""

from typing import Any

from sandbox.brand import JoorStyle
from sandbox.joor_assets import asset_fields, digest_of, trouble_with
from sandbox.joor_catalogue import opaque
from sandbox.joor_envelope import v4_answer, v4_error
from sandbox.joor_fetch import fetched
from sandbox.joor_records import JoorAsset
from sandbox.joor_v4_items import Item, Refusal, Unreadable, answer_each, items_of, text, whole
from sandbox.joor_v4_products import product
from sandbox.joor_world import Account, World
from sandbox.messages import Request, Response

EXTENSIONS = {"image": ("gif", "jpeg", "jpg", "png"), "swatch": ("gif", "jpeg", "jpg", "png"), "video": ("mp4",)}
LARGEST = {"image": 10 * 1024 * 1024, "swatch": 10 * 1024 * 1024, "video": 15 * 1024 * 1024}
LONGEST_NAME = 100


def add_product_assets(world: World, account: Account, request: Request) -> Response:
    """POST /v4/assets/products. `replace_all=true` clears the product's own assets of the kinds sent, and then adds; ASSUMED: it clears
    even when what was sent is refused after that."""
    if (request.param("replace_all") or "false").lower() not in ("true", "false"):
        return v4_answer([], [v4_error("replace_all is true or false")], 400)
    if request.param("replace_all").lower() == "true":
        _clear(world, account, request)

    def one(item: Item) -> Item:
        style = product(account, text(_object(item, "product"), "id", required=True))
        asset = _read(world, account, request, style, item, "", ("image", "swatch", "video"))
        if asset.kind == "video" and account.assets.of(style.style_identifier, kind="video"):
            raise Refusal(f"Product {style.style_id} has a video already")
        return _add(world, account, style, asset, request.call)

    return answer_each(world, request, one)


def add_color_assets(world: World, account: Account, request: Request) -> Response:
    """POST /v4/assets/sku_trait_values. A colour has one swatch, and a new one takes its place; images add up (ASSUMED)."""

    def one(item: Item) -> Item:
        style = product(account, text(_object(item, "product"), "id", required=True))
        value = _object(item, "sku_trait_value")
        if text(_object(value, "trait"), "name").lower() != "color":
            raise Refusal("sku_trait_value.trait.name must be color")
        color = text(_object(value, "value"), "external_id", required=True)
        if all(sku.color_code != color for sku in style.skus):
            raise Refusal(f"Color {color} not found on product {style.style_id}")
        asset = _read(world, account, request, style, item, color, ("image", "swatch"))
        if asset.kind == "swatch":
            remove(world, account, account.assets.of(style.style_identifier, color, "swatch"), request.call)
        return _add(world, account, style, asset, request.call)

    return answer_each(world, request, one)


def _object(item: Item, name: str) -> Item:
    value = item.get(name)
    if not isinstance(value, dict):
        raise Refusal(f"{name} must be an object")
    return value


def _clear(world: World, account: Account, request: Request) -> None:
    try:
        items = items_of(request)
    except Unreadable:
        return
    kinds: dict[str, set[str]] = {}  # JOOR product id -> kinds sent
    for item in items:
        if isinstance(item, dict) and isinstance(item.get("product"), dict) and isinstance(item.get("asset"), dict):
            kinds.setdefault(str(item["product"].get("id")), set()).add(str(item["asset"].get("type")))
    for product_id, sent in kinds.items():
        style = account.catalogue.by_style_id.get(product_id)
        mine = account.assets.of(style.style_identifier, "") if style else []
        remove(world, account, [asset for asset in mine if asset.kind in sent], request.call)


def _read(world: World, account: Account, request: Request, style: JoorStyle, item: Item, color: str, kinds: tuple[str, ...]) -> JoorAsset:
    """The asset an item describes, its bytes fetched. Raises Refusal."""
    sent = _object(item, "asset")
    kind = text(sent, "type", required=True)
    if kind not in kinds:
        raise Refusal(f"asset.type must be one of {', '.join(kinds)}")
    if kind == "video" and not world.switches["video_assets"]:
        raise Refusal("Videos are a premium feature this account does not have")
    filename = text(sent, "filename", required=True, longest=LONGEST_NAME)
    if filename.rpartition(".")[2].lower() not in EXTENSIONS[kind] or "." not in filename:
        raise Refusal(f"filename {filename} must end in one of {', '.join(EXTENSIONS[kind])}")
    external_id = text(sent, "external_id")
    if account.assets.name_taken(filename):
        raise Refusal(f"filename {filename} is in use; it must be unique")
    if external_id and account.assets.external_id_taken(external_id):
        raise Refusal(f"asset external_id {external_id} is in use; it must be unique")
    source = text(sent, "source_url", required=True)
    digest = _fetched_digest(world, request, source, EXTENSIONS[kind], LARGEST[kind])
    asset_id = opaque(f"Asset:{account.catalogue.new_number()}")
    order = whole(item, "display_order")
    return JoorAsset(asset_id, style.style_identifier, kind, filename, filename, color, digest, order, source, external_id)


def _fetched_digest(world: World, request: Request, source: str, sorts: tuple[str, ...], largest: int) -> str:
    """The sha256 of the picture at that address; "" when a switch has addresses taken unseen. Raises Refusal."""
    if world.choice("asset_fetch", "loopback", "no") == "no":
        return ""
    found = fetched(world, request, source)
    if found.problem:
        raise Refusal(f"The file could not be fetched: {found.problem}")
    if trouble := trouble_with(found.body, sorts, largest):
        raise Refusal(trouble)
    return digest_of(found.body)


def _add(world: World, account: Account, style: JoorStyle, asset: JoorAsset, call: int) -> dict[str, Any]:
    add(world, account, style, asset, call, via="v4")
    return {
        "id": asset.id,
        "product": {"id": str(style.style_id)},
        "asset": {"type": asset.kind, "filename": asset.filename, "source_url": asset.source, "external_id": asset.external_id or None},
        "display_order": asset.display_order,
    }


def add(world: World, account: Account, style: JoorStyle, asset: JoorAsset, call: int, via: str) -> None:
    account.assets.add(asset)
    style.modified = world.now()
    world.effect("asset_added", account, asset.filename, **asset_fields(asset), via=via, call=call)


def remove(world: World, account: Account, gone: list[JoorAsset], call: int) -> None:
    for asset in gone:
        account.assets.remove(asset)
        world.effect("asset_removed", account, asset.filename, **asset_fields(asset), call=call)
