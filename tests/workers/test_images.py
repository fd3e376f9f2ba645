"""Pictures to JOOR: scan and export against a cupboard and a shop window with memory, and a real database."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from models.errors import Rejected, Synced, Unavailable, Unchanged, WaitUntil
from rules.image_plan import STAYS, STAYS_BY_HAND
from tests.workers.images_world import NOW, Killed, World, jpeg
from workers import image_gallery, image_scan

FULL = {("D410", "swatch", "NVY"): 1, ("D410", "color", "NVY"): 1, ("D410", "swatch", "RED"): 1, ("D410", "color", "RED"): 1}
STYLE = ("D410", "style", "")


def fill(world: World, *, public: bool = False) -> World:
    world.card("D410", "NVY", "RED")
    world.card("D411", "NVY")
    world.card("D999", "NVY", on_joor=False)
    for n in (1, 2, 3):
        world.aims.put("D410", "NVY", n, jpeg(n), public=public)
    world.aims.put("D410", "RED", 1, jpeg(11), public=public)
    world.aims.put("D410", "", 1, jpeg(20), public=public)
    world.aims.put("D411", "NVY", 1, jpeg(31), public=public)
    world.aims.put("D999", "NVY", 1, jpeg(41), public=public)
    world.aims.put("NO-SUCH", "NVY", 1, jpeg(51), public=public)
    return world


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """As bytes: nothing is public."""
    made = fill(World(database_url))
    yield made
    made.close()


@pytest.fixture
def public(sqlite_url: str) -> Iterator[World]:
    """JOOR fetches by itself, in bulk."""
    made = fill(World(sqlite_url, urls_public=True), public=True)
    yield made
    made.close()


@pytest.fixture(params=["bytes", "url"])
def either(request: pytest.FixtureRequest, sqlite_url: str) -> Iterator[World]:
    by_url = request.param == "url"
    made = fill(World(sqlite_url, urls_public=by_url), public=by_url)
    yield made
    made.close()


def good(outcome: Any) -> Synced:
    assert isinstance(outcome, Synced), outcome
    return outcome


# ---- the plain way -----------------------------------------------------------------------------------------------------------------------


def test_the_first_sync_gives_joor_every_picture_where_it_belongs(world: World) -> None:
    scanned = good(world.scan())
    assert [job.key for job in world.exports()] == ["D410", "D411"]
    assert scanned.counts == {"styles": 2, "pictures": 6, "differing": 2, "not_on_joor": 0}
    outcomes = world.work()
    assert world.joor.counts() == {**FULL, STYLE: 2, ("D411", "swatch", "NVY"): 1, ("D411", "color", "NVY"): 1}
    assert world.joor.at("D410", "color", "NVY") == [jpeg(2)]
    assert world.joor.at("D410", "style") == [jpeg(20), jpeg(3)]
    assert good(outcomes["D410"]).note == "D410: 6 pictures sent (2 of the style, 2 of colours, 2 swatches)"
    assert good(outcomes["D410"]).counts == {"pictures": 6, "sent": 6, "unchanged": 0, "refused": 0, "left": 0}
    assert world.aims.lists == 1


def test_a_picture_used_twice_is_fetched_once(world: World) -> None:
    world.sync()
    assert sorted(world.aims.fetched) == sorted(set(world.aims.fetched))


def test_a_second_scan_with_nothing_changed_asks_for_nothing_and_fetches_nothing(world: World) -> None:
    world.sync()
    world.forget_calls()
    assert world.scan() == Unchanged(
        "JOOR has the pictures of all 2 styles", {"styles": 2, "pictures": 6, "differing": 0, "not_on_joor": 0}
    )
    assert (world.exports(), world.aims.fetched, world.joor.calls) == ([], [], [])


def test_one_changed_picture_is_sent_alone(world: World) -> None:
    world.sync()
    world.aims.put("D410", "NVY", 2, jpeg(99))
    world.forget_calls()
    outcome = world.sync()
    assert list(outcome) == ["D410"]
    assert world.sent == ["color NVY D410"]
    assert world.joor.at("D410", "color", "NVY") == [jpeg(99)]
    assert world.aims.fetched == ["D410_NVY_2"]


def test_a_document_stored_again_with_the_same_content_is_looked_at_and_not_sent(world: World) -> None:
    world.sync()
    world.aims.put("D410", "NVY", 2, jpeg(2))
    world.forget_calls()
    assert isinstance(world.sync()["D410"], Unchanged)
    assert world.joor.calls == []
    assert not world.exports()
    assert isinstance(world.scan(), Unchanged)


def test_a_style_image_that_changed_is_exchanged_with_all_of_the_style_s_own_and_nothing_else(either: World) -> None:
    either.sync()
    either.aims.put("D410", "", 1, jpeg(77), public=either.settings.urls_public)
    either.forget_calls()
    either.sync()
    assert either.sent == ["style D410", "style D410"]
    assert either.joor.at("D410", "style") == [jpeg(77), jpeg(3)]
    assert either.joor.counts() == {**FULL, STYLE: 2, ("D411", "swatch", "NVY"): 1, ("D411", "color", "NVY"): 1}


def test_a_style_image_that_went_is_taken_off(either: World) -> None:
    either.sync()
    del either.aims.files["D410_NVY_3"]
    either.sync()
    assert either.joor.at("D410", "style") == [jpeg(20)]
    assert [row.place for row in either.ledger() if row.identifier == "D410" and row.level == "style"] == [1]


def test_a_colour_s_picture_that_went_stays_and_says_so_once(world: World) -> None:
    world.sync()
    del world.aims.files["D410_RED_1"]
    world.forget_calls()
    outcome = world.sync()["D410"]
    assert isinstance(outcome, Unchanged)
    assert "JOOR keeps 2 pictures that a person has to look at there" in outcome.why
    assert world.row("D410", "color", "RED").refused == STAYS
    assert world.joor.calls == []
    assert isinstance(world.scan(), Unchanged)


def test_another_order_of_style_images_is_not_sent_but_said(world: World) -> None:
    world.sync()
    world.aims.put("D410", "", 0, jpeg(21), id="front")
    world.aims.put("D410", "NVY", 9, jpeg(22))
    world.sync()
    files = world.aims.files
    files["D410_NVY_3"], files["D410_NVY_9"] = (
        (_numbered(files["D410_NVY_3"][0], 9), files["D410_NVY_3"][1]),
        (_numbered(files["D410_NVY_9"][0], 3), files["D410_NVY_9"][1]),
    )
    world.forget_calls()
    outcome = world.named("D410")["D410"]
    assert isinstance(outcome, Unchanged)
    assert "in another order" in outcome.why
    assert world.joor.calls == []


def _numbered(document: Any, n: int) -> Any:
    return replace(document, number=n)


# ---- levels, named styles, everything ----------------------------------------------------------------------------------------------------


def test_the_level_of_one_request_is_for_that_request(world: World) -> None:
    world.sync(level="style")
    assert world.joor.counts() == {STYLE: 5, ("D411", "style", ""): 1}
    assert [job.payload for job in world.exports()] == []
    world.sync()  # by the site's setting again
    assert world.joor.counts()["D410", "color", "NVY"] == 1
    assert world.joor.at("D410", "style") == [jpeg(20), jpeg(3)]


def test_named_styles_are_scanned_alone_and_those_not_on_joor_are_named(world: World) -> None:
    outcome = world.scan(keys=["D411", "D999"])
    assert [job.key for job in world.exports()] == ["D411"]
    assert "D999 not on JOOR yet: export the style first (joorsync enqueue styles --site us --key D999)" in good(outcome).note


def test_an_export_of_a_style_that_is_not_on_joor_says_what_to_do_first(world: World) -> None:
    outcome = world.named("D999")["D999"]
    assert isinstance(outcome, Unchanged)
    assert outcome.why.startswith("D999 is not on JOOR yet: export the style first")
    assert world.aims.lists == 0


def test_an_export_that_knows_of_no_scan_lists_once_for_all_its_styles(world: World) -> None:
    outcomes = world.named("D410", "D411")
    assert (good(outcomes["D410"]).sent, good(outcomes["D411"]).sent, world.aims.lists) == (6, 2, 1)


def test_everything_again_sends_everything_once(world: World) -> None:
    world.sync()
    before = world.joor.counts()
    world.forget_calls()
    world.sync(everything=True)
    assert len(world.sent) == 8
    assert world.joor.counts() == before


def test_cards_per_colour_have_their_own_pictures_under_their_own_names(sqlite_url: str) -> None:
    world = World(sqlite_url)
    world.card("D410", "NVY", identifier="D410-NVY", color="NVY")
    world.card("D410", "RED", identifier="D410-RED", color="RED")
    for color, shade in (("NVY", 1), ("RED", 2)):
        world.aims.put("D410", color, 1, jpeg(shade))
    world.aims.put("D410", "", 1, jpeg(3))
    world.sync()
    assert world.joor.at("D410-NVY", "color", "NVY") == [jpeg(1)]
    assert world.joor.at("D410-RED", "style") == world.joor.at("D410-NVY", "style") == [jpeg(3)]
    names = [name for each in world.joor.shown.values() for name, _ in each]
    assert len(names) == len(set(names)) == 6
    world.close()


def test_switched_off_is_said(sqlite_url: str) -> None:
    world = fill(World(sqlite_url, source="none"))
    assert "switched off" in world.scan().why  # type: ignore[union-attr]  # Unchanged
    assert isinstance(world.named("D410")["D410"], Unchanged)
    world.close()


def test_a_style_without_pictures_keeps_what_joor_has(world: World) -> None:
    world.sync()
    world.aims.files.clear()
    world.forget_calls()
    assert isinstance(world.scan(), Unchanged)
    assert world.named("D410")["D410"] == Unchanged("there are no pictures of D410; JOOR keeps those it has")
    assert world.joor.calls == []


# ---- dry runs ----------------------------------------------------------------------------------------------------------------------------


def test_a_dry_run_tells_and_sends_nothing(world: World) -> None:
    outcome = world.scan(dry_run=True)
    assert isinstance(outcome, Unchanged)
    assert outcome.why.startswith("dry run: 2 of 2 styles")
    assert outcome.result is not None
    assert outcome.result["first"][0] == {"style": "D410", "new": 6, "changed": 0, "in_doubt": 0, "cleared": []}
    preview = world.named("D410", dry_run=True)["D410"]
    assert isinstance(preview, Unchanged)
    assert preview.counts["differences"] == 6
    assert (world.exports(), world.joor.calls, world.aims.fetched, world.ledger()) == ([], [], [], [])


# ---- by address --------------------------------------------------------------------------------------------------------------------------


def test_public_pictures_go_in_one_call_per_kind(public: World) -> None:
    public.sync()
    assert [(cleared, len(images)) for cleared, images in public.joor.calls] == [(False, 6), (False, 2)]
    assert all(image.url and image.content is None for _, images in public.joor.calls for image in images)
    assert {row.route for row in public.ledger()} == {"url"}


def test_a_call_takes_so_many_and_no_more(sqlite_url: str) -> None:
    world = fill(World(sqlite_url, urls_public=True, batch_size=4), public=True)
    world.sync()
    assert [len(images) for _, images in world.joor.calls] == [4, 2, 2]
    world.close()


def test_a_colour_s_picture_that_changed_is_overwritten_by_bytes(public: World) -> None:
    """Of v4 it is not known that a second picture of a colour takes the first one's place."""
    public.sync()
    public.aims.put("D410", "NVY", 2, jpeg(99), public=True)
    public.forget_calls()
    public.sync()
    assert [(image.level, image.url) for _, images in public.joor.calls for image in images] == [("color", None)]
    assert public.joor.at("D410", "color", "NVY") == [jpeg(99)]


