"""Where a site's pictures come from: AIMS360's documents, a folder, or addresses made by a template (`ImageSettings.source`)."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from clients.aims360.client import AimsClient
from clients.aims360.types import ImageDocument
from clients.fetch import Fetched, NothingThere, fetch
from clients.public_address import url_shown
from models.errors import NotPossible, Rejected, SyncError, Unavailable
from models.settings import ImageSettings
from rules.images import Picture
from workers.sync import Context

#: Larger files are not fetched: JOOR takes 10 MB at most, and what is larger by so much is no picture for the web.
MAX_BYTES = 25 * 1024 * 1024
_EXTENSIONS = ("jpg", "jpeg", "png")
_KNOWN = (*_EXTENSIONS, "gif", "webp", "tif", "tiff", "bmp")
_SETTING = "Look at the image settings: joorsync sites show KEY"


@dataclass
class Listing:
    """Pictures by style; `failed` are styles that could not be looked at, and why."""

    found: dict[str, list[Picture]] = field(default_factory=dict)
    failed: dict[str, SyncError] = field(default_factory=dict)


class Source(Protocol):
    def pictures(self, styles: Mapping[str, Sequence[str]], known: Mapping[str, str]) -> Listing:
        """Of these styles, each with its colours on JOOR. `known` are versions by source, for sources that are asked one by one. Raises
        NotPossible for settings that cannot work, Unavailable when the source as a whole does not answer."""

    def content(self, picture: Picture) -> bytes:
        """Raises Rejected when it is not there any more or too large, Unavailable when it cannot be had now."""


def source_of(ctx: Context) -> Source | None:
    """None: images are switched off for the site."""
    settings = ctx.site.images
    if settings.source == "aims":
        return AimsSource(ctx.aims, settings)
    if settings.source == "folder":
        return FolderSource(settings)
    if settings.source == "url":
        return UrlSource(settings, allow_private=ctx.site.is_sandbox, beat=ctx.beat)
    return None


def mark(*parts: str) -> str:
    """A version that fits its column."""
    text = "|".join(parts)
    return text if len(text) <= 200 else f"sha256:{sha256(text.encode()).hexdigest()}"


# ---- AIMS360 ----------------------------------------------------------------------------------------------------------------------------


class AimsSource:
    """AIMS360's documents, listed once in the life of this object."""

    def __init__(self, aims: AimsClient, settings: ImageSettings) -> None:
        self._aims = aims
        self._settings = settings
        self._by_style: dict[str, list[Picture]] | None = None

    def pictures(self, styles: Mapping[str, Sequence[str]], known: Mapping[str, str]) -> Listing:
        if self._by_style is None:
            self._by_style = {}
            for document in self._aims.images():
                if document.style:
                    self._by_style.setdefault(document.style, []).append(self._picture(document))
        return Listing({style: self._by_style.get(style, []) for style in styles})

    def content(self, picture: Picture) -> bytes:
        return self._aims.image_bytes(ImageDocument(picture.source, picture.name, "", picture.url, picture.size), MAX_BYTES)

    def _picture(self, document: ImageDocument) -> Picture:
        uploaded = document.uploaded.isoformat() if isinstance(document.uploaded, datetime) else ""
        return Picture(
            source=document.id,
            version=mark(uploaded, str(document.size)),
            color=document.color,
            n=self._n(document),
            name=document.name,
            url=document.uri if document.public and document.uri.startswith(("http://", "https://")) else "",
            size=document.size,
        )

    def _n(self, document: ImageDocument) -> str:
        """The place its name gives it, the word of the swatch, or ""."""
        swatch = self._settings.swatch
        last = re.split(r"[^0-9A-Za-z]", document.name.rpartition(".")[0])[-1]
        if swatch and last.casefold() == swatch.casefold():
            return swatch
        return str(document.number) if document.number else ""


# ---- templates --------------------------------------------------------------------------------------------------------------------------


def style_level(template: str) -> str | None:
    """The template for pictures of the whole style: without {color} and the mark before it. None: the template always names a colour in a
    way that cannot be left out."""
    if "{color}" not in template:
        return template
    for piece, instead in (("/{color}/", "/"), ("_{color}", ""), ("-{color}", ""), (".{color}", ""), ("{color}_", ""), ("{color}-", "")):
        if piece in template:
            return template.replace(piece, instead, 1) if template.count("{color}") == 1 else None
    return None


