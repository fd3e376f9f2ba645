"""The pretend brand's pictures: about three per style, at style level and at colour level, and a few awkward ones."""

from datetime import datetime
from itertools import groupby

from sandbox.brand import Brand, Picture
from sandbox.pictures import jpeg, noisy_png, png
from sandbox.stock_draw import Draw

WIDTH, HEIGHT = 66, 90
SMALLEST = 1_500  # bytes; the pictures themselves are smaller
LARGE = (1100, 1500, 5_200_000)  # width, height, bytes
CUT = 100  # bytes that a broken picture lacks at its end


def add_pictures(brand: Brand, now: datetime) -> None:
    draw = Draw(brand.seed, "pictures")
    for style, group in groupby(brand.style_colors, key=lambda color: color.style):
        active = [color.color for color in group if color.active]
        brand.pictures.append(_picture(draw, now, style, "", 1))
        for color in draw.some(active, draw.number(1, 2)):
            count = draw.weighted([1, 2], [67, 33])
            brand.pictures += [_picture(draw, now, style, color, number) for number in range(1, count + 1)]
    if brand.style_colors:
        _add_awkward(brand, now)


def picture_name(style: str, color: str, number: int, kind: str = "jpg") -> str:
    """STYLE_COLOR_n.jpg or STYLE_n.jpg; a file name holds no slash."""
    return "_".join(part for part in (style, color, str(number)) if part).replace("/", "-") + f".{kind}"


def _picture(draw: Draw, now: datetime, style: str, color: str, number: int) -> Picture:
    kind = draw.weighted(["jpg", "png"], [3, 1])
    return Picture(
        id=draw.guid(),
        name=picture_name(style, color, number, kind),
        style=style,
        color=color,
        form="png" if kind == "png" else "jpeg",
        shade=draw.number(0, 2**31),
        size=SMALLEST + draw.number(0, 4_000),
        uploaded=draw.past(now, 120),
        scope="PeopleInOrganization" if draw.chance(0.03) else "Public",
        anonymous_token=draw.token(32),
    )


def _add_awkward(brand: Brand, now: datetime) -> None:
    draw = Draw(brand.seed, "awkward pictures")
    color = draw.one([color for color in brand.style_colors if color.active])
    for number, case in enumerate(["large", "webp name", "broken", "long name", "twin", "twin", "no such style"], start=11):
        picture = _picture(draw, now, color.style, color.color, 16 if case == "twin" else number)
        picture.form, picture.case, picture.scope = "jpeg", case, "Public"
        stem = picture.name.rpartition(".")[0]
        picture.name = f"{stem}.jpg"
        if case == "large":
            picture.form, picture.size, picture.name = "noisy", LARGE[2], f"{stem}.png"
        elif case == "webp name":
            picture.name = f"{stem}.webp"
        elif case == "broken":
            picture.form = "broken"
        elif case == "long name":
            picture.name = f"{stem}_campaign".ljust(116, "x") + ".jpg"
        elif case == "no such style":
            picture.style, picture.color, picture.name = "NO-SUCH", "BLK", picture_name("NO-SUCH", "BLK", 1)
        brand.awkward_pictures.append(picture)


def picture_bytes(picture: Picture) -> bytes:
    """Made anew at each call; as many bytes as `picture.size` says."""
    if picture.content is not None:
        return picture.content
    if picture.form == "noisy":
        return noisy_png(picture.shade, LARGE[0], LARGE[1], picture.size)
    if picture.form == "png":
        return png(picture.shade, WIDTH, HEIGHT, picture.size)
    if picture.form == "broken":  # the head is whole: it opens, and cannot be read to its end
        return jpeg(picture.shade, WIDTH, HEIGHT, picture.size + CUT)[:-CUT]
    return jpeg(picture.shade, WIDTH, HEIGHT, picture.size)
