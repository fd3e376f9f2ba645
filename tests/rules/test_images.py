"""Which pictures belong where on JOOR, what they are called there, and what differs from what JOOR was given."""

import re

import pytest

from models.catalogue import ImageLevel, ImageSent
from rules.image_plan import STAYS, Plan, Step, compare, must_clear, out_of_order, settle, words_for
from rules.images import LONGEST_NAME, Card, Picture, Wanted, filename, wanted

BOTH = Card("D410", "", ("NVY", "RED"))
NAVY = Card("D410-NVY", "NVY", ("NVY",))


def picture(color: str, n: int | str, **more: str) -> Picture:
    stem = "_".join(str(part) for part in ("D410", color, n) if part != "")
    return Picture(source=more.get("source", stem), version=more.get("version", "v1"), color=color, n=str(n), name=f"{stem}.jpg")


SHOOT = [
    picture("RED", 2),
    picture("NVY", 10),
    picture("NVY", 2),
    picture("", 1),
    picture("RED", 1),
    picture("NVY", 1),
    picture("GRN", 1),
]


def places(found: list[Wanted]) -> list[str]:
    return [f"{wish.level.value} {wish.color} {wish.place}: {wish.picture.source}".replace("  ", " ") for wish in found]


# ---- what is wanted ----------------------------------------------------------------------------------------------------------------------


def test_at_colour_level_the_first_is_the_swatch_the_next_the_colour_s_image_and_further_ones_show_the_style() -> None:
    assert places(wanted(BOTH, SHOOT, level="color", swatch="", most=8)) == [
        "swatch NVY 1: D410_NVY_1",
        "color NVY 1: D410_NVY_2",
        "swatch RED 1: D410_RED_1",
        "color RED 1: D410_RED_2",
        "style 1: D410_1",
        "style 2: D410_NVY_10",
    ]


def test_a_colour_with_one_picture_has_it_as_swatch_and_image() -> None:
    assert places(wanted(NAVY, [picture("NVY", 1)], level="color", swatch="", most=8)) == [
        "swatch NVY 1: D410_NVY_1",
        "color NVY 1: D410_NVY_1",
    ]


def test_a_named_swatch_is_the_swatch_and_the_first_picture_stays_a_picture() -> None:
    shoot = [picture("NVY", 1), picture("NVY", 2), picture("NVY", "swatch"), picture("RED", 1), picture("", "swatch")]
    assert places(wanted(BOTH, shoot, level="color", swatch="Swatch", most=8)) == [
        "swatch NVY 1: D410_NVY_swatch",
        "color NVY 1: D410_NVY_1",
        "color RED 1: D410_RED_1",  # no swatch: its first picture is not taken for one
        "style 1: D410_NVY_2",
    ]


def test_at_style_level_all_are_style_images_in_order_but_swatches() -> None:
    shoot = [*SHOOT, picture("NVY", 0)]
    assert places(wanted(BOTH, shoot, level="style", swatch="0", most=8)) == [
        "style 1: D410_1",
        "style 2: D410_NVY_1",
        "style 3: D410_NVY_2",
        "style 4: D410_NVY_10",
        "style 5: D410_RED_1",
        "style 6: D410_RED_2",
    ]


def test_most_counts_per_style_or_per_colour() -> None:
    assert len(wanted(BOTH, SHOOT, level="style", swatch="", most=2)) == 2
    assert places(wanted(BOTH, SHOOT, level="color", swatch="", most=2))[-1] == "style 1: D410_1"
    assert len(wanted(NAVY, [picture("NVY", n) for n in range(1, 9)], level="color", swatch="", most=4)) == 4


def test_a_card_of_one_colour_takes_its_own_and_the_style_s() -> None:
    assert places(wanted(NAVY, SHOOT, level="style", swatch="", most=8)) == [
        "style 1: D410_1",
        "style 2: D410_NVY_1",
        "style 3: D410_NVY_2",
        "style 4: D410_NVY_10",
    ]


def test_pictures_without_a_place_come_last_in_the_order_of_their_names() -> None:
    shoot = [picture("", "", source="zz"), picture("", 2), picture("", "", source="aa"), picture("", 1)]
    assert [wish.picture.source for wish in wanted(BOTH, shoot, level="style", swatch="", most=8)] == ["D410_1", "D410_2", "aa", "zz"]


# ---- names -------------------------------------------------------------------------------------------------------------------------------


def test_a_name_is_the_same_for_the_same_picture_and_another_one_for_another_content() -> None:
    wish = Wanted(ImageLevel.COLOR, "NVY", 1, picture("NVY", 2))
    assert filename("D410", wish, "a" * 64, "jpg") == filename("D410", wish, "a" * 64, "jpg")
    assert filename("D410", wish, "a" * 64, "jpg") != filename("D410", wish, "b" * 64, "jpg")
    assert filename("D410", wish, "a" * 64, "jpg").startswith("D410_NVY_2_")


