"""Pictures looked into: fetched one at a time, verified, fingerprinted. One style's bytes are kept at most, and not beyond a limit."""

from dataclasses import dataclass
from hashlib import sha256

from clients import pictures
from clients.pictures import PictureInfo, Prepared
from models.catalogue import ImageLevel
from models.errors import NotPossible, Rejected, SyncError, Unavailable
from models.settings import ImageSettings
from rules.images import Picture
from workers.image_sources import Source

KEPT_BYTES = 64 * 1024 * 1024
#: So many pictures in a row that cannot be had: the source is taken to be away, and the rest of the batch is not asked.
AWAY_AFTER = 3


@dataclass(frozen=True)
class Seen:
    """`digest`: sha256 of the bytes as the source has them."""

    digest: str
    info: PictureInfo


class Gallery:
    """Its methods raise Rejected or NotPossible for a picture that cannot be sent, Unavailable for one that cannot be had now."""

    def __init__(self, source: Source, settings: ImageSettings) -> None:
        self._source = source
        self._settings = settings
        self._seen: dict[tuple[str, str], Seen | SyncError] = {}
        self._kept: dict[tuple[str, str], bytes] = {}
        self._in_a_row = 0
        self._away: Unavailable | None = None

    def next_style(self) -> None:
        self._seen.clear()
        self._kept.clear()

    def look(self, picture: Picture) -> Seen:
        key = (picture.source, picture.version)
        if key not in self._seen:
            try:
                self._content(picture)
            except (Rejected, NotPossible, Unavailable) as error:
                self._seen[key] = error
        found = self._seen[key]
        if isinstance(found, SyncError):
            raise found
        return found

    def bytes_for(self, picture: Picture, level: ImageLevel) -> tuple[str, Prepared]:
        """(digest, what fits JOOR's v2 image endpoint)."""
        content = self._content(picture)
        kind: pictures.Kind = "swatch" if level == ImageLevel.SWATCH else "picture"
        return sha256(content).hexdigest(), pictures.prepare(content, kind=kind, background=self._settings.background)

    def _content(self, picture: Picture) -> bytes:
        key = (picture.source, picture.version)
        if key in self._kept:
            return self._kept[key]
        content = self._fetched(picture)
        self._seen[key] = Seen(sha256(content).hexdigest(), pictures.check(content))
        if sum(map(len, self._kept.values())) + len(content) <= KEPT_BYTES:
            self._kept[key] = content
        return content

    def _fetched(self, picture: Picture) -> bytes:
        if self._away is not None:
            raise self._away
        try:
            content = self._source.content(picture)
        except Unavailable as error:
            self._in_a_row += 1
            if self._in_a_row >= AWAY_AFTER:
                self._away = error
            raise
        self._in_a_row = 0
        return content
