"""Which cards belong on a linesheet, and what to send so that JOOR has them. Cast: D410 in navy and red, D411 in navy, T200 in red."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.aims360.types import StyleColor
from models.catalogue import Linesheet
from models.errors import NotPossible
from models.settings import LinesheetRule
from rules.linesheet_difference import Difference, Placed, difference
from rules.linesheets import CardFacts, Member, Members, StyleFacts, colours_matter, field_value, head, head_digest, members, members_digest

NVY, RED = ("NVY", "Navy"), ("RED", "Red")
SKUS = {"NVY|M": "s1", "NVY|S": "s2", "RED|M": "s3", "RED|S": "s4"}


def row(style: str, color: str, **raw: Any) -> StyleColor:
    return StyleColor(f"{style}/{color}", style, style, color, raw=raw)


SOURCES = (
    StyleFacts("D410", "WOM", "FA31", rows=(row("D410", "NVY", userCode1="A"), row("D410", "RED", userCode1="B"))),
    StyleFacts("D411", "WOM", "SP32", rows=(row("D411", "NVY", userCode1="A"),)),
    StyleFacts("T200", "MEN", "FA31", rows=(row("T200", "RED", userCode1="A"),)),
)
D410 = CardFacts("D410", "D410", "p410", colors=(NVY, RED), skus=SKUS)
D411 = CardFacts("D411", "D411", "p411", colors=(NVY,), skus={"NVY|M": "s5"})
T200 = CardFacts("T200", "T200", "p200", colors=(RED,), skus={"RED|M": "s6"})
CARDS = (T200, D411, D410)


def on(dropped: tuple[str, ...] = (), cards: tuple[CardFacts, ...] = CARDS, **rule: Any) -> Members:
    return members(LinesheetRule(**rule), SOURCES, cards, dropped)


def names(found: Members) -> list[str]:
    return [member.identifier for member in found.cards]


# ---- membership --------------------------------------------------------------------------------------------------------------------------


def test_a_season_brings_its_styles_in_the_order_of_their_numbers() -> None:
    found = on(seasons=["FA31"])
    assert [(member.identifier, member.joor_id, member.order_number) for member in found.cards] == [
        ("D410", "p410", 1),
        ("T200", "p200", 2),
    ]


def test_conditions_must_all_be_met() -> None:
    assert names(on(seasons=["FA31"], divisions=["WOM"])) == ["D410"]


def test_named_styles_come_on_top_of_the_conditions() -> None:
    assert names(on(seasons=["FA31"], divisions=["MEN"], styles=["D411"])) == ["D411", "T200"]


def test_named_styles_alone_are_the_linesheet() -> None:
    assert names(on(styles=["T200", "D410"])) == ["D410", "T200"]


def test_the_listed_order_is_kept_and_others_follow() -> None:
    assert names(on(seasons=["FA31"], styles=["T200", "D411"], order="listed")) == ["T200", "D411", "D410"]


def test_a_rule_without_conditions_and_styles_has_nobody() -> None:
    assert on() == Members()


def test_an_empty_list_of_seasons_is_met_by_nobody() -> None:
    assert names(on(seasons=[])) == []


def test_a_field_is_met_by_colours_and_the_others_are_left_out() -> None:
    found = on(fields={"userCode1": ["A"]}, divisions=["WOM"])
    assert names(found) == ["D410", "D411"]
    assert found.cards[0].excluded == (RED,)
    assert found.cards[0].sku_ids == ("s1", "s2")
    assert found.cards[1].excluded == ()


def test_a_named_style_shows_all_its_colours_whatever_the_fields_say() -> None:
    assert on(fields={"userCode1": ["A"]}, divisions=["WOM"], styles=["D410"]).cards[0].excluded == ()


def test_fields_are_found_whatever_their_case_and_inside_of_others() -> None:
    assert field_value(row("D410", "NVY", UserCode1=" A "), "usercode1") == "A"
    assert field_value(row("D410", "NVY", delivery={"Code": 7}), "delivery.code") == "7"
    assert field_value(row("D410", "NVY", isCarryOver=True), "isCarryOver") == "true"
    for missing in ("nothing", "delivery", "delivery.code.x"):
        assert field_value(row("D410", "NVY", delivery={"code": None}), missing) == ""


# ---- colours -----------------------------------------------------------------------------------------------------------------------------


def test_a_colour_left_out_lists_every_other_sku() -> None:
    (card,) = on(styles=["D410"], exclude=["D410|RED"]).cards
    assert (card.excluded, card.sku_ids) == ((RED,), ("s1", "s2"))


def test_a_colour_of_every_style_can_be_left_out_and_a_card_with_no_colour_left_is_no_member() -> None:
    found = on(seasons=["FA31"], exclude=["|RED"])
    assert names(found) == ["D410"]
    assert found.cards[0].excluded_codes == ("RED",)


def test_another_styles_exclusion_does_not_count() -> None:
    assert on(styles=["D410"], exclude=["D411|RED"]).cards[0].excluded == ()


def test_a_card_per_colour_is_in_or_out_as_a_whole() -> None:
    cards = (CardFacts("D410-NVY", "D410", "p1", "NVY"), CardFacts("D410-RED", "D410", "p2", "RED"))
    found = on(cards=cards, styles=["D410"], exclude=["|RED"])
    assert [(card.identifier, card.excluded, card.sku_ids) for card in found.cards] == [("D410-NVY", (), ())]
    assert names(on(cards=cards, fields={"userCode1": ["B"]})) == ["D410-RED"]


def test_a_dropped_style_is_off_although_the_rule_and_the_list_have_it() -> None:
    assert names(on(("D410",), seasons=["FA31"], styles=["D410"])) == ["T200"]


def test_a_dropped_colour_is_left_out() -> None:
    assert on(("D410|NVY",), styles=["D410"]).cards[0].excluded == (NVY,)


def test_colours_are_asked_for_only_where_they_matter() -> None:
    assert colours_matter(LinesheetRule(seasons=["FA31"]), ["D411"]) == frozenset()
    assert colours_matter(LinesheetRule(exclude=["D410|RED"]), ["D411|NVY"]) == frozenset({"D410", "D411"})
    assert colours_matter(LinesheetRule(exclude=["|RED"]), []) is None
    assert colours_matter(LinesheetRule(fields={"userCode1": ["A"]}), []) is None


# ---- not there yet -----------------------------------------------------------------------------------------------------------------------


def test_styles_whose_card_is_not_on_joor_yet_are_named() -> None:
    found = on(cards=(replace(D410, joor_id=None),), seasons=["FA31"])
    assert (found.cards, found.waiting) == ((), ("D410", "T200"))


def test_a_style_that_was_taken_off_joor_is_neither_a_member_nor_awaited() -> None:
    found = on(cards=(replace(D410, removed=True), T200), seasons=["FA31"])
    assert (names(found), found.waiting) == (["T200"], ())


def test_a_style_that_aims360_no_longer_has_stays_while_its_card_lives() -> None:
    gone = (replace(SOURCES[0], current=False),)
    assert names(members(LinesheetRule(seasons=["FA31"]), gone, CARDS)) == ["D410"]
    assert members(LinesheetRule(seasons=["FA31"]), gone, ()).waiting == ()


def test_named_styles_that_aims360_does_not_have_are_told() -> None:
    found = on(styles=["D410", "D999"])
    assert (names(found), found.unknown) == (["D410"], ("D999",))


def test_the_digest_sees_cards_order_colours_and_skus() -> None:
    found = on(seasons=["FA31"]).cards
    others = [
        found[::-1],
        found[:1],
        (replace(found[0], joor_id="p9"), found[1]),
        (replace(found[0], excluded=(RED,), sku_ids=("s1",)), found[1]),
        (replace(found[0], excluded=(RED,), sku_ids=("s1", "s2")), found[1]),
    ]
    digests = [members_digest(cards) for cards in (found, *others)]
    assert len(set(digests)) == len(digests)
    assert members_digest([replace(card, order_number=7) for card in found]) == digests[0]


# ---- the head ----------------------------------------------------------------------------------------------------------------------------


def sheet(**more: Any) -> Linesheet:
    return Linesheet(site_id=1, code="F1", name="Fall 1", created_at=datetime(2031, 1, 1, tzinfo=UTC), **more)


def test_dates_and_season_reach_the_head() -> None:
    draft = head(sheet(ship_start="2031-08-01", ship_complete="2031-08-31", cancel_date="2031-09-15", season_code="FA31", season_year=2031))
    assert (draft.start, draft.complete, draft.cancel) == (date(2031, 8, 1), date(2031, 8, 31), date(2031, 9, 15))
    assert (draft.season_code, draft.season_name, draft.season_year) == ("FA31", "FA31", 2031)


def test_without_dates_it_is_immediate() -> None:
    draft = head(sheet())
    assert (draft.start, draft.complete) == (None, None)


def test_one_day_is_a_window() -> None:
    day = "2031-08-01"
    assert head(sheet(ship_start=day, ship_complete=day, cancel_date=day)).complete == date(2031, 8, 1)


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        ({"ship_start": "2031-08-01"}, "there is a start ship date and no complete ship date"),
        ({"ship_complete": "2031-08-01"}, "there is a complete ship date and no start ship date"),
        ({"ship_start": "2031-08-02", "ship_complete": "2031-08-01"}, "complete ship date 2031-08-01 is before the start ship date"),
        ({"ship_start": "2031-08-01", "ship_complete": "2031-08-31", "cancel_date": "2031-08-30"}, "cancel date 2031-08-30 is before"),
        ({"ship_start": "2031-02-30", "ship_complete": "2031-08-31"}, "valid date"),
    ],
)
def test_dates_that_cannot_be_are_refused_in_plain_words(dates: dict[str, str], words: str) -> None:
    with pytest.raises(NotPossible, match=words) as caught:
        head(sheet(**dates))
    assert "joorsync linesheets define F1" in caught.value.fix[0]


def test_the_head_digest_sees_every_part_of_the_head() -> None:
    window = {"ship_start": "2031-08-01", "ship_complete": "2031-08-31"}
    changes: list[dict[str, Any]] = [{"season_code": "FA31"}, {"season_name": "Fall"}, {"season_year": 2031}, window, {"minimum_window": 3}]
    digests = {head_digest(head(sheet(**change))) for change in [{}, *changes]} | {head_digest(head(sheet(), public=False))}
    assert len(digests) == len(changes) + 2


# ---- the difference ----------------------------------------------------------------------------------------------------------------------


def member(name: str, *excluded: str, number: int | None = None, skus: tuple[str, ...] = ()) -> Member:
    return Member(name, f"p-{name}", name, number, tuple((code, code) for code in excluded), skus)


def placed(name: str, number: int | None = 1, **more: Any) -> Placed:
    return Placed(name, f"p-{name}", order_number=number, **more)


def compare(wanted: list[Member], there: dict[str, tuple[str, ...]] | str, *ledger: Placed, **more: Any) -> Difference:
    """`there` as a text: names of cards with all their SKUs."""
    on_joor = there if isinstance(there, dict) else {f"p-{name}": () for name in there}
    return difference(wanted, on_joor, {item.identifier: item for item in ledger}, **more)


def told(listed: tuple[Member, ...]) -> list[tuple[str, int | None]]:
    return [(item.identifier, item.order_number) for item in listed]


def test_an_empty_linesheet_gets_everything_numbered_from_one() -> None:
    diff = compare([member("A"), member("B")], "")
    assert told(diff.add) == [("A", 1), ("B", 2)]
    assert diff.to_send == 2


def test_what_is_as_wanted_is_kept() -> None:
    diff = compare([member("A"), member("B")], "AB", placed("A", 1), placed("B", 2))
    assert (told(diff.keep), diff.to_send) == ([("A", 1), ("B", 2)], 0)


def test_taking_one_off_renumbers_nobody() -> None:
    diff = compare([member("A"), member("C")], "ABC", placed("A", 1), placed("B", 2), placed("C", 3))
    assert [item.identifier for item in diff.remove] == ["B"]
    assert told(diff.keep) == [("A", 1), ("C", 3)]
    assert diff.to_send == 1


def test_one_more_at_the_end_renumbers_nobody_and_takes_a_number_after_the_last() -> None:
    diff = compare([member("A"), member("C"), member("D")], "AC", placed("A", 1), placed("C", 3))
    assert (told(diff.add), diff.change) == ([("D", 4)], ())


def test_one_more_in_the_middle_takes_a_gap_where_there_is_one() -> None:
    diff = compare([member("A"), member("B"), member("C")], "AC", placed("A", 1), placed("C", 3))
    assert (told(diff.add), diff.change) == ([("B", 2)], ())


def test_one_more_in_the_middle_moves_those_behind_it_as_far_as_needed() -> None:
    ledger = [placed("A", 1), placed("C", 2), placed("D", 3), placed("E", 9)]
    diff = compare([member("A"), member("B"), member("C"), member("D"), member("E")], "ACDE", *ledger)
    assert told(diff.add) == [("B", 2)]
    assert told(diff.change) == [("C", 3), ("D", 4)]
    assert told(diff.keep) == [("A", 1), ("E", 9)]


def test_what_a_person_put_there_stays_whether_it_is_wanted_or_not() -> None:
    diff = compare([member("A", "RED"), member("B")], "AX", placed("X", None, by_hand=True))
    assert [item.identifier for item in diff.by_hand] == ["A"]
    assert (told(diff.add), diff.remove, diff.change) == ([("B", 1)], (), ())
    again = compare([member("A")], "A", placed("A", None, by_hand=True), again=True)
    assert again.to_send == 0


def test_what_nobody_remembers_and_nobody_wants_is_left_alone() -> None:
    assert compare([], "XYZ") == Difference()


def test_a_hand_made_item_that_is_gone_and_wanted_is_put_there_by_us() -> None:
    diff = compare([member("A")], "", placed("A", None, by_hand=True))
    assert told(diff.add) == [("A", 1)]


def test_what_is_gone_from_joor_is_added_again_or_forgotten() -> None:
    diff = compare([member("A")], "", placed("A", 1), placed("B", 2))
    assert (told(diff.add), [item.identifier for item in diff.forget], diff.remove) == ([("A", 1)], ["B"], ())


def test_a_call_in_doubt_that_got_through_is_ours() -> None:
    diff = compare([member("A")], "AB", placed("A", 1, sure=False), placed("B", 2, sure=False))
    assert ([item.identifier for item in diff.arrived], told(diff.keep)) == (["A"], [("A", 1)])
    assert [item.identifier for item in diff.remove] == ["B"]


def test_a_call_in_doubt_that_did_not_get_through_is_made_again() -> None:
    diff = compare([member("A")], "", placed("A", 1, sure=False))
    assert (told(diff.add), diff.arrived) == ([("A", 1)], ())


def test_a_colour_less_is_a_change_and_the_last_colour_back_is_put_on_afresh() -> None:
    assert told(compare([member("A", "RED", skus=("s1",))], "A", placed("A", 1)).change) == [("A", 1)]
    assert told(compare([member("A")], "A", placed("A", 1, excluded=("RED",))).renew) == [("A", 1)]
    fewer = compare([member("A", "RED", skus=("s1",))], {"p-A": ("s1",)}, placed("A", 1, excluded=("RED", "NVY")))
    assert told(fewer.change) == [("A", 1)]


def test_a_sku_that_joor_does_not_list_is_a_change_where_skus_are_listed() -> None:
    wanted, ledger = [member("A", "RED", skus=("s1", "s2"))], placed("A", 1, excluded=("RED",))
    assert told(compare(wanted, {"p-A": ("s1",)}, ledger).change) == [("A", 1)]
    assert told(compare(wanted, {"p-A": ("s2", "s1")}, ledger).keep) == [("A", 1)]
    assert told(compare(wanted, {"p-A": ()}, ledger, shows_skus=False).keep) == [("A", 1)]


def test_everything_again_sends_what_is_ours_once_more() -> None:
    diff = compare([member("A")], "A", placed("A", 1), again=True)
    assert (told(diff.change), diff.keep) == ([("A", 1)], ())


NAMES = "ABCDEFG"
PLACES = st.one_of(st.none(), st.builds(placed, st.just("?"), st.one_of(st.none(), st.integers(1, 9)), by_hand=st.booleans()))


@given(
    wanted=st.lists(st.sampled_from(NAMES), unique=True),
    there=st.sets(st.sampled_from(NAMES)),
    ledger=st.tuples(*[PLACES] * len(NAMES)),
)
def test_whatever_the_start_one_round_reaches_what_is_wanted_and_spares_what_is_not_ours(
    wanted: list[str], there: set[str], ledger: tuple[Placed | None, ...]
) -> None:
    rows = {name: replace(item, identifier=name, joor_id=f"p-{name}") for name, item in zip(NAMES, ledger, strict=True) if item is not None}
    diff = compare([member(name) for name in wanted], "".join(there), *rows.values())
    hands = {name for name in there if name not in rows or rows[name].by_hand}
    sent = (*diff.add, *diff.change, *diff.renew)
    assert {item.identifier for item in diff.remove} == there - hands - set(wanted)
    after = there - {item.identifier for item in diff.remove} | {item.identifier for item in sent}
    assert after == set(wanted) | hands
    assert not hands & {item.identifier for item in sent}
    ours = {item.identifier: item.order_number or 0 for item in (*sent, *diff.keep)}
    order = [ours[name] for name in wanted if name in ours]
    assert order == sorted(set(order))
    remembered = {name: replace(placed(name, number)) for name, number in ours.items()} | {
        name: placed(name, None, by_hand=True) for name in hands
    }
    assert compare([member(name) for name in wanted], "".join(after), *remembered.values()).to_send == 0