class FolderSource:
    """Files below the fixed part of the template. Each directory is listed once in the life of this object; case and kind of the extension
    do not matter (jpg, jpeg, png)."""

    def __init__(self, settings: ImageSettings) -> None:
        self._settings = settings
        self._template = settings.template
        fixed = self._template.split("{", 1)[0]
        self._root = Path(os.path.realpath(fixed.rpartition("/")[0] or ("/" if fixed.startswith("/") else ".")))
        self._listed: dict[Path, list[str]] = {}

    def pictures(self, styles: Mapping[str, Sequence[str]], known: Mapping[str, str]) -> Listing:
        if not self._root.is_dir():
            raise NotPossible(f"The folder of pictures is not there: {self._root}", fix=["Is it mounted for the workers?", _SETTING])
        return Listing({style: self._of_style(style, colors) for style, colors in styles.items()})

    def content(self, picture: Picture) -> bytes:
        path = self._inside(Path(picture.source))
        try:
            if path is None or not path.is_file():
                raise Rejected(f"The file {picture.name} is not there (any more)", fix=["Put it there again; it is offered by itself."])
            if path.stat().st_size > MAX_BYTES:
                raise Rejected(f"The file {picture.name} has more than the {MAX_BYTES:,} bytes that are sent", fix=["Make it smaller."])
            return path.read_bytes()
        except OSError as error:
            raise Unavailable(f"The file {picture.name} cannot be read: {error.strerror}. It is tried again by itself.") from None

    def _of_style(self, style: str, colors: Sequence[str]) -> list[Picture]:
        found = []
        own = style_level(self._template)
        if own is not None:
            found += self._matching(own, style, "")
        if "{color}" in self._template:
            for color in colors:
                found += self._matching(self._template, style, color)
        return list({picture.source: picture for picture in reversed(found)}.values())[::-1]

    def _matching(self, template: str, style: str, color: str) -> list[Picture]:
        filled = template.replace("{style}", _file_safe(style)).replace("{color}", _file_safe(color))
        folder_text, _, name = filled.rpartition("/")
        if "{n}" in folder_text:
            raise NotPossible("The template of the image folder has {n} in a folder's name", fix=["Use {n} in the file's name.", _SETTING])
        folder = self._inside(Path(folder_text or ("/" if filled.startswith("/") else ".")))
        if folder is None:
            return []
        pattern = self._pattern(name)
        pictures = []
        for entry in self._names(folder):
            match = pattern.fullmatch(entry)
            path = self._inside(folder / entry) if match else None
            if match and path is not None:
                pictures += self._picture(folder / entry, path, color, match.groupdict().get("n") or "")
        return pictures

    def _pattern(self, name: str) -> re.Pattern[str]:
        stem, _, extension = name.rpartition(".")
        if extension.lower() not in _KNOWN:
            stem, extension = name, ""
        extensions = "|".join(dict.fromkeys([*_EXTENSIONS, *([extension.lower()] if extension else [])]))
        numbers = "[0-9]{1,6}" + (f"|{re.escape(self._settings.swatch)}" if self._settings.swatch else "")
        return re.compile(re.escape(stem).replace(r"\{n\}", f"(?P<n>{numbers})", 1) + rf"\.(?i:{extensions})")

    def _names(self, folder: Path) -> list[str]:
        if folder not in self._listed:
            try:
                self._listed[folder] = sorted(os.listdir(folder))
            except (FileNotFoundError, NotADirectoryError):
                self._listed[folder] = []
            except OSError as error:
                raise Unavailable(f"The folder {folder} cannot be read: {error.strerror}. It is tried again by itself.") from None
        return self._listed[folder]

    def _picture(self, path: Path, real: Path, color: str, n: str) -> list[Picture]:
        try:
            seen = real.stat()
        except OSError:
            return []  # gone since the folder was listed
        return [Picture(str(path), f"{seen.st_mtime_ns}-{seen.st_size}", color, n, path.name, "", seen.st_size)]

    def _inside(self, path: Path) -> Path | None:
        """The real path; None when it lies outside of the root, by a code like `..` or by a link."""
        real = Path(os.path.realpath(path))
        return real if real.is_relative_to(self._root) else None


def _file_safe(code: str) -> str:
    """File names hold no slash; AIMS360 codes may."""
    return re.sub(r"[/\\:*?\"<>|\x00]", "-", code)


class UrlSource:
    """Addresses, asked one by one with what is known of them: n = 1.. until the server has none. `beat` is called between two."""

    def __init__(self, settings: ImageSettings, *, allow_private: bool, beat: Callable[[], None]) -> None:
        self._settings = settings
        self._allow_private = allow_private
        self._beat = beat
        self._in_a_row = 0  # styles without any answer

    def pictures(self, styles: Mapping[str, Sequence[str]], known: Mapping[str, str]) -> Listing:
        """After three styles without an answer it is taken to be away, and the rest is not asked."""
        listing = Listing()
        for style, colors in styles.items():
            try:
                listing.found[style] = self._of_style(style, colors, known)
                self._in_a_row = 0
            except NotPossible:
                raise
            except (Unavailable, Rejected) as error:
                listing.failed[style] = error
                self._in_a_row += isinstance(error, Unavailable)
                if self._in_a_row >= 3:
                    raise
        return listing

    def content(self, picture: Picture) -> bytes:
        answer = fetch(picture.source, allow_private=self._allow_private, max_bytes=MAX_BYTES)
        assert isinstance(answer, Fetched)  # no version was given
        return answer.content

    def _of_style(self, style: str, colors: Sequence[str], known: Mapping[str, str]) -> list[Picture]:
        template, found = self._settings.template, []
        own = style_level(template)
        if own is not None:
            found += self._series(own, style, "", known)
        if "{color}" in template:
            for color in colors:
                found += self._series(template, style, color, known)
        return found

    def _series(self, template: str, style: str, color: str, known: Mapping[str, str]) -> list[Picture]:
        base = template.replace("{style}", quote(style, safe="")).replace("{color}", quote(color, safe=""))
        if "{n}" not in base:
            return self._probe(base, color, "", known)
        found: list[Picture] = []
        swatch = self._settings.swatch
        if swatch and not (swatch.isdecimal() and 1 <= int(swatch) <= self._settings.most):
            found += self._probe(base.replace("{n}", quote(swatch, safe="")), color, swatch, known)
        for number in range(1, self._settings.most + 1):
            picture = self._probe(base.replace("{n}", str(number)), color, str(number), known)
            if not picture:
                break
            found += picture
        return found

    def _probe(self, url: str, color: str, n: str, known: Mapping[str, str]) -> list[Picture]:
        self._beat()
        old = known.get(url, "")
        try:
            answer = fetch(url, allow_private=self._allow_private, max_bytes=MAX_BYTES, version=old, body=False)
        except NothingThere:
            return []
        if isinstance(answer, Fetched):
            version = answer.version or f"sha256:{sha256(answer.content).hexdigest()}"
        else:
            version = answer.version
        return [Picture(url, version, color, n, url_shown(url).rpartition("/")[2], url)]
