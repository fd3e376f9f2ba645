"""Whatever JOOR answers to the catalogue, it comes to the right end, in words that a merchandiser understands."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from models.jobs import DataType, JobKind, JobState
from models.mappings import Mapping, MappingKind
from models.sites import Site
from tests.journeys.catalogue_oracle import check_styles, expected_skus
from tests.journeys.linesheet_cast import define
from tests.journeys.test_catalogue import NO_QUOTA, PLENTY, failures, open_town, plain_styles
from tests.journeys.workshop import Workshop

pytestmark = pytest.mark.journey


@pytest.fixture
def shop(sqlite_url: str, tmp_path: Path) -> Iterator[Workshop]:
    with open_town(sqlite_url, None, tmp_path, "--styles", "8", "--accounts", "us", *NO_QUOTA) as town:
        made = Workshop(town, **PLENTY)
        yield made
        made.close()


def refuse(shop: Workshop, path: str, match: str, message: str, status: str = "INVALID") -> None:
    error = {"path": path, "match": match, "status": status, "message": message}
    shop.town.control("/_switches", {"catalogue_errors": [error]})


def accept(shop: Workshop) -> None:
    shop.town.control("/_switches", {"catalogue_errors": []})


@pytest.mark.parametrize("details", ["keys", "documented"])
@pytest.mark.parametrize(
    ("path", "field", "words"),
    [
        ("products/bulk_create", "product", "JOOR refused the style of"),
        ("skus/bulk_create", "skus", "JOOR refused the colours and sizes of"),
        ("prices/bulk_create", "prices", "JOOR refused the prices of"),
    ],
)
def test_an_error_inside_a_2xx_fails_that_style_alone_and_a_retry_finishes_it(
    shop: Workshop, path: str, field: str, words: str, details: str
) -> None:
    """With `documented`, an error does not say which item it means: then it is what the answer's data lacks."""
    town = shop.town
    town.control("/_switches", {"error_details": details})
    style = plain_styles(town)[0]
    match = style
    if path != "products/bulk_create":  # SKUs and prices name the product by JOOR's id, which the sandbox gives in order
        shop.sync(DataType.STYLES, keys=[style])
        card = next(row for row in town.state("products", account="us") if row["identifier"] == style)
        match = card["id"] if path.startswith("skus") else card["skus"][0]["id"]
        town.control("/_aims/add_color", {"style": style, "color": "TRQ", "color_description": "Turquoise"}, system="aims360")
        if path.startswith("prices"):
            match = ""
    refuse(shop, path, match, "Wording of JOOR: the season is closed")
    shop.sync(DataType.STYLES, **({"keys": [style]} if match == "" else {}))
    failed = town.jobs(JobState.FAILED)
    assert [job.key for job in failed] == [style]
    (job,) = failed
    assert (job.error_kind, job.error_field) == ("rejected", field)
    assert words in (job.error_summary or "")
    assert "the season is closed" in (job.remote_message or "")
    assert any("joorsync enqueue styles" in step for step in job.error_fix or [])
    accept(shop)
    shop.sync(DataType.STYLES, keys=[style])
    shop.sync(DataType.STYLES)
    assert all(job.dismissed_at for job in town.jobs(JobState.FAILED)), "the success closed the failure"
    check_styles(town, "us")


def test_a_card_that_a_person_made_under_the_same_identifier_is_adopted_and_brought_up_to_date(shop: Workshop) -> None:
    town = shop.town
    style = plain_styles(town)[0]
    skus = [sku for sku in expected_skus(town, "us") if sku[0] == style]
    made = {"colors": [skus[0][1]], "sizes": list(dict.fromkeys(size for _, _, size in skus))}
    town.control("/_joor/us/styles", {"identifier": style, "name": "Typed in by hand", **made})
    shop.sync(DataType.STYLES)
    assert failures(town) == []
    (job,) = [job for job in town.jobs(JobState.SUCCEEDED, kind=JobKind.STYLES_EXPORT) if job.key == style]
    assert (job.counts or {})["adopted"] == 1
    cards = [row for row in town.state("products", account="us") if row["identifier"] == style]
    assert len(cards) == 1
    assert cards[0]["name"] != "Typed in by hand"