def test_one_picture_in_several_places_has_several_names() -> None:
    one = picture("NVY", 1)
    wishes = [Wanted(ImageLevel.SWATCH, "NVY", 1, one), Wanted(ImageLevel.COLOR, "NVY", 1, one), Wanted(ImageLevel.STYLE, "", 1, one)]
    assert len({filename(card, wish, "a" * 64, "jpg") for wish in wishes for card in ("D410", "D410-NVY")}) == 6


@pytest.mark.parametrize("card", ["D410", "A/B C&D", "\u00dcber-Rock", "x" * 100, "..", "\u30b9\u30bf\u30a4\u30eb"])
def test_names_are_safe_and_short_enough_for_both_routes(card: str) -> None:
    wish = Wanted(ImageLevel.SWATCH, "N/V?Y" * 9, 1, picture("NVY", 1))
    name = filename(card, wish, "a" * 64, "png")
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*\.png", name)
    assert len(name) <= LONGEST_NAME


def test_codes_that_look_alike_when_made_safe_have_different_names() -> None:
    wish = Wanted(ImageLevel.STYLE, "", 1, picture("", 1))
    assert filename("A/B", wish, "a" * 64, "jpg") != filename("A-B", wish, "a" * 64, "jpg")


# ---- against the ledger ------------------------------------------------------------------------------------------------------------------


def given(wishes: list[Wanted], card: Card = BOTH) -> list[ImageSent]:
    """A ledger after all of these were sent. A picture's digest is its source and version."""
    return [
        ImageSent(
            site_id=1,
            identifier=card.identifier,
            level=wish.level.value,
            color=wish.color,
            place=wish.place,
            digest=digest(wish.picture),
            source=wish.picture.source,
            source_version=wish.picture.version,
            filename=f"{wish.picture.source}.jpg",
            route="bytes",
        )
        for wish in wishes
    ]


def digest(one: Picture) -> str:
    return f"{one.source} {one.version}"


def wishes_of(shoot: list[Picture], card: Card = BOTH, level: str = "color") -> list[Wanted]:
    return wanted(card, shoot, level="style" if level == "style" else "color", swatch="", most=8)


def plan_of(shoot: list[Picture], rows: list[ImageSent], *, card: Card = BOTH, level: str = "color", full: bool = False) -> Plan:
    """After looking into every picture."""
    plan = compare(card, wishes_of(shoot, card, level), rows, full=full)
    return settle(plan, {one.source: digest(one) for one in shoot}, full=full)


def steps(plan: Plan) -> list[Step]:
    return [item.step for item in plan.items]


def test_all_is_new_at_first_and_nothing_differs_afterwards() -> None:
    rows = given(wishes_of(SHOOT))
    first, second = plan_of(SHOOT, []), plan_of(SHOOT, rows)
    assert set(steps(first)) == {Step.NEW}
    assert first.differs
    assert not must_clear(first)
    assert set(steps(second)) == {Step.KEPT}
    assert not second.differs


def test_a_changed_colour_picture_is_sent_alone() -> None:
    rows = given(wishes_of(SHOOT))
    shoot = [one if one.source != "D410_NVY_2" else picture("NVY", 2, version="v2") for one in SHOOT]
    plan = plan_of(shoot, rows)
    assert [item.wanted.picture.source for item in plan.items if item.step != Step.KEPT] == ["D410_NVY_2"]
    assert not must_clear(plan)


def test_a_changed_style_image_means_clearing_and_sending_all_of_the_style_s() -> None:
    rows = given(wishes_of(SHOOT, level="style"))
    shoot = [one if one.source != "D410_1" else picture("", 1, version="v2") for one in SHOOT]
    assert must_clear(plan_of(shoot, rows, level="style"))


def test_a_new_version_with_the_same_content_is_not_sent() -> None:
    rows = given(wishes_of(SHOOT))
    shoot = [picture(one.color, one.n, version="v2") for one in SHOOT]
    compared = compare(BOTH, wishes_of(shoot), rows)
    assert set(steps(compared)) == {Step.CHANGED}
    assert set(steps(settle(compared, {one.source: f"{one.source} v1" for one in shoot}))) == {Step.TOUCHED}


def test_a_style_image_stored_again_as_another_document_is_recognised_by_its_content() -> None:
    rows = given(wishes_of([picture("", 1)]))
    again = [picture("", 1, source="new-id")]
    plan = settle(compare(BOTH, wishes_of(again), rows), {"new-id": "D410_1 v1"})
    assert steps(plan) == [Step.TOUCHED]
    assert not plan.stale
    assert not must_clear(plan)


def test_another_order_alone_is_no_upload() -> None:
    rows = given(wishes_of([picture("", 1, source="a"), picture("", 2, source="b")], level="style"))
    plan = plan_of([picture("", 2, source="a"), picture("", 1, source="b")], rows, level="style")
    assert steps(plan) == [Step.KEPT, Step.KEPT]
    assert not plan.differs
    assert out_of_order(plan)