@pytest.mark.parametrize("settings", [{"route": "v2", "urls_public": True}, {"route": "v4", "urls_public": False}])
def test_what_joor_cannot_fetch_goes_as_bytes_one_by_one(sqlite_url: str, settings: dict[str, Any]) -> None:
    world = fill(World(sqlite_url, **settings), public=True)
    world.sync()
    assert [len(images) for _, images in world.joor.calls] == [1] * 8
    world.close()


def test_a_picture_that_is_not_public_or_not_fit_goes_as_bytes_beside_the_others(public: World) -> None:
    public.aims.put("D411", "", 1, jpeg(5), public=False)
    public.aims.put("D411", "", 2, jpeg(6, form="WEBP"), public=True)
    public.sync()
    sent = {image.filename: image for _, images in public.joor.calls for image in images}
    by_bytes = [image for image in sent.values() if image.content is not None]
    assert [(image.identifier, image.level) for image in by_bytes] == [("D411", "style")] * 2
    assert by_bytes[0].content == jpeg(5)
    assert by_bytes[1].content is not None
    assert by_bytes[1].content[:2] == b"\xff\xd8"
    assert by_bytes[1].filename.endswith(".jpg")


def test_style_images_of_one_card_are_exchanged_in_one_call(sqlite_url: str) -> None:
    """Cleared in one call and added to in the next, the second card would show its old pictures beside the new ones."""
    world = World(sqlite_url, urls_public=True, batch_size=3, level="style")
    for style in ("D410", "D411", "D412"):
        world.card(style, "NVY")
        world.aims.put(style, "", 1, jpeg(len(world.aims.files)), public=True)
        world.aims.put(style, "", 2, jpeg(len(world.aims.files)), public=True)
    world.sync()
    for style in ("D410", "D411", "D412"):
        world.aims.put(style, "", 1, jpeg(100 + len(world.aims.fetched)), public=True)
    world.forget_calls()
    world.sync()
    assert [(cleared, len(images)) for cleared, images in world.joor.calls] == [(True, 2)] * 3
    assert set(world.joor.counts().values()) == {2}
    world.close()


