"""Pictures made to fit JOOR, in every form that a photo studio delivers."""

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image, ImageCms

from clients import pictures
from clients.pictures import Prepared, check, prepare
from models.errors import NotPossible, Rejected


def drawn(mode: str = "RGB", size: tuple[int, int] = (660, 900), color: Any = (200, 30, 30)) -> Image.Image:
    picture = Image.new("RGB", size, color)
    picture.paste((20, 60, 200), (0, 0, max(1, size[0] // 2), max(1, size[1] // 3)))
    return picture if mode == "RGB" else picture.convert(mode)


def saved(picture: Image.Image, form: str = "JPEG", **more: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **more)
    return out.getvalue()


def noise(size: tuple[int, int]) -> Image.Image:
    return Image.effect_noise(size, 120).convert("RGB")


def opened(ready: Prepared) -> Image.Image:
    picture = Image.open(io.BytesIO(ready.content))
    picture.load()
    return picture


WHOLE = saved(noise((200, 200)), "PNG")
FLIPPED = WHOLE[:5000] + bytes([WHOLE[5000] ^ 255]) + WHOLE[5001:]  # one byte went wrong on the way


# ---- check -------------------------------------------------------------------------------------------------------------------------------


def test_a_picture_is_described() -> None:
    content = saved(drawn())
    info = check(content)
    assert (info.format, info.width, info.height, info.bytes, info.plain, info.fits_url) == ("JPEG", 660, 900, len(content), True, True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"<html>no</html>", "not a picture"),
        (b"%PDF-1.7", "not a picture"),
        (saved(drawn())[:-400], "broken"),
        (saved(noise((200, 200)), "PNG")[:-5000], "broken"),
        (FLIPPED, "broken"),
        (saved(drawn(), "GIF")[:100], "broken"),
    ],
)
def test_what_cannot_be_read_to_its_end_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(Rejected, match=words) as caught:
        check(content)
    assert caught.value.fix


def test_a_small_file_that_would_fill_the_memory_is_not_unpacked() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def bomb(side: int) -> bytes:
        return (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", b"")
            + chunk(b"IEND", b"")
        )

    for side in (9_000, 60_000):  # past our own limit; past the one at which Pillow refuses
        with pytest.raises(Rejected, match="more than 80,000,000"):
            check(bomb(side))


@pytest.mark.parametrize(
    ("content", "fits"),
    [
        (saved(drawn()), True),
        (saved(drawn(), "PNG"), True),
        (saved(drawn(), "GIF"), True),
        (saved(drawn(), "WEBP"), False),
        (saved(drawn("CMYK")), False),
    ],
)
def test_what_joor_can_fetch_itself(content: bytes, fits: bool) -> None:
    assert check(content).fits_url is fits


# ---- prepare: untouched ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        saved(drawn()),
        saved(drawn("L")),
        saved(drawn(), "PNG"),
        saved(drawn(size=(500, 500))),  # another ratio alone is no reason to touch it
        saved(drawn(size=(1980, 2700))),
        saved(drawn(size=(40, 40))),
    ],
)
def test_what_fits_goes_as_the_very_same_bytes(content: bytes) -> None:
    assert prepare(content).content == content


def test_the_content_type_is_that_of_the_bytes() -> None:
    assert (prepare(saved(drawn())).content_type, prepare(saved(drawn())).extension) == ("image/jpeg", "jpg")
    assert (prepare(saved(drawn(), "PNG")).content_type, prepare(saved(drawn(), "PNG")).extension) == ("image/png", "png")


# ---- prepare: converted ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        saved(drawn(), "WEBP", lossless=True),
        saved(drawn(), "TIFF"),
        saved(drawn(), "BMP"),
        saved(drawn(), "GIF"),
        saved(drawn("CMYK")),
        saved(drawn("P"), "PNG"),
        saved(drawn("RGBA"), "PNG"),
        saved(drawn("1"), "PNG"),
        saved(drawn().convert("L").convert("I;16"), "PNG"),
        saved(drawn("CMYK"), "TIFF"),
    ],
)
def test_every_other_form_becomes_a_jpeg_of_11_to_15(content: bytes) -> None:
    ready = prepare(content)
    picture = opened(ready)
    assert (ready.content_type, picture.format, picture.mode, picture.size) == ("image/jpeg", "JPEG", "RGB", (660, 900))
    assert check(ready.content).plain


def test_colours_survive_the_conversion() -> None:
    red, green, blue = opened(prepare(saved(drawn(), "WEBP", lossless=True))).getpixel((500, 800))  # type: ignore[misc]  # RGB
    assert abs(red - 200) < 6
    assert abs(green - 30) < 6
    assert abs(blue - 30) < 6


def test_sixteen_bits_are_scaled_not_cut_off() -> None:
    sixteen = Image.new("I;16", (66, 90), 30_000)
    assert abs(opened(prepare(saved(sixteen, "PNG"))).getpixel((30, 30))[0] - 117) < 4  # type: ignore[index]  # RGB


