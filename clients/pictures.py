"""Pictures as JOOR takes them: verified, and made to fit where they do not (facts 2.2, 6.4). The same input gives the same bytes."""

import io
import math
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageCms, ImageColor, ImageOps, UnidentifiedImageError

from models.errors import NotPossible, Rejected

Kind = Literal["picture", "swatch"]

V2_BYTES = 4 * 1024 * 1024  # JPEG or PNG (facts 2.2)
V4_BYTES = 10 * 1024 * 1024  # gif, jpeg, png (facts 2.2)
MAX_PIXELS = 80_000_000  # more is not unpacked: a small file can hold a picture that fills the memory
RATIO = (11, 15)  # 660 x 900 and its multiples (facts 6.4)
LARGEST = (1980, 2700)  # three times 660 x 900: larger ones are reduced when they are sent as bytes
SWATCH = (200, 200)

_READABLE = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP")
_PLAIN = ("RGB", "L")
_QUALITIES = (90, 85, 80, 72)
_ORIENTATION = 0x0112
_SMALLER = 0.85
_AGAIN = ["Put a whole picture (JPEG or PNG) in its place; it is offered again by itself."]


@dataclass(frozen=True)
class PictureInfo:
    """`format` is JPEG, MPO (a JPEG with several pictures), PNG, GIF, WEBP, TIFF or BMP. `plain`: grey or RGB without transparency, the
    right way up."""

    format: str
    width: int
    height: int
    bytes: int
    plain: bool

    @property
    def fits_url(self) -> bool:
        """JOOR v4 takes it from its address as it is."""
        return self.bytes <= V4_BYTES and (self.format == "GIF" or (self.format in ("JPEG", "PNG") and self.plain))

    @property
    def extension(self) -> str:
        return {"JPEG": "jpg", "PNG": "png", "GIF": "gif"}.get(self.format, "jpg")


@dataclass(frozen=True)
class Prepared:
    content: bytes
    content_type: str

    @property
    def extension(self) -> str:
        return "png" if self.content_type == "image/png" else "jpg"


def check(content: bytes) -> PictureInfo:
    """Read the picture to its end. Raises Rejected in words for a merchandiser: broken, no picture, too many pixels."""
    picture = _opened(content)
    return _info(picture, content)


def prepare(content: bytes, *, kind: Kind = "picture", limit_bytes: int = V2_BYTES, background: str = "#ffffff") -> Prepared:
    """JPEG or PNG of at most `limit_bytes`; the very same bytes when they fit already.

    A picture that has to be converted becomes an sRGB JPEG, upright, padded with `background` to 11:15, never enlarged, and not larger than
    LARGEST. A swatch becomes 200 x 200 from its middle, enlarged where it is smaller: JOOR names that size. Raises Rejected as `check`
    does, NotPossible for a background that is no colour.
    """
    picture = _opened(content)
    info = _info(picture, content)
    wanted = (info.width, info.height) == SWATCH if kind == "swatch" else info.width <= LARGEST[0] and info.height <= LARGEST[1]
    if info.format in ("JPEG", "PNG") and info.plain and wanted and info.bytes <= limit_bytes:
        return Prepared(content, f"image/{info.format.lower()}")
    flat = _flat(picture, _color(background))
    shaped = ImageOps.fit(flat, SWATCH, Image.Resampling.LANCZOS) if kind == "swatch" else _within(flat, LARGEST)
    while True:
        canvas = shaped if kind == "swatch" else _padded(shaped, _color(background))
        for quality in _QUALITIES:
            out = io.BytesIO()
            canvas.save(out, "JPEG", quality=quality, optimize=True)
            if out.tell() <= limit_bytes:
                return Prepared(out.getvalue(), "image/jpeg")
        width, height = max(1, int(shaped.width * _SMALLER)), max(1, int(shaped.height * _SMALLER))
        if (width, height) == shaped.size:
            raise Rejected(f"The picture cannot be made smaller than {limit_bytes:,} bytes", fix=_AGAIN)
        shaped = shaped.resize((width, height), Image.Resampling.LANCZOS)


def _opened(content: bytes) -> Image.Image:
    if not content:
        raise Rejected("The file is empty", fix=_AGAIN)
    try:
        with Image.open(io.BytesIO(content), formats=_READABLE) as first:
            if first.width * first.height > MAX_PIXELS:
                raise _too_many(first.width, first.height)
            first.verify()
        picture = Image.open(io.BytesIO(content), formats=_READABLE)
        picture.load()  # verify does not read a JPEG to its end
    except UnidentifiedImageError:
        raise Rejected("The file is not a picture (JPEG, PNG, GIF, WebP, TIFF or BMP)", fix=_AGAIN) from None
    except Image.DecompressionBombError:
        raise _too_many(0, 0) from None
    except (OSError, SyntaxError, ValueError, EOFError, OverflowError, MemoryError) as error:  # what Pillow's readers raise for bad files
        raise Rejected("The file is broken: it cannot be read to its end", remote_message=str(error)[:200], fix=_AGAIN) from None
    return picture


def _too_many(width: int, height: int) -> Rejected:
    size = f"{width:,} x {height:,} points" if width else "too many points to unpack"
    return Rejected(f"The picture has {size}, more than {MAX_PIXELS:,} in all", fix=["Put a smaller picture in its place."])


def _info(picture: Image.Image, content: bytes) -> PictureInfo:
    upright = picture.getexif().get(_ORIENTATION, 1) in (0, 1)
    plain = picture.mode in _PLAIN and "transparency" not in picture.info and upright
    return PictureInfo(picture.format or "", picture.width, picture.height, len(content), plain)


def _color(background: str) -> tuple[int, int, int]:
    try:
        red, green, blue, *_ = ImageColor.getrgb(background)
        return red, green, blue
    except ValueError:
        raise NotPossible(
            f"The background {background!r} of the image settings is not a colour", fix=["Write it as #rrggbb, for example #ffffff."]
        ) from None


def _flat(picture: Image.Image, background: tuple[int, int, int]) -> Image.Image:
    """Upright sRGB without transparency."""
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I") or picture.mode == "F":
        picture = picture.point(lambda value: value * (1 / 256)).convert("L")  # 16 bits; a bare convert would cut off at 255
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        seen = picture.convert("RGBA")
        ground = Image.new("RGBA", seen.size, (*background, 255))
        return Image.alpha_composite(ground, seen).convert("RGB")
    return _srgb(picture)


def _srgb(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in ("RGB", "CMYK"):
        try:
            turned = ImageCms.profileToProfile(
                picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            if turned is not None:
                return _bare(turned)
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a profile that cannot be used: as if there were none
    return _bare(picture.convert("RGB"))


def _bare(picture: Image.Image) -> Image.Image:
    """Without the profile and other words of the file it came from."""
    picture.info = {}
    return picture


def _within(picture: Image.Image, box: tuple[int, int]) -> Image.Image:
    scale = min(1.0, box[0] / picture.width, box[1] / picture.height)
    if scale == 1.0:
        return picture
    return picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))), Image.Resampling.LANCZOS)


def _padded(picture: Image.Image, background: tuple[int, int, int]) -> Image.Image:
    """In the middle of the smallest 11:15 canvas that holds it."""
    times = max(math.ceil(picture.width / RATIO[0]), math.ceil(picture.height / RATIO[1]))
    size = (RATIO[0] * times, RATIO[1] * times)
    if size == picture.size:
        return picture
    canvas = Image.new("RGB", size, background)
    canvas.paste(picture, ((size[0] - picture.width) // 2, (size[1] - picture.height) // 2))
    return canvas