def test_a_card_with_more_style_images_than_a_call_takes_is_cleared_once(sqlite_url: str) -> None:
    world = World(sqlite_url, urls_public=True, batch_size=2, level="style")
    world.card("D410", "NVY")
    for n in range(1, 6):
        world.aims.put("D410", "", n, jpeg(n), public=True)
    world.sync()
    world.aims.put("D410", "", 1, jpeg(50), public=True)
    world.forget_calls()
    world.sync()
    assert [(cleared, len(images)) for cleared, images in world.joor.calls] == [(True, 2), (False, 2), (False, 1)]
    assert world.joor.at("D410", "style") == [jpeg(50), jpeg(2), jpeg(3), jpeg(4), jpeg(5)]
    world.close()


# ---- pictures that cannot be sent --------------------------------------------------------------------------------------------------------


def test_a_broken_picture_fails_alone_and_is_not_offered_again_until_it_changes(world: World) -> None:
    world.aims.put("D410", "NVY", 2, jpeg(2)[:-200])
    outcome = good(world.sync()["D410"])
    assert outcome.sent == 5
    assert "1 cannot be sent: D410_NVY_2.jpg: The file is broken: it cannot be read to its end" in outcome.note
    assert outcome.result is not None
    assert outcome.result["refused"][0]["color"] == "NVY"
    world.forget_calls()
    assert isinstance(world.scan(), Unchanged)
    world.aims.put("D410", "NVY", 2, jpeg(2))
    world.sync()
    assert world.sent == ["color NVY D410"]
    assert world.row("D410", "color", "NVY").refused is None