def test_colours_that_only_a_hand_made_card_has_are_named_with_the_pair_that_helps(shop: Workshop) -> None:
    town = shop.town
    style = plain_styles(town)[0]
    town.control("/_joor/us/styles", {"identifier": style, "name": "Typed in by hand", "colors": ["ZZZ"], "sizes": ["OS"]})
    shop.sync(DataType.STYLES)
    (job,) = town.jobs(JobState.FAILED)
    assert (job.key, job.error_field) == (style, "skus")
    assert "ZZZ" in (job.remote_message or "")
    assert any(f'map set style "{style}|COLOUR ON JOOR"' in step for step in job.error_fix or [])


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("status", {"status": 500}),
        ("status_after_commit", {"status": 500}),
        ("html", {}),
        ("malformed_json", {}),
        ("half_body", {}),
        ("drop_before", {}),
        ("drop_after_commit", {}),
        ("token_expired", {}),
        ("status", {"status": 429}),
    ],
)
@pytest.mark.parametrize("path", ["/v4/products/bulk_create", "/v4/skus/bulk_create", "/v4/prices/bulk_create", "/v4/collections/bulk_"])
def test_a_call_that_breaks_is_made_good_without_doubles(shop: Workshop, path: str, kind: str, more: dict[str, Any]) -> None:
    town = shop.town
    define(town, "us", "F1", "Fall 1", styles=plain_styles(town)[:2])
    town.fault("joor", kind, path=path, **more)
    shop.sync(DataType.STYLES, DataType.LINESHEETS)
    assert failures(town) == []
    check_styles(town, "us")
    identifiers = [row["identifier"] for row in town.state("products", account="us")]
    assert len(identifiers) == len(set(identifiers))
    sheets = [row for row in town.state("linesheets", account="us") if row["code"] == "F1"]
    assert [len(sheet["items"]) for sheet in sheets] == [2]


def test_refused_credentials_pause_the_site_with_one_report(shop: Workshop) -> None:
    town = shop.town
    town.fault("joor", "status", path="/v4/", status=403, times=-1)
    shop.sync(DataType.STYLES)
    with town.sessions() as session:
        site = session.get_one(Site, 1)
        assert site.paused_at is not None
        assert "JOOR" in (site.paused_reason or "")
    assert town.jobs(JobState.FAILED) == []


def test_a_price_label_that_joor_does_not_have_is_named_with_those_it_has(shop: Workshop) -> None:
    town = shop.town
    with town.sessions() as session:
        session.exec(select(Mapping).where(Mapping.kind == MappingKind.PRICE_LABEL, Mapping.joor_code == "Euro")).one().joor_code = "Euros"
    shop.sync(DataType.STYLES)
    failed = town.jobs(JobState.FAILED, kind=JobKind.STYLES_EXPORT)
    assert failed
    assert "Euros" in (failed[0].error_summary or "")
    assert "Euro" in (failed[0].remote_message or "")


def test_pictures_that_joor_cannot_fetch_fail_alone(shop: Workshop) -> None:
    town = shop.town
    shop.sync(DataType.STYLES)
    refuse(shop, "assets/", "_1", "The file could not be fetched")
    shop.sync(DataType.IMAGES)
    ended = [job for job in town.jobs(kind=JobKind.IMAGES_EXPORT) if job.state in (JobState.SUCCEEDED, JobState.FAILED)]
    assert ended
    assert any("could not be fetched" in str((job.result, job.remote_message, job.note)) for job in ended)
    accept(shop)
    shop.sync(DataType.IMAGES, everything=True)
    assert not [job for job in town.jobs(JobState.FAILED, kind=JobKind.IMAGES_EXPORT) if job.dismissed_at is None]


def test_a_joor_whose_update_mode_goes_by_another_name_loses_no_linesheet_item(shop: Workshop) -> None:
    town = shop.town
    one, two, three = plain_styles(town)[:3]
    define(town, "us", "F1", "Fall 1", styles=[one, two])
    shop.sync(DataType.STYLES, DataType.LINESHEETS)
    town.control("/_joor/us/linesheets/F1/items", {"identifier": "HM-9001"})
    town.control("/_switches", {"collection_action_param": "mode"})
    define(town, "us", "F1", "Fall 1", styles=[one, two, three])
    shop.sync(DataType.LINESHEETS)
    (job,) = town.jobs(JobState.FAILED)
    assert job.error_kind == "not_possible"
    assert "put back" in (job.error_summary or "")
    assert any("action_param" in step for step in job.error_fix or [])
    (sheet,) = [row for row in town.state("linesheets", account="us") if row["code"] == "F1"]
    assert {one, two, "HM-9001"} <= {item["identifier"] for item in sheet["items"]}
