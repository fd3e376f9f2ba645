"""v2 pictures of a card, of a colour, and swatches: bytes in the body or an address (fact sheet 6.1)."""

import secrets
from typing import Any

from sandbox.brand import JoorStyle
from sandbox.joor_assets import digest_of, trouble_with
from sandbox.joor_envelope import v2_error, v2_response
from sandbox.joor_fetch import fetched
from sandbox.joor_records import JoorAsset
from sandbox.joor_v2_fields import Unfit
from sandbox.joor_v4_assets import add, remove
from sandbox.joor_v4_items import injected
from sandbox.joor_world import Account, World
from sandbox.messages import Request, Response, json_response

ROOT, DELETED_ROOT = "style_image", "style_image_deleted"
LARGEST = 4 * 1024 * 1024
LONGEST_NAME = 69
SORTS = ("jpeg", "png")


def post_image(world: World, account: Account, request: Request, style: JoorStyle | None) -> Response:
    """POST .../image/. The shape of the answer is UNKNOWN; this one is invented after that of the delete."""
    if style is None:
        return v2_error(world, ROOT, "style not found", 404)
    try:
        asset = _read(world, account, request, style)
    except Unfit as error:
        return v2_error(world, ROOT, str(error))
    if asset.color_code:  # one image and one swatch per colour: the new one takes the old one's place
        remove(world, account, account.assets.of(style.style_identifier, asset.color_code, asset.kind), request.call)
    elif request.param("replace_existing").lower() == "true":
        remove(world, account, account.assets.of(style.style_identifier, "", "image"), request.call)
    add(world, account, style, asset, request.call, via="v2")
    return json_response({ROOT: {"response": v2_response(world), "image_uploaded": _named(style, asset)}})


def _read(world: World, account: Account, request: Request, style: JoorStyle) -> JoorAsset:
    filename, order, color = (request.param(name) for name in ("filename", "display_order", "color_code"))
    swatch = request.param("swatch").lower() == "true"
    if wanted := injected(world, request.path, {"style_identifier": style.style_identifier, "filename": filename, "color_code": color}):
        raise Unfit(str(wanted.get("message") or "refused"))
    if not filename or len(filename) > LONGEST_NAME:
        raise Unfit(f"filename is required and may have {LONGEST_NAME} characters, not {len(filename)}")
    if not order.isdecimal():
        raise Unfit("display_order is required and is an integer")
    if swatch and not color:
        raise Unfit("a swatch needs color_code")
    if color and all(sku.color_code != color for sku in style.skus):
        raise Unfit(f"colour {color} not found on this style")
    digest, source = _content(world, request)
    number = account.catalogue.new_number()
    kind = "swatch" if swatch else "image"
    return JoorAsset(str(number), style.style_identifier, kind, filename, _stored_as(filename), color, digest, int(order), source)


def _content(world: World, request: Request) -> tuple[str, str]:
    """The picture's sha256 ("" when a switch has addresses taken unseen) and where it came from."""
    address = request.param("url")
    body = request.body
    if not body and not address:
        raise Unfit("send the image's bytes or a url")
    if not body:
        if world.choice("asset_fetch", "loopback", "no") == "no":
            return "", address
        found = fetched(world, request, address)
        if found.problem:
            raise Unfit(f"the image could not be fetched: {found.problem}")
        body = found.body
    if trouble := trouble_with(body, SORTS, LARGEST):
        raise Unfit(trouble)
    return digest_of(body), address if not request.body else "upload"


def _stored_as(filename: str) -> str:
    """JOOR appends a random string; where it puts it is ASSUMED."""
    stem, dot, extension = filename.rpartition(".")
    return f"{stem or extension}_{secrets.token_hex(6)}{dot and '.' + extension}"


def delete_image(world: World, account: Account, request: Request, style: JoorStyle | None) -> Response:
    """DELETE .../image/?filename=: the card's own images alone, by the name JOOR stored. `response` is the log id here, as text (1.5)."""
    if style is None:
        return v2_error(world, DELETED_ROOT, "style not found", 404)
    filename = request.param("filename")
    found = next((asset for asset in account.assets.of(style.style_identifier) if asset.stored_as == filename), None)
    if found is None:
        return v2_error(world, DELETED_ROOT, f"image {filename} not found", 404)
    if found.color_code:
        return v2_error(world, DELETED_ROOT, "an image of a colour or a swatch cannot be deleted, only overwritten")
    remove(world, account, [found], request.call)
    log_id = v2_response(world)["log_id"]
    return json_response({DELETED_ROOT: {"response": log_id, "image_deleted": _named(style, found)}})


def _named(style: JoorStyle, asset: JoorAsset) -> dict[str, Any]:
    return {"style_number": style.style_number, "style_identifier": style.style_identifier, "upload_id": asset.id}
