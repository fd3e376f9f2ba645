"""JOOR's catalogue over v2: whole records, jobs that tell nothing, and looking whether what was sent is there."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from clients.joor.auth import V2Token
from clients.joor.contract import JoorContract
from clients.joor.types import (
    PARTS,
    CardIds,
    CardWork,
    ImageDraft,
    LinesheetDraft,
    LinesheetEntry,
    PriceDraft,
    SkuDraft,
    StyleDraft,
    TagDraft,
    TraitDraft,
)
from clients.joor.v2_catalogue import V2Catalogue
from models.errors import OutcomeUnknown, Rejected, Unavailable, WaitUntil
from models.settings import ImageSettings, LinesheetSettings, StyleSettings
from runtime.clock import FrozenClock
from tests.clients.conftest import Remote, answer

NOW = datetime(2031, 3, 4, 12, tzinfo=UTC)
USD = PriceDraft("US Dollars", "USD", Decimal("110"), Decimal("275.00"))
DRESS = StyleDraft(
    "D410",
    "D410",
    "Orla Wrap Dress",
    "Wrap dress, silk blend",
    order_minimum=2,
    traits=(TraitDraft("Division", "Main", "01"), TraitDraft("Country of Origin", "IT"), TraitDraft("Materials", "Silk")),
    categories=("101",),
    tags=(TagDraft("Season", "Drop", "First", "1"),),
    skus=(
        SkuDraft("RED", "Red", "S", "842", color_order=2, size_order=1, prices=(USD,)),
        SkuDraft("NVY", "Navy", "M", "841", color_order=1, size_order=2, prices=(USD,)),
        SkuDraft("NVY", "Navy", "S", None, color_order=1, size_order=1, prices=(USD,)),
    ),
)
SHEET = LinesheetDraft("F1", "Fall 1", "FA", "Fall", 2031, date(2031, 8, 1), date(2031, 8, 31))


class Options:
    styles = StyleSettings()
    linesheets = LinesheetSettings()
    images = ImageSettings()


def work(draft: StyleDraft = DRESS, joor_id: str | None = None, **more: Any) -> CardWork:
    return CardWork(draft, CardIds(joor_id), frozenset(PARTS), **more)


def bulk(status: str = "queued", job: Any = 71, **more: Any) -> httpx.Response:
    times = {"created": "2031-03-04T12:00:00+00:00", "modified": "2031-03-04T12:00:30+00:00"}
    return answer(
        {"bulk_styles": {"response": {"code": 0}, "bulk_styles_jobs": [{"bulk_styles_job_id": job, "status": status, **times, **more}]}}
    )


def shown(draft: StyleDraft = DRESS, **changed: Any) -> dict[str, Any]:
    """The style as JOOR would show it."""
    row = {
        "style_id": 5001,
        "style_identifier": draft.identifier,
        "style_number": draft.number,
        "style_name": draft.name,
        "colors": [
            {"color_code": code, "color_name": name} for code, name in {sku.color_code: sku.color_name for sku in draft.skus}.items()
        ],
        "sizes": [{"size_name": size} for size in dict.fromkeys(sku.size for sku in draft.skus)],
        "skus": [{"sku_color_code": sku.color_code, "sku_size": sku.size, "upc": sku.upc or ""} for sku in draft.skus],
        "prices": [{"price_label": "US Dollars", "price_currency": "USD", "price_wholesale": "110.00", "price_retail": "275.0"}],
        "categories": {"category_id": 101},
        "tags": [{"tag_group": "Season", "tag_name": "Drop", "tag_value": "First"}],
        "deliveries": "",
    }
    return {**row, **changed}


def styles(*rows: Any, **response: Any) -> httpx.Response:
    return answer({"styles": {"response": {"code": "0", **response}, "styles": list(rows) or ""}})


MISSING = answer({"styles": {"response": {"code": 1, "comment": "style not found"}}}, 404)


@pytest.fixture
def route(make_http):
    def build(*script: Any, contract: dict[str, str] | None = None) -> tuple[V2Catalogue, Remote, FrozenClock]:
        remote, clock = Remote(*script), FrozenClock(NOW)
        http = make_http(remote, system="JOOR")
        return V2Catalogue(http, V2Token("token", "OAuth2", http), JoorContract(contract), clock, Options()), remote, clock

    return build


def saved(catalogue: V2Catalogue, *works: CardWork) -> list[Any]:
    return [one for many in catalogue.save_styles(works, lambda _: None) for one in many]


def sent(remote: Remote, place: int = 0) -> Any:
    return json.loads(remote.requests[place].content)


def calls(remote: Remote) -> list[str]:
    return [f"{request.method} {request.url.path}" for request in remote.requests]


# ---- records -------------------------------------------------------------------------------------------------------------------------


def test_a_style_is_sent_as_one_whole_record_that_adds_nothing_to_and_strips_nothing_from_linesheets(route):
    catalogue, remote, _ = route(bulk(), bulk("finished"), styles(shown()))
    saved(catalogue, work())
    assert sent(remote) == {
        "bulk_styles": {
            "style": [
                {
                    "style_name": "Orla Wrap Dress",
                    "style_number": "D410",
                    "style_identifier": "D410",
                    "style_description": "Wrap dress, silk blend",
                    "delivery_overwrite": 3,
                    "materials": [{"material": "Silk"}],
                    "division": "Main",
                    "division_code": "01",
                    "style_country_origin": "IT",
                    "prices": [
                        {"price_label": "US Dollars", "price_currency": "USD", "price_wholesale": "110.00", "price_retail": "275.00"}
                    ],
                    "colors": [{"color_name": "Navy", "color_code": "NVY"}, {"color_name": "Red", "color_code": "RED"}],
                    "sizes": [{"size_name": "S"}, {"size_name": "M"}],
                    "skus": [
                        {"sku_color_code": "RED", "sku_size": "S", "upc": "842"},
                        {"sku_color_code": "NVY", "sku_size": "M", "upc": "841"},
                        {"sku_color_code": "NVY", "sku_size": "S"},
                    ],
                    "minimum": 2,
                    "categories": [{"category_id": "101"}],
                    "tags": [{"tag_group": "Season", "tag_name": "Drop", "tag_value": "First", "tag_value_code": "1"}],
                }
            ]
        }
    }
    assert remote.requests[0].headers["content-type"] == "application/json"


def test_what_a_style_had_and_has_no_more_is_sent_empty_and_what_it_never_had_is_left_out(route):
    bare = replace(DRESS, description="", order_minimum=None, traits=(), categories=(), tags=())
    catalogue, remote, _ = route(bulk(), bulk("finished"), styles(shown()))
    saved(catalogue, work(bare, before=DRESS))
    (record,) = sent(remote)["bulk_styles"]["style"]
    emptied = ("style_description", "division", "division_code", "style_country_origin", "materials", "categories", "tags", "minimum")
    assert {name: record[name] for name in emptied} == {
        **dict.fromkeys(emptied, ""),
        **{name: [] for name in ("materials", "categories", "tags")},
    }
    catalogue, remote, _ = route(bulk(), bulk("finished"), styles(shown()))
    saved(catalogue, work(bare))
    assert set(sent(remote)["bulk_styles"]["style"][0]) & set(emptied) == {"style_description"}


def test_inactive_skus_are_left_out_and_case_packs_are_told(route):
    skus = (*(replace(sku, multiplier=6) for sku in DRESS.skus), SkuDraft("BLK", "Black", "S", active=False))
    catalogue, remote, _ = route(bulk(), bulk("finished"), styles(shown()))
    saved(catalogue, work(replace(DRESS, skus=skus)))
    (record,) = sent(remote)["bulk_styles"]["style"]
    assert [color["color_code"] for color in record["colors"]] == ["NVY", "RED"]
    assert record["sizes"] == [{"size_name": "S", "size_multiplier": 6}, {"size_name": "M", "size_multiplier": 6}]


DEARER = replace(DRESS.skus[0], prices=(replace(USD, wholesale=Decimal(120)),))


@pytest.mark.parametrize(
    ("draft", "part", "words"),
    [
        (replace(DRESS, skus=(DEARER, *DRESS.skus[1:])), "prices", "'US Dollars' (USD) is not the same for all colours and sizes"),
        (replace(DRESS, skus=(replace(DEARER, prices=()), *DRESS.skus[1:])), "prices", "needs a card per colour"),
        (replace(DRESS, skus=(replace(DRESS.skus[0], multiplier=6), *DRESS.skus[1:])), "skus", "size S has another number of units"),
        (replace(DRESS, skus=(replace(DEARER, active=False),)), "skus", "every colour and size is inactive"),
        (replace(DRESS, number="D" * 46), "product", "number has 46 characters, JOOR takes 45"),
        (replace(DRESS, traits=(TraitDraft("Sleeve", "long"),)), "product", "no field for the trait 'Sleeve'"),
    ],
)
def test_what_v2_cannot_be_told_is_refused_in_words_and_the_other_styles_are_sent(route, draft, part, words):
    catalogue, remote, _ = route(bulk(), bulk("finished"), styles(shown(replace(DRESS, identifier="D411"))))
    refused, job, done = saved(catalogue, work(draft), work(replace(DRESS, identifier="D411")))
    assert list(refused.refused) == [part]
    assert words in refused.refused[part]
    assert (refused.parts, refused.job) == (frozenset(), None)
    assert (job.identifier, job.job, done.parts) == ("D411", "71", frozenset(PARTS))
    assert [record["style_identifier"] for record in sent(remote)["bulk_styles"]["style"]] == ["D411"]


def test_a_trait_may_also_go_by_the_name_of_its_v2_field(route):
    catalogue, remote, _ = route(bulk(), bulk("finished"), styles(shown()), contract={"v2_traits.division": "style_division|"})
    saved(catalogue, work(replace(DRESS, traits=(TraitDraft("fabrication", "Silk", "S1"), TraitDraft("Division", "Main", "01")))))
    (record,) = sent(remote)["bulk_styles"]["style"]
    assert (record["fabrication"], record["fabrication_code"], record["style_division"]) == ("Silk", "S1", "Main")


def test_nothing_is_called_when_nothing_has_to_be_sent(route):
    catalogue, remote, _ = route(answer({}))
    assert saved(catalogue, CardWork(DRESS, CardIds("5001"), frozenset())) == []
    assert saved(catalogue) == []
    assert remote.requests == []


# ---- jobs ----------------------------------------------------------------------------------------------------------------------------


def test_the_mark_is_made_before_the_call_and_the_job_is_told_before_it_is_waited_for(route):
    catalogue, remote, _ = route(bulk(), bulk("finished"), styles(shown()))
    marked: list[Any] = []
    steps = catalogue.save_styles([work()], lambda names: marked.append((list(names), len(remote.requests))))
    (first,) = next(steps)
    assert (first.job, first.parts, len(remote.requests)) == ("71", frozenset(), 1)
    assert marked == [(["D410"], 0)]
    (last,) = next(steps)
    assert (last.ids.joor_id, last.parts, last.refused, last.job) == ("5001", frozenset(PARTS), {}, None)


def test_pauses_grow_and_after_two_minutes_the_flow_is_sent_away_for_one(route):
    times: list[float] = []
    catalogue, remote, clock = route(bulk(), lambda _: times.append((clock.now() - NOW).total_seconds()) or bulk("started"))
    with pytest.raises(WaitUntil, match=r"bulk job 71 yet \(it is started\)") as caught:
        saved(catalogue, work())
    assert times[:6] == [2, 5, 9.5, 16.25, 26.25, 36.25]
    assert 120 <= times[-1] < 131
    assert caught.value.until == clock.now() + timedelta(minutes=1)
    assert calls(remote).count("POST /v2/bulk-style") == 1


def test_a_pending_job_is_looked_at_at_once_and_never_sent_again(route):
    catalogue, remote, clock = route(bulk("finished"), styles(shown()))
    (one,) = saved(catalogue, work(pending_job="71"))
    assert one.parts == frozenset(PARTS)
    assert calls(remote) == ["GET /v2/bulk-style/71", "GET /v2/style-number/D410/D410"]
    assert clock.now() == NOW


def test_a_late_job_does_not_keep_a_finished_one_from_being_seen(route):
    def remote_side(request: httpx.Request) -> httpx.Response:
        if "bulk-style" in request.url.path:
            return bulk("queued", 70) if request.url.path.endswith("70") else bulk("finished")
        return styles(shown())

    catalogue, _, _ = route(remote_side)
    other = replace(DRESS, identifier="D411")
    steps = catalogue.save_styles([work(other, pending_job="70"), work(pending_job="71")], lambda _: None)
    assert [one.identifier for one in next(steps)] == ["D410"]
    with pytest.raises(WaitUntil, match="bulk job 70"):
        next(steps)


@pytest.mark.parametrize(
    "job",
    [
        {"bulk_styles": {"response": {"code": "0"}, "bulk_styles_jobs": {"bulk_styles_job_id": "71", "status": "Finished"}}},
        {
            "bulk_styles": {
                "response": "a-log-id",
                "bulk_styles_jobs": {"bulk_styles_job": [{"bulk_styles_job_id": 71, "status": "finished"}]},
            }
        },
        {"bulk_styles_jobs": [{"bulk_styles_job_id": 70, "status": "queued"}, {"bulk_styles_job_id": 71, "status": "completed"}]},
        {"bulk_styles": {"response": {"code": 1, "comment": "Job not found"}}},
    ],
)
def test_a_job_is_read_in_every_form_and_one_that_is_forgotten_is_judged_by_its_styles(route, job):
    catalogue, _, _ = route(bulk(), answer(job), styles(shown()))
    assert saved(catalogue, work())[-1].parts == frozenset(PARTS)


def test_a_refused_bulk_call_is_quoted_and_one_without_a_job_number_says_where_to_name_it(route):
    with pytest.raises(Rejected, match=r"code 3: bad json \(JOOR's log id u-1\)"):
        saved(route(answer({"bulk_styles": {"response": {"code": 3, "comment": "bad json", "log_id": "u-1"}}}))[0], work())
    with pytest.raises(Unavailable, match="no number of a job came") as caught:
        saved(route(answer({"bulk_styles": {"response": {"code": 0}, "bulk_styles_jobs": [{"job": 5}]}}))[0], work())
    assert any("bulk_style.job_id" in step for step in caught.value.fix)
    catalogue, _, _ = route(
        answer({"bulk_styles": {"response": {"code": 0}, "bulk_styles_jobs": [{"job": 5}]}}),
        answer({"bulk_styles": {"bulk_styles_jobs": {"job": "5", "status": "finished"}}}),
        styles(shown()),
        contract={"bulk_style.job_id": "job"},
    )
    assert [one.job for one in saved(catalogue, work())] == ["5", None]


# ---- looking -------------------------------------------------------------------------------------------------------------------------


def row_with(**changed: Any) -> dict[str, Any]:
    return shown(**changed)


PRICE = shown()["prices"][0]


@pytest.mark.parametrize(
    ("row", "part", "words"),
    [
        (row_with(style_name="Orla"), "product", "the name is 'Orla' there, not 'Orla Wrap Dress'"),
        (row_with(categories=""), "product", "category 101 is not there"),
        (row_with(tags=[]), "product", "tag Drop=First is not there"),
        (row_with(skus=shown()["skus"][1:]), "skus", "no RED|S"),
        (row_with(skus=[{**sku, "upc": ""} for sku in shown()["skus"]]), "skus", "RED|S has UPC (none) there, not 842"),
        (row_with(prices=""), "prices", "no price 'US Dollars' (USD)"),
        (row_with(prices={**PRICE, "price_currency": "EUR"}), "prices", "to the letter"),
        (row_with(prices={**PRICE, "price_wholesale": 99}), "prices", "wholesale 'US Dollars' is USD 99 there, not 110"),
        (row_with(prices={**PRICE, "price_retail": ""}), "prices", "retail 'US Dollars' is USD (none) there, not 275.00"),
        (row_with(prices="none"), "product", "prices is not a list of objects"),
    ],
)
def test_what_joor_shows_differently_is_told_by_part(route, row, part, words):
    one = saved(route(bulk(), bulk("finished"), styles(row))[0], work())[-1]
    assert list(one.refused) == [part]
    assert words in one.refused[part]
    assert one.refused[part].startswith("JOOR finished the job (bulk job 71)")
    assert part not in one.parts


def test_a_style_that_is_not_there_is_refused_and_one_that_was_there_before_is_adopted(route):
    assert "does not show the style" in saved(route(bulk(), bulk("finished"), MISSING)[0], work())[-1].refused["product"]
    for created, joor_id, adopted in (
        ("2031-03-01T00:00:00Z", None, True),
        ("2031-03-04T12:00:10Z", None, False),
        ("2031-03-01T00:00:00Z", "5001", False),
        ("", None, False),
    ):
        one = saved(route(bulk(), bulk("finished"), styles(shown(date_created=created)))[0], work(joor_id=joor_id))[-1]
        assert (one.adopted, one.ids.joor_id) == (adopted, "5001")


def many(count: int) -> list[StyleDraft]:
    return [replace(DRESS, identifier=f"D{number}", number=f"N/{number}") for number in range(count)]


def test_many_styles_are_looked_at_by_pages_of_what_was_modified_around_the_job_and_the_rest_one_by_one(route):
    drafts = many(6)
    pages = [
        styles(*(shown(draft) for draft in drafts[:2]), shown(), next_start=3, count=5),
        styles(*(shown(draft) for draft in drafts[2:4]), next_start="", count=5),
        MISSING,
        styles(shown(drafts[5])),
    ]
    catalogue, remote, _ = route(bulk(), bulk("finished"), *pages, contract={"v2_styles.page_size": "3"})
    found = [[one.identifier for one in batch] for batch in catalogue.save_styles([work(draft) for draft in drafts], lambda _: None)]
    assert found == [["D0", "D1", "D2", "D3", "D4", "D5"], ["D0", "D1"], ["D2", "D3"], ["D4"], ["D5"]]
    query = dict(remote.requests[2].url.params)
    assert query == {
        "start_from": "0",
        "count": "3",
        "date_start": "2031-03-04T11:59:45+00:00",
        "date_end": "2031-03-04T12:00:45+00:00",
    }
    assert remote.requests[3].url.params["start_from"] == "3"
    assert remote.requests[4].url.raw_path == b"/v2/style-number/N%2F4/D4"
    assert len(remote.requests) == 6


def test_without_the_jobs_own_times_the_window_has_room_for_a_clock_that_is_wrong(route):
    silent = bulk("finished", created="", modified=None)
    catalogue, remote, _ = route(bulk(), silent, styles(*(shown(draft) for draft in many(4))))
    saved(catalogue, *(work(draft) for draft in many(4)))
    query = remote.requests[2].url.params
    assert (query["date_start"], query["date_end"]) == ("2031-03-04T11:30:00+00:00", "2031-03-04T12:30:02+00:00")


def test_a_listing_that_goes_on_for_longer_than_single_reads_is_left(route):
    drafts = many(4)
    strangers = styles(*(shown(replace(DRESS, identifier=f"X{number}")) for number in range(3)), next_start=3, count=1000)

    def remote_side(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v2/style":
            first = int(request.url.params["start_from"])
            return styles(*json.loads(strangers.content)["styles"]["styles"], next_start=first + 3, count=1000)
        return styles(shown(next(draft for draft in drafts if request.url.path.endswith(draft.identifier))))

    catalogue, remote, _ = route(bulk(), bulk("finished"), remote_side, contract={"v2_styles.page_size": "3"})
    remote.script[2:] = [remote_side]
    assert all(one.parts for one in saved(catalogue, *(work(draft) for draft in drafts))[4:])
    assert calls(remote).count("GET /v2/style") == 4


def test_cards_are_read_with_their_skus_and_one_that_cannot_be_read_is_named(route):
    rows = [shown(deliveries={"delivery_code": "F1", "delivery_name": "Fall 1"}), shown(replace(DRESS, identifier="D411"), skus="")]
    catalogue, _, _ = route(answer({"response": {"code": 0}, "style": rows}))
    first, second = catalogue.cards()
    assert (first.joor_id, first.deliveries, len(first.skus)) == ("5001", (("F1", "Fall 1"),), 3)
    assert {(sku.color_code, sku.size) for sku in second.skus} == {("NVY", "S"), ("NVY", "M"), ("RED", "S"), ("RED", "M")}
    assert catalogue.skus_of([first]) == {"5001": first.skus}
    with pytest.raises(Rejected, match="style 'D410' cannot be read: colors"):
        list(route(styles(shown(colors="x")))[0].cards())


def test_skus_of_a_card_that_carries_none_are_looked_up(route):
    catalogue, remote, _ = route(MISSING, styles(shown()))
    card = replace(next(iter(route(styles(shown()))[0].cards())), skus=())
    assert len(catalogue.skus_of([card])["5001"]) == 3
    assert calls(remote) == ["GET /v2/style-number/D410/D410", "GET /v2/style/5001"]


# ---- taking off ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("color", "size", "query"), [("RED", None, {"color_code": "RED"}), (None, "S", {"size": "S"}), (None, None, {})])
def test_taking_off_is_a_delete_whose_answer_may_be_a_log_id(route, color, size, query):
    catalogue, remote, _ = route(answer({"styles_deleted": {"response": "log-7", "size_deleted": {}}}))
    one = catalogue.set_active(work(joor_id="5001"), color, size, False)
    assert (one.refused, one.ids.joor_id) == ({}, "5001" if query else None)
    request = remote.requests[0]
    assert (request.method, request.url.path, dict(request.url.params)) == ("DELETE", "/v2/style-number/D410/D410", query)


def test_what_is_gone_already_is_taken_off_and_what_joor_has_elsewhere_is_not(route):
    gone = shown(skus=shown()["skus"][1:], colors=shown()["colors"][1:])
    assert route(MISSING, styles(gone))[0].set_active(work(), "RED", None, False).refused == {}
    assert "but shows it" in route(MISSING, styles(shown()))[0].set_active(work(), "RED", None, False).refused["skus"]
    assert route(MISSING, MISSING, MISSING)[0].set_active(work(joor_id="5001"), None, None, False).refused == {}
    renumbered = route(MISSING, MISSING, styles(shown(style_number="D9")))[0].set_active(work(joor_id="5001"), None, None, False)
    assert "shows it as D9 / D410" in renumbered.refused["product"]
    stranger = styles(shown(replace(DRESS, identifier="OTHER")))
    assert route(MISSING, MISSING, stranger)[0].set_active(work(joor_id="5001"), None, None, False).refused == {}


def test_a_refusal_is_quoted_one_size_of_one_colour_is_not_tried_and_putting_back_calls_nothing(route):
    catalogue, remote, _ = route(answer({"styles_deleted": {"response": {"code": "2", "comment": "shipped order"}}}))
    assert catalogue.set_active(work(), None, "S", False).refused == {"skus": "shipped order"}
    assert "cannot take size S off colour RED alone" in catalogue.set_active(work(), "RED", "S", False).refused["skus"]
    assert catalogue.set_active(work(), "RED", None, True).parts == frozenset()
    assert len(remote.requests) == 1


def off(draft: StyleDraft, *keys: str) -> StyleDraft:
    return replace(draft, skus=tuple(replace(sku, active=sku.active and sku.key not in keys) for sku in draft.skus))


FULL = replace(DRESS, skus=(*DRESS.skus, SkuDraft("RED", "Red", "M", None, color_order=2, size_order=2, prices=(USD,))))
DELETED = answer({"styles_deleted": {"response": {"code": 0}}})


@pytest.mark.parametrize(
    ("keys", "query"),
    [(("RED|S", "RED|M"), {"color_code": "RED"}), (("RED|M", "NVY|M"), {"size": "M"})],
)
def test_a_colour_or_size_that_left_the_style_is_taken_off_before_the_style_is_confirmed(route, keys, query):
    catalogue, remote, _ = route(bulk(), bulk("finished"), styles(shown(FULL)), DELETED)
    steps = catalogue.save_styles([work(off(FULL, *keys), "5001", before=FULL)], lambda _: None)
    next(steps)
    (one,) = next(steps)
    assert (one.parts, one.refused, one.ids.joor_id) == (frozenset(PARTS), {}, "5001")
    assert [(request.method, dict(request.url.params)) for request in remote.requests[3:]] == [("DELETE", query)]


@pytest.mark.parametrize(
    ("keys", "before", "words"),
    [
        (("RED|M",), FULL, "RED|M is still there: v2 cannot take one size off one colour"),
        (("RED|S", "RED|M"), None, "RED is still there, and joorsync is not known to have put it there"),
        (("RED|S", "RED|M"), off(FULL, "RED|S", "RED|M"), "RED is still there, and joorsync is not known to have put it there"),
    ],
)
def test_what_cannot_be_taken_off_or_was_never_ours_is_told_and_left(route, keys, before, words):
    catalogue, remote, _ = route(bulk(), bulk("finished"), styles(shown(FULL)))
    one = saved(catalogue, work(off(FULL, *keys), "5001", before=before))[-1]
    assert words in one.refused["skus"]
    assert one.parts == {"product", "prices"}
    assert len(remote.requests) == 3


def test_a_refused_deletion_refuses_the_skus_and_a_hole_in_the_matrix_is_nothing(route):
    refusal = answer({"styles_deleted": {"response": {"code": 2, "comment": "shipped order"}}})
    catalogue, _, _ = route(bulk(), bulk("finished"), styles(shown(FULL)), refusal)
    assert "shipped order" in saved(catalogue, work(off(FULL, "RED|S", "RED|M"), before=FULL))[-1].refused["skus"]
    holed = off(FULL, "RED|M")
    assert saved(route(bulk(), bulk("finished"), styles(shown(FULL)))[0], work(holed, before=holed))[-1].parts == frozenset(PARTS)


# ---- linesheets ----------------------------------------------------------------------------------------------------------------------


def delivery(**changed: Any) -> dict[str, Any]:
    row = {
        "delivery_code": "F1",
        "delivery_name": "Fall 1",
        "season_code": "FA",
        "style_display_order": "4",
        "date_delivery_start": "2031-08-01T00:00:00",
        "date_delivery_end": "2031-08-31",
        "color_exclusions": {"color_code": "RED", "color_name": "Red"},
    }
    return {**row, **changed}


ENTRY = LinesheetEntry("D410", "5001", 4, excluded=(("RED", "Red"),), draft=DRESS)


def test_a_card_is_only_ever_added_to_a_linesheet(route):
    catalogue, remote, _ = route(bulk(), bulk("finished"), styles(shown(deliveries=[delivery()])))
    assert catalogue.add_items(SHEET, "F1", [ENTRY]) == {"D410": None}
    (record,) = sent(remote)["bulk_styles"]["style"]
    assert record["delivery_overwrite"] == 3
    assert record["deliveries"] == [
        {
            "delivery_name": "Fall 1",
            "delivery_code": "F1",
            "season_name": "Fall",
            "season_code": "FA",
            "season_year": 2031,
            "date_delivery_start": "2031-08-01",
            "date_delivery_end": "2031-08-31",
            "public": 1,
            "color_exclusions": [{"color_name": "Red", "color_code": "RED"}],
            "style_display_order": 4,
        }
    ]
    assert record["style_name"] == "Orla Wrap Dress"
    assert record["prices"]


def test_an_immediate_linesheet_has_no_dates_and_colours_let_in_again_are_told(route):
    now = LinesheetDraft("NOW", "In stock", public=False)
    catalogue, remote, _ = route(
        bulk(), bulk("finished"), styles(shown(deliveries=[{"delivery_code": "NOW", "delivery_name": "In stock"}]))
    )
    assert catalogue.add_items(now, "NOW", [replace(ENTRY, excluded=(), order_number=None)]) == {"D410": None}
    assert sent(remote)["bulk_styles"]["style"][0]["deliveries"] == [
        {"delivery_name": "In stock", "delivery_code": "NOW", "public": 0, "color_exclusions": []}
    ]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (shown(), "the style is not on linesheet F1"),
        (shown(deliveries=[delivery(delivery_code="F2")]), "the style is not on linesheet F1"),
        (shown(deliveries=[delivery(color_exclusions="")]), "colours left out are none there, not RED"),
        (shown(deliveries=[delivery(date_delivery_end="2031-09-30")]), "date_delivery_end is 2031-09-30 there, not 2031-08-31"),
        (shown(deliveries="what"), "cannot be read"),
        (None, "it does not show the style"),
    ],
)
def test_a_card_that_is_not_on_the_linesheet_as_told_is_refused_in_words(route, row, words):
    catalogue, _, _ = route(bulk(), bulk("finished"), MISSING if row is None else styles(row))
    assert words in catalogue.add_items(SHEET, "F1", [ENTRY])["D410"]


def test_a_card_is_taken_off_the_listed_linesheet_only(route):
    catalogue, remote, _ = route(bulk(), bulk("finished"), styles(shown(deliveries=[delivery(delivery_code="F2")])))
    assert catalogue.remove_items(SHEET, "F1", [ENTRY]) == {"D410": None}
    (record,) = sent(remote)["bulk_styles"]["style"]
    assert record["delivery_overwrite"] == 4
    assert [row["delivery_code"] for row in record["deliveries"]] == ["F1"]
    assert route(bulk(), bulk("finished"), MISSING)[0].remove_items(SHEET, "F1", [ENTRY]) == {"D410": None}
    left = route(bulk(), bulk("finished"), styles(shown(deliveries=[delivery()])))[0].remove_items(SHEET, "F1", [ENTRY])
    assert "still on linesheet F1" in left["D410"]


def test_a_card_joor_was_never_told_is_not_sent(route):
    catalogue, remote, _ = route(answer({}))
    split = replace(DRESS, skus=(DEARER, *DRESS.skus[1:]))
    words = catalogue.add_items(SHEET, "F1", [replace(ENTRY, draft=None), LinesheetEntry("D411", "1", draft=split)])
    assert "export the style first" in words["D410"]
    assert "card per colour" in words["D411"]
    assert remote.requests == []


def test_a_stuck_linesheet_job_is_waited_for_and_not_sent_again(route):
    catalogue, remote, _ = route(bulk(), bulk("queued"))
    for _ in range(2):
        with pytest.raises(WaitUntil, match="bulk job 71"):
            catalogue.add_items(SHEET, "F1", [ENTRY])
    remote.script[:] = [bulk("finished"), styles(shown(deliveries=[delivery()])), bulk(job=72), bulk("finished", job=72), styles(shown())]
    assert catalogue.add_items(SHEET, "F1", [ENTRY]) == {"D410": None}
    assert calls(remote).count("POST /v2/bulk-style") == 1
    assert "bulk job 72" in catalogue.add_items(SHEET, "F1", [ENTRY])["D410"]  # once it is over, the same is sent again


def test_linesheets_are_made_up_of_the_cards_deliveries(route):
    rows = [
        shown(deliveries=[delivery(), {"delivery_code": "", "delivery_name": "F1"}]),
        shown(style_id=5002, deliveries=delivery(color_exclusions="", style_display_order="")),
    ]
    coded, by_hand = route(styles(*rows))[0].linesheets()
    assert (coded.joor_id, coded.code, coded.name, coded.season_id, coded.items) == ("F1", "F1", "Fall 1", "FA", {"5001": (), "5002": ()})
    assert (coded.raw["excluded"], coded.raw["order"]) == ({"5001": ["RED"]}, {"5001": 4})
    assert (by_hand.joor_id, by_hand.code, by_hand.items) == ("name:F1", "", {"5001": ()})


def test_a_linesheets_head_calls_nothing_and_price_types_cannot_be_asked(route):
    catalogue, remote, _ = route(answer({}))
    assert catalogue.save_linesheet(SHEET, None, None, doubt=True) == ("F1", "FA")
    assert catalogue.price_types() is None
    assert catalogue.bulk_urls is False
    assert remote.requests == []


# ---- images --------------------------------------------------------------------------------------------------------------------------

FRONT = ImageDraft("D410", "N/410", "5001", "style", "front.jpg", content=b"\xff\xd8\xff front")
BACK = replace(FRONT, filename="back.png", display_order=2, content=None, url="https://cdn.example/a b.png?x=1&y=2")
NAVY = replace(FRONT, level="color", color="NVY", filename="navy.png", content_type="image/png")
SWATCH = replace(NAVY, level="swatch", filename="swatch.png")
TAKEN = answer({"style_image": {"response": {"code": 0}}})


def test_images_go_one_by_one_as_bytes_or_by_address_and_only_the_first_replaces(route):
    catalogue, remote, _ = route(TAKEN, answer({"style_image": {"response": "log-id"}}), TAKEN)
    assert catalogue.send_images([NAVY, FRONT, BACK, SWATCH], replace=True) == {0: None, 1: None, 2: None, 3: None}
    navy, front, back, swatch = remote.requests
    assert front.url.raw_path.startswith(b"/v2/style-number/N%2F410/D410/image/?")
    assert dict(front.url.params) == {"filename": "front.jpg", "display_order": "1", "replace_existing": "true"}
    assert (front.content, front.headers["content-type"]) == (b"\xff\xd8\xff front", "image/jpeg")
    assert dict(back.url.params) == {"filename": "back.png", "display_order": "2", "url": "https://cdn.example/a b.png?x=1&y=2"}
    assert (back.content, back.headers["content-type"]) == (b"", "application/json")
    assert dict(navy.url.params) == {"filename": "navy.png", "display_order": "1", "color_code": "NVY"}
    assert navy.headers["content-type"] == "image/png"
    assert dict(swatch.url.params) == {"filename": "swatch.png", "display_order": "1", "color_code": "NVY", "swatch": "true"}


def test_a_refused_image_is_quoted_and_the_next_one_still_clears(route):
    refused = answer({"style_image": {"response": {"code": 1, "comment": "no such image"}}}, 400)
    catalogue, remote, _ = route(refused, answer({"style_image": {"response": {"code": "1", "comment": "too big"}}}), TAKEN)
    assert catalogue.send_images([FRONT, FRONT, FRONT, FRONT], replace=True) == {0: "no such image", 1: "too big", 2: None, 3: None}
    assert ["replace_existing" in request.url.params for request in remote.requests] == [True, True, True, False]


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (replace(FRONT, filename="f" * 70), "70 characters, JOOR takes 1 to 69"),
        (replace(FRONT, content=b"x" * (4 * 1024 * 1024 + 1)), "4,194,305 bytes"),
        (replace(FRONT, content=b""), "0 bytes"),
        (replace(FRONT, content_type="image/gif"), "JPEG and PNG, not image/gif"),
        (replace(FRONT, url="https://x.example"), "either an address or bytes"),
        (replace(FRONT, content=None), "either an address or bytes"),
        (replace(SWATCH, color=""), "needs a colour code"),
    ],
)
def test_an_image_that_joor_does_not_take_is_not_sent(route, image, words):
    catalogue, remote, _ = route(TAKEN)
    found = catalogue.send_images([image], replace=False)[0]
    assert found.startswith("Not sent: ")
    assert words in found
    assert remote.requests == []


@pytest.mark.parametrize(
    ("image", "replaces", "failure"),
    [(FRONT, False, OutcomeUnknown), (FRONT, True, Unavailable), (NAVY, False, Unavailable), (SWATCH, False, Unavailable)],
)
def test_only_an_image_that_would_be_there_twice_is_never_sent_again_blind(route, image, replaces, failure):
    with pytest.raises(failure):
        route(httpx.ReadTimeout("slow"))[0].send_images([image], replace=replaces)
    with pytest.raises(failure):
        route(httpx.Response(200, content=b"<html>", headers={"content-type": "text/html"}))[0].send_images([image], replace=replaces)
