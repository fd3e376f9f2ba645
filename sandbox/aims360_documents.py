"""AIMS360's documents (facts 9.9): pictures of category Images and published results of category BackgroundJob, as a list and one by one.

That pictures of styles lie there, and what their `aimsReference` holds, is ASSUMED (9.3).
"""

from sandbox import aims360_aqua as aqua
from sandbox.aims360_schema import Row, entity
from sandbox.aims360_table import Table
from sandbox.aims360_world import RETENTION, Document, World
from sandbox.brand import Picture
from sandbox.messages import Response
from sandbox.stock_pictures import picture_bytes

PATH = "documentmanagement/v1.0/aimsdocument"
IMAGES, RESULTS = "Images", "BackgroundJob"
DOCUMENTS = entity(
    "AimsDocument",
    "documentGUID:guid accessScope documentName fileType category aimsReference User title description downloadUri fileSize:number "
    "fileSizeInMB:number lastUploaded:moment",
)
MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


def document_rows(world: World, operator: str, own_host: str) -> Table[Picture | Document]:
    """What the operator may read."""
    aqua.purge(world)
    host = str(world.switches["publish_link_host"] or own_host)
    results = [document for document in world.documents.values() if document.content is not None and document.operator == operator]
    pictures = [picture for picture in world.pictures() if scope_of(world, picture) != "Private" or operator == world.brand.username]
    by_category: dict[str, list[Picture] | list[Document]] = {IMAGES: pictures, RESULTS: results}

    def row(document: Picture | Document) -> Row:
        return _picture(world, document, host) if isinstance(document, Picture) else _result(world, document)

    return Table([*results, *pictures], row, {"category": lambda category: by_category.get(category, [])})


def scope_of(world: World, picture: Picture) -> str:
    return str(world.switches["image_scope"]) or picture.scope


def _picture(world: World, picture: Picture, host: str) -> Row:
    separator, scope = str(world.switches["image_reference_separator"]), scope_of(world, picture)
    link = f"{host}/{PATH}/{picture.id}"
    return {
        "documentGUID": picture.id,
        "accessScope": scope,
        "documentName": picture.name,
        "fileType": picture.name.rpartition(".")[2],
        "category": IMAGES,
        "aimsReference": separator.join([picture.style, picture.color]) if picture.color else picture.style,
        "User": world.brand.username,
        "title": "",
        "description": "",
        "downloadUri": f"{link}/{picture.anonymous_token}" if scope == "Public" else link,
        "fileSize": picture.size,
        "fileSizeInMB": round(picture.size / 1_000_000, 3),
        "lastUploaded": picture.uploaded,
    }


def _result(world: World, document: Document) -> Row:
    job = next(job for job in world.jobs.values() if job.document_id == document.id)
    size = len(document.content or b"")
    return {
        "documentGUID": document.id,
        "accessScope": document.scope,
        "documentName": f"{job.view}.{job.format.lower()}",
        "fileType": job.format.lower(),
        "category": RESULTS,
        "aimsReference": job.id,
        "User": document.operator,
        "title": "",
        "description": f"kept until {job.created + RETENTION:%Y-%m-%d}",
        "downloadUri": job.link,
        "fileSize": size,
        "fileSizeInMB": round(size / 1_000_000, 3),
        "lastUploaded": job.completed or job.modified,
    }


def download(world: World, document_id: str, anonymous_token: str, operator: str | None) -> Response:
    """A picture or a published result. `operator` is None for a call without a valid bearer token. Raises Refusal."""
    picture = world.picture(document_id)
    if picture is None:
        return aqua.download(world, document_id, anonymous_token, operator)
    aqua.check_access(scope_of(world, picture), world.brand.username, picture.anonymous_token, anonymous_token, operator)
    return Response(200, {"Content-Type": media_type(picture.name)}, picture_bytes(picture))


def media_type(name: str) -> str:
    return MEDIA_TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")
