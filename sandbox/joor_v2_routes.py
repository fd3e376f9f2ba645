"""Which function answers which catalogue call of v2 (fact sheet 4.2, 6.1)."""

from sandbox import joor_v2_bulk, joor_v2_images, joor_v2_styles
from sandbox.joor_world import Account, World
from sandbox.messages import Request, Response


def catalogue(world: World, account: Account, request: Request, path: list[str]) -> Response | None:
    """The answer, or None for a path or method that is none of these."""
    match request.method, path:
        case "GET", ["style"]:
            return joor_v2_styles.read_styles(world, account, request)
        case (("POST" | "PUT"), ["bulk-style"]):
            return joor_v2_bulk.submit(world, account, request)
        case "GET", ["bulk-style", job_id]:
            return joor_v2_bulk.job_state(world, account, job_id)
        case "POST", ["style-number"]:
            return joor_v2_styles.create(world, account, request)
        case "PUT", ["style-number", number, identifier]:
            return joor_v2_styles.update(world, account, request, number, identifier)
        case (("GET" | "DELETE"), ["style", style_id]):
            style = account.catalogue.by_style_id.get(style_id)
        case (("GET" | "DELETE"), ["style-number", number, identifier]):
            style = joor_v2_styles.by_number(account, number, identifier)
        case (("POST" | "DELETE"), ["style-number", number, identifier, "image"]):
            style = joor_v2_styles.by_number(account, number, identifier)
            act = joor_v2_images.post_image if request.method == "POST" else joor_v2_images.delete_image
            return act(world, account, request, style)
        case _:
            return None
    if request.method == "GET":
        return joor_v2_styles.read_style(world, account, style)
    return joor_v2_styles.delete(world, account, request, style)
