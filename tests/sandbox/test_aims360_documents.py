"""The pretend AIMS360's documents: pictures of category Images, listed, fetched and changed, and the scopes they lie under."""

import base64
import io
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image

from sandbox.brand import Picture
from sandbox.pictures import jpeg, png
from sandbox.stock import generate
from sandbox.stock_pictures import picture_bytes
from tests.sandbox.aims_remote import AimsRemote

DOCUMENTS, DOCUMENT = "documentmanagement/odata/v1.0/aimsdocument", "documentmanagement/v1.0/aimsdocument"


def images(aims: AimsRemote, operator: str = "", **params: Any) -> list[dict[str, Any]]:
    answer = aims.get(DOCUMENTS, operator, **{"$filter": "category eq 'Images'", "pagesize": 250, **params})
    assert answer.status_code == 200, answer.text
    rows = answer.json()
    assert isinstance(rows, list)
    return rows


def opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


# Made pictures


@pytest.mark.parametrize("make", [jpeg, png])
@pytest.mark.parametrize(("width", "height"), [(66, 90), (8, 8), (13, 200)])
def test_a_made_picture_has_the_bytes_asked_for_and_can_be_read_to_its_end(make: Any, width: int, height: int) -> None:
    for shade in range(20):
        content = make(shade, width, height, 6_000)
        assert len(content) == 6_000
        assert opened(content).size == (width, height)
        assert make(shade, width, height, 6_000) == content
    assert make(1, width, height, 6_000) != make(2, width, height, 6_000)
    with pytest.raises(ValueError, match="cannot have 80 bytes"):
        make(1, width, height, 80)


def test_a_jpeg_shows_the_colours_it_was_made_of() -> None:
    drawn, exact = Image.open(io.BytesIO(jpeg(4, 66, 90, 3_000))), opened(png(4, 66, 90, 3_000))
    drawn.draft("YCbCr", drawn.size)  # as it is stored: the JPEG's three components are the PNG's
    for place in ((3, 3), (33, 80), (65, 89)):
        assert drawn.getpixel(place) == exact.getpixel(place)


def test_three_hundred_styles_have_about_nine_hundred_pictures_at_both_levels() -> None:
    brand = generate(1, styles=300, orders=0, customers=2)
    assert 850 <= len(brand.pictures) <= 950
    assert {picture.style for picture in brand.pictures} == {color.style for color in brand.style_colors}
    assert Counter(bool(picture.color) for picture in brand.pictures)[False] == 300
    assert len({picture.name for picture in brand.pictures}) == len({picture.id for picture in brand.pictures}) == len(brand.pictures)
    assert not any("/" in picture.name for picture in brand.pictures)
    assert {picture.scope for picture in brand.pictures} == {"Public", "PeopleInOrganization"}
    for picture in brand.pictures[::9]:
        assert opened(picture_bytes(picture)).size == (66, 90)


# The list


def test_pictures_are_listed_in_a_bare_array_or_in_an_envelope_page_by_page(aims: AimsRemote) -> None:
    everything = images(aims)
    assert len(everything) == len(aims.brand.pictures)
    fields = "documentGUID accessScope documentName fileType category aimsReference User title description downloadUri fileSize"
    assert list(everything[0]) == [*fields.split(), "fileSizeInMB", "lastUploaded"]
    pages = [images(aims, **{"$skip": str(skip), "pagesize": "30"}) for skip in range(0, len(everything) + 30, 30)]
    assert [row for page in pages for row in page] == everything
    aims.set(document_list="envelope")
    body = aims.get(DOCUMENTS, **{"$filter": "category eq 'Images'", "$count": "true"}).json()
    assert body["@odata.count"] == len(everything)
    assert body["value"] == everything[: len(body["value"])]


def test_a_picture_refers_to_its_style_or_style_and_colour_in_the_form_the_switch_says(aims: AimsRemote) -> None:
    references = {row["documentGUID"]: row["aimsReference"] for row in images(aims)}
    colored = next(picture for picture in aims.brand.pictures if picture.color)
    plain = next(picture for picture in aims.brand.pictures if not picture.color)
    assert references[plain.id] == plain.style
    assert references[colored.id] == f"{colored.style}|{colored.color}"
    aims.set(image_reference_separator="-")
    assert {row["aimsReference"] for row in images(aims) if row["documentGUID"] == colored.id} == {f"{colored.style}-{colored.color}"}


def test_published_results_are_documents_of_another_category(aims: AimsRemote) -> None:
    started = aims.export().json()
    aims.finish(started["jobId"])
    [result] = aims.get(DOCUMENTS, **{"$filter": "category eq 'BackgroundJob'"}).json()
    assert (result["downloadUri"], result["aimsReference"]) == (started["publishLink"], started["jobId"])
    assert result["fileSize"] == len(aims.get(f"{DOCUMENT}/{result['documentGUID']}").content)
    assert [row["category"] for row in aims.get(DOCUMENTS, pagesize=2).json()] == ["BackgroundJob", "Images"]
    assert aims.get(DOCUMENTS, "clerk@brand.example", **{"$filter": "category eq 'BackgroundJob'"}).json() == []


# Fetching