def test_a_broken_style_image_leaves_the_others_where_they_are(either: World) -> None:
    either.sync()
    either.aims.put("D410", "", 1, b"not a picture", public=either.settings.urls_public)
    either.forget_calls()
    outcome = either.sync()["D410"]
    assert isinstance(outcome, Rejected)
    assert "there is nothing else to send" in outcome.summary
    assert either.joor.calls == []
    assert either.joor.at("D410", "style") == [jpeg(20), jpeg(3)]
    either.aims.put(
        "D410", "NVY", 3, jpeg(33), public=either.settings.urls_public
    )  # now another one changes: what is broken cannot come again
    either.sync()
    assert either.joor.at("D410", "style") == [jpeg(33)]
    assert [(row.place, row.digest is None, bool(row.refused)) for row in either.ledger() if row.level == "style"] == [
        (1, True, True),
        (2, False, False),
    ]
    either.aims.put("D410", "", 1, jpeg(78), public=either.settings.urls_public)
    either.sync()
    assert sorted(either.joor.at("D410", "style")) == sorted([jpeg(33), jpeg(78)])


def test_what_joor_refuses_is_kept_in_its_words(either: World) -> None:
    either.joor.refuse["D410_RED_swatch"] = "Colour RED is not sellable"
    outcome = good(either.sync()["D410"])
    assert "JOOR refused it: Colour RED is not sellable" in outcome.note
    assert either.row("D410", "swatch", "RED").refused == "Colour RED is not sellable"
    assert isinstance(either.scan(), Unchanged)


def test_a_refused_exchange_leaves_what_joor_had(world: World) -> None:
    world.sync()
    world.joor.refuse["D410_NVY_2"] = "no"
    world.aims.put("D410", "NVY", 2, jpeg(99))
    assert isinstance(world.sync()["D410"], Rejected)
    row = world.row("D410", "color", "NVY")
    assert (row.refused, row.digest is not None) == ("no", True)
    assert world.joor.at("D410", "color", "NVY") == [jpeg(2)]
    world.aims.put("D410", "NVY", 2, jpeg(2))  # put back
    world.forget_calls()
    world.sync()
    assert (world.joor.calls, world.row("D410", "color", "NVY").refused) == ([], None)


