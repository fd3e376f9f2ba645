"""Where pictures come from: AIMS360's documents, folders with every oddity of a studio's delivery, and addresses made by a template."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from clients.aims360.types import ImageDocument
from clients.fetch import Fetched, NothingThere, NotModified
from models.errors import NotPossible, Rejected, Unavailable
from models.settings import ImageSettings
from rules.images import Picture
from workers import image_sources
from workers.image_sources import AimsSource, FolderSource, UrlSource, mark, style_level

DAY = datetime(2031, 9, 1, tzinfo=UTC)


def lay(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"picture " + name.encode())


def folder(root: Path, template: str = "{style}_{color}_{n}.jpg", **more: Any) -> FolderSource:
    return FolderSource(ImageSettings(source="folder", template=f"{root}/{template}", **more))


def named(pictures: list[Picture]) -> list[tuple[str, str, str]]:
    return sorted((picture.color, picture.n, picture.name) for picture in pictures)


# ---- the template ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "own"),
    [
        ("{style}_{color}_{n}.jpg", "{style}_{n}.jpg"),
        ("/p/{style}/{color}/{n}.jpg", "/p/{style}/{n}.jpg"),
        ("{color}-{style}-{n}.jpg", "{style}-{n}.jpg"),
        ("{style}_{n}.jpg", "{style}_{n}.jpg"),
        ("{style}{color}{n}.jpg", None),
        ("{color}/{style}_{color}_{n}.jpg", None),
    ],
)
def test_the_style_s_own_pictures_are_named_without_a_colour(template: str, own: str | None) -> None:
    assert style_level(template) == own


def test_a_version_fits_its_column() -> None:
    assert mark("a", "b") == "a|b"
    assert len(mark("x" * 500)) <= 200
    assert mark("x" * 500) != mark("y" * 500)


# ---- AIMS360 -----------------------------------------------------------------------------------------------------------------------------


class Documents:
    def __init__(self, *documents: ImageDocument) -> None:
        self._documents = documents
        self.lists = 0
        self.asked: list[tuple[ImageDocument, int]] = []

    def images(self) -> Any:
        self.lists += 1
        return iter(self._documents)

    def image_bytes(self, document: ImageDocument, max_bytes: int) -> bytes:
        self.asked.append((document, max_bytes))
        return b"bytes"


def document(id: str, style: str, color: str, n: int, **more: Any) -> ImageDocument:
    name = more.pop("name", f"{style}_{color}_{n}.jpg")
    return ImageDocument(id, name, f"{style}|{color}", style=style, color=color, number=n, size=7, uploaded=DAY, **more)


def aims(documents: Documents, **settings: Any) -> AimsSource:
    return AimsSource(cast(Any, documents), ImageSettings(**settings))


def test_documents_are_listed_once_and_given_by_style() -> None:
    documents = Documents(document("1", "D410", "NVY", 1), document("2", "D411", "RED", 2), document("3", "", "", 0))
    source = aims(documents)
    assert [picture.source for picture in source.pictures({"D410": ["NVY"]}, {}).found["D410"]] == ["1"]
    assert source.pictures({"D411": [], "D412": []}, {}).found["D412"] == []
    assert documents.lists == 1


def test_a_document_s_version_is_its_time_and_size() -> None:
    (picture,) = aims(Documents(document("1", "D410", "NVY", 3))).pictures({"D410": []}, {}).found["D410"]
    assert (picture.version, picture.n, picture.color) == ("2031-09-01T00:00:00+00:00|7", "3", "NVY")


@pytest.mark.parametrize(
    ("public", "uri", "url"), [(True, "https://x.test/1", "https://x.test/1"), (False, "https://x.test/1", ""), (True, "/1", "")]
)
def test_only_a_public_document_has_an_address_for_joor(public: bool, uri: str, url: str) -> None:
    (picture,) = aims(Documents(document("1", "D410", "NVY", 1, public=public, uri=uri))).pictures({"D410": []}, {}).found["D410"]
    assert picture.url == url


def test_a_swatch_is_told_by_the_word_in_its_name() -> None:
    documents = Documents(
        document("1", "D410", "NVY", 0, name="D410_NVY_Swatch.jpg"),
        document("2", "D410", "NVY", 0, name="D410_NVY_detail.jpg"),
        document("3", "D410", "NVY", 0, name="swatch.jpg"),
    )
    found = aims(documents, swatch="swatch").pictures({"D410": []}, {}).found["D410"]
    assert [picture.n for picture in found] == ["swatch", "", "swatch"]


def test_a_document_s_bytes_are_asked_for_by_its_id() -> None:
    documents = Documents()
    assert aims(documents).content(Picture("id-7", "v", name="a.jpg", size=9)) == b"bytes"
    ((asked, most),) = documents.asked
    assert (asked.id, asked.name, asked.size, most) == ("id-7", "a.jpg", 9, image_sources.MAX_BYTES)


# ---- folders -----------------------------------------------------------------------------------------------------------------------------


def test_a_folder_is_searched_by_style_colour_and_number(tmp_path: Path) -> None:
    lay(
        tmp_path,
        "D410_NVY_1.jpg",
        "D410_NVY_02.JPEG",
        "D410_NVY_3.Png",
        "D410_1.jpg",
        "D410_RED_1.jpg",
        "D410_NVY_x.jpg",
        "D410_NVY_1.txt",
        "D4100_NVY_1.jpg",
        "d410_NVY_4.jpg",
        "D410_NVY_1.jpg.bak",
    )
    found = folder(tmp_path).pictures({"D410": ["NVY"]}, {}).found["D410"]
    assert named(found) == [
        ("", "1", "D410_1.jpg"),
        ("NVY", "02", "D410_NVY_02.JPEG"),
        ("NVY", "1", "D410_NVY_1.jpg"),
        ("NVY", "3", "D410_NVY_3.Png"),
    ]


def test_a_version_changes_with_the_file(tmp_path: Path) -> None:
    lay(tmp_path, "D410_NVY_1.jpg")
    source = folder(tmp_path)
    (before,) = source.pictures({"D410": ["NVY"]}, {}).found["D410"]
    os.utime(tmp_path / "D410_NVY_1.jpg", (1, 1))
    (after,) = folder(tmp_path).pictures({"D410": ["NVY"]}, {}).found["D410"]
    assert before.version != after.version
    assert source.content(after) == b"picture D410_NVY_1.jpg"


def test_each_folder_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, "D410/NVY/1.jpg", "D410/RED/1.jpg", "D410/1.jpg", "D411/NVY/1.jpg")
    listed: list[str] = []
    real = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: listed.append(str(path)) or real(path))
    source = folder(tmp_path, "{style}/{color}/{n}.jpg")
    found = source.pictures({"D410": ["NVY", "RED"], "D411": ["NVY"], "D412": ["NVY"]}, {}).found
    source.pictures({"D410": ["NVY", "RED"]}, {})
    assert [len(found[style]) for style in ("D410", "D411", "D412")] == [3, 1, 0]
    assert len(listed) == len(set(listed)) == 7


def test_a_named_swatch_is_found_beside_numbers(tmp_path: Path) -> None:
    lay(tmp_path, "D410_NVY_1.jpg", "D410_NVY_swatch.jpg", "D410_NVY_other.jpg")
    assert named(folder(tmp_path, swatch="swatch").pictures({"D410": ["NVY"]}, {}).found["D410"]) == [
        ("NVY", "1", "D410_NVY_1.jpg"),
        ("NVY", "swatch", "D410_NVY_swatch.jpg"),
    ]


def test_codes_with_marks_that_file_names_cannot_hold_are_found_with_dashes(tmp_path: Path) -> None:
    lay(tmp_path, "A-B_N-Y_1.jpg", "C+D (x)_NVY_1.jpg")
    found = folder(tmp_path).pictures({"A/B": ["N/Y"], "C+D (x)": ["NVY"]}, {}).found
    assert [len(found[style]) for style in ("A/B", "C+D (x)")] == [1, 1]


@pytest.mark.parametrize("style", ["..", "../..", "."])
def test_no_code_leads_out_of_the_root(tmp_path: Path, style: str) -> None:
    lay(tmp_path, "secret_NVY_1.jpg", "NVY_1.jpg", "root/x.jpg", "1.jpg")
    assert folder(tmp_path / "root", "{style}/{color}_{n}.jpg").pictures({style: ["NVY"]}, {}).found[style] == []


def test_no_link_leads_out_of_the_root(tmp_path: Path) -> None:
    lay(tmp_path, "secret.jpg", "other/NVY_1.jpg", "root/D411/NVY_1.jpg")
    (tmp_path / "root/D410").symlink_to(tmp_path / "other")
    (tmp_path / "root/D411/NVY_2.jpg").symlink_to(tmp_path / "secret.jpg")
    source = folder(tmp_path / "root", "{style}/{color}_{n}.jpg")
    found = source.pictures({"D410": ["NVY"], "D411": ["NVY"]}, {}).found
    assert (found["D410"], [picture.n for picture in found["D411"]]) == ([], ["1"])
    with pytest.raises(Rejected):
        source.content(Picture(str(tmp_path / "secret.jpg"), "v"))


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match="The folder of pictures is not there") as caught:
        folder(tmp_path / "unmounted").pictures({"D410": []}, {})
    assert caught.value.fix


def test_a_number_in_a_folder_s_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match=r"\{n\} in a folder's name"):
        folder(tmp_path, "{style}/{n}/a.jpg").pictures({"D410": []}, {})


def test_a_file_that_went_or_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, "D410_NVY_1.jpg")
    source = folder(tmp_path)
    (picture,) = source.pictures({"D410": ["NVY"]}, {}).found["D410"]
    monkeypatch.setattr(image_sources, "MAX_BYTES", 5)
    with pytest.raises(Rejected, match="more than the 5 bytes"):
        source.content(picture)
    (tmp_path / "D410_NVY_1.jpg").unlink()
    with pytest.raises(Rejected, match="is not there"):
        source.content(picture)


def test_a_template_without_a_number_names_one_picture(tmp_path: Path) -> None:
    lay(tmp_path, "D410.jpg", "D410-NVY.jpg")
    assert named(folder(tmp_path, "{style}-{color}.jpg").pictures({"D410": ["NVY"]}, {}).found["D410"]) == [
        ("", "", "D410.jpg"),
        ("NVY", "", "D410-NVY.jpg"),
    ]


# ---- addresses ---------------------------------------------------------------------------------------------------------------------------


class Cdn:
    """Stands for `clients.fetch.fetch`."""

    def __init__(self, **versions: str) -> None:
        self.versions = {f"https://cdn.test/{name.replace('__', '%2F')}.jpg": version for name, version in versions.items()}
        self.asked: list[str] = []
        self.down: set[str] = set()
        self.private: list[bool] = []

    def fetch(self, url: str, *, allow_private: bool, max_bytes: int, version: str = "", body: bool = True) -> Fetched | NotModified:
        self.asked.append(url.rpartition("/")[2])
        self.private.append(allow_private)
        if any(part in url for part in self.down):
            raise Unavailable("the pictures' server does not answer")
        if url not in self.versions:
            raise NothingThere(f"There is no picture at {url}")
        if version and version == self.versions[url]:
            return NotModified(version)
        content = url.encode() if body or not self.versions[url] else b""
        return Fetched(content, "image/jpeg", self.versions[url])


@pytest.fixture
def cdn(monkeypatch: pytest.MonkeyPatch) -> Cdn:
    made = Cdn(D410_NVY_1="etag:a", D410_NVY_2="etag:b", D410_NVY_4="etag:d", D410_1="etag:s")
    monkeypatch.setattr(image_sources, "fetch", made.fetch)
    return made


def urls(template: str = "https://cdn.test/{style}_{color}_{n}.jpg", **more: Any) -> UrlSource:
    return UrlSource(ImageSettings(source="url", template=template, **more), allow_private=False, beat=lambda: None)


def test_numbers_are_asked_until_there_is_none(cdn: Cdn) -> None:
    found = urls().pictures({"D410": ["NVY"]}, {}).found["D410"]
    assert named(found) == [("", "1", "D410_1.jpg"), ("NVY", "1", "D410_NVY_1.jpg"), ("NVY", "2", "D410_NVY_2.jpg")]
    assert cdn.asked == ["D410_1.jpg", "D410_2.jpg", "D410_NVY_1.jpg", "D410_NVY_2.jpg", "D410_NVY_3.jpg"]
    assert all(picture.url == picture.source for picture in found)
    assert set(cdn.private) == {False}


def test_no_more_than_wanted_are_asked_for(cdn: Cdn) -> None:
    urls(most=1).pictures({"D410": ["NVY"]}, {})
    assert cdn.asked == ["D410_1.jpg", "D410_NVY_1.jpg"]


def test_what_is_known_keeps_its_version(cdn: Cdn) -> None:
    known = {"https://cdn.test/D410_NVY_1.jpg": "etag:a", "https://cdn.test/D410_NVY_2.jpg": "etag:old"}
    found = urls().pictures({"D410": ["NVY"]}, known).found["D410"]
    assert [picture.version for picture in found] == ["etag:s", "etag:a", "etag:b"]


def test_a_server_that_names_no_versions_is_compared_by_content(cdn: Cdn) -> None:
    cdn.versions["https://cdn.test/D410_1.jpg"] = ""
    assert urls().pictures({"D410": []}, {}).found["D410"][0].version.startswith("sha256:")


def test_a_named_swatch_is_asked_for_by_its_word(cdn: Cdn) -> None:
    cdn.versions["https://cdn.test/D410_NVY_sw.jpg"] = "etag:w"
    found = urls(swatch="sw").pictures({"D410": ["NVY"]}, {}).found["D410"]
    assert [picture.n for picture in found] == ["1", "sw", "1", "2"]


def test_codes_are_escaped(cdn: Cdn) -> None:
    cdn.versions["https://cdn.test/A%2FB_N%20Y_1.jpg"] = "etag:x"
    assert len(urls().pictures({"A/B": ["N Y"]}, {}).found["A/B"]) == 1


def test_a_style_that_cannot_be_looked_at_is_not_taken_for_one_without_pictures(cdn: Cdn) -> None:
    cdn.down = {"D411"}
    listing = urls().pictures({"D410": ["NVY"], "D411": ["NVY"]}, {})
    assert (len(listing.found["D410"]), "D411" in listing.found, list(listing.failed)) == (3, False, ["D411"])


def test_a_server_that_is_away_is_not_asked_for_every_style(cdn: Cdn) -> None:
    cdn.down = {"cdn"}
    with pytest.raises(Unavailable):
        urls().pictures({f"D{number}": [] for number in range(50)}, {})
    assert len(cdn.asked) == 3


def test_content_is_fetched_whole(cdn: Cdn) -> None:
    assert urls().content(Picture("https://cdn.test/D410_1.jpg", "etag:s")) == b"https://cdn.test/D410_1.jpg"