def test_a_public_picture_is_given_to_anybody_with_its_link_and_another_only_to_operators(aims: AimsRemote) -> None:
    rows = {row["documentGUID"]: row for row in images(aims)}
    public = next(picture for picture in aims.brand.pictures if picture.scope == "Public" and picture.form == "jpeg")
    answer = aims.http.get(rows[public.id]["downloadUri"])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert len(answer.content) == rows[public.id]["fileSize"]
    assert opened(answer.content).format == "JPEG"
    assert aims.get(f"{DOCUMENT}/{public.id}").content == answer.content
    assert aims.http.get(f"{aims.url}/{DOCUMENT}/{public.id}").status_code == 401
    assert aims.http.get(f"{aims.url}/{DOCUMENT}/{public.id}/wrong").status_code == 403
    aims.set(image_scope="PeopleInOrganization")
    link = next(row["downloadUri"] for row in images(aims) if row["documentGUID"] == public.id)
    assert aims.http.get(link).status_code == 401
    assert aims.http.get(f"{link}/{public.anonymous_token}").status_code == 403
    assert aims.get(f"{DOCUMENT}/{public.id}", "clerk@brand.example").content == answer.content
    aims.set(image_scope="Private")
    assert aims.get(f"{DOCUMENT}/{public.id}", "clerk@brand.example").status_code == 403
    assert images(aims, "clerk@brand.example") == []


def test_a_png_comes_as_one_and_a_picture_nobody_has_is_not_found(aims: AimsRemote) -> None:
    drawn = next(picture for picture in aims.brand.pictures if picture.form == "png")
    answer = aims.get(f"{DOCUMENT}/{drawn.id.upper()}")
    assert (answer.headers["Content-Type"], opened(answer.content).format) == ("image/png", "PNG")
    assert aims.get(f"{DOCUMENT}/00000000-0000-0000-0000-000000000000").status_code == 404


def test_awkward_pictures_are_there_when_the_switch_says_so(aims: AimsRemote) -> None:
    large = next(picture for picture in aims.brand.awkward_pictures if picture.case == "large")
    assert aims.get(f"{DOCUMENT}/{large.id}").status_code == 404
    before = len(images(aims))
    aims.set(awkward_images=True)
    rows = {row["documentGUID"]: row for row in images(aims)}
    assert len(rows) == before + len(aims.brand.awkward_pictures)

    def case(name: str) -> list[tuple[Picture, bytes]]:
        found = [picture for picture in aims.brand.awkward_pictures if picture.case == name]
        return [(picture, aims.get(f"{DOCUMENT}/{picture.id}").content) for picture in found]

    [(_, content)] = case("large")
    assert len(content) == rows[large.id]["fileSize"] > 5_000_000
    assert opened(content).size == (1100, 1500)
    [(broken, content)] = case("broken")
    assert Image.open(io.BytesIO(content)).size == (66, 90)
    with pytest.raises(OSError, match="truncated"):
        opened(content)
    [(_, content)] = case("webp name")
    assert opened(content).format == "JPEG"
    assert {len(picture.name) for picture, _ in case("long name")} == {120}
    twins = case("twin")
    assert len({picture.name for picture, _ in twins}) == 1
    assert len({content for _, content in twins}) == 2
    assert rows[case("no such style")[0][0].id]["aimsReference"] == "NO-SUCH|BLK"
    assert broken.case in {row["case"] for row in aims.state("images")}


# What people do meanwhile


def test_people_replace_add_rename_and_remove_pictures_and_the_time_of_upload_follows(aims: AimsRemote) -> None:
    first, second, third = aims.brand.pictures[:3]
    moment = datetime.now(UTC).replace(microsecond=0).isoformat()
    kept, old = third.name, aims.get(f"{DOCUMENT}/{first.id}").content
    aims.change(f"images/{first.id}", content=base64.b64encode(png(9, 20, 20, 900)).decode(), name="DR_9.png")
    aims.change(f"images/{second.id}", redraw=True)
    aims.change(f"images/{third.id}", remove=True)
    color = aims.color()
    added = aims.change("images", style=color.style, color=color.color, scope="Private")
    rows = {row["documentGUID"]: row for row in images(aims)}
    changed = {row["documentGUID"] for row in images(aims, **{"$filter": f"category eq 'Images' and lastUploaded ge {moment}"})}
    assert changed == {first.id, second.id, added["id"]}
    assert (rows[first.id]["documentName"], rows[first.id]["fileSize"]) == ("DR_9.png", 900)
    assert opened(aims.get(f"{DOCUMENT}/{first.id}").content).size == (20, 20)
    assert aims.get(f"{DOCUMENT}/{first.id}").content != old
    assert kept not in {row["documentName"] for row in rows.values()}
    assert rows[added["id"]]["accessScope"] == "Private"
    assert opened(aims.get(f"{DOCUMENT}/{added['id']}").content).size == (66, 90)
    assert rows[added["id"]]["aimsReference"] == f"{color.style}|{color.color}"
    assert rows[added["id"]]["documentName"].startswith(f"{color.style}_{color.color}_")


@pytest.mark.parametrize(
    ("act", "body", "status"),
    [
        ("images", {"style": "X", "scope": "Everybody"}, 400),
        ("images", {"style": "X", "content": "%%%"}, 400),
        ("images", {"color": "X"}, 400),
        ("images/none", {"redraw": True}, 404),
    ],
)
def test_a_change_of_pictures_that_makes_no_sense_is_refused(aims: AimsRemote, act: str, body: dict[str, str], status: int) -> None:
    assert aims.http.post(f"{aims.url}/_aims/{act}", json=body).status_code == status