def test_a_call_refused_as_a_whole_is_made_card_by_card(public: World) -> None:
    def refuse() -> None:
        raise Rejected("JOOR, adding images: HTTP 400", remote_message="Bad item")

    public.joor.answers = [refuse]
    outcomes = public.sync()
    assert all(isinstance(outcome, Synced) for outcome in outcomes.values())
    assert public.joor.counts()["D411", "color", "NVY"] == 1


def test_a_picture_that_cannot_be_had_now_is_tried_again_and_only_that(world: World) -> None:
    world.aims.away = {"D410_NVY_2"}
    outcome = world.sync()["D410"]
    assert isinstance(outcome, Unavailable)
    assert outcome.summary.startswith("D410: 5 pictures sent, 1 picture could not be had now, first D410_NVY_2.jpg")
    world.aims.away = set()
    world.forget_calls()
    assert good(world.work()["D410"]).sent == 1
    assert world.sent == ["color NVY D410"]


def test_style_images_are_not_cleared_while_one_of_them_cannot_be_had(either: World) -> None:
    either.sync()
    either.aims.put("D410", "", 1, jpeg(77), public=either.settings.urls_public)
    either.aims.away = {"D410_NVY_3"}
    assert isinstance(either.sync()["D410"], Unavailable)
    assert either.joor.at("D410", "style") == [jpeg(20), jpeg(3)]
    either.aims.away = set()
    either.work()
    assert either.joor.at("D410", "style") == [jpeg(77), jpeg(3)]


def test_a_source_that_is_away_is_not_asked_for_every_picture(world: World) -> None:
    world.aims.away = set(world.aims.files)
    outcomes = world.sync()
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes.values())
    assert len(world.aims.fetched) == image_gallery.AWAY_AFTER


def test_pictures_missing_here_and_there_do_not_stop_the_others(world: World) -> None:
    world.aims.away = {"D410_NVY_1", "D410_NVY_3", "D410_RED_1"}  # never three in a row
    world.sync()
    assert set(world.aims.fetched) == set(world.aims.files) - {"D999_NVY_1", "NO-SUCH_NVY_1"}
    assert world.joor.counts()["D411", "color", "NVY"] == 1


# ---- cards made by hand ------------------------------------------------------------------------------------------------------------------


def test_pictures_that_people_put_on_their_own_card_are_never_cleared(sqlite_url: str) -> None:
    world = World(sqlite_url)
    world.card("D410", "NVY", by_hand=True)
    world.joor.shown[STYLE] = [("by-hand.jpg", b"theirs")]
    world.aims.put("D410", "", 1, jpeg(1))
    world.sync()
    world.aims.put("D410", "", 1, jpeg(2))
    outcome = good(world.sync()["D410"])
    assert world.joor.at("D410", "style") == [b"theirs", jpeg(1), jpeg(2)]
    assert "JOOR keeps 1 picture that a person has to look at there" in outcome.note
    assert [row.refused for row in world.ledger()] == [STAYS_BY_HAND, None]
    assert isinstance(world.scan(), Unchanged)
    world.close()


# ---- waiting, and the end of a run -------------------------------------------------------------------------------------------------------


def wait_at(world: World, call: int) -> None:
    def pause() -> None:
        raise WaitUntil(NOW, "no credits left")

    world.joor.answers = [*[lambda: None] * (call - 1), pause]


@pytest.mark.parametrize("call", range(1, 9))
def test_waiting_for_credits_leaves_no_doubt(either: World, call: int) -> None:
    either.scan()
    wait_at(either, call)
    outcomes = either.work()
    assert all(row.digest is not None for row in either.ledger())
    if either.joor.answers == [] and any(isinstance(outcome, WaitUntil) for outcome in outcomes.values()):
        either.work()
    either.joor.answers = []
    names = [image.filename for _, images in either.joor.calls for image in images]
    assert len(names) == len(set(names)) == 8


def test_waiting_in_the_middle_of_an_exchange_of_style_images_goes_on_where_it_stopped(world: World) -> None:
    world.sync()
    world.aims.put("D410", "", 1, jpeg(77))
    world.scan()
    world.forget_calls()
    wait_at(world, 2)
    assert isinstance(world.work()["D410"], WaitUntil)
    assert world.joor.at("D410", "style") == [jpeg(77)]
    world.work()
    assert world.joor.at("D410", "style") == [jpeg(77), jpeg(3)]
    assert world.sent == ["style D410", "style D410"]


