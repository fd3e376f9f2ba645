"""The v2 image endpoint: one picture a call, as bytes or by an address that JOOR fetches (facts 2.2, 6.1). Both routes send bytes here."""

from urllib.parse import quote

from clients.failures import Intent
from clients.http import Auth, Http
from clients.joor.contract import JoorContract
from clients.joor.envelope import refuse_code
from clients.joor.types import ImageDraft
from models.errors import Rejected

LARGEST_BYTES = 4 * 1024 * 1024
LONGEST_NAME = 69
TYPES = ("image/jpeg", "image/png")


def send_image(http: Http, auth: Auth, contract: JoorContract, image: ImageDraft, replace: bool) -> str | None:
    """5 credits. None when JOOR took it, else the words of the refusal (JOOR's, or ours when it was not sent).

    A colour has one image and one swatch: sending again takes the old one's place, so that is repeatable. A style-level image is added
    to those there are, unless `replace` deletes them first: a call of the first kind whose end was not seen raises OutcomeUnknown.
    Other failures are those of `clients.failures`.
    """
    if trouble := _unsendable(image):
        return f"Not sent: {trouble}"
    what = f"sending image {image.filename} of {image.identifier}"
    intent: Intent = "create" if image.level == "style" and not replace else "write"
    path = contract["path.v2_image"].format(number=quote(image.number, safe=""), identifier=quote(image.identifier, safe=""))
    content_type = "application/json" if image.content is None else image.content_type
    try:
        data, _ = http.json(
            "POST",
            path,
            intent=intent,
            what=what,
            params=_params(image, replace),
            content=image.content,
            headers={"Content-Type": content_type, "Accept": "application/json"},  # else the answer has the type of the request (facts 1.2)
            auth=auth,
        )
        refuse_code(data, http, what)
    except Rejected as refused:
        return refused.remote_message or refused.summary
    return None


def _params(image: ImageDraft, replace: bool) -> dict[str, str | int]:
    params: dict[str, str | int] = {"filename": image.filename, "display_order": image.display_order}
    if image.level != "style":
        params["color_code"] = image.color
    if image.level == "swatch":
        params["swatch"] = "true"
    if replace and image.level == "style":  # deletes the style's own images; colours' and swatches are only ever overwritten
        params["replace_existing"] = "true"
    if image.url is not None:
        params["url"] = image.url
    return params


def _unsendable(image: ImageDraft) -> str | None:
    if (image.url is None) == (image.content is None):
        return "an image has either an address or bytes"
    if not image.filename or len(image.filename) > LONGEST_NAME:
        return f"the file name has {len(image.filename)} characters, JOOR takes 1 to {LONGEST_NAME}"
    if image.level != "style" and not image.color:
        return f"an image of level {image.level} needs a colour code"
    if image.content is not None and image.content_type not in TYPES:
        return f"JOOR takes JPEG and PNG, not {image.content_type}"
    if image.content is not None and not 0 < len(image.content) <= LARGEST_BYTES:
        return f"the file has {len(image.content):,} bytes, JOOR takes up to {LARGEST_BYTES:,}"
    return None
