"""Pictures of styles, kept as AIMS360 documents (facts 9.9). That they lie there, and how their reference and name tell style, colour and
order, is ASSUMED: contract entries `images.*`."""

import re
from collections.abc import Iterator
from urllib.parse import quote

from clients.aims360.contract import Contract
from clients.aims360.odata import ODataReader, begun, quoted
from clients.aims360.rows import Row
from clients.aims360.types import ImageDocument
from clients.http import Auth, Http
from models.errors import Rejected


class ImageReader:
    """Reads of pictures; each method is one question of `AimsClient`, where it is documented."""

    def __init__(self, http: Http, auth: Auth, reader: ODataReader, contract: Contract) -> None:
        self._http = http
        self._auth = auth
        self._reader = reader
        self._contract = contract

    def every(self) -> Iterator[ImageDocument]:
        """A filter that is ignored brings documents of other categories: they are left out."""
        category = self._contract["images.category"]
        wanted = f"{self._contract.names('document.category')[0]} eq {quoted(category)}"
        rows = self._reader.rows("path.documents", "reading images", id_key="document.id", filter=wanted, filter_key="document.category")
        return (
            image_document(row, self._contract) for row in begun(rows) if row.text("document.category").lower() in ("", category.lower())
        )

    def content(self, document: ImageDocument, max_bytes: int) -> bytes:
        what = f"fetching image {document.name or document.id}"
        if document.size > max_bytes:
            raise Rejected(
                f"AIMS360, {what}: it has {document.size:,} bytes, more than the {max_bytes:,} that are fetched",
                fix=["Store a smaller picture in AIMS360 in its place."],
            )
        path = self._contract["path.document"].replace("{documentId}", quote(document.id, safe=""))
        answer = self._http.call(
            "GET",
            path,
            intent="read",
            what=what,
            headers={"Accept": "*/*"},
            auth=self._auth,
            wanted=(404,),
            max_body_bytes=max_bytes,
        )
        if answer.status == 404:
            raise Rejected(
                f"AIMS360, {what}: the document {document.id} is not there (any more)",
                fix=["Read the list of images again: it is left out if it was removed.", *self._steps("path.document")],
            )
        return answer.body

    def _steps(self, key: str) -> list[str]:
        return self._contract.what_to_do(key, self._http.site)


def image_document(row: Row, contract: Contract) -> ImageDocument:
    name, reference = row.text("document.name"), row.text("document.reference")
    style, color = style_and_color(reference, contract["images.reference_separator"])
    return ImageDocument(
        id=row.text("document.id", needed=True),
        name=name,
        reference=reference,
        uri=row.text("document.uri"),
        size=row.count("document.size"),
        uploaded=row.moment("document.uploaded"),
        public=row.text("document.scope").lower() == "public",
        style=style,
        color=color,
        number=place_in_name(name, style, color, contract["images.name_separator"]),
    )


def style_and_color(reference: str, separator: str) -> tuple[str, str]:
    """(style, colour) of a reference; the colour is "" at style level. Split at the last separator: colours hold none."""
    style, _, color = reference.rpartition(separator) if separator and separator in reference else (reference, "", "")
    return style.strip(), color.strip()


def place_in_name(name: str, style: str, color: str, separator: str) -> int:
    """The n of STYLE_COLOR_n.jpg, or of STYLE_n.jpg at style level, 0 for any other name.

    Compared without case, and marks that file names cannot hold (a slash in a style number) match any one mark.
    """
    if not style or not separator:
        return 0
    start, stem = _plain(separator.join(part for part in (style, color) if part) + separator), _plain(name.rpartition(".")[0])
    number = stem.removeprefix(start) if stem.startswith(start) else ""
    return int(number) if re.fullmatch(r"[0-9]{1,6}", number) else 0


def _plain(text: str) -> str:
    return re.sub(r"[^0-9a-z]", "_", text.casefold())