def test_styles_that_are_finished_keep_their_ends_when_joor_goes_away(world: World) -> None:
    world.scan()

    def fail() -> None:
        raise Unavailable("JOOR, sending an image: HTTP 503")

    world.joor.answers = [*[lambda: None] * 6, fail]  # D410 has six
    outcomes = world.work()
    assert isinstance(outcomes["D410"], Synced)
    assert isinstance(outcomes["D411"], Unavailable)
    world.work()
    assert world.joor.counts()["D411", "swatch", "NVY"] == 1


def test_what_joor_s_answer_does_not_name_is_sent_again(public: World) -> None:
    public.scan()

    class Hidden(set[str]):
        def __contains__(self, name: object) -> bool:
            return "D411_NVY_swatch" in str(name)

    public.joor.silent = Hidden()
    outcomes = public.work()
    assert isinstance(outcomes["D410"], Synced)
    assert isinstance(outcomes["D411"], Unavailable)
    public.joor.silent = set()
    public.work()
    assert public.joor.counts()["D411", "swatch", "NVY"] == 1
    assert all(row.digest for row in public.ledger())


def test_a_batch_hands_on_what_does_not_fit_its_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.scan()
    real = world.aims.image_bytes

    def slow(document: Any, max_bytes: int) -> bytes:
        world.clock.advance(700)
        return real(document, max_bytes)

    monkeypatch.setattr(world.aims, "image_bytes", slow)
    outcomes = world.work()
    assert isinstance(outcomes["D410"], Synced)
    assert "going on" in outcomes["D411"].why  # type: ignore[union-attr]  # Waiting


# ---- killed anywhere ---------------------------------------------------------------------------------------------------------------------

SURE = {**FULL, STYLE: 2, ("D411", "swatch", "NVY"): 1, ("D411", "color", "NVY"): 1}


@pytest.mark.parametrize("nth", range(1, 9))
@pytest.mark.parametrize("point", ["after_http_before_record", "mid_batch"])
def test_killed_anywhere_a_first_export_ends_with_each_picture_once(either: World, point: str, nth: int) -> None:
    either.scan()
    either.hits.clear()
    either.die_at = (point, nth)
    died = False
    try:
        either.work()
    except Killed:
        died = True
    assert died == (nth <= (2 if either.settings.urls_public else 8))
    either.die_at = None
    either.work()
    assert either.joor.counts() == SURE
    assert either.joor.at("D410", "style") == [jpeg(20), jpeg(3)]
    assert all(row.digest is not None and row.refused is None for row in either.ledger())
    either.forget_calls()
    either.sync()
    assert either.joor.calls == []


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("point", ["after_http_before_record", "mid_batch"])
def test_killed_anywhere_an_exchange_ends_with_each_picture_once(either: World, point: str, nth: int) -> None:
    either.sync()
    is_public = either.settings.urls_public
    either.aims.put("D410", "", 1, jpeg(77), public=is_public)
    either.aims.put("D410", "RED", 1, jpeg(12), public=is_public)
    del either.aims.files["D410_NVY_1"]  # all of navy move up one place
    either.scan()
    either.hits.clear()
    either.die_at = (point, nth)
    with pytest.raises(Killed):
        either.work()
    either.die_at = None
    either.work()
    assert either.joor.counts() == {**SURE, STYLE: 1}
    assert either.joor.at("D410", "style") == [jpeg(77)]
    assert either.joor.at("D410", "color", "NVY") == [jpeg(3)]
    assert either.joor.at("D410", "swatch", "RED") != [jpeg(11)]
    assert isinstance(either.scan(), Unchanged)


@pytest.mark.parametrize("point", ["after_http_before_record", "mid_batch"])
def test_a_scan_killed_in_the_middle_goes_on_where_it_stopped(world: World, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_scan, "STYLES_AT_ONCE", 1)
    job = world.ask()
    world.die_at = (point, 2)
    with pytest.raises(Killed):
        world._one(job)
    world.die_at = None
    world.hits.clear()
    world._one(job)
    assert [each.key for each in world.exports()] == ["D410", "D411"]
    assert world.hits["mid_batch"] == (1 if point == "after_http_before_record" else 0)


def test_a_newer_scan_gives_a_waiting_export_its_newer_list(world: World) -> None:
    world.scan()
    world.aims.put("D411", "NVY", 2, jpeg(32))
    world.scan()
    waiting = [job for job in world.exports() if job.key == "D411"]
    assert [len((job.payload or {})["pictures"]) for job in waiting] == [2]