def test_what_is_transparent_shows_the_background() -> None:
    clear = Image.new("RGBA", (66, 90), (10, 10, 10, 0))
    white = opened(prepare(saved(clear, "PNG"))).getpixel((30, 30))
    green = opened(prepare(saved(clear, "PNG"), background="#00ff00")).getpixel((30, 30))
    assert white == (255, 255, 255)
    assert green[1] > 240  # type: ignore[index]  # RGB
    assert green[0] < 20  # type: ignore[index]  # RGB


def test_a_palette_with_a_transparent_colour_shows_the_background() -> None:
    picture = Image.new("P", (66, 90), 0)
    picture.putpalette([0, 0, 0, 255, 0, 0])
    assert opened(prepare(saved(picture, "GIF", transparency=0))).getpixel((30, 30)) == (255, 255, 255)


def test_a_background_that_is_no_colour_names_the_setting() -> None:
    with pytest.raises(NotPossible, match="'whitish' of the image settings"):
        prepare(saved(drawn(), "WEBP"), background="whitish")


def test_a_picture_on_its_side_is_turned() -> None:
    side = Image.new("RGB", (900, 660), (255, 255, 255))
    side.paste((0, 0, 0), (0, 0, 450, 660))  # the left half becomes the top
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = opened(prepare(saved(side, exif=exif)))
    assert picture.size == (660, 900)
    assert picture.getpixel((330, 100))[0] < 20  # type: ignore[index]  # RGB
    assert picture.getpixel((330, 800))[0] > 235  # type: ignore[index]  # RGB
    assert picture.getexif().get(0x0112) is None


def test_a_colour_profile_is_applied_and_left_out() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = opened(prepare(saved(drawn(), "TIFF", icc_profile=profile)))
    assert "icc_profile" not in picture.info
    assert prepare(saved(drawn(), "TIFF", icc_profile=b"nonsense")).content  # one that cannot be used is passed over


def test_a_square_picture_that_is_converted_gets_margins() -> None:
    picture = opened(prepare(saved(drawn(size=(600, 600)), "WEBP"), background="#ffffff"))
    assert picture.size[0] * 15 == picture.size[1] * 11
    assert picture.size[0] >= 600
    assert picture.size[0] < 620
    assert picture.getpixel((300, 10)) == (255, 255, 255)


def test_a_larger_picture_is_reduced_keeping_its_ratio() -> None:
    picture = opened(prepare(saved(drawn(size=(4400, 6000)))))
    assert picture.size == (1980, 2700)
    wide = opened(prepare(saved(drawn(size=(4000, 1000)), quality=80)))
    assert wide.size == (1980, 2700)
    assert wide.getpixel((10, 1350)) != (255, 255, 255)  # the picture fills the width
    assert wide.getpixel((10, 300)) == (255, 255, 255)


def test_a_file_over_the_limit_is_made_smaller_until_it_fits() -> None:
    content = saved(noise((1100, 1500)), "PNG")
    assert len(content) > 400_000
    for limit in (400_000, 60_000, 5_000):
        ready = prepare(content, limit_bytes=limit)
        assert len(ready.content) <= limit
        picture = opened(ready)
        assert picture.size[0] * 15 == picture.size[1] * 11


def test_a_limit_nothing_can_meet_is_refused() -> None:
    with pytest.raises(Rejected, match="cannot be made smaller than 10 bytes"):
        prepare(saved(noise((60, 60)), "PNG"), limit_bytes=10)


def test_nothing_is_enlarged() -> None:
    assert opened(prepare(saved(drawn(size=(11, 15)), "WEBP"))).size == (11, 15)


def test_the_same_input_gives_the_same_bytes() -> None:
    content = saved(drawn("RGBA", size=(1234, 777)), "PNG")
    assert prepare(content).content == prepare(content).content


def test_the_first_frame_of_a_moving_picture_is_taken() -> None:
    content = saved(drawn(), "GIF", save_all=True, append_images=[drawn(color=(0, 255, 0))], duration=100, loop=0)
    assert opened(prepare(content)).getpixel((500, 800))[0] > 150  # type: ignore[index]  # RGB


# ---- swatches ----------------------------------------------------------------------------------------------------------------------------


def test_a_swatch_is_the_middle_of_the_picture() -> None:
    picture = Image.new("RGB", (660, 900), (255, 255, 255))
    picture.paste((250, 0, 0), (230, 350, 430, 550))
    swatch = opened(prepare(saved(picture, quality=95), kind="swatch"))
    assert swatch.size == pictures.SWATCH
    assert swatch.getpixel((100, 100))[1] < 20  # type: ignore[index]  # RGB
    assert swatch.getpixel((5, 100))[1] > 235  # type: ignore[index]  # RGB


def test_a_swatch_of_the_right_size_goes_as_it_is() -> None:
    content = saved(drawn(size=(200, 200)), "PNG")
    assert prepare(content, kind="swatch").content == content


def test_a_small_swatch_is_enlarged_because_joor_names_the_size() -> None:
    assert opened(prepare(saved(drawn(size=(50, 80))), kind="swatch")).size == (200, 200)