def test_an_added_style_image_goes_behind_the_others_without_sending_them_again() -> None:
    rows = given(wishes_of([picture("", 2)], level="style"))
    plan = plan_of([picture("", 2), picture("", 3)], rows, level="style")
    assert (steps(plan), must_clear(plan), out_of_order(plan)) == ([Step.KEPT, Step.NEW], False, False)
    plan = plan_of([picture("", 1), picture("", 2)], rows, level="style")
    assert (steps(plan), must_clear(plan), out_of_order(plan)) == ([Step.NEW, Step.KEPT], False, True)


def test_a_style_image_taken_from_the_source_is_cleared_with_the_others() -> None:
    rows = given(wishes_of(SHOOT, level="style"))
    plan = plan_of([one for one in SHOOT if one.source != "D410_RED_2"], rows, level="style")
    assert [row.source for row in plan.gone] == ["D410_RED_2"]
    assert must_clear(plan)
    assert plan.differs


def test_the_last_style_image_is_not_cleared_but_noted_once() -> None:
    rows = given(wishes_of([picture("", 1), picture("NVY", 1)]))
    plan = plan_of([picture("NVY", 1)], rows)
    assert (plan.gone, [row.source for row in plan.left]) == ([], ["D410_1"])
    rows[-1].refused = STAYS
    assert not plan_of([picture("NVY", 1)], rows).differs
    assert set(steps(plan_of([picture("NVY", 1), picture("", 1)], rows))) == {Step.KEPT, Step.TOUCHED}  # there again


def test_a_colour_s_picture_that_went_stays_on_joor_and_is_noted_once() -> None:
    rows = given(wishes_of([picture("NVY", 1), picture("RED", 1)]))
    plan = plan_of([picture("NVY", 1)], rows)
    assert {(row.level, row.color) for row in plan.left} == {("swatch", "RED"), ("color", "RED")}
    for row in plan.left:
        row.refused = words_for(plan, row)
    assert not plan_of([picture("NVY", 1)], rows).differs


def test_what_is_in_doubt_is_sent_again_style_images_by_clearing() -> None:
    rows = given(wishes_of(SHOOT))
    for row in rows:
        row.digest = None
    plan = plan_of(SHOOT, rows)
    assert set(steps(plan)) == {Step.DOUBT}
    assert must_clear(plan)


def test_a_refused_version_is_not_offered_again_and_the_next_one_is() -> None:
    rows = given(wishes_of([picture("NVY", 1)]))
    for row in rows:
        row.refused, row.digest = "too ugly", None
    assert set(steps(plan_of([picture("NVY", 1)], rows))) == {Step.REFUSED}
    assert not plan_of([picture("NVY", 1)], rows).differs
    assert set(steps(plan_of([picture("NVY", 1, version="v2")], rows))) == {Step.CHANGED}


def test_a_style_image_joor_never_had_is_forgotten_without_clearing() -> None:
    rows = given(wishes_of([picture("", 1), picture("", 2)], level="style"))
    rows[1].refused, rows[1].digest, rows[1].route = "broken", None, ""
    plan = plan_of([picture("", 1)], rows, level="style")
    assert [row.source for row in plan.forgotten] == ["D410_2"]
    assert not must_clear(plan)
    fixed = plan_of([picture("", 1), picture("", 2, version="v2")], rows, level="style")
    assert (steps(fixed), must_clear(fixed)) == ([Step.KEPT, Step.NEW], False)


def test_everything_again_means_everything() -> None:
    rows = given(wishes_of(SHOOT))
    rows[0].refused = "too ugly"
    plan = plan_of(SHOOT, rows, full=True)
    assert set(steps(plan)) == {Step.CHANGED}
    assert must_clear(plan)


# ---- cards made by hand ------------------------------------------------------------------------------------------------------------------

HAND = Card("D410", "", ("NVY", "RED"), by_hand=True)


def test_on_a_card_made_by_hand_a_changed_style_image_is_added_and_the_old_one_noted() -> None:
    rows = given(wishes_of([picture("", 1)]))
    plan = plan_of([picture("", 1, version="v2")], rows, card=HAND)
    assert (steps(plan), [row.source for row in plan.left], must_clear(plan)) == ([Step.NEW], ["D410_1"], False)
    rows[0].refused = words_for(plan, rows[0])
    rows += given([Wanted(ImageLevel.STYLE, "", 2, picture("", 1, version="v2"))])
    settled = plan_of([picture("", 1, version="v2")], rows, card=HAND)
    assert (steps(settled), settled.differs) == ([Step.KEPT], False)


def test_on_a_card_made_by_hand_nothing_is_cleared_for_doubt_or_for_what_went() -> None:
    rows = given(wishes_of([picture("", 1), picture("", 2)]))
    rows[0].digest = None
    plan = plan_of([picture("", 1)], rows, card=HAND)
    assert (steps(plan), [row.source for row in plan.left], must_clear(plan)) == ([Step.REFUSED], ["D410_2"], False)


def test_a_person_who_asks_for_everything_has_a_card_made_by_hand_cleared_too() -> None:
    rows = given(wishes_of([picture("", 1)]))
    plan = plan_of([picture("", 1)], rows, card=HAND, full=True)
    assert (steps(plan), must_clear(plan)) == ([Step.CHANGED], True)
